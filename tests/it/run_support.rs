//! Whole runs for the tests of what they publish.

use std::fs;
use std::path::{Path, PathBuf};

use arrow::util::display::{ArrayFormatter, FormatOptions};
use patronage::config;
use patronage::engine::{ask, tables_of};
use patronage::monitor::{Cancel, Silent};
use patronage::pipeline::{self, Outcome, RunOptions, Summary};
use tempfile::TempDir;

use crate::ingest_support::shared_data;

/// A published run in a folder of its own.
pub struct Run {
    /// Holds the pipeline file and the output folder.
    _folder: TempDir,
    /// What the run said of itself.
    pub summary: Summary,
}

/// Runs a pipeline file with this text, whose relative paths are those of a file in `folder`.
pub fn run_in(folder: TempDir, text: &str) -> Run {
    run_in_with(folder, text, &RunOptions::default())
}

/// The same with options.
pub fn run_in_with(folder: TempDir, text: &str, options: &RunOptions) -> Run {
    let path = folder.path().join("patronage.toml");
    fs::write(&path, text).unwrap();
    let summary = run_file(&path, options);
    Run { _folder: folder, summary }
}

/// The same for these tables only, which are set aside with what is internal of them.
pub fn run_only(folder: TempDir, text: &str, tables: &[&str]) -> Run {
    let path = folder.path().join("patronage.toml");
    fs::write(&path, text).unwrap();
    let only = tables.iter().map(ToString::to_string).collect();
    let summary = run_file(&path, &RunOptions { only, ..RunOptions::default() });
    Run { _folder: folder, summary }
}

/// Runs a pipeline file and expects it to be published.
pub fn run_file(path: &Path, options: &RunOptions) -> Summary {
    let loaded = config::load(path).unwrap();
    match pipeline::run(&loaded, options, &Silent, &Cancel::new()).unwrap() {
        Outcome::Published(summary) => summary,
        Outcome::SetAside(summary) => summary,
        Outcome::AlreadyPublished(_) => panic!("nothing was published before in a new folder"),
    }
}

/// The text of `tests/pipelines/<name>.toml` over the real exports, with `change` made to it; `None` where they are not
/// there.
pub fn real_pipeline(name: &str, change: impl Fn(String) -> String) -> Option<String> {
    let data = shared_data()?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pipelines").join(format!("{name}.toml"));
    let text = fs::read_to_string(path).unwrap();
    Some(change(text.replace("../../../shared/data", data.to_str().unwrap())))
}

/// Runs `tests/pipelines/<name>.toml` over the real exports, with `change` made to its text.
pub fn run_real(name: &str, change: impl Fn(String) -> String) -> Option<Run> {
    Some(run_in(tempfile::tempdir().unwrap(), &real_pipeline(name, change)?))
}

/// A pipeline file without affinity and lists of products: for tests of other tables, as these take most of the time.
pub fn without_affinity(text: String) -> String {
    let off = |text: String, section: &str| {
        let head = format!("[{section}]\n");
        let disabled = format!("{head}enabled = false\n");
        if text.contains(&head) { text.replacen(&head, &disabled, 1) } else { format!("{text}\n{disabled}") }
    };
    off(off(text, "affinity"), "recommendations")
}

/// A copy of `sample-data/` in a folder of its own.
pub fn sample() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    folder
}

impl Run {
    /// The rows of an answer over the published tables, each value as text.
    pub fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        ask_run(&self.summary.folder, sql)
    }

    /// The one value of an answer.
    pub fn value(&self, sql: &str) -> String {
        let rows = self.ask(sql);
        assert_eq!((rows.len(), rows[0].len()), (1, 1), "{sql}");
        rows[0][0].clone()
    }
}

/// The rows of an answer over the tables of a run folder, each value as text.
pub fn ask_run(run: &Path, sql: &str) -> Vec<Vec<String>> {
    let tables: Vec<(String, PathBuf)> = tables_of(run).unwrap();
    let options = FormatOptions::default();
    let mut rows = Vec::new();
    for batch in ask(&tables, sql).unwrap() {
        let columns: Vec<ArrayFormatter<'_>> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        rows.extend(
            (0..batch.num_rows()).map(|row| columns.iter().map(|column| column.value(row).to_string()).collect()),
        );
    }
    rows
}
