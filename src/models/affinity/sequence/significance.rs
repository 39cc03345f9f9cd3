//! The base rate and the tests of a sequence.

use std::sync::atomic::{AtomicU64, Ordering};

use statrs::function::factorial::ln_binomial;

use super::timeline::Timeline;

/// Classes of a number: two for each power of two.
const CLASSES: usize = 64;

/// What the customers of one A bought in the windows after it: how many lines each, and when.
pub(super) struct Exposure {
    /// Customers, their baskets and their lines, by class of the number of baskets and class of the number of lines.
    classes: Vec<[u64; 3]>,
    filled: Vec<u16>,
    lines_in: Vec<u64>,
    total: u64,
    /// The cells with a line after A, and what one line of B in the cell adds to B's share.
    weights: Vec<(u16, f64)>,
    /// Customers, mean baskets and mean lines of a basket of the classes that have any.
    steps: Vec<[f64; 3]>,
}

impl Exposure {
    pub(super) fn new(timeline: &Timeline) -> Exposure {
        Exposure {
            classes: vec![[0; 3]; CLASSES * CLASSES],
            filled: Vec::new(),
            lines_in: vec![0; timeline.cells],
            total: 0,
            weights: Vec::new(),
            steps: Vec::new(),
        }
    }

    pub(super) fn clear(&mut self) {
        for class in self.filled.drain(..) {
            self.classes[class as usize] = [0; 3];
        }
        self.lines_in.fill(0);
        self.total = 0;
    }

    /// One line of another product after A.
    pub(super) fn line(&mut self, cell: u16) {
        self.lines_in[cell as usize] += 1;
        self.total += 1;
    }

    /// One customer of A, with `lines` of other products on `baskets` days after it.
    pub(super) fn customer(&mut self, baskets: u64, lines: u64) {
        if baskets > 0 {
            let index = class(baskets) * CLASSES + class(lines);
            let sums = &mut self.classes[index];
            if sums[0] == 0 {
                self.filled.push(index as u16);
            }
            for (sum, more) in sums.iter_mut().zip([1, baskets, lines]) {
                *sum += more;
            }
        }
    }

    /// Makes [`Exposure::expected`] ready once all customers of `a` are in.
    pub(super) fn finish(&mut self, timeline: &Timeline, a: u32) {
        self.weights.clear();
        for (cell, (&exposed, &all)) in self.lines_in.iter().zip(&timeline.lines_in).enumerate() {
            if exposed > 0 {
                let others = all - u64::from(timeline.lines_of(a)[cell]);
                self.weights.push((cell as u16, exposed as f64 / (others as f64 * self.total as f64)));
            }
        }
        self.steps.clear();
        self.filled.sort_unstable();
        for &class in &self.filled {
            let [customers, baskets, lines] = self.classes[class as usize].map(|sum| sum as f64);
            self.steps.push([customers, baskets / customers, lines / baskets]);
        }
    }

    /// How many customers of A are expected to buy `b` in the windows after it.
    pub(super) fn expected(&self, timeline: &Timeline, b: u32) -> f64 {
        let lines = timeline.lines_of(b);
        let share: f64 = self.weights.iter().map(|&(cell, weight)| weight * f64::from(lines[cell as usize])).sum();
        // A basket has a product once or not at all, so its lines are not independent draws: their chances add up.
        let chance = |[customers, baskets, lines]: &[f64; 3]| {
            let in_basket = (lines * share).min(1.0);
            customers * -(baskets * (-in_basket).ln_1p()).exp_m1()
        };
        self.steps.iter().map(chance).sum()
    }
}

/// Two classes for each power of two.
fn class(number: u64) -> usize {
    let power = number.ilog2();
    let upper = if power == 0 { 0 } else { number >> (power - 1) & 1 };
    2 * power.min(31) as usize + upper as usize
}

/// `2 [k ln(k / e) + (n - k) ln((n - k) / (n - e))]`: twice the log-likelihood of `k` of `n` against an expected `e`.
pub(super) fn log_likelihood_ratio(k: u64, n: u64, e: f64) -> f64 {
    let part = |seen: f64, expected: f64| if seen > 0.0 { seen * (seen / expected).ln() } else { 0.0 };
    (2.0 * (part(k as f64, e) + part((n - k) as f64, n as f64 - e))).max(0.0)
}

/// `P(X >= k)` of a binomial `X` with `n` trials of chance `p`: from the nearer end, the first term by logarithms and the
/// others by their ratios.
pub(super) fn upper_tail(k: u64, n: u64, p: f64) -> f64 {
    if k == 0 || p >= 1.0 {
        return 1.0;
    }
    if k > n || p <= 0.0 {
        return 0.0;
    }
    let odds = p / (1.0 - p);
    let term_at = |i: u64| (ln_binomial(n, i) + i as f64 * p.ln() + (n - i) as f64 * (-p).ln_1p()).exp();
    if k as f64 > n as f64 * p {
        let (mut ratio, mut sum) = (1.0, 1.0);
        for i in k..n {
            ratio *= (n - i) as f64 / (i + 1) as f64 * odds;
            sum += ratio;
            if ratio < sum * 1e-18 {
                break;
            }
        }
        (term_at(k) * sum).min(1.0)
    } else {
        let (mut ratio, mut sum) = (1.0, 1.0);
        for i in (1..k).rev() {
            ratio *= i as f64 / ((n - i + 1) as f64 * odds);
            sum += ratio;
            if ratio < sum * 1e-18 {
                break;
            }
        }
        (1.0 - term_at(k - 1) * sum).clamp(0.0, 1.0)
    }
}

/// McNemar's exact test, two-sided: `one` customers did only the one, `other` only the other.
pub(super) fn mcnemar(one: u64, other: u64) -> f64 {
    (2.0 * upper_tail(one.max(other), one + other, 0.5)).min(1.0)
}

/// Bits of a p-value's mantissa that are kept: classes are a thousandth wide.
const DROPPED_BITS: u32 = 52 - 10;

/// How many p-values are in each narrow class. Their number is bounded, whatever the number of pairs.
pub(super) struct PValues {
    counts: Vec<AtomicU64>,
}

impl PValues {
    pub(super) fn new() -> PValues {
        PValues { counts: (0..=class_of(1.0)).map(|_| AtomicU64::new(0)).collect() }
    }

    pub(super) fn add(&self, p: f64) {
        self.counts[class_of(p)].fetch_add(1, Ordering::Relaxed);
    }

    /// Benjamini and Hochberg's step-up with `tests` tests; those that were not added have p = 1.
    pub(super) fn q_values(&self, tests: u64) -> QValues {
        let counts: Vec<u64> = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let mut place: u64 = counts.iter().sum();
        let mut smallest = 1.0_f64;
        let mut q = vec![1.0; counts.len()];
        for (class, &count) in counts.iter().enumerate().rev() {
            if count > 0 {
                // The largest p-value of the class is below the next class and has this place.
                let largest = f64::from_bits(SMALLEST.to_bits() + ((class as u64 + 1) << DROPPED_BITS)).min(1.0);
                smallest = smallest.min(largest * tests as f64 / place as f64);
            }
            q[class] = smallest;
            place -= count;
        }
        QValues { q }
    }
}

/// The q-value of each class.
pub(super) struct QValues {
    q: Vec<f64>,
}

impl QValues {
    /// The q-value of a p-value that was added.
    pub(super) fn of(&self, p: f64) -> f64 {
        self.q[class_of(p)].max(p)
    }
}

/// Below this, p-values share a class.
const SMALLEST: f64 = 1e-75;

fn class_of(p: f64) -> usize {
    ((p.clamp(SMALLEST, 1.0).to_bits() - SMALLEST.to_bits()) >> DROPPED_BITS) as usize
}
