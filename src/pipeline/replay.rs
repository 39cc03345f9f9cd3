//! Going back in time: a table as an earlier night would have made it, from the same SQL over inputs cut at that day.
//!
//! Nothing else is known at an earlier day than what its own graph reads: every input with a time is cut before any SQL
//! sees it, so that a row from later cannot reach a feature. Customers and products have no time; they are taken as they
//! are now.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array};
use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;
use jiff::civil::Date;

use super::attrition_origins::origins;
use super::calendar;
use super::execute::{Executed, Workshop};
use super::graph::Graph;
use super::leaves::{Leaves, load_leaves};
use super::periods::day_of_epoch;
use super::predicates::parameter_table;
use super::rows::batch;
use crate::config::Config;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::models::no_rows;

/// What is made anew at each origin.
pub const FEATURES: &str = "attrition_features";

/// The table of all origins together.
pub const SNAPSHOTS: &str = "attrition_snapshots";

/// Earlier nights of the same exports.
pub struct Replay<'a> {
    config: &'a Config,
    leaves: Leaves<'a>,
    now: &'a Workshop<'a>,
    /// The features of days that were made already: the origins of several nights are the same days.
    features: BTreeMap<Date, RecordBatch>,
    /// Rows that would have been more than a model may take.
    beyond: Option<u64>,
}

impl<'a> Replay<'a> {
    /// `leaves` and `now` are those of the run that looks back; of its engine only the codes of ids are used.
    pub fn new(config: &'a Config, leaves: Leaves<'a>, now: &'a Workshop<'a>) -> Replay<'a> {
        Replay { config, leaves, now, features: BTreeMap::new(), beyond: None }
    }

    /// Rows of `attrition_snapshots` as the night of `as_of` has them: the features of each of its origins, one after the
    /// other.
    ///
    /// # Errors
    /// What making the tables may say.
    pub fn snapshots(&mut self, as_of: Date) -> Result<RecordBatch> {
        let first_day = calendar::first_day(self.config, self.leaves.staged)?;
        let mut days = Vec::new();
        for origin in origins(&self.config.attrition.model, as_of, first_day)? {
            days.push((origin.no, day_of_epoch(origin.day)?));
        }
        self.at_origins(&days)
    }

    /// Why there are no rows, when there were too many.
    pub fn note(&self) -> Option<String> {
        let (rows, most) = self.beyond.zip(self.now.model_rows)?;
        Some(format!(
            "earlier days are not looked back at: {rows} rows of {FEATURES} and more, and [engine] model_rows = {most}; \
             empty: {SNAPSHOTS}"
        ))
    }

    /// The features of these days, numbered, as rows of `attrition_snapshots`; none of them when together they are more than
    /// a model may take.
    ///
    /// # Errors
    /// As [`Replay::snapshots`].
    pub fn at_origins(&mut self, days: &[(i32, Date)]) -> Result<RecordBatch> {
        let table = parameter_table(SNAPSHOTS)?;
        let mut parts = vec![batch(&table, &[])?];
        let mut found = 0;
        for (no, day) in days {
            let rows = self.features(*day)?;
            found += rows.num_rows() as u64;
            self.beyond = self.beyond.or(self.now.model_rows.filter(|most| found > *most).map(|_| found));
            if self.beyond.is_some() {
                self.features.clear();
                parts.truncate(1);
                break;
            }
            let number: ArrayRef = Arc::new(Int32Array::from(vec![*no; rows.num_rows()]));
            let columns = std::iter::once(number).chain(rows.columns().iter().cloned()).collect();
            parts.push(
                RecordBatch::try_new(parts[0].schema(), columns).map_err(|error| {
                    Error::internal("features of an origin are not those of the table").because(error)
                })?,
            );
        }
        concat_batches(&parts[0].schema(), &parts)
            .map_err(|error| Error::internal("features of the origins differ").because(error))
    }

    /// Rows of `attrition_features` of the night of `day`.
    ///
    /// # Errors
    /// As [`Replay::snapshots`].
    pub fn features(&mut self, day: Date) -> Result<RecordBatch> {
        if let Some(rows) = self.features.get(&day) {
            return Ok(rows.clone());
        }
        let (engine, graph, executed) = self.made(day, None, &[FEATURES])?;
        let found = executed.tables.iter().find(|entry| entry.name == FEATURES).map_or(0, |entry| entry.rows);
        let rows = match graph.node(FEATURES) {
            Some(node) if self.now.model_rows.is_some_and(|most| found > most) => {
                self.beyond = Some(found);
                no_rows(&node.table)
            }
            _ => rows_of(&*engine, &graph, FEATURES)?,
        };
        self.features.insert(day, rows.clone());
        Ok(rows)
    }

    /// Lets go of the features of days before `day`.
    pub fn forget_before(&mut self, day: Date) {
        self.features = self.features.split_off(&day);
    }

    /// Rows of each of `tables` as the night of `day` makes them, with these rows of `attrition_snapshots`.
    ///
    /// # Errors
    /// As [`Replay::snapshots`].
    pub fn night(&self, day: Date, snapshots: Option<&RecordBatch>, tables: &[&str]) -> Result<Vec<RecordBatch>> {
        let (engine, graph, _) = self.made(day, snapshots, tables)?;
        tables.iter().map(|name| rows_of(&*engine, &graph, name)).collect()
    }

    fn made(
        &self,
        day: Date,
        snapshots: Option<&RecordBatch>,
        tables: &[&str],
    ) -> Result<(Box<dyn Engine>, Graph, Executed)> {
        self.now.cancel.check()?;
        let graph = self.leaves.graph.clone().towards(tables);
        let engine = self.now.engine.beside()?;
        let is_past = day < self.leaves.as_of;
        load_leaves(
            &*engine,
            self.config,
            Leaves { graph: &graph, as_of: day, is_past, previous: None, ..self.leaves },
        )?;
        if let Some(rows) = snapshots {
            engine.insert(&parameter_table(SNAPSHOTS)?, rows)?;
        }
        let workshop = Workshop { engine: &*engine, building: None, keep: tables, ..*self.now };
        let executed = workshop.make(&graph)?;
        Ok((engine, graph, executed))
    }
}

fn rows_of(engine: &dyn Engine, graph: &Graph, name: &str) -> Result<RecordBatch> {
    let node = graph.node(name).ok_or_else(|| Error::internal(format!("nobody makes `{name}`")))?;
    engine.rows(&node.table)
}
