//! Rows in, a synced Parquet file and its hash out.

use std::io;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use rayon::prelude::*;

use super::convert::{Breach, published_batch};
use super::order::OrderCheck;
use super::rechunk::Rechunk;
use super::schema::{published_schema, row_group_rows, writer_properties};
use super::{Maker, TableMetadata};
use crate::contract::Table;
use crate::error::{Error, ErrorKind, IoContext, Result};
use crate::publish::hashing_file::HashingFile;
use crate::publish::manifest::FileEntry;

/// Writes the rows of `batches` as the table's Parquet file at `path`, syncs it, and returns its rows, size and hash.
///
/// Memory: the rows of one row group, encoded. The bytes do not depend on how the rows are split into batches.
pub(in crate::publish) fn write(
    path: &Path,
    table: &Table,
    maker: Maker,
    metadata: &TableMetadata,
    batches: impl IntoIterator<Item = Result<RecordBatch>>,
) -> Result<(u64, FileEntry)> {
    let mut writer = TableWriter::create(path, table, maker, metadata)?;
    for batch in batches {
        writer.push(&batch?)?;
    }
    writer.finish()
}

struct TableWriter<'a> {
    path: PathBuf,
    table: &'a Table,
    maker: Maker,
    schema: SchemaRef,
    order: OrderCheck,
    rechunk: Rechunk,
    writer: ColumnsWriter,
    rows: u64,
}

/// A Parquet file whose columns are encoded beside each other: a table has many, and encoding them is most of the work.
struct ColumnsWriter {
    file: SerializedFileWriter<HashingFile>,
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    /// Those of the row group that is being written; none between two.
    columns: Vec<ArrowColumnWriter>,
    group_rows: usize,
    /// Rows in a full one.
    most_rows: usize,
}

impl ColumnsWriter {
    /// Adds a chunk of rows, of which a row group is a whole number.
    fn write(&mut self, chunk: &RecordBatch) -> Result<(), ParquetError> {
        if chunk.num_rows() == 0 {
            return Ok(());
        }
        if self.columns.is_empty() {
            self.columns = self.factory.create_column_writers(self.file.flushed_row_groups().len())?;
        }
        let columns = self.columns.par_iter_mut().zip(self.schema.fields().par_iter()).zip(chunk.columns());
        // Published columns hold no nested types: each is one leaf.
        columns.try_for_each(|((writer, field), array)| {
            compute_leaves(field, array)?.iter().try_for_each(|leaf| writer.write(leaf))
        })?;
        self.group_rows += chunk.num_rows();
        if self.group_rows >= self.most_rows { self.end_group() } else { Ok(()) }
    }

    fn end_group(&mut self) -> Result<(), ParquetError> {
        self.group_rows = 0;
        let columns = std::mem::take(&mut self.columns);
        if columns.is_empty() {
            return Ok(());
        }
        let chunks = columns.into_par_iter().map(ArrowColumnWriter::close).collect::<Result<Vec<_>, _>>()?;
        let mut group = self.file.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ParquetError> {
        self.end_group()?;
        self.file.finish()?;
        Ok(())
    }
}

impl<'a> TableWriter<'a> {
    fn create(path: &Path, table: &'a Table, maker: Maker, metadata: &TableMetadata) -> Result<TableWriter<'a>> {
        let schema = published_schema(table);
        let properties = writer_properties(table, metadata)?;
        let order = OrderCheck::new(table, &schema)?;
        let file = HashingFile::create(path)?;
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties));
        let (file, factory) = parquet(path, writer.and_then(ArrowWriter::into_serialized_writer))?;
        let most_rows = row_group_rows(table);
        let writer =
            ColumnsWriter { file, factory, schema: schema.clone(), columns: Vec::new(), group_rows: 0, most_rows };
        let rechunk = Rechunk::new(schema.clone());
        Ok(TableWriter { path: path.to_path_buf(), table, maker, schema, order, rechunk, writer, rows: 0 })
    }

    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let batch = published_batch(self.table, &self.schema, batch).map_err(|breach| self.broken(breach))?;
        self.order.check(self.table, &batch).map_err(|breach| self.broken(breach))?;
        self.rows += batch.num_rows() as u64;
        parquet(&self.path, self.rechunk.push(batch, |chunk| self.writer.write(&chunk)))
    }

    fn finish(mut self) -> Result<(u64, FileEntry)> {
        let rest = self.rechunk.finish().map_err(ParquetError::from);
        // Not `into_inner`, which turns an error of the disk into words.
        parquet(&self.path, rest.and_then(|rest| self.writer.write(&rest)).and_then(|()| self.writer.finish()))?;
        Ok((self.rows, self.writer.file.inner().finish(&self.path)?))
    }

    fn broken(&self, breach: Breach) -> Error {
        broken(self.table, self.maker, &breach, self.rows)
    }
}

/// The error of a table that breaks its contract; `before` counts the rows before the batch that the breach is in.
pub(in crate::publish) fn broken(table: &Table, maker: Maker, breach: &Breach, before: u64) -> Error {
    let place = match breach.row {
        Some(row) => format!(" (row {})", before + row as u64 + 1),
        None => String::new(),
    };
    let message = format!("table `{}` breaks its contract: {}{place}", table.name, breach.what);
    match maker {
        Maker::BuiltIn => Error::internal(message).hint("this is a fault of patronage: please report it"),
        Maker::User => Error::new(ErrorKind::Config, message).hint("correct the SQL that makes this table"),
    }
}

/// The kind and words of an error of the disk, which comes wrapped in one of the format.
fn parquet<T>(path: &Path, result: Result<T, ParquetError>) -> Result<T> {
    result.or_else(|error| match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(error) => Err(*error).writing(path),
            Err(source) => Err(Error::output(format!("could not write `{}`", path.display())).because(source)),
        },
        error => Err(Error::internal(format!("could not encode `{}`", path.display())).because(error)),
    })
}
