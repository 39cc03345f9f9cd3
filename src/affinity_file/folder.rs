//! Results as a folder: tables as a run has them, and a report of what was counted and what was left out.

use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use serde_json::{Value, json};

use super::columns::{PairNames, contracted, pair_column, rule_column};
use super::rules::engine_files;
use super::{PairResult, RuleResult, Source, Units};
use crate::basket_file::{Reason, Report};
use crate::contract::{Table, made_tables};
use crate::error::{Error, Result};
use crate::publish::{TableFolder, TableMetadata};

/// What only a pipeline knows of a pair.
pub(super) const UNKNOWN: [(&str, DataType); 2] =
    [("margin_b_e4", DataType::Int64), ("suppressed_reason", DataType::Utf8)];

pub(super) fn contract(name: &str) -> Result<Table> {
    let found = made_tables().into_iter().find(|table| table.name == name);
    found.ok_or_else(|| Error::internal(format!("`{name}` has no contract")))
}

/// What tables say of the last day that was read, which is the day before as of.
pub(super) fn metadata_of(last_day: Option<i32>) -> TableMetadata {
    let as_of = last_day.and_then(|day| {
        let day = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(i64::from(day) + 1));
        day.ok().map(|day| day.to_string())
    });
    TableMetadata {
        as_of: as_of.unwrap_or_else(|| "not said".to_owned()),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Writes `affinity_ptp.parquet` and `report.json`.
///
/// # Errors
/// Output, when the folder cannot be written.
pub fn write_pairs(result: &PairResult, names: &PairNames<'_>, source: &Source, out: &Path) -> Result<()> {
    let table = contract("affinity_ptp")?;
    let rows = contracted(&table, result.rows.len(), &UNKNOWN, |column| pair_column(column, &result.rows, names))?;
    let mut report = report_of(&result.units, source);
    report["eligible"] = json!(result.eligible);
    report["pair_events"] = json!(result.estimate.pair_events);
    report["tested"] = json!(result.tested);
    report["hypotheses"] = json!(result.hypotheses);
    report["found_at_q_0.05"] = json!(result.found);
    report["rows"] = json!(result.rows.len());
    write(&[(table, rows)], &metadata_of(result.units.last_day), &[("report.json", pretty(&report)?)], out)
}

/// Writes `affinity_rules.parquet`, the files for rule engines and `report.json`.
///
/// # Errors
/// Output, when the folder cannot be written.
pub fn write_rules(result: &RuleResult, source: &Source, out: &Path) -> Result<()> {
    let table = contract("affinity_rules")?;
    let mut by_id = result.rules.clone();
    by_id.sort_by(|one, other| one.rule_id.cmp(&other.rule_id));
    let rows = contracted(&table, by_id.len(), &[], |column| rule_column(column, &by_id, source.level))?;
    let (mut files, counts) = engine_files(result, source.level);
    let mut report = report_of(&result.units, source);
    report["min_count"] = json!(result.least);
    report["sets_by_length"] = json!(result.by_length);
    report["closed"] = json!(result.closed);
    report["maximal"] = json!(result.maximal);
    report["complete_length"] = json!(result.limits.complete_length);
    report["max_length_bound"] = json!(result.limits.max_length_bound);
    report["sets_left_out_at_least"] = json!(result.limits.left_out_at_least);
    report["rules_of_the_confidence"] = json!(result.tested);
    report["redundant"] = json!(result.redundant);
    report["rules_left_out"] = json!(result.over_limit);
    report["rows"] = json!(result.rules.len());
    report["rule_files"] = json!({"rules": counts.rules, "left_out": counts.left_out});
    files.push(("report.json", pretty(&report)?));
    write(&[(table, rows)], &metadata_of(result.units.last_day), &files, out)
}

/// Writes all files of a folder.
pub(super) fn write(
    tables: &[(Table, RecordBatch)],
    metadata: &TableMetadata,
    files: &[(&str, String)],
    out: &Path,
) -> Result<()> {
    let mut folder = TableFolder::create(out)?;
    for (table, rows) in tables {
        folder.write_table(table, metadata, rows.clone())?;
    }
    for (name, content) in files {
        folder.add_file(name, content.as_bytes())?;
    }
    folder.finish()
}

/// How many rows were left out, by reason.
pub(super) fn left_out(report: &Report) -> Value {
    let counted = Reason::ALL.iter().filter(|reason| report.count(**reason) > 0);
    counted.map(|reason| (reason.name().to_owned(), json!(report.count(*reason)))).collect()
}

/// What was read and what of it counts: the same for any order of rows.
fn report_of(units: &Units, source: &Source) -> Value {
    json!({
        "level": source.level.name(),
        "granularity": units.granularity,
        "rows_read": units.report.rows,
        "rows_left_out": left_out(&units.report),
        "rows_repeated": units.repeated,
        "lines_without_group": units.ungrouped,
        "units": units.n_total,
        "products": units.names.len(),
        "huge_units": {
            "units": units.affected.units,
            "lines": units.affected.lines,
            "pair_events": units.affected.pair_events,
            "largest": units.affected.largest,
        },
    })
}

/// JSON for people.
pub(super) fn pretty(report: &Value) -> Result<String> {
    let text = serde_json::to_string_pretty(report);
    text.map(|text| text + "\n").map_err(|error| Error::internal("cannot write JSON").because(error))
}
