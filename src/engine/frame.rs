//! Rows in and out of Polars: its frames to Arrow batches and back, by copy, because its Arrow is a fork.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{Field, Schema as ArrowSchema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use polars::prelude::*;
use rayon::prelude::*;

use crate::error::{Error, Result};

/// What an error of Polars says in its first sentence, without the plans and the contexts around it.
pub fn reason(error: &PolarsError) -> String {
    let text = root(error).to_string();
    let end = text.find("\n\nResolved plan").or_else(|| text.find("\\n\\nResolved plan")).unwrap_or(text.len());
    text[..end].trim().to_owned()
}

/// What sort of error it is, in a word that holds no value of a row.
pub fn kind(error: &PolarsError) -> &'static str {
    match root(error) {
        PolarsError::ColumnNotFound(_) => "a column was not found",
        PolarsError::Duplicate(_) => "two columns have one name",
        PolarsError::SchemaMismatch(_) | PolarsError::SchemaFieldNotFound(_) => "types do not fit",
        PolarsError::InvalidOperation(_) => "a value could not be converted, or an operation is not possible",
        PolarsError::OutOfBounds(_) => "an index is out of bounds",
        PolarsError::ShapeMismatch(_) => "lengths do not fit",
        PolarsError::IO { .. } => "a file could not be read",
        _ => "the engine gave up",
    }
}

fn root(error: &PolarsError) -> &PolarsError {
    match error {
        PolarsError::Context { error, .. } => root(error),
        other => other,
    }
}

/// The rows of Parquet files of the same columns, one file after the other.
pub fn scan(files: &[PathBuf]) -> PolarsResult<LazyFrame> {
    let paths = files.iter().map(|path| PlRefPath::try_from_path(path)).collect::<PolarsResult<Vec<_>>>()?;
    LazyFrame::scan_parquet_files(paths.into_iter().collect(), ScanArgsParquet::default())
}

/// An Arrow batch of the pipeline's own types as a frame.
pub fn from_batch(batch: &RecordBatch) -> PolarsResult<DataFrame> {
    let columns = batch
        .schema_ref()
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, array)| {
            let name: PlSmallStr = field.name().as_str().into();
            let any = array.as_any();
            let series = if let Some(values) = any.downcast_ref::<StringArray>() {
                StringChunked::from_iter_options(name, values.iter()).into_series()
            } else if let Some(values) = any.downcast_ref::<Int64Array>() {
                Int64Chunked::from_iter_options(name, values.iter()).into_series()
            } else if let Some(values) = any.downcast_ref::<Int32Array>() {
                Int32Chunked::from_iter_options(name, values.iter()).into_series()
            } else if let Some(values) = any.downcast_ref::<Float64Array>() {
                Float64Chunked::from_iter_options(name, values.iter()).into_series()
            } else if let Some(values) = any.downcast_ref::<BooleanArray>() {
                BooleanChunked::from_iter_options(name, values.iter()).into_series()
            } else {
                polars_bail!(SchemaMismatch: "column {} of type {} cannot enter the engine", name, array.data_type());
            };
            Ok(series.into_column())
        })
        .collect::<PolarsResult<Vec<_>>>()?;
    DataFrame::new(batch.num_rows(), columns)
}

/// A frame as an Arrow batch. Types that the pipeline does not use (from a user's own SQL) become the nearest one it does.
pub fn to_batch(frame: &DataFrame) -> Result<RecordBatch> {
    let arrays: Vec<Result<ArrayRef>> = frame
        .columns()
        .par_iter()
        .map(|column| {
            to_array(column.as_materialized_series()).map_err(|error| {
                Error::internal(format!("column `{}` could not leave the engine", column.name())).because(error)
            })
        })
        .collect();
    let arrays = arrays.into_iter().collect::<Result<Vec<ArrayRef>>>()?;
    let names = frame.columns().iter().map(|column| column.name().as_str());
    let fields: Vec<Field> =
        names.zip(&arrays).map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(frame.height()));
    RecordBatch::try_new_with_options(Arc::new(ArrowSchema::new(fields)), arrays, &options)
        .map_err(|error| Error::internal("rows of one table differ in length").because(error))
}

fn to_array(series: &Series) -> PolarsResult<ArrayRef> {
    Ok(match series.dtype() {
        DataType::String => Arc::new(series.str()?.iter().collect::<StringArray>()),
        DataType::Boolean => Arc::new(series.bool()?.iter().collect::<BooleanArray>()),
        DataType::Int32 => Arc::new(series.i32()?.iter().collect::<Int32Array>()),
        DataType::Int64 => Arc::new(series.i64()?.iter().collect::<Int64Array>()),
        DataType::Float64 => Arc::new(series.f64()?.iter().collect::<Float64Array>()),
        DataType::Date => Arc::new(series.date()?.physical().iter().collect::<Date32Array>()),
        DataType::Datetime(_, zone) => {
            let micros = series.cast(&DataType::Datetime(TimeUnit::Microseconds, zone.clone()))?;
            let array: TimestampMicrosecondArray = micros.datetime()?.physical().iter().collect();
            match zone {
                Some(zone) => Arc::new(array.with_timezone(zone.to_string())),
                None => Arc::new(array),
            }
        }
        DataType::Decimal(precision, scale) => {
            let array: Decimal128Array = series.decimal()?.physical().iter().collect();
            let (precision, scale) = (*precision as u8, *scale as i8);
            Arc::new(
                array
                    .with_precision_and_scale(precision, scale)
                    .map_err(|error| polars_err!(ComputeError: "{error}"))?,
            )
        }
        DataType::Int8 | DataType::Int16 | DataType::UInt8 | DataType::UInt16 => {
            to_array(&series.cast(&DataType::Int32)?)?
        }
        DataType::UInt32 | DataType::UInt64 => to_array(&series.cast(&DataType::Int64)?)?,
        DataType::Float32 => to_array(&series.cast(&DataType::Float64)?)?,
        DataType::Null => Arc::new(StringArray::new_null(series.len())),
        _ => to_array(&series.cast(&DataType::String)?)?,
    })
}
