//! From the columns of the pipeline to published columns, checking each against its contract.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int32Type, Int64Type, SchemaRef, TimestampMicrosecondType,
};
use rayon::prelude::*;

use super::schema::{DECIMAL, MONEY_LIMIT};
use crate::contract::{Column, ColumnType, Table};

/// How a table breaks its contract: words for the message, and the row (from 0, in this batch) where they apply.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::publish) struct Breach {
    pub what: String,
    pub row: Option<usize>,
}

impl Breach {
    pub fn of_table(what: String) -> Breach {
        Breach { what, row: None }
    }

    pub fn of_row(row: usize, what: String) -> Breach {
        Breach { what, row: Some(row) }
    }
}

/// The columns of `batch` in the order of the contract, under published names and types.
pub(super) fn published_batch(table: &Table, schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, Breach> {
    if let Some(extra) = batch.schema().fields().iter().find(|field| table.column(field.name()).is_none()) {
        return Err(Breach::of_table(format!("column `{}` is not in the contract", extra.name())));
    }
    if batch.num_columns() > table.columns.len() {
        return Err(Breach::of_table("a column occurs twice".to_owned()));
    }
    let columns = table.columns.par_iter().map(|column| {
        let array = batch
            .column_by_name(&column.name)
            .ok_or_else(|| Breach::of_table(format!("column `{}` is missing", column.name)))?;
        published_column(column, array)
    });
    // Of several breaches, the first column's is told, whichever was found first.
    let columns = columns.collect::<Vec<_>>().into_iter().collect::<Result<Vec<_>, _>>()?;
    // Types and nulls are as the schema says by now, so what remains are faults of the code above.
    RecordBatch::try_new(schema.clone(), columns).map_err(|error| Breach::of_table(error.to_string()))
}

fn published_column(column: &Column, array: &ArrayRef) -> Result<ArrayRef, Breach> {
    check_type(column, array.data_type())?;
    if !column.nullable
        && array.null_count() > 0
        && let Some(row) = (0..array.len()).find(|&row| array.is_null(row))
    {
        return Err(Breach::of_row(row, format!("column `{}` is null, where it must not be", column.name)));
    }
    match column.column_type {
        ColumnType::Money => money(column, array),
        ColumnType::Day => Ok(Arc::new(array.as_primitive::<Int32Type>().reinterpret_cast::<Date32Type>())),
        ColumnType::Instant => {
            let instants = array.as_primitive::<Int64Type>().reinterpret_cast::<TimestampMicrosecondType>();
            Ok(Arc::new(instants.with_timezone("UTC")))
        }
        ColumnType::Text => {
            cast(array, &DataType::Utf8).map_err(|error| Breach::of_table(format!("column `{}`: {error}", column.name)))
        }
        ColumnType::Boolean | ColumnType::Integer | ColumnType::BigInt | ColumnType::Double => Ok(array.clone()),
    }
}

fn check_type(column: &Column, found: &DataType) -> Result<(), Breach> {
    let fits = match column.column_type {
        // Engines differ in how they lay text out; it is the same text.
        ColumnType::Text => matches!(found, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
        ColumnType::Boolean => *found == DataType::Boolean,
        ColumnType::Integer | ColumnType::Day => *found == DataType::Int32,
        ColumnType::BigInt | ColumnType::Money | ColumnType::Instant => *found == DataType::Int64,
        ColumnType::Double => *found == DataType::Float64,
    };
    if fits {
        return Ok(());
    }
    let expected = column.column_type.sql();
    Err(Breach::of_table(format!("column `{}` should be {expected} and is {found}", column.name)))
}

fn money(column: &Column, array: &ArrayRef) -> Result<ArrayRef, Breach> {
    let amounts = array.as_primitive::<Int64Type>();
    let too_large = |row: &usize| amounts.is_valid(*row) && amounts.value(*row).unsigned_abs() >= MONEY_LIMIT;
    if let Some(row) = (0..amounts.len()).find(too_large) {
        return Err(Breach::of_row(row, format!("column `{}` is too large for DECIMAL(18,4)", column.name)));
    }
    let decimals = amounts.unary::<_, Decimal128Type>(i128::from).with_precision_and_scale(DECIMAL.0, DECIMAL.1);
    match decimals {
        Ok(decimals) => Ok(Arc::new(decimals)),
        Err(error) => Err(Breach::of_table(format!("column `{}`: {error}", column.name))),
    }
}
