//! The published tables of a run, as a consumer reads them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch,
    RecordBatchReader, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use parquet::file::metadata::FileMetaData;

use super::value::Value;
use crate::error::{Error, IoContext, Result};
use crate::publish::{CONTRACT_KEY, PublishedContract, table_files};

/// The tables of one run.
#[derive(Debug)]
pub struct Source {
    consumer: &'static str,
    run: String,
    tables: Vec<(String, PathBuf)>,
    read: RefCell<BTreeSet<String>>,
}

impl Source {
    /// The tables of the run called `run`, by name with their files or folders of parts.
    pub fn new(consumer: &'static str, run: &str, tables: Vec<(String, PathBuf)>) -> Source {
        Source { consumer, run: run.to_owned(), tables, read: RefCell::default() }
    }

    /// Whether the run has a table.
    pub fn has(&self, table: &str) -> bool {
        self.path(table).is_some()
    }

    /// Names of the tables.
    pub fn names(&self) -> Vec<&str> {
        self.tables.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Names of the tables that were read.
    pub(super) fn tables_read(&self) -> Vec<String> {
        self.read.borrow().iter().cloned().collect()
    }

    /// The file of a table, or the folder of its parts.
    pub fn path(&self, table: &str) -> Option<&Path> {
        self.tables.iter().find(|(name, _)| name == table).map(|(_, path)| path.as_path())
    }

    /// These columns of a table.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when the run has no such table, or the table lacks a column;
    /// [`ErrorKind::Input`](crate::error::ErrorKind::Input) when it cannot be read.
    pub fn table(&self, table: &str, columns: &[&str]) -> Result<TableRows> {
        let found = self.table_if_there(table, columns)?;
        found.ok_or_else(|| {
            let message = format!("{} needs the table `{table}`, which run {} has not", self.consumer, self.run);
            Error::config(message)
                .hint("`patronage plan` shows what the pipeline file makes and why a table is left out")
        })
    }

    /// The same, or nothing when the run has no such table.
    ///
    /// # Errors
    /// As [`Source::table`].
    pub fn table_if_there(&self, table: &str, columns: &[&str]) -> Result<Option<TableRows>> {
        let Some(path) = self.path(table) else { return Ok(None) };
        self.read.borrow_mut().insert(table.to_owned());
        TableRows::read(table, path, Some(columns)).map(Some)
    }

    /// All columns of a table.
    ///
    /// # Errors
    /// As [`Source::table`].
    pub fn whole_table(&self, table: &str) -> Result<TableRows> {
        let path = self.path(table).ok_or_else(|| Error::internal(format!("no table `{table}`")))?;
        self.read.borrow_mut().insert(table.to_owned());
        TableRows::read(table, path, None)
    }
}

/// Rows of a published table, in its order.
#[derive(Debug, Clone)]
pub struct TableRows {
    table: String,
    key: Vec<String>,
    rows: RecordBatch,
}

impl TableRows {
    fn read(table: &str, path: &Path, columns: Option<&[&str]>) -> Result<TableRows> {
        let failed = |error| Error::input(format!("could not read the table `{table}`")).because(error);
        let mut first: Option<(Vec<String>, SchemaRef)> = None;
        let mut batches: Vec<RecordBatch> = Vec::new();
        for file in table_files(path)? {
            let builder = open(table, &file, columns)?;
            let key = key_of(builder.metadata().file_metadata());
            let reader = builder.build().map_err(|error| unreadable(table, error))?;
            // Of a table in parts, the first file has the contract.
            first.get_or_insert_with(|| (key, reader.schema()));
            for batch in reader {
                batches.push(batch.map_err(failed)?);
            }
        }
        let (key, schema) = first.ok_or_else(|| Error::internal(format!("the table `{table}` has no file")))?;
        let rows = concat_batches(&schema, &batches).map_err(failed)?;
        Ok(TableRows { table: table.to_owned(), key, rows })
    }

    /// The columns that identify a row, as the file's contract names them.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::error::ErrorKind::Input) when the file has no contract.
    pub fn key(&self) -> Result<&[String]> {
        if self.key.is_empty() {
            return Err(Error::input(format!("the file of `{}` does not say what identifies a row", self.table)));
        }
        Ok(&self.key)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.num_rows()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Names and columns, in order.
    ///
    /// # Errors
    /// As [`TableRows::column`].
    pub fn columns(&self) -> Result<Vec<(String, TableColumn<'_>)>> {
        let fields = self.rows.schema();
        fields.fields().iter().map(|field| Ok((field.name().clone(), self.column(field.name())?))).collect()
    }

    /// A column.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when it was not read, or has a type that no published table has.
    pub fn column(&self, name: &str) -> Result<TableColumn<'_>> {
        let table = &self.table;
        let array = self.rows.column_by_name(name);
        let array = array.ok_or_else(|| Error::internal(format!("`{table}.{name}` was not read")))?;
        TableColumn::of(array).ok_or_else(|| {
            Error::internal(format!("`{table}.{name}` is of type {}, which no export has", array.data_type()))
        })
    }
}

/// One column of a published table.
#[derive(Debug, Clone, Copy)]
pub enum TableColumn<'a> {
    /// Text.
    Text(&'a StringArray),
    /// 32-bit whole numbers.
    Integer(&'a Int32Array),
    /// 64-bit whole numbers.
    BigInt(&'a Int64Array),
    /// Doubles.
    Double(&'a Float64Array),
    /// Truth values.
    Boolean(&'a BooleanArray),
    /// Money and quantities.
    Money(&'a Decimal128Array),
    /// Days.
    Day(&'a Date32Array),
    /// Instants.
    Instant(&'a TimestampMicrosecondArray),
}

impl<'a> TableColumn<'a> {
    fn of(array: &'a ArrayRef) -> Option<TableColumn<'a>> {
        let any = array.as_any();
        let whole =
            || any.downcast_ref().map(TableColumn::Integer).or_else(|| any.downcast_ref().map(TableColumn::BigInt));
        let moments =
            || any.downcast_ref().map(TableColumn::Day).or_else(|| any.downcast_ref().map(TableColumn::Instant));
        let money = || any.downcast_ref::<Decimal128Array>().filter(|array| array.scale() == 4).map(TableColumn::Money);
        let others =
            || any.downcast_ref().map(TableColumn::Double).or_else(|| any.downcast_ref().map(TableColumn::Boolean));
        any.downcast_ref().map(TableColumn::Text).or_else(whole).or_else(moments).or_else(money).or_else(others)
    }

    /// The value of a row.
    pub fn value(self, row: usize) -> Value<'a> {
        match self {
            TableColumn::Text(array) => valid(array, row).map(|row| array.value(row)).into(),
            TableColumn::Integer(array) => {
                valid(array, row).map_or(Value::Null, |row| Value::Whole(array.value(row).into()))
            }
            TableColumn::BigInt(array) => valid(array, row).map_or(Value::Null, |row| Value::Whole(array.value(row))),
            TableColumn::Double(array) => valid(array, row).map_or(Value::Null, |row| Value::Double(array.value(row))),
            TableColumn::Boolean(array) => {
                valid(array, row).map_or(Value::Null, |row| Value::Boolean(array.value(row)))
            }
            // DECIMAL(18,4): 18 digits are less than 64 bits.
            TableColumn::Money(array) => {
                let value = valid(array, row).and_then(|row| i64::try_from(array.value(row)).ok());
                value.map_or(Value::Null, Value::Money)
            }
            TableColumn::Day(array) => valid(array, row).map_or(Value::Null, |row| Value::Day(array.value(row))),
            TableColumn::Instant(array) => {
                valid(array, row).map_or(Value::Null, |row| Value::Instant(array.value(row)))
            }
        }
    }

    /// The text of a row; nothing for null and for a column of another type.
    pub fn text(self, row: usize) -> Option<&'a str> {
        match self {
            TableColumn::Text(array) => valid(array, row).map(|row| array.value(row)),
            _ => None,
        }
    }

    /// The number of a row: a whole number, ten-thousandths, a day or microseconds; nothing for null and for other types.
    pub fn whole(self, row: usize) -> Option<i64> {
        match self.value(row) {
            Value::Whole(value) | Value::Money(value) | Value::Instant(value) => Some(value),
            Value::Day(value) => Some(value.into()),
            _ => None,
        }
    }

    /// Whether the row is true.
    pub fn is_true(self, row: usize) -> bool {
        self.value(row) == Value::Boolean(true)
    }
}

/// A file of a table, of which these columns are to be read.
fn open(table: &str, path: &Path, columns: Option<&[&str]>) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let file = File::open(path).reading(path)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unreadable(table, error))?;
    let Some(columns) = columns else { return Ok(builder) };
    let lacks = |name: &&&str| builder.schema().index_of(name).is_err();
    if let Some(name) = columns.iter().find(lacks) {
        return Err(Error::config(format!("the table `{table}` has no column `{name}`"))
            .hint("it comes from a file of the `sql/` folder or from an earlier version: make the run again"));
    }
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    Ok(builder.with_projection(mask))
}

fn unreadable(table: &str, error: ParquetError) -> Error {
    Error::input(format!("could not read the table `{table}`")).because(error)
}

/// The key in the contract of a published file; nothing when it has none.
fn key_of(metadata: &FileMetaData) -> Vec<String> {
    let values = metadata.key_value_metadata().into_iter().flatten();
    let contract = values.filter(|value| value.key == CONTRACT_KEY).find_map(|value| value.value.as_deref());
    let contract = contract.and_then(|text| serde_json::from_str::<PublishedContract>(text).ok());
    contract.map_or_else(Vec::new, |contract| contract.key)
}

fn valid(array: &dyn Array, row: usize) -> Option<usize> {
    array.is_valid(row).then_some(row)
}
