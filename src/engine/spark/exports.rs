//! Exports that Spark reads by itself.

use std::path::PathBuf;

use arrow::record_batch::RecordBatch;

use super::folder::check_whole;
use super::session::{failed, unreadable_export};
use super::{SparkEngine, sql};
use crate::engine::{Export, ExportReader};
use crate::error::Result;

impl ExportReader for SparkEngine {
    fn open(&self, name: &str, export: &Export) -> Result<()> {
        let opened = match export {
            Export::Table { name: table } => self.session.view_of_table(name, table),
            Export::Files { paths, format, schema, options } => {
                self.session.view_of_files(name, &one_path(paths), format, schema.as_deref(), options)
            }
        };
        opened.map_err(|error| unreadable_export(name, &error))
    }

    fn view(&self, name: &str, sql: &str) -> Result<()> {
        self.view_of(name, sql)
    }

    fn keep(&self, name: &str, sql: &str, by: Option<&str>) -> Result<PathBuf> {
        let folder = self.new_folder(name);
        let place = self.place(&folder);
        self.session.write(sql, &place, by).map_err(|error| failed(name, &error))?;
        check_whole(name, &folder)?;
        self.view_of(name, &format!("SELECT * FROM parquet.{}", sql::name(&place)))?;
        Ok(folder)
    }

    fn ask(&self, sql: &str) -> Result<RecordBatch> {
        self.session.ask(sql)
    }

    fn forget(&self, name: &str) {
        // A view that stays does no harm.
        let _ = self.session.run(&format!("DROP VIEW IF EXISTS {}", sql::name(name)));
    }
}

/// Several paths as one pattern: the client takes one path.
fn one_path(paths: &[String]) -> String {
    let [first, others @ ..] = paths else { return String::new() };
    if others.is_empty() {
        return first.clone();
    }
    let shared = |path: &String| first.bytes().zip(path.bytes()).take_while(|(a, b)| a == b).count();
    let mut begin = others.iter().map(shared).min().unwrap_or_default();
    // Not inside a name, and not inside a character.
    begin = first[..first.floor_char_boundary(begin)].rfind('/').map_or(0, |slash| slash + 1);
    let ends: Vec<String> = paths.iter().map(|path| path[begin..].replace(',', "\\,")).collect();
    format!("{}{{{}}}", &first[..begin], ends.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_paths_are_one_pattern() {
        let paths = |paths: &[&str]| one_path(&paths.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(paths(&["file:/a/x.csv"]), "file:/a/x.csv");
        assert_eq!(paths(&["file:/a/x1.csv", "file:/a/x2.csv"]), "file:/a/{x1.csv,x2.csv}");
        assert_eq!(paths(&["file:/a/é1,2.csv", "file:/a/é/b.csv"]), "file:/a/{é1\\,2.csv,é/b.csv}");
    }
}
