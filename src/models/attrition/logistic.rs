//! Logistic regression with a ridge penalty and weights that may have to be positive, by Newton's method.
//!
//! Rows are added up in blocks of a fixed size, and the blocks in their order: the sums do not know how many threads there
//! are. Each Newton step is the best point of a quadratic within the bounds, so that the end is the one optimum of the
//! bounded problem, which is convex.

use std::ops::Range;

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use super::calibration::{probability, softplus};
use super::metrics::Sum;
use super::unfit::Unfit;

/// Rows that are added up as one; a partial sum more a block.
const BLOCK: usize = 8_192;

/// Rows whose columns are in the cache together.
const TILE: usize = 128;

/// Most Newton steps; it takes five to ten from zero.
const MOST_STEPS: u32 = 60;

/// A step that moves log-odds by less than this, as a root mean square over rows weighted by what they tell, is the last: the
/// next would be its square. Where rows divide without an error, steps stay large while rows tell ever less.
const LAST_STEP: f64 = 1e-7;

/// Rows of numbers.
pub(super) trait Design: Sync {
    /// How many columns a row has.
    fn columns(&self) -> usize;
    /// Writes rows one after the other; `out` has `rows.len() * columns()` places.
    fn fill(&self, rows: Range<usize>, out: &mut [f64]);
}

/// What is fitted.
pub(super) struct Problem<'a> {
    pub design: &'a dyn Design,
    /// What became of each row.
    pub labels: &'a [bool],
    /// How often each row counts; once without.
    pub weights: Option<&'a [f64]>,
    /// The penalty of each column: half of it times the square of its weight is added to the negative log-likelihood.
    pub ridge: &'a [f64],
    /// Whether each column's weight has to be at least 0.
    pub is_positive: &'a [bool],
}

/// The weights of all columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Solution {
    pub weights: Vec<f64>,
    /// Newton steps taken.
    pub steps: u32,
}

/// Negative log-likelihood with its derivatives.
struct Totals {
    loss: Sum,
    gradient: Vec<f64>,
    /// Row by row; only up to the diagonal.
    hessian: Vec<f64>,
    /// The sum of `weight p (1 - p)`: what the rows tell.
    information: Sum,
}

impl Totals {
    fn zero(width: usize) -> Totals {
        Totals {
            loss: Sum::default(),
            gradient: vec![0.0; width],
            hessian: vec![0.0; width * width],
            information: Sum::default(),
        }
    }
}

impl Problem<'_> {
    /// The weights with the smallest penalised loss.
    ///
    /// # Errors
    /// [`Unfit::NotConverged`].
    pub(super) fn solve(&self, start: &[f64]) -> Result<Solution, Unfit> {
        let mut at = start.to_vec();
        let mut totals = self.totals(&at, true);
        let mut value = self.penalised(&totals, &at);
        for step in 1..=MOST_STEPS {
            let aim = self.aim(&totals, &at);
            let size = self.size(&totals, &at, &aim) / totals.information.value();
            if !size.is_finite() {
                return Err(Unfit::NotConverged);
            }
            if size.sqrt() < LAST_STEP {
                return Ok(Solution { weights: aim, steps: step });
            }
            let mut length = 1.0;
            loop {
                let tried: Vec<f64> = at.iter().zip(&aim).map(|(at, aim)| at + length * (aim - at)).collect();
                let there = self.totals(&tried, true);
                let reached = self.penalised(&there, &tried);
                if reached <= value + 1e-12 * value.abs() {
                    (at, totals, value) = (tried, there, reached);
                    break;
                }
                length /= 2.0;
                if length < 1e-6 {
                    return Err(Unfit::NotConverged);
                }
            }
        }
        Err(Unfit::NotConverged)
    }

    /// The negative log-likelihood of weights, without penalty.
    pub(super) fn loss(&self, at: &[f64]) -> f64 {
        self.totals(at, false).loss.value()
    }

    fn penalised(&self, totals: &Totals, at: &[f64]) -> f64 {
        let penalty: f64 = at.iter().zip(self.ridge).map(|(at, ridge)| ridge * at * at / 2.0).sum();
        totals.loss.value() + penalty
    }

    /// The step's square in the metric of the second derivatives: about what it moves the log-odds of all rows.
    fn size(&self, totals: &Totals, at: &[f64], aim: &[f64]) -> f64 {
        let width = at.len();
        let step: Vec<f64> = aim.iter().zip(at).map(|(aim, at)| aim - at).collect();
        let mut size = 0.0;
        for row in 0..width {
            let along: f64 = (0..width).map(|column| self.second(totals, row, column) * step[column]).sum();
            size += step[row] * along;
        }
        size
    }

    /// An element of the penalised Hessian.
    fn second(&self, totals: &Totals, row: usize, column: usize) -> f64 {
        let (low, high) = (row.min(column), row.max(column));
        totals.hessian[high * self.ridge.len() + low] + if row == column { self.ridge[row] } else { 0.0 }
    }

    /// The best point of the quadratic at `at` within the bounds: one coordinate after the other finds which weights are at
    /// their bound, and the others then are one linear system.
    fn aim(&self, totals: &Totals, at: &[f64]) -> Vec<f64> {
        let width = at.len();
        let gradient: Vec<f64> = (0..width).map(|row| totals.gradient[row] + self.ridge[row] * at[row]).collect();
        let mut aim = at.to_vec();
        for _ in 0..200 {
            let mut largest = 0.0_f64;
            for row in 0..width {
                let bend = self.second(totals, row, row);
                if bend <= 0.0 {
                    continue;
                }
                let slope: f64 = (0..width).map(|k| self.second(totals, row, k) * (aim[k] - at[k])).sum();
                let free = aim[row] - (gradient[row] + slope) / bend;
                let next = if self.is_positive[row] { free.max(0.0) } else { free };
                largest = largest.max((next - aim[row]).powi(2) * bend);
                aim[row] = next;
            }
            if largest < 1e-24 {
                break;
            }
        }
        let free: Vec<usize> = (0..width).filter(|row| !self.is_positive[*row] || aim[*row] > 0.0).collect();
        let hessian = DMatrix::from_fn(free.len(), free.len(), |a, b| self.second(totals, free[a], free[b]));
        // Bound weights go to 0 from where they are, which moves the slope of the others.
        let slopes = DVector::from_fn(free.len(), |a, _| {
            let bound = (0..width).filter(|k| !free.contains(k));
            gradient[free[a]] + bound.map(|k| self.second(totals, free[a], k) * (aim[k] - at[k])).sum::<f64>()
        });
        if let Some(factor) = hessian.cholesky() {
            let step = factor.solve(&slopes);
            let exact: Vec<f64> = free.iter().enumerate().map(|(a, row)| at[*row] - step[a]).collect();
            if free
                .iter()
                .zip(&exact)
                .all(|(row, value)| value.is_finite() && (!self.is_positive[*row] || *value >= 0.0))
            {
                for (row, value) in free.into_iter().zip(exact) {
                    aim[row] = value;
                }
            }
        }
        aim
    }

    fn totals(&self, at: &[f64], with_second: bool) -> Totals {
        let blocks: Vec<Totals> = (0..self.labels.len().div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| {
                let end = self.labels.len().min((block + 1) * BLOCK);
                self.block_totals(block * BLOCK..end, at, with_second)
            })
            .collect();
        let width = at.len();
        let mut all = Totals::zero(width);
        for block in blocks {
            all.loss.add(block.loss.value());
            all.information.add(block.information.value());
            all.gradient.iter_mut().zip(block.gradient).for_each(|(all, one)| *all += one);
            all.hessian.iter_mut().zip(block.hessian).for_each(|(all, one)| *all += one);
        }
        all
    }

    fn block_totals(&self, rows: Range<usize>, at: &[f64], with_second: bool) -> Totals {
        let width = at.len();
        let mut totals = Totals::zero(width);
        let mut tile = vec![0.0; TILE * width];
        let mut bends = [0.0; TILE];
        for begin in rows.clone().step_by(TILE) {
            let here = begin..rows.end.min(begin + TILE);
            let tile = &mut tile[..here.len() * width];
            self.design.fill(here.clone(), tile);
            for (place, x) in tile.chunks_exact(width).enumerate() {
                let row = here.start + place;
                let weight = self.weights.map_or(1.0, |weights| weights[row]);
                let logit: f64 = x.iter().zip(at).map(|(x, at)| x * at).sum();
                let left = self.labels[row];
                totals.loss.add(weight * (softplus(logit) - if left { logit } else { 0.0 }));
                let p = probability(logit);
                let miss = weight * (p - f64::from(u8::from(left)));
                totals.gradient.iter_mut().zip(x).for_each(|(sum, x)| *sum += miss * x);
                bends[place] = weight * p * (1.0 - p);
                totals.information.add(bends[place]);
            }
            if with_second {
                add_squares(&mut totals.hessian, tile, &bends[..here.len()], width);
            }
        }
        totals
    }
}

/// Adds `bend x x'` of each row to the lower half of `hessian`, four rows at a time, so that a sum is loaded and stored once
/// for four products.
fn add_squares(hessian: &mut [f64], rows: &[f64], bends: &[f64], width: usize) {
    let quads = bends.len() / 4 * 4;
    for (four, bends) in rows.chunks_exact(4 * width).zip(bends.chunks_exact(4)) {
        let (x0, rest) = four.split_at(width);
        let (x1, rest) = rest.split_at(width);
        let (x2, x3) = rest.split_at(width);
        for a in 0..width {
            let [c0, c1, c2, c3] = [bends[0] * x0[a], bends[1] * x1[a], bends[2] * x2[a], bends[3] * x3[a]];
            let sums = &mut hessian[a * width..=a * width + a];
            let (x0, x1, x2, x3) = (&x0[..=a], &x1[..=a], &x2[..=a], &x3[..=a]);
            for b in 0..sums.len() {
                sums[b] += (c0 * x0[b] + c1 * x1[b]) + (c2 * x2[b] + c3 * x3[b]);
            }
        }
    }
    for (x, bend) in rows[quads * width..].chunks_exact(width).zip(&bends[quads..]) {
        for a in 0..width {
            let sums = &mut hessian[a * width..=a * width + a];
            sums.iter_mut().zip(x).for_each(|(sum, other)| *sum += bend * x[a] * other);
        }
    }
}
