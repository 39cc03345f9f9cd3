//! Going back in time: a table as an earlier night would have made it, from the same SQL over inputs cut at that day.
//!
//! Nothing else is known at an earlier day than what its own graph reads: every input with a time is cut before any SQL
//! sees it, so that a row from later cannot reach a feature. Customers and products have no time; they are taken as they
//! are now.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array};
use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;

use super::attrition_origins::origins;
use super::calendar;
use super::execute::Workshop;
use super::leaves::{Leaves, load_leaves};
use super::periods::day_of_epoch;
use super::predicates::parameter_table;
use super::rows::batch;
use crate::config::Config;
use crate::engine::{Engine, PolarsEngine};
use crate::error::{Error, Result};

/// What is made anew at each origin.
const FEATURES: &str = "attrition_features";

/// The table of all origins together.
pub const SNAPSHOTS: &str = "attrition_snapshots";

/// Rows of `attrition_snapshots`: the features of every origin, one after the other. `now` is what the run works with; of
/// its engine nothing is used.
///
/// # Errors
/// What making the tables may say.
pub fn snapshots(config: &Config, leaves: Leaves<'_>, coded: bool, now: &Workshop<'_>) -> Result<RecordBatch> {
    let table = parameter_table(SNAPSHOTS)?;
    let mut parts = vec![batch(&table, &[])?];
    let first_day = calendar::first_day(config, leaves.staged)?;
    let graph = leaves.graph.clone().towards(FEATURES);
    for origin in origins(&config.attrition.model, leaves.as_of, first_day)? {
        now.cancel.check()?;
        let engine = PolarsEngine::new();
        load_leaves(
            &engine,
            config,
            Leaves { graph: &graph, as_of: day_of_epoch(origin.day)?, is_past: true, previous: None, ..leaves },
        )?;
        if coded {
            engine.code_ids()?;
        }
        let workshop = Workshop { engine: &engine, building: None, keep: &[FEATURES], ..*now };
        workshop.make(&graph)?;
        let features = graph.node(FEATURES).ok_or_else(|| Error::internal("nobody makes the features"))?;
        for rows in engine.batches(&features.table)? {
            let rows = rows?;
            let number: ArrayRef = Arc::new(Int32Array::from(vec![origin.no; rows.num_rows()]));
            let columns = std::iter::once(number).chain(rows.columns().iter().cloned()).collect();
            parts.push(
                RecordBatch::try_new(parts[0].schema(), columns).map_err(|error| {
                    Error::internal("features of an origin are not those of the table").because(error)
                })?,
            );
        }
    }
    concat_batches(&parts[0].schema(), &parts)
        .map_err(|error| Error::internal("features of the origins differ").because(error))
}
