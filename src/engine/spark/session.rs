//! One Spark Connect session: statements in, small answers out, and Spark's errors as ours.

use std::collections::BTreeMap;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow_ipc::reader::FileReader;
use spark_connect::{DataType, SparkError, SparkSession, StructField};
use spark_connect_core::SparkErrorKind;

use super::super::found::FoundColumn;
use crate::error::{Error, ErrorKind, Result};

/// How long a server may take to accept a connection. The client alone would go on asking for ten minutes.
const CONNECT: Duration = Duration::from_secs(10);

/// The oldest Spark whose SQL is what ours was tested on.
const OLDEST: u32 = 4;

/// What our SQL counts on, whatever the server's defaults are.
const SETTINGS: [(&str, &str); 7] = [
    ("spark.sql.ansi.enabled", "true"),
    ("spark.sql.ansi.doubleQuotedIdentifiers", "true"),
    ("spark.sql.session.timeZone", "UTC"),
    ("spark.sql.caseSensitive", "false"),
    ("spark.sql.decimalOperations.allowPrecisionLoss", "true"),
    ("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS"),
    ("spark.sql.parquet.compression.codec", "zstd"),
];

/// Tasks of Spark that ended, over all statements so far.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    /// By stage: messages of statements that run beside each other come in any order.
    ended: Mutex<BTreeMap<i64, i64>>,
}

impl Tasks {
    fn note(&self, stage: i64, ended: i64) {
        let mut stages = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let known = stages.entry(stage).or_default();
        *known = ended.max(*known);
    }

    /// How many there are.
    pub fn ended(&self) -> u64 {
        let stages = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        stages.values().map(|ended| u64::try_from(*ended).unwrap_or(0)).sum()
    }
}

/// A session of its own: nobody else sees its views.
pub(super) struct Session {
    spark: SparkSession,
    version: String,
}

impl Session {
    /// Connects to the server of `url`, `sc://host:port/;parameter=value`.
    pub fn connect(url: &str, token: Option<&str>, tasks: &Arc<Tasks>) -> Result<Session> {
        reach(url)?;
        let full = match token {
            Some(token) => format!("{}{}token={token}", url.trim_end_matches('/'), separator(url)),
            None => url.to_owned(),
        };
        let spark = SparkSession::builder().remote(&full).get_or_create().map_err(|error| refused(url, &error))?;
        let version = spark.version().map_err(|error| refused(url, &error))?;
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_none_or(|major| major < OLDEST) {
            return Err(Error::new(
                ErrorKind::Engine,
                format!("the server is Spark {version}; Spark {OLDEST} or newer is needed"),
            )
            .hint("take a newer cluster: earlier versions round and order differently"));
        }
        Session { spark, version }.ready(tasks)
    }

    /// Another session on the same connection.
    pub fn another(&self, tasks: &Arc<Tasks>) -> Result<Session> {
        Session { spark: self.spark.new_session(), version: self.version.clone() }.ready(tasks)
    }

    fn ready(self, tasks: &Arc<Tasks>) -> Result<Session> {
        for (key, value) in SETTINGS {
            self.spark.conf().set(key, value).map_err(|error| {
                Error::new(ErrorKind::Engine, format!("the server does not let us set `{key}`")).because(reason(&error))
            })?;
        }
        let tasks = Arc::clone(tasks);
        self.spark.register_progress_handler(move |progress| {
            for stage in &progress.stages {
                tasks.note(stage.stage_id, stage.num_completed_tasks);
            }
        });
        Ok(self)
    }

    /// Version of the Spark that answers.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Runs a statement that gives no rows.
    pub fn run(&self, sql: &str) -> std::result::Result<(), SparkError> {
        self.spark.sql(sql)?.collect().map(drop)
    }

    /// The rows of a small answer.
    pub fn ask(&self, sql: &str) -> Result<RecordBatch> {
        let unreadable = |error: arrow::error::ArrowError| {
            Error::new(ErrorKind::Engine, "an answer of Spark could not be read").because(error)
        };
        let bytes =
            self.spark.sql(sql).and_then(|rows| rows.to_arrow()).map_err(|error| failed("an answer", &error))?;
        let reader = FileReader::try_new(std::io::Cursor::new(bytes), None).map_err(unreadable)?;
        let schema = reader.schema();
        let batches = reader.collect::<std::result::Result<Vec<_>, _>>().map_err(unreadable)?;
        concat_batches(&schema, &batches).map_err(unreadable)
    }

    /// A view over a table of the catalog.
    pub fn view_of_table(&self, view: &str, table: &str) -> std::result::Result<(), SparkError> {
        self.spark.read().table(table).create_or_replace_temp_view(view)
    }

    /// A view over files, and which one each row is from.
    pub fn view_of_files(
        &self,
        view: &str,
        path: &str,
        format: &str,
        schema: Option<&str>,
        options: &[(&'static str, String)],
    ) -> std::result::Result<(), SparkError> {
        let mut reader = self.spark.read().format(format);
        if let Some(schema) = schema {
            reader = reader.schema(schema.to_owned());
        }
        for (key, value) in options {
            reader = reader.option(key, value);
        }
        let rows = reader.load(Some(path)).select_expr(vec!["*", "_metadata.file_path AS _file"]);
        rows.create_or_replace_temp_view(view)
    }

    /// Writes the rows of a query into a folder, or into folders below it by the values of a column.
    pub fn write(&self, sql: &str, place: &str, by: Option<&str>) -> std::result::Result<(), SparkError> {
        let writer = self.spark.sql(sql)?.write().mode("overwrite");
        match by {
            Some(column) => writer.partition_by([column]).parquet(place),
            None => writer.parquet(place),
        }
    }

    /// The columns that a query makes.
    pub fn columns(&self, sql: &str) -> std::result::Result<Vec<FoundColumn>, SparkError> {
        let schema = self.spark.sql(sql)?.schema()?;
        let DataType::Struct { fields } = schema else { return Ok(Vec::new()) };
        let found = |field: StructField| {
            let sql_type = match &field.data_type {
                DataType::String { .. } | DataType::Varchar { .. } | DataType::Char { .. } => Some("VARCHAR"),
                DataType::Boolean => Some("BOOLEAN"),
                DataType::Integer => Some("INTEGER"),
                DataType::Long => Some("BIGINT"),
                DataType::Double => Some("DOUBLE"),
                _ => None,
            };
            FoundColumn { name: field.name, sql_type, said: format!("{:?}", field.data_type).to_uppercase() }
        };
        Ok(fields.into_iter().map(found).collect())
    }

    /// Stops whatever the session is doing.
    pub fn interrupt(&self) {
        // What cannot be stopped ends by itself, and nobody reads it.
        let _ = self.spark.interrupt_all();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The server forgets a session by itself after an hour.
        let _ = self.spark.stop();
    }
}

fn separator(url: &str) -> &'static str {
    if url.contains("/;") { ";" } else { "/;" }
}

/// Whether anybody listens there, so that a server that is not up is told at once.
fn reach(url: &str) -> Result<()> {
    let wrong = || {
        Error::config(format!("`engine.url` is not the address of a Spark Connect server: `{}`", without_secrets(url)))
            .hint("write it as `sc://host:port`, for example `sc://spark.internal:15002`")
    };
    let rest = url.strip_prefix("sc://").ok_or_else(wrong)?;
    let authority = rest.split('/').next().filter(|authority| !authority.is_empty()).ok_or_else(wrong)?;
    let address = if authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        authority.to_owned()
    } else {
        format!("{authority}:15002")
    };
    let unreachable = |error: std::io::Error| {
        Error::new(ErrorKind::Engine, format!("no Spark Connect server answers at `{address}`"))
            .hint("start the cluster, or set `engine.url`; `kind = \"polars\"` runs the same tables in this process")
            .because(error)
    };
    let mut last = std::io::Error::other("the name has no address");
    for address in address.to_socket_addrs().map_err(unreachable)? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(_) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(unreachable(last))
}

/// The address without parameters, which may hold a token.
fn without_secrets(url: &str) -> &str {
    url.split("/;").next().unwrap_or_default()
}

/// The server is there and does not serve us.
fn refused(url: &str, error: &SparkError) -> Error {
    let text = error.message();
    let said =
        Error::new(ErrorKind::Engine, format!("the Spark Connect server at `{}` refuses us", without_secrets(url)));
    let said = said.because(reason(error));
    // 16 and 7 are gRPC's UNAUTHENTICATED and PERMISSION_DENIED.
    if matches!(error.grpc_code(), Some(16 | 7)) || text.contains("UNAUTHENTICATED") {
        return said
            .hint("the token has run out or is wrong: renew the one in the variable that `engine.token_env` names");
    }
    said.hint("is it a Spark Connect server? `engine.url` names its gRPC port, by default 15002")
}

/// A query that Spark cannot plan. Its words then are about names and types.
pub(super) fn wrong_sql(table: &str, error: &SparkError) -> Error {
    match planning(error) {
        true => Error::config(format!("the SQL of `{table}` does not run")).because(reason(error)),
        false => failed(table, error),
    }
}

/// An export that Spark cannot open.
pub(super) fn unreadable_export(name: &str, error: &SparkError) -> Error {
    let text = error.message();
    let missing =
        ["PATH_NOT_FOUND", "TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND", "NO_SUCH_CATALOG", "CATALOG_NOT_FOUND"];
    if missing.iter().any(|class| text.contains(class)) {
        return Error::input(format!("the cluster does not find the export of `{name}`"))
            .hint("files have to be where all executors see them; a table is named as `catalog.schema.name`")
            .because(reason(error));
    }
    if planning(error) {
        return Error::input(format!("the cluster cannot read the export of `{name}`")).because(reason(error));
    }
    failed(name, error)
}

/// Whether Spark gave up before it touched a row.
fn planning(error: &SparkError) -> bool {
    matches!(error.kind, SparkErrorKind::Analysis | SparkErrorKind::Parse)
}

/// A statement that failed while it ran. Its message may hold values of rows, which may be personal; what is shown is the
/// class of the error and, of the cluster's own troubles, which one it is.
pub(super) fn failed(table: &str, error: &SparkError) -> Error {
    let text = error.message();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let engine = |message: String| Error::new(ErrorKind::Engine, message);
    if planning(error) {
        return engine(format!("could not compute `{table}`")).because(reason(error));
    }
    if has(&["No space left on device", "Disk quota exceeded", "DiskOutOfSpace"]) {
        return Error::output(format!("the cluster's disk is full: `{table}` could not be written"))
            .hint("free space where `engine.tables` and the executors' `spark.local.dir` are, then run again");
    }
    if has(&["Permission denied", "AccessDenied", "AccessControlException"]) {
        return Error::output(format!("the cluster may not write `{table}`"))
            .hint("let Spark's user write to the folder that `engine.tables` names");
    }
    if has(&["OutOfMemoryError", "Container killed", "exceeding memory limits"]) {
        return engine(format!("an executor ran out of memory computing `{table}`"))
            .hint("give executors more memory, or set more `spark.sql.shuffle.partitions`");
    }
    if has(&["ExecutorLostFailure", "executor lost", "FetchFailed"]) {
        return engine(format!("executors were lost computing `{table}`, more often than Spark tries again"))
            .hint("look at the cluster, then run again: nothing was published");
    }
    if has(&["OPERATION_CANCELED", "OPERATION_CANCELLED"]) {
        return engine(format!("`{table}` was cancelled on the cluster")).hint("run again: nothing was published");
    }
    if has(&["UNAUTHENTICATED", "PERMISSION_DENIED"]) || matches!(error.grpc_code(), Some(16 | 7)) {
        return engine(format!("the server no longer accepts us, computing `{table}`")).hint(
            "the token has run out: renew the one in the variable that `engine.token_env` names, then run again",
        );
    }
    if matches!(error.grpc_code(), Some(14)) {
        return engine(format!("the connection to the server was lost, computing `{table}`"))
            .hint("look at the cluster, then run again: nothing was published");
    }
    engine(format!("Spark could not compute `{table}`: {}", class(error)))
}

/// The class of an error, which holds no value.
fn class(error: &SparkError) -> String {
    match error.get_condition() {
        Some(class) => class,
        None => format!("{:?}", error.kind),
    }
}

/// What Spark says in its first line, without the plan below it.
fn reason(error: &SparkError) -> String {
    let mut text = error.message();
    if text == format!("[{}]", error.error_class) && !error.message.is_empty() {
        // The client knows no words for that class; the server has sent some.
        text.clone_from(&error.message);
    }
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no reason given").to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_address_is_a_mistake_in_the_pipeline_file() {
        for url in ["localhost:15002", "sc://", "http://a:1", "sc:///;token=secret"] {
            let error = reach(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{url}");
            assert!(!error.message().contains("secret"));
        }
    }

    #[test]
    fn nobody_there_is_told_at_once() {
        // A port that was just given back.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let error = reach(&format!("sc://127.0.0.1:{port}/;token=secret")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Engine);
        assert!(error.message().contains("no Spark Connect server answers") && !error.message().contains("secret"));
    }

    #[test]
    fn what_a_row_holds_is_not_shown() {
        let error = SparkError::connect_msg("[CAST_INVALID_INPUT] the value 'jane@example.org' cannot be cast");
        let shown = failed("orders", &error);
        assert!(!format!("{shown:?}").contains("jane"), "{shown:?}");
        let full = failed("orders", &SparkError::connect_msg("java.io.IOException: No space left on device"));
        assert_eq!(full.kind(), ErrorKind::Output);
    }
}
