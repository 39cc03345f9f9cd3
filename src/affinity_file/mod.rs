//! Affinity of a basket file: the models of [`crate::models::affinity`] without a pipeline, for the analyst on a bare file.
//!
//! ```text
//! basket files ──basket_file──▶ lines ──units──▶ baskets or customers × products ──pairs──▶ affinity_ptp
//!                                 │                                              └─rules──▶ affinity_rules, rule files
//!                                 └──evaluate──▶ affinity_evaluation
//! ```

mod columns;
mod evaluate;
mod folder;
mod pairs;
mod rules;
mod units;

pub use columns::{PAIR_COLUMNS, PairNames, RULE_COLUMNS, batch, pair_column, rule_column};
pub use evaluate::{EVALUATION_COLUMNS, Evaluation, best_first, evaluate, evaluation_column, write_evaluation};
pub use folder::{write_pairs, write_rules};
pub use pairs::{PairOptions, PairResult, pairs, strongest};
pub use rules::{NamedRule, RuleResult, RulesOptions, rules};
pub use units::{Grouping, Source, Units};

use std::time::Instant;

use crate::error::{Error, Result};
use crate::monitor::{Event, Monitor};

/// Runs `work` on so many threads.
fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.max(1))
        .build()
        .map_err(|error| Error::internal("could not start threads").because(error))?;
    pool.install(work)
}

fn finished(monitor: &dyn Monitor, stage: &str, started: Instant, summary: String) {
    monitor.event(Event::StageFinished { stage: stage.to_owned(), summary, elapsed: started.elapsed() });
}

fn warn(monitor: &dyn Monitor, message: String) {
    monitor.event(Event::Warning { message });
}

fn note(monitor: &dyn Monitor, message: String) {
    monitor.event(Event::Note { message });
}

/// `1 basket`, `12 baskets`.
fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
