//! Exports that Spark reads by itself.

use std::path::PathBuf;

use arrow::record_batch::RecordBatch;

use super::super::spark_quote as quote;
use super::SparkEngine;
use super::failures::{failed, unreadable_export};
use super::folder::check_whole;
use super::session::Files;
use crate::engine::{Export, ExportReader};
use crate::error::Result;

impl ExportReader for SparkEngine {
    fn open(&self, name: &str, export: &Export) -> Result<()> {
        let opened = match export {
            Export::Table { name: table } => self.session.view_of_table(name, table),
            Export::Files { paths, format, schema, options } => {
                let files = Files { paths, format, schema: schema.as_deref(), options };
                self.session.view_of_files(name, &files, &["*".into(), "_metadata.file_path AS _file".into()])
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
        self.view_of(name, &format!("SELECT * FROM parquet.{}", quote::name(&place)))?;
        Ok(folder)
    }

    fn ask(&self, sql: &str) -> Result<RecordBatch> {
        self.session.ask(sql)
    }

    fn forget(&self, name: &str) {
        // A view that stays does no harm.
        let _ = self.session.run(&format!("DROP VIEW IF EXISTS {}", quote::name(name)));
    }
}
