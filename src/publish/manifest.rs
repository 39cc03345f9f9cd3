//! `manifest.json`: what a run read, how it was configured, what it made and what the gates said.
//!
//! All but [`WallClock`] is a function of the inputs, the pipeline file and the program's version: two runs of the same
//! id differ in `wall_clock` alone. Keys are sorted.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::run_id::RunId;
use crate::contract::SCHEMA_VERSION;
use crate::error::{Error, ErrorKind, Place, Result};

/// Name of the manifest in a run folder.
pub const MANIFEST_FILE: &str = "manifest.json";

/// What a run folder holds, and how it came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the manifest and of all table schemas.
    pub schema_version: u32,
    /// The run.
    pub run_id: RunId,
    /// Version of the program that made it.
    pub tool_version: String,
    /// End of the observation window, `YYYY-MM-DD`: only rows before it were read.
    pub as_of: String,
    /// Whether `as_of` was given; otherwise it is the day after the newest transaction.
    pub as_of_given: bool,
    /// The pipeline's name.
    pub project: String,
    /// The pipeline file and the SQL beside it.
    pub configuration: Configuration,
    /// One report an input: files with hashes, rows read, staged, rejected, duplicate and out of window.
    pub inputs: Vec<serde_json::Value>,
    /// Every table that the run made, published or not, by name.
    pub tables: Vec<TableEntry>,
    /// Rejected rows, one file an input that has any.
    pub rejects: Vec<RejectsEntry>,
    /// One report a fitted model.
    pub models: Vec<serde_json::Value>,
    /// What each gate said.
    pub gates: Vec<GateVerdict>,
    /// Things to know.
    pub notes: Vec<String>,
    /// Things to look at.
    pub warnings: Vec<String>,
    /// The published run that populations and segment changes were compared with.
    pub previous_run: Option<RunId>,
    /// Whether the gates let the run pass. A held run that was approved later keeps `held` here and lies in `runs/`.
    pub status: Status,
    /// Every other file of the run folder, by path with `/`: what `patronage verify` checks. Filled when sealed.
    pub files: BTreeMap<String, FileEntry>,
    /// Times, memory and circumstances: the only part in which two runs of one id may differ.
    pub wall_clock: WallClock,
}

/// The pipeline file and the SQL beside it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Configuration {
    /// The pipeline file, word for word.
    pub text: String,
    /// BLAKE3 of the pipeline file.
    pub blake3: String,
    /// BLAKE3 of each file of the `sql/` folder beside it, by table.
    pub sql_overrides: BTreeMap<String, String>,
}

/// A table of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableEntry {
    /// Name of the table.
    pub name: String,
    /// Whether it is written to the run folder.
    pub published: bool,
    /// Rows in it.
    pub rows: u64,
    /// Names of its columns, as published (or as inside the pipeline, for a table that is not).
    pub columns: Vec<String>,
    /// Its file in the run folder, a key of `files`; or the folder of its parts, which are keys of `files`.
    pub file: Option<String>,
    /// Customers (or other subjects) that it leaves out, by reason.
    pub left_out: BTreeMap<String, u64>,
}

/// The rejected rows of one input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RejectsEntry {
    /// The input.
    pub input: String,
    /// Rows in it.
    pub rows: u64,
    /// Its file in the run folder, a key of `files`.
    pub file: String,
}

/// A file of the run folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its size.
    pub bytes: u64,
    /// BLAKE3 of its content, in hexadecimal.
    pub blake3: String,
}

/// What one gate said about one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateVerdict {
    /// Name of the gate, for example `max_reject_ratio`.
    pub name: String,
    /// What it looked at, for example an input or a segment.
    pub subject: String,
    /// What it measured.
    pub value: f64,
    /// What it allows.
    pub limit: f64,
    /// Whether it holds the run back.
    pub held: bool,
    /// The same in words.
    pub message: String,
}

/// Whether the gates let a run pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All gates passed.
    Published,
    /// A gate held it back.
    Held,
}

/// Times, memory and circumstances of one execution.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WallClock {
    /// When the run began, RFC 3339; given by the caller, who has a clock.
    pub started_at: Option<String>,
    /// Seconds from start to seal.
    pub seconds: f64,
    /// Seconds of each stage, by name: `ingest`; `replay`, tables of earlier days that attrition learns from; `tables`.
    pub stages: BTreeMap<String, f64>,
    /// Cost of each table, by name.
    pub tables: BTreeMap<String, TableCost>,
    /// Largest resident memory of the process.
    pub peak_memory_bytes: Option<u64>,
    /// Threads that the run could use.
    pub threads: usize,
    /// The command line.
    pub command_line: Vec<String>,
}

/// What a table cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TableCost {
    /// Time to make it.
    pub seconds: f64,
    /// Largest resident memory of the process while it was made.
    pub peak_memory_bytes: Option<u64>,
}

impl Manifest {
    /// A manifest with nothing in it yet.
    pub fn new(run_id: RunId, tool_version: &str, project: &str) -> Manifest {
        Manifest {
            schema_version: SCHEMA_VERSION,
            as_of: run_id.as_of().to_string(),
            run_id,
            tool_version: tool_version.to_owned(),
            as_of_given: false,
            project: project.to_owned(),
            configuration: Configuration::default(),
            inputs: Vec::new(),
            tables: Vec::new(),
            rejects: Vec::new(),
            models: Vec::new(),
            gates: Vec::new(),
            notes: Vec::new(),
            warnings: Vec::new(),
            previous_run: None,
            status: Status::Published,
            files: BTreeMap::new(),
            wall_clock: WallClock::default(),
        }
    }

    /// The manifest of the run folder `run`.
    ///
    /// # Errors
    /// [`ErrorKind::Verify`] when there is none, when it is not one, or when a newer version of the program wrote it.
    pub fn read(run: &Path) -> Result<Manifest> {
        let path = run.join(MANIFEST_FILE);
        let text = fs::read(&path).map_err(|error| unusable(&path, "could not read the manifest").because(error))?;
        Manifest::parse(&text).map_err(|error| error.at(Place::file(&path)))
    }

    /// A manifest from its JSON text.
    ///
    /// # Errors
    /// As [`Manifest::read`], without a place.
    pub fn parse(text: &[u8]) -> Result<Manifest> {
        let damaged = |error| {
            Error::new(ErrorKind::Verify, "the manifest is damaged")
                .hint("restore the run folder from a backup, or make the run again")
                .because(error)
        };
        let version: Version = serde_json::from_slice(text).map_err(damaged)?;
        if version.schema_version > SCHEMA_VERSION {
            let message = format!(
                "the run was made by a newer version of patronage (schema version {}, this one knows {SCHEMA_VERSION})",
                version.schema_version
            );
            return Err(Error::new(ErrorKind::Verify, message).hint("use that version of patronage to read it"));
        }
        serde_json::from_slice(text).map_err(damaged)
    }

    /// The files at `path`, which names a file or a folder of the run: none when the manifest knows neither.
    pub fn files_of(&self, path: &str) -> impl Iterator<Item = (&String, &FileEntry)> {
        let folder = format!("{path}/");
        let inside = self.files.range(folder.clone()..).take_while(move |(file, _)| file.starts_with(&folder));
        self.files.get_key_value(path).into_iter().chain(inside)
    }

    /// The manifest as indented JSON with sorted keys and a final newline.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when a model's or an input's report cannot be written as JSON.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        // Through a `Value`, whose maps are sorted.
        let json = serde_json::to_value(self).and_then(|value| serde_json::to_vec_pretty(&value));
        let mut json = json.map_err(|error| Error::internal("could not write the manifest as JSON").because(error))?;
        json.push(b'\n');
        Ok(json)
    }
}

/// What every version of the manifest has.
#[derive(Deserialize)]
struct Version {
    schema_version: u32,
}

fn unusable(path: &Path, message: &str) -> Error {
    Error::new(ErrorKind::Verify, message)
        .at(Place::file(path))
        .hint("restore the run folder from a backup, or make the run again")
}
