//! Fisher's exact test of a pair, and the bound of lift that goes with it.
//!
//! With the margins held, the units with both are hypergeometric if the two have nothing to do with each other. The
//! probability of the count seen is worked out by Loader's way (2000): the deviance of the table, which is half its
//! log-likelihood ratio, times what Stirling's formula leaves of the nine factorials. Unlike a sum of log-gammas it keeps
//! its digits for millions of units. A tail is summed outwards from the count, each term from the one before, until no
//! term can change it.

use std::f64::consts::TAU;
use std::sync::LazyLock;

use super::measures::PairCounts;

/// A p-value is never 0: what is smaller is stated as the smallest normal number, 2.2e-308.
const SMALLEST: f64 = f64::MIN_POSITIVE;

/// The part of a sum that no longer matters.
const NEGLIGIBLE: f64 = 1e-16;

/// The level of [`PairCounts::lift_lower`]: one-sided.
const BOUND_TAIL: f64 = 0.05;

const TABLED: usize = 1024;

/// [`series`] of small numbers.
static SERIES: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let mut factorial = 1.0_f64;
    let exactly = |k: usize| {
        let number = k as f64;
        factorial *= number.max(1.0);
        if k < 16 { factorial.ln() - number * number.ln() + number - 0.5 * (TAU * number).ln() } else { series(number) }
    };
    let mut tabled: Vec<f64> = (0..TABLED).map(exactly).collect();
    // 0! is 1, and so is what stands for 0 in the root.
    tabled[0] = 0.0;
    tabled
});

/// What Stirling's formula leaves of a factorial: `ln(k! / (sqrt(2 pi k) k^k e^-k))`, from 16 on to 1e-16.
fn series(k: f64) -> f64 {
    let square = k * k;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / (1680.0 * square)) / square) / square) / k
}

fn left_of_stirling(k: u64) -> f64 {
    match SERIES.get(usize::try_from(k).unwrap_or(usize::MAX)) {
        Some(left) => *left,
        // One term less: from 1,024 on to 1e-18.
        None => (1.0 / 12.0 - 1.0 / (360.0 * k as f64 * k as f64)) / k as f64,
    }
}

/// The smallest and the largest count that the margins allow.
fn range(pair: &PairCounts) -> (u64, u64) {
    (pair.n_a.saturating_sub(pair.without_b()), pair.n_a.min(pair.n_b))
}

/// Probability of exactly this count, given its log-likelihood ratio.
fn point(pair: &PairCounts, log_likelihood_ratio: f64) -> f64 {
    let margins = [pair.n_a, pair.n_b, pair.without_a(), pair.without_b()];
    let cells = [pair.n_ab, pair.only_a(), pair.only_b(), pair.neither()];
    let left = |of: [u64; 4]| of.map(left_of_stirling).iter().sum::<f64>();
    let under_root = |count: u64| if count == 0 { 1.0 } else { TAU * count as f64 };
    let product = |of: [u64; 4]| of.map(under_root).iter().product::<f64>();
    let exponent = left(margins) - left(cells) - left_of_stirling(pair.n_total) - 0.5 * log_likelihood_ratio;
    let root = (product(margins) / (product(cells) * under_root(pair.n_total))).sqrt();
    (root * exponent.exp()).min(1.0)
}

/// The table's two-by-two ratio of neighbours: probability of one more by that of this count.
#[derive(Clone, Copy)]
struct Steps {
    n_a: f64,
    n_b: f64,
    /// Units with neither, less the units with both: what it is when none has both.
    neither: f64,
}

impl Steps {
    fn of(pair: &PairCounts) -> Steps {
        let (n_a, n_b) = (pair.n_a as f64, pair.n_b as f64);
        Steps { n_a, n_b, neither: pair.n_total as f64 - n_a - n_b }
    }

    fn up(self, count: f64) -> f64 {
        (self.n_a - count) * (self.n_b - count) / ((count + 1.0) * (self.neither + count + 1.0))
    }

    fn down(self, count: f64) -> f64 {
        count * (self.neither + count) / ((self.n_a - count + 1.0) * (self.n_b - count + 1.0))
    }
}

/// Sum over the counts from this one upwards (its own term is 1) while they matter, and the sum of each term times its
/// distance. `weight` multiplies each step.
fn above(steps: Steps, count: u64, weight: f64) -> (f64, f64) {
    let (mut term, mut sum, mut moment) = (1.0, 1.0, 0.0);
    let mut at = count as f64;
    let mut distance = 0.0;
    loop {
        let ratio = steps.up(at) * weight;
        if ratio <= 0.0 {
            return (sum, moment);
        }
        // Ratios fall on the way up, so what is left is at most a geometric series.
        if ratio < 1.0 && term * ratio <= NEGLIGIBLE * sum * (1.0 - ratio) {
            return (sum, moment);
        }
        term *= ratio;
        at += 1.0;
        distance += 1.0;
        sum += term;
        moment += term * distance;
        if !sum.is_finite() {
            return (sum, moment);
        }
    }
}

/// As [`above`], downwards.
fn below(steps: Steps, count: u64, weight: f64) -> (f64, f64) {
    let (mut term, mut sum, mut moment) = (1.0, 1.0, 0.0);
    let mut at = count as f64;
    let mut distance = 0.0;
    loop {
        let ratio = steps.down(at) / weight;
        if ratio <= 0.0 || (ratio < 1.0 && term * ratio <= NEGLIGIBLE * sum * (1.0 - ratio)) {
            return (sum, moment);
        }
        term *= ratio;
        at -= 1.0;
        distance += 1.0;
        sum += term;
        moment += term * distance;
        if !sum.is_finite() {
            return (sum, moment);
        }
    }
}

impl PairCounts {
    /// Fisher's one-sided test for more than chance: probability of this count or a higher one. Both directions have the
    /// same bits.
    pub fn fisher_greater(&self) -> f64 {
        self.fisher_greater_given(self.log_likelihood_ratio())
    }

    /// [`PairCounts::fisher_greater`] where the log-likelihood ratio is known already.
    fn fisher_greater_given(&self, log_likelihood_ratio: f64) -> f64 {
        self.fisher_greater_below(log_likelihood_ratio, f64::INFINITY).unwrap_or(1.0)
    }

    /// [`PairCounts::fisher_greater`] where the log-likelihood ratio is known already, and only a p-value below a limit is
    /// of interest. `None` is certainly not below it: this count alone is as likely.
    pub(super) fn fisher_greater_below(&self, log_likelihood_ratio: f64, limit: f64) -> Option<f64> {
        let pair = self.ordered();
        let (least, most) = range(&pair);
        if pair.n_ab <= least {
            return (limit > 1.0).then_some(1.0);
        }
        if pair.n_ab > most {
            return Some(SMALLEST);
        }
        let point = point(&pair, log_likelihood_ratio);
        if point >= limit {
            return None;
        }
        let steps = Steps::of(&pair);
        let tail = if pair.lift_below_one() {
            1.0 - point * (below(steps, pair.n_ab, 1.0).0 - 1.0)
        } else {
            point * above(steps, pair.n_ab, 1.0).0
        };
        Some(tail.clamp(SMALLEST, 1.0))
    }

    /// Fisher's one-sided test for less than chance: probability of this count or a lower one.
    pub fn fisher_less(&self) -> f64 {
        let pair = self.ordered();
        let (least, most) = range(&pair);
        if pair.n_ab >= most {
            return 1.0;
        }
        if pair.n_ab < least {
            return SMALLEST;
        }
        let point = point(&pair, pair.log_likelihood_ratio());
        let steps = Steps::of(&pair);
        let tail = if pair.lift_above_one() {
            1.0 - point * (above(steps, pair.n_ab, 1.0).0 - 1.0)
        } else {
            point * below(steps, pair.n_ab, 1.0).0
        };
        tail.clamp(SMALLEST, 1.0)
    }

    /// Lower bound of lift, one-sided, 95 %: above 1 exactly where Fisher's test for more than chance is below 0.05.
    ///
    /// The exact conditional bound of the odds ratio (Cornfield 1956; as R's `fisher.test(alternative = "greater")`),
    /// read as the lift of the table with these margins and those odds. Given the margins it holds at least 95 % of the
    /// time, for a count of 1 too, where a normal approximation of the logarithm of lift promises too much.
    pub fn lift_lower(&self) -> f64 {
        let pair = self.ordered();
        let (least, most) = range(&pair);
        if pair.n_ab <= least || pair.n_ab > most {
            // Odds of 0: the smallest count that there can be.
            return PairCounts { n_ab: least.min(pair.n_ab), ..pair }.lift();
        }
        let odds = lower_odds(&pair, least as f64);
        let (n_a, n_b) = (pair.n_a as f64, pair.n_b as f64);
        let together = count_of_odds(n_a, n_b, pair.n_total as f64, odds);
        (together * pair.n_total as f64 / (n_a * n_b)).clamp(0.0, pair.lift())
    }
}

/// The odds ratio under which a count as high as this one has a probability of [`BOUND_TAIL`].
fn lower_odds(pair: &PairCounts, least: f64) -> f64 {
    let steps = Steps::of(pair);
    let count = pair.n_ab as f64;
    // Wilson and Hilferty's bound of a Poisson count, as a first guess; the counts are never more spread than Poisson's.
    let guess = count * (1.0 - 1.0 / (9.0 * count) - 1.6449 / (3.0 * count.sqrt())).max(0.1).powi(3);
    let guess = least + (guess - least).max(0.02 * (count - least));
    let start = guess * (steps.neither + guess) / ((steps.n_a - guess) * (steps.n_b - guess));
    let wanted = (BOUND_TAIL / (1.0 - BOUND_TAIL)).ln();
    let mut log_odds = start.ln();
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    for _ in 0..60 {
        let weight = log_odds.exp();
        let (upper, upper_moment) = above(steps, pair.n_ab, weight);
        let (from_here, lower_moment) = below(steps, pair.n_ab, weight);
        let lower = from_here - 1.0;
        let miss = upper.ln() - lower.ln() - wanted;
        if miss > 0.0 {
            high = log_odds
        } else {
            low = log_odds
        }
        // The slope of the logarithm of the tails' odds is the distance between their means.
        let step = miss / (upper_moment / upper + lower_moment / lower);
        let mut next = log_odds - step;
        if !(next > low && next < high) {
            next = match (low.is_finite(), high.is_finite()) {
                (true, true) => 0.5 * (low + high),
                (true, false) => low + 1.0,
                _ => high - 1.0,
            };
        }
        let moved = (next - log_odds).abs();
        log_odds = next;
        // Newton's step squares what is off.
        if moved < 1e-6 {
            break;
        }
    }
    log_odds.exp()
}

/// How many units have both in the table with these margins and this odds ratio (Plackett 1965).
fn count_of_odds(n_a: f64, n_b: f64, n_total: f64, odds: f64) -> f64 {
    let middle = n_total - n_a - n_b + odds * (n_a + n_b);
    let last = odds * n_a * n_b;
    let root = (middle * middle + 4.0 * (1.0 - odds) * last).max(0.0).sqrt();
    // The form in which nothing cancels.
    if middle > 0.0 { 2.0 * last / (middle + root) } else { (root - middle) / (2.0 * (1.0 - odds)) }
}

/// The smallest count that chance does not exceed with this probability.
pub(super) fn quantile(pair: &PairCounts, level: f64) -> u64 {
    let (least, most) = range(pair);
    let (n_a, n_b, n_total) = (pair.n_a as f64, pair.n_b as f64, (pair.n_total as f64).max(1.0));
    let expected = pair.expected();
    let spread = (expected * (1.0 - n_b / n_total) * ((n_total - n_a) / (n_total - 1.0).max(1.0))).max(0.0).sqrt();
    // One guess from the normal distribution, then step by step.
    let mut count = ((expected + 2.3 * spread) as u64).clamp(least.min(most), most);
    let at_most = |count: u64| PairCounts { n_ab: count, ..*pair }.fisher_less();
    while count < most && at_most(count) < level {
        count += 1;
    }
    while count > least && at_most(count - 1) >= level {
        count -= 1;
    }
    count
}
