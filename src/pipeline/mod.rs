//! The nightly job: stage the exports, make the graph of tables, gate, publish.
//!
//! `plan`, `--dry-run`, `--only` and `run` are one code path, stopped earlier or later.

mod affinity;
mod attrition_origins;
mod backtest;
mod calendar;
mod campaign_response;
mod contact_centre;
mod contact_parameters;
mod engines;
mod execute;
mod fits;
mod gates;
mod graph;
mod identity;
mod leaves;
mod lifetime_value;
mod memory;
mod modelling;
mod parameters;
mod periods;
mod person;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod portability_test;
mod predicates;
mod previous;
mod quality;
mod recommendations;
mod refusals;
mod replay;
mod rows;
mod rule_files;
mod run;
mod sampled;
mod scorecard_files;
mod script_vars;
mod session_parameters;
mod sql_files;
mod summary;

pub use crate::models::attrition_tables::Top;
pub use backtest::{Backtest, BacktestOptions, backtest};
pub use quality::{Check, Severity};
pub use rule_files::FOLDER as RULES_FOLDER;
pub use run::{CheckReport, Outcome, Plan, PlanStep, RunOptions, Token, check, plan, run};
pub use summary::{InputLine, Summary, TableLine};
