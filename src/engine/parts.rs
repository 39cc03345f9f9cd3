//! Rows of a table that another engine wrote as Parquet parts, in the pipeline's own types.

use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Field, Int32Type, Int64Type, Schema, SchemaRef, TimeUnit,
    TimestampMicrosecondType,
};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::Batches;
use crate::contract::{Column, ColumnType, Table};
use crate::error::{Error, Place, Result};

/// Rows in a batch.
const BATCH_ROWS: usize = 1 << 16;

/// The rows of `files`, one file after the other, with the columns of the contract in its order; what else is in the files
/// is not read. A file is opened when the rows of the one before are through.
///
/// An item is an error of [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when a column is missing or has
/// another type, of [`ErrorKind::Output`](crate::error::ErrorKind::Output) when a file cannot be read; it is the last.
pub fn read_parts(table: &Table, files: &[PathBuf]) -> Batches {
    Box::new(Parts::of(table, files, Form::Inside))
}

/// The same of files that hold the published form.
pub fn read_published_parts(table: &Table, files: &[PathBuf]) -> Batches {
    Box::new(Parts::of(table, files, Form::Published))
}

/// Batches of a table in one piece.
///
/// # Errors
/// As the items of [`read_parts`].
pub fn in_one_piece(table: &Table, batches: Batches) -> Result<RecordBatch> {
    let batches = batches.collect::<Result<Vec<_>>>()?;
    let rows = concat_batches(&schema(table), &batches);
    rows.map_err(|error| {
        Error::internal(format!("the rows of `{}` do not fit into one piece", table.name)).because(error)
    })
}

/// The columns of a table in the pipeline's own types, nullable throughout: another engine promises nothing about nulls.
pub(super) fn schema(table: &Table) -> SchemaRef {
    let fields = table.columns.iter().map(|column| Field::new(column.name.as_ref(), column.column_type.arrow(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// How the columns stand in the files.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As they are inside the pipeline.
    Inside,
    /// Under published names and types.
    Published,
}

impl Form {
    fn name(self, column: &Column) -> Cow<'_, str> {
        match self {
            Form::Inside => Cow::Borrowed(&column.name),
            Form::Published => column.published_name(),
        }
    }

    fn holds(self, column: &Column, found: &DataType) -> bool {
        match (self, column.column_type) {
            (Form::Published, ColumnType::Money) => *found == DataType::Decimal128(18, 4),
            (Form::Published, ColumnType::Day) => *found == DataType::Date32,
            (Form::Published, ColumnType::Instant) => matches!(found, DataType::Timestamp(TimeUnit::Microsecond, _)),
            (_, column_type) => *found == column_type.arrow(),
        }
    }

    /// The column inside the pipeline: the same numbers.
    fn inside(self, column: &Column, array: &ArrayRef) -> ArrayRef {
        match (self, column.column_type) {
            // DECIMAL(18,4) has at most 18 digits, which 64 bits hold.
            (Form::Published, ColumnType::Money) => {
                Arc::new(array.as_primitive::<Decimal128Type>().unary::<_, Int64Type>(|amount| amount as i64))
            }
            (Form::Published, ColumnType::Day) => {
                Arc::new(array.as_primitive::<Date32Type>().reinterpret_cast::<Int32Type>())
            }
            (Form::Published, ColumnType::Instant) => {
                Arc::new(array.as_primitive::<TimestampMicrosecondType>().reinterpret_cast::<Int64Type>())
            }
            _ => array.clone(),
        }
    }
}

struct Parts {
    table: Table,
    form: Form,
    schema: SchemaRef,
    open: Option<Part>,
    left: std::vec::IntoIter<PathBuf>,
}

struct Part {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    /// Where each column of the contract stands among those that are read.
    places: Vec<usize>,
}

impl Parts {
    fn of(table: &Table, files: &[PathBuf], form: Form) -> Parts {
        Parts { schema: schema(table), table: table.clone(), form, open: None, left: files.to_vec().into_iter() }
    }

    fn open(&self, path: PathBuf) -> Result<Part> {
        let broken = |error| unreadable(&path).because(error);
        let file = File::open(&path).map_err(|error| unreadable(&path).because(error))?;
        // Types are those of Parquet, whatever Arrow type the writer has noted beside them.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(broken)?;
        let found = builder.schema();
        let mut roots = Vec::with_capacity(self.table.columns.len());
        for column in &self.table.columns {
            let Some((root, field)) = found.column_with_name(&self.form.name(column)) else {
                return Err(self.misfit(&column.name, "is missing").at(Place::file(&path)));
            };
            if !self.form.holds(column, field.data_type()) {
                let is = format!("is {}, not {}", field.data_type(), column.column_type.sql());
                return Err(self.misfit(&column.name, &is).at(Place::file(&path)));
            }
            roots.push(root);
        }
        let mut read = roots.clone();
        read.sort_unstable();
        let places = roots.iter().filter_map(|root| read.iter().position(|place| place == root)).collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(broken)?;
        Ok(Part { path, reader, places })
    }

    fn misfit(&self, column: &str, is: &str) -> Error {
        Error::internal(format!("column `{column}` of `{}` {is} where the engine wrote it", self.table.name))
    }

    fn fit(&self, batch: &RecordBatch, places: &[usize]) -> Result<RecordBatch> {
        let columns = self.table.columns.iter().zip(places);
        let columns = columns.map(|(column, &place)| self.form.inside(column, batch.column(place))).collect();
        let unfit = |error| Error::internal(format!("the rows of `{}` do not fit", self.table.name)).because(error);
        RecordBatch::try_new(self.schema.clone(), columns).map_err(unfit)
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(part) = &mut self.open {
                if let Some(batch) = part.reader.next() {
                    let batch = batch.map_err(|error| unreadable(&part.path).because(error))?;
                    let places = part.places.clone();
                    return self.fit(&batch, &places).map(Some);
                }
                self.open = None;
            }
            let Some(path) = self.left.next() else { return Ok(None) };
            self.open = Some(self.open(path)?);
        }
    }
}

impl Iterator for Parts {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_batch();
        if next.is_err() {
            // Nothing comes after an error.
            self.open = None;
            self.left = Vec::new().into_iter();
        }
        next.transpose()
    }
}

fn unreadable(path: &Path) -> Error {
    Error::output("could not read what the engine wrote").at(Place::file(path))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, LargeStringArray, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    use super::*;
    use crate::contract::{bigint, boolean, day, double, money, text};
    use crate::error::ErrorKind;

    fn orders() -> Table {
        let columns = vec![
            text("order_id", "the order"),
            day("order_day", "its day"),
            money("amount_e4", "its amount").optional(),
            double("share", "its share").optional(),
            boolean("is_first", "whether it is the first"),
        ];
        Table::new("orders", "an order", &["order_id"], columns)
    }

    /// Another order of columns than the contract's, one column more, and small row groups with dictionaries.
    fn write(path: &Path, ids: &[&str], id_array: impl Fn(Vec<&str>) -> ArrayRef) {
        let numbers = || 0..ids.len() as i64;
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("is_first", Arc::new(numbers().map(|n| Some(n == 0)).collect::<BooleanArray>())),
            ("extra", Arc::new(numbers().collect::<Int64Array>())),
            ("share", Arc::new(numbers().map(|n| (n != 0).then(|| 1.0 / n as f64)).collect::<Float64Array>())),
            ("order_id", id_array(ids.to_vec())),
            ("amount_e4", Arc::new(numbers().map(|n| (n != 1).then_some(n * 10_000)).collect::<Int64Array>())),
            ("order_day", Arc::new(numbers().map(|n| 20_000 + n as i32).collect::<Int32Array>())),
        ];
        let batch =
            RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)));
        let batch = batch.unwrap();
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(2)).build();
        let file = File::create_new(path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    fn strings(ids: Vec<&str>) -> ArrayRef {
        Arc::new(StringArray::from(ids))
    }

    #[test]
    fn parts_are_one_stream_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<PathBuf> = (0..3).map(|n| folder.path().join(format!("part-{n}.parquet"))).collect();
        write(&files[0], &["c", "a", "b"], strings);
        write(&files[1], &[], strings);
        // The same text in Parquet; only the note of Arrow's own type differs.
        write(&files[2], &["a"], |ids| Arc::new(LargeStringArray::from(ids)));
        let rows = in_one_piece(&orders(), read_parts(&orders(), &files)).unwrap();
        let names: Vec<String> = rows.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, ["order_id", "order_day", "amount_e4", "share", "is_first"]);
        let expected: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec!["c", "a", "b", "a"])),
            Arc::new(Int32Array::from(vec![20_000, 20_001, 20_002, 20_000])),
            Arc::new(Int64Array::from(vec![Some(0), None, Some(20_000), Some(0)])),
            Arc::new(Float64Array::from(vec![None, Some(1.0), Some(0.5), None])),
            Arc::new(BooleanArray::from(vec![true, false, false, true])),
        ];
        assert_eq!(rows.columns(), expected);
        let ids = |files: &[PathBuf]| in_one_piece(&orders(), read_parts(&orders(), files)).unwrap().column(0).clone();
        assert_eq!(ids(&[files[2].clone(), files[0].clone()]).as_ref(), &StringArray::from(vec!["a", "c", "a", "b"]));
    }

    #[test]
    fn no_files_are_no_rows_with_their_columns() {
        let rows = in_one_piece(&orders(), read_parts(&orders(), &[])).unwrap();
        assert_eq!((rows.num_rows(), rows.num_columns()), (0, 5));
        assert!(read_parts(&orders(), &[]).next().is_none());
    }

    #[test]
    fn an_unfit_part_ends_the_stream_with_its_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        write(&path("good"), &["a"], strings);
        write(&path("numbers"), &["a"], |ids| Arc::new(ids.iter().map(|id| id.len() as i64).collect::<Int64Array>()));
        std::fs::write(path("cut"), b"PAR1").unwrap();
        let mut lacking = orders();
        lacking.columns.push(bigint("other", "not there"));
        for (table, bad, kind, said) in [
            (orders(), "numbers", ErrorKind::Internal, "column `order_id` of `orders` is Int64, not VARCHAR"),
            (lacking, "good", ErrorKind::Internal, "column `other` of `orders` is missing"),
            (orders(), "cut", ErrorKind::Output, "could not read"),
            (orders(), "none", ErrorKind::Output, "could not read"),
        ] {
            let mut parts = read_parts(&table, &[path(bad), path("good")]);
            let error = parts.next().unwrap().unwrap_err();
            assert_eq!(error.kind(), kind, "{bad}");
            assert!(error.message().starts_with(said), "{bad}: {}", error.message());
            assert!(parts.next().is_none(), "{bad}");
        }
    }
}
