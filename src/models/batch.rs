//! Rows of a model as a batch, held to a contract.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;

use super::{Rows, Values};
use crate::contract::{Column, ColumnType, Table};
use crate::error::{Error, Result};

/// What a model made, as a batch with the columns of `table`.
///
/// # Errors
/// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when the rows do not fit its contract.
pub fn batch(table: &Table, rows: Rows) -> Result<RecordBatch> {
    let unfit = || Error::internal(format!("a model's rows do not fit the contract of `{}`", table.name));
    if rows.len() != table.columns.len() {
        return Err(unfit());
    }
    let mut fields = Vec::with_capacity(rows.len());
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(rows.len());
    for (column, values) in table.columns.iter().zip(rows) {
        let (data_type, array): (DataType, ArrayRef) = match (column.column_type, values) {
            (ColumnType::Text, Values::Text(values)) => (DataType::Utf8, Arc::new(StringArray::from(values))),
            (ColumnType::Boolean, Values::Boolean(values)) => (DataType::Boolean, Arc::new(BooleanArray::from(values))),
            (ColumnType::Integer | ColumnType::Day, Values::Whole(values)) => {
                let narrow = |value: Option<i64>| value.map(i32::try_from).transpose().map_err(|_| unfit());
                (DataType::Int32, Arc::new(values.into_iter().map(narrow).collect::<Result<Int32Array>>()?))
            }
            (ColumnType::BigInt | ColumnType::Money | ColumnType::Instant, Values::Whole(values)) => {
                (DataType::Int64, Arc::new(Int64Array::from(values)))
            }
            (ColumnType::Double, Values::Double(values)) => (DataType::Float64, Arc::new(Float64Array::from(values))),
            (wanted, Values::Array(array)) if *array.data_type() == wanted.arrow() => {
                (array.data_type().clone(), array)
            }
            _ => return Err(unfit()),
        };
        fields.push(Field::new(column.name.as_ref(), data_type, true));
        arrays.push(array);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|error| unfit().because(error))
}

/// No rows of `table`, in the pipeline's own types.
pub fn no_rows(table: &Table) -> RecordBatch {
    let field = |column: &Column| Field::new(column.name.as_ref(), column.column_type.arrow(), true);
    RecordBatch::new_empty(Arc::new(Schema::new(table.columns.iter().map(field).collect::<Vec<Field>>())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::contract::{bigint, integer, text};

    #[test]
    fn rows_are_held_to_the_contract() {
        let table = Table::new("t", "a row", &["k"], vec![text("k", ""), integer("n", ""), bigint("m", "")]);
        let made = |n: i64| {
            vec![
                Values::Text(vec![Some("a".to_owned())]),
                Values::Whole(vec![Some(n)]),
                Values::Whole(vec![Some(i64::MAX)]),
            ]
        };
        let rows = batch(&table, made(7)).unwrap();
        assert_eq!((no_rows(&table).num_rows(), no_rows(&table).schema()), (0, rows.schema()));
        assert_eq!(rows.column(1).as_any().downcast_ref::<Int32Array>().unwrap().value(0), 7);
        assert!(batch(&table, made(i64::MAX)).is_err(), "too large for its column");
        assert!(batch(&table, made(7)[..2].to_vec()).is_err(), "a column is missing");
        assert!(batch(&table, made(7).into_iter().rev().collect()).is_err(), "another type");
        let mut arrays = made(7);
        arrays[1] = Values::Array(Arc::new(Int32Array::from(vec![7])));
        assert_eq!(batch(&table, arrays.clone()).unwrap(), rows, "an array is taken as it is");
        arrays[1] = Values::Array(Arc::new(Int64Array::from(vec![7])));
        assert!(batch(&table, arrays).is_err(), "an array of another type");
    }
}
