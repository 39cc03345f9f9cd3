//! Room to add up one customer's scores.

use super::best::Winner;
use super::fitted::Takers;

/// The sums of one thread, for whichever customer it is at: zeros between customers.
pub(super) struct Sheet {
    scores: Vec<i64>,
    /// Products whose score was 0 when something was added, the first `used` of them.
    touched: Vec<u32>,
    used: usize,
    /// Of products that reasons are looked for: which one it is, from 1. Zeros otherwise.
    pub(super) places: Vec<u32>,
}

impl Sheet {
    pub fn new(products: usize) -> Sheet {
        Sheet { scores: vec![0; products], touched: Vec::new(), used: 0, places: vec![0; products] }
    }

    /// Must come before additions: so many of them from now on.
    pub fn make_room(&mut self, additions: usize) {
        if self.touched.len() < self.used + additions {
            self.touched.resize(self.used + additions, 0);
        }
    }

    /// Adds to a score. No branch: whether a product comes for the first time cannot be foreseen. Where amounts cancel it is
    /// noted twice, and its score is taken once.
    #[inline]
    pub fn add(&mut self, product: u32, amount: i64) {
        let score = &mut self.scores[product as usize];
        self.touched[self.used] = product;
        self.used += usize::from(*score == 0);
        // Amounts have 32 bits, or are counted in purchases of one customer: 64 hold them.
        *score = score.wrapping_add(amount);
    }

    /// Hands out all scores above 0 and is empty again.
    pub fn hand_out(&mut self, at: usize, history: &[u32], takers: &mut impl Takers) {
        for product in history {
            let score = std::mem::take(&mut self.scores[*product as usize]);
            if score > 0 {
                takers.known(at, Winner { product: *product, score });
            }
        }
        for product in &self.touched[..self.used] {
            let score = std::mem::take(&mut self.scores[*product as usize]);
            if score > 0 {
                takers.unknown(at, Winner { product: *product, score });
            }
        }
        self.used = 0;
    }
}
