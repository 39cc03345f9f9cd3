//! A folder of Parquet parts that Spark wrote, and what its footers tell.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::error::{Error, ErrorKind, IoContext, Place, Result};

/// Whether the cluster has written a folder to its end, and into storage that we see: what committers leave as their last step
/// (Hadoop's `_SUCCESS`, Databricks' `_committed_...`) tells.
///
/// # Errors
/// [`ErrorKind::Engine`] when it has not, or the folder is not to be seen here.
pub(super) fn check_whole(table: &str, folder: &Path) -> Result<()> {
    let is_mark = |name: &str| name == "_SUCCESS" || name.starts_with("_committed_");
    let cut_off = || {
        Error::new(ErrorKind::Engine, format!("the cluster did not write `{table}` to its end"))
            .hint("the connection broke, or `[output] dir` is not storage that this machine and all executors share")
    };
    let entries = std::fs::read_dir(folder).map_err(|error| cut_off().because(error))?;
    let mut names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    if names.any(|name| is_mark(&name)) { Ok(()) } else { Err(cut_off()) }
}

/// The parts of a folder, in the order of their rows.
///
/// # Errors
/// [`ErrorKind::Output`] when the folder cannot be read: the cluster wrote it, and we must see
/// the same storage.
pub(super) fn parts_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let unseen = |error: std::io::Error| {
        Error::output("what the cluster wrote is not to be seen here").at(Place::file(folder)).because(error).hint(
            "`[output] dir` has to be storage that this machine and all executors share; `engine.tables` says how the \
             cluster calls it",
        )
    };
    let mut parts = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unseen)? {
        let path = entry.map_err(unseen)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Spark's committers and Hadoop's checksums leave files whose names begin with a dot or an underscore.
        if name.ends_with(".parquet") && !name.starts_with(['.', '_']) {
            parts.push(path);
        }
    }
    parts.sort();
    Ok(parts)
}

/// What the footers of all parts say together.
#[derive(Debug, Default)]
pub(super) struct Footers {
    pub rows: u64,
    /// Nulls by column; none for a column of which a part does not tell.
    nulls: BTreeMap<String, Option<u64>>,
}

impl Footers {
    /// Reads the footers of `parts`.
    ///
    /// # Errors
    /// [`ErrorKind::Output`] when one cannot be read.
    pub fn read(parts: &[PathBuf]) -> Result<Footers> {
        let mut footers = Footers::default();
        for path in parts {
            let unreadable =
                |error| Error::output("could not read what the cluster wrote").at(Place::file(path)).because(error);
            let reader = SerializedFileReader::new(File::open(path).reading(path)?).map_err(unreadable)?;
            for group in reader.metadata().row_groups() {
                footers.rows += u64::try_from(group.num_rows()).unwrap_or_default();
                for column in group.columns() {
                    let nulls = column.statistics().and_then(|statistics| statistics.null_count_opt());
                    let known = footers.nulls.entry(column.column_path().string()).or_insert(Some(0));
                    *known = known.zip(nulls).map(|(known, nulls)| known + nulls);
                }
            }
        }
        Ok(footers)
    }

    /// Nulls in a column.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when a part has no statistics: Spark writes them.
    pub fn nulls(&self, column: &str) -> Result<u64> {
        match self.nulls.get(column) {
            // A table without rows has no row groups.
            None => Ok(0),
            Some(Some(nulls)) => Ok(*nulls),
            Some(None) => Err(Error::internal(format!("parts do not say how often `{column}` is null"))),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_whole_when_its_committer_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str| std::fs::write(folder.path().join(name), b"").unwrap();
        assert_eq!(check_whole("t", &folder.path().join("none")).unwrap_err().kind(), ErrorKind::Engine);
        write("part-00001.snappy.parquet");
        write("part-00000.snappy.parquet");
        write(".part-00000.snappy.parquet.crc");
        assert_eq!(check_whole("t", folder.path()).unwrap_err().kind(), ErrorKind::Engine);
        write("_SUCCESS");
        check_whole("t", folder.path()).unwrap();
        let parts = parts_of(folder.path()).unwrap();
        let names: Vec<_> = parts.iter().map(|part| part.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["part-00000.snappy.parquet", "part-00001.snappy.parquet"]);
    }
}
