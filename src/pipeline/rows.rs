//! Rows for the tables that the pipeline itself makes, typed by their contracts.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;

use crate::contract::{ColumnType, Table};
use crate::error::{Error, Result};

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// No value.
    Null,
    /// Text.
    Text(String),
    /// True or false.
    Boolean(bool),
    /// A whole number, money, day or instant.
    Whole(i64),
    /// A double.
    Double(f64),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Cell::Boolean(value)
    }
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Cell::Whole(value)
    }
}

impl From<i32> for Cell {
    fn from(value: i32) -> Self {
        Cell::Whole(value.into())
    }
}

impl From<u32> for Cell {
    fn from(value: u32) -> Self {
        Cell::Whole(value.into())
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Cell::Double(value)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Null, Into::into)
    }
}

/// Rows as a batch with the columns of `table`, in order.
///
/// # Errors
/// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when a cell is not of its column's type.
pub fn batch(table: &Table, rows: &[Vec<Cell>]) -> Result<RecordBatch> {
    let wrong = |column: &str| Error::internal(format!("a cell of `{}.{column}` has another type", table.name));
    let mut fields = Vec::with_capacity(table.columns.len());
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(table.columns.len());
    for (index, column) in table.columns.iter().enumerate() {
        let cells = || rows.iter().map(|row| row.get(index).ok_or_else(|| wrong(&column.name)));
        macro_rules! array {
            ($array:ty, $variant:ident, $convert:expr) => {
                Arc::new(
                    cells()
                        .map(|cell| match cell? {
                            Cell::Null => Ok(None),
                            Cell::$variant(value) => $convert(value).map(Some).ok_or_else(|| wrong(&column.name)),
                            _ => Err(wrong(&column.name)),
                        })
                        .collect::<Result<Vec<_>>>()?
                        .into_iter()
                        .collect::<$array>(),
                ) as ArrayRef
            };
        }
        let (data_type, array) = match column.column_type {
            ColumnType::Text => (DataType::Utf8, array!(StringArray, Text, |text: &String| Some(text.clone()))),
            ColumnType::Boolean => (DataType::Boolean, array!(BooleanArray, Boolean, |value: &bool| Some(*value))),
            ColumnType::Integer | ColumnType::Day => {
                (DataType::Int32, array!(Int32Array, Whole, |value: &i64| i32::try_from(*value).ok()))
            }
            ColumnType::BigInt | ColumnType::Money | ColumnType::Instant => {
                (DataType::Int64, array!(Int64Array, Whole, |value: &i64| Some(*value)))
            }
            ColumnType::Double => (DataType::Float64, array!(Float64Array, Double, |value: &f64| Some(*value))),
        };
        fields.push(Field::new(column.name.as_ref(), data_type, true));
        arrays.push(array);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .map_err(|error| Error::internal(format!("rows of `{}` do not fit its contract", table.name)).because(error))
}
