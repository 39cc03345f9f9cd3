//! Frequent sets of products, exactly: which sets are in at least `min_count` units, and which of these are closed (no
//! larger set has the same count) or maximal (no larger set is frequent).
//!
//! A set is grown by products that are more frequent than its own, so that the rows that it is searched in are few and
//! short (`search.rs`, `rows.rs`; after LCM, Uno, Kiyomi and Arimura 2004, FIMI). Rows that have become equal are merged,
//! and each copy of rows is at most half of the one before: however deep it goes, a thread needs a small multiple of the
//! memory of its input.
//!
//! Nothing is left out silently. When there are more than `max_sets`, whole lengths are left out, the longest first: what
//! remains are *all* frequent sets of up to so many products, so that every subset of a set is there too, and
//! [`Limits`] says so. (`spec/affinity.md` 2.2, 7.2.)

mod levels;
mod rows;
mod search;

#[cfg(test)]
mod properties;

pub(crate) use levels::Level;
pub use levels::{Itemset, Itemsets};

use super::Incidence;

/// What is asked of the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mining {
    /// In how many units a set has to be; at least 1.
    pub min_count: u32,
    /// How many products a set has at most; at least 1.
    pub max_length: Option<usize>,
    /// How many sets there are at most.
    pub max_sets: usize,
}

impl Default for Mining {
    fn default() -> Mining {
        Mining { min_count: 5, max_length: Some(5), max_sets: 1_000_000 }
    }
}

/// What limits did to a result. It is the same for any number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Every frequent set of up to so many products is there, and none that is longer.
    pub complete_length: usize,
    /// There are longer frequent sets, left out because of `max_length`.
    pub max_length_bound: bool,
    /// There are longer frequent sets, left out because there are more than `max_sets` in all.
    pub max_sets_bound: bool,
    /// At least so many sets were left out because of `max_sets`. How many more is not counted: that would take as long as
    /// making them.
    pub left_out_at_least: usize,
}

/// All frequent sets of a table of units and products.
pub fn mine(incidence: &Incidence, mining: &Mining) -> Itemsets {
    search::run(incidence, mining)
}
