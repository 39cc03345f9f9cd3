//! Two runs, table by table: exact columns byte for byte, doubles to 1e-12.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use patronage::publish::{table_files, table_path};

/// How far doubles may be apart, relative to the larger of one and the value: engines take other libraries for logarithms
/// and powers, and may divide in another order.
const APART: f64 = 1e-12;

/// Names of the published tables of a run.
pub fn tables(run: &Path) -> BTreeSet<String> {
    let names =
        std::fs::read_dir(run.join("tables")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| name.trim_end_matches(".parquet").to_owned()).collect()
}

/// All rows of a published table, in their order.
pub fn rows(run: &Path, table: &str) -> RecordBatch {
    let mut batches = Vec::new();
    let mut schema = None;
    for path in table_files(&table_path(run, table)).unwrap() {
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder =
            ParquetRecordBatchReaderBuilder::try_new_with_options(File::open(path).unwrap(), options).unwrap();
        for batch in builder.build().unwrap() {
            let batch = batch.unwrap();
            // Engines differ in what they promise about nulls, not in the rows.
            let fields = batch
                .schema()
                .fields()
                .iter()
                .map(|field| field.as_ref().clone().with_nullable(true))
                .collect::<Vec<_>>();
            let same = std::sync::Arc::new(arrow::datatypes::Schema::new(fields));
            batches.push(RecordBatch::try_new(same.clone(), batch.columns().to_vec()).unwrap());
            schema = Some(same);
        }
    }
    match schema {
        Some(schema) => concat_batches(&schema, &batches).unwrap_or_else(|error| panic!("{table}: {error}")),
        None => RecordBatch::new_empty(std::sync::Arc::new(arrow::datatypes::Schema::empty())),
    }
}

/// What differs between the tables of two runs, in words; empty when nothing does.
pub fn differences(ours: &Path, theirs: &Path) -> Vec<String> {
    let (names, other_names) = (tables(ours), tables(theirs));
    let mut found: Vec<String> =
        names.symmetric_difference(&other_names).map(|name| format!("{name}: only in one of the runs")).collect();
    for name in names.intersection(&other_names) {
        found.extend(difference(name, &rows(ours, name), &rows(theirs, name)));
    }
    found
}

fn difference(table: &str, ours: &RecordBatch, theirs: &RecordBatch) -> Option<String> {
    if ours.num_rows() != theirs.num_rows() {
        return Some(format!("{table}: {} rows and {}", ours.num_rows(), theirs.num_rows()));
    }
    if ours.num_rows() == 0 {
        return None;
    }
    for (index, field) in ours.schema().fields().iter().enumerate() {
        let name = field.name();
        let Some(other) = theirs.column_by_name(name) else { return Some(format!("{table}.{name}: only in one")) };
        let column = ours.column(index);
        if column.data_type() != other.data_type() {
            return Some(format!("{table}.{name}: {} and {}", column.data_type(), other.data_type()));
        }
        if let Some(row) = first_difference(column, other) {
            let shown = |array: &ArrayRef| {
                ArrayFormatter::try_new(array.as_ref(), &FormatOptions::default()).unwrap().value(row).to_string()
            };
            return Some(format!("{table}.{name}, row {row}: {} and {}", shown(column), shown(other)));
        }
    }
    None
}

fn first_difference(ours: &ArrayRef, theirs: &ArrayRef) -> Option<usize> {
    if *ours.data_type() != DataType::Float64 {
        if ours == theirs {
            return None;
        }
        return (0..ours.len()).find(|&row| ours.slice(row, 1) != theirs.slice(row, 1));
    }
    let (ours, theirs) = (ours.as_primitive::<Float64Type>(), theirs.as_primitive::<Float64Type>());
    let apart = |row: usize| match (ours.is_null(row), theirs.is_null(row)) {
        (true, true) => false,
        (false, false) => {
            let (a, b) = (ours.value(row), theirs.value(row));
            a != b && (a - b).abs() > APART * a.abs().max(1.0)
        }
        _ => true,
    };
    (0..ours.len()).find(|&row| apart(row))
}
