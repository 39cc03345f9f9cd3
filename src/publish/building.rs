//! A run while it is being written: `Building`, then `Sealed`, then published or held.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use arrow::array::RecordBatch;

use super::hashing_file::HashingFile;
use super::lock::Lock;
use super::manifest::{FileEntry, MANIFEST_FILE, Manifest, RejectsEntry, Status};
use super::output_dir::{OutputDir, RunRef, RunState};
use super::run_id::RunId;
use super::table::{self, Maker, TableFile, TableMetadata};
use super::verify::{SUCCESS_FILE, success_text};
use super::{REJECTS_DIR, TABLES_DIR, adopt, disk, parts};
use crate::contract::Table;
use crate::error::{Error, IoContext, Result};

/// A run whose files are being written, out of sight. Dropping it removes what was written.
///
/// Files may be added from several threads.
#[derive(Debug)]
pub struct Building<'a> {
    workspace: Workspace<'a>,
    files: Mutex<BTreeMap<String, FileEntry>>,
}

/// A run that is written and synced, manifest and all, and that nobody can see yet. Dropping it removes it.
#[derive(Debug)]
pub struct Sealed<'a> {
    workspace: Workspace<'a>,
    manifest: Manifest,
}

impl<'a> Building<'a> {
    /// Begins the run `id`.
    ///
    /// # Errors
    /// [`ErrorKind::Output`](crate::error::ErrorKind::Output) when the folder cannot be written.
    pub fn create(out: &'a OutputDir, lock: &'a Lock, id: &RunId) -> Result<Building<'a>> {
        lock.note(&id.to_string());
        let path = out.building_dir().join(id.to_string());
        // Before the folders, so that they go when one of them cannot be created.
        let workspace = Workspace { out, lock, id: id.clone(), path };
        disk::create_dir(&out.building_dir())?;
        disk::create_dir(&workspace.path)?;
        Ok(Building { workspace, files: Mutex::default() })
    }

    /// The hidden folder in which the run is being built.
    pub fn path(&self) -> &Path {
        &self.workspace.path
    }

    /// Writes a table as its contract says: `tables/<table>.parquet`.
    ///
    /// `batches` hold the columns of the contract under their names and types inside the pipeline, in any order; rows
    /// are sorted as contracted. The bytes of the file depend on the rows, the contract and `metadata` alone.
    ///
    /// # Errors
    /// Those of `batches`; when the table breaks its contract (a column missing, of another type, null or too large,
    /// rows unsorted, a key repeated), [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) or
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) by `maker`;
    /// [`ErrorKind::Output`](crate::error::ErrorKind::Output) when it cannot be written.
    pub fn write_table(
        &self,
        table: &Table,
        maker: Maker,
        metadata: &TableMetadata,
        batches: impl IntoIterator<Item = Result<RecordBatch>>,
    ) -> Result<TableFile> {
        let relative = parts::table_place(&table.name);
        let path = self.place(&relative)?;
        let (rows, entry) = table::write(&path, table, maker, metadata, batches)?;
        self.record(relative.clone(), entry.clone());
        Ok(TableFile::of(table, relative, rows, entry))
    }

    /// The folder of all tables, for an engine that writes them itself.
    ///
    /// # Errors
    /// [`ErrorKind::Output`](crate::error::ErrorKind::Output) when it cannot be created.
    pub fn tables_folder(&self) -> Result<PathBuf> {
        let path = self.place(TABLES_DIR)?;
        disk::create_dir(&path)?;
        Ok(path)
    }

    /// The folder into which another engine writes the parts of a table, for [`Building::adopt_table`]: the place of the
    /// table's file. The folder above it is there, it itself is not.
    ///
    /// # Errors
    /// [`ErrorKind::Output`](crate::error::ErrorKind::Output) when the folder above it cannot be created.
    pub fn table_folder(&self, table: &Table) -> Result<PathBuf> {
        self.place(&parts::table_place(&table.name))
    }

    /// Takes over a table that another engine wrote into [`Building::table_folder`]: Parquet files with the published
    /// columns, which hold `rows` rows in the order of their names. What such engines leave beside them (`_SUCCESS`,
    /// checksums, anything hidden) is removed, and a file without rows that holds the contract is put before them
    /// ([`CONTRACT_FILE`](super::CONTRACT_FILE)).
    ///
    /// Columns, nulls (where the writer counted them) and rows are checked from the footers. The order of the rows and
    /// their keys are not: that is the engine's part.
    ///
    /// # Errors
    /// When the parts break the contract, as [`Building::write_table`];
    /// [`ErrorKind::Output`](crate::error::ErrorKind::Output) when they do not hold `rows` rows, when something else
    /// stands among them, and when one cannot be read or synced.
    pub fn adopt_table(&self, table: &Table, maker: Maker, metadata: &TableMetadata, rows: u64) -> Result<TableFile> {
        let relative = parts::table_place(&table.name);
        let adopted = adopt::adopt(&self.place(&relative)?, table, maker, metadata, rows)?;
        for (name, entry) in adopted.files {
            self.record(format!("{relative}/{name}"), entry);
        }
        Ok(TableFile::of(table, relative, rows, adopted.whole))
    }

    /// Copies the rejected rows of an input: `rejects/<input>.parquet`.
    ///
    /// # Errors
    /// As [`Building::add_copy`].
    pub fn write_rejects(&self, input: &str, source: &Path, rows: u64) -> Result<RejectsEntry> {
        let relative = format!("{REJECTS_DIR}/{input}.parquet");
        self.add_copy(&relative, source)?;
        Ok(RejectsEntry { input: input.to_owned(), rows, file: relative })
    }

    /// Adds a file with this content. `relative` is a path with `/`, of plain lower-case names.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) for another path,
    /// [`ErrorKind::Output`](crate::error::ErrorKind::Output) when it is there or cannot be written.
    pub fn add_file(&self, relative: &str, content: &[u8]) -> Result<()> {
        let path = self.place(relative)?;
        let mut file = HashingFile::create(&path)?;
        file.write_all(content).writing(&path)?;
        self.record(relative.to_owned(), file.finish(&path)?);
        Ok(())
    }

    /// Adds a copy of the file `source`, which is of our own making.
    ///
    /// # Errors
    /// As [`Building::add_file`], and the same kind when `source` cannot be read.
    pub fn add_copy(&self, relative: &str, source: &Path) -> Result<()> {
        let path = self.place(relative)?;
        let unreadable = |error| Error::output(format!("could not read `{}`", source.display())).because(error);
        let mut original = File::open(source).map_err(unreadable)?;
        let mut copy = HashingFile::create(&path)?;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = original.read(&mut buffer).map_err(unreadable)?;
            if read == 0 {
                break;
            }
            copy.write_all(&buffer[..read]).writing(&path)?;
        }
        self.record(relative.to_owned(), copy.finish(&path)?);
        Ok(())
    }

    /// Writes the manifest, then `_SUCCESS`, and syncs every folder of the run, innermost first.
    ///
    /// `manifest.files` and `manifest.status` are set from what was added and what the gates say.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when the manifest is of another run or names a file
    /// that was not added, [`ErrorKind::Output`](crate::error::ErrorKind::Output) when it cannot be written.
    pub fn seal(self, mut manifest: Manifest) -> Result<Sealed<'a>> {
        let Building { workspace, files } = self;
        manifest.files = files.into_inner().unwrap_or_else(PoisonError::into_inner);
        manifest.status = if manifest.gates.iter().any(|gate| gate.held) { Status::Held } else { Status::Published };
        check_manifest(&manifest, &workspace.id)?;

        let text = manifest.to_json()?;
        write_synced(&workspace.path.join(MANIFEST_FILE), &text)?;
        write_synced(&workspace.path.join(SUCCESS_FILE), success_text(&text).as_bytes())?;
        sync_tree(&workspace.path)?;
        Ok(Sealed { workspace, manifest })
    }

    /// Where a file of the run goes; its folders are created.
    fn place(&self, relative: &str) -> Result<PathBuf> {
        if !is_plain(relative) {
            return Err(Error::internal(format!("`{}` is not a path inside a run", relative.escape_debug())));
        }
        let mut path = self.workspace.path.clone();
        let mut names = relative.split('/').peekable();
        while let Some(name) = names.next() {
            path.push(name);
            if names.peek().is_some() {
                disk::create_dir(&path)?;
            }
        }
        Ok(path)
    }

    fn record(&self, relative: String, entry: FileEntry) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(relative, entry);
    }
}

impl Sealed<'_> {
    /// What the gates said: decides what [`Sealed::settle`] does.
    pub fn status(&self) -> Status {
        self.manifest.status
    }

    /// Publishes the run and makes `latest` name it (unless `latest` names a run with a later `as_of`), or, when a gate
    /// held it back, puts it into `held/` and leaves `latest` alone. A whole attempt with
    /// the same files and verdicts stays as it is.
    ///
    /// # Errors
    /// [`ErrorKind::Output`](crate::error::ErrorKind::Output) when it cannot be moved; `latest` then still names what it
    /// named.
    pub fn settle(self) -> Result<RunRef> {
        let Workspace { out, lock, id, path } = &self.workspace;
        match self.manifest.status {
            Status::Published => {
                out.release(path, id)?;
                let run = out.advance_latest(lock, id)?;
                // An earlier attempt that a gate held, before the previous run changed.
                out.discard(&out.run(RunState::Held, id).path)?;
                Ok(run)
            }
            Status::Held => out.hold(path, &self.manifest),
        }
    }

    /// Puts the run into `aside/`, where neither consumers nor later runs look for it: for runs of some tables only.
    ///
    /// # Errors
    /// [`ErrorKind::Output`](crate::error::ErrorKind::Output) when it cannot be moved.
    pub fn set_aside(self) -> Result<RunRef> {
        let Workspace { out, id, path, .. } = &self.workspace;
        out.move_run(path, id, RunState::Aside)
    }
}

/// The hidden folder of a run, removed when dropped; after the run has moved to its place, there is nothing left in it.
#[derive(Debug)]
struct Workspace<'a> {
    out: &'a OutputDir,
    lock: &'a Lock,
    id: RunId,
    path: PathBuf,
}

impl Drop for Workspace<'_> {
    fn drop(&mut self) {
        // The next run removes what could not be removed now.
        let _ = disk::remove_dir(&self.out.building_dir());
    }
}

fn write_synced(path: &Path, content: &[u8]) -> Result<()> {
    let mut file = HashingFile::create(path)?;
    file.write_all(content).writing(path)?;
    file.finish(path)?;
    Ok(())
}

/// Syncs the folders below `folder`, then `folder`.
fn sync_tree(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).writing(folder)? {
        let entry = entry.writing(folder)?;
        if entry.file_type().writing(folder)?.is_dir() {
            sync_tree(&entry.path())?;
        }
    }
    disk::sync_dir(folder)
}

fn check_manifest(manifest: &Manifest, id: &RunId) -> Result<()> {
    if manifest.run_id != *id {
        return Err(Error::internal(format!("the manifest of run `{}` was given to run `{id}`", manifest.run_id)));
    }
    let named = manifest.tables.iter().filter_map(|table| table.file.as_ref());
    let mut named = named.chain(manifest.rejects.iter().map(|rejects| &rejects.file));
    match named.find(|file| manifest.files_of(file).next().is_none()) {
        Some(file) => Err(Error::internal(format!("the manifest names `{file}`, which was not written"))),
        None => Ok(()),
    }
}

/// Whether every name of the path is a plain one, on any file system: lower-case letters, digits, `_`, `-` and inner
/// dots, and none of the names that Windows keeps for devices.
pub(super) fn is_plain(relative: &str) -> bool {
    const LONGEST: usize = 100;
    relative.split('/').all(|name| {
        let plain = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.'));
        let dots_inside = !name.starts_with('.') && !name.ends_with('.');
        plain && dots_inside && !name.is_empty() && name.len() <= LONGEST && !is_device(name)
    })
}

/// Whether Windows takes the name for a device, whatever its extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    let numbered = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
    matches!(stem, "con" | "prn" | "aux" | "nul")
        || numbered.is_some_and(|number| number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_become_paths() {
        for path in ["tables/customers.parquet", "exports/zen/2026-10.csv", "report.html", "comet", "com10", "console"]
        {
            assert!(is_plain(path), "{path:?}");
        }
        let long = "a".repeat(101);
        for path in [
            "",
            "/etc/passwd",
            "../x",
            "tables/../x",
            "tables//x",
            "tables/",
            ".hidden",
            "x.",
            "Customers",
            "a b",
            "a\\b",
            "a:b",
            "a\0",
            "caf\u{e9}",
            "con",
            "tables/nul.parquet",
            "lpt1",
            "com9.csv",
            &long,
        ] {
            assert!(!is_plain(path), "{path:?}");
        }
    }
}
