//! Where the rows of a published table are: in the file `tables/<table>.parquet`, or in the parts that stand in a folder
//! of that name. Nobody else needs to know which.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::TABLES_DIR;
use crate::error::{Error, ErrorKind, IoContext, Place, Result};

/// Path of a table from its run folder, with `/`, as the manifest has it.
pub fn table_place(table: &str) -> String {
    format!("{TABLES_DIR}/{table}.parquet")
}

/// Where a table of the run folder `run` is, a file or a folder of parts; it need not exist.
pub fn table_path(run: &Path, table: &str) -> PathBuf {
    run.join(TABLES_DIR).join(format!("{table}.parquet"))
}

/// The Parquet files of the table at `path`, in the order of their rows: the file itself, or the parts in the folder.
///
/// # Errors
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) when the folder cannot be read, [`ErrorKind::Verify`] when there
/// is no part in it. A file is not looked at: who opens it will see.
pub fn table_files(path: &Path) -> Result<Vec<PathBuf>> {
    match part_names(path).reading(path)? {
        None => Ok(vec![path.to_path_buf()]),
        Some(names) if names.is_empty() => {
            Err(Error::new(ErrorKind::Verify, "the folder of a table has no Parquet file in it")
                .at(Place::file(path))
                .hint("`patronage verify` says more; restore that run, or remove it"))
        }
        Some(names) => Ok(names.iter().map(|name| path.join(name)).collect()),
    }
}

/// Names of the parts in the folder `path`, in byte order, which is that of their rows; `None` when it is not a folder.
pub(super) fn part_names(path: &Path) -> io::Result<Option<Vec<String>>> {
    if !path.is_dir() {
        return Ok(None);
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        names.extend(entry?.file_name().into_string().ok().filter(|name| is_part(name)));
    }
    names.sort_unstable();
    Ok(Some(names))
}

/// Whether a file of this name in a table's folder holds rows.
pub(super) fn is_part(name: &str) -> bool {
    name.ends_with(".parquet") && !is_hidden(name)
}

/// Names that Hadoop, Spark and all who read their folders pass over.
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with(['.', '_'])
}
