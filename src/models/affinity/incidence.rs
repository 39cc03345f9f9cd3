//! Which products each unit has: a unit is a basket or a customer.

use std::ops::Range;

/// Units by products, 0 or 1, as compressed rows. The products of a unit ascend and come once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incidence {
    /// Where each row begins in `products`, and where the last ends: one more than there are units.
    starts: Vec<usize>,
    products: Vec<u32>,
    /// How many products there are; a product is a number below it.
    width: usize,
}

impl Incidence {
    /// From pairs of a unit and a product, in any order and as often as they come.
    ///
    /// # Panics
    /// When a unit is not below `units` or a product not below `products`: numbers come from a table that counted them.
    pub fn from_pairs(units: usize, products: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Incidence {
        let mut starts = vec![0; units + 1];
        for (unit, _) in pairs.clone() {
            starts[unit as usize + 1] += 1;
        }
        for unit in 0..units {
            starts[unit + 1] += starts[unit];
        }
        let mut next = starts.clone();
        let mut rows = vec![0; starts[units]];
        for (unit, product) in pairs {
            assert!((product as usize) < products, "a product beyond the last");
            rows[next[unit as usize]] = product;
            next[unit as usize] += 1;
        }
        drop(next);
        let mut kept = 0;
        for unit in 0..units {
            let (from, to) = (starts[unit], starts[unit + 1]);
            rows[from..to].sort_unstable();
            starts[unit] = kept;
            let mut last = None;
            for at in from..to {
                // What is kept never overtakes what is read.
                let product = rows[at];
                if last != Some(product) {
                    rows[kept] = product;
                    kept += 1;
                    last = Some(product);
                }
            }
        }
        starts[units] = kept;
        rows.truncate(kept);
        rows.shrink_to_fit();
        Incidence { starts, products: rows, width: products }
    }

    /// Units.
    pub fn units(&self) -> usize {
        self.starts.len() - 1
    }

    /// Products, whether a unit has them or not.
    pub fn products(&self) -> usize {
        self.width
    }

    /// Pairs of a unit and a product.
    pub fn lines(&self) -> usize {
        self.products.len()
    }

    /// The products of a unit, ascending.
    pub fn row(&self, unit: usize) -> &[u32] {
        &self.products[self.starts[unit]..self.starts[unit + 1]]
    }

    /// Where the lines of a unit are among all lines, which come unit by unit.
    pub fn lines_of(&self, unit: usize) -> Range<usize> {
        self.starts[unit]..self.starts[unit + 1]
    }

    /// The same units and numbers, some of them without their products.
    pub fn without(&self, out: impl Fn(usize) -> bool) -> Incidence {
        let mut starts = Vec::with_capacity(self.starts.len());
        starts.push(0);
        let mut products = Vec::with_capacity(self.products.len());
        for unit in 0..self.units() {
            if !out(unit) {
                products.extend_from_slice(self.row(unit));
            }
            starts.push(products.len());
        }
        Incidence { starts, products, width: self.width }
    }

    /// In how many units each product is.
    pub fn degrees(&self) -> Vec<u32> {
        let mut degrees = vec![0; self.width];
        for product in &self.products {
            degrees[*product as usize] += 1;
        }
        degrees
    }

    /// Products by units.
    pub fn transposed(&self) -> Incidence {
        let mut starts = vec![0; self.width + 1];
        for product in &self.products {
            starts[*product as usize + 1] += 1;
        }
        for product in 0..self.width {
            starts[product + 1] += starts[product];
        }
        let mut next = starts.clone();
        let mut units = vec![0; self.products.len()];
        for unit in 0..self.units() {
            for product in self.row(unit) {
                units[next[*product as usize]] = u32::try_from(unit).unwrap_or(u32::MAX);
                next[*product as usize] += 1;
            }
        }
        Incidence { starts, products: units, width: self.units() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_are_sets_whatever_the_order(pairs in prop::collection::vec((0u32..9, 0u32..7), 0..80)) {
            let incidence = Incidence::from_pairs(9, 7, pairs.iter().copied());
            for unit in 0..9u32 {
                let mut expected: Vec<u32> = pairs.iter().filter(|pair| pair.0 == unit).map(|pair| pair.1).collect();
                expected.sort_unstable();
                expected.dedup();
                prop_assert_eq!(incidence.row(unit as usize), &expected[..]);
            }
            let transposed = incidence.transposed();
            prop_assert_eq!(transposed.units(), 7);
            prop_assert_eq!(transposed.transposed(), incidence.clone());
            let degrees: Vec<u32> = (0..7).map(|product| transposed.row(product).len() as u32).collect();
            prop_assert_eq!(incidence.degrees(), degrees);
        }
    }
}
