//! Where SQL runs.
//!
//! An [`Engine`] knows tables by name. Tables come from staged Parquet, from rows that the pipeline made, or from SQL
//! over tables that it already knows. What a table means is none of its business.

mod ask;
mod found;
mod frame;
mod ids;
#[cfg(feature = "spark")]
mod parts;
mod polars;
mod portable;
#[cfg(feature = "spark")]
mod spark;
// The statements for reading exports on Spark are made in any build.
pub(crate) mod spark_quote;
mod statement;

pub use ask::{ask, tables_of};
pub use polars::PolarsEngine;
pub use portable::{Finding, findings};
#[cfg(feature = "spark")]
pub use spark::{Cluster, SparkEngine};
pub use statement::{Statement, predicate};

use std::path::PathBuf;

use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;

use crate::contract::{ColumnType, Table};
use crate::error::{Error, Result};

/// Rows on their way out of an engine.
pub type Batches = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

/// Where SQL runs. All calls may come from several threads.
pub trait Engine: Send + Sync {
    /// Makes Parquet files known as `table`. Columns of the contract that are not in `present` are null; with no files at
    /// all the table is empty.
    fn scan(&self, table: &Table, files: &[PathBuf], present: &[String]) -> Result<()>;

    /// Makes rows known as `table`; their columns are the contract's, in order.
    fn insert(&self, table: &Table, rows: &RecordBatch) -> Result<()>;

    /// Makes rows that come batch by batch known as `table`, like [`Engine::insert`]: as many as there are need not be in
    /// memory at once, where the engine can keep them elsewhere. There is at least one batch; it may have no rows.
    fn insert_batches(&self, table: &Table, batches: &mut dyn Iterator<Item = Result<RecordBatch>>) -> Result<()> {
        let batches = batches.collect::<Result<Vec<RecordBatch>>>()?;
        let first = batches.first().ok_or_else(|| Error::internal(format!("`{}` comes in no batch", table.name)))?;
        let rows = concat_batches(&first.schema(), &batches);
        let rows =
            rows.map_err(|error| Error::internal(format!("batches of `{}` differ", table.name)).because(error))?;
        self.insert(table, &rows)
    }

    /// Says that all inputs are known. An engine may from now on keep ids as codes in the byte order of their text: SQL for
    /// which ids are opaque cannot tell, and what leaves the engine is text again. SQL that looks into ids must not follow.
    fn code_ids(&self) -> Result<()>;

    /// Another engine of this kind that knows no table, for inputs of which this one knows all ids: it shares the codes, so
    /// that they are made once.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`](crate::error::ErrorKind::Engine) when a cluster gives no second session.
    fn beside(&self) -> Result<Box<dyn Engine>>;

    /// Makes the result of `sql` known as `table`, computed when somebody needs it. The result's columns must be the
    /// contract's, by name and type.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config), naming the table, when the SQL or its columns are wrong.
    fn define(&self, table: &Table, sql: &str) -> Result<()>;

    /// Computes `table` once, sorted as contracted, and checks nulls and the key. Returns its rows.
    fn materialise(&self, table: &Table) -> Result<u64>;

    /// Whether it writes published tables itself, as folders of Parquet parts, when it materialises them: then their rows never
    /// come through this process.
    fn writes_published(&self) -> bool {
        false
    }

    /// Makes the Parquet files of a published table known as `name`, with its published columns.
    fn attach(&self, name: &str, files: &[PathBuf]) -> Result<()>;

    /// The columns that `sql` would make, for a table without a contract of ours.
    ///
    /// # Errors
    /// As [`Engine::define`]; also when a column has a type that the pipeline does not use.
    fn columns(&self, name: &str, sql: &str) -> Result<Vec<(String, ColumnType)>>;

    /// The rows of a materialised table, sorted as contracted, batch by batch.
    fn batches(&self, table: &Table) -> Result<Batches>;

    /// The same rows in one piece, for models.
    fn rows(&self, table: &Table) -> Result<RecordBatch>;

    /// Lets go of a table that nobody needs any more.
    fn forget(&self, table: &str);
}

/// An export that an engine reads by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Export {
    /// Files.
    Files {
        /// Where they are: URLs, perhaps with globs, all read as one.
        paths: Vec<String>,
        /// The engine's reader: `csv`, `parquet`, `binaryFile`.
        format: &'static str,
        /// Columns and their types as SQL has them (`f0 STRING, f1 STRING`); `None` takes the files' own.
        schema: Option<String>,
        /// Options of the reader.
        options: Vec<(&'static str, String)>,
    },
    /// A table of the engine's catalog.
    Table {
        /// Its name, as SQL has it.
        name: String,
    },
}

/// An engine that reads exports itself, for inputs that no single machine holds. All SQL is that of Apache Spark.
pub trait ExportReader: Send + Sync {
    /// Makes an export known as the view `name`: its columns, and for files `_file`, text, the URL of the file that a row
    /// came from.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::error::ErrorKind::Input) when there is no such file or table.
    fn open(&self, name: &str, export: &Export) -> Result<()>;

    /// Makes the rows of `sql` known as the view `name`, computed when they are read.
    fn view(&self, name: &str, sql: &str) -> Result<()>;

    /// Computes `sql` once into a folder of Parquet parts, known as the view `name` from then on; with `by`, a text column,
    /// its rows lie in a folder `by=value` for each of its values. Gives the folder.
    fn keep(&self, name: &str, sql: &str, by: Option<&str>) -> Result<PathBuf>;

    /// A small answer, of the types Utf8, Int64, Int32, Float64 and Boolean.
    fn ask(&self, sql: &str) -> Result<RecordBatch>;

    /// Lets go of a view; what was kept for it stays until the run is over.
    fn forget(&self, name: &str);
}
