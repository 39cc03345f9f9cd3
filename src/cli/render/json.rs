//! JSON: numbers with all their digits, dates and times as ISO 8601 text, nulls as null, lists as lists.

use std::io::Write;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::ArrayFormatter;

use super::{Rows, formatter, is_number, text_of};
use crate::cli::output::writing;
use crate::error::{Error, Result};

pub(super) fn write_array(rows: &Rows, out: &mut (dyn Write + Send)) -> Result<()> {
    let mut separator = "[\n";
    for batch in &rows.batches {
        let columns = Column::of_batch(batch)?;
        for row in 0..batch.num_rows() {
            writing(write!(out, "{separator}{}", object(&columns, row)?))?;
            separator = ",\n";
        }
    }
    let end = if separator == "[\n" { "[]\n" } else { "\n]\n" };
    writing(out.write_all(end.as_bytes()))
}

pub(super) fn write_lines(rows: &Rows, out: &mut (dyn Write + Send)) -> Result<()> {
    for batch in &rows.batches {
        let columns = Column::of_batch(batch)?;
        for row in 0..batch.num_rows() {
            writing(writeln!(out, "{}", object(&columns, row)?))?;
        }
    }
    Ok(())
}

/// A column with what is needed to write its values.
struct Column<'a> {
    key: String,
    array: &'a ArrayRef,
    values: Values<'a>,
}

enum Values<'a> {
    /// Numbers and truth values, which JSON writes as they are.
    Bare(ArrayFormatter<'a>),
    /// Floats, of which JSON has no NaN and no infinity.
    Float(ArrayFormatter<'a>),
    /// Everything else, in quotes.
    Quoted(ArrayFormatter<'a>),
    /// Lists, taken apart row by row.
    List,
}

impl<'a> Column<'a> {
    fn of_batch(batch: &'a RecordBatch) -> Result<Vec<Column<'a>>> {
        let schema = batch.schema();
        let named = schema.fields().iter().zip(batch.columns());
        named.map(|(field, array)| Column::new(field.name(), array)).collect()
    }

    fn new(name: &str, array: &'a ArrayRef) -> Result<Column<'a>> {
        let values = match array.data_type() {
            DataType::List(_) => Values::List,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Values::Float(formatter(array)?),
            DataType::Boolean => Values::Bare(formatter(array)?),
            other if is_number(other) => Values::Bare(formatter(array)?),
            _ => Values::Quoted(formatter(array)?),
        };
        Ok(Column { key: quote(name)?, array, values })
    }

    fn value(&self, row: usize) -> Result<String> {
        if self.array.is_null(row) {
            return Ok("null".to_owned());
        }
        match &self.values {
            Values::Bare(values) => text_of(values, row),
            Values::Float(values) => {
                let text = text_of(values, row)?;
                let finite = text.parse::<f64>().is_ok_and(f64::is_finite);
                Ok(if finite { text } else { "null".to_owned() })
            }
            Values::Quoted(values) => quote(&text_of(values, row)?),
            Values::List => {
                let elements = self.array.as_list::<i32>().value(row);
                let column = Column::new("", &elements)?;
                let values: Result<Vec<String>> = (0..elements.len()).map(|element| column.value(element)).collect();
                Ok(format!("[{}]", values?.join(",")))
            }
        }
    }
}

fn object(columns: &[Column<'_>], row: usize) -> Result<String> {
    let members: Result<Vec<String>> =
        columns.iter().map(|column| Ok(format!("{}:{}", column.key, column.value(row)?))).collect();
    Ok(format!("{{{}}}", members?.join(",")))
}

fn quote(text: &str) -> Result<String> {
    serde_json::to_string(text).map_err(|error| Error::internal("cannot write JSON").because(error))
}
