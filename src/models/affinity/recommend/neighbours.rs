//! Which products speak for which: weights from a source, which the customer has, to a target, which is scored.

use rayon::prelude::*;

use super::Snapshot;
use crate::models::affinity::Counting;
use crate::models::affinity::{Incidence, PairCounts};

/// Weights as whole numbers, so that sums are the same in any order.
pub(super) struct Weights {
    starts: Vec<usize>,
    targets: Vec<u32>,
    fixed: Vec<i32>,
    /// The whole number that is a weight of 1; a power of two.
    pub unit: f64,
}

/// What two products are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closeness {
    /// Log-likelihood ratio, where lift is above 1.
    LogLikelihood,
    /// Cosine of the units.
    Cosine,
}

impl Weights {
    /// From the sources of each target.
    pub fn from_sources(sources: &[Vec<(u32, f64)>]) -> Weights {
        let largest =
            sources.par_iter().flat_map_iter(|row| row.iter().map(|(_, weight)| weight.abs())).reduce(|| 0.0, f64::max);
        // 2^30 at most, so that rounding cannot leave 32 bits; a history of 2^32 products cannot leave 64.
        let unit = if largest > 0.0 { 2f64.powi(29 - largest.log2().floor() as i32) } else { 1.0 };
        let mut starts = vec![0; sources.len() + 1];
        for (source, _) in sources.iter().flatten() {
            starts[*source as usize + 1] += 1;
        }
        for source in 0..sources.len() {
            starts[source + 1] += starts[source];
        }
        let mut next = starts.clone();
        let mut targets = vec![0; starts[sources.len()]];
        let mut fixed = vec![0; targets.len()];
        for (target, row) in (0u32..).zip(sources) {
            for (source, weight) in row {
                let at = &mut next[*source as usize];
                targets[*at] = target;
                fixed[*at] = (weight * unit).round() as i32;
                *at += 1;
            }
        }
        Weights { starts, targets, fixed, unit }
    }

    /// What a source says of its targets, which ascend.
    pub fn of(&self, source: u32) -> impl Iterator<Item = (u32, i32)> {
        let range = self.starts[source as usize]..self.starts[source as usize + 1];
        self.targets[range.clone()].iter().copied().zip(self.fixed[range].iter().copied())
    }

    /// What a source says of one target.
    pub fn between(&self, source: u32, target: u32) -> i32 {
        let range = self.starts[source as usize]..self.starts[source as usize + 1];
        match self.targets[range.clone()].binary_search(&target) {
            Ok(at) => self.fixed[range.start + at],
            Err(_) => 0,
        }
    }
}

/// The `most` nearest of every product. Units without an eligible product do not count.
pub(super) fn nearest(incidence: &Incidence, closeness: Closeness, most: usize) -> Weights {
    let degrees = incidence.degrees();
    let total = (0..incidence.units()).filter(|unit| !incidence.row(*unit).is_empty()).count() as u64;
    let counting = Counting { incidence, min_count: 1, weights: None, memory_bytes: None };
    let sources = counting.count(|target, partners| {
        let mut row: Vec<(u32, f64)> = partners
            .iter()
            .filter_map(|partner| {
                let counts = PairCounts {
                    n_ab: u64::from(partner.count),
                    n_a: u64::from(degrees[target as usize]),
                    n_b: u64::from(degrees[partner.product as usize]),
                    n_total: total,
                };
                let score = match closeness {
                    Closeness::LogLikelihood if !counts.lift_above_one() => return None,
                    Closeness::LogLikelihood => counts.log_likelihood_ratio(),
                    Closeness::Cosine => counts.cosine(),
                };
                Some((partner.product, score))
            })
            .collect();
        strongest(&mut row, most);
        row
    });
    Weights::from_sources(&sources)
}

/// Keeps the largest by size, ties by product.
fn strongest(row: &mut Vec<(u32, f64)>, most: usize) {
    let order = |a: &(u32, f64), b: &(u32, f64)| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0));
    if row.len() > most {
        row.select_nth_unstable_by(most, order);
        row.truncate(most);
    }
    row.shrink_to_fit();
}

/// Neighbours in customers' histories.
pub(super) fn of_customers(snapshot: &Snapshot<'_>, closeness: Closeness, most: usize) -> Weights {
    nearest(&snapshot.histories, closeness, most)
}
