//! What two products have to do with each other, from four counts (`spec/affinity.md` 2.1).
//!
//! Every measure is worked out from whole numbers: a difference that decides a sign (`n_ab N - n_a n_b`) is exact, so
//! that what is independent is neither above nor below 1 by a rounding. Every limit is defined, for impossible counts
//! too: a measure is finite, or `None` where it is infinite. A product that no unit has says nothing: shares of it are 0
//! and its lift is 1.

use super::fisher;

/// How many units (baskets or customers) have `a`, `b`, both, and how many units there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PairCounts {
    /// Units with both: at most `n_a` and `n_b`.
    pub n_ab: u64,
    /// Units with the product that speaks (the antecedent): at most `n_total`.
    pub n_a: u64,
    /// Units with the product spoken for (the consequent): at most `n_total`.
    pub n_b: u64,
    /// All units of the level that have a product at all.
    pub n_total: u64,
}

/// More than what roundings make of a bound, as a share of its terms.
const SLACK: f64 = 1e-13;

/// `part / whole`, and 0 of nothing.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

impl PairCounts {
    /// The same pair read the other way.
    pub fn swapped(self) -> PairCounts {
        PairCounts { n_a: self.n_b, n_b: self.n_a, ..self }
    }

    /// The rarer product first, so that what is the same both ways has the same bits.
    pub(super) fn ordered(&self) -> PairCounts {
        if self.n_a <= self.n_b { *self } else { self.swapped() }
    }

    /// Units with either.
    fn either(&self) -> f64 {
        (u128::from(self.n_a) + u128::from(self.only_b())) as f64
    }

    /// Units with `a` and without `b`.
    pub fn only_a(&self) -> u64 {
        self.n_a.saturating_sub(self.n_ab)
    }

    /// Units with `b` and without `a`.
    pub fn only_b(&self) -> u64 {
        self.n_b.saturating_sub(self.n_ab)
    }

    /// Units with neither.
    pub fn neither(&self) -> u64 {
        (self.n_total.saturating_sub(self.n_a)).saturating_sub(self.only_b())
    }

    /// Units without `a`.
    pub(super) fn without_a(&self) -> u64 {
        self.n_total.saturating_sub(self.n_a)
    }

    /// Units without `b`.
    pub(super) fn without_b(&self) -> u64 {
        self.n_total.saturating_sub(self.n_b)
    }

    /// `n_ab N - n_a n_b`: above 0 when they meet more often than by chance. The difference is taken of whole numbers.
    pub(super) fn excess(&self) -> f64 {
        let (met, chance) = self.met_and_chance();
        // Nearly always within 64 bits, which a processor turns into a float by itself.
        let float = |difference: u128| u64::try_from(difference).map_or(difference as f64, |small| small as f64);
        if met >= chance { float(met - chance) } else { -float(chance - met) }
    }

    fn met_and_chance(&self) -> (u128, u128) {
        (u128::from(self.n_ab) * u128::from(self.n_total), u128::from(self.n_a) * u128::from(self.n_b))
    }

    /// Whether they meet more often than by chance: lift above 1, in whole numbers.
    pub fn lift_above_one(&self) -> bool {
        let (met, chance) = self.met_and_chance();
        met > chance
    }

    /// Whether they meet less often than by chance: lift below 1, in whole numbers.
    pub fn lift_below_one(&self) -> bool {
        let (met, chance) = self.met_and_chance();
        met < chance
    }

    /// Units expected to have both if the two had nothing to do with each other: `n_a n_b / N`.
    pub fn expected(&self) -> f64 {
        share(self.n_a as f64 * self.n_b as f64, self.n_total as f64)
    }

    /// Share of units with both.
    pub fn support(&self) -> f64 {
        share(self.n_ab as f64, self.n_total as f64)
    }

    /// Share of the units with `a` that have `b`.
    pub fn confidence(&self) -> f64 {
        share(self.n_ab as f64, self.n_a as f64)
    }

    /// Share of the units with `b` that have `a`.
    pub fn confidence_reverse(&self) -> f64 {
        share(self.n_ab as f64, self.n_b as f64)
    }

    /// How many times as often as by chance. It is reported and does not rank: rare pairs have the highest.
    pub fn lift(&self) -> f64 {
        let (met, chance) = self.met_and_chance();
        if chance == 0 { 1.0 } else { met as f64 / chance as f64 }
    }

    /// Share of units with both beyond the share by chance: from -0.25 to 0.25.
    pub fn leverage(&self) -> f64 {
        let total = self.n_total as f64;
        share(self.excess(), total * total)
    }

    /// How many times as often `a` would be without `b` by chance as it is. `None` when it is infinite: `a` is never
    /// without `b`. If every unit has `b`, it is 1: `a` says nothing of `b`.
    pub fn conviction(&self) -> Option<f64> {
        if self.conviction_infinite() {
            return None;
        }
        if self.only_a() == 0 {
            return Some(1.0);
        }
        let without = self.without_b() as f64 * self.n_a as f64;
        Some(without / (self.n_total as f64 * self.only_a() as f64))
    }

    /// Whether `a` is never without `b`, though other units are.
    pub fn conviction_infinite(&self) -> bool {
        self.n_a > 0 && self.only_a() == 0 && self.without_b() > 0
    }

    /// Zhang's measure (Zhang 2000): from -1 (never together) by 0 (chance) to 1 (never apart).
    pub fn zhang(&self) -> f64 {
        let together = self.n_ab as f64 * self.without_a() as f64;
        let apart = self.n_a as f64 * self.only_b() as f64;
        share(self.excess(), together.max(apart)).clamp(-1.0, 1.0)
    }

    /// Units with both of those with either.
    pub fn jaccard(&self) -> f64 {
        share(self.n_ab as f64, self.either())
    }

    /// Cosine of the two products' columns.
    pub fn cosine(&self) -> f64 {
        share(self.n_ab as f64, (self.n_a as f64 * self.n_b as f64).sqrt())
    }

    /// Mean of both confidences.
    pub fn kulczynski(&self) -> f64 {
        (self.confidence() + self.confidence_reverse()) / 2.0
    }

    /// How unlike the two products' sizes are: 0 alike, towards 1 when one is nearly all of both.
    pub fn imbalance(&self) -> f64 {
        share(self.n_a.abs_diff(self.n_b) as f64, self.either())
    }

    /// Certainty factor: the share of the doubt about `b` that `a` removes. One branch as in arules and mlxtend, for
    /// negative values too (Shortliffe's own divides those by the share of `b`). 0 when every unit has `b`.
    pub fn certainty(&self) -> f64 {
        share(self.excess(), self.n_a as f64 * self.without_b() as f64)
    }

    /// Pointwise mutual information, natural logarithm of the lift. `None` when it is minus infinity: never together.
    pub fn pmi(&self) -> Option<f64> {
        if self.n_ab == 0 {
            return None;
        }
        let beyond = share(self.excess(), self.n_a as f64 * self.n_b as f64);
        // Near independence the logarithm of a rounded ratio would keep few digits.
        Some(if beyond.abs() < 0.5 { beyond.ln_1p() } else { self.lift().ln() })
    }

    /// Normalised pointwise mutual information (Bouma 2009), -1 to 1: -1 when never together, 0 when every unit has both.
    pub fn npmi(&self) -> f64 {
        let Some(pmi) = self.pmi() else { return -1.0 };
        if self.n_ab >= self.n_total {
            return 0.0;
        }
        share(pmi, (self.n_total as f64 / self.n_ab as f64).ln()).clamp(-1.0, 1.0)
    }

    /// Chi-square of the two-by-two table, without continuity correction. 0 when a margin is empty.
    pub fn chi_squared(&self) -> f64 {
        let phi = self.phi();
        self.n_total as f64 * phi * phi
    }

    /// Correlation of the two columns, -1 to 1. 0 when a margin is empty.
    pub fn phi(&self) -> f64 {
        let have = self.n_a as f64 * self.n_b as f64;
        let lack = self.without_a() as f64 * self.without_b() as f64;
        share(self.excess(), (have * lack).sqrt())
    }

    /// Odds of `b` with `a` against those without. `None` when it is infinite or nothing to nothing.
    pub fn odds_ratio(&self) -> Option<f64> {
        let against = self.only_a() as f64 * self.only_b() as f64;
        (against > 0.0).then(|| self.n_ab as f64 * self.neither() as f64 / against)
    }

    /// Log-likelihood ratio of dependence (G squared; Dunning 1993). It measures evidence, whichever way: restrict it to
    /// lift above 1 to rank by it.
    ///
    /// As a sum of four terms that are never negative (`k ln(k/E) - (k - E)`; the differences cancel over the table),
    /// so that a pair near independence keeps all its digits, however many units there are.
    pub fn log_likelihood_ratio(&self) -> f64 {
        let pair = self.ordered();
        let total = pair.n_total as f64;
        if total == 0.0 {
            return 0.0;
        }
        let beyond = pair.excess() / total;
        let (a, not_a) = (pair.n_a as f64 / total, pair.without_a() as f64 / total);
        let (b, not_b) = (pair.n_b as f64, pair.without_b() as f64);
        2.0 * (deviance(pair.n_ab, a * b, beyond)
            + deviance(pair.only_a(), a * not_b, -beyond)
            + deviance(pair.only_b(), not_a * b, -beyond)
            + deviance(pair.neither(), not_a * not_b, beyond))
    }

    /// Whether the log-likelihood ratio of a pair above chance is certainly below a number, for less than it takes to work it
    /// out. Its terms `2 (k ln(k/E) - (k - E))` are at most those of chi-square, `(k - E)^2 / E`, where there are more than
    /// expected, and at most twice those where there are fewer (`ln x <= x - 1`). Where that does not tell, the term of the
    /// units with both is worked out: for rare products it is nearly all.
    pub(super) fn log_likelihood_ratio_is_below(&self, number: f64) -> bool {
        let (n_a, n_b, total) = (self.n_a as f64, self.n_b as f64, self.n_total as f64);
        let (excess, pairs) = (self.excess(), n_a * n_b);
        let beyond = excess / total;
        let chi_squared = total * excess * excess / (pairs * (total - n_a) * (total - n_b));
        let of_both = beyond * excess / pairs;
        let of_others = 2.0 * (chi_squared - of_both);
        let both = self.n_ab as f64;
        let is_below = |bound: f64| bound + SLACK * (both + chi_squared) < number * (1.0 - SLACK);
        is_below(of_both + of_others) || is_below(2.0 * (both * (both * total / pairs).ln() - beyond) + of_others)
    }

    /// Count against the 99 % point of the counts that chance gives (hyper-lift; Hahsler and Hornik 2007). `None` when
    /// that point is 0.
    pub fn hyper_lift(&self) -> Option<f64> {
        let point = fisher::quantile(self, 0.99);
        (point > 0).then(|| self.n_ab as f64 / point as f64)
    }
}

/// `k ln(k/e) - (k - e)` with `k - e` given as it was worked out exactly: never below 0 (Loader 2000, `bd0`).
fn deviance(count: u64, expected: f64, beyond: f64) -> f64 {
    if expected <= 0.0 {
        return 0.0;
    }
    let k = count as f64;
    if count == 0 {
        return expected;
    }
    if beyond.abs() >= 0.1 * (k + expected) {
        return (k * (k / expected).ln() - beyond).max(0.0);
    }
    let v = beyond / (k + expected);
    let square = v * v;
    let mut sum = beyond * v;
    let mut term = 2.0 * k * v;
    for odd in (3..).step_by(2) {
        term *= square;
        let next = sum + term / f64::from(odd);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}
