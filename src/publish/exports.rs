//! What a consumer was given, export by export, and how the next one appears.
//!
//! ```text
//! out/exports/<stream>/
//!   <export>/           whole or not there; its files never change
//!     <files>  export.json
//!     .given/           what the consumer knows with this export: only the latest one has it
//!   latest -> <export>  switched last: the state of the consumer
//! ```
//!
//! An export is written in `.building/`, synced, renamed into its place, delivered where the caller wants it, and then `latest`
//! is switched. Killed before the switch, the consumer is still where it was and the same command makes the same files again;
//! the name of an export is a hash of what it is made of. So a consumer may get a delta twice, which changes nothing, and never
//! misses one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::disk;
use super::folder::TableFolder;
use super::hashing_file::HashingFile;
use super::lock::Lock;
use super::manifest::FileEntry;
use super::output_dir::{LATEST, OutputDir};
use super::run_id::RunId;
use super::verify::compare;
use crate::error::{Error, ErrorKind, IoContext, Result};

/// What an export says of itself, in its folder.
const MANIFEST: &str = "export.json";

/// The files that may be in a folder while an export is delivered to it.
const DELIVERING: &str = ".delivering";

/// Where an export keeps what the consumer knows.
const GIVEN: &str = ".given";

/// Hexadecimal digits of the hash in the name of an export.
const HASH_DIGITS: usize = 12;

/// `<run>-<hash>`: the run that was exported, and what decides the files beside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExportId {
    run: RunId,
    hash: String,
}

impl ExportId {
    /// The id of an export of `run`.
    pub fn new(run: &RunId, content: &blake3::Hash) -> ExportId {
        ExportId { run: run.clone(), hash: content.to_hex()[..HASH_DIGITS].to_owned() }
    }
}

impl fmt::Display for ExportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.run, self.hash)
    }
}

impl FromStr for ExportId {
    type Err = Error;

    fn from_str(text: &str) -> Result<ExportId> {
        let parsed = text.rsplit_once('-').and_then(|(run, hash)| Some((run.parse::<RunId>().ok()?, hash)));
        let is_hex = |hash: &str| {
            hash.len() == HASH_DIGITS && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        match parsed {
            Some((run, hash)) if is_hex(hash) => Ok(ExportId { run, hash: hash.to_owned() }),
            _ => Err(Error::usage(format!("`{}` is not the id of an export", text.escape_debug()))),
        }
    }
}

impl TryFrom<String> for ExportId {
    type Error = Error;

    fn try_from(text: String) -> Result<ExportId> {
        text.parse()
    }
}

impl From<ExportId> for String {
    fn from(id: ExportId) -> String {
        id.to_string()
    }
}

/// Whether an export holds everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportKind {
    /// All of it: the consumer replaces what it has.
    Full,
    /// What changed since the export before.
    Delta,
}

/// What an export says of itself. No clock: the same export has the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportManifest {
    /// Who it is for.
    pub consumer: String,
    /// The export.
    pub export_id: ExportId,
    /// The run whose tables it holds.
    pub run_id: RunId,
    /// Everything, or what changed.
    pub kind: ExportKind,
    /// The export that a delta goes on from.
    pub since: Option<ExportId>,
    /// What the caller wanted.
    pub options: serde_json::Value,
    /// Version of the program.
    pub tool_version: String,
    /// Its files, in the order in which they were written.
    pub files: Vec<ExportFile>,
    /// Rows that are not exported: by dataset, then by reason.
    pub left_out: BTreeMap<String, BTreeMap<String, u64>>,
    /// What the consumer knows with it, by dataset.
    pub given: BTreeMap<String, GivenFile>,
}

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportFile {
    /// Its name.
    pub name: String,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// BLAKE3 of its content, in hexadecimal.
    pub blake3: String,
}

/// What the consumer knows of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenFile {
    /// How many of the first columns identify a row.
    pub key: usize,
    /// Its size.
    pub bytes: u64,
    /// BLAKE3 of it, in hexadecimal.
    pub blake3: String,
}

/// The exports of one consumer, or of one table for a consumer of any table.
#[derive(Debug, Clone)]
pub struct ExportStream<'a> {
    out: &'a OutputDir,
    folder: PathBuf,
}

/// An export that is there.
#[derive(Debug, Clone)]
pub struct ExportRef {
    /// Its folder.
    pub path: PathBuf,
    /// What it says of itself.
    pub manifest: ExportManifest,
}

impl OutputDir {
    /// The stream of exports called `name`: lower-case letters, digits, `_` and `-`.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for another name, [`ErrorKind::Output`] when a symbolic link stands in its place.
    pub fn exports(&self, name: &str) -> Result<ExportStream<'_>> {
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        if name.is_empty() || name.len() > 100 || !name.bytes().all(plain) {
            return Err(Error::usage(format!("`{}` cannot name a folder of exports", name.escape_debug())).hint(
                "names of tables and segments that are exported are of lower-case letters, digits, `_` and `-`",
            ));
        }
        let folder = self.exports_dir().join(name);
        disk::refuse_symlink(&folder)?;
        Ok(ExportStream { out: self, folder })
    }
}

impl<'a> ExportStream<'a> {
    /// The export that the consumer was given last; `None` before the first.
    ///
    /// # Errors
    /// [`ErrorKind::Verify`] when `latest` names something that is not an export.
    pub fn latest(&self) -> Result<Option<ExportRef>> {
        let link = self.folder.join(LATEST);
        let broken =
            || Error::new(ErrorKind::Verify, format!("`{}` does not name an export", link.display())).hint(FULL_AGAIN);
        let Some(target) = disk::read_link(&link).map_err(|error| broken().because(error))? else { return Ok(None) };
        let id: ExportId = target.parse().map_err(|_| broken())?;
        self.find(&id).map_err(|error| broken().because(error)).map(Some)
    }

    fn find(&self, id: &ExportId) -> Result<ExportRef> {
        let path = self.folder.join(id.to_string());
        disk::refuse_symlink(&path)?;
        let file = path.join(MANIFEST);
        let text = fs::read(&file).reading(&file)?;
        let manifest: ExportManifest = serde_json::from_slice(&text)
            .map_err(|error| Error::new(ErrorKind::Verify, "the export is damaged").because(error))?;
        Ok(ExportRef { path, manifest })
    }

    /// Begins the export `id`, out of sight.
    ///
    /// # Errors
    /// [`ErrorKind::Output`] when it cannot be written.
    pub fn begin(&self, lock: &'a Lock, id: &ExportId) -> Result<ExportBuilding<'a>> {
        lock.note(&format!("export {id}"));
        let building = self.out.building_dir();
        let export = ExportBuilding {
            out: self.out,
            stream: self.folder.clone(),
            path: building.join(id.to_string()),
            files: Vec::new(),
            given: BTreeMap::new(),
        };
        disk::create_dir(&building)?;
        disk::create_dir(&export.path)?;
        disk::create_dir(&export.path.join(GIVEN))?;
        Ok(export)
    }

    /// Makes `export` what the consumer was given last, lets go of what it knew before, and removes all but the newest `keep`
    /// exports.
    ///
    /// # Errors
    /// [`ErrorKind::Output`] when that cannot be written.
    pub fn advance(&self, _lock: &Lock, export: &ExportRef, keep: usize) -> Result<()> {
        let target = export.manifest.export_id.to_string();
        let link = self.folder.join(LATEST);
        if disk::read_link(&link).ok().flatten().as_deref() != Some(target.as_str()) {
            let temporary = self.folder.join("latest.tmp");
            disk::remove_file(&temporary)?;
            disk::create_link(&target, &temporary)?;
            disk::rename(&temporary, &link)?;
        }
        disk::sync_dir(&self.folder)?;
        let mut others = self.others(&export.manifest.export_id)?;
        others.sort();
        let oldest = others.len().saturating_sub(keep.saturating_sub(1));
        for (place, id) in others.iter().enumerate() {
            let path = self.folder.join(id.to_string());
            if place < oldest { self.out.discard(&path)? } else { disk::remove_dir(&path.join(GIVEN))? }
        }
        Ok(())
    }

    fn others(&self, latest: &ExportId) -> Result<Vec<ExportId>> {
        let entries = fs::read_dir(&self.folder).writing(&self.folder)?;
        let names: std::io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.file_name())).collect();
        let ids = names.writing(&self.folder)?.into_iter().filter_map(|name| name.to_str()?.parse::<ExportId>().ok());
        Ok(ids.filter(|id| id != latest).collect())
    }
}

const FULL_AGAIN: &str = "export all of it once with `--full`, and let the consumer replace what it has";

impl ExportRef {
    /// What the consumer knows of a dataset with this export, packed, and how many columns are its key; `None` for a dataset
    /// that the export does not have.
    ///
    /// # Errors
    /// [`ErrorKind::Verify`] when it is not as it was written.
    pub fn given(&self, dataset: &str) -> Result<Option<(Vec<u8>, usize)>> {
        let Some(entry) = self.manifest.given.get(dataset) else { return Ok(None) };
        let path = self.path.join(GIVEN).join(given_name(dataset));
        let damaged =
            || Error::new(ErrorKind::Verify, format!("`{}` is not what was written", path.display())).hint(FULL_AGAIN);
        let content = fs::read(&path).map_err(|error| damaged().because(error))?;
        if blake3::hash(&content).to_hex().as_str() != entry.blake3 {
            return Err(damaged());
        }
        Ok(Some((content, entry.key)))
    }

    /// Whether its files are as they were written.
    ///
    /// # Errors
    /// [`ErrorKind::Verify`] when one is not.
    pub fn verify(&self) -> Result<()> {
        for file in &self.manifest.files {
            let entry = FileEntry { bytes: file.bytes, blake3: file.blake3.clone() };
            if compare(&self.path, &file.name, &entry).is_err() {
                let message = format!("`{}` is not what was exported", self.path.join(&file.name).display());
                return Err(Error::new(ErrorKind::Verify, message).hint(FULL_AGAIN));
            }
        }
        Ok(())
    }

    /// Copies the files to `folder`, in place of those of the export that was delivered there before. Each file appears whole,
    /// and `export.json` last: who waits for it never sees files of two exports.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] when the folder has the exports of another consumer, [`ErrorKind::Output`] when it cannot be written.
    pub fn deliver(&self, folder: &Path) -> Result<()> {
        let mut delivery = TableFolder::create(folder)?;
        for file in &self.manifest.files {
            let path = self.path.join(&file.name);
            delivery.add_file(&file.name, &fs::read(&path).writing(&path)?)?;
        }
        delivery.add_file(MANIFEST, &self.manifest.to_json()?)?;
        let earlier = fs::read(folder.join(MANIFEST)).ok();
        let earlier = earlier.and_then(|text| serde_json::from_slice::<ExportManifest>(&text).ok());
        if let Some(other) = earlier.as_ref().filter(|earlier| earlier.consumer != self.manifest.consumer) {
            return Err(Error::usage(format!("`{}` has an export for {}", folder.display(), other.consumer))
                .hint("deliver to a folder of its own"));
        }
        let new: BTreeSet<String> = self.manifest.files.iter().map(|file| file.name.clone()).collect();
        let there = earlier.into_iter().flat_map(|earlier| earlier.files).map(|file| file.name);
        let ours = note_delivery(folder, there.chain(new.iter().cloned()))?;
        disk::remove_file(&folder.join(MANIFEST))?;
        for name in ours.difference(&new) {
            disk::remove_file(&folder.join(name))?;
        }
        delivery.finish()?;
        disk::remove_file(&folder.join(DELIVERING))
    }
}

/// Notes which files of ours may be in the folder from now on, so that a delivery after this one, should it be killed, knows
/// which to remove. Returns them all, those of a delivery that was killed before this one too.
fn note_delivery(folder: &Path, names: impl Iterator<Item = String>) -> Result<BTreeSet<String>> {
    let (note, temporary) = (folder.join(DELIVERING), folder.join(format!("{DELIVERING}.tmp")));
    let killed = fs::read_to_string(&note).unwrap_or_default();
    let names: BTreeSet<String> =
        names.chain(killed.lines().map(str::to_owned)).filter(|name| is_file_name(name)).collect();
    let lines: Vec<&str> = names.iter().map(String::as_str).collect();
    disk::remove_file(&temporary)?;
    write(&temporary, lines.join("\n").as_bytes())?;
    disk::rename(&temporary, &note)?;
    disk::sync_dir(folder)?;
    Ok(names)
}

impl ExportManifest {
    fn to_json(&self) -> Result<Vec<u8>> {
        let json = serde_json::to_vec_pretty(self);
        let mut json = json.map_err(|error| Error::internal("could not write an export as JSON").because(error))?;
        json.push(b'\n');
        Ok(json)
    }
}

/// An export that is being written. Dropping it removes what was written.
#[derive(Debug)]
pub struct ExportBuilding<'a> {
    out: &'a OutputDir,
    stream: PathBuf,
    path: PathBuf,
    files: Vec<ExportFile>,
    given: BTreeMap<String, GivenFile>,
}

impl ExportBuilding<'_> {
    /// Adds a file for the consumer.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] for a name that is a path or that is there, [`ErrorKind::Output`] when it cannot be written.
    pub fn add_file(&mut self, name: &str, rows: u64, content: &[u8]) -> Result<()> {
        if !is_file_name(name) {
            return Err(Error::internal(format!("`{}` cannot name a file of an export", name.escape_debug())));
        }
        let entry = write(&self.path.join(name), content)?;
        self.files.push(ExportFile { name: name.to_owned(), rows, bytes: entry.bytes, blake3: entry.blake3 });
        Ok(())
    }

    /// Keeps what the consumer knows of a dataset with this export.
    ///
    /// # Errors
    /// As [`ExportBuilding::add_file`].
    pub fn keep(&mut self, dataset: &str, key: usize, content: &[u8]) -> Result<()> {
        let entry = write(&self.path.join(GIVEN).join(given_name(dataset)), content)?;
        self.given.insert(dataset.to_owned(), GivenFile { key, bytes: entry.bytes, blake3: entry.blake3 });
        Ok(())
    }

    /// Puts the export into its place; `manifest` gets the files. A folder of the same id is replaced: it is not whole, or it is
    /// the same.
    ///
    /// # Errors
    /// [`ErrorKind::Output`] when it cannot be written.
    pub fn settle(mut self, mut manifest: ExportManifest) -> Result<ExportRef> {
        manifest.files = std::mem::take(&mut self.files);
        manifest.given = std::mem::take(&mut self.given);
        write(&self.path.join(MANIFEST), &manifest.to_json()?)?;
        disk::sync_dir(&self.path.join(GIVEN))?;
        disk::sync_dir(&self.path)?;
        self.out.create_synced(&self.out.exports_dir())?;
        if !self.stream.is_dir() {
            disk::create_dir(&self.stream)?;
            disk::sync_dir(&self.out.exports_dir())?;
        }
        let path = self.stream.join(manifest.export_id.to_string());
        self.out.discard(&path)?;
        disk::rename(&self.path, &path)?;
        disk::sync_dir(&self.stream)?;
        Ok(ExportRef { path, manifest })
    }
}

impl Drop for ExportBuilding<'_> {
    fn drop(&mut self) {
        // Whoever takes the lock next removes what could not be removed now.
        let _ = disk::remove_dir(&self.out.building_dir());
    }
}

fn write(path: &Path, content: &[u8]) -> Result<FileEntry> {
    let mut file = HashingFile::create(path)?;
    file.write_all(content).writing(path)?;
    file.finish(path)
}

fn given_name(dataset: &str) -> String {
    format!("{dataset}.csv.zst")
}

/// Whether a name is one of a file of ours, and no path.
fn is_file_name(name: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.');
    !name.is_empty() && name.bytes().all(plain) && !name.starts_with('.') && name != MANIFEST && name.len() <= 150
}
