//! Parquet exports: each column as text, then like any other record. Decimals and whole numbers are exact; a floating
//! number is the shortest decimal that stands for it.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema, TimeUnit};
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::Type as PhysicalType;

use super::file::{Collector, Context, Description, Parsed};
use super::record::{Fields, Layout, Position};
use super::report::LineEnds;
use super::rows::RowReader;
use super::text_file::{locate, unmapped};
use crate::error::{Error, IoContext, Place, Result};

/// UTC, by a name that arrow knows without a table of zones.
const UTC: &str = "+00:00";

/// Rows that are converted as one piece.
const BATCH_ROWS: usize = 1 << 16;

/// One row of text columns.
struct TextRow<'b> {
    columns: &'b [StringArray],
    row: usize,
}

impl Fields for TextRow<'_> {
    fn get(&self, index: usize) -> Option<&str> {
        let column = self.columns.get(index)?;
        (!column.is_null(self.row)).then(|| column.value(self.row))
    }
}

fn broken(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::input("the Parquet file is cut, damaged or of an unknown kind; no row of it was kept")
        .at(Place::file(path))
        .hint("ask for the file again, and compare its size and checksum")
        .because(error)
}

/// Reads a Parquet file into `collector`.
///
/// # Errors
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) when it is damaged or lacks a column.
pub(super) fn read(context: &Context, path: &Path, collector: &mut Collector) -> Result<Description> {
    let file = File::open(path).reading(path)?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
        .and_then(in_microseconds)
        .map_err(|error| broken(path, error))?;
    let names: Vec<String> = metadata.schema().fields().iter().map(|field| field.name().clone()).collect();
    let distinct: BTreeSet<&String> = names.iter().collect();
    if distinct.len() < names.len() {
        return Err(Error::input("two columns have the same name").at(Place::file(path)));
    }
    let layout = Layout::new(&names, locate(context, path, &names)?);
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(|error| broken(path, error))?;
    let mut batches = reader;
    let next = || batches.next().transpose().map_err(|error| broken(path, error));
    collector.parse_all(next, |batch: RecordBatch| {
        let columns = texts(path, &batch)?;
        let mut rows = RowReader::new(context.mapping, &layout, context.show_personal, batch.num_rows());
        for row in 0..batch.num_rows() {
            let record = row as u64 + 1;
            rows.push(&TextRow { columns: &columns, row }, || Position { record, line: 0, offset: None });
        }
        Ok(Parsed { rows: rows.finish()?, names: BTreeSet::new() })
    })?;
    let line_ends = LineEnds::default();
    Ok(Description { format: "parquet", encoding: "utf-8", line_ends, unmapped: unmapped(context, &names) })
}

/// Moments of 96 bits, which Spark writes unless it is told otherwise, are UTC times. Their file does not say so, and arrow takes
/// them for times without a zone, in nanoseconds, which end in the year 2262.
fn in_microseconds(metadata: ArrowReaderMetadata) -> parquet::errors::Result<ArrowReaderMetadata> {
    let columns = metadata.parquet_schema().root_schema().get_fields();
    let old: Vec<bool> = columns
        .iter()
        .map(|column| column.is_primitive() && column.get_physical_type() == PhysicalType::INT96)
        .collect();
    if !old.contains(&true) {
        return Ok(metadata);
    }
    let fields = metadata.schema().fields().iter().zip(old).map(|(field, is_old)| match is_old {
        true => Arc::new(
            field.as_ref().clone().with_data_type(DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into()))),
        ),
        false => Arc::clone(field),
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), ArrowReaderOptions::new().with_schema(schema))
}

/// A moment with a zone is stored as its UTC time, whatever the zone: under the name of [`UTC`] it is written without a table
/// of zones.
fn in_utc(column: &ArrayRef) -> std::result::Result<ArrayRef, ArrowError> {
    match column.data_type() {
        DataType::Timestamp(unit, Some(_)) => {
            // To the bare number and back: a cast between zones wants to know them.
            let bare = cast(column, &DataType::Int64)?;
            cast(&bare, &DataType::Timestamp(*unit, Some(UTC.into())))
        }
        _ => Ok(Arc::clone(column)),
    }
}

fn texts(path: &Path, batch: &RecordBatch) -> Result<Vec<StringArray>> {
    let text = |column: &ArrayRef| -> Result<StringArray> {
        let cast =
            in_utc(column).and_then(|column| cast(&column, &DataType::Utf8)).map_err(|error| broken(path, error))?;
        Ok(cast.as_string::<i32>().clone())
    };
    batch.columns().iter().map(text).collect()
}
