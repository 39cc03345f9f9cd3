//! How often products are in the same unit.

mod top_k;

use super::Incidence;
pub use top_k::{Scored, top_k};

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
    /// The most memory counting may take beside the incidence.
    pub memory_bytes: Option<u64>,
}

/// A product that shares units with an antecedent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partner {
    /// The product.
    pub product: u32,
    /// Units that have both.
    pub count: u32,
    /// What these units weigh, in 1/65,536 units: `count << 16` without weights.
    pub weight: u64,
}

impl Counting<'_> {
    /// Visits every product with its partners: those in at least `min_count` units with it, in no order. What the visits
    /// return comes in the order of products. A product in fewer than `min_count` units has no partners.
    pub fn count<R: Send>(&self, visit: impl Fn(u32, &[Partner]) -> R + Sync) -> Vec<R> {
        let transposed = self.incidence.transposed();
        let least = self.min_count.max(1);
        let mut accumulators = vec![(0u32, 0u64); self.incidence.products()];
        (0u32..)
            .take(self.incidence.products())
            .map(|product| {
                accumulators.fill((0, 0));
                for unit in transposed.row(product as usize) {
                    let weight = self.weights.map_or(ONE_UNIT, |weights| weights[*unit as usize]);
                    for other in self.incidence.row(*unit as usize) {
                        let sums = &mut accumulators[*other as usize];
                        *sums = (sums.0 + 1, sums.1 + u64::from(weight));
                    }
                }
                accumulators[product as usize].0 = 0;
                let partners: Vec<Partner> = (0u32..)
                    .zip(&accumulators)
                    .filter(|(_, (count, _))| *count >= least)
                    .map(|(product, (count, weight))| Partner { product, count: *count, weight: *weight })
                    .collect();
                visit(product, &partners)
            })
            .collect()
    }
}
