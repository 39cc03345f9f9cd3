//! Implicit alternating least squares (Hu, Koren and Volinsky 2008): a customer's score of a product is the product of two
//! short vectors. What is not bought weighs 1, what is bought 1 + alpha. Rounds take three steps of conjugate gradients
//! (Takacs, Pilaszy and Tikk 2011); at the end a customer's vector is solved exactly from the products'.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{AlsOptions, Snapshot};
use crate::models::affinity::Incidence;

/// Steps of conjugate gradients in a round.
const STEPS: usize = 3;
/// Rows whose squares are summed at a time: the order of sums does not depend on threads.
const ROWS: usize = 512;
/// Scores are kept in units of 2^-30.
pub(super) const UNIT: f64 = (1u64 << 30) as f64;

/// The products' vectors, and what solving a customer's needs.
pub(super) struct Factors {
    width: usize,
    /// Row by row; a product that is not eligible has zeros.
    products: Vec<f32>,
    /// `Y'Y + regularisation I`.
    square: Vec<f64>,
    alpha: f64,
}

/// A customer's vector and the factored system it comes from.
pub(super) struct FoldedIn {
    vector: Vec<f64>,
    /// Lower triangle of the Cholesky factor, row by row.
    factor: Vec<f64>,
}

/// Learns the products' vectors.
pub(super) fn fit(snapshot: &Snapshot<'_>, options: &AlsOptions) -> Factors {
    let width = options.factors.max(1);
    let histories = learners(&snapshot.histories, options.max_customers.max(1));
    let buyers = histories.transposed();
    let mut random = ChaCha8Rng::seed_from_u64(options.seed);
    let mut start =
        |rows: usize| -> Vec<f32> { (0..rows * width).map(|_| (random.random::<f32>() - 0.5) * 0.02).collect() };
    let mut customers = start(histories.units());
    let mut products = start(histories.products());
    for product in 0..histories.products() {
        if buyers.row(product).is_empty() {
            products[product * width..(product + 1) * width].fill(0.0);
        }
    }
    for _ in 0..options.iterations {
        half_round(&mut customers, &products, &histories, options, width);
        half_round(&mut products, &customers, &buyers, options, width);
    }
    let square = squares(&products, width, options.regularisation);
    Factors { width, products, square, alpha: options.alpha }
}

/// The histories of at most `most` customers with one, evenly spread.
fn learners(histories: &Incidence, most: usize) -> Incidence {
    let with: Vec<usize> = (0..histories.units()).filter(|customer| !histories.row(*customer).is_empty()).collect();
    let taken = with.len().min(most);
    let pairs = (0u32..).take(taken).flat_map(|at| {
        let customer = with[at as usize * with.len() / taken];
        histories.row(customer).iter().map(move |product| (at, *product))
    });
    Incidence::from_pairs(taken, histories.products(), pairs)
}

/// `M'M + regularisation I`, row by row.
fn squares(rows: &[f32], width: usize, regularisation: f64) -> Vec<f64> {
    let parts: Vec<Vec<f64>> = rows
        .par_chunks(ROWS * width)
        .map(|rows| {
            let mut sum = vec![0f64; width * width];
            for row in rows.chunks(width) {
                for (line, a) in sum.chunks_mut(width).zip(row) {
                    for (cell, b) in line.iter_mut().zip(row) {
                        *cell += f64::from(*a) * f64::from(*b);
                    }
                }
            }
            sum
        })
        .collect();
    let mut square = vec![0f64; width * width];
    for part in parts {
        for (cell, value) in square.iter_mut().zip(part) {
            *cell += value;
        }
    }
    for at in 0..width {
        square[at * width + at] += regularisation;
    }
    square
}

/// One side's vectors from the other's.
fn half_round(rows: &mut [f32], others: &[f32], links: &Incidence, options: &AlsOptions, width: usize) {
    let square: Vec<f32> =
        squares(others, width, options.regularisation).into_iter().map(|value| value as f32).collect();
    let alpha = options.alpha as f32;
    rows.par_chunks_mut(width).enumerate().for_each_init(
        || [vec![0f32; width], vec![0f32; width], vec![0f32; width]],
        |[rest, step, image], (unit, row)| {
            let links = links.row(unit);
            if links.is_empty() {
                row.fill(0.0);
                return;
            }
            let vector = |link: u32| &others[link as usize * width..(link as usize + 1) * width];
            let apply = |of: &[f32], out: &mut [f32]| {
                for (out, line) in out.iter_mut().zip(square.chunks(width)) {
                    *out = dot(line, of);
                }
                if alpha != 0.0 {
                    for link in links {
                        let other = vector(*link);
                        let size = alpha * dot(other, of);
                        add(out, other, size);
                    }
                }
            };
            apply(row, rest);
            for value in rest.iter_mut() {
                *value = -*value;
            }
            for link in links {
                add(rest, vector(*link), 1.0 + alpha);
            }
            step.copy_from_slice(rest);
            let mut left = dot(rest, rest);
            for _ in 0..STEPS {
                if left < 1e-20 {
                    break;
                }
                apply(step, image);
                let along = left / dot(step, image);
                add(row, step, along);
                add(rest, image, -along);
                let now = dot(rest, rest);
                let turn = now / left;
                for (step, rest) in step.iter_mut().zip(rest.iter()) {
                    *step = rest + turn * *step;
                }
                left = now;
            }
        },
    );
}

/// In eight lanes and then in order, so that the compiler may use wide registers and the sum is always the same.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0f32; 8];
    let (heads, tails) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = heads.remainder().iter().zip(tails.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in heads.zip(tails) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f32>() + rest
}

fn add(to: &mut [f32], what: &[f32], times: f32) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += times * what;
    }
}

impl Factors {
    fn vector(&self, product: u32) -> &[f32] {
        &self.products[product as usize * self.width..(product as usize + 1) * self.width]
    }

    /// A customer's vector, from the products they have.
    pub fn fold_in(&self, history: &[u32]) -> FoldedIn {
        let width = self.width;
        let mut factor = self.square.clone();
        let mut vector = vec![0f64; width];
        for product in history {
            let other = self.vector(*product);
            for row in 0..width {
                let value = f64::from(other[row]);
                vector[row] += (1.0 + self.alpha) * value;
                if self.alpha != 0.0 {
                    for column in 0..=row {
                        factor[row * width + column] += self.alpha * value * f64::from(other[column]);
                    }
                }
            }
        }
        cholesky(&mut factor, width);
        solve(&factor, &mut vector, width);
        FoldedIn { vector, factor }
    }

    /// The score of a product, in units of 2^-30.
    pub fn score(&self, customer: &FoldedIn, product: u32) -> i64 {
        let score: f64 = self.vector(product).iter().zip(&customer.vector).map(|(a, b)| f64::from(*a) * b).sum();
        (score * UNIT) as i64
    }

    /// What each product of the history adds to the score of a product (Hu, Koren and Volinsky 2008, section 5).
    pub fn contributions(&self, customer: &FoldedIn, history: &[u32], product: u32) -> Vec<(u32, i64)> {
        let mut weights: Vec<f64> = self.vector(product).iter().map(|value| f64::from(*value)).collect();
        solve(&customer.factor, &mut weights, self.width);
        history
            .iter()
            .map(|source| {
                let part: f64 = self.vector(*source).iter().zip(&weights).map(|(a, b)| f64::from(*a) * b).sum();
                (*source, (part * (1.0 + self.alpha) * UNIT) as i64)
            })
            .collect()
    }
}

/// The Cholesky factor in place of the lower triangle.
fn cholesky(matrix: &mut [f64], width: usize) {
    for row in 0..width {
        for column in 0..=row {
            let mut sum = matrix[row * width + column];
            for at in 0..column {
                sum -= matrix[row * width + at] * matrix[column * width + at];
            }
            // Regularisation keeps the diagonal above 0; rounding must not make it otherwise.
            matrix[row * width + column] =
                if row == column { sum.max(1e-12).sqrt() } else { sum / matrix[column * width + column] };
        }
    }
}

/// Solves `L L' x = b` in place of `b`.
fn solve(factor: &[f64], vector: &mut [f64], width: usize) {
    for row in 0..width {
        let mut sum = vector[row];
        for at in 0..row {
            sum -= factor[row * width + at] * vector[at];
        }
        vector[row] = sum / factor[row * width + row];
    }
    for row in (0..width).rev() {
        let mut sum = vector[row];
        for at in row + 1..width {
            sum -= factor[at * width + row] * vector[at];
        }
        vector[row] = sum / factor[row * width + row];
    }
}
