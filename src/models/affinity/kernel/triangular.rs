//! Every pair counted once, kept, and shown from both sides.
//!
//! Half the sums of the row-wise way for 16 bytes (32 with weights) a kept pair. An antecedent is counted with the
//! products before it; a second pass hands each pair to its other product.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::layout::{Id, Rows, Visits};
use super::rows::Sums;
use super::tally::Tally;
use super::workers::share;
use super::{Partner, heavy_first};

/// The other product and the pair's sums.
pub type Entry<T, C> = (T, C);

/// Kept pairs: from each product to those before it, and to those after it.
pub struct Pairs<T, C> {
    before: Vec<Box<[Entry<T, C>]>>,
    after_starts: Vec<usize>,
    after: Vec<Entry<T, C>>,
}

impl<T: Id, C: Tally> Pairs<T, C> {
    /// Counts; nothing when there are more than `most` pairs, which an estimate did not foresee.
    pub fn count(rows: &Rows<T>, degrees: &[u32], least: u32, most: u64, workers: usize) -> Option<Pairs<T, C>> {
        let products = degrees.len();
        let visits = Visits::new(rows, 0..products, true);
        let slots: Vec<Mutex<Box<[Entry<T, C>]>>> = (0..products).map(|_| Mutex::default()).collect();
        let kept = AtomicU64::new(0);
        share(
            &heavy_first(degrees, 0..products),
            workers,
            || Sums::<T, C, Entry<T, C>>::new(products),
            |sums, antecedent| {
                let at = antecedent as usize;
                if kept.load(Ordering::Relaxed) > most {
                    return;
                }
                let partners = sums.partners(rows.ids(), &visits, (at, at), least, |id, tally| (id, tally));
                kept.fetch_add(partners.len() as u64, Ordering::Relaxed);
                if let Ok(mut slot) = slots[at].lock() {
                    *slot = partners.into();
                }
            },
        );
        drop(visits);
        if kept.into_inner() > most {
            return None;
        }
        let before: Vec<_> = slots.into_iter().map(|slot| slot.into_inner().unwrap_or_default()).collect();
        let mut after_starts = vec![0; products + 1];
        for (id, _) in before.iter().flatten() {
            after_starts[id.number() + 1] += 1;
        }
        for product in 0..products {
            after_starts[product + 1] += after_starts[product];
        }
        let mut next = after_starts.clone();
        let mut after = vec![Entry::default(); after_starts[products]];
        for (antecedent, row) in before.iter().enumerate() {
            for (id, tally) in row {
                let at = &mut next[id.number()];
                after[*at] = (T::of(antecedent), *tally);
                *at += 1;
            }
        }
        Some(Pairs { before, after_starts, after })
    }

    /// Visits every product with all its partners.
    pub fn visit(&self, products: &[u32], workers: usize, visit: &(dyn Fn(u32, &[Partner]) + Sync)) {
        let after = |product: usize| self.after_starts[product]..self.after_starts[product + 1];
        let sizes: Vec<u32> =
            self.before.iter().enumerate().map(|(at, row)| (row.len() + after(at).len()) as u32).collect();
        share(&heavy_first(&sizes, 0..sizes.len()), workers, Vec::new, |partners, antecedent| {
            let at = antecedent as usize;
            partners.clear();
            let both = self.before[at].iter().chain(&self.after[after(at)]);
            partners.extend(both.map(|(id, tally)| Partner::new(products[id.number()], tally)));
            visit(products[at], partners);
        });
    }
}
