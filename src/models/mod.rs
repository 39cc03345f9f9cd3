//! Tables that need mathematics or an algorithm: survival curves, tests, hashes, allocations.
//!
//! A [`Model`] names the tables that it reads and the tables that it makes, like a file of `sql/`, and is a plain function
//! from typed columns to typed columns. It knows nothing of files, engines or runs. SQL makes its inputs compact (counts of
//! distinct keys instead of customers, where it can) and joins its results back, so that a model serves any engine.
//!
//! The rows of a table that a model reads come in the order of the table's contract: a floating sum in row order is the
//! same on every machine and for any number of threads. A contract without an order says that the model knows none: sorting
//! ten million lines that are counted anyway would cost more than counting them.

pub mod affinity;
pub mod affinity_tables;
pub mod attrition;
pub(crate) mod attrition_tables;
mod batch;
mod binomial;
mod buyers;
mod columns;
mod contact_allocation;
mod contract_lifetimes;
mod experiment;
mod hierarchies;
pub mod identity;
mod information;
pub mod lifetime_tables;
pub mod lifetime_value;
mod local_time;
mod opportunity_values;
pub mod response;
mod response_tables;
mod routing_keys;
mod rule_feedback;
mod sampling;
mod survival;

pub use batch::{batch, no_rows};
pub use columns::{Frame, Inputs, Rows, Secrets, Values};
pub use routing_keys::{LEAST_KEY_BYTES, ROUTING_KEY};
pub use sampling::{Everybody, Judge, Pick, Sampling, every, takes};

use crate::error::Result;

/// What makes one or more tables by computation.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    /// Its name, for plans and messages.
    pub name: &'static str,
    /// Tables that it reads: made by SQL or by the pipeline, never staged inputs.
    pub reads: &'static [&'static str],
    /// Tables that it makes.
    pub makes: &'static [&'static str],
    /// How many of those rows it has to hold at once.
    pub takes: Takes,
    /// The computation: the rows of each table that it makes, in the order of `makes`.
    pub compute: fn(&Inputs<'_>) -> Result<Vec<Rows>>,
}

/// How much of what it reads a model has to hold at once. An engine on other machines may have tables that this process has
/// no memory for: `[engine] model_rows` bounds what a model takes from it.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// Counts of distinct keys: however many customers there are, there are not more days, places and numbers.
    Compact,
    /// The rows of this table one batch after another, each row judged by itself; all of the others, which are small. The
    /// rows that it makes of a batch are a part of the table that it makes.
    Batches(&'static str),
    /// All rows; beyond the bound, those of a part of the units, which learns for all.
    Sample(&'static Sampling),
    /// All rows. Beyond the bound it makes empty tables, and what reads them takes its customers for not modelled.
    Whole,
    /// All rows. Without them other tables would say what is not so (a denial under another id would not be seen, say): beyond
    /// the bound there is no run.
    WholeOrNothing,
}

/// All models.
pub fn models() -> &'static [Model] {
    &[
        hierarchies::MODEL,
        buyers::MODEL,
        survival::MODEL,
        binomial::MODEL,
        experiment::HOLDOUT,
        experiment::ASSIGNMENT,
        contact_allocation::MODEL,
        routing_keys::MODEL,
        contract_lifetimes::MODEL,
        attrition_tables::MODEL,
        lifetime_tables::MODEL,
        affinity_tables::MODEL,
        affinity_tables::recommendations::MODEL,
        opportunity_values::MODEL,
        local_time::MODEL,
        information::RARITY,
        information::ENTROPY,
        response_tables::MODEL,
        rule_feedback::MODEL,
        identity::MODEL,
        identity::HOUSEHOLDS,
        identity::CALLERS,
    ]
}
