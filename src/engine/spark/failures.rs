//! Spark's errors as ours: what went wrong, the next step, and no value of a row.

use spark_connect_core::{SparkError, SparkErrorKind};

use super::client::SILENT;
use crate::error::{Error, ErrorKind};

/// The server is there and does not serve us.
pub(super) fn refused(address: &str, error: &SparkError) -> Error {
    let text = error.message();
    let said = Error::new(ErrorKind::Engine, format!("the Spark Connect server at `{address}` refuses us"));
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
    if text.contains("FAILED_READ_FILE") {
        return Error::input("the file is cut, damaged or of an unknown kind; no row of it was kept")
            .hint("ask for the file again, and compare its size and checksum")
            .because(reason(error));
    }
    if planning(error) {
        return Error::input(format!("the cluster cannot read the export of `{name}`"))
            .hint("if a column is of a type that Spark does not know, write it otherwise: moments of nanoseconds in microseconds")
            .because(reason(error));
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
    // The cause stays in the server's log.
    if has(&["TASK_WRITE_FAILED"]) {
        return Error::output(format!("the cluster could not write `{table}`")).hint(
            "free space where `engine.tables` and the executors' `spark.local.dir` are, and let Spark's user write there; \
             the server's log has the cause",
        );
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
    if has(&["INVALID_HANDLE", "SESSION_CLOSED", "SESSION_CHANGED"]) {
        return engine(format!("the server has forgotten our session, computing `{table}`"))
            .hint("it was restarted, or ended the session by itself; run again: nothing was published");
    }
    if matches!(error.grpc_code(), Some(14)) || text == SILENT {
        return engine(format!("the connection to the server was lost, computing `{table}`"))
            .hint("look at the cluster, then run again: nothing was published");
    }
    engine(format!("Spark could not compute `{table}`: {}", class(error)))
        .hint("the server's log has its words, which may hold values of rows; nothing was published")
}

/// The class of an error, which holds no value.
fn class(error: &SparkError) -> String {
    match error.get_condition() {
        Some(class) => class,
        None => format!("{:?}", error.kind),
    }
}

/// What Spark says in its first line, without the plan below it.
pub(super) fn reason(error: &SparkError) -> String {
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
    fn what_a_row_holds_is_not_shown() {
        let error = SparkError::connect_msg("[CAST_INVALID_INPUT] the value 'jane@example.org' cannot be cast");
        let shown = failed("orders", &error);
        assert!(!format!("{shown:?}").contains("jane"), "{shown:?}");
        let full = failed("orders", &SparkError::connect_msg("java.io.IOException: No space left on device"));
        assert_eq!(full.kind(), ErrorKind::Output);
        let unwritten =
            failed("orders", &SparkError::connect_msg("[TASK_WRITE_FAILED] Task failed while writing rows to x"));
        assert_eq!(unwritten.kind(), ErrorKind::Output);
        assert!(failed("orders", &SparkError::connect_msg("whatever")).hint_text().is_some());
    }
}
