//! `customer_ltv` of a summary file, and all tables onto the disk.

use super::read::Reject;
use super::{Analysis, Options, Summary, epoch_day};
use crate::contract::made_tables;
use crate::error::{Error, Result};
use crate::models::lifetime_tables::{Read, scored};
use crate::models::lifetime_value::frozen::ALL;
use crate::models::lifetime_value::scores::Score;
use crate::models::lifetime_value::study::Findings;
use crate::models::{Rows, Values};
use crate::publish::{TableFolder, TableMetadata};

/// The horizon in days, to the nearest.
pub fn horizon_days(options: &Options) -> i64 {
    (options.horizon * options.unit_days).round() as i64
}

/// `customer_ltv`: as the run makes it of `history_scores` and histories, all of them customers who may be scored.
pub fn customer_ltv(summary: &Summary, options: &Options, read: &Read, findings: &Findings) -> Rows {
    let rows = &summary.rows;
    let is_scored = findings.insufficient.is_none();
    let mut scores = scored::history_scores(&read.subjects.customer_no, &findings.scores);
    if !is_scored {
        // Nobody has a score: a row of nothing for each.
        scores = scores.into_iter().map(|values| nothing_of(&values, rows.len())).collect();
    }
    let model = findings.choice.as_ref().and_then(|choice| Some(choice.judged[choice.chosen?].model));
    let status = |(row, score): (usize, &Option<Score>)| {
        let mean = read.subjects.rows[row].customer.spend_mean;
        let status = match (score.as_ref(), mean) {
            (None, _) => "insufficient_data",
            (Some(_), None) => "value_unknown",
            (Some(score), Some(_)) if score.value_horizon.is_some() => "ok",
            (Some(_), Some(mean)) if mean < 0.0 => "value_negative",
            (Some(_), Some(_)) => "spend_insufficient_data",
        };
        Some(status.to_owned())
    };
    let all = |text: Option<&str>| Values::Text(vec![text.map(str::to_owned); rows.len()]);
    let date = |values: Values| match (options.as_of.map(epoch_day), values) {
        // What comes within the first day comes on it: as of is the first day that was not read.
        (Some(day), Values::Whole(days)) => {
            Values::Whole(days.into_iter().map(|days| days.map(|days| i64::from(day) - 1 + days)).collect())
        }
        _ => Values::Whole(vec![None; rows.len()]),
    };
    let mut columns = vec![
        Values::Text(rows.iter().map(|row| Some(row.customer_id.clone())).collect()),
        all(Some(ALL)),
        all(model.filter(|_| is_scored)),
        Values::Text(findings.scores.iter().enumerate().map(status).collect()),
        Values::Whole(rows.iter().map(|row| Some(i64::from(row.history.frequency))).collect()),
        Values::Double(rows.iter().map(|row| Some(row.history.recency)).collect()),
        Values::Double(rows.iter().map(|row| Some(row.history.age)).collect()),
        Values::Whole(rows.iter().map(|row| row.mean_value_e4).collect()),
    ];
    // The number, six columns of purchases, two waits in days, and the value.
    let mut scores = scores.into_iter().skip(1);
    columns.extend(scores.by_ref().take(6));
    columns.extend(scores.by_ref().take(2).map(date));
    columns.extend(scores);
    columns.push(Values::Whole(vec![Some(horizon_days(options)); rows.len()]));
    columns.push(Values::Double(vec![Some(options.annual_discount_rate); rows.len()]));
    columns
}

fn nothing_of(values: &Values, rows: usize) -> Values {
    match values {
        Values::Text(_) => Values::Text(vec![None; rows]),
        Values::Whole(_) => Values::Whole(vec![None; rows]),
        Values::Double(_) => Values::Double(vec![None; rows]),
        Values::Boolean(_) => Values::Boolean(vec![None; rows]),
        Values::Array(array) => Values::Array(arrow::array::new_null_array(array.data_type(), rows)),
    }
}

/// Writes all tables and the list of rejects.
pub fn write(analysis: &Analysis, rejects: &[Reject], options: &Options) -> Result<()> {
    let metadata = TableMetadata {
        as_of: options.as_of.map_or_else(|| "not said".to_owned(), |day| day.to_string()),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let contracts = made_tables();
    let mut folder = TableFolder::create(&options.out)?;
    for (name, rows) in &analysis.tables {
        let contract = contracts.iter().find(|table| table.name == *name);
        let contract = contract.ok_or_else(|| Error::internal(format!("`{name}` has no contract")))?;
        folder.write_table(contract, &metadata, rows.clone())?;
    }
    folder.add_file("rejects.csv", &list(rejects)?)?;
    folder.finish()
}

fn list(rejects: &[Reject]) -> Result<Vec<u8>> {
    let failed = |error: csv::Error| Error::internal("could not write rejects as CSV").because(error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["row", "line", "reason"]).map_err(failed)?;
    for Reject { row, line, reason } in rejects {
        writer.write_record([&row.to_string(), &line.to_string(), reason]).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Error::internal("could not write rejects as CSV").because(error.into_error()))
}
