//! `patronage check`: read the inputs and check them, compute nothing else.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, UInt64Array};

use super::args::{GlobalArgs, RowArgs};
use super::render::Rows;
use super::run::WindowArgs;
use super::words::count;
use super::{pipeline_file, progress, signals};
use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::{self, Check, CheckReport, Severity};

const EXAMPLES: &str = "\
Examples:
  patronage check                      every check of every input
  patronage check --out checks.csv     to a file";

/// Read the inputs and run every data-quality check, compute nothing else
#[derive(Debug, clap::Args)]
#[command(before_long_help = EXAMPLES)]
pub struct Args {
    /// The pipeline file, or its folder [default: `--config`, else the nearest `patronage.toml`]
    pipeline: Option<PathBuf>,
    #[command(flatten)]
    window: WindowArgs,
    #[command(flatten)]
    rows: RowArgs,
}

pub fn run(args: Args, global: &GlobalArgs) -> Result<()> {
    let loaded = pipeline_file::load(args.pipeline.as_deref(), global)?;
    let cancel = signals::cancel_on_signal()?;
    let options = args.window.options(&loaded, global);
    let report = pipeline::check(&loaded, &options, progress::monitor(global).as_ref(), &cancel)?;
    args.rows.deliver_rows(&rows(&report)?)?;
    if report.passed() {
        return Ok(());
    }
    let failed = report.checks.iter().filter(|check| !check.passed && check.severity == Severity::Error);
    Err(Error::new(ErrorKind::Gate, format!("{} of severity error failed", count(failed.count() as u64, "check")))
        .hint("the rejects and their reasons are in the run folder of `patronage run`; `[gates]` holds the limits"))
}

/// One row a check.
fn rows(report: &CheckReport) -> Result<Rows> {
    let checks = &report.checks;
    let text = |of: fn(&Check) -> &str| Arc::new(StringArray::from_iter_values(checks.iter().map(of))) as ArrayRef;
    let number = |of: fn(&Check) -> u64| Arc::new(UInt64Array::from_iter_values(checks.iter().map(of))) as ArrayRef;
    Rows::from_columns([
        ("check_id", text(|check| &check.check_id)),
        ("dataset", text(|check| &check.dataset)),
        ("column", text(|check| &check.column)),
        ("severity", text(|check| check.severity.name())),
        ("status", text(|check| if check.passed { "pass" } else { "fail" })),
        ("rows_checked", number(|check| check.rows_checked)),
        ("rows_failed", number(|check| check.rows_failed)),
        ("message", text(|check| &check.message)),
        ("action", text(|check| &check.action)),
    ])
}
