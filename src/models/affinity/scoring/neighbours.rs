//! Which products a product speaks for, and how much: integers, so that sums do not depend on their order.

use super::super::kernel::prefetch;

/// The most that the largest weight becomes: 2^26 leaves room for a line's weight (2^16) and for 2^20 lines in 63 bits,
/// and is finer than a single-precision number.
const LARGEST: f64 = (1_u64 << 26) as f64;

/// Neighbours in a cache line of 64 bytes.
const A_CACHE_LINE: usize = 64 / size_of::<Neighbour>();

/// A product that another speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Neighbour {
    pub product: u32,
    pub weight: i32,
}

/// Products by products, as compressed rows with fixed-point weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    starts: Vec<usize>,
    entries: Vec<Neighbour>,
    scale: f64,
}

impl Neighbours {
    /// `rows[a]` has what product `a` speaks for, each product once and in any order, with weights of either sign.
    ///
    /// # Panics
    /// When a neighbour is not below the number of rows, or a weight is not finite.
    pub fn from_rows(rows: &[Vec<(u32, f64)>]) -> Neighbours {
        let largest = rows.iter().flatten().fold(0.0_f64, |largest, (_, weight)| {
            assert!(weight.is_finite(), "a weight that is not a number");
            largest.max(weight.abs())
        });
        // A power of two: dividing by it loses nothing.
        let scale = if largest > 0.0 { (LARGEST / largest).log2().floor().clamp(-900.0, 900.0).exp2() } else { 1.0 };
        let mut neighbours = Neighbours { starts: vec![0], entries: Vec::new(), scale };
        for row in rows {
            let first = neighbours.entries.len();
            neighbours.entries.extend(row.iter().map(|(product, weight)| {
                assert!((*product as usize) < rows.len(), "a neighbour beyond the last product");
                Neighbour { product: *product, weight: (weight * scale).round() as i32 }
            }));
            neighbours.entries[first..].sort_unstable_by_key(|entry| entry.product);
            neighbours.starts.push(neighbours.entries.len());
        }
        neighbours
    }

    /// What a weight was multiplied by: a power of two.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Products.
    pub fn products(&self) -> usize {
        self.starts.len() - 1
    }

    /// What a product speaks for, by product.
    pub(super) fn row(&self, product: u32) -> &[Neighbour] {
        &self.entries[self.starts[product as usize]..self.starts[product as usize + 1]]
    }

    /// Asks for the memory of a product's row.
    pub(super) fn prefetch(&self, product: u32) {
        for at in (self.starts[product as usize]..self.starts[product as usize + 1]).step_by(A_CACHE_LINE) {
            prefetch(&self.entries, at);
        }
    }

    /// Only the neighbours that are allowed.
    pub(super) fn only(&self, allowed: &[bool]) -> Neighbours {
        assert_eq!(allowed.len(), self.products(), "every product is allowed or not");
        let mut kept = Neighbours { starts: vec![0], entries: Vec::new(), scale: self.scale };
        for product in 0..self.products() as u32 {
            kept.entries.extend(self.row(product).iter().filter(|entry| allowed[entry.product as usize]));
            kept.starts.push(kept.entries.len());
        }
        kept
    }
}
