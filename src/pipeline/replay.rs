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
use super::sampled::of_ids;
use crate::config::Config;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::models::every;

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
    /// One of how many customers is looked back at, so that a model may take the rows.
    every: u64,
    /// Rows of a day of which all were too many.
    beyond: Option<u64>,
}

impl<'a> Replay<'a> {
    /// `leaves` and `now` are those of the run that looks back; of its engine only the codes of ids are used.
    pub fn new(config: &'a Config, leaves: Leaves<'a>, now: &'a Workshop<'a>) -> Replay<'a> {
        Replay { config, leaves, now, features: BTreeMap::new(), every: 1, beyond: None }
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

    /// Why not everybody is in the rows, when all were too many.
    pub fn note(&self) -> Option<String> {
        let (rows, most) = self.beyond.zip(self.now.model_rows)?;
        Some(format!(
            "one of {} customers is looked back at: {rows} rows of {FEATURES} on one of the earlier days, and [engine] \
             model_rows = {most} for all of them",
            self.every
        ))
    }

    /// The features of these days, numbered, as rows of `attrition_snapshots`: of one of so many customers, when together
    /// they are more than a model may take.
    ///
    /// # Errors
    /// As [`Replay::snapshots`].
    pub fn at_origins(&mut self, days: &[(i32, Date)]) -> Result<RecordBatch> {
        let table = parameter_table(SNAPSHOTS)?;
        let mut parts = vec![batch(&table, &[])?];
        for (no, day) in days {
            let rows = self.made_features(*day, days.len())?;
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
        self.made_features(day, 1)
    }

    /// The same for one of several days that a model takes together.
    fn made_features(&mut self, day: Date, days: usize) -> Result<RecordBatch> {
        if let Some(rows) = self.features.get(&day) {
            return Ok(rows.clone());
        }
        let (engine, graph, executed) = self.made(day, None, &[FEATURES])?;
        let found = executed.tables.iter().find(|entry| entry.name == FEATURES).map_or(0, |entry| entry.rows);
        if let Some(most) = self.now.model_rows {
            self.look_at(found, days as u64, most);
        }
        let rows = match graph.node(FEATURES) {
            Some(node) if self.every > 1 => of_ids(&*engine, &node.table, "customer_id", self.every)?,
            _ => rows_of(&*engine, &graph, FEATURES)?,
        };
        self.features.insert(day, rows.clone());
        Ok(rows)
    }

    /// Takes a smaller part of the customers from here on, if `found` of one day are too many. The latest day comes first and
    /// has the most of them.
    fn look_at(&mut self, found: u64, days: u64, most: u64) {
        if found.saturating_mul(days) > most {
            // Ids are not spread to the last row: a tenth less is asked for.
            let every = every(found.saturating_mul(days), most - most / 10);
            (self.every, self.beyond) = (self.every.max(every), self.beyond.max(Some(found)));
        }
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
