//! Columns of many rows as Arrow has them: no value is wrapped on its way.

use std::sync::Arc;

use arrow::array::{BooleanArray, Float64Array, Int32Array, Int64Array, StringArray};

use super::super::Values;

/// Text of every row.
pub fn text<'a, T>(rows: &'a [T], of: impl Fn(&'a T) -> &'a str) -> Values {
    Values::Array(Arc::new(StringArray::from_iter_values(rows.iter().map(of))))
}

/// Numbers that count things of which there are few.
pub fn integer<T>(rows: &[T], of: impl Fn(&T) -> u32) -> Values {
    let narrow = |row| i32::try_from(of(row)).unwrap_or(i32::MAX);
    Values::Array(Arc::new(Int32Array::from_iter_values(rows.iter().map(narrow))))
}

/// Counts.
pub fn bigint<T>(rows: &[T], of: impl Fn(&T) -> u64) -> Values {
    let narrow = |row| i64::try_from(of(row)).unwrap_or(i64::MAX);
    Values::Array(Arc::new(Int64Array::from_iter_values(rows.iter().map(narrow))))
}

/// Measures.
pub fn double<T>(rows: &[T], of: impl Fn(&T) -> f64) -> Values {
    Values::Array(Arc::new(Float64Array::from_iter_values(rows.iter().map(of))))
}

/// Measures that may be beyond all numbers.
pub fn maybe<T>(rows: &[T], of: impl Fn(&T) -> Option<f64>) -> Values {
    Values::Array(Arc::new(rows.iter().map(of).collect::<Float64Array>()))
}

/// True or false.
pub fn boolean<T>(rows: &[T], of: impl Fn(&T) -> bool) -> Values {
    Values::Array(Arc::new(BooleanArray::from_iter(rows.iter().map(|row| Some(of(row))))))
}
