//! Reading the pipeline file: where it is, what is wrong with it, and its JSON Schema.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::de::DeTable;

use super::mistake::{self, Mistakes};
use super::{Config, presets, validate};
use crate::error::{Error, IoContext, Place, Result};

/// Name of the pipeline file when nobody names one.
const FILE_NAME: &str = "patronage.toml";

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
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when there is none.
pub fn find(path: Option<&Path>) -> Result<PathBuf> {
    let hint = "name it: `patronage run path/to/patronage.toml`";
    match path {
        Some(path) if path.is_dir() => {
            let file = path.join(FILE_NAME);
            if file.exists() {
                return Ok(file);
            }
            Err(Error::config(format!("no `{FILE_NAME}` in the folder `{}`", path.display())).hint(hint))
        }
        Some(path) if path.exists() => Ok(path.to_path_buf()),
        Some(path) => Err(Error::config(format!("no pipeline file at `{}`", path.display())).hint(hint)),
        None => {
            let here = std::path::absolute(".").reading(Path::new("."))?;
            // Relative names, because they are what a person reads in messages.
            let folders = here.ancestors().scan(PathBuf::new(), |up, _| {
                let folder = up.clone();
                up.push("..");
                Some(folder)
            });
            folders
                .map(|folder| folder.join(FILE_NAME))
                .find(|file| file.is_file())
                .ok_or_else(|| Error::config(format!("no `{FILE_NAME}` in this folder or above it")).hint(hint))
        }
    }
}

/// Reads and validates a pipeline file.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) with file, line, column and the nearest valid name.
pub fn load(path: &Path) -> Result<Loaded> {
    let bytes = std::fs::read(path).map_err(|error| {
        Error::config(format!("could not read the pipeline file `{}`", path.display()))
            .hint("name a file that this user may read")
            .because(error)
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        Error::config("the pipeline file is not UTF-8")
            .at(Place::file(path).at_line(line))
            .hint("save it as UTF-8; `encoding` in `[inputs.*]` is about the exports")
    })?;
    let config = parse(path, &text)?;
    let dir = match path.parent() {
        Some(dir) if dir != Path::new("") => dir.to_path_buf(),
        _ => PathBuf::from("."),
    };
    Ok(Loaded { path: path.to_path_buf(), dir, text, config })
}

/// What the text of a pipeline file says.
fn parse(path: &Path, text: &str) -> Result<Config> {
    let mut root = DeTable::parse(text).map_err(|error| mistake::from_syntax(&error, path, text))?;
    presets::apply(root.get_mut())
        .map_err(|(span, message, hint)| Error::config(message).at(mistake::place(path, text, span)).hint(hint))?;
    let config = Config::deserialize(toml::Deserializer::from(root.clone()))
        .map_err(|error| mistake::from_types(&error, path, text))?;
    let mut mistakes = Mistakes::new(root.get_ref());
    validate::validate(&config, &mut mistakes);
    match mistakes.first(path, text) {
        Some(error) => Err(error),
        None => Ok(config),
    }
}

/// The JSON Schema of the pipeline file, pretty-printed.
pub fn schema() -> String {
    let schema = schemars::schema_for!(Config);
    // `{:#}` of a JSON value indents it.
    format!("{:#}\n", schema.as_value())
}
