//! Running a model on a part of its units, and what it has learnt over all of them.

use arrow::array::BooleanArray;
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::record_batch::RecordBatch;

use super::graph::Graph;
use super::modelling::{Around, computed, contract, keep, read};
use crate::contract::Table;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::models::{Everybody, Frame, Inputs, Model, Pick, Sampling, batch, no_rows, takes};

/// Lets `model` learn from one of `every` units, and makes all its tables known to the engine.
///
/// # Errors
/// What the model and the engine say.
pub fn by_sample(
    engine: &dyn Engine,
    graph: &Graph,
    model: &Model,
    sampling: &Sampling,
    every: u64,
    around: &Around<'_>,
) -> Result<()> {
    let is_whole = |name: &&'static str| sampling.tables.iter().all(|(sampled, _)| sampled != name);
    let whole: Vec<&'static str> = model.reads.iter().copied().filter(is_whole).collect();
    let mut tables = read(engine, graph, &whole)?;
    for (name, pick) in sampling.tables {
        let rows = match pick {
            Pick::Where(condition) => part(engine, graph, name, &condition.replace("{every}", &every.to_string()))?,
            Pick::Ids(column) => of_ids(engine, contract(graph, name)?, column, every)?,
        };
        tables.insert(name, Frame::new(name, rows));
    }
    let inputs = Inputs::new(tables, around.secrets).within(around.memory, around.monitor).of_every(every);
    let Some(everybody) = &sampling.everybody else {
        return keep(engine, graph, model.makes, computed(model, &inputs)?);
    };
    of_everybody(engine, graph, model, everybody, &inputs)
}

fn of_everybody(
    engine: &dyn Engine,
    graph: &Graph,
    model: &Model,
    everybody: &Everybody,
    inputs: &Inputs<'_>,
) -> Result<()> {
    let Some(others) = model.makes.strip_prefix(everybody.judged) else {
        return Err(Error::internal(format!("{:?} are not what `{}` makes first", everybody.judged, model.name)));
    };
    let mut judge = (everybody.learn)(inputs)?;
    for judged in everybody.judged {
        let mut rows = engine.batches(contract(graph, everybody.table)?)?;
        if graph.node(judged).is_some() {
            let table = contract(graph, judged)?;
            let parts = rows.map(|rows| batch(table, judge.judge(judged, &Frame::new(everybody.table, rows?))?));
            engine.insert_batches(table, &mut std::iter::once(Ok(no_rows(table))).chain(parts))?;
        } else {
            // With `--only`, nobody asks for them, and the others still add them up.
            rows.try_for_each(|rows| judge.judge(judged, &Frame::new(everybody.table, rows?)).map(drop))?;
        }
    }
    keep(engine, graph, others, judge.made()?)
}

/// The rows of a table whose id in `column` is among one of `every`.
///
/// # Errors
/// What the engine says.
pub fn of_ids(engine: &dyn Engine, table: &Table, column: &str, every: u64) -> Result<RecordBatch> {
    let broken = |error| Error::internal(format!("rows of `{}` cannot be picked", table.name)).because(error);
    let mut parts = Vec::new();
    for rows in engine.batches(table)? {
        let rows = rows?;
        let frame = Frame::new(&table.name, rows.clone());
        let ids = frame.text(column)?.into_iter();
        let taken: BooleanArray = ids.map(|id| Some(id.is_some_and(|id| takes(id, every)))).collect();
        parts.push(filter_record_batch(&rows, &taken).map_err(broken)?);
    }
    let schema = parts.first().map_or_else(|| no_rows(table).schema(), RecordBatch::schema);
    concat_batches(&schema, &parts).map_err(broken)
}

/// The rows of the table `name` for which `condition` holds.
fn part(engine: &dyn Engine, graph: &Graph, name: &'static str, condition: &str) -> Result<RecordBatch> {
    let mut table = contract(graph, name)?.clone();
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    let sql = format!("SELECT {} FROM {name} WHERE {condition}", columns.join(", "));
    table.name = format!("{name}_sampled").into();
    engine.define(&table, &sql)?;
    engine.materialise(&table)?;
    let rows = engine.rows(&table)?;
    engine.forget(&table.name);
    Ok(rows)
}
