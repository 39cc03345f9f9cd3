//! Units as the kernel reads them: kept products only, in the smallest numbers that hold them.
//!
//! ```text
//! rows:    ... | weight | 3 17 204 END | weight | 17 90 END | ...      the weight only when units weigh something
//! visits of product 17:    where the first and the second row begin
//! ```

use std::ops::Range;

use super::super::Incidence;
use super::tally::Tally;

/// A product's number among the kept: as 16 bits while they suffice, because a basket is then one cache line.
pub trait Id: Copy + Default + Send + Sync {
    /// Ends a row; beyond every product.
    const END: Self;
    /// From a number.
    fn of(number: usize) -> Self;
    /// As a number.
    fn number(self) -> usize;
    /// Writes a unit's weight before its row.
    fn write_weight(weight: u32, rows: &mut Vec<Self>);
    /// The weight before the row that begins at `start`.
    fn weight(rows: &[Self], start: usize) -> u32;
}

impl Id for u16 {
    const END: u16 = u16::MAX;

    fn of(number: usize) -> u16 {
        number as u16
    }

    fn number(self) -> usize {
        usize::from(self)
    }

    fn write_weight(weight: u32, rows: &mut Vec<u16>) {
        rows.extend([(weight >> 16) as u16, weight as u16]);
    }

    fn weight(rows: &[u16], start: usize) -> u32 {
        u32::from(rows[start - 2]) << 16 | u32::from(rows[start - 1])
    }
}

impl Id for u32 {
    const END: u32 = u32::MAX;

    fn of(number: usize) -> u32 {
        number as u32
    }

    fn number(self) -> usize {
        self as usize
    }

    fn write_weight(weight: u32, rows: &mut Vec<u32>) {
        rows.push(weight);
    }

    fn weight(rows: &[u32], start: usize) -> u32 {
        rows[start - 1]
    }
}

/// Products that are in enough units, in the caller's order: kept numbers are smaller, not shuffled. Numbers by
/// popularity were measured: sorting every row anew costs 0.09 of 0.4 s and wins nothing while the sums fit a cache.
#[derive(Debug)]
pub struct Kept {
    /// The caller's number of each kept product.
    pub products: Vec<u32>,
    /// The kept number of each product, or [`Kept::NONE`].
    pub number: Vec<u32>,
    /// In how many units each kept product is.
    pub degrees: Vec<u32>,
}

impl Kept {
    /// The number of a product that is not kept.
    pub const NONE: u32 = u32::MAX;

    /// Products in at least `least` units.
    pub fn new(incidence: &Incidence, least: u32) -> Kept {
        let all = incidence.degrees();
        let mut kept = Kept { products: Vec::new(), number: vec![Kept::NONE; all.len()], degrees: Vec::new() };
        for (product, degree) in (0u32..).zip(all) {
            if degree >= least {
                kept.number[product as usize] = kept.products.len() as u32;
                kept.products.push(product);
                kept.degrees.push(degree);
            }
        }
        kept
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.products.len()
    }

    /// Whether 16 bits number them, with one number left to end rows.
    pub fn is_small(&self) -> bool {
        self.len() <= usize::from(u16::MAX)
    }
}

/// The rows of all units that have two kept products or more.
pub struct Rows<T> {
    ids: Vec<T>,
    header: usize,
}

impl<T: Id> Rows<T> {
    /// # Panics
    /// When rows take more than 2^32 numbers.
    pub fn new<C: Tally>(incidence: &Incidence, kept: &Kept, weights: Option<&[u32]>) -> Rows<T> {
        let lines: u64 = kept.degrees.iter().map(|degree| u64::from(*degree)).sum();
        let mut ids: Vec<T> = Vec::with_capacity(lines as usize + incidence.units());
        let mut header = 0;
        for unit in 0..incidence.units() {
            let before = ids.len();
            if C::WEIGHTED {
                T::write_weight(weights.map_or(0, |weights| weights[unit]), &mut ids);
                header = ids.len() - before;
            }
            for product in incidence.row(unit) {
                let number = kept.number[*product as usize];
                if number != Kept::NONE {
                    ids.push(T::of(number as usize));
                }
            }
            if ids.len() < before + header + 2 {
                ids.truncate(before);
            } else {
                ids.push(T::END);
            }
        }
        assert!(u32::try_from(ids.len()).is_ok(), "more than 2^32 lines in one count");
        Rows { ids, header }
    }

    /// All rows, one after the other.
    pub fn ids(&self) -> &[T] {
        &self.ids
    }

    /// Each row: where it begins, and its products.
    fn each(&self) -> impl Iterator<Item = (u32, &[T])> {
        let mut rest = 0;
        std::iter::from_fn(move || {
            if rest == self.ids.len() {
                return None;
            }
            let start = rest + self.header;
            let length = self.ids[start..].iter().take_while(|id| id.number() != T::END.number()).count();
            rest = start + length + 1;
            Some((start as u32, &self.ids[start..start + length]))
        })
    }
}

/// For each product of a range: where the rows begin that have it.
pub struct Visits {
    first: usize,
    starts: Vec<usize>,
    rows: Vec<u32>,
}

impl Visits {
    /// For the products of the range; `below` leaves out the rows in which no product comes before it.
    pub fn new<T: Id>(rows: &Rows<T>, range: Range<usize>, below: bool) -> Visits {
        let skipped = usize::from(below);
        let mut starts = vec![0; range.len() + 1];
        let inside = |id: &&T| range.contains(&id.number());
        for (_, row) in rows.each() {
            for id in row[skipped..].iter().filter(inside) {
                starts[id.number() - range.start + 1] += 1;
            }
        }
        for product in 0..range.len() {
            starts[product + 1] += starts[product];
        }
        let mut next = starts.clone();
        let mut visits = vec![0; starts[range.len()]];
        for (start, row) in rows.each() {
            for id in row[skipped..].iter().filter(inside) {
                let at = &mut next[id.number() - range.start];
                visits[*at] = start;
                *at += 1;
            }
        }
        Visits { first: range.start, starts, rows: visits }
    }

    /// Where the rows with this product begin.
    pub fn of(&self, product: usize) -> &[u32] {
        let at = product - self.first;
        &self.rows[self.starts[at]..self.starts[at + 1]]
    }
}
