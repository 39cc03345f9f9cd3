//! Sorted Parquet files of staged rows, and what is known about them without opening them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};

use super::order::Place;
use crate::error::{Error, IoContext, Place as ErrorPlace, Result};

/// Rows of a row group: small enough that a look-up by key skips most of a file.
pub(super) const GROUP_ROWS: usize = 1 << 17;

/// One sorted Parquet file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// Its file name.
    pub name: String,
    pub rows: u64,
    pub blake3: String,
    /// Bytes that the rows take in memory.
    pub memory_bytes: u64,
    /// First place in the sort order of each row group.
    pub groups: Vec<Place>,
    /// Last place in the sort order.
    pub last: Place,
    /// Rows by `line_type`, if there is one.
    pub line_types: BTreeMap<String, u64>,
}

/// Settings of all staged files: fast compression, and a dictionary for text only, because numbers hardly repeat.
fn properties(schema: &SchemaRef) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_created_by("patronage".into())
        .set_dictionary_enabled(false);
    for field in schema.fields().iter().filter(|field| *field.data_type() == DataType::Utf8) {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(field.name().as_str()), true);
    }
    builder.build()
}

/// Writes to a file and hashes what it writes.
struct HashingWriter {
    file: BufWriter<File>,
    hasher: blake3::Hasher,
}

impl Write for HashingWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// A Parquet file that is being written.
pub(super) struct PartWriter {
    path: PathBuf,
    writer: ArrowWriter<HashingWriter>,
}

impl PartWriter {
    pub fn create(path: &Path, schema: &SchemaRef) -> Result<Self> {
        let file = File::create_new(path).writing(path)?;
        let sink = HashingWriter { file: BufWriter::new(file), hasher: blake3::Hasher::new() };
        let writer = ArrowWriter::try_new(sink, Arc::clone(schema), Some(properties(schema)));
        Ok(PartWriter { path: path.to_path_buf(), writer: writer.map_err(|error| not_written(path, error))? })
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.writer.write(batch).map_err(|error| not_written(&self.path, error))
    }

    /// Writes the footer and syncs; gives the BLAKE3 of the file.
    pub fn finish(self) -> Result<String> {
        let mut sink = self.writer.into_inner().map_err(|error| not_written(&self.path, error))?;
        sink.flush().writing(&self.path)?;
        sink.file.get_ref().sync_all().writing(&self.path)?;
        Ok(sink.hasher.finalize().to_hex().to_string())
    }
}

fn not_written(path: &Path, error: parquet::errors::ParquetError) -> Error {
    let io = match error {
        parquet::errors::ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(io) => *io,
            Err(other) => std::io::Error::other(other),
        },
        other => std::io::Error::other(other),
    };
    std::io::Result::<()>::Err(io).writing(path).expect_err("it was made from an error")
}

/// Reads row groups of a part.
pub(super) fn read(path: &Path, groups: Option<Vec<usize>>, columns: Option<&[&str]>) -> Result<Vec<RecordBatch>> {
    let broken = |error: &dyn std::fmt::Display| {
        Error::internal("a staged file could not be read").at(ErrorPlace::file(path)).because(error.to_string())
    };
    let file = File::open(path).reading(path)?;
    let mut builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| broken(&error))?;
    if let Some(columns) = columns {
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        builder = builder.with_projection(mask);
    }
    if let Some(groups) = groups {
        builder = builder.with_row_groups(groups);
    }
    let reader = builder.with_batch_size(GROUP_ROWS).build().map_err(|error| broken(&error))?;
    reader.collect::<Result<Vec<_>, _>>().map_err(|error| broken(&error))
}
