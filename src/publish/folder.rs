//! Tables in a folder of their own, without a run around them: each file appears whole, and in place of an earlier one.

use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;

use super::disk;
use super::hashing_file::HashingFile;
use super::table::{self, Maker, TableMetadata};
use crate::contract::Table;
use crate::error::{IoContext, Result};

/// Name of the folder in which files are written before they are moved to their places.
const HIDDEN: &str = ".unfinished";

/// A folder that is being filled. Dropping it leaves what was in the folder before.
#[derive(Debug)]
pub struct TableFolder {
    folder: PathBuf,
    files: Vec<String>,
}

impl TableFolder {
    /// Begins to fill `folder`, which is created with those above it when it is not there.
    ///
    /// # Errors
    /// [`ErrorKind::Output`](crate::error::ErrorKind::Output) when it cannot be written.
    pub fn create(folder: &Path) -> Result<TableFolder> {
        if let Some(above) = folder.parent() {
            std::fs::create_dir_all(above).writing(above)?;
        }
        disk::create_dir(folder)?;
        let begun = TableFolder { folder: folder.to_path_buf(), files: Vec::new() };
        disk::remove_dir(&begun.hidden())?;
        disk::create_dir(&begun.hidden())?;
        Ok(begun)
    }

    fn hidden(&self) -> PathBuf {
        self.folder.join(HIDDEN)
    }

    /// Writes a table as its contract says: `<table>.parquet`. Returns its rows.
    ///
    /// # Errors
    /// As [`Building::write_table`](super::Building::write_table) for a table of ours.
    pub fn write_table(&mut self, table: &Table, metadata: &TableMetadata, rows: RecordBatch) -> Result<u64> {
        let name = format!("{}.parquet", table.name);
        let path = self.hidden().join(&name);
        let (rows, _) = table::write(&path, table, Maker::BuiltIn, metadata, [Ok(rows)])?;
        self.files.push(name);
        Ok(rows)
    }

    /// Adds a file with this content.
    ///
    /// # Errors
    /// [`ErrorKind::Output`](crate::error::ErrorKind::Output) when it cannot be written.
    pub fn add_file(&mut self, name: &str, content: &[u8]) -> Result<()> {
        let path = self.hidden().join(name);
        let mut file = HashingFile::create(&path)?;
        file.write_all(content).writing(&path)?;
        file.finish(&path)?;
        self.files.push(name.to_owned());
        Ok(())
    }

    /// Moves all files to their places, one after another.
    ///
    /// # Errors
    /// [`ErrorKind::Output`](crate::error::ErrorKind::Output) when one cannot be moved.
    pub fn finish(self) -> Result<()> {
        for name in &self.files {
            disk::rename(&self.hidden().join(name), &self.folder.join(name))?;
        }
        disk::sync_dir(&self.folder)
    }
}

impl Drop for TableFolder {
    fn drop(&mut self) {
        // Who fills the folder next removes what could not be removed now.
        let _ = disk::remove_dir(&self.hidden());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use arrow::array::Int64Array;

    use super::*;
    use crate::contract::bigint;

    #[test]
    fn files_appear_whole_and_in_place_of_earlier_ones() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("above").join("out");
        let names = || {
            let mut names: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let table = Table::new("t", "a number", &["n"], vec![bigint("n", "the number")]);
        let metadata = TableMetadata { as_of: "2026-01-01".to_owned(), tool_version: "1".to_owned() };
        let rows = |n: i64| RecordBatch::try_from_iter([("n", Arc::new(Int64Array::from(vec![n])) as _)]).unwrap();
        let mut first = TableFolder::create(&out).unwrap();
        assert_eq!(first.write_table(&table, &metadata, rows(1)).unwrap(), 1);
        first.add_file("rejects.csv", b"row\n").unwrap();
        assert_eq!(names(), [".unfinished"]);
        first.finish().unwrap();
        assert_eq!(names(), ["rejects.csv", "t.parquet"]);
        let before = fs::read(out.join("t.parquet")).unwrap();
        let mut dropped = TableFolder::create(&out).unwrap();
        dropped.write_table(&table, &metadata, rows(2)).unwrap();
        drop(dropped);
        assert_eq!((names().len(), fs::read(out.join("t.parquet")).unwrap()), (2, before.clone()));
        let mut second = TableFolder::create(&out).unwrap();
        second.write_table(&table, &metadata, rows(2)).unwrap();
        second.finish().unwrap();
        assert_ne!(fs::read(out.join("t.parquet")).unwrap(), before);
        assert_eq!(names(), ["rejects.csv", "t.parquet"]);
    }
}
