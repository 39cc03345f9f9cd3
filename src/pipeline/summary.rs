//! What a person wants to know when a run is through.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use arrow::array::{Array, Decimal128Array, Int64Array, StringArray};
use serde::Serialize;

use crate::engine::ask;
use crate::error::Result;
use crate::ingest::Staged;
use crate::publish::{GateVerdict, RunRef};

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The run.
    pub run_id: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Whether `latest` names it.
    pub is_latest: bool,
    /// End of what was read.
    pub as_of: String,
    /// Whether `as_of` was given, or is the day after the newest transaction.
    pub as_of_given: bool,
    /// Reporting currency.
    pub currency: Option<String>,
    /// What was read.
    pub inputs: Vec<InputLine>,
    /// Customers known.
    pub customers: Option<i64>,
    /// Qualifying orders of identified customers.
    pub orders: Option<i64>,
    /// Net revenue of identified customers, in ten-thousandths.
    pub net_revenue_e4: Option<i128>,
    /// Customers by tier, service level, RFM segment and named segment.
    pub populations: BTreeMap<String, Vec<(String, i64)>>,
    /// The published tables.
    pub tables: Vec<TableLine>,
    /// What the gates said.
    pub gates: Vec<GateVerdict>,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// One input of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InputLine {
    /// The input.
    pub input: String,
    /// Its files.
    pub files: usize,
    /// Rows read, and what became of them.
    pub counts: crate::ingest::Counts,
    /// Files whose rows came from the cache.
    pub cached_files: usize,
}

/// One published table of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableLine {
    /// The table.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// Its file.
    pub file: PathBuf,
}

/// The inputs that were given.
pub fn input_lines(staged: &Staged) -> Vec<InputLine> {
    let given = staged.inputs.iter().filter(|input| input.given);
    given
        .map(|input| InputLine {
            input: input.input.name.to_owned(),
            files: input.report.files.len(),
            counts: input.report.totals,
            cached_files: input.report.files.iter().filter(|file| file.cached).count(),
        })
        .collect()
}

/// What came of a published run, read from its manifest and its tables.
///
/// # Errors
/// [`ErrorKind::Verify`](crate::error::ErrorKind::Verify) when the run is damaged.
pub fn summary(run: &RunRef, staged: &Staged, elapsed: Duration) -> Result<Summary> {
    let manifest = run.manifest()?;
    let tables: Vec<TableLine> = manifest
        .tables
        .iter()
        .filter_map(|table| {
            let file = run.path.join(table.file.as_ref()?);
            Some(TableLine { table: table.name.clone(), rows: table.rows, file })
        })
        .collect();
    let named: Vec<(String, PathBuf)> = tables.iter().map(|line| (line.table.clone(), line.file.clone())).collect();
    let mut summary = Summary {
        run_id: run.id.to_string(),
        folder: run.path.clone(),
        is_latest: run.is_latest,
        as_of: manifest.as_of,
        as_of_given: manifest.as_of_given,
        currency: None,
        inputs: input_lines(staged),
        customers: None,
        orders: None,
        net_revenue_e4: None,
        populations: BTreeMap::new(),
        gates: manifest.gates,
        seconds: elapsed.as_secs_f64(),
        tables,
    };
    if named.iter().any(|(name, _)| name == "customers") {
        customers(&named, &mut summary)?;
    }
    if named.iter().any(|(name, _)| name == "populations") {
        populations(&named, &mut summary)?;
    }
    Ok(summary)
}

fn customers(tables: &[(String, PathBuf)], summary: &mut Summary) -> Result<()> {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS customers, CAST(SUM(orders) AS BIGINT) AS orders, \
               SUM(net_revenue) AS net_revenue, MIN(currency) AS currency FROM customers";
    for batch in ask(tables, sql)? {
        let whole = |column: usize| batch.column(column).as_any().downcast_ref::<Int64Array>()?.iter().next()?;
        summary.customers = whole(0);
        summary.orders = whole(1);
        summary.net_revenue_e4 =
            batch.column(2).as_any().downcast_ref::<Decimal128Array>().and_then(|values| values.iter().next()?);
        summary.currency = batch
            .column(3)
            .as_any()
            .downcast_ref::<StringArray>()
            .and_then(|values| values.iter().next()?.map(str::to_owned));
    }
    Ok(())
}

fn populations(tables: &[(String, PathBuf)], summary: &mut Summary) -> Result<()> {
    for batch in ask(tables, "SELECT kind, name, customers FROM populations ORDER BY kind, name")? {
        let text = |column: usize| batch.column(column).as_any().downcast_ref::<StringArray>();
        let sizes = batch.column(2).as_any().downcast_ref::<Int64Array>();
        let (Some(kinds), Some(names), Some(sizes)) = (text(0), text(1), sizes) else { continue };
        for row in 0..batch.num_rows() {
            let group = (names.value(row).to_owned(), sizes.value(row));
            summary.populations.entry(kinds.value(row).to_owned()).or_default().push(group);
        }
    }
    Ok(())
}
