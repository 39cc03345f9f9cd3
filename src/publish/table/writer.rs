//! Rows in, a synced Parquet file and its hash out.

use std::io;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;

use super::convert::{Breach, published_batch};
use super::order::OrderCheck;
use super::rechunk::Rechunk;
use super::schema::{published_schema, writer_properties};
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
    writer: ArrowWriter<HashingFile>,
    rows: u64,
}

impl<'a> TableWriter<'a> {
    fn create(path: &Path, table: &'a Table, maker: Maker, metadata: &TableMetadata) -> Result<TableWriter<'a>> {
        let schema = published_schema(table);
        let properties = writer_properties(table, metadata)?;
        let order = OrderCheck::new(table, &schema)?;
        let file = HashingFile::create(path)?;
        let writer = parquet(path, ArrowWriter::try_new(file, schema.clone(), Some(properties)))?;
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
        Ok((self.rows, self.writer.inner().finish(&self.path)?))
    }

    fn broken(&self, breach: Breach) -> Error {
        let place = match breach.row {
            Some(row) => format!(" (row {})", self.rows + row as u64 + 1),
            None => String::new(),
        };
        let message = format!("table `{}` breaks its contract: {}{place}", self.table.name, breach.what);
        match self.maker {
            Maker::BuiltIn => Error::internal(message).hint("this is a fault of patronage: please report it"),
            Maker::User => Error::new(ErrorKind::Config, message).hint("correct the SQL that makes this table"),
        }
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
