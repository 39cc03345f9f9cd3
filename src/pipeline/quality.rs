//! Data-quality checks of the inputs (`spec/inputs.md` 5.4), from what ingest counted.

use serde::Serialize;

use super::rows::Cell;
use crate::config::Config;
use crate::ingest::{InputReport, Staged};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The input should not be used like this.
    Error,
    /// Somebody should look.
    Warn,
    /// Good to know.
    Info,
}

impl Severity {
    /// Its name in the table `data_quality`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warn => "warn",
            Severity::Info => "info",
        }
    }
}

/// One check of one input.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// Name of the check.
    pub check_id: String,
    /// The input.
    pub dataset: String,
    /// The column or reason; empty for the whole input.
    pub column: String,
    /// How much a failure matters.
    pub severity: Severity,
    /// Whether it passed.
    pub passed: bool,
    /// Rows looked at.
    pub rows_checked: u64,
    /// Rows that failed.
    pub rows_failed: u64,
    /// What became of them.
    pub action: String,
    /// The finding in words.
    pub message: String,
}

/// The checks of all inputs that were given, errors first.
pub fn checks(config: &Config, staged: &Staged) -> Vec<Check> {
    let mut checks: Vec<Check> = staged
        .inputs
        .iter()
        .filter(|input| input.given)
        .flat_map(|input| input_checks(config, &input.report))
        .collect();
    checks.sort_by(|a, b| {
        let key = |check: &Check| (check.severity, check.check_id.clone(), check.dataset.clone(), check.column.clone());
        key(a).cmp(&key(b))
    });
    checks
}

/// Rows of the table `data_quality`, sorted by its key.
pub fn quality_rows(checks: &[Check]) -> Vec<Vec<Cell>> {
    let mut sorted: Vec<&Check> = checks.iter().collect();
    sorted.sort_by_key(|check| (&check.check_id, &check.dataset, &check.column));
    sorted
        .into_iter()
        .map(|check| {
            let share = (check.rows_checked > 0).then(|| check.rows_failed as f64 / check.rows_checked as f64);
            vec![
                check.check_id.as_str().into(),
                check.dataset.as_str().into(),
                check.column.as_str().into(),
                check.severity.name().into(),
                if check.passed { "pass" } else { "fail" }.into(),
                (check.rows_checked as i64).into(),
                (check.rows_failed as i64).into(),
                share.into(),
                check.action.as_str().into(),
                check.message.as_str().into(),
            ]
        })
        .collect()
}

/// What became of rows that are not all rows of the staged table: those skipped, and events folded into one row a contact.
fn event_checks(report: &InputReport) -> Vec<Check> {
    let totals = &report.totals;
    let check = |id: &str, column: &str, severity, checked, failed, action: &str, message: String| Check {
        check_id: id.to_owned(),
        dataset: report.input.clone(),
        column: column.to_owned(),
        severity,
        passed: severity == Severity::Info,
        rows_checked: checked,
        rows_failed: failed,
        action: action.to_owned(),
        message,
    };
    let mut checks = Vec::new();
    if totals.skipped > 0 {
        let message = format!("{} of {} rows are of a kind that `skip` names", totals.skipped, totals.read);
        checks.push(check("fold.skipped", "", Severity::Info, totals.read, totals.skipped, "left out", message));
    }
    if totals.folded > 0 {
        let message = format!("{} events became {} rows", totals.staged + totals.folded, totals.staged);
        checks.push(check("fold.events", "", Severity::Info, totals.read, totals.folded, "folded", message));
    }
    for (state, &rows) in report.completeness.iter().filter(|(state, _)| *state != "whole") {
        let lacks = match state.as_str() {
            "no_beginning" => "no event that begins them",
            "no_end" => "no event that ends them",
            _ => "neither an event that begins them nor one that ends them",
        };
        let message = format!("{rows} of {} contacts have {lacks}", totals.staged);
        checks.push(check("fold.incomplete", state, Severity::Warn, totals.staged, rows, "marked", message));
    }
    checks
}

fn input_checks(config: &Config, report: &InputReport) -> Vec<Check> {
    let totals = &report.totals;
    let check = |id: &str, column: &str, severity, passed, failed, action: &str, message: String| Check {
        check_id: id.to_owned(),
        dataset: report.input.clone(),
        column: column.to_owned(),
        severity,
        passed,
        rows_checked: totals.read,
        rows_failed: failed,
        action: action.to_owned(),
        message,
    };
    let mut checks = Vec::new();
    for (reason, &rows) in report.reasons.iter().filter(|(reason, _)| *reason != "superseded") {
        let message = format!("{rows} of {} rows rejected: {reason}", totals.read);
        checks.push(check("schema.type", reason, Severity::Warn, rows == 0, rows, "rejected", message));
    }
    for (repair, columns) in &report.repairs {
        for (column, &rows) in columns {
            let message = format!("`{column}` of {rows} of {} rows: {}", totals.read, repair.message());
            let severity = if repair.is_note() { Severity::Info } else { Severity::Warn };
            checks.push(check(repair.check_id(), column, severity, repair.is_note(), rows, repair.action(), message));
        }
    }
    checks.extend(event_checks(report));
    let too_many = totals.rejected as f64 > config.gates.max_reject_ratio * totals.read as f64;
    checks.push(check(
        "reject.ratio",
        "",
        if too_many { Severity::Error } else { Severity::Info },
        !too_many,
        totals.rejected,
        "rejected",
        format!("{} of {} rows rejected", totals.rejected, totals.read),
    ));
    checks.push(check(
        "dup.exact",
        "",
        Severity::Info,
        totals.duplicate == 0,
        totals.duplicate,
        "dropped",
        format!("{} of {} rows repeat another, or are older versions of one", totals.duplicate, totals.read),
    ));
    checks.push(check(
        "time.future",
        "",
        if totals.out_of_window == 0 { Severity::Info } else { Severity::Warn },
        totals.out_of_window == 0,
        totals.out_of_window,
        "left out",
        format!("{} of {} rows are not before as_of", totals.out_of_window, totals.read),
    ));
    if matches!(report.input.as_str(), "transactions" | "interactions") {
        let share = if totals.rows() == 0 { 0.0 } else { totals.anonymous as f64 / totals.rows() as f64 };
        let severity = match share {
            share if share > config.gates.max_anonymous_ratio => Severity::Error,
            share if share > 0.05 => Severity::Warn,
            _ => Severity::Info,
        };
        checks.push(check(
            "missing.pct",
            "customer_id",
            severity,
            severity == Severity::Info,
            totals.anonymous,
            "kept",
            format!("{} of {} rows name no customer", totals.anonymous, totals.rows()),
        ));
    }
    for column in &report.unmapped {
        let message = format!("column `{column}` of the files is not mapped");
        checks.push(check("schema.unmapped", column, Severity::Info, true, 0, "ignored", message));
    }
    for column in &report.absent {
        let message = format!("column `{column}` of the contract is not mapped, and absent");
        checks.push(check("schema.absent", column, Severity::Info, true, 0, "absent", message));
    }
    checks
}
