//! How often products are in the same unit (`spec/affinity.md` 4, "Physical limit").
//!
//! ```text
//! units x products --drop rare products--> rows --by product--> visits --sums of one product--> its partners
//! ```
//!
//! The sums are integers and a product's sums are made by one thread, so that results do not depend on threads, on the
//! order of units, or on how the work was cut. Memory is the rows, where they are, and sums by products and threads; pairs
//! are kept only where an estimate says that they are few.

mod estimate;
mod layout;
mod prefetch;
mod rows;
mod tally;
mod top_k;
mod triangular;
mod workers;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::Incidence;
use estimate::Plan;
pub use estimate::{Estimate, Variant};
use layout::{Id, Kept, Rows, Visits};
pub(super) use prefetch::prefetch;
use rows::Sums;
use tally::{Tally, Weighed};
pub use top_k::{Scored, top_k};
use triangular::Pairs;
use workers::share;

/// The weight of a unit that counts in full: weights are in 1/65,536.
pub const ONE_UNIT: u32 = 1 << 16;

/// What is counted: pairs of products that share units.
#[derive(Debug, Clone, Copy)]
pub struct Counting<'a> {
    /// Which products each unit has.
    pub incidence: &'a Incidence,
    /// The fewest units of a product, and of a pair; 0 acts as 1.
    pub min_count: u32,
    /// What each unit weighs, of [`ONE_UNIT`]; none when all weigh 1.
    pub weights: Option<&'a [u32]>,
    /// The most memory counting may take beside the incidence. Where it cannot do with so little ([`Estimate::fits`]) it
    /// takes the least it can.
    pub memory_bytes: Option<u64>,
}

/// A product that shares units with an antecedent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Partner {
    /// The product.
    pub product: u32,
    /// Units that have both.
    pub count: u32,
    /// What these units weigh, in 1/65,536 units: `count << 16` without weights.
    pub weight: u64,
}

impl Partner {
    fn new(product: u32, tally: &impl Tally) -> Partner {
        Partner { product, count: tally.count(), weight: tally.weight() }
    }
}

/// What is called for each product with its partners.
type Visit<'a> = dyn Fn(u32, &[Partner]) + Sync + 'a;

impl Counting<'_> {
    /// What counting will take, without doing it. Goes through the lines once or twice.
    pub fn estimate(&self) -> Estimate {
        Plan::new(self, true).estimate
    }

    /// Visits every product with its partners: those in at least `min_count` units with it, in no order. What the visits
    /// return comes in the order of products. A product in fewer than `min_count` units has no partners.
    ///
    /// # Panics
    /// When there is not one weight for every unit, when one is above [`ONE_UNIT`], or beyond 2^32 lines.
    pub fn count<R: Send>(&self, visit: impl Fn(u32, &[Partner]) -> R + Sync) -> Vec<R> {
        self.planned(&Plan::new(self, false), visit)
    }

    /// Counts by a plan.
    fn planned<R: Send>(&self, plan: &Plan, visit: impl Fn(u32, &[Partner]) -> R + Sync) -> Vec<R> {
        if let Some(weights) = self.weights {
            assert_eq!(weights.len(), self.incidence.units(), "a weight for every unit");
            assert!(weights.iter().all(|weight| *weight <= ONE_UNIT), "a unit weighs 1 at most");
        }
        let slots: Vec<Mutex<Option<R>>> = (0..self.incidence.products()).map(|_| Mutex::new(None)).collect();
        let keep = |product: u32, partners: &[Partner]| {
            let result = visit(product, partners);
            *slots[product as usize].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        };
        match (self.weights.is_some(), plan.kept.is_small()) {
            (false, true) => self.run::<u16, u32>(plan, &keep),
            (false, false) => self.run::<u32, u32>(plan, &keep),
            (true, true) => self.run::<u16, Weighed>(plan, &keep),
            (true, false) => self.run::<u32, Weighed>(plan, &keep),
        }
        let result = |slot: Mutex<Option<R>>| slot.into_inner().unwrap_or_else(PoisonError::into_inner);
        // Only dropped products are left without.
        (0u32..).zip(slots).map(|(product, slot)| result(slot).unwrap_or_else(|| visit(product, &[]))).collect()
    }

    fn run<T: Id, C: Tally>(&self, plan: &Plan, visit: &Visit<'_>) {
        let rows = Rows::<T>::new::<C>(self.incidence, &plan.kept, self.weights);
        let least = self.least();
        if plan.estimate.variant == Variant::Triangular {
            let pairs = Pairs::<T, C>::count(&rows, &plan.kept.degrees, least, plan.most_pairs, plan.workers);
            if let Some(pairs) = pairs {
                return pairs.visit(&plan.kept.products, plan.workers, visit);
            }
        }
        for range in ranges(&plan.kept.degrees, plan.estimate.partitions) {
            row_wise::<T, C>(&rows, &plan.kept, range, least, plan.workers, visit);
        }
    }

    fn least(&self) -> u32 {
        self.min_count.max(1)
    }
}

/// Each antecedent of the range with all its partners, handed on at once.
fn row_wise<T: Id, C: Tally>(
    rows: &Rows<T>,
    kept: &Kept,
    range: Range<usize>,
    least: u32,
    workers: usize,
    visit: &Visit<'_>,
) {
    let visits = Visits::new(rows, range.clone(), false);
    share(
        &heavy_first(&kept.degrees, range),
        workers,
        || Sums::<T, C, Partner>::new(kept.len()),
        |sums, antecedent| {
            let at = antecedent as usize;
            let partner = |id: T, tally: C| Partner::new(kept.products[id.number()], &tally);
            visit(kept.products[at], sums.partners(rows.ids(), &visits, (at, kept.len()), least, partner));
        },
    );
}

/// The numbers of a range, the largest sizes first.
fn heavy_first(sizes: &[u32], range: Range<usize>) -> Vec<u32> {
    let mut numbers: Vec<u32> = range.map(|number| number as u32).collect();
    numbers.sort_unstable_by_key(|number| (Reverse(sizes[*number as usize]), *number));
    numbers
}

/// So many ranges of products with about as many lines each; fewer when a product has more than a range's share.
fn ranges(degrees: &[u32], partitions: u32) -> Vec<Range<usize>> {
    let lines: u64 = degrees.iter().map(|degree| u64::from(*degree)).sum();
    let share = lines.div_ceil(u64::from(partitions.max(1)));
    let mut ranges = Vec::new();
    let (mut first, mut inside) = (0, 0);
    for (product, degree) in degrees.iter().enumerate() {
        if inside > 0 && inside + u64::from(*degree) > share {
            ranges.push(first..product);
            (first, inside) = (product, 0);
        }
        inside += u64::from(*degree);
    }
    if first < degrees.len() {
        ranges.push(first..degrees.len());
    }
    ranges
}
