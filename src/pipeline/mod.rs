//! STUB for building the command line against; the lead's module replaces it.
#![expect(missing_docs, reason = "a stub")]

use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Date;
use serde::Serialize;

use crate::config::Loaded;
use crate::error::{Error, Result};
use crate::monitor::{Cancel, Monitor};

#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    pub as_of: Option<Date>,
    pub only: Vec<String>,
    pub dry_run: bool,
    pub force: bool,
    pub threads: Option<usize>,
    pub memory: Option<u64>,
    pub wait: Option<Duration>,
    pub keep_raw_rejects: bool,
    pub command: Vec<String>,
}

#[derive(Debug)]
pub enum Outcome {
    Published(Summary),
    AlreadyPublished(Summary),
    DryRun(Plan),
}

/// What a run did, for a person or a scheduler.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    pub run_id: String,
    pub folder: PathBuf,
    pub as_of: String,
    pub as_of_given: bool,
    pub inputs: Vec<InputSummary>,
    pub customers: u64,
    pub orders: u64,
    pub net_revenue: String,
    pub currency: String,
    pub value_tiers: Vec<Group>,
    pub rfm_segments: Vec<Group>,
    pub tables: Vec<TableSummary>,
    pub gates: Vec<GateSummary>,
    pub warnings: Vec<String>,
    pub seconds: f64,
}

#[derive(Debug, Clone, Serialize)]
pub struct InputSummary {
    pub name: String,
    pub files: u64,
    pub read: u64,
    pub staged: u64,
    pub rejected: u64,
    pub duplicate: u64,
    pub out_of_window: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Group {
    pub name: String,
    pub customers: u64,
    pub net_revenue: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct TableSummary {
    pub name: String,
    pub rows: u64,
    pub file: PathBuf,
}

#[derive(Debug, Clone, Serialize)]
pub struct GateSummary {
    pub name: String,
    pub subject: String,
    pub held: bool,
    pub message: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    pub as_of: String,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Step {
    pub table: String,
    pub maker: String,
    pub reads: Vec<String>,
    pub materialised: bool,
    pub published: bool,
    pub why: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct CheckReport {
    pub checks: Vec<Check>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Check {
    pub check_id: String,
    pub dataset: String,
    pub column: Option<String>,
    pub severity: String,
    pub status: String,
    pub rows_checked: u64,
    pub rows_failed: u64,
    pub message: String,
    pub action: String,
}

fn stub<T>(cancel: &Cancel) -> Result<T> {
    cancel.check()?;
    Err(Error::internal("not built yet"))
}

pub fn run(_: &Loaded, _: &RunOptions, _: &dyn Monitor, cancel: &Cancel) -> Result<Outcome> {
    stub(cancel)
}

pub fn plan(_: &Loaded, _: &RunOptions, _: &dyn Monitor, cancel: &Cancel) -> Result<Plan> {
    stub(cancel)
}

pub fn check(_: &Loaded, _: &RunOptions, _: &dyn Monitor, cancel: &Cancel) -> Result<CheckReport> {
    stub(cancel)
}
