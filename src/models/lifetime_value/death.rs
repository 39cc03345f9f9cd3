//! The integral over the unseen time of death, which the Pareto/NBD needs for everybody:
//!
//! ```text
//! I = integral of f(y) = (alpha+y)^-k (beta+y)^-(s+1) for y from t_x to T
//! ```
//!
//! The textbook has a difference of two 2F1 here, which cancels where `t_x` is near `T` and overflows for large `x`. The
//! integrand is positive and falls, so it is integrated (`spec/lifetime-value.md` 6.2): in `v = ln(min(alpha, beta) + y)`
//! its only singularity is pi away from the real line, and 12-point Gauss-Legendre panels of at most 1.2 are exact to
//! rounding. Every result is relative to `f` at the lower end and so cannot overflow.
//!
//! Times repeat: between two times that occur in the data the integral depends on `x` only. [`Cells`] has the nodes between
//! neighbouring times once for all customers, and [`Spans`] adds them up so that any integral of an `x` is a sum of two.

use std::ops::AddAssign;

/// Nodes and weights of Gauss-Legendre quadrature of order 12 on [-1, 1] (half of them; DLMF 3.5(v)).
pub const GAUSS_12: [(f64, f64); 6] = [
    (0.125_233_408_511_468_92, 0.249_147_045_813_402_78),
    (0.367_831_498_998_180_2, 0.233_492_536_538_354_8),
    (0.587_317_954_286_617_4, 0.203_167_426_723_065_93),
    (0.769_902_674_194_304_7, 0.160_078_328_543_346_23),
    (0.904_117_256_370_474_9, 0.106_939_325_995_318_43),
    (0.981_560_634_246_719_3, 0.047_175_336_386_511_83),
];

/// Widest panel in `v`, and how many e-foldings the integrand may fall within one.
const WIDEST: f64 = 1.2;
const STEEPEST: f64 = 7.0;

/// Where a panel adds nothing any more.
const NOTHING: f64 = 1e-17;

/// Integrals of `f`, and of `f` times what the gradient needs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deaths {
    /// Of `f` itself.
    pub total: f64,
    /// Of `f ln(alpha+y)`.
    pub ln_alpha: f64,
    /// Of `f / (alpha+y)`.
    pub by_alpha: f64,
    /// Of `f ln(beta+y)`.
    pub ln_beta: f64,
    /// Of `f / (beta+y)`.
    pub by_beta: f64,
}

impl AddAssign for Deaths {
    fn add_assign(&mut self, other: Self) {
        self.total += other.total;
        self.ln_alpha += other.ln_alpha;
        self.by_alpha += other.by_alpha;
        self.ln_beta += other.ln_beta;
        self.by_beta += other.by_beta;
    }
}

impl Deaths {
    /// The same relative to another value of `f`.
    pub fn times(self, factor: f64) -> Self {
        Deaths {
            total: self.total * factor,
            ln_alpha: self.ln_alpha * factor,
            by_alpha: self.by_alpha * factor,
            ln_beta: self.ln_beta * factor,
            by_beta: self.by_beta * factor,
        }
    }
}

/// `f`, the density of dying at `y` and of buying `x` times before.
#[derive(Debug, Clone, Copy)]
pub struct Density {
    /// Inverse scale of the purchase rates.
    pub alpha: f64,
    /// Inverse scale of the dropout rates.
    pub beta: f64,
    /// `k = r + x`
    pub k: f64,
    /// `s + 1`
    pub power: f64,
}

impl Density {
    /// The integrals from `from` over a `length`, relative to `f(from)`.
    pub fn integrals(&self, from: f64, length: f64) -> Deaths {
        let swapped = self.alpha > self.beta;
        let (near, far, near_power, far_power) = if swapped {
            (self.beta + from, self.alpha + from, self.power, self.k)
        } else {
            (self.alpha + from, self.beta + from, self.k, self.power)
        };
        let whole = (length / near).ln_1p();
        let (ln_near, ln_far) = (near.ln(), far.ln());
        let mut sums = Deaths::default();
        let mut start = 0.0;
        while start < whole {
            let grown = near * f64::exp_m1(start);
            let steepness = (near_power - 1.0 + far_power * (near + grown) / (far + grown)).abs();
            let width = WIDEST.min(STEEPEST / steepness);
            let last = width >= whole - start;
            let half = if last { whole - start } else { width } / 2.0;
            let mut panel = Deaths::default();
            for (node, weight) in GAUSS_12 {
                for node in [-node, node] {
                    let v = start + half * (1.0 + node);
                    let grown = near * v.exp_m1();
                    let beyond = (grown / far).ln_1p();
                    // dy = (near + grown) dv, and near + grown = near e^v
                    let weight = weight * half * near * (-(near_power - 1.0) * v - far_power * beyond).exp();
                    panel += Deaths {
                        total: weight,
                        ln_alpha: weight * (ln_near + v),
                        by_alpha: weight / (near + grown),
                        ln_beta: weight * (ln_far + beyond),
                        by_beta: weight / (far + grown),
                    };
                }
            }
            sums += panel;
            if last || panel.total < NOTHING * sums.total {
                break;
            }
            start += width;
        }
        if swapped {
            std::mem::swap(&mut sums.ln_alpha, &mut sums.ln_beta);
            std::mem::swap(&mut sums.by_alpha, &mut sums.by_beta);
        }
        sums
    }
}

/// What the nodes between two neighbouring times know without `k`.
#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// Of `dy`.
    weight: f64,
    /// `ln(alpha+y)`, and how much more that is than at the beginning of the cell; and so on.
    ln_alpha: f64,
    alpha_grown: f64,
    by_alpha: f64,
    ln_beta: f64,
    beta_grown: f64,
    by_beta: f64,
}

struct Cell {
    nodes: [Node; 12],
    /// `ln((alpha+to) / (alpha+from))`, and the same of beta.
    alpha_grown: f64,
    beta_grown: f64,
}

/// All that is between neighbouring times, whatever `x` is.
pub struct Cells {
    alpha: f64,
    beta: f64,
    times: Vec<f64>,
    cells: Vec<Cell>,
    /// `ln(alpha+y)` and `ln(beta+y)` at the times.
    ln_alpha: Vec<f64>,
    ln_beta: Vec<f64>,
}

impl Cells {
    /// Between rising times.
    pub fn new(alpha: f64, beta: f64, times: Vec<f64>) -> Self {
        let lowest = alpha.min(beta);
        let cells = times
            .windows(2)
            .map(|pair| {
                let (from, length) = (pair[0], pair[1] - pair[0]);
                let (alpha, beta, near) = (alpha + from, beta + from, lowest + from);
                let half = (length / near).ln_1p() / 2.0;
                let mut nodes = [Node::default(); 12];
                for (at, node) in nodes.iter_mut().enumerate() {
                    let (place, weight) = GAUSS_12[at / 2];
                    let place = if at % 2 == 0 { -place } else { place };
                    let v = half * (1.0 + place);
                    let grown = near * v.exp_m1();
                    *node = Node {
                        weight: weight * half * (near + grown),
                        ln_alpha: (alpha + grown).ln(),
                        alpha_grown: (grown / alpha).ln_1p(),
                        by_alpha: 1.0 / (alpha + grown),
                        ln_beta: (beta + grown).ln(),
                        beta_grown: (grown / beta).ln_1p(),
                        by_beta: 1.0 / (beta + grown),
                    };
                }
                Cell { nodes, alpha_grown: (length / alpha).ln_1p(), beta_grown: (length / beta).ln_1p() }
            })
            .collect();
        let ln_alpha = times.iter().map(|time| (alpha + time).ln()).collect();
        let ln_beta = times.iter().map(|time| (beta + time).ln()).collect();
        Cells { alpha, beta, times, cells, ln_alpha, ln_beta }
    }

    fn integrals(&self, cell: usize, k: f64, power: f64) -> Deaths {
        let Cell { nodes, alpha_grown, beta_grown } = &self.cells[cell];
        if alpha_grown.max(*beta_grown) > WIDEST || k * alpha_grown + power * beta_grown > STEEPEST {
            let density = Density { alpha: self.alpha, beta: self.beta, k, power };
            return density.integrals(self.times[cell], self.times[cell + 1] - self.times[cell]);
        }
        let mut sums = Deaths::default();
        for node in nodes {
            let weight = node.weight * (-k * node.alpha_grown - power * node.beta_grown).exp();
            sums += Deaths {
                total: weight,
                ln_alpha: weight * node.ln_alpha,
                by_alpha: weight * node.by_alpha,
                ln_beta: weight * node.ln_beta,
                by_beta: weight * node.by_beta,
            };
        }
        sums
    }

    /// The sums for one `k`, of all cells from one to before another.
    pub fn spans(&self, cells: std::ops::Range<usize>, k: f64, power: f64) -> Spans<'_> {
        let each: Vec<Deaths> = cells.clone().map(|cell| self.integrals(cell, k, power)).collect();
        // f at the end of a cell relative to its beginning.
        let falls: Vec<f64> = cells
            .clone()
            .map(|cell| (-k * self.cells[cell].alpha_grown - power * self.cells[cell].beta_grown).exp())
            .collect();
        let levels = usize::BITS - each.len().saturating_sub(1).leading_zeros();
        let mut sums = vec![each.clone()];
        for level in 1..levels {
            let half = 1_usize << level;
            let mut of_level = each.clone();
            for middle in (half..each.len()).step_by(2 * half) {
                for at in (middle - half..middle - 1).rev() {
                    let next = of_level[at + 1].times(falls[at]);
                    of_level[at] += next;
                }
                let mut fallen = 1.0;
                for at in middle + 1..each.len().min(middle + half) {
                    fallen *= falls[at - 1];
                    let before = of_level[at - 1];
                    of_level[at] = of_level[at].times(fallen);
                    of_level[at] += before;
                }
            }
            sums.push(of_level);
        }
        Spans { cells: self, first: cells.start, k, power, sums }
    }
}

/// Sums of the integrals of neighbouring cells for one `k`, at several levels. At the level `l` blocks of `2^(l+1)` cells
/// have a middle: a cell of the left half has the sum from itself to the middle (relative to `f` at its beginning), one of
/// the right half the sum from the middle through itself (relative to `f` in the middle). Two times are on different sides
/// of the middle at one level, so that all between them is the sum of two, and nothing is ever subtracted.
pub struct Spans<'a> {
    cells: &'a Cells,
    first: usize,
    k: f64,
    power: f64,
    sums: Vec<Vec<Deaths>>,
}

impl Spans<'_> {
    /// The integrals from one time to a later one (their places), relative to `f` at the first.
    pub fn between(&self, from: usize, to: usize) -> Deaths {
        let (low, high) = (from - self.first, to - 1 - self.first);
        if low == high {
            return self.sums[0][low];
        }
        let level = (low ^ high).ilog2();
        let middle = ((high >> level) << level) + self.first;
        let ln_fallen = self.k * (self.cells.ln_alpha[from] - self.cells.ln_alpha[middle])
            + self.power * (self.cells.ln_beta[from] - self.cells.ln_beta[middle]);
        let sums = &self.sums[level as usize];
        let mut both = sums[low];
        both += sums[high].times(ln_fallen.exp());
        both
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A whole integral is the sum of many short ones, on which 12 nodes are more than enough.
    #[test]
    fn panels_are_short_enough() {
        let mut worst = 0.0_f64;
        for (alpha, beta) in [(4.4, 11.0), (11.0, 0.3), (1e-3, 1e3), (900.0, 900.0)] {
            for k in [1e-3, 0.5, 3.7, 26.3, 240.0, 5_000.0] {
                for power in [1.001, 1.6, 30.0, 1_001.0] {
                    for (from, length) in [(0.0, 38.9), (30.4, 8.4), (5.1, 1e4), (300.0, 1e-6)] {
                        let density = Density { alpha, beta, k, power };
                        let near = alpha.min(beta) + from;
                        let (pieces, whole) = (1_000, f64::ln_1p(length / near));
                        let border = |at: i32| near * (whole * f64::from(at) / f64::from(pieces)).exp_m1();
                        let mut wanted = 0.0;
                        for at in 0..pieces {
                            let (start, end) = (border(at), border(at + 1));
                            let ln_fallen =
                                -k * (start / (alpha + from)).ln_1p() - power * (start / (beta + from)).ln_1p();
                            wanted += ln_fallen.exp() * density.integrals(from + start, end - start).total;
                        }
                        worst = worst.max((density.integrals(from, length).total / wanted - 1.0).abs());
                    }
                }
            }
        }
        assert!(worst < 3e-14, "{worst}");
    }

    #[test]
    fn spans_are_integrals() {
        let times: Vec<f64> = (0..60).map(f64::from).chain([75.0, 75.5, 300.0]).collect();
        for (alpha, beta) in [(4.4, 11.0), (11.0, 0.3), (900.0, 900.0)] {
            let cells = Cells::new(alpha, beta, times.clone());
            for k in [0.2, 3.7, 240.0] {
                let power = 1.6;
                let density = Density { alpha, beta, k, power };
                let first = 2;
                let spans = cells.spans(first..times.len() - 1, k, power);
                for from in first..times.len() {
                    for to in from + 1..times.len() {
                        let (found, wanted) =
                            (spans.between(from, to), density.integrals(times[from], times[to] - times[from]));
                        for (found, wanted) in [
                            (found.total, wanted.total),
                            (found.ln_alpha, wanted.ln_alpha),
                            (found.by_alpha, wanted.by_alpha),
                            (found.ln_beta, wanted.ln_beta),
                            (found.by_beta, wanted.by_beta),
                        ] {
                            let error = (found - wanted).abs() / wanted.abs().max(wanted.abs());
                            assert!(error < 2e-13, "{alpha} {beta} {k} {from} {to}: {found} {wanted}");
                        }
                    }
                }
            }
        }
    }
}
