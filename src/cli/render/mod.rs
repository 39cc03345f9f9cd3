//! Rows to text and files: a table for people, CSV, JSON, NDJSON and Parquet for machines.

mod csv;
mod json;
mod parquet;
mod table;

pub(super) use table::align;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, make_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use clap::ValueEnum;

use crate::error::{Error, Result};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RowFormat {
    /// Aligned columns for people.
    Table,
    /// Comma-separated values, quoted as RFC 4180 says, ended by line feeds.
    Csv,
    /// One JSON array of objects.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet, zstd.
    Parquet,
}

impl RowFormat {
    /// The format that a file's name asks for.
    pub fn of_file(path: &Path) -> Option<RowFormat> {
        match path.extension()?.to_str()? {
            "csv" => Some(RowFormat::Csv),
            "json" => Some(RowFormat::Json),
            "ndjson" | "jsonl" => Some(RowFormat::Ndjson),
            "parquet" => Some(RowFormat::Parquet),
            "txt" => Some(RowFormat::Table),
            _ => None,
        }
    }
}

/// Rows of one schema.
pub struct Rows {
    /// The columns.
    pub schema: SchemaRef,
    /// The rows, in order.
    pub batches: Vec<RecordBatch>,
}

impl Rows {
    /// Rows from batches that an engine returned. No batch at all is an answer without columns.
    pub fn from_batches(batches: Vec<RecordBatch>) -> Rows {
        let schema = batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
        Rows { schema, batches }
    }

    /// Rows from named columns of equal length.
    pub fn from_columns<const N: usize>(columns: [(&str, ArrayRef); N]) -> Result<Rows> {
        let batch = RecordBatch::try_from_iter(columns)
            .map_err(|error| Error::internal("columns of different lengths").because(error))?;
        Ok(Rows { schema: batch.schema(), batches: vec![batch] })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// How rows are written.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// The format.
    pub format: RowFormat,
    /// Most rows that a table for people shows; `None` for all.
    pub limit: Option<usize>,
    /// Keep text of a CSV file from becoming a formula in a spreadsheet.
    pub safe_spreadsheet: bool,
    /// The reader is a terminal: nothing may reach it that it would obey.
    pub terminal: bool,
}

impl Style {
    /// All rows, safe for spreadsheets, to a file or a pipe.
    pub fn of(format: RowFormat) -> Style {
        Style { format, limit: None, safe_spreadsheet: true, terminal: false }
    }
}

/// Writes `rows`, and returns how many were left out.
pub fn write(rows: &Rows, style: Style, out: &mut (dyn Write + Send)) -> Result<usize> {
    if style.format == RowFormat::Parquet {
        parquet::write(rows, out)?;
        return Ok(0);
    }
    let rows = with_offset_times(rows)?;
    match style.format {
        RowFormat::Table => return table::write(&rows, style.limit, out),
        RowFormat::Csv => csv::write(&rows, style, out)?,
        RowFormat::Json => json::write_array(&rows, out)?,
        RowFormat::Ndjson => json::write_lines(&rows, out)?,
        RowFormat::Parquet => {}
    }
    Ok(0)
}

/// The same rows with times in UTC said to be at offset zero: without a time-zone database of its own, which this build
/// leaves out, arrow formats offsets only.
fn with_offset_times(rows: &Rows) -> Result<Rows> {
    let unknown = |error| Error::internal("cannot show a column of times").because(error);
    let at_offset = |array: &ArrayRef| match array.data_type() {
        DataType::Timestamp(unit, Some(zone)) if zone.as_ref() == "UTC" => {
            let at_zero = DataType::Timestamp(*unit, Some("+00:00".into()));
            array.to_data().into_builder().data_type(at_zero).build().map(make_array).map_err(unknown)
        }
        _ => Ok(array.clone()),
    };
    let batch = |batch: &RecordBatch| {
        let columns: Result<Vec<ArrayRef>> = batch.columns().iter().map(at_offset).collect();
        let schema = batch.schema();
        let columns = columns?;
        let fields = schema.fields().iter().zip(&columns);
        let fields: Vec<Field> =
            fields.map(|(field, array)| field.as_ref().clone().with_data_type(array.data_type().clone())).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options).map_err(unknown)
    };
    Ok(Rows { schema: rows.schema.clone(), batches: rows.batches.iter().map(batch).collect::<Result<_>>()? })
}

/// Decimals exact, dates and times ISO 8601, nulls empty.
const FORMAT: FormatOptions<'static> = FormatOptions::new().with_display_error(false);

fn formatters<'a>(batch: &'a RecordBatch) -> Result<Vec<ArrayFormatter<'a>>> {
    batch.columns().iter().map(formatter).collect()
}

fn formatter(array: &ArrayRef) -> Result<ArrayFormatter<'_>> {
    ArrayFormatter::try_new(array.as_ref(), &FORMAT)
        .map_err(|error| Error::internal(format!("cannot show a column of type {}", array.data_type())).because(error))
}

/// A value as text; empty for null.
fn text_of(formatter: &ArrayFormatter<'_>, row: usize) -> Result<String> {
    formatter.value(row).try_to_string().map_err(|error| Error::internal("cannot show a value").because(error))
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
