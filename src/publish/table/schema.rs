//! From a contract to the schema, the metadata and the writer settings of its Parquet file.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};

use super::TableMetadata;
use super::rechunk::CHUNK_ROWS;
use crate::contract::{Column, ColumnType, SCHEMA_VERSION, Table};
use crate::error::{Error, Result};

/// Digits of published money, and how many of them stand after the point.
pub(crate) const DECIMAL: (u8, i8) = (18, 4);

/// The first value in ten-thousandths that it does not hold.
pub(crate) const MONEY_LIMIT: u64 = 10_u64.pow(DECIMAL.0 as u32);

/// Rows in a row group: small enough that a lookup by key reads little, large enough to compress well.
const ROW_GROUP_ROWS: usize = 131_072;

/// Rows in a row group of a table that is made for lookups: a quarter, so that the footer stays small.
const LOOKUP_ROWS: usize = 32_768;

const _: () = assert!(ROW_GROUP_ROWS.is_multiple_of(CHUNK_ROWS) && LOOKUP_ROWS.is_multiple_of(CHUNK_ROWS));

/// Rows in a row group of this table.
pub(super) fn row_group_rows(table: &Table) -> usize {
    if table.lookups { LOOKUP_ROWS } else { ROW_GROUP_ROWS }
}

const ZSTD_LEVEL: i32 = 3;

/// Share of absent keys that the bloom filter of a full row group lets through: 128 KiB a row group, half of what one
/// percent takes.
const BLOOM_FALSE_POSITIVES: f64 = 0.05;

/// The key of a file's metadata under which its contract stands.
pub const CONTRACT_KEY: &str = "patronage.contract";

/// A table's contract as it is written into its file (under [`CONTRACT_KEY`]), under published names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishedContract {
    /// Columns that identify a row.
    pub key: Vec<String>,
    /// Columns by which rows are sorted, ascending, nulls last.
    pub sort: Vec<String>,
    /// The columns, in order.
    pub columns: Vec<PublishedColumn>,
}

/// A column of a [`PublishedContract`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishedColumn {
    /// Published name.
    pub name: String,
    /// Published SQL type.
    #[serde(rename = "type")]
    pub sql_type: String,
    /// Whether a row may leave it empty.
    pub nullable: bool,
    /// Unit, where the type has one; else the description says it.
    pub unit: Option<String>,
    /// What it means.
    pub doc: String,
}

impl PublishedContract {
    fn of(table: &Table) -> PublishedContract {
        let published = |name: &str| match table.column(name) {
            Some(column) => column.published_name().into_owned(),
            None => name.to_owned(),
        };
        PublishedContract {
            key: table.key.iter().map(|name| published(name)).collect(),
            sort: table.sort.iter().map(|name| published(name)).collect(),
            columns: table.columns.iter().map(PublishedColumn::of).collect(),
        }
    }
}

impl PublishedColumn {
    fn of(column: &Column) -> PublishedColumn {
        let (sql_type, unit) = match column.column_type {
            ColumnType::Money => ("DECIMAL(18,4)", Some("reporting currency, or units of a quantity")),
            ColumnType::Day => ("DATE", Some("day in the business time zone")),
            ColumnType::Instant => ("TIMESTAMP(us, UTC)", Some("instant, UTC")),
            other => (other.sql(), None),
        };
        PublishedColumn {
            name: column.published_name().into_owned(),
            sql_type: sql_type.to_owned(),
            nullable: column.nullable,
            unit: unit.map(str::to_owned),
            doc: column.doc.clone().into_owned(),
        }
    }
}

/// The Arrow schema of the published file; each field carries its description.
pub(in crate::publish) fn published_schema(table: &Table) -> SchemaRef {
    let fields: Vec<Field> = table
        .columns
        .iter()
        .map(|column| {
            let description = HashMap::from([("description".to_owned(), column.doc.clone().into_owned())]);
            Field::new(column.published_name(), published_type(column.column_type), column.nullable)
                .with_metadata(description)
        })
        .collect();
    Arc::new(Schema::new(fields))
}

fn published_type(column_type: ColumnType) -> DataType {
    match column_type {
        ColumnType::Text => DataType::Utf8,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Integer => DataType::Int32,
        ColumnType::BigInt => DataType::Int64,
        ColumnType::Double => DataType::Float64,
        ColumnType::Money => DataType::Decimal128(DECIMAL.0, DECIMAL.1),
        ColumnType::Day => DataType::Date32,
        ColumnType::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    }
}

/// How the file is written: nothing here depends on anything but the contract and the metadata.
pub(super) fn writer_properties(table: &Table, metadata: &TableMetadata) -> Result<WriterProperties> {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(|error| Error::internal("zstd level").because(error))?;
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(row_group_rows(table)))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_sorting_columns(Some(sorting_columns(table)?))
        .set_key_value_metadata(Some(key_values(table, metadata)?));
    for column in table.columns.iter().filter(|column| !repeats_values(table, column)) {
        let path = ColumnPath::from(column.published_name().into_owned());
        properties = properties.set_column_dictionary_enabled(path, false);
    }
    if let Some(name) = table.key.first() {
        let column = table.columns[index_of(table, name)?].published_name().into_owned();
        let path = ColumnPath::from(column);
        properties = properties
            .set_column_bloom_filter_enabled(path.clone(), true)
            .set_column_bloom_filter_fpp(path.clone(), BLOOM_FALSE_POSITIVES)
            .set_column_bloom_filter_max_ndv(path, row_group_rows(table) as u64);
    }
    Ok(properties.build())
}

/// Whether a dictionary pays for itself: not where nearly every row has a value of its own.
fn repeats_values(table: &Table, column: &Column) -> bool {
    let is_whole_key = table.key.len() == 1 && table.key[0] == column.name;
    let spread = matches!(column.column_type, ColumnType::Double | ColumnType::Money | ColumnType::Instant);
    !is_whole_key && !spread
}

fn sorting_columns(table: &Table) -> Result<Vec<SortingColumn>> {
    table
        .sort
        .iter()
        .map(|name| {
            let column_idx = i32::try_from(index_of(table, name)?).map_err(|error| {
                Error::internal(format!("table `{}` has too many columns", table.name)).because(error)
            })?;
            Ok(SortingColumn { column_idx, descending: false, nulls_first: false })
        })
        .collect()
}

fn key_values(table: &Table, metadata: &TableMetadata) -> Result<Vec<KeyValue>> {
    let contract = serde_json::to_string(&PublishedContract::of(table))
        .map_err(|error| Error::internal("could not write a contract as JSON").because(error))?;
    let entries = [
        ("patronage.schema_version", SCHEMA_VERSION.to_string()),
        ("patronage.table", table.name.clone().into_owned()),
        ("patronage.row", table.row.clone().into_owned()),
        (CONTRACT_KEY, contract),
        ("patronage.as_of", metadata.as_of.clone()),
        ("patronage.tool_version", metadata.tool_version.clone()),
    ];
    Ok(entries.into_iter().map(|(key, value)| KeyValue::new(key.to_owned(), value)).collect())
}

/// Position in the contract of the column called `name` inside the pipeline.
pub(super) fn index_of(table: &Table, name: &str) -> Result<usize> {
    table.columns.iter().position(|column| column.name == name).ok_or_else(|| {
        Error::internal(format!("the contract of table `{}` names `{name}`, which is not a column of it", table.name))
    })
}
