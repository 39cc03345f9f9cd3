//! Running a model: rows out of the engine, through the computation, and back in as contracted.

use std::collections::BTreeMap;

use super::graph::Graph;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::models::{Frame, Inputs, Secrets, batch, models};
use crate::monitor::Monitor;

/// What a model may know of the run around it, besides the tables that it reads.
pub struct Around<'a> {
    /// What models need and no table may hold.
    pub secrets: &'a Secrets,
    /// Bytes to stay within.
    pub memory: Option<u64>,
    /// Listens.
    pub monitor: &'a dyn Monitor,
}

/// Runs the model called `name`, and makes every table that it makes known to the engine.
///
/// # Errors
/// What the model says; [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when its rows do not fit a contract.
pub fn run_model(engine: &dyn Engine, graph: &Graph, name: &str, around: &Around<'_>) -> Result<()> {
    let model = models().iter().find(|model| model.name == name);
    let model = model.ok_or_else(|| Error::internal(format!("there is no model `{name}`")))?;
    let contract = |table: &str| {
        let node = graph.node(table).ok_or_else(|| Error::internal(format!("`{table}` is not in the graph")));
        node.map(|node| &node.table)
    };
    let mut tables = BTreeMap::new();
    for read in model.reads {
        tables.insert(*read, Frame::new(read, engine.rows(contract(read)?)?));
    }
    let made = (model.compute)(&Inputs::new(tables, around.secrets).within(around.memory, around.monitor))?;
    if made.len() != model.makes.len() {
        return Err(Error::internal(format!("the model `{name}` does not make the tables that it names")));
    }
    for (table, rows) in model.makes.iter().zip(made) {
        // With `--only`, not every table of a model is in the graph.
        if graph.node(table).is_some() {
            let table = contract(table)?;
            engine.insert(table, &batch(table, rows)?)?;
        }
    }
    Ok(())
}
