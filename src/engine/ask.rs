//! Questions over published tables: the same SQL, answered from the Parquet files of a run.

use std::path::{Path, PathBuf};

use arrow::record_batch::RecordBatch;
use polars::prelude::*;
use polars::sql::SQLContext;

use super::{Statement, frame};
use crate::error::{Error, IoContext, Result};
use crate::names::suggest;
use crate::publish::{TABLES_DIR, table_files};

/// Answers `sql` over published tables known by name, each a Parquet file or a folder of parts. Column types are those of the files: money is DECIMAL, a day DATE.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when the SQL does not parse, names a table that is not there, or
/// does not run.
pub fn ask(tables: &[(String, PathBuf)], sql: &str) -> Result<Vec<RecordBatch>> {
    let mut context = SQLContext::new();
    for name in Statement::parse("query", sql)?.reads() {
        let Some((_, path)) = tables.iter().find(|(table, _)| *table == name) else {
            let names: Vec<&str> = tables.iter().map(|(table, _)| table.as_str()).collect();
            return Err(Error::config(format!("there is no table `{name}`")).hint(suggest(&name, &names)));
        };
        let scan = frame::scan(&table_files(path)?)
            .map_err(|error| Error::input(format!("could not read the table `{name}`")).because(error))?;
        context.register(&name, scan);
    }
    // Not the streaming engine: it would not keep the order that the question asks for.
    let rows = context
        .execute(sql)
        .and_then(LazyFrame::collect)
        .map_err(|error| Error::config("the query does not run").because(frame::reason(&error)))?;
    Ok(vec![frame::to_batch(&rows)?])
}

/// The tables of a run folder, by name, each a file or a folder of parts.
///
/// # Errors
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) when the folder cannot be read.
pub fn tables_of(run: &Path) -> Result<Vec<(String, PathBuf)>> {
    let folder = run.join(TABLES_DIR);
    let mut tables = Vec::new();
    for entry in std::fs::read_dir(&folder).reading(&folder)? {
        let path = entry.reading(&folder)?.path();
        if path.extension().is_some_and(|extension| extension == "parquet")
            && let Some(name) = path.file_stem()
        {
            tables.push((name.to_string_lossy().into_owned(), path));
        }
    }
    tables.sort();
    Ok(tables)
}
