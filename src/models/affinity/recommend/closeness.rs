//! How near two products are to each other, and the nearest of a product: the log-likelihood ratio is worked out only where
//! a bound does not tell that there are nearer ones.

use crate::models::affinity::{PairCounts, Partner};

/// What two products are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closeness {
    /// Log-likelihood ratio, where lift is above 1.
    LogLikelihood,
    /// Cosine of the units.
    Cosine,
}

/// All products by how many units have them, and all units.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides<'a> {
    pub degrees: &'a [u32],
    pub total: u64,
}

impl Closeness {
    /// The largest of a product's partners, ties by product; in no order.
    pub fn strongest(self, target: u32, partners: &[Partner], sides: Sides<'_>, most: usize) -> Vec<(u32, f64)> {
        let mut row = Strongest { most, kept: Vec::new(), least: 0.0 };
        for partner in partners {
            let counts = PairCounts {
                n_ab: u64::from(partner.count),
                n_a: u64::from(sides.degrees[target as usize]),
                n_b: u64::from(sides.degrees[partner.product as usize]),
                n_total: sides.total,
            };
            match self {
                Closeness::LogLikelihood => {
                    if counts.lift_above_one() && !counts.log_likelihood_ratio_is_below(row.least) {
                        row.offer(partner.product, counts.log_likelihood_ratio());
                    }
                }
                Closeness::Cosine => row.offer(partner.product, counts.cosine()),
            }
        }
        row.finish()
    }
}

/// Takes what comes and keeps the largest.
struct Strongest {
    most: usize,
    kept: Vec<(u32, f64)>,
    /// What is below it is not among the largest.
    least: f64,
}

impl Strongest {
    fn offer(&mut self, product: u32, score: f64) {
        if score >= self.least {
            self.kept.push((product, score));
            if self.kept.len() == self.most.saturating_mul(2) {
                self.cut();
            }
        }
    }

    fn cut(&mut self) {
        if self.kept.len() > self.most && self.most > 0 {
            let order = |a: &(u32, f64), b: &(u32, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
            let (_, last, _) = self.kept.select_nth_unstable_by(self.most - 1, order);
            self.least = last.1;
        }
        self.kept.truncate(self.most);
    }

    fn finish(mut self) -> Vec<(u32, f64)> {
        self.cut();
        self.kept.shrink_to_fit();
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_strongest_are_those_of_all(
            total in 1u64..3_000,
            shares in prop::collection::vec((0.0f64..1.0, 0.0f64..1.0, 0u8..3), 1..60),
            own in 0.0f64..1.0,
            most in 0usize..8,
        ) {
            // A product, and partners with any number of units that is possible, often small and often all of them.
            let units = |share: f64| ((total as f64 * share) as u64).max(1);
            let n_a = units(own);
            let mut degrees = vec![n_a as u32];
            let mut partners = Vec::new();
            for (at, (share, both, size)) in (1u32..).zip(&shares) {
                let n_b = match size { 0 => units(*share), 1 => units(share.powi(8)), _ => units(1.0 - share.powi(8)) };
                let (lowest, highest) = ((n_a + n_b).saturating_sub(total).max(1), n_a.min(n_b));
                let count = (lowest as f64 + both.powi(2) * (highest - lowest) as f64) as u32;
                degrees.push(n_b as u32);
                partners.push(Partner { product: at, count, weight: 0 });
            }
            let sides = Sides { degrees: &degrees, total };
            let counts = |partner: &Partner| PairCounts {
                n_ab: partner.count.into(), n_a, n_b: degrees[partner.product as usize].into(), n_total: total,
            };
            for way in [Closeness::LogLikelihood, Closeness::Cosine] {
                let mut all: Vec<(u32, f64)> = Vec::new();
                for partner in &partners {
                    let counts = counts(partner);
                    if way == Closeness::LogLikelihood && !counts.lift_above_one() {
                        continue;
                    }
                    let score = match way {
                        Closeness::LogLikelihood => counts.log_likelihood_ratio(),
                        Closeness::Cosine => counts.cosine(),
                    };
                    all.push((partner.product, score));
                }
                all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                all.truncate(most);
                let mut found = way.strongest(0, &partners, sides, most);
                found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                prop_assert_eq!(found, all);
            }
        }
    }
}
