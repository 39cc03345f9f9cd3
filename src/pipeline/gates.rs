//! What holds a run back: too many rejected rows, groups of customers that changed too much, sums that do not come out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, Int64Array, StringArray};
use arrow::datatypes::Decimal128Type;
use arrow::record_batch::RecordBatch;

use super::refusals::money;
use crate::config::Gates;
use crate::contract::{LEADING, SCALE};
use crate::engine::ask;
use crate::error::{Error, Result};
use crate::ingest::Staged;
use crate::publish::{GateVerdict, RunRef, table_path};

/// The verdict of the gate on rejected rows, one for each input that was given.
pub fn reject_ratio(gates: &Gates, staged: &Staged) -> Vec<GateVerdict> {
    let given = staged.inputs.iter().filter(|input| input.given && input.report.totals.read > 0);
    given
        .map(|input| {
            let totals = &input.report.totals;
            let ratio = totals.rejected as f64 / totals.read as f64;
            GateVerdict {
                name: "max_reject_ratio".to_owned(),
                subject: input.input.name.to_owned(),
                value: ratio,
                limit: gates.max_reject_ratio,
                held: ratio > gates.max_reject_ratio,
                message: format!("{} of {} rows of {} rejected", totals.rejected, totals.read, input.input.name),
            }
        })
        .collect()
}

/// The verdict on a run without a single transaction in its window, or interaction where there are no transactions: an
/// export that did not arrive, or a wrong `as_of`.
pub fn no_transactions(staged: &Staged) -> Option<GateVerdict> {
    let given = |name: &str| staged.inputs.iter().find(|input| input.given && input.input.name == name);
    let leading = LEADING.iter().find_map(|name| given(name))?;
    let (name, totals) = (leading.input.name, &leading.report.totals);
    Some(GateVerdict {
        name: format!("no_{name}"),
        subject: name.to_owned(),
        value: totals.staged as f64,
        limit: 1.0,
        held: totals.staged == 0,
        message: format!("{} of {} rows of {name} are staged", totals.staged, totals.read),
    })
}

/// The verdicts of the gate on the size of groups of customers against the previous run: those that changed at all beyond
/// the limit, and one that sums up the others.
pub fn population_change(gates: &Gates, building: &Path, previous: Option<&RunRef>) -> Result<Vec<GateVerdict>> {
    let now = table_path(building, "populations");
    let Some(previous) = previous else { return Ok(Vec::new()) };
    let before = previous.table("populations");
    if !now.exists() || !before.exists() {
        return Ok(Vec::new());
    }
    let (now, before) = (populations(&now)?, populations(&before)?);
    let mut verdicts = Vec::new();
    let mut largest = 0.0f64;
    for (group, &was) in before.iter().filter(|(_, was)| **was >= gates.min_population as i64) {
        let is = now.get(group).copied().unwrap_or(0);
        let change = (is - was) as f64 / was as f64;
        if change.abs() > gates.max_population_change {
            verdicts.push(GateVerdict {
                name: "max_population_change".to_owned(),
                subject: group.clone(),
                value: change,
                limit: gates.max_population_change,
                held: true,
                message: format!("{group} had {was} customers in run {}, and has {is}", previous.id),
            });
        } else {
            largest = largest.max(change.abs());
        }
    }
    verdicts.push(GateVerdict {
        name: "max_population_change".to_owned(),
        subject: "all other groups".to_owned(),
        value: largest,
        limit: gates.max_population_change,
        held: false,
        message: format!("the largest change against run {}", previous.id),
    });
    Ok(verdicts)
}

/// The verdicts on the sums: every staged transaction line, and its amount, is in exactly one class of `line_totals`.
pub fn reconciliation(building: &Path, staged: &Staged) -> Result<Vec<GateVerdict>> {
    let path = table_path(building, "line_totals");
    let transactions = staged.inputs.iter().find(|input| input.input.name == "transactions");
    let (true, Some(transactions)) = (path.exists(), transactions) else { return Ok(Vec::new()) };
    let totals = &transactions.report.totals;
    let (mut lines, mut amount_e4) = (0, 0);
    for batch in ask(&[("line_totals".to_owned(), path)], "SELECT lines, amount FROM line_totals")? {
        let (Some(of_lines), Some(of_amounts)) =
            (whole(&batch, 0), batch.column(1).as_primitive_opt::<Decimal128Type>())
        else {
            return Err(Error::internal("the table `line_totals` has other columns than its contract"));
        };
        lines += of_lines.iter().flatten().map(i128::from).sum::<i128>();
        amount_e4 += of_amounts.iter().flatten().sum::<i128>();
    }
    let verdict = |what: &str, missing: f64, message: String| GateVerdict {
        name: "recon.totals".to_owned(),
        subject: what.to_owned(),
        value: missing,
        limit: 0.0,
        held: missing != 0.0,
        message,
    };
    let missing_e4 = totals.amount_staged_e4 - amount_e4;
    let (in_classes, of_all) = (money(amount_e4), money(totals.amount_staged_e4));
    Ok(vec![
        verdict(
            "line_totals",
            (i128::from(totals.staged) - lines) as f64,
            format!("{lines} of {} staged lines are in a class", totals.staged),
        ),
        verdict(
            "line_totals.amount",
            missing_e4 as f64 / SCALE as f64,
            format!("lines in a class amount to {in_classes}, and all that are staged to {of_all}"),
        ),
    ])
}

/// The verdict on the targets: everybody who is eligible for a campaign is in one arm or suppressed for one reason.
pub fn targets(building: &Path) -> Result<Option<GateVerdict>> {
    let tables = ["campaign_counts", "campaign_suppressions"];
    let tables = tables.map(|name| (name.to_owned(), table_path(building, name)));
    if tables.iter().any(|(_, path)| !path.exists()) {
        return Ok(None);
    }
    let sql = "WITH reasons AS (\
                 SELECT campaign_id, SUM(customers) AS customers FROM campaign_suppressions GROUP BY campaign_id\
               ), campaigns AS (\
                 SELECT c.eligible AS eligible, \
                 ABS(c.eligible - c.treat - c.control - c.global_holdout - COALESCE(r.customers, 0)) AS missing \
                 FROM campaign_counts AS c LEFT JOIN reasons AS r ON c.campaign_id = r.campaign_id\
               ) \
               SELECT CAST(COALESCE(SUM(missing), 0) AS BIGINT) AS missing, \
               CAST(COALESCE(SUM(eligible), 0) AS BIGINT) AS eligible FROM campaigns";
    let rows = ask(&tables, sql)?;
    let value = |column| {
        let value = rows.first().and_then(|batch| whole(batch, column)).and_then(|value| value.iter().next().flatten());
        value.ok_or_else(|| Error::internal("the counts of campaigns cannot be summed"))
    };
    let (missing, eligible) = (value(0)?, value(1)?);
    Ok(Some(GateVerdict {
        name: "recon.targets".to_owned(),
        subject: "campaign_targets".to_owned(),
        value: missing as f64,
        limit: 0.0,
        held: missing != 0,
        message: format!("{missing} of {eligible} eligible customers of campaigns are in no arm and have no reason"),
    }))
}

fn populations(path: &Path) -> Result<BTreeMap<String, i64>> {
    let tables: [(String, PathBuf); 1] = [("populations".to_owned(), path.to_path_buf())];
    let mut groups = BTreeMap::new();
    for batch in ask(&tables, "SELECT kind, name, customers FROM populations")? {
        let (Some(kinds), Some(names), Some(sizes)) = (words(&batch, 0), words(&batch, 1), whole(&batch, 2)) else {
            return Err(Error::internal("the table `populations` has other columns than its contract"));
        };
        for row in 0..batch.num_rows() {
            groups.insert(format!("{} {}", kinds.value(row), names.value(row)), sizes.value(row));
        }
    }
    Ok(groups)
}

fn words(batch: &RecordBatch, column: usize) -> Option<&StringArray> {
    batch.column(column).as_any().downcast_ref()
}

fn whole(batch: &RecordBatch, column: usize) -> Option<&Int64Array> {
    batch.column(column).as_any().downcast_ref()
}
