//! Exports whose columns have types: Parquet files and tables of the catalog, each column as text that says the same.

use std::collections::{BTreeMap, BTreeSet};

use super::rows::{BAD, FILE, HASH, raw};
use super::source::{Opened, RemoteFile, identity, locate, of_each, texts};
use super::sql::{literal, name};
use crate::engine::{Export, ExportReader};
use crate::error::{Place, Result};
use crate::ingest::mapping::Mapping;

/// Names and types of columns.
type Columns = Vec<(String, String)>;

/// Parquet: files with the same columns are read together. Of all at once Spark would take the columns of one, and see nulls
/// where another has none of that name.
///
/// # Errors
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) for a file that is damaged or lacks a column.
pub(super) fn files(
    reader: &dyn ExportReader,
    mapping: &Mapping,
    view: &str,
    files: Vec<RemoteFile>,
) -> Result<Opened> {
    let open = |view: &str, paths: Vec<String>| {
        reader.open(view, &Export::Files { paths, format: "parquet", schema: None, options: Vec::new() })
    };
    let columns = of_each(&files, view, |view, file| {
        open(view, vec![file.url.clone()]).map_err(|error| error.at(Place::file(&file.name)))?;
        let columns = columns_of(reader, view)?;
        reader.forget(view);
        Ok(columns)
    })?;
    let mut groups: BTreeMap<Columns, Vec<&RemoteFile>> = BTreeMap::new();
    for (columns, file) in columns.into_iter().zip(&files) {
        groups.entry(columns).or_default().push(file);
    }
    let mut selects = Vec::new();
    for (index, (columns, files)) in groups.iter().enumerate() {
        let view = format!("{view}_{index}");
        open(&view, files.iter().map(|file| file.url.clone()).collect())?;
        let place = files.first().map_or("", |file| &file.name);
        selects.push(typed(mapping, &view, columns, FILE, place)?);
    }
    let unmapped = unmapped(mapping, groups.keys());
    Ok(Opened { sql: selects.join("\nUNION ALL\n"), files, format: "parquet", unmapped })
}

/// A table of the catalog.
///
/// # Errors
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) when there is none of that name, or it lacks a column.
pub(super) fn table(reader: &dyn ExportReader, mapping: &Mapping, view: &str, table: &str) -> Result<Opened> {
    reader.open(view, &Export::Table { name: table.to_owned() })?;
    let columns = columns_of(reader, view)?;
    let sql = typed(mapping, view, &columns, &format!("CAST({} AS STRING)", literal(table)), table)?;
    Ok(Opened { sql, files: Vec::new(), format: "table", unmapped: unmapped(mapping, [&columns]) })
}

/// The columns of a view, but for the file that a row came from.
fn columns_of(reader: &dyn ExportReader, view: &str) -> Result<Columns> {
    let answer = reader.ask(&format!("DESCRIBE {view}"))?;
    let columns = texts(&answer, 0)?.into_iter().zip(texts(&answer, 1)?);
    Ok(columns.filter(|(column, _)| column != FILE && !column.starts_with('#')).collect())
}

/// Columns that nothing reads.
fn unmapped<'c>(mapping: &Mapping, columns: impl IntoIterator<Item = &'c Columns>) -> Vec<String> {
    let names: BTreeSet<&String> = columns.into_iter().flatten().map(|(column, _)| column).collect();
    names.into_iter().filter(|name| !mapping.raw_names.contains(name)).cloned().collect()
}

/// SQL for the rows of a view whose columns have types of their own, as text that says the same. `file` is SQL for where a
/// row came from, `place` what is named where a column is missing.
fn typed(mapping: &Mapping, view: &str, columns: &Columns, file: &str, place: &str) -> Result<String> {
    let names: Vec<String> = columns.iter().map(|(column, _)| column.clone()).collect();
    let found = locate(mapping, &names, place)?;
    let as_text: Vec<String> = columns.iter().map(|(column, of)| column_text(&name(column), of)).collect();
    let pairs = names.iter().map(String::as_str).zip(as_text.iter().cloned()).collect();
    let identity = identity(pairs);
    let raws: String = found
        .iter()
        .enumerate()
        .map(|(position, column)| format!(", {} AS {}", as_text[*column], raw(position)))
        .collect();
    Ok(format!(
        "SELECT {file} AS {FILE}, CAST(NULL AS STRING) AS {BAD}, LEFT(SHA2({identity}, 256), 32) AS {HASH}{raws}\nFROM {view}"
    ))
}

/// A column as text; times with a zone say that they are UTC.
fn column_text(column: &str, of: &str) -> String {
    match of.to_lowercase().as_str() {
        "string" => column.to_owned(),
        "timestamp" => format!("CONCAT(REPLACE(CAST({column} AS STRING), ' ', 'T'), 'Z')"),
        "timestamp_ntz" => format!("REPLACE(CAST({column} AS STRING), ' ', 'T')"),
        _ => format!("CAST({column} AS STRING)"),
    }
}
