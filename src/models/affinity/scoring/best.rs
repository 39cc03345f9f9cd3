//! The best of a stream, without sorting all of it.

use std::cmp::Reverse;

use super::Winner;

/// Takes offers and keeps the k best: larger scores, then smaller product numbers.
pub struct Best {
    k: usize,
    /// Up to twice k of them; what falls below the k-th is thrown out when they are full.
    offers: Vec<Winner>,
    /// Offers below it are not among the k best.
    least: i64,
}

impl Best {
    pub fn new(k: usize) -> Best {
        Best { k, offers: Vec::with_capacity(2 * k), least: 1 }
    }

    pub fn clear(&mut self) {
        self.offers.clear();
        self.least = 1;
    }

    /// Scores of 0 and below are never good enough.
    pub fn offer(&mut self, winner: Winner) {
        if winner.score < self.least || self.k == 0 {
            return;
        }
        self.offers.push(winner);
        if self.offers.len() == 2 * self.k {
            let (_, worst, _) = self.offers.select_nth_unstable_by_key(self.k - 1, order);
            self.least = worst.score;
            self.offers.truncate(self.k);
        }
    }

    /// The best, best first.
    pub fn sorted(&mut self) -> &[Winner] {
        self.offers.sort_unstable_by_key(order);
        self.offers.truncate(self.k);
        &self.offers
    }
}

fn order(winner: &Winner) -> (Reverse<i64>, u32) {
    (Reverse(winner.score), winner.product)
}
