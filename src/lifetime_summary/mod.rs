//! Lifetime value of a summary file: the models of [`crate::models::lifetime_value`] without a pipeline, and the tables
//! that a run would make of the same customers.
//!
//! ```text
//! summary file ──read──▶ rows, rejects ──analyse──▶ tables, frozen model ──write──▶ folder of Parquet files
//! ```

mod analyse;
mod read;
mod tables;

use std::path::PathBuf;
use std::time::Instant;

use jiff::civil::{Date, date};

pub use analyse::{Analysis, CANDIDATES};
pub use read::{Columns, Reject, Row, SpendPurchases, Summary};

use crate::error::{Error, Result};
use crate::models::lifetime_value::frozen::Frozen;
use crate::monitor::{Event, Monitor};

/// What is asked of a summary file.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file: CSV with a header, compressed when it ends in `.gz`.
    pub summary: PathBuf,
    /// Which column is what.
    pub columns: Columns,
    /// How many purchases a value is the mean of, when no column says it.
    pub spend_purchases: SpendPurchases,
    /// How long the future is, in the unit of the file.
    pub horizon: f64,
    /// Days in the unit of the file.
    pub unit_days: f64,
    /// What a year of 365.25 days discounts.
    pub annual_discount_rate: f64,
    /// The day after the last that the file covers.
    pub as_of: Option<Date>,
    /// Models to fit; none for all. A single one is chosen whatever it is worth.
    pub models: Vec<String>,
    /// Fewer customers than this are too few for a fit.
    pub min_customers: u32,
    /// And fewer who bought again.
    pub min_repeaters: u32,
    /// Draws of the parameters, for the intervals of totals.
    pub draws: u32,
    /// Their seed.
    pub seed: u64,
    /// A model to score with, instead of a fit.
    pub frozen: Option<Frozen>,
    /// The folder for the tables.
    pub out: PathBuf,
    /// Threads.
    pub threads: usize,
}

/// Days since 1970-01-01.
fn epoch_day(day: Date) -> i32 {
    (day - date(1970, 1, 1)).get_days()
}

/// Reads the file, fits, chooses, scores, and writes the tables and `rejects.csv`.
///
/// # Errors
/// Usage, when models or a frozen model do not go with the file; input, when no row can be used; output, when the folder
/// cannot be written.
pub fn run(options: &Options, monitor: &dyn Monitor) -> Result<Analysis> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.max(1))
        .build()
        .map_err(|error| Error::internal("could not start threads").because(error))?;
    let timed = |stage: &str, started: Instant, summary: String| {
        monitor.event(Event::StageFinished { stage: stage.to_owned(), summary, elapsed: started.elapsed() });
    };
    let started = Instant::now();
    let summary = read::read(&options.summary, &options.columns, options.spend_purchases)?;
    timed("read", started, format!("{} customers, {} rows rejected", summary.rows.len(), summary.rejects.len()));
    if let Some(first) = summary.rejects.first() {
        let message = format!(
            "{} rows rejected, which `rejects.csv` lists; the first is row {}: {}",
            summary.rejects.len(),
            first.row,
            first.reason
        );
        monitor.event(Event::Warning { message });
    }
    let started = Instant::now();
    let analysis = pool.install(|| analyse::analyse(&summary, options, monitor))?;
    timed("models", started, analysis.outcome.clone());
    let started = Instant::now();
    tables::write(&analysis, &summary.rejects, options)?;
    timed("write", started, options.out.display().to_string());
    Ok(analysis)
}
