//! One table as a Parquet file, as its contract says.

mod convert;
mod order;
mod rechunk;
mod schema;
mod writer;

pub use schema::{CONTRACT_KEY, PublishedColumn, PublishedContract};
pub(super) use writer::write;

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
    /// Path inside the run folder, with `/`.
    pub path: String,
    /// Rows in it.
    pub rows: u64,
    /// Size of the file.
    pub bytes: u64,
    /// BLAKE3 of the file, in hexadecimal.
    pub blake3: String,
    /// Published names of its columns, in order.
    pub columns: Vec<String>,
}
