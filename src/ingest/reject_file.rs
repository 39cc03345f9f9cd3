//! Rejects as Parquet: one file for each staged file, and one for the input with the name of each row's file.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::parts::{self, PartWriter};
use super::reject::{Reject, RejectReason, kept_value};
use crate::error::{Error, Result};

/// Columns of a file's rejects.
static FILE_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("record", DataType::Int64, false),
        Field::new("line", DataType::Int64, false),
        Field::new("byte_offset", DataType::Int64, true),
        Field::new("column", DataType::Utf8, true),
        Field::new("value", DataType::Utf8, true),
        Field::new("reason", DataType::Utf8, false),
        Field::new("message", DataType::Utf8, false),
    ]))
});

/// Columns of an input's rejects: the same behind the name of the file.
static INPUT_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let file = Arc::new(Field::new("file", DataType::Utf8, false));
    Arc::new(Schema::new([file].into_iter().chain(FILE_SCHEMA.fields().iter().cloned()).collect::<Vec<_>>()))
});

/// The same of rows of which the engine knows no more than their file.
static REMOTE_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let unknown = |field: &Arc<Field>| match field.name().as_str() {
        "record" | "line" => Arc::new(field.as_ref().clone().with_nullable(true)),
        _ => Arc::clone(field),
    };
    Arc::new(Schema::new(INPUT_SCHEMA.fields().iter().map(unknown).collect::<Vec<_>>()))
});

/// A row that an engine refused which reads exports itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RemoteReject {
    pub file: String,
    pub column: Option<String>,
    /// Masked already where it has to be.
    pub value: Option<String>,
    pub reason: RejectReason,
}

/// Writes the rejects of such an input to `path`: `record`, `line` and `byte_offset` are null.
pub(super) fn write_remote(path: &Path, rejects: &[RemoteReject]) -> Result<()> {
    let texts = |value: &dyn Fn(&RemoteReject) -> Option<String>| -> ArrayRef {
        Arc::new(rejects.iter().map(value).collect::<StringArray>())
    };
    let unknown = || -> ArrayRef { Arc::new(Int64Array::new_null(rejects.len())) };
    let columns = vec![
        texts(&|reject| Some(reject.file.clone())),
        unknown(),
        unknown(),
        unknown(),
        texts(&|reject| reject.column.clone()),
        texts(&|reject| reject.value.as_deref().map(|value| kept_value(value, false))),
        texts(&|reject| Some(reject.reason.code().to_owned())),
        texts(&|reject| Some(reject.reason.message().to_owned())),
    ];
    let batch = RecordBatch::try_new(Arc::clone(&REMOTE_SCHEMA), columns)
        .map_err(|error| Error::internal("rejects do not fit their schema").because(error))?;
    let mut writer = PartWriter::create(path, &REMOTE_SCHEMA)?;
    writer.write(&batch)?;
    writer.finish().map(drop)
}

fn batch_of(rejects: &[Reject]) -> Result<RecordBatch> {
    let longs = |value: fn(&Reject) -> u64| Int64Array::from_iter_values(rejects.iter().map(|r| value(r) as i64));
    let texts = |value: fn(&Reject) -> Option<&str>| rejects.iter().map(value).collect::<StringArray>();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(longs(|reject| reject.record)),
        Arc::new(longs(|reject| reject.line)),
        Arc::new(rejects.iter().map(|reject| reject.byte_offset.map(|at| at as i64)).collect::<Int64Array>()),
        Arc::new(texts(|reject| reject.column.as_deref())),
        Arc::new(texts(|reject| reject.value.as_deref())),
        Arc::new(texts(|reject| Some(reject.reason.code()))),
        Arc::new(texts(|reject| Some(reject.reason.message()))),
    ];
    RecordBatch::try_new(Arc::clone(&FILE_SCHEMA), columns)
        .map_err(|error| Error::internal("rejects do not fit their schema").because(error))
}

/// Writes the rejects of one file, in the order of its records; there is no file until there is a reject.
pub(super) struct RejectWriter {
    path: PathBuf,
    writer: Option<PartWriter>,
}

impl RejectWriter {
    pub fn new(path: PathBuf) -> Self {
        RejectWriter { path, writer: None }
    }

    pub fn write(&mut self, rejects: &[Reject]) -> Result<()> {
        if rejects.is_empty() {
            return Ok(());
        }
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self.writer.insert(PartWriter::create(&self.path, &FILE_SCHEMA)?),
        };
        writer.write(&batch_of(rejects)?)
    }

    /// The BLAKE3 of the file, if there is one.
    pub fn finish(self) -> Result<Option<String>> {
        self.writer.map(PartWriter::finish).transpose()
    }
}

/// Writes the rejects of a whole input to `path`: for each file its name, the rejects it has on disk, and those that
/// only came to light beside its other files. Gives the BLAKE3 of the file, if there is any reject.
pub(super) fn write_input(path: &Path, files: &[(&str, Option<PathBuf>, Vec<Reject>)]) -> Result<Option<String>> {
    let mut writer: Option<PartWriter> = None;
    for (name, stored, found) in files {
        let mut batches = match stored {
            Some(stored) => parts::read(stored, None, None)?,
            None => Vec::new(),
        };
        if !found.is_empty() {
            batches.push(batch_of(found)?);
        }
        for batch in batches {
            let names = StringArray::from_iter_values(std::iter::repeat_n(*name, batch.num_rows()));
            let columns: Vec<ArrayRef> =
                [Arc::new(names) as ArrayRef].into_iter().chain(batch.columns().iter().cloned()).collect();
            let batch = RecordBatch::try_new(Arc::clone(&INPUT_SCHEMA), columns)
                .map_err(|error| Error::internal("rejects do not fit their schema").because(error))?;
            let writer = match &mut writer {
                Some(writer) => writer,
                None => writer.insert(PartWriter::create(path, &INPUT_SCHEMA)?),
            };
            writer.write(&batch)?;
        }
    }
    writer.map(PartWriter::finish).transpose()
}
