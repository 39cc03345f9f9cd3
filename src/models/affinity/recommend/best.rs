//! The best of a stream, without sorting all of it.

use std::cmp::Reverse;

/// A product and its score in whole units, the same at any number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Winner {
    pub product: u32,
    pub score: i64,
}

/// Takes offers and keeps the k best: larger scores, then smaller product numbers. Scores of 0 and below are never good
/// enough.
pub(super) struct Best {
    k: usize,
    /// Fewer than `full`; when there are as many, what falls below the k-th is thrown out.
    kept: Vec<Winner>,
    full: usize,
    least: i64,
}

/// Throwing out is worth it from so many on.
const FULL: usize = 64;

impl Best {
    pub fn new(k: usize) -> Best {
        let full = k.saturating_mul(2).max(FULL);
        Best { k, kept: Vec::new(), full, least: if k == 0 { i64::MAX } else { 1 } }
    }

    /// None yet, in the same memory.
    pub fn clear(&mut self, k: usize) {
        self.kept.clear();
        *self = Best { kept: std::mem::take(&mut self.kept), ..Best::new(k) };
    }

    /// Offers below it are not among the k best.
    pub fn least(&self) -> i64 {
        self.least
    }

    /// Whether an offer is kept, for now at least. Whether it is allowed is asked only when its score is good enough.
    #[inline]
    pub fn offer(&mut self, winner: Winner, allowed: impl FnOnce() -> bool) -> bool {
        let is_kept = winner.score >= self.least && self.k > 0 && allowed();
        if is_kept {
            self.kept.push(winner);
            if self.kept.len() == self.full {
                self.cut();
            }
        }
        is_kept
    }

    fn cut(&mut self) {
        if self.kept.len() > self.k {
            let (_, worst, _) = self.kept.select_nth_unstable_by_key(self.k - 1, order);
            self.least = worst.score;
            self.kept.truncate(self.k);
        }
    }

    /// The k best, of which the first `sorted` are sorted, best first.
    pub fn finish(&mut self, sorted: usize) -> &[Winner] {
        self.cut();
        if self.kept.len() > sorted && sorted > 0 {
            self.kept.select_nth_unstable_by_key(sorted - 1, order);
        }
        let sorted = sorted.min(self.kept.len());
        self.kept[..sorted].sort_unstable_by_key(order);
        &self.kept
    }
}

fn order(winner: &Winner) -> (Reverse<i64>, u32) {
    (Reverse(winner.score), winner.product)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_best_of_a_stream_are_the_head_of_the_sorted(
            scores in prop::collection::vec(-3i64..9, 0..300),
            k in 0usize..9,
            sorted in 0usize..12,
        ) {
            let all: Vec<Winner> =
                (0u32..).zip(&scores).map(|(product, score)| Winner { product: product * 37 % 307, score: *score }).collect();
            let is_allowed = |product: u32| product % 5 > 0;
            let mut best = Best::new(k);
            for winner in &all {
                best.offer(*winner, || is_allowed(winner.product));
            }
            let good = |winner: &&Winner| winner.score > 0 && is_allowed(winner.product);
            let mut expected: Vec<Winner> = all.iter().filter(good).copied().collect();
            expected.sort_by_key(|winner| (Reverse(winner.score), winner.product));
            expected.truncate(k);
            let mut found = best.finish(sorted).to_vec();
            prop_assert_eq!(&found[..sorted.min(found.len())], &expected[..sorted.min(expected.len())]);
            found.sort_by_key(|winner| (Reverse(winner.score), winner.product));
            prop_assert_eq!(found, expected);
        }
    }
}
