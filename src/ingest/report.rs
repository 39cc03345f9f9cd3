//! What became of every row: counts a file and an input, as they go into the manifest.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::repair::Repairs;
use crate::error::{Error, Result};

/// What became of the records of a file or of an input. `read` is the sum of the outcomes.
///
/// The amounts are sums of `amount_e4` (ten-thousandths of the reporting currency), for inputs that have that column,
/// over the rows whose amount could be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Records found, without headers and blank lines.
    pub read: u64,
    /// Rows in the staged table.
    pub staged: u64,
    /// Rows refused, each with its reason.
    pub rejected: u64,
    /// Exact repetitions, and older versions of a key.
    pub duplicate: u64,
    /// Rows at or after `as_of`.
    pub out_of_window: u64,
    /// Rows that the pipeline file says to skip.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped: u64,
    /// Events that became part of a staged row whose first event is another.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub folded: u64,
    /// Rows without a customer, among those that were not rejected while reading.
    pub anonymous: u64,
    /// Sum over all rows read.
    pub amount_read_e4: i128,
    /// Sum over the rows staged.
    pub amount_staged_e4: i128,
    /// Sum over the rows rejected whose amount could be read.
    pub amount_rejected_e4: i128,
    /// Sum over the duplicates.
    pub amount_duplicate_e4: i128,
    /// Sum over the rows out of window.
    pub amount_out_of_window_e4: i128,
}

impl Counts {
    /// Rows that say something by themselves: those read, without those skipped and those that are part of another.
    pub fn rows(&self) -> u64 {
        self.read - self.skipped - self.folded
    }

    /// Checks that no row disappeared: `read = staged + rejected + duplicate + out_of_window + skipped + folded`, and the same
    /// for amounts, of which skipped rows have none and folded inputs neither.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal): a sum that does not come out is a fault of ours.
    pub fn check(&self, what: &str) -> Result<()> {
        let rows = self.staged + self.rejected + self.duplicate + self.out_of_window + self.skipped + self.folded;
        let amount =
            self.amount_staged_e4 + self.amount_rejected_e4 + self.amount_duplicate_e4 + self.amount_out_of_window_e4;
        if rows != self.read || amount != self.amount_read_e4 {
            return Err(Error::internal(format!(
                "rows of {what} do not add up: {} read, {} staged, {} rejected, {} duplicate, {} out of window, \
                 {} skipped, {} folded",
                self.read, self.staged, self.rejected, self.duplicate, self.out_of_window, self.skipped, self.folded
            )));
        }
        Ok(())
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.read += other.read;
        self.staged += other.staged;
        self.rejected += other.rejected;
        self.duplicate += other.duplicate;
        self.out_of_window += other.out_of_window;
        self.skipped += other.skipped;
        self.folded += other.folded;
        self.anonymous += other.anonymous;
        self.amount_read_e4 += other.amount_read_e4;
        self.amount_staged_e4 += other.amount_staged_e4;
        self.amount_rejected_e4 += other.amount_rejected_e4;
        self.amount_duplicate_e4 += other.amount_duplicate_e4;
        self.amount_out_of_window_e4 += other.amount_out_of_window_e4;
    }
}

/// Line ends found in a text file, by kind, including those inside quoted fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineEnds {
    /// `\n` alone.
    pub lf: u64,
    /// `\r\n`.
    pub crlf: u64,
    /// `\r` alone.
    pub cr: u64,
}

impl LineEnds {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.lf + self.crlf + self.cr
    }
}

impl AddAssign for LineEnds {
    fn add_assign(&mut self, other: LineEnds) {
        self.lf += other.lf;
        self.crlf += other.crlf;
        self.cr += other.cr;
    }
}

/// One file of an input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileReport {
    /// The file, relative to the pipeline file.
    pub path: String,
    /// Its size on disk.
    pub bytes: u64,
    /// BLAKE3 of its content on disk, in hex.
    pub blake3: String,
    /// What it turned out to be: `csv`, `fixed_width`, `ndjson`, `parquet`.
    pub format: String,
    /// `none`, `gzip` or `zstd`.
    pub compression: String,
    /// The encoding it was read as.
    pub encoding: String,
    /// Line ends, for text files.
    pub line_ends: LineEnds,
    /// What became of its rows.
    pub counts: Counts,
    /// Whether its staged rows came from the cache.
    pub cached: bool,
    /// Oldest instant among its valid rows, microseconds UTC, for inputs that happen in time.
    pub min_ts_us: Option<i64>,
    /// Newest instant among its valid rows.
    pub max_ts_us: Option<i64>,
}

/// One input: its files, what became of its rows, and what it lacks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InputReport {
    /// Name of the input in the pipeline file.
    pub input: String,
    /// Its files, by path.
    pub files: Vec<FileReport>,
    /// Their sums.
    pub totals: Counts,
    /// Rejected rows by reason code; `superseded` counts older versions of a key, which are duplicates.
    pub reasons: BTreeMap<String, u64>,
    /// Values that could not be, and what was done to them, by column, in rows that were kept.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub repairs: Repairs,
    /// Folded rows by the state of their event stream: `whole`, `no_beginning`, `no_end`, `part`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub completeness: BTreeMap<String, u64>,
    /// Columns of the contract that the pipeline file does not map.
    pub absent: Vec<String>,
    /// Columns of the files that nothing maps.
    pub unmapped: Vec<String>,
    /// Staged rows by `line_type`, for transactions that have it; the empty text is "not given".
    pub line_types: BTreeMap<String, u64>,
}
