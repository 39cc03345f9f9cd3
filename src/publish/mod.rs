//! From computed tables to a run folder that others can rely on: Parquet as contracted, the manifest, the lock, the
//! atomic switch, verification and retention.
//!
//! ```text
//! out/
//!   .lock               held by the process that may change the folder; freed by the system when it dies
//!   .building/<run>/    the run being written, out of sight; removed by whoever takes the lock next
//!   held/<run>/         a whole run that a gate held back
//!   aside/<run>/        a run of some tables only (`--only`), which consumers never see
//!   runs/<run>/         published, never changed again
//!     tables/<table>.parquet  rejects/<input>.parquet  ...  manifest.json  _SUCCESS
//!   latest -> runs/<run>
//!   exports/<stream>/   what a consumer was given, export by export; see [`ExportStream`]
//!   cache/              staged inputs (ingest's)
//! ```
//!
//! A table is one file, or a folder of that name with parts, when another engine wrote it; [`table_files`] knows.
//!
//! A run moves through these states, each a type, so that no step can be left out:
//!
//! ```text
//!    Lock ──create──▶ Building ──seal──▶ Sealed ──settle──┬─▶ Published: renamed into runs/, latest switched
//!                        │ write_table     │              │        ▲
//!                        │ adopt_table     │              │        │ approve
//!                        │ write_rejects   │              │        │
//!                        │ add_file        │              │        │
//!                        ▼                 ▼              └─▶ Held: renamed into held/, latest untouched
//!                     dropped: removed  dropped: removed
//! ```
//!
//! What is on the disk at each moment, and why a crash or a power failure in between is harmless:
//!
//! 1. Every file is created anew, written and synced; then the manifest, with the hash of each; then `_SUCCESS`, with the
//!    hash of the manifest; then the folders, innermost first. Until here all is in `.building/`.
//! 2. The folder is renamed into `runs/` (one step: it is there as a whole or not at all) and `runs/` is synced.
//! 3. A new link is made as `latest.tmp`, renamed over `latest`, and the output folder is synced.
//!
//! Killed before 2, the next run starts over. Killed before 3, `latest` names the previous run, and the next run finds
//! this one whole and only switches ([`OutputDir::reuse`]). Readers resolve `latest` once and read that folder.

mod adopt;
mod building;
mod disk;
mod exports;
mod folder;
mod hashing_file;
mod lock;
pub mod manifest;
#[cfg(test)]
mod model_test;
mod output_dir;
mod parts;
mod run_id;
mod table;
mod verify;

pub use adopt::CONTRACT_FILE;
pub use building::{Building, Sealed};
#[cfg(test)]
pub(crate) use disk::crash;
pub use disk::ignore_file_size_signal;
pub use exports::{
    ExportBuilding, ExportFile, ExportId, ExportKind, ExportManifest, ExportRef, ExportStream, GivenFile,
};
pub use folder::TableFolder;
pub use lock::Lock;
pub use manifest::{GateVerdict, Manifest, TableCost, TableEntry};
pub use output_dir::{LATEST, OutputDir, RunRef, RunState};
pub use parts::{table_files, table_path, table_place};
pub use run_id::RunId;
pub use table::{CONTRACT_KEY, Maker, PublishedColumn, PublishedContract, TableFile, TableMetadata};
pub(crate) use table::{DECIMAL, MONEY_LIMIT};
pub use verify::{Problem, ProblemKind, SUCCESS_FILE, Verification, verify, verify_files};

/// Folder of the published tables in a run folder.
pub const TABLES_DIR: &str = "tables";

/// Folder of the rejected rows in a run folder.
pub const REJECTS_DIR: &str = "rejects";
