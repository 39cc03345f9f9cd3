//! Running a model: rows out of the engine, through the computation, and back in as contracted.

use std::collections::BTreeMap;

use super::graph::Graph;
use super::sampled::by_sample;
use crate::contract::Table;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::models::{Frame, Inputs, Model, Rows, Sampling, Secrets, Takes, batch, every, models, no_rows};
use crate::monitor::{Event, Monitor};

/// What a model may know of the run around it, besides the tables that it reads.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// What models need and no table may hold.
    pub secrets: &'a Secrets,
    /// Bytes to stay within.
    pub memory: Option<u64>,
    /// Most rows of one table that a model may take at once.
    pub model_rows: Option<u64>,
    /// Listens.
    pub monitor: &'a dyn Monitor,
}

/// Runs the model called `name`, and makes every table that it makes known to the engine. `rows` has how many rows there are
/// in each table that the engine computed. A model that would have to take more rows of one than it may makes empty tables,
/// and the sentence that says so comes back.
///
/// # Errors
/// What the model says; [`ErrorKind::Config`](crate::error::ErrorKind::Config) when there are more rows than it may take and
/// other tables would be wrong without it; [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when its rows do not
/// fit a contract.
pub fn run_model(
    engine: &dyn Engine,
    graph: &Graph,
    name: &str,
    rows: &BTreeMap<String, u64>,
    around: &Around<'_>,
) -> Result<Option<String>> {
    let model = models().iter().find(|model| model.name == name);
    let model = model.ok_or_else(|| Error::internal(format!("there is no model `{name}`")))?;
    if let Some(beyond) = beyond(model, rows, around.model_rows) {
        if matches!(model.takes, Takes::WholeOrNothing) {
            return Err(Error::config(beyond).hint(format!(
                "`{name}` has to see all of them, or other tables would be wrong: raise `[engine] model_rows` on a machine \
                 with the memory for it, or leave out of the pipeline file what it is for"
            )));
        }
        let made = made_of(graph, model);
        for table in &made {
            engine.insert(table, &no_rows(table))?;
        }
        let empty: Vec<&str> = made.iter().map(|table| &*table.name).collect();
        let note = format!("model {name} is off: {beyond}; empty: {}", empty.join(", "));
        around.monitor.event(Event::Note { message: note.clone() });
        return Ok(Some(note));
    }
    match (model.takes, part(model, rows, around.model_rows)) {
        (Takes::Batches(of), _) => by_batches(engine, graph, model, of, around)?,
        (Takes::Sample(sampling), Some(part)) => {
            by_sample(engine, graph, model, sampling, part.every, around)?;
            let note = part.note(model);
            around.monitor.event(Event::Note { message: note.clone() });
            return Ok(Some(note));
        }
        _ => {
            let tables = read(engine, graph, model.reads)?;
            let made = compute(model, tables, around)?;
            keep(engine, graph, model.makes, made)?;
        }
    }
    Ok(None)
}

/// Makes the rows of these tables known to the engine.
pub(super) fn keep(engine: &dyn Engine, graph: &Graph, makes: &[&str], made: Vec<Rows>) -> Result<()> {
    for (table, rows) in makes.iter().zip(made) {
        // With `--only`, not every table of a model is in the graph.
        if graph.node(table).is_some() {
            let table = contract(graph, table)?;
            engine.insert(table, &batch(table, rows)?)?;
        }
    }
    Ok(())
}

/// Why the model is off: which table has more rows than it may take, and how many. What is taken in part is no reason.
fn beyond(model: &Model, rows: &BTreeMap<String, u64>, most: Option<u64>) -> Option<String> {
    let most = most.filter(|_| !matches!(model.takes, Takes::Compact | Takes::Batches(_)))?;
    let (table, found) = largest(model, rows, |table| !is_sampled(model, table))?;
    (found > most).then(|| too_many(table, found, most))
}

/// The part of its units that a model takes when all of them are too many.
fn part(model: &Model, rows: &BTreeMap<String, u64>, most: Option<u64>) -> Option<Part> {
    let (table, found) = largest(model, rows, |table| is_sampled(model, table))?;
    let most = most.filter(|most| found > *most)?;
    Some(Part { every: every(found, most), why: too_many(table, found, most) })
}

/// One of so many units.
struct Part {
    every: u64,
    why: String,
}

impl Part {
    fn note(&self, model: &Model) -> String {
        let Part { every, why } = self;
        let all = match model.takes {
            Takes::Sample(Sampling { everybody: Some(everybody), .. }) => {
                format!("; all are in {}", everybody.judged.join(", "))
            }
            _ => String::new(),
        };
        format!("model {} learnt from one of {every} units: {why}{all}", model.name)
    }
}

fn largest<'m>(model: &'m Model, rows: &BTreeMap<String, u64>, of: impl Fn(&str) -> bool) -> Option<(&'m str, u64)> {
    let read = model.reads.iter().filter(|table| of(table));
    read.filter_map(|table| Some((*table, *rows.get(*table)?))).max_by_key(|(_, found)| *found)
}

fn is_sampled(model: &Model, table: &str) -> bool {
    matches!(model.takes, Takes::Sample(sampling) if sampling.tables.iter().any(|(sampled, _)| *sampled == table))
}

fn too_many(table: &str, found: u64, most: u64) -> String {
    format!("{found} rows of {table} are more than [engine] model_rows = {most}")
}

/// A batch of `of` after another through the model, and each part of its table into the engine.
fn by_batches(engine: &dyn Engine, graph: &Graph, model: &Model, of: &str, around: &Around<'_>) -> Result<()> {
    let [makes] = model.makes else {
        return Err(Error::internal(format!("the model `{}` makes several tables of batches", model.name)));
    };
    let others: Vec<&'static str> = model.reads.iter().copied().filter(|read| *read != of).collect();
    let small = read(engine, graph, &others)?;
    let of_model = model.reads.iter().copied().find(|read| *read == of);
    let of_model = of_model.ok_or_else(|| Error::internal(format!("`{}` does not read `{of}`", model.name)))?;
    let table = contract(graph, makes)?;
    let parts = engine.batches(contract(graph, of)?)?.map(|rows| {
        let mut tables = small.clone();
        tables.insert(of_model, Frame::new(of, rows?));
        let made = compute(model, tables, around)?.into_iter().next();
        batch(table, made.ok_or_else(|| Error::internal("a model of one table makes none"))?)
    });
    // An engine without a row of `of` may have no batch either.
    engine.insert_batches(table, &mut std::iter::once(Ok(no_rows(table))).chain(parts))
}

pub(super) fn read(
    engine: &dyn Engine,
    graph: &Graph,
    names: &[&'static str],
) -> Result<BTreeMap<&'static str, Frame>> {
    names.iter().map(|name| Ok((*name, Frame::new(name, engine.rows(contract(graph, name)?)?)))).collect()
}

fn compute(model: &Model, tables: BTreeMap<&'static str, Frame>, around: &Around<'_>) -> Result<Vec<Rows>> {
    computed(model, &Inputs::new(tables, around.secrets).within(around.memory, around.monitor))
}

/// What the model makes of these inputs.
pub(super) fn computed(model: &Model, inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let made = (model.compute)(inputs)?;
    if made.len() != model.makes.len() {
        return Err(Error::internal(format!("the model `{}` does not make the tables that it names", model.name)));
    }
    Ok(made)
}

/// The tables of the model that are in the graph.
fn made_of<'a>(graph: &'a Graph, model: &Model) -> Vec<&'a Table> {
    model.makes.iter().filter_map(|table| graph.node(table)).map(|node| &node.table).collect()
}

pub(super) fn contract<'a>(graph: &'a Graph, table: &str) -> Result<&'a Table> {
    let node = graph.node(table).ok_or_else(|| Error::internal(format!("`{table}` is not in the graph")));
    node.map(|node| &node.table)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray};
    use arrow::record_batch::RecordBatch;

    use super::*;
    use crate::contract::ColumnType;
    use crate::engine::PolarsEngine;
    use crate::error::ErrorKind;
    use crate::models::Pick;
    use crate::monitor::Silent;

    /// More than one batch of the embedded engine.
    const CUSTOMERS: usize = 70_000;

    fn graph() -> Graph {
        Graph::new(Path::new("/nonexistent"), &[]).unwrap()
    }

    fn around(secrets: &Secrets, model_rows: Option<u64>) -> Around<'_> {
        Around { secrets, memory: None, model_rows, monitor: &Silent }
    }

    /// An engine with this many customers, each a unit of their own, and a holdout of a tenth.
    fn engine(graph: &Graph, customers: usize) -> PolarsEngine {
        let engine = PolarsEngine::new();
        let units = contract(graph, "contact_units").unwrap();
        let ids: ArrayRef = Arc::new(StringArray::from_iter_values((0..customers).map(|id| format!("C{id:07}"))));
        let rows = RecordBatch::try_new(no_rows(units).schema(), vec![ids; units.columns.len()]).unwrap();
        engine.insert(units, &rows).unwrap();
        let params = contract(graph, "run_params").unwrap();
        let value = |column: &crate::contract::Column| {
            let value = match (column.name.as_ref(), column.column_type) {
                ("holdout_seed", _) => "'seed'",
                ("holdout_e4", _) => "1000",
                (_, ColumnType::Boolean) => "FALSE",
                _ => "NULL",
            };
            format!("CAST({value} AS {}) AS {}", column.column_type.sql(), column.name)
        };
        let one = Table::new("one", "one row", &["k"], vec![crate::contract::text("k", "")]);
        let row: ArrayRef = Arc::new(StringArray::from(vec!["k"]));
        engine.insert(&one, &RecordBatch::try_new(no_rows(&one).schema(), vec![row]).unwrap()).unwrap();
        let sql: Vec<String> = params.columns.iter().map(value).collect();
        engine.define(params, &format!("SELECT {} FROM one", sql.join(", "))).unwrap();
        engine
    }

    #[test]
    fn who_takes_batches_reads_that_table_and_makes_one() {
        let mut found = 0;
        for model in models() {
            if let Takes::Batches(of) = model.takes {
                assert!(model.reads.contains(&of) && model.makes.len() == 1, "{}", model.name);
                found += 1;
            }
        }
        assert!(found > 0);
    }

    #[test]
    fn batch_after_batch_makes_what_all_rows_at_once_make() {
        let (graph, secrets) = (graph(), Secrets::default());
        for customers in [CUSTOMERS, 0] {
            let engine = engine(&graph, customers);
            assert_eq!(
                run_model(&engine, &graph, "holdout", &BTreeMap::new(), &around(&secrets, Some(1))).unwrap(),
                None
            );
            let made = engine.rows(contract(&graph, "customer_holdouts").unwrap()).unwrap();
            let model = models().iter().find(|model| model.name == "holdout").unwrap();
            let at_once = compute(model, read(&engine, &graph, model.reads).unwrap(), &around(&secrets, None)).unwrap();
            let at_once = batch(contract(&graph, "customer_holdouts").unwrap(), at_once.into_iter().next().unwrap());
            assert_eq!(made, at_once.unwrap());
            assert_eq!(made.num_rows(), customers);
        }
    }

    fn rows(rows: &[(&str, u64)]) -> BTreeMap<String, u64> {
        rows.iter().map(|(table, rows)| ((*table).to_owned(), *rows)).collect()
    }

    fn model(name: &str) -> &'static Model {
        models().iter().find(|model| model.name == name).unwrap()
    }

    #[test]
    fn beyond_the_bound_is_one_row_more() {
        let of = |lines| rows(&[("basket_lines", lines), ("return_spells", lines)]);
        assert_eq!(beyond(model("recommendations"), &of(10), Some(10)), None);
        let said = beyond(model("recommendations"), &of(11), Some(10)).unwrap();
        assert_eq!(said, "11 rows of basket_lines are more than [engine] model_rows = 10");
        assert_eq!(beyond(model("recommendations"), &of(u64::MAX), None), None);
        assert_eq!(beyond(model("survival"), &of(11), Some(10)), None, "counts of days");
    }

    #[test]
    fn what_learns_from_a_part_is_off_for_the_rest_of_what_it_reads_only() {
        let affinity = model("product_affinity");
        let of = |lines, products| rows(&[("basket_lines", lines), ("offered_products", products)]);
        for (lines, every) in [(10, None), (11, Some(2)), (31, Some(4))] {
            assert_eq!(beyond(affinity, &of(lines, 10), Some(10)), None);
            assert_eq!(part(affinity, &of(lines, 10), Some(10)).map(|part| part.every), every, "{lines}");
        }
        assert_eq!(part(affinity, &of(u64::MAX, 1), None).map(|part| part.every), None);
        let said = beyond(affinity, &of(1, 11), Some(10)).unwrap();
        assert!(said.starts_with("11 rows of offered_products"), "{said}");
        assert_eq!(part(model("recommendations"), &of(11, 1), Some(10)).map(|part| part.every), None);
    }

    #[test]
    fn who_learns_from_a_part_reads_its_tables_and_makes_that_of_everybody_first() {
        let mut found = 0;
        for model in models() {
            if let Takes::Sample(sampling) = model.takes {
                assert!(sampling.tables.iter().all(|(table, _)| model.reads.contains(table)), "{}", model.name);
                for (_, pick) in sampling.tables {
                    if let Pick::Where(condition) = pick {
                        assert!(condition.contains("{every}"), "{}", model.name);
                    }
                }
                if let Some(everybody) = &sampling.everybody {
                    assert!(is_sampled(model, everybody.table), "{}", model.name);
                    assert!(model.makes.starts_with(everybody.judged), "{}", model.name);
                }
                found += 1;
            }
        }
        assert!(found > 1);
    }

    #[test]
    fn a_model_that_is_off_makes_empty_tables_and_says_why() {
        let (graph, secrets, engine) = (graph(), Secrets::default(), PolarsEngine::new());
        let rows = rows(&[("attrition_labels", 11), ("identity_keys", 11)]);
        let note = run_model(&engine, &graph, "attrition", &rows, &around(&secrets, Some(10))).unwrap().unwrap();
        assert!(note.starts_with("model attrition is off: 11 rows of attrition_labels"), "{note}");
        assert!(note.contains("empty: attrition_scores, "), "{note}");
        assert_eq!(engine.materialise(contract(&graph, "attrition_grades").unwrap()).unwrap(), 0);
        // Who is one person has said no for all of their ids: without it, others would be contacted.
        let error = run_model(&engine, &graph, "identity", &rows, &around(&secrets, Some(10))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("11 rows of identity_keys"), "{error}");
    }
}
