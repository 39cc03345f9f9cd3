//! The second engine: the same SQL on an Apache Spark that is there already, over Spark Connect.
//!
//! Statements and small answers go over the wire; rows do not. What is computed once stands as a folder of Parquet parts on
//! storage that this process and all executors see, so that a model reads it as any other reader would.
//!
//! ```text
//! scan, insert, attach ──▶ view over Parquet      define ──▶ view over views
//! materialise ──▶ INSERT OVERWRITE DIRECTORY ... ORDER BY the contract ──▶ view over the parts
//!                 published tables straight into the run's folder, in their published form
//! ```

mod client;
mod exports;
mod failures;
mod folder;
mod keys;
mod known;
mod session;
mod sql;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;

use self::failures::{failed, wrong_sql};
use self::folder::{Footers, check_whole, parts_of};
use self::known::KnownTables;
use self::session::{Files, Session, Tasks};
use super::found::{check_columns, plain_columns};
use super::parts::{in_one_piece, read_parts, read_published_parts, schema};
use super::spark_quote as quote;
use super::{Batches, Engine, Statement};
use crate::contract::{ColumnType, Table};
use crate::error::{Error, IoContext, Result};

/// Where a Spark is, and which storage it shares with us.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Address of the Spark Connect server, `sc://host:port`.
    pub url: String,
    /// What it wants to see of us.
    pub token: Option<String>,
    /// A folder that this process and all executors see.
    pub root: PathBuf,
    /// The same folder as the cluster calls it; left out, by its path.
    pub root_uri: Option<String>,
}

/// Spark, elsewhere.
pub struct SparkEngine {
    shared: Arc<Shared>,
    session: Arc<Session>,
    /// Where tables of this engine stand while the run lasts.
    work: PathBuf,
    /// Where published tables are written; none for a graph that publishes nothing.
    published: OnceLock<PathBuf>,
    tables: Mutex<KnownTables>,
    /// Every folder has a name of its own.
    folders: AtomicU64,
}

/// What an engine and those beside it have in common.
struct Shared {
    cluster: Cluster,
    tasks: Arc<Tasks>,
    sessions: Mutex<Vec<Weak<Session>>>,
    engines: AtomicU64,
}

impl SparkEngine {
    /// Connects, and begins a working folder `work` below the cluster's shared folder.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`](crate::error::ErrorKind::Engine) when the server is not there, is too old or refuses us,
    /// [`ErrorKind::Output`](crate::error::ErrorKind::Output) when the folder cannot be made.
    pub fn connect(cluster: Cluster, work: &Path) -> Result<SparkEngine> {
        std::fs::create_dir_all(work).writing(work)?;
        let tasks = Arc::new(Tasks::default());
        let session = Arc::new(Session::connect(&cluster.url, cluster.token.as_deref(), &tasks)?);
        let sessions = Mutex::new(vec![Arc::downgrade(&session)]);
        let shared = Arc::new(Shared { cluster, tasks, sessions, engines: AtomicU64::new(1) });
        Ok(SparkEngine::on(shared, session, work.to_path_buf()))
    }

    fn on(shared: Arc<Shared>, session: Arc<Session>, work: PathBuf) -> SparkEngine {
        let (published, tables, folders) = (OnceLock::new(), Mutex::default(), AtomicU64::new(0));
        SparkEngine { shared, session, work, published, tables, folders }
    }

    /// Says into which folder published tables go from now on.
    pub fn publish_into(&self, folder: &Path) {
        // There is one run to an engine.
        let _ = self.published.set(folder.to_path_buf());
    }

    /// Version of the Spark that answers.
    pub fn version(&self) -> &str {
        self.session.version()
    }

    /// Tasks that Spark has ended for us.
    pub fn tasks_ended(&self) -> u64 {
        self.shared.tasks.ended()
    }

    /// Stops whatever runs on the cluster for us.
    pub fn interrupt(&self) {
        let sessions = self.shared.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.iter().filter_map(Weak::upgrade).for_each(|session| session.interrupt());
    }

    /// A file or folder as the cluster calls it.
    fn place(&self, path: &Path) -> String {
        let Cluster { root, root_uri, .. } = &self.shared.cluster;
        // The cluster does not know the folder that we work in.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        match (root_uri, path.strip_prefix(root)) {
            (Some(uri), Ok(below)) => format!("{}/{}", uri.trim_end_matches('/'), below.display()),
            _ => sql::local(&path),
        }
    }

    fn tables(&self) -> std::sync::MutexGuard<'_, KnownTables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_folder(&self, table: &str) -> PathBuf {
        self.work.join(format!("{table}-{}", self.folders.fetch_add(1, Ordering::Relaxed)))
    }

    fn run(&self, table: &str, statement: &str) -> Result<()> {
        self.session.run(statement).map_err(|error| failed(table, &error))
    }

    /// A view `name` over the rows of `sql`.
    fn view_of(&self, table: &str, sql: &str) -> Result<()> {
        self.session.view_of_query(table, sql).map_err(|error| failed(table, &error))
    }

    /// A table over a folder of parts, which holds its published form or the one inside the pipeline.
    fn over(&self, table: &Table, folder: &Path, is_published: bool) -> Result<()> {
        // The schema is given, so that nobody has to open a part to find it.
        let (paths, schema) = ([self.place(folder)], sql::schema(table, is_published));
        let files = Files { paths: &paths, format: "parquet", schema: Some(&schema), options: &[] };
        let made = self.session.view_of_files(&table.name, &files, &sql::rows_in(table, is_published));
        made.map_err(|error| failed(&table.name, &error))
    }

    /// How many keys of a large table are there more than once.
    fn repeated_keys(&self, table: &Table) -> Result<Option<i64>> {
        let key = table.key.iter().map(|column| quote::name(column)).collect::<Vec<_>>().join(", ");
        let repeated = self.session.ask(&format!(
            "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM {} GROUP BY {key} HAVING COUNT(*) > 1) AS repeated",
            quote::name(&table.name)
        ))?;
        Ok(first_number(&repeated))
    }

    /// No nulls where none may be; a key that identifies. Gives the number of rows.
    fn check_rows(&self, table: &Table, parts: &[PathBuf], is_published: bool) -> Result<u64> {
        let footers = Footers::read(parts)?;
        let rows = footers.rows;
        for column in table.columns.iter().filter(|column| !column.nullable) {
            let name = if is_published { column.published_name() } else { (&*column.name).into() };
            let nulls = footers.nulls(&name)?;
            if nulls == 0 {
                continue;
            }
            let column = &column.name;
            return Err(Error::config(format!(
                "column `{column}` of `{}` is null in {nulls} of {rows} rows, and may not be",
                table.name
            ))
            .hint("COALESCE it, or leave those rows out and say so in the table's head"));
        }
        if table.key.is_empty() || rows < 2 {
            return Ok(rows);
        }
        let repeated = match rows {
            ..=keys::FEW_ROWS => Some(keys::repeated(table, parts, is_published)?),
            _ => self.repeated_keys(table)?,
        };
        match repeated {
            Some(0) => Ok(rows),
            found => Err(Error::config(format!(
                "{} keys of `{}` are there more than once ({})",
                found.unwrap_or_default(),
                table.name,
                table.key.join(", ")
            ))
            .hint("a join that finds two partners is the usual cause: group by the key, or join on all of it")),
        }
    }
}

impl Engine for SparkEngine {
    fn scan(&self, table: &Table, files: &[PathBuf], present: &[String]) -> Result<()> {
        let columns = |exists: bool| {
            let column = |column: &crate::contract::Column| {
                let name = quote::name(&column.name);
                let is_there = exists && present.iter().any(|present| *present == column.name);
                let value = if is_there { name.clone() } else { "NULL".to_owned() };
                format!("CAST({value} AS {}) AS {name}", sql::inside_type(column.column_type))
            };
            table.columns.iter().map(column).collect::<Vec<_>>().join(", ")
        };
        if files.is_empty() {
            return self.view_of(&table.name, &format!("SELECT {} WHERE FALSE", columns(false)));
        }
        let select =
            |file: &PathBuf| format!("SELECT {} FROM parquet.{}", columns(true), quote::name(&self.place(file)));
        self.view_of(&table.name, &files.iter().map(select).collect::<Vec<_>>().join(" UNION ALL "))
    }

    fn insert(&self, table: &Table, rows: &RecordBatch) -> Result<()> {
        self.insert_batches(table, &mut std::iter::once(Ok(rows.clone())))
    }

    fn insert_batches(&self, table: &Table, batches: &mut dyn Iterator<Item = Result<RecordBatch>>) -> Result<()> {
        let folder = self.new_folder(&table.name);
        std::fs::create_dir_all(&folder).writing(&folder)?;
        write_part(table, &folder.join("part-00000.parquet"), batches)?;
        self.over(table, &folder, false)?;
        self.tables().keep(&table.name, folder, false);
        Ok(())
    }

    fn code_ids(&self) -> Result<()> {
        Ok(())
    }

    fn beside(&self) -> Result<Box<dyn Engine>> {
        let session = Arc::new(self.session.another()?);
        let number = self.shared.engines.fetch_add(1, Ordering::Relaxed);
        let work = self.work.join(format!("beside-{number}"));
        std::fs::create_dir_all(&work).writing(&work)?;
        let mut sessions = self.shared.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.push(Arc::downgrade(&session));
        Ok(Box::new(SparkEngine::on(Arc::clone(&self.shared), session, work)))
    }

    fn define(&self, table: &Table, sql: &str) -> Result<()> {
        let wrong = |error| wrong_sql(&table.name, &error);
        self.session.view_of_query(&table.name, &sql::dialect(sql)).map_err(wrong)?;
        // Of the view, whose plan is there already; its columns may stand in any order, as they are read by name.
        let columns = self.session.columns(&format!("SELECT * FROM {}", quote::name(&table.name)));
        check_columns(table, &columns.map_err(wrong)?)?;
        self.tables().define(&table.name, Statement::parse(&table.name, sql)?.reads());
        Ok(())
    }

    fn materialise(&self, table: &Table) -> Result<u64> {
        let published = self.published.get().filter(|_| table.published);
        let written = self.new_folder(&table.name);
        let statement = format!(
            "INSERT OVERWRITE DIRECTORY {} USING parquet SELECT {} FROM {}{}",
            quote::literal(&self.place(&written)),
            sql::rows_out(table, published.is_some()),
            quote::name(&table.name),
            sql::order(table)
        );
        self.run(&table.name, &statement)?;
        check_whole(&table.name, &written)?;
        // A statement of a client that was killed may still be writing: no folder of the run is ever named to the cluster before
        // it is whole.
        let folder = match published {
            Some(run) => {
                let folder = run.join(format!("{}.parquet", table.name));
                std::fs::rename(&written, &folder).writing(&folder)?;
                folder
            }
            None => written,
        };
        self.over(table, &folder, published.is_some())?;
        let parts = parts_of(&folder)?;
        self.tables().keep(&table.name, folder, published.is_some());
        self.check_rows(table, &parts, published.is_some())
    }

    fn writes_published(&self) -> bool {
        self.published.get().is_some()
    }

    fn attach(&self, name: &str, files: &[PathBuf]) -> Result<()> {
        let select = |file: &PathBuf| format!("SELECT * FROM parquet.{}", quote::name(&self.place(file)));
        self.view_of(name, &files.iter().map(select).collect::<Vec<_>>().join(" UNION ALL "))
    }

    fn columns(&self, name: &str, sql: &str) -> Result<Vec<(String, ColumnType)>> {
        plain_columns(name, self.session.columns(&sql::dialect(sql)).map_err(|error| wrong_sql(name, &error))?)
    }

    fn batches(&self, table: &Table) -> Result<Batches> {
        let place = self.tables().place(&table.name);
        let (folder, is_published) =
            place.ok_or_else(|| Error::internal(format!("`{}` was not computed before it was read", table.name)))?;
        let parts = parts_of(&folder)?;
        Ok(if is_published { read_published_parts(table, &parts) } else { read_parts(table, &parts) })
    }

    fn rows(&self, table: &Table) -> Result<RecordBatch> {
        in_one_piece(table, self.batches(table)?)
    }

    fn forget(&self, table: &str) {
        let gone = self.tables().forget(table);
        for folder in gone {
            // What cannot be removed now goes with the working folder.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// Rows of ours for Spark to read.
fn write_part(table: &Table, file: &Path, batches: &mut dyn Iterator<Item = Result<RecordBatch>>) -> Result<()> {
    let unwritten = |error: parquet::errors::ParquetError| {
        Error::output(format!("rows of `{}` could not be handed to Spark", table.name)).because(error)
    };
    let file = File::create_new(file).writing(file)?;
    let mut writer = ArrowWriter::try_new(file, schema(table), None).map_err(unwritten)?;
    for batch in batches {
        writer.write(&batch?).map_err(unwritten)?;
    }
    writer.close().map(drop).map_err(unwritten)
}

fn first_number(rows: &RecordBatch) -> Option<i64> {
    use arrow::array::AsArray;
    let column = rows.column(0).as_primitive_opt::<arrow::datatypes::Int64Type>()?;
    (!column.is_empty()).then(|| column.value(0))
}
