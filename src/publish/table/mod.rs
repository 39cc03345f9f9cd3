//! One table as a Parquet file, as its contract says.

pub(super) mod convert;
mod order;
mod rechunk;
mod schema;
mod writer;

pub(super) use schema::published_schema;
pub use schema::{CONTRACT_KEY, PublishedColumn, PublishedContract};
pub(crate) use schema::{DECIMAL, MONEY_LIMIT};
pub(super) use writer::{broken, write};

use super::manifest::FileEntry;
use crate::contract::Table;

/// What every published table says about its making, the same for all tables of a run. No clock, no run id and no hash
/// of inputs or configuration: the same rows give the same bytes.
#[derive(Debug, Clone)]
pub struct TableMetadata {
    /// End of the observation window, `YYYY-MM-DD`.
    pub as_of: String,
    /// Version of the program.
    pub tool_version: String,
}

/// Whose fault it is when a table breaks its contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// SQL or a model of ours: an internal fault (exit code 1).
    BuiltIn,
    /// A file of the `sql/` folder beside the pipeline file, or a predicate in it: the user corrects it (exit code 3).
    User,
}

/// A table that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFile {
    /// Name of the table.
    pub name: String,
    /// Path inside the run folder, with `/`; of a table in parts, that of their folder.
    pub path: String,
    /// Rows in it.
    pub rows: u64,
    /// Size of the file, or of all parts.
    pub bytes: u64,
    /// BLAKE3 of the file, in hexadecimal; of a table in parts, of what `b3sum` prints of them in their folder.
    pub blake3: String,
    /// Published names of its columns, in order.
    pub columns: Vec<String>,
}

impl TableFile {
    pub(super) fn of(table: &Table, path: String, rows: u64, entry: FileEntry) -> TableFile {
        TableFile {
            name: table.name.clone().into_owned(),
            path,
            rows,
            bytes: entry.bytes,
            blake3: entry.blake3,
            columns: table.columns.iter().map(|column| column.published_name().into_owned()).collect(),
        }
    }
}
