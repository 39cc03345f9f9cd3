//! Exports to staged tables: exact, in parallel, with every row accounted for.
//!
//! [`stage`] reads the files of every input, maps and types their columns, refuses rows that it cannot read (see
//! [`Reject`]), drops exact repetitions, and leaves sorted Parquet with the columns of the input's contract. What was
//! read once is found again by its content, so that the next night reads only what is new.
//!
//! ```text
//! file ──▶ source ──▶ blocks ──▶ text | ndjson | columnar ──▶ rows ──▶ order ──▶ parts   (one cache entry a file)
//!          unpack,    cut at     records to fields            typed     sort,     Parquet
//!          decode     records                                 batches   drop
//! all files of an input ──▶ combine: merge, resolve keys, cut at `as_of` ──▶ parts
//!                           events: rows of one contact to one row (inputs with `fold`)
//! ```

mod blocks;
mod cache;
mod cell;
mod columnar;
mod combine;
mod conflicts;
mod events;
mod exchange;
mod expression;
mod file;
mod fold;
mod mapping;
mod moment;
mod ndjson;
mod number;
mod order;
mod parts;
mod record;
mod reject;
mod reject_file;
mod remote;
mod repair;
mod report;
mod rows;
mod sort_keys;
mod source;
mod stage;
mod text;
mod text_file;

pub use cache::{CacheMark, mark_cache, sweep_cache};
pub use reject::{Reject, RejectReason};
pub use repair::{CLOCK_SKEW_US, Repair, Repairs};
pub use report::{Counts, FileReport, InputReport, LineEnds};

use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::contract;
use crate::engine::ExportReader;
use crate::error::Result;
use crate::monitor::{Cancel, Monitor};

/// What [`stage`] is to do.
#[derive(Debug, Clone, Copy)]
pub struct StageOptions<'a> {
    /// The pipeline file.
    pub config: &'a Config,
    /// Its folder: files and globs are relative to it.
    pub dir: &'a Path,
    /// Where staged tables are kept.
    pub cache: &'a Path,
    /// The day from whose start on rows are out of window; `None` is the day after the newest transaction, or after the newest interaction where there are no transactions.
    pub as_of: Option<jiff::civil::Date>,
    /// How many threads to use, at least one.
    pub threads: usize,
    /// Memory for rows that wait to be sorted, in bytes; more rows go to disk in sorted runs.
    pub memory: Option<u64>,
    /// Show values of personal columns in rejects.
    pub keep_raw_rejects: bool,
}

/// All inputs, staged.
#[derive(Debug, Clone, PartialEq)]
pub struct Staged {
    /// The first day that is not read, in days since 1970-01-01.
    pub as_of_day: i32,
    /// Whether it was given, rather than derived from the newest transaction.
    pub as_of_given: bool,
    /// Every input of the contract, given or not, in the contract's order.
    pub inputs: Vec<StagedInput>,
    /// BLAKE3, in hex, of the contents of all files: the same for any names and order of the files of an input.
    pub content_hash: String,
}

/// One input, staged.
#[derive(Debug, Clone, PartialEq)]
pub struct StagedInput {
    /// Its contract.
    pub input: &'static contract::Input,
    /// Whether the pipeline file has it.
    pub given: bool,
    /// Parquet files, sorted by the contract's order each and one after the other. Beside the columns of `present` they
    /// may hold columns of ingest itself, whose names begin with `_`.
    pub parts: Vec<PathBuf>,
    /// The contract's columns that the parts hold; the others are empty.
    pub present: Vec<String>,
    /// What became of every row.
    pub report: InputReport,
    /// Parquet with the rejected rows, if there are any: `file`, `record`, `line`, `byte_offset`, `column`, `value`,
    /// `reason`, `message`.
    pub rejects: Option<PathBuf>,
}

/// Stages all inputs of the pipeline file.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) for a mapping that cannot be,
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) for a file that cannot be read as a whole, and then no row of it
/// is kept, [`ErrorKind::Output`](crate::error::ErrorKind::Output) when the cache cannot be written.
pub fn stage(options: &StageOptions, monitor: &dyn Monitor, cancel: &Cancel) -> Result<Staged> {
    stage::stage(options, monitor, cancel)
}

/// The same by an engine that reads the exports itself; the parts are folders of its own, in no order, and lie where it
/// keeps its working tables. `docs/spark.md` says what it does not read as [`stage`] does.
///
/// # Errors
/// As [`stage`]; also [`ErrorKind::Config`](crate::error::ErrorKind::Config) for what that engine cannot read as we do.
pub fn stage_remote(
    options: &StageOptions,
    reader: &dyn ExportReader,
    monitor: &dyn Monitor,
    cancel: &Cancel,
) -> Result<Staged> {
    remote::stage(options, reader, monitor, cancel)
}
