//! Product affinity: what goes with what, what comes next, what a customer will buy again, and which new thing they will
//! want. Pure mathematics over numbered units and products: no table, file or engine is known here
//! (`spec/affinity.md`).

mod fdr;
mod fisher;
mod incidence;
mod measures;
mod ranking;
mod ratio;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod measures_tests;

pub use fdr::{FalseDiscovery, q_values};
pub use incidence::Incidence;
pub use measures::PairCounts;
pub use ranking::RankBy;
pub use ratio::Ratio;
