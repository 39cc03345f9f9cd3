//! Per product its most likely customers, in memory that does not grow with the customers.

use std::cmp::Ordering;

use super::Options;
use super::calibration::{BANDS, Curve};

/// A customer who is likely to want a product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// Number of the product.
    pub product: u32,
    /// From 1.
    pub rank: u32,
    /// Number of the customer.
    pub customer: u32,
    /// As in the customer's list.
    pub score: f64,
    /// Of a purchase within the horizon; none without a back-test.
    pub probability: Option<f64>,
    /// Customers who have this product among their 100 best, before the list was cut and contacts were capped.
    pub customers_before_cap: u64,
}

/// A customer who could be a target of a product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub customer: u32,
    pub score: i64,
    /// 0 without a back-test.
    pub probability: f64,
}

impl Candidate {
    /// The likeliest first, then the highest score, then by customer.
    fn order(&self, other: &Candidate) -> Ordering {
        other
            .probability
            .total_cmp(&self.probability)
            .then(other.score.cmp(&self.score))
            .then(self.customer.cmp(&other.customer))
    }
}

/// The best candidates of every product so far.
pub(super) struct Pools<'a> {
    kept: usize,
    /// What scores are worth; none without a back-test.
    curve: Option<&'a Curve>,
    /// The whole number that is a score of 1.
    unit: f64,
    pools: Vec<Vec<Candidate>>,
    /// By product, for each group of customers: nobody who scores less can come in any more.
    least: Vec<[i64; BANDS]>,
    customers: Vec<u64>,
}

impl<'a> Pools<'a> {
    pub fn new(products: usize, options: &Options, curve: Option<&'a Curve>, unit: f64) -> Pools<'a> {
        Pools {
            // Twice as many as are listed, so that the cap leaves enough.
            kept: options.targets_per_product * 2,
            curve,
            unit,
            pools: vec![Vec::new(); products],
            least: vec![[i64::MIN; BANDS]; products],
            customers: vec![0; products],
        }
    }

    /// Whether there are lists of products at all.
    pub fn are_wanted(&self) -> bool {
        self.kept > 0
    }

    /// Whether a customer of this score may still be among the best.
    pub fn has_room(&self, product: u32, score: i64, band: usize) -> bool {
        score >= self.least[product as usize][band]
    }

    /// Counts a customer who has the product among their best.
    pub fn count(&mut self, product: u32) {
        self.customers[product as usize] += 1;
    }

    pub fn push(&mut self, product: u32, candidate: Candidate) {
        let pool = &mut self.pools[product as usize];
        pool.push(candidate);
        if pool.len() >= self.kept * 2 {
            pool.select_nth_unstable_by(self.kept - 1, Candidate::order);
            pool.truncate(self.kept);
            let Some(bar) = pool.last() else { return };
            let (score, unit) = (bar.score as f64 / self.unit, self.unit);
            self.least[product as usize] = std::array::from_fn(|band| {
                let least = self.curve.map_or(score, |curve| curve.least(band, bar.probability, score));
                // One less for what rounding did: too many may come in, and leave again.
                ((least * unit).floor() as i64).saturating_sub(1)
            });
        }
    }

    /// The lists: of a customer in more than the cap, the likeliest products keep them.
    pub fn finish(mut self, customers: usize, options: &Options) -> Vec<Target> {
        let mut rows: Vec<(u32, Candidate)> = Vec::new();
        for (product, pool) in (0u32..).zip(&mut self.pools) {
            pool.sort_unstable_by(Candidate::order);
            pool.truncate(self.kept);
            rows.extend(pool.drain(..).map(|candidate| (product, candidate)));
        }
        let mut contacts = vec![0usize; customers];
        for (_, candidate) in &rows {
            contacts[candidate.customer as usize] += 1;
        }
        let is_over = |contacts: usize| contacts > options.contact_cap;
        let mut is_kept: Vec<bool> =
            rows.iter().map(|(_, candidate)| !is_over(contacts[candidate.customer as usize])).collect();
        // Most customers are below the cap. Of the others the likeliest product comes first.
        let mut turns: Vec<u32> =
            (0u32..).zip(&is_kept).filter(|(_, is_kept)| !**is_kept).map(|(turn, _)| turn).collect();
        turns.sort_unstable_by(|a, b| {
            let (a, b) = (&rows[*a as usize], &rows[*b as usize]);
            (a.1.customer.cmp(&b.1.customer))
                .then(b.1.probability.total_cmp(&a.1.probability))
                .then(b.1.score.cmp(&a.1.score))
                .then(a.0.cmp(&b.0))
        });
        for own in turns.chunk_by(|a, b| rows[*a as usize].1.customer == rows[*b as usize].1.customer) {
            for turn in own.iter().take(options.contact_cap) {
                is_kept[*turn as usize] = true;
            }
        }
        let mut targets: Vec<Target> = Vec::new();
        let mut rank = 0;
        let mut last = u32::MAX;
        for ((product, candidate), _) in rows.iter().zip(is_kept).filter(|(_, is_kept)| *is_kept) {
            rank = if last == *product { rank + 1 } else { 1 };
            last = *product;
            if rank as usize <= options.targets_per_product {
                targets.push(Target {
                    product: *product,
                    rank,
                    customer: candidate.customer,
                    score: candidate.score as f64 / self.unit,
                    probability: self.curve.map(|_| candidate.probability),
                    customers_before_cap: self.customers[*product as usize],
                });
            }
        }
        targets
    }
}
