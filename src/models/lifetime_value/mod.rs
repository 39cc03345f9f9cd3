//! Lifetime value: how often customers will buy, for how long, and what that is worth.
//!
//! Mathematics only: no table, file or engine is known here. `spec/lifetime-value.md` has the derivations, and reference
//! numbers that the tests reproduce.
//!
//! ```text
//! histories (x, t_x, T) --fit--> parameters --process--> P(alive) x outlook of the living --> figures of each customer
//! ```

mod beta_sums;
pub mod bg_bb;
pub mod bg_nbd;
pub mod choice;
pub mod contractual;
pub mod covariates;
pub mod death;
pub mod drift;
pub mod fields;
pub mod fit;
pub mod frozen;
pub mod gamma_gamma;
pub mod history;
pub mod holdout;
pub mod nbd;
pub mod outlook;
pub mod pareto_nbd;
pub mod pooling;
pub mod population;
pub mod process;
pub mod rescoring;
pub mod scores;
pub mod simulate;
pub mod special;
pub mod study;
pub mod totals;
pub mod tracking;
pub mod value;
pub mod waiting;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod coverage;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod golden;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod golden_purchases;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod properties;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod study_on_simulated;
