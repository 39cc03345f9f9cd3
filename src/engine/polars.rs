//! The embedded engine: Polars SQL with the streaming engine, in this process.
//!
//! The streaming engine sums integers exactly but floats in no fixed order, and keeps no row order; so `sql/` never sums a
//! float, and what is kept is sorted by its contract.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::record_batch::RecordBatch;
use polars::prelude::*;
use polars::sql::SQLContext;

use super::found::{FoundColumn, check_columns, plain_columns};
use super::ids::IdCodes;
use super::{Batches, Engine, Statement, frame};
use crate::contract::{ColumnType, Table};
use crate::error::{Error, Result};

/// Rows in a batch that leaves the engine.
const BATCH_ROWS: usize = 1 << 16;

/// Polars, in this process.
#[derive(Default)]
pub struct PolarsEngine {
    /// Every known table: a scan, a plan over other tables, or rows.
    tables: Mutex<BTreeMap<String, LazyFrame>>,
    /// Codes of ids, once [`Engine::code_ids`] has made them.
    codes: OnceLock<Arc<IdCodes>>,
}

impl PolarsEngine {
    /// An engine that knows no table.
    pub fn new() -> Self {
        PolarsEngine::default()
    }

    fn put(&self, name: &str, frame: LazyFrame) {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), frame);
    }

    /// The frame with its ids as codes, when there are any.
    fn coded(&self, table: &str, frame: LazyFrame) -> Result<LazyFrame> {
        match self.codes.get() {
            Some(codes) => codes.code(frame).map_err(|error| fault(table, error)),
            None => Ok(frame),
        }
    }

    fn get(&self, name: &str) -> Option<LazyFrame> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// What `sql` would compute, and the columns it would have.
    fn plan(&self, name: &str, sql: &str) -> Result<(LazyFrame, SchemaRef)> {
        // A context of its own: after an error, aliases of a query leak into the next.
        let mut context = SQLContext::new();
        for read in Statement::parse(name, sql)?.reads() {
            context.register(&read, self.known(&read)?);
        }
        let mut plan = context.execute(sql).map_err(|error| wrong_sql(name, error))?;
        let found = plan.collect_schema().map_err(|error| wrong_sql(name, error))?;
        Ok((plan, found))
    }

    fn known(&self, name: &str) -> Result<LazyFrame> {
        self.get(name).ok_or_else(|| Error::internal(format!("the engine does not know the table `{name}`")))
    }
}

impl Engine for PolarsEngine {
    fn scan(&self, table: &Table, files: &[PathBuf], present: &[String]) -> Result<()> {
        let frame = if files.is_empty() {
            DataFrame::empty_with_schema(&schema(table)).lazy()
        } else {
            let scan = frame::scan(files).map_err(|error| fault(&table.name, error))?;
            let columns = table.columns.iter().map(|column| {
                if present.iter().any(|name| *name == column.name) {
                    col(column.name.as_ref())
                } else {
                    lit(NULL).cast(data_type(column.column_type)).alias(column.name.as_ref())
                }
            });
            scan.select(columns.collect::<Vec<_>>())
        };
        self.put(&table.name, self.coded(&table.name, frame)?);
        Ok(())
    }

    fn insert(&self, table: &Table, rows: &RecordBatch) -> Result<()> {
        let frame = frame::from_batch(rows).map_err(|error| fault(&table.name, error))?;
        self.put(&table.name, self.coded(&table.name, frame.lazy())?);
        Ok(())
    }

    fn code_ids(&self) -> Result<()> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let codes = IdCodes::of(tables.values()).map_err(|error| fault("ids", error))?;
        for (name, frame) in tables.iter_mut() {
            *frame = codes.code(frame.clone()).map_err(|error| fault(name, error))?;
        }
        // A second call would find nothing left to code.
        let _ = self.codes.set(Arc::new(codes));
        Ok(())
    }

    fn beside(&self) -> Result<Box<dyn Engine>> {
        Ok(Box::new(PolarsEngine { tables: Mutex::default(), codes: self.codes.clone() }))
    }

    fn attach(&self, name: &str, files: &[PathBuf]) -> Result<()> {
        self.put(name, frame::scan(files).map_err(|error| fault(name, error))?);
        Ok(())
    }

    fn define(&self, table: &Table, sql: &str) -> Result<()> {
        let (plan, found) = self.plan(&table.name, sql)?;
        check_columns(table, &found_columns(&found))?;
        let columns: Vec<Expr> = table.columns.iter().map(|column| col(column.name.as_ref())).collect();
        self.put(&table.name, self.coded(&table.name, plan.select(columns))?);
        Ok(())
    }

    fn materialise(&self, table: &Table) -> Result<u64> {
        let plan = self.known(&table.name)?;
        let rows = plan
            .collect_with_engine(polars::prelude::Engine::Streaming)
            .and_then(|result| {
                // One plan without sinks has one result.
                let frame = result.unwrap_single();
                if table.sort.is_empty() {
                    return Ok(frame);
                }
                let by: Vec<&str> = table.sort.iter().map(AsRef::as_ref).collect();
                frame.sort(by, SortMultipleOptions::default().with_nulls_last(true))
            })
            .map_err(|error| fault(&table.name, error))?;
        check_rows(table, &rows)?;
        let height = rows.height() as u64;
        self.put(&table.name, rows.lazy());
        Ok(height)
    }

    fn columns(&self, name: &str, sql: &str) -> Result<Vec<(String, ColumnType)>> {
        plain_columns(name, found_columns(&self.plan(name, sql)?.1))
    }

    fn batches(&self, table: &Table) -> Result<Batches> {
        let rows = self.known(&table.name)?.collect().map_err(|error| fault(&table.name, error))?;
        let starts = (0..rows.height().max(1)).step_by(BATCH_ROWS);
        Ok(Box::new(starts.map(move |start| frame::to_batch(&rows.slice(start as i64, BATCH_ROWS)))))
    }

    fn rows(&self, table: &Table) -> Result<RecordBatch> {
        frame::to_batch(&self.known(&table.name)?.collect().map_err(|error| fault(&table.name, error))?)
    }

    fn forget(&self, table: &str) {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).remove(table);
    }
}

/// The Polars type of a column inside the pipeline.
fn data_type(column_type: ColumnType) -> DataType {
    match column_type {
        ColumnType::Text => DataType::String,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Integer | ColumnType::Day => DataType::Int32,
        ColumnType::BigInt | ColumnType::Money | ColumnType::Instant => DataType::Int64,
        ColumnType::Double => DataType::Float64,
    }
}

fn schema(table: &Table) -> Schema {
    table.columns.iter().map(|column| (column.name.as_ref().into(), data_type(column.column_type))).collect()
}

fn found_columns(schema: &Schema) -> Vec<FoundColumn> {
    let found = |(name, data_type): (&PlSmallStr, &DataType)| {
        let sql_type = match data_type {
            DataType::String | DataType::Enum(..) => Some("VARCHAR"),
            DataType::Boolean => Some("BOOLEAN"),
            DataType::Int32 => Some("INTEGER"),
            DataType::Int64 => Some("BIGINT"),
            DataType::Float64 => Some("DOUBLE"),
            _ => None,
        };
        FoundColumn { name: name.to_string(), sql_type, said: data_type.to_string() }
    };
    schema.iter().map(found).collect()
}

/// No nulls where none may be; a key that identifies.
fn check_rows(table: &Table, rows: &DataFrame) -> Result<()> {
    for column in table.columns.iter().filter(|column| !column.nullable) {
        let nulls = rows.column(&column.name).map_err(|error| fault(&table.name, error))?.null_count();
        if nulls > 0 {
            return Err(Error::config(format!(
                "column `{}` of `{}` is null in {nulls} of {} rows, and may not be",
                column.name,
                table.name,
                rows.height()
            ))
            .hint("COALESCE it, or leave those rows out and say so in the table's head"));
        }
    }
    // A table that is sorted by its key holds equal keys side by side. The others are checked when they are written.
    if table.key.is_empty() || table.key != table.sort || rows.height() < 2 {
        return Ok(());
    }
    let mut same = BooleanChunked::full("same".into(), true, rows.height() - 1);
    for name in &table.key {
        let column = rows.column(name).map_err(|error| fault(&table.name, error))?;
        let (head, tail) = (column.slice(0, rows.height() - 1), column.slice(1, rows.height() - 1));
        same = &same & &head.equal_missing(&tail).map_err(|error| fault(&table.name, error))?;
    }
    match same.iter().position(|equal| equal == Some(true)) {
        None => Ok(()),
        Some(row) => Err(Error::config(format!(
            "rows {} and {} of `{}` have the same key ({})",
            row + 1,
            row + 2,
            table.name,
            table.key.join(", ")
        ))
        .hint("a join that finds two partners is the usual cause: group by the key, or join on all of it")),
    }
}

/// A query that cannot be planned. Polars' own words are about names and types, then about plans that nobody asked for.
fn wrong_sql(name: &str, error: PolarsError) -> Error {
    Error::config(format!("the SQL of `{name}` does not run")).because(frame::reason(&error))
}

/// A query that failed while it ran. Polars' words then may hold values of rows, which may be personal.
fn fault(table: &str, error: PolarsError) -> Error {
    Error::internal(format!("could not compute `{table}`: {}", frame::kind(&error)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use arrow::array::{Int64Array, StringArray};
    use arrow::datatypes::{Field, Schema as ArrowSchema};

    use super::*;
    use crate::contract::{bigint, text};

    fn pairs() -> Table {
        Table::new("pairs", "a pair", &["k"], vec![text("k", "key"), bigint("v", "value").optional()])
    }

    fn engine(keys: &[&str], values: &[Option<i64>]) -> PolarsEngine {
        let schema = ArrowSchema::new(vec![
            Field::new("k", arrow::datatypes::DataType::Utf8, true),
            Field::new("v", arrow::datatypes::DataType::Int64, true),
        ]);
        let batch = RecordBatch::try_new(
            Arc::new(schema),
            vec![Arc::new(StringArray::from(keys.to_vec())), Arc::new(Int64Array::from(values.to_vec()))],
        )
        .unwrap();
        let engine = PolarsEngine::new();
        engine.insert(&pairs(), &batch).unwrap();
        engine
    }

    fn made(name: &'static str) -> Table {
        Table { name: name.into(), ..pairs() }
    }

    #[test]
    fn a_table_is_made_sorted_and_read_back() {
        let engine = engine(&["b", "a", "c"], &[Some(2), None, Some(3)]);
        let doubled = made("doubled");
        engine.define(&doubled, "SELECT p.v * 2 AS v, p.k AS k FROM pairs AS p WHERE p.k <> 'c'").unwrap();
        assert_eq!(engine.materialise(&doubled).unwrap(), 2);
        let batches: Vec<RecordBatch> = engine.batches(&doubled).unwrap().map(Result::unwrap).collect();
        let keys = batches[0].column(0).as_any().downcast_ref::<StringArray>().unwrap();
        let values = batches[0].column(1).as_any().downcast_ref::<Int64Array>().unwrap();
        assert_eq!(keys.iter().collect::<Vec<_>>(), [Some("a"), Some("b")]);
        assert_eq!(values.iter().collect::<Vec<_>>(), [None, Some(4)]);
    }

    #[test]
    fn rows_in_batches_are_the_rows_in_one_piece() {
        let engine = engine(&["a", "b", "c"], &[Some(1), None, Some(3)]);
        let all = engine.rows(&pairs()).unwrap();
        let parts = [all.slice(0, 0), all.slice(0, 2), all.slice(2, 1)];
        let again = made("again");
        engine.insert_batches(&again, &mut parts.into_iter().map(Ok)).unwrap();
        assert_eq!(engine.materialise(&again).unwrap(), 3);
        assert_eq!(engine.rows(&again).unwrap(), all);
        let broken = [Ok(all.slice(0, 1)), Err(Error::internal("no more"))];
        assert_eq!(engine.insert_batches(&again, &mut broken.into_iter()).unwrap_err().message(), "no more");
        assert!(engine.insert_batches(&again, &mut std::iter::empty()).is_err(), "columns are not known");
    }

    #[test]
    fn columns_are_held_to_the_contract() {
        let engine = engine(&["a"], &[Some(1)]);
        let table = made("t");
        for (sql, said) in [
            ("SELECT k FROM pairs", "does not make the column `v`"),
            ("SELECT k, CAST(v AS INTEGER) AS v FROM pairs", "not BIGINT"),
            ("SELECT k, v, 1 AS extra FROM pairs", "makes the column `extra`"),
            ("SELECT k, v, nothing FROM pairs", "does not run"),
        ] {
            let error = engine.define(&table, sql).unwrap_err();
            assert!(error.message().contains(said), "{sql}: {}", error.message());
        }
    }

    #[test]
    fn a_repeated_key_and_a_forbidden_null_are_refused() {
        let engine = engine(&["a", "b", "a"], &[Some(1), Some(2), None]);
        let table = made("t");
        engine.define(&table, "SELECT k, v FROM pairs").unwrap();
        assert!(engine.materialise(&table).unwrap_err().message().contains("same key"));
        let mut strict = made("s");
        strict.columns[1].nullable = false;
        strict.key.clear();
        strict.sort.clear();
        engine.define(&strict, "SELECT k, v FROM pairs").unwrap();
        assert!(engine.materialise(&strict).unwrap_err().message().contains("null in 1 of 3 rows"));
    }
}
