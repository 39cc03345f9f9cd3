//! How near two products are to each other, and the nearest of a product without a logarithm for each of its pairs: a bound
//! that costs a few multiplications tells most of them off.

use crate::models::affinity::{PairCounts, Partner};

/// What two products are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closeness {
    /// Log-likelihood ratio, where lift is above 1.
    LogLikelihood,
    /// Cosine of the units.
    Cosine,
}

/// What bounds want to know of a product.
#[derive(Debug, Clone, Copy)]
struct Side {
    units: u64,
    /// The same, as a number to multiply.
    share: f64,
    /// `1 / units`.
    inverse: f64,
    /// `1 / (N - units)`, infinite when every unit has the product.
    inverse_of_others: f64,
    /// `1 / sqrt(units)`.
    inverse_root: f64,
    /// `ln(units)`.
    log: f64,
}

/// All products, and all units.
pub(super) struct Sides {
    total: u64,
    log_total: f64,
    of: Vec<Side>,
    /// `ln(count)` of small counts.
    logs: Vec<f64>,
}

/// Logarithms are kept of counts below it.
const SMALL: usize = 4_096;

/// Bounds are wide by so much of themselves, which is more than rounding takes from them.
const WIDE: f64 = 1e-9;

pub(super) fn sides(degrees: &[u32], total: u64) -> Sides {
    let of = degrees.iter().map(|units| {
        let n = f64::from(*units);
        Side {
            units: u64::from(*units),
            share: n / total as f64,
            inverse: 1.0 / n,
            inverse_of_others: 1.0 / (total as f64 - n),
            inverse_root: 1.0 / n.sqrt(),
            log: n.ln(),
        }
    });
    let logs = (0..SMALL).map(|count| (count as f64).ln()).collect();
    Sides { total, log_total: (total as f64).ln(), of: of.collect(), logs }
}

impl Sides {
    fn log(&self, count: u32) -> f64 {
        self.logs.get(count as usize).copied().unwrap_or_else(|| f64::from(count).ln())
    }
}

impl Closeness {
    /// The largest of a product's partners, ties by product; in no order.
    pub fn strongest(self, target: u32, partners: &[Partner], sides: &Sides, most: usize) -> Vec<(u32, f64)> {
        let mut row = Strongest { most, kept: Vec::new(), least: 0.0 };
        let a = sides.of[target as usize];
        for partner in partners {
            let b = sides.of[partner.product as usize];
            let bound = match self {
                Closeness::LogLikelihood => likelihood_bound(&a, &b, partner.count, sides),
                Closeness::Cosine => f64::from(partner.count) * a.inverse_root * b.inverse_root * (1.0 + WIDE),
            };
            if bound < row.least {
                continue;
            }
            let counts =
                PairCounts { n_ab: u64::from(partner.count), n_a: a.units, n_b: b.units, n_total: sides.total };
            match self {
                Closeness::LogLikelihood if !counts.lift_above_one() => {}
                Closeness::LogLikelihood => row.offer(partner.product, counts.log_likelihood_ratio()),
                Closeness::Cosine => row.offer(partner.product, counts.cosine()),
            }
        }
        row.finish()
    }
}

/// Never below the log-likelihood ratio of a pair with lift above 1, and hardly above it where much is to be skipped. Of
/// its four terms `k ln(k/E) - (k - E)` the one of both products is worked out with logarithms that are known, and each of
/// the others is at most `(k - E)^2 / E`, since `ln(x) <= x - 1`. Below 0 only where lift is below 1.
fn likelihood_bound(a: &Side, b: &Side, both: u32, sides: &Sides) -> f64 {
    let count = f64::from(both);
    let beyond = count - a.share * b.units as f64;
    // Rounding can make it less than nothing of a lift of just above 1.
    let slack = 1e-9 * count;
    if beyond < -slack {
        return -1.0;
    }
    let log = sides.log(both) + sides.log_total - a.log - b.log;
    let others = a.inverse * b.inverse_of_others + a.inverse_of_others * (b.inverse + b.inverse_of_others);
    let others = sides.total as f64 * others * beyond * beyond;
    2.0 * (count * log - beyond + others + slack) * (1.0 + WIDE)
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
        fn bounds_hold_and_the_strongest_are_those_of_all(
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
            let sides = sides(&degrees, total);
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
                    if way == Closeness::LogLikelihood {
                        let (a, b) = (sides.of[0], sides.of[partner.product as usize]);
                        let bound = likelihood_bound(&a, &b, partner.count, &sides);
                        prop_assert!(bound >= score, "{bound} below {score} of {counts:?}");
                    }
                    all.push((partner.product, score));
                }
                all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                all.truncate(most);
                let mut found = way.strongest(0, &partners, &sides, most);
                found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                prop_assert_eq!(found, all);
            }
        }
    }

    #[test]
    fn a_bound_of_rare_products_is_within_a_tenth() {
        // Two customers of three each, of 2,500.
        let sides = sides(&[3, 3], 2_500);
        let counts = PairCounts { n_ab: 2, n_a: 3, n_b: 3, n_total: 2_500 };
        let bound = likelihood_bound(&sides.of[0], &sides.of[1], 2, &sides);
        let exact = counts.log_likelihood_ratio();
        assert!(bound >= exact && bound < 1.1 * exact, "{bound} for {exact}");
    }
}
