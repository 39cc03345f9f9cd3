//! Which products speak for which: weights from a source, which the customer has, to a target, which is scored.

use rayon::prelude::*;

use super::closeness::{Closeness, Sides};
use super::sheet::Sheet;
use crate::models::affinity::kernel::prefetch;
use crate::models::affinity::{Counting, Incidence};

/// How many rows of neighbours ahead memory is asked for.
const AHEAD: usize = 4;

/// Weights as whole numbers, so that sums are the same in any order.
pub(super) struct Weights {
    starts: Vec<usize>,
    spoken_for: Vec<SpokenFor>,
    /// The whole number that is a weight of 1; a power of two.
    pub unit: f64,
}

/// A product that another one speaks for, side by side with how much: they are read together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SpokenFor {
    pub target: u32,
    pub weight: i32,
}

/// As many as a cache line of 64 bytes has.
const A_CACHE_LINE: usize = 64 / size_of::<SpokenFor>();

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
        let mut spoken_for = vec![SpokenFor::default(); starts[sources.len()]];
        for (target, row) in (0u32..).zip(sources) {
            for (source, weight) in row {
                let at = &mut next[*source as usize];
                spoken_for[*at] = SpokenFor { target, weight: (weight * unit).round() as i32 };
                *at += 1;
            }
        }
        Weights { starts, spoken_for, unit }
    }

    /// What a source speaks for, in order of products.
    pub fn of(&self, source: u32) -> &[SpokenFor] {
        &self.spoken_for[self.starts[source as usize]..self.starts[source as usize + 1]]
    }

    /// Adds up what the products of a history speak for, and asks for the memory that the next history will need.
    pub fn add_up(&self, history: &[u32], next: &[u32], sheet: &mut Sheet) {
        sheet.make_room(history.iter().map(|source| self.of(*source).len()).sum());
        let mut ahead = history.iter().chain(next).skip(AHEAD);
        for source in history {
            if let Some(ahead) = ahead.next() {
                for at in (self.starts[*ahead as usize]..self.starts[*ahead as usize + 1]).step_by(A_CACHE_LINE) {
                    prefetch(&self.spoken_for, at);
                }
            }
            for SpokenFor { target, weight } in self.of(*source) {
                sheet.add(*target, i64::from(*weight));
            }
        }
    }
}

/// The `most` nearest of every product, for each way to be near. Pairs are counted once for all of them. Units without an
/// eligible product do not count.
pub(super) fn nearest<const N: usize>(incidence: &Incidence, ways: [Closeness; N], most: usize) -> [Weights; N] {
    let total = (0..incidence.units()).filter(|unit| !incidence.row(*unit).is_empty()).count() as u64;
    let degrees = incidence.degrees();
    let sides = Sides { degrees: &degrees, total };
    let counting = Counting { incidence, min_count: 1, weights: None, memory_bytes: None };
    let mut sources = counting.count(|target, partners| ways.map(|way| way.strongest(target, partners, sides, most)));
    std::array::from_fn(|way| {
        let of_way: Vec<Vec<(u32, f64)>> = sources.iter_mut().map(|rows| std::mem::take(&mut rows[way])).collect();
        Weights::from_sources(&of_way)
    })
}
