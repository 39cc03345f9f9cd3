//! What the model of attrition would have said on past nights, and what came of it (`spec/definitions.md` 3.8).
//!
//! A night is made by the code of the nightly run: its origins, their features and outcomes, the study, the scores. What
//! became of its customers is what the night at the end of the horizon says of them, as of its own latest origin, so that a
//! date is judged the same way however many exports came since.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;
use jiff::civil::Date;

use super::attrition_origins::{origins, testable};
use super::calendar;
use super::engines::{self, RunEngine, watched};
use super::execute::Workshop;
use super::leaves::load_leaves;
use super::memory::PeakMeter;
use super::periods::{day_of_epoch, epoch_day};
use super::replay::{FEATURES, Replay};
use super::run::{Prepared, RunOptions, TOOL_VERSION, output_dir, prepare};
use crate::config::{AttritionModel, Loaded};
use crate::contract::{Table, backtest_tables};
use crate::error::{Error, Result};
use crate::models::attrition_tables::{MODEL, Night, Top};
use crate::models::{Frame, Inputs, batch};
use crate::monitor::{Cancel, Event, Monitor};
use crate::publish::{TableFolder, TableMetadata};

/// What became of customers.
const LABELS: &str = "attrition_labels";

/// Where customers belong.
const CUSTOMERS: &str = "customer_numbers";

/// What the model reads, beside features and snapshots.
const PARAMS: &str = "run_params";

/// Where a backtest goes below the output folder, which no run reads and nothing removes.
const FOLDER: &str = "backtests";

/// Which nights are tested, and how.
#[derive(Debug, Clone, Default)]
pub struct BacktestOptions {
    /// The first night; left out, the first that the exports allow.
    pub from: Option<Date>,
    /// No night after this one; left out, the last whose outcome is known.
    pub to: Option<Date>,
    /// Days from night to night; left out, those between the origins of the model.
    pub step_days: Option<u32>,
    /// Whom a campaign would have reached.
    pub top: Top,
    /// The folder for the tables; left out, one below the output folder.
    pub out: Option<PathBuf>,
    /// The window of the exports, threads and memory; of `only`, nothing is taken.
    pub run: RunOptions,
}

/// A backtest, made and written.
#[derive(Debug)]
pub struct Backtest {
    /// Where its tables are, a Parquet file each.
    pub folder: PathBuf,
}

/// Tests past nights and writes what came of it into a folder; nothing is published.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when the history before a night, or after it, is too short;
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) when it is for every night; else as [`run`](super::run::run).
pub fn backtest(
    loaded: &Loaded,
    options: &BacktestOptions,
    monitor: &dyn Monitor,
    cancel: &Cancel,
) -> Result<Backtest> {
    let config = &loaded.config;
    if !config.attrition.model.enabled {
        return Err(Error::config("there is no model of attrition to test: `attrition.model.enabled` is false")
            .hint("set it to true"));
    }
    let out = output_dir(loaded)?;
    let _lock = out.lock(options.run.wait, cancel)?;
    let only = [MODEL.makes[0], CUSTOMERS].map(str::to_owned).to_vec();
    let run = RunOptions { only, ..options.run.clone() };
    let engine = engines::open(loaded, &run, &out)?;
    let prepared = prepare(loaded, &run, &out, &*engine, monitor, cancel)?;
    let first_day = calendar::first_day(config, &prepared.staged)?;
    let first_day = first_day.ok_or_else(|| Error::input("there are no transactions to go back to"))?;
    let days = nights(&config.attrition.model, options, prepared.as_of, first_day)?;
    let folder = options.out.clone().unwrap_or_else(|| folder_of(out.root(), &days));
    // Before hours of work, so that a folder that cannot be written is known at once.
    let mut written = TableFolder::create(&folder)?;
    let tables = watched(&*engine, monitor, cancel, || {
        tested(loaded, options, &prepared, &*engine, first_day, &days, (monitor, cancel))
    })?;
    let metadata = TableMetadata { as_of: prepared.as_of.to_string(), tool_version: TOOL_VERSION.to_owned() };
    for (table, rows) in &tables {
        written.write_table(table, &metadata, rows.clone())?;
    }
    written.finish()?;
    Ok(Backtest { folder })
}

/// One folder for each choice of nights.
fn folder_of(root: &Path, days: &[Date]) -> PathBuf {
    let name = match days {
        [first, .., last] => format!("attrition-{first}-{last}-{}", days.len()),
        _ => format!("attrition-{}", days.first().map(ToString::to_string).unwrap_or_default()),
    };
    root.join(FOLDER).join(name)
}

/// The nights, the earliest first.
fn nights(model: &AttritionModel, options: &BacktestOptions, as_of: Date, first_day: Date) -> Result<Vec<Date>> {
    let (earliest, latest) = testable(model, as_of, first_day)?;
    let date = |day: i32| day_of_epoch(day);
    if earliest > latest {
        let (there, missing) = (epoch_day(as_of) - epoch_day(first_day), earliest - latest);
        return Err(Error::input(format!(
            "the exports cover {there} days, from {first_day} on: a backtest needs {} at least, {missing} more",
            there + missing
        ))
        .hint(
            "shorten `horizon_days`, `eligible_days` or `step_days` of `[attrition.model]`, or ask for older exports",
        ));
    }
    let from = options.from.map_or(earliest, epoch_day);
    let to = options.to.map_or(latest, epoch_day);
    if from > to {
        return Err(Error::usage(format!("there is no night from {} to {}", date(from)?, date(to)?)).hint(format!(
            "nights from {} to {} can be tested",
            date(earliest)?,
            date(latest)?
        )));
    }
    if from < earliest {
        return Err(Error::usage(format!(
            "the history before {} is {} days too short to learn from and to judge by",
            date(from)?,
            earliest - from
        ))
        .hint(format!("begin with `--from {}`", date(earliest)?)));
    }
    let step = i32::try_from(options.step_days.unwrap_or(model.step_days)).unwrap_or(i32::MAX).max(1);
    let mut days = Vec::new();
    let mut next = Some(from);
    while let Some(day) = next.filter(|day| *day <= to) {
        days.push(day);
        next = day.checked_add(step);
    }
    if let Some(last) = days.last().filter(|last| **last > latest) {
        return Err(Error::usage(format!(
            "what became of the customers of {} is not known: the exports end {} days too early",
            date(*last)?,
            last - latest
        ))
        .hint(format!("end with `--to {}`", date(latest)?)));
    }
    days.into_iter().map(date).collect()
}

/// Makes the nights one after another, and judges each.
fn tested(
    loaded: &Loaded,
    options: &BacktestOptions,
    prepared: &Prepared,
    run_engine: &dyn RunEngine,
    first_day: Date,
    days: &[Date],
    (monitor, cancel): (&dyn Monitor, &Cancel),
) -> Result<Vec<(Table, RecordBatch)>> {
    let model = &loaded.config.attrition.model;
    let (engine, memory) = (run_engine.engine(), PeakMeter::default());
    let metadata = TableMetadata { as_of: prepared.as_of.to_string(), tool_version: TOOL_VERSION.to_owned() };
    let workshop = Workshop {
        engine,
        building: None,
        keep: &[],
        metadata: &metadata,
        threads: run_engine.tables_at_once(&options.run),
        secrets: &options.run.secrets,
        memory_limit: options.run.memory,
        model_rows: run_engine.model_rows(&loaded.config, &options.run),
        memory: &memory,
        monitor,
        cancel,
    };
    load_leaves(engine, &loaded.config, prepared.leaves())?;
    if prepared.may_code_ids() {
        engine.code_ids()?;
    }
    let mut replay = Replay::new(&loaded.config, prepared.leaves(), &workshop);
    let contracts = backtest_tables();
    let mut parts: Vec<Vec<RecordBatch>> = vec![Vec::new(); contracts.len()];
    let horizon = i64::from(model.gap_days) + i64::from(model.horizon_days);
    for day in days {
        let started = Instant::now();
        // Later nights have later origins.
        if let Some(oldest) = origins(model, *day, Some(first_day))?.last() {
            replay.forget_before(day_of_epoch(oldest.day)?);
        }
        let snapshots = replay.snapshots(*day)?;
        if let Some(beyond) = replay.note() {
            return Err(
                Error::config(beyond).hint("raise `[engine] model_rows`: a night cannot be judged by a part of it")
            );
        }
        let made = replay.night(*day, Some(&snapshots), &[PARAMS, LABELS, CUSTOMERS])?;
        let [params, labels, customers] = <[RecordBatch; 3]>::try_from(made)
            .map_err(|_| Error::internal("a night does not make the tables that were asked for"))?;
        let features = replay.features(*day)?;
        let at_end = replay.at_origins(&[(0, *day)])?;
        let end = day.checked_add(jiff::Span::new().days(horizon));
        let end = end.map_err(|error| Error::internal("a horizon ends after all days").because(error))?;
        let outcomes = replay.night(end, Some(&at_end), &[LABELS])?.remove(0);
        let read = [(PARAMS, params), (FEATURES, features), (super::replay::SNAPSHOTS, snapshots), (LABELS, labels)];
        let read = read.into_iter().map(|(name, rows)| (name, Frame::new(name, rows))).collect();
        let inputs = Inputs::new(read, &options.run.secrets).within(options.run.memory, monitor);
        let night = Night::of(&inputs)?;
        let judged =
            night.judge(*day, &Frame::new(LABELS, outcomes), &Frame::new(CUSTOMERS, customers), options.top)?;
        for ((table, rows), parts) in contracts.iter().zip(judged).zip(&mut parts) {
            parts.push(batch(table, rows)?);
        }
        finished(monitor, *day, &night, started.elapsed());
    }
    let mut tables = Vec::new();
    for (table, parts) in contracts.into_iter().zip(parts) {
        let schema = parts.first().map(RecordBatch::schema).ok_or_else(|| Error::internal("no night was tested"))?;
        let rows = concat_batches(&schema, &parts)
            .map_err(|error| Error::internal("tables of the nights differ").because(error))?;
        tables.push((table, rows));
    }
    Ok(tables)
}

fn finished(monitor: &dyn Monitor, day: Date, night: &Night, elapsed: Duration) {
    monitor.event(Event::StageFinished { stage: format!("night of {day}"), summary: night.summary(), elapsed });
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::error::ErrorKind;

    fn of(from: Option<Date>, to: Option<Date>, step_days: Option<u32>) -> Result<Vec<Date>> {
        let options = BacktestOptions { from, to, step_days, ..BacktestOptions::default() };
        nights(&AttritionModel::default(), &options, date(2011, 12, 10), date(2010, 12, 1))
    }

    #[test]
    fn nights_go_from_the_first_that_can_learn_to_the_last_whose_outcome_is_known() {
        let (earliest, latest) = (date(2010, 12, 1) + jiff::Span::new().days(300), date(2011, 9, 11));
        assert!(earliest > latest, "a year is too short for 180 days and 90 twice");
        let error = of(None, None, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        assert!(error.to_string().contains("374 days, from 2010-12-01 on: a backtest needs 390"), "{error}");
    }

    #[test]
    fn too_short_a_history_says_how_many_days_are_missing() {
        let of = |from, to, step| {
            let options = BacktestOptions { from, to, step_days: step, ..BacktestOptions::default() };
            nights(&AttritionModel::default(), &options, date(2012, 12, 10), date(2010, 12, 1))
        };
        let all = of(None, None, None).unwrap();
        assert_eq!((all[0], all[1]), (date(2011, 9, 27), date(2011, 10, 27)));
        assert!(*all.last().unwrap() <= date(2012, 9, 11));
        let said = |result: Result<Vec<Date>>| {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage);
            format!("{error}; {}", error.hint_text().unwrap())
        };
        let early = said(of(Some(date(2011, 9, 20)), None, None));
        assert_eq!(
            early,
            "the history before 2011-09-20 is 7 days too short to learn from and to judge by; begin with `--from 2011-09-27`"
        );
        let late = said(of(Some(date(2012, 9, 1)), Some(date(2012, 10, 1)), Some(15)));
        assert_eq!(
            late,
            "what became of the customers of 2012-10-01 is not known: the exports end 20 days too early; end with `--to \
             2012-09-11`"
        );
        // The last night counts, and not how far one may go.
        assert_eq!(of(Some(date(2012, 9, 1)), Some(date(2012, 10, 1)), Some(40)).unwrap(), [date(2012, 9, 1)]);
        assert!(said(of(Some(date(2012, 9, 1)), Some(date(2012, 8, 1)), None)).starts_with("there is no night"));
    }
}
