//! `patronage backtest`: what the model of attrition would have said on past nights, and what came of it.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Decimal128Type, Float64Type};
use arrow::util::display::array_value_to_string;
use jiff::civil::Date;

use super::args::{GlobalArgs, parse_duration};
use super::output::{deliver, writing};
use super::render::{self, RowFormat, Style, align};
use super::{pipeline_file, progress, signals};
use crate::contract::SCALE;
use crate::error::{Error, Result};
use crate::monitor::Event;
use crate::pipeline::{self, Backtest, BacktestOptions, RunOptions, Top};

const EXAMPLES: &str = "\
Examples:
  patronage backtest                                       all past nights that the exports allow
  patronage backtest --from 2025-01-01 --to 2025-12-31 --step 30
  patronage backtest --top 500 --format csv > backtest.csv whom a campaign of 500 letters would have kept";

const NOTES: &str = "\
Each night learns from what was known before it, as `patronage run` of that night would have, and scores its customers. Then \
the days after it say who left. Nights need `horizon_days` and `gap_days` of `[attrition.model]` after them, and before them \
these again, `step_days` and `eligible_days`.

  baselines     days since the last purchase (recency), RFM cell, probability of being alive: a model has to beat them
  lift          who left among the tenth with the highest scores, against all
  less_recency  log loss less that of recency on the same customers; when its whole interval is below 0, the model is better
  lost_top      net revenue of the year before of those who left, and whom a campaign by value at risk would have reached

DIR gets attrition_backtest and attrition_backtest_bins as Parquet, with regions and value tiers too. Nothing is published.";

/// What the model of attrition would have said on past nights, and what came of it
#[derive(Debug, clap::Args)]
#[command(before_long_help = EXAMPLES, after_long_help = NOTES)]
pub struct Args {
    /// The pipeline file, or its folder [default: `--config`, else the nearest `patronage.toml`]
    pipeline: Option<PathBuf>,
    /// The first night [default: the first that the exports allow]
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// No night after this one [default: the last whose outcome is known]
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// Days from night to night [default: `step_days` of `[attrition.model]`]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    step: Option<u32>,
    /// Whom a campaign would have reached, by value at risk: a number of customers, or a share such as `10%`
    #[arg(long, value_name = "N", default_value = "10%", value_parser = parse_top)]
    top: Top,
    /// Read only rows before this day [default: the day after the newest transaction]
    #[arg(long, value_name = "DATE", env = "PATRONAGE_AS_OF")]
    as_of: Option<Date>,
    /// Wait this long for a run to end [default: do not wait]
    #[arg(long, value_name = "TIME", env = "PATRONAGE_WAIT", value_parser = parse_duration)]
    wait: Option<Duration>,
    /// The folder for the tables [default: `backtests/` in the output folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How the figures are written to stdout; a `table` has those of all customers, the others have all
    #[arg(long, value_name = "FORMAT", env = "PATRONAGE_FORMAT", default_value = "table")]
    format: RowFormat,
}

fn parse_top(text: &str) -> Result<Top, String> {
    let wrong = || "write a whole number of customers from 1, or a share from `1%` to `100%`".to_owned();
    let (number, is_share) = text.strip_suffix('%').map_or((text, false), |number| (number, true));
    match number.trim().parse::<u64>() {
        Ok(percent @ 1..=100) if is_share => Ok(Top::Percent(percent)),
        Ok(customers) if !is_share && customers > 0 => Ok(Top::Customers(customers)),
        _ => Err(wrong()),
    }
}

pub fn run(args: Args, global: &GlobalArgs) -> Result<()> {
    if args.format == RowFormat::Parquet && io::stdout().is_terminal() {
        return Err(Error::usage("Parquet is not for a terminal").hint("`attrition_backtest.parquet` has all of it"));
    }
    let loaded = pipeline_file::load(args.pipeline.as_deref(), global)?;
    let options = BacktestOptions {
        from: args.from,
        to: args.to,
        step_days: args.step,
        top: args.top,
        out: args.out,
        run: RunOptions {
            as_of: args.as_of,
            threads: global.threads,
            memory: global.memory,
            wait: args.wait.unwrap_or_default(),
            secrets: pipeline_file::secrets(&loaded),
            engine_token: pipeline_file::engine_token(&loaded),
            ..RunOptions::default()
        },
    };
    let cancel = signals::cancel_on_signal()?;
    let monitor = progress::monitor(global);
    let made = pipeline::backtest(&loaded, &options, monitor.as_ref(), &cancel)?;
    monitor.event(Event::Note { message: format!("the tables are in `{}`", made.folder.display()) });
    show(&made, args.format)
}

/// What people are shown: heading, column, decimals.
const SHOWN: [(&str, &str, usize); 15] = [
    ("as_of", "as_of", 0),
    ("model", "model", 0),
    ("chosen", "chosen", 0),
    ("grade", "grade", 0),
    ("eligible", "eligible", 0),
    ("left", "events", 0),
    ("auc", "auc", 3),
    ("lo", "auc_lo", 3),
    ("hi", "auc_hi", 3),
    ("lift", "lift_10", 2),
    ("lo", "lift_10_lo", 2),
    ("hi", "lift_10_hi", 2),
    ("slope", "slope", 2),
    ("less_recency", "less_recency", 4),
    ("lost_top", "value_lost_top", 0),
];

/// The name of the table in the folder.
const TABLE: &str = "attrition_backtest";

fn show(made: &Backtest, format: RowFormat) -> Result<()> {
    let tables = [(TABLE.to_owned(), made.folder.join(format!("{TABLE}.parquet")))];
    if format != RowFormat::Table {
        let rows = pipeline_file::ask(&tables, &format!("SELECT * FROM {TABLE}"))?;
        return deliver(None, |out| render::write(&rows, Style::of(format), out)).map(|_| ());
    }
    let rows = pipeline_file::ask(&tables, &format!("SELECT * FROM {TABLE} WHERE stratum = 'all'"))?;
    let mut lines = vec![SHOWN.iter().map(|shown| shown.0.to_owned()).collect::<Vec<_>>()];
    let mut reasons = Vec::new();
    for batch in &rows.batches {
        for row in 0..batch.num_rows() {
            let cells: Result<Vec<String>> =
                SHOWN.iter().map(|(_, column, decimals)| cell(batch, column, row, *decimals)).collect();
            lines.push(cells?);
            let reason = cell(batch, "reason", row, 0)?;
            if !reason.is_empty() {
                reasons.push(format!(
                    "{}, {}: {reason}\n",
                    cell(batch, "as_of", row, 0)?,
                    cell(batch, "model", row, 0)?
                ));
            }
        }
    }
    let is_number = |column: &str| !["as_of", "model", "chosen", "grade"].contains(&column);
    let text = align(&lines, &SHOWN.map(|(_, column, _)| is_number(column))) + &reasons.concat();
    deliver(None, |out| writing(out.write_all(text.as_bytes())))
}

/// A value for people; nothing for null.
fn cell(batch: &RecordBatch, column: &str, row: usize, decimals: usize) -> Result<String> {
    let lacking = || Error::internal(format!("`{TABLE}` lacks `{column}`"));
    let array = batch.column_by_name(column).ok_or_else(lacking)?;
    if array.is_null(row) {
        return Ok(String::new());
    }
    if let Some(numbers) = array.as_primitive_opt::<Float64Type>() {
        return Ok(format!("{:.decimals$}", numbers.value(row)));
    }
    if let Some(money) = array.as_primitive_opt::<Decimal128Type>() {
        return Ok(format!("{:.0}", money.value(row) as f64 / SCALE as f64));
    }
    if let Some(truth) = array.as_boolean_opt() {
        return Ok(if truth.value(row) { "yes" } else { "" }.to_owned());
    }
    array_value_to_string(array, row).map_err(|error| Error::internal("cannot show a value").because(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_reaches_a_number_or_a_share() {
        assert_eq!([parse_top("500"), parse_top("10%")], [Ok(Top::Customers(500)), Ok(Top::Percent(10))]);
        for text in ["0", "0%", "101%", "-3", "2.5%", "many"] {
            assert!(parse_top(text).is_err(), "{text}");
        }
    }
}
