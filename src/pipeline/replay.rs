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
use super::execute::Workshop;
use super::leaves::{Leaves, load_leaves};
use super::periods::day_of_epoch;
use super::predicates::parameter_table;
use super::rows::batch;
use crate::config::Config;
use crate::error::{Error, Result};

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
}

impl<'a> Replay<'a> {
    /// `leaves` and `now` are those of the run that looks back; of its engine only the codes of ids are used.
    pub fn new(config: &'a Config, leaves: Leaves<'a>, now: &'a Workshop<'a>) -> Replay<'a> {
        Replay { config, leaves, now, features: BTreeMap::new() }
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

    /// The features of these days, numbered, as rows of `attrition_snapshots`.
    ///
    /// # Errors
    /// As [`Replay::snapshots`].
    pub fn at_origins(&mut self, days: &[(i32, Date)]) -> Result<RecordBatch> {
        let table = parameter_table(SNAPSHOTS)?;
        let mut parts = vec![batch(&table, &[])?];
        for (no, day) in days {
            let rows = self.features(*day)?;
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
        let rows = self.night(day, None, &[FEATURES])?.remove(0);
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
        workshop.make(&graph)?;
        let rows_of = |name: &&str| {
            let node = graph.node(name).ok_or_else(|| Error::internal(format!("nobody makes `{name}`")))?;
            engine.rows(&node.table)
        };
        tables.iter().map(rows_of).collect()
    }
}
