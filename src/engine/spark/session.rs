//! One Spark Connect session: statements in, small answers out, and Spark's errors as ours.

use std::collections::BTreeMap;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow_ipc::reader::StreamReader;
use spark_connect_core::SparkError;
use spark_connect_proto::analyze_plan_request::{Analyze, Schema, SparkVersion};
use spark_connect_proto::command::CommandType;
use spark_connect_proto::data_type::Kind;
use spark_connect_proto::execute_plan_response::ResponseType;
use spark_connect_proto::expression::{ExprType, ExpressionString};
use spark_connect_proto::plan::OpType;
use spark_connect_proto::read::{DataSource, NamedTable, ReadType};
use spark_connect_proto::relation::RelType;
use spark_connect_proto::write_operation::{SaveMode, SaveType};
use spark_connect_proto::{
    Command, CreateDataFrameViewCommand, DataType, Expression, Plan, Project, Read, Relation, Sql, WriteOperation,
    analyze_plan_response, data_type,
};

use super::super::found::FoundColumn;
use super::super::spark_quote as quote;
use super::client::{Answer, Client};
use super::failures::{failed, reason, refused};
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

/// Files for the cluster to read.
pub(super) struct Files<'f> {
    /// As the cluster calls them; folders too.
    pub paths: &'f [String],
    pub format: &'static str,
    /// Names and types of their columns; left out, as they say themselves.
    pub schema: Option<&'f str>,
    pub options: &'f [(&'static str, String)],
}

/// A session of its own: nobody else sees its views.
pub(super) struct Session {
    client: Client,
    version: String,
    tasks: Arc<Tasks>,
}

impl Session {
    /// Connects to the server of `url`, `sc://host:port/;parameter=value`.
    pub fn connect(url: &str, token: Option<&str>, tasks: &Arc<Tasks>) -> Result<Session> {
        reach(url)?;
        let full = match token {
            Some(token) => format!("{}{}token={token}", url.trim_end_matches('/'), separator(url)),
            None => url.to_owned(),
        };
        let refused = |error: SparkError| refused(without_secrets(url), &error);
        let client = Client::new(&full).map_err(refused)?;
        let version = match client.analyze(Analyze::SparkVersion(SparkVersion {})).map_err(refused)? {
            analyze_plan_response::Result::SparkVersion(said) => said.version,
            _ => String::new(),
        };
        new_enough(&version)?;
        Session { client, version, tasks: Arc::clone(tasks) }.ready()
    }

    /// Another session on the same connection.
    pub fn another(&self) -> Result<Session> {
        Session { client: self.client.another(), version: self.version.clone(), tasks: Arc::clone(&self.tasks) }.ready()
    }

    fn ready(self) -> Result<Session> {
        for (key, value) in SETTINGS {
            self.client.set(key, value).map_err(|error| {
                Error::new(ErrorKind::Engine, format!("the server does not let us set `{key}`")).because(reason(&error))
            })?;
        }
        Ok(self)
    }

    /// Version of the Spark that answers.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Runs a statement that gives no rows.
    pub fn run(&self, sql: &str) -> Answer<()> {
        self.execute(OpType::Root(query(sql)), &mut |_| Ok(()))
    }

    /// The rows of a small answer.
    pub fn ask(&self, sql: &str) -> Result<RecordBatch> {
        let mut batches = Vec::new();
        let mut take = |data: &[u8]| -> std::result::Result<(), arrow::error::ArrowError> {
            for batch in StreamReader::try_new(data, None)? {
                batches.push(batch?);
            }
            Ok(())
        };
        self.execute(OpType::Root(query(sql)), &mut |kind| match kind {
            ResponseType::ArrowBatch(batch) => {
                take(&batch.data).map_err(|error| SparkError::connect_msg(error.to_string()))
            }
            _ => Ok(()),
        })
        .map_err(|error| failed("an answer", &error))?;
        let unreadable = || Error::new(ErrorKind::Engine, "an answer of Spark could not be read");
        let schema = batches.first().ok_or_else(unreadable)?.schema();
        concat_batches(&schema, &batches).map_err(|error| unreadable().because(error))
    }

    /// A view over a query. It holds the plan: a view over views is not analysed from the beginning.
    pub fn view_of_query(&self, view: &str, sql: &str) -> Answer<()> {
        self.view(view, query(sql))
    }

    /// A view over a table of the catalog.
    pub fn view_of_table(&self, view: &str, table: &str) -> Answer<()> {
        let table = NamedTable { unparsed_identifier: table.to_owned(), ..NamedTable::default() };
        self.view(view, read(ReadType::NamedTable(table)))
    }

    /// A view over `columns`, expressions of SQL, of the rows of files.
    pub fn view_of_files(&self, view: &str, files: &Files<'_>, columns: &[String]) -> Answer<()> {
        let rows = read(ReadType::DataSource(DataSource {
            format: Some(files.format.to_owned()),
            schema: files.schema.map(str::to_owned),
            options: files.options.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
            paths: files.paths.to_vec(),
            ..DataSource::default()
        }));
        let expression = |column: &String| Expression {
            expr_type: Some(ExprType::ExpressionString(ExpressionString { expression: column.clone() })),
            ..Expression::default()
        };
        let expressions = columns.iter().map(expression).collect();
        self.view(view, relation(RelType::Project(Box::new(Project { input: Some(Box::new(rows)), expressions }))))
    }

    fn view(&self, name: &str, input: Relation) -> Answer<()> {
        let name = quote::name(name);
        self.command(CommandType::CreateDataframeView(CreateDataFrameViewCommand {
            input: Some(input),
            name,
            is_global: false,
            replace: true,
        }))
    }

    /// Writes the rows of a query into a folder, or into folders below it by the values of a column.
    pub fn write(&self, sql: &str, place: &str, by: Option<&str>) -> Answer<()> {
        self.command(CommandType::WriteOperation(WriteOperation {
            input: Some(query(sql)),
            source: Some("parquet".into()),
            mode: SaveMode::Overwrite.into(),
            partitioning_columns: by.map(str::to_owned).into_iter().collect(),
            save_type: Some(SaveType::Path(place.to_owned())),
            ..WriteOperation::default()
        }))
    }

    /// The columns that a query makes.
    pub fn columns(&self, sql: &str) -> Answer<Vec<FoundColumn>> {
        let plan = Plan { op_type: Some(OpType::Root(query(sql))) };
        let answer = self.client.analyze(Analyze::Schema(Schema { plan: Some(plan) }))?;
        let analyze_plan_response::Result::Schema(analyze_plan_response::Schema { schema: Some(schema) }) = answer
        else {
            return Ok(Vec::new());
        };
        let Some(Kind::Struct(data_type::Struct { fields, .. })) = schema.kind else { return Ok(Vec::new()) };
        Ok(fields.into_iter().map(|field| found(field.name, field.data_type)).collect())
    }

    /// Stops whatever the session is doing.
    pub fn interrupt(&self) {
        self.client.interrupt();
    }

    fn command(&self, command: CommandType) -> Answer<()> {
        self.execute(OpType::Command(Command { command_type: Some(command) }), &mut |_| Ok(()))
    }

    fn execute(&self, plan: OpType, take: &mut dyn FnMut(ResponseType) -> Answer<()>) -> Answer<()> {
        self.client.execute(Plan { op_type: Some(plan), ..Plan::default() }, &mut |kind| match kind {
            ResponseType::ExecutionProgress(progress) => {
                for stage in &progress.stages {
                    self.tasks.note(stage.stage_id, stage.num_completed_tasks);
                }
                Ok(())
            }
            kind => take(kind),
        })
    }
}

fn relation(kind: RelType) -> Relation {
    Relation { rel_type: Some(kind), ..Relation::default() }
}

fn read(from: ReadType) -> Relation {
    relation(RelType::Read(Read { read_type: Some(from), is_streaming: false }))
}

fn query(sql: &str) -> Relation {
    relation(RelType::Sql(Sql { query: sql.to_owned(), ..Sql::default() }))
}

/// A column of a query, with the type that our SQL would name it by.
fn found(name: String, data_type: Option<DataType>) -> FoundColumn {
    let kind = data_type.and_then(|data_type| data_type.kind);
    let sql_type = match &kind {
        Some(Kind::String(_) | Kind::VarChar(_) | Kind::Char(_)) => Some("VARCHAR"),
        Some(Kind::Boolean(_)) => Some("BOOLEAN"),
        Some(Kind::Integer(_)) => Some("INTEGER"),
        Some(Kind::Long(_)) => Some("BIGINT"),
        Some(Kind::Double(_)) => Some("DOUBLE"),
        _ => None,
    };
    let said = match kind {
        Some(Kind::Decimal(of)) => format!("DECIMAL({}, {})", of.precision.unwrap_or(10), of.scale.unwrap_or(0)),
        Some(kind) => format!("{kind:?}").split('(').next().unwrap_or_default().to_uppercase(),
        None => "nothing".into(),
    };
    FoundColumn { name, sql_type, said }
}

/// Refuses a Spark whose SQL is another.
fn new_enough(version: &str) -> Result<()> {
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_some_and(|major| major >= OLDEST) {
        return Ok(());
    }
    let said = format!("the server is Spark {version}; Spark {OLDEST} or newer is needed");
    Err(Error::new(ErrorKind::Engine, said).hint("take a newer cluster: earlier versions round and order differently"))
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
    fn an_old_spark_is_refused() {
        for version in ["4.0.0", "4.3.0", "5.0.0-preview1", "4.1.0-amzn-0", "17.3.x-scala2.13"] {
            new_enough(version).unwrap();
        }
        for version in ["3.5.7", "", "unknown"] {
            let error = new_enough(version).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Engine, "{version}");
            assert!(error.hint_text().is_some());
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
}
