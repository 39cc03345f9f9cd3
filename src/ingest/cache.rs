//! Staged files by the content they came from: found again the next night, checked before they are trusted.
//!
//! An entry is a folder with Parquet files and a `report.json` that has their hashes. It is written under another name,
//! synced and renamed, so that what bears its name is whole. An entry that is damaged nevertheless is made again.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::source::hash_file;
use crate::error::{Error, IoContext, Result};

/// Changes whenever the same input would give other staged files; older entries are then not found.
pub(super) const FORMAT_VERSION: u32 = 3;

/// The report of an entry.
const REPORT: &str = "report.json";

/// A hash of several texts, to name an entry by; their borders count.
pub(super) fn key(texts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().to_hex().to_string()[..32].to_owned()
}

/// What an entry's report must tell: which files belong to it.
pub(super) trait Entry: Serialize + DeserializeOwned {
    /// Names and BLAKE3 hashes of the files beside the report.
    fn files(&self) -> Vec<(&str, &str)>;
}

/// The entry at `dir`, if there is one and all of its files are what its report says. The report's time is set to now,
/// so that entries that nobody asks for can be told from others.
pub(super) fn load<E: Entry>(dir: &Path) -> Option<E> {
    let report = dir.join(REPORT);
    let entry: E = serde_json::from_slice(&fs::read(&report).ok()?).ok()?;
    let whole = entry
        .files()
        .iter()
        .all(|(name, blake3)| hash_file(&dir.join(name)).is_ok_and(|found| found.blake3 == *blake3));
    if !whole {
        return None;
    }
    if let Ok(file) = File::options().append(true).open(&report) {
        // Only the age of an entry depends on it.
        let _ = file.set_modified(std::time::SystemTime::now());
    }
    Some(entry)
}

/// A folder in which an entry grows; it is removed unless it is kept.
pub(super) struct Growing {
    dir: PathBuf,
    kept: bool,
}

static GROWING: AtomicU64 = AtomicU64::new(0);

impl Growing {
    /// An empty folder below `parent`.
    pub fn create(parent: &Path) -> Result<Growing> {
        fs::create_dir_all(parent).writing(parent)?;
        let number = GROWING.fetch_add(1, Ordering::Relaxed);
        let dir = parent.join(format!(".growing-{}-{number}", std::process::id()));
        if dir.exists() {
            fs::remove_dir_all(&dir).writing(&dir)?;
        }
        fs::create_dir(&dir).writing(&dir)?;
        Ok(Growing { dir, kept: false })
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes the report and gives the folder its name `to`, in place of what may be there.
    pub fn keep<E: Entry>(mut self, entry: &E, to: &Path) -> Result<()> {
        let report = self.dir.join(REPORT);
        let json = serde_json::to_vec_pretty(entry)
            .map_err(|error| Error::internal("a cache report could not be written").because(error))?;
        let mut file = File::create_new(&report).writing(&report)?;
        file.write_all(&json).writing(&report)?;
        file.sync_all().writing(&report)?;
        sync_dir(&self.dir)?;
        if to.exists() {
            fs::remove_dir_all(to).writing(to)?;
        }
        fs::rename(&self.dir, to).writing(to)?;
        self.kept = true;
        sync_dir(to.parent().unwrap_or(to))
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        if !self.kept {
            // The folder is out of the way of everything; a later run removes what is left.
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

/// The moment from which on entries of the cache count as used, by the clock of the disk that keeps it.
#[derive(Debug, Clone, Copy)]
pub struct CacheMark(std::time::SystemTime);

/// Marks that moment: before staging.
///
/// # Errors
/// [`ErrorKind::Output`](crate::error::ErrorKind::Output) when the cache cannot be written.
pub fn mark_cache(cache: &Path) -> Result<CacheMark> {
    fs::create_dir_all(cache).writing(cache)?;
    // Staged rows are as personal as the exports: as the runs, they are for the owner and the group.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(cache, fs::Permissions::from_mode(0o750)).writing(cache)?;
    }
    let path = cache.join(".mark");
    fs::write(&path, b"").writing(&path)?;
    let modified = fs::metadata(&path).and_then(|metadata| metadata.modified());
    Ok(CacheMark(modified.writing(&path)?))
}

/// Removes the entries that nobody asked for since `mark`, and returns how many: the exports they came from are gone, or
/// are mapped in another way now.
///
/// # Errors
/// [`ErrorKind::Output`](crate::error::ErrorKind::Output) when the cache cannot be read or changed.
pub fn sweep_cache(cache: &Path, mark: CacheMark) -> Result<u64> {
    let mut removed = 0;
    for entry in fs::read_dir(cache).writing(cache)? {
        let path = entry.writing(cache)?.path();
        if !path.is_dir() {
            continue;
        }
        match fs::metadata(path.join(REPORT)).and_then(|report| report.modified()) {
            Ok(used) if used < mark.0 => {
                fs::remove_dir_all(&path).writing(&path)?;
                removed += 1;
            }
            Ok(_) => {}
            Err(_) => removed += sweep_cache(&path, mark)?,
        }
    }
    Ok(removed)
}

fn sync_dir(dir: &Path) -> Result<()> {
    File::open(dir).and_then(|dir| dir.sync_all()).writing(dir)
}

/// Removes folders that a killed run left growing below `parent`.
pub(super) fn remove_left_over(parent: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(parent) else { return Ok(()) };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(".growing-") {
            fs::remove_dir_all(entry.path()).writing(&entry.path())?;
        }
    }
    Ok(())
}
