//! Whole runs of one pipeline on both engines.

use std::fs;
use std::path::{Path, PathBuf};

use patronage::config;
use patronage::error::Result;
use patronage::monitor::{Cancel, Monitor, Silent};
use patronage::pipeline::{self, Outcome, RunOptions};
use tempfile::TempDir;

/// A run in a folder of its own.
pub struct Run {
    _home: TempDir,
    /// The run folder.
    pub folder: PathBuf,
}

/// Runs the pipeline file `text`, whose inputs have absolute paths, of these tables only (all when there are none).
pub fn run(text: &str, only: &[&str], monitor: &dyn Monitor) -> Result<Run> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("patronage.toml");
    fs::write(&path, text).unwrap();
    let loaded = config::load(&path)?;
    let only = only.iter().map(ToString::to_string).collect();
    let options = RunOptions { only, ..RunOptions::default() };
    match pipeline::run(&loaded, &options, monitor, &Cancel::new())? {
        Outcome::Published(summary) | Outcome::SetAside(summary) => Ok(Run { folder: summary.folder, _home: home }),
        Outcome::AlreadyPublished(_) => panic!("nothing was published before in a new folder"),
    }
}

/// The same, which has to work.
pub fn made(text: &str, only: &[&str]) -> Run {
    run(text, only, &Silent).unwrap_or_else(|error| panic!("{error:?}"))
}

/// A pipeline file of a shop in Berlin with these inputs, which is published whatever is refused.
pub fn lenient(inputs: &str) -> String {
    let head = "[project]\nname = \"shop\"\ncurrency = \"EUR\"\ntime_zone = \"Europe/Berlin\"\n";
    let gates = "[gates]\nmax_reject_ratio = 1.0\nmax_anonymous_ratio = 1.0\nmin_population = 0\n";
    format!("{head}{gates}{inputs}")
}

/// The pipeline file of the sample.
pub fn sample() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    absolute(&fs::read_to_string(folder.join("patronage.toml")).unwrap(), &folder)
}

/// `tests/pipelines/<name>.toml`; `None`, said on stderr, where its export is not there.
pub fn real(name: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !root.join("../shared/data").join(name).exists() {
        eprintln!("SKIPPED: ../shared/data/{name} is not there");
        return None;
    }
    let folder = root.join("tests/pipelines");
    Some(absolute(&fs::read_to_string(folder.join(format!("{name}.toml"))).unwrap(), &folder))
}

/// The text with the files of its inputs below `folder`.
pub fn absolute(text: &str, folder: &Path) -> String {
    let line = |line: &str| match line.strip_prefix("files = [\"") {
        Some(rest) => format!("files = [\"{}/{rest}", folder.display()),
        None => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

/// What the manifest says of the inputs, without what only one engine knows of a file.
pub fn books(run: &Run) -> serde_json::Value {
    let manifest = fs::read_to_string(run.folder.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let mut inputs = manifest["inputs"].clone();
    for file in inputs.as_array_mut().unwrap().iter_mut().flat_map(|input| input["files"].as_array_mut().unwrap()) {
        for key in ["blake3", "line_ends"] {
            file.as_object_mut().unwrap().remove(key);
        }
    }
    inputs
}
