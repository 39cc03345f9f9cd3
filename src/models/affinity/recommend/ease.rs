//! EASE^R: a linear model of every product on all others, in closed form (Steck 2019, arXiv 1905.03375; `spec/affinity.md`
//! 2.1). With `G` the products' counts together and `P = (G + lambda I)^-1`, the weight of source `i` for target `j` is
//! `-P_ij / P_jj`, and 0 of a product for itself.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::linalg::triangular_inverse::invert_lower_triangular;
use faer::{Accum, MatMut, MatRef, Par, Spec};
use rayon::prelude::*;

use super::neighbours::strongest;
use super::{EaseOptions, Snapshot};
use crate::models::affinity::Incidence;

/// What a solution is predicted to take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EaseCost {
    /// Products that are solved.
    pub products: usize,
    /// Bytes at the peak: two square matrices of 32-bit numbers.
    pub bytes: u64,
    /// CPU seconds.
    pub seconds: f64,
}

/// CPU seconds of the factor, its inverse and their product, for each product cubed; measured on one core with AVX-512.
const SECONDS_PER_CUBE: f64 = 2.0e-11;
/// CPU seconds of one pair counted into the matrix.
const SECONDS_PER_PAIR: f64 = 2.0e-9;

impl EaseCost {
    /// Of the most popular products of these histories.
    pub(super) fn of(products: usize, pairs: f64) -> EaseCost {
        let n = products as f64;
        EaseCost {
            products,
            bytes: 8 * (products as u64).pow(2),
            seconds: n.powi(3) * SECONDS_PER_CUBE + pairs * SECONDS_PER_PAIR,
        }
    }
}

/// The largest head of the catalogue that fits, and what it costs.
pub(super) fn affordable(snapshot: &Snapshot<'_>, options: &EaseOptions) -> EaseCost {
    let wanted = snapshot.popular.len().min(options.max_products);
    let pairs: f64 = (0..snapshot.histories.units())
        .map(|customer| {
            let lines = snapshot.histories.row(customer).len().min(wanted) as f64;
            lines * lines / 2.0
        })
        .sum();
    let by_memory = (options.memory_bytes as f64 / 8.0).sqrt() as usize;
    let left = (options.seconds - pairs * SECONDS_PER_PAIR).max(0.0);
    let by_time = (left / SECONDS_PER_CUBE).cbrt() as usize;
    EaseCost::of(wanted.min(by_memory).min(by_time), pairs)
}

/// The sources of each product: `kept` of each of the head, none of the others.
pub(super) fn sources(snapshot: &Snapshot<'_>, head: usize, options: &EaseOptions) -> Vec<Vec<(u32, f64)>> {
    let mut products = snapshot.popular[..head].to_vec();
    products.sort_unstable();
    let mut place = vec![u32::MAX; snapshot.market.products];
    for (at, product) in (0u32..).zip(&products) {
        place[*product as usize] = at;
    }
    let pairs = (0u32..).take(snapshot.histories.units()).flat_map(|customer| {
        let place = &place;
        snapshot.histories.row(customer as usize).iter().filter_map(move |product| {
            let at = place[*product as usize];
            (at != u32::MAX).then_some((customer, at))
        })
    });
    let histories = Incidence::from_pairs(snapshot.histories.units(), head, pairs);
    let solved = gram_inverse_weights(&histories, options.lambda, options.kept);
    drop(histories);
    let mut sources = vec![Vec::new(); snapshot.market.products];
    for (target, row) in products.iter().zip(solved) {
        sources[*target as usize] =
            row.into_iter().map(|(source, weight)| (products[source as usize], weight)).collect();
    }
    sources
}

/// The `kept` largest weights of the sources of every product, by size, ties by product.
///
/// The same bytes at any number of threads: the matrix is factored in one thread, everything else is one column at a time.
pub fn gram_inverse_weights(histories: &Incidence, lambda: f64, kept: usize) -> Vec<Vec<(u32, f64)>> {
    let n = histories.products();
    if n == 0 {
        return Vec::new();
    }
    let mut matrix = gram(histories, lambda as f32);
    let mut inverse = vec![0f32; n * n];
    invert(&mut matrix, &mut inverse, n);
    drop(inverse);
    mirror(&mut matrix, n);
    matrix
        .par_chunks(n)
        .enumerate()
        .map(|(target, column)| {
            let own = f64::from(column[target]);
            let mut row: Vec<(u32, f64)> = (0u32..)
                .zip(column)
                .filter(|(source, weight)| *source as usize != target && **weight != 0.0)
                .map(|(source, weight)| (source, -f64::from(*weight) / own))
                .collect();
            strongest(&mut row, kept);
            row
        })
        .collect()
}

/// How often products are together, with lambda on the diagonal: the lower triangle, column by column. Counts are exact up
/// to 2^24 customers.
fn gram(histories: &Incidence, lambda: f32) -> Vec<f32> {
    let n = histories.products();
    let customers = histories.transposed();
    let mut matrix = vec![0f32; n * n];
    matrix.par_chunks_mut(n).enumerate().for_each(|(product, column)| {
        for customer in customers.row(product) {
            let row = histories.row(*customer as usize);
            let from = row.partition_point(|other| (*other as usize) < product);
            for other in &row[from..] {
                column[*other as usize] += 1.0;
            }
        }
        column[product] += lambda;
    });
    matrix
}

/// The lower triangle of the inverse in place of that of a positive definite matrix.
fn invert(matrix: &mut [f32], room: &mut [f32], n: usize) {
    let par = Par::Seq;
    {
        let factor = MatMut::from_column_major_slice_mut(matrix, n, n);
        let mut memory = MemBuffer::new(cholesky_in_place_scratch::<f32>(n, par, Spec::default()));
        // Lambda is above 0 and counts together make a positive matrix: every pivot is at least lambda.
        let done = cholesky_in_place(factor, Default::default(), par, MemStack::new(&mut memory), Spec::default());
        debug_assert!(done.is_ok());
    }
    {
        let factor = MatMut::from_column_major_slice_mut(&mut *matrix, n, n);
        invert_lower_triangular(MatMut::from_column_major_slice_mut(&mut *room, n, n), factor.as_ref(), par);
    }
    let lower = MatRef::from_column_major_slice(room, n, n);
    matmul(
        MatMut::from_column_major_slice_mut(matrix, n, n),
        BlockStructure::TriangularLower,
        Accum::Replace,
        lower.transpose(),
        BlockStructure::TriangularUpper,
        lower,
        BlockStructure::TriangularLower,
        1.0,
        par,
    );
}

/// The upper triangle from the lower, in blocks that stay in cache.
fn mirror(matrix: &mut [f32], n: usize) {
    const BLOCK: usize = 64;
    for left in (0..n).step_by(BLOCK) {
        for top in (left..n).step_by(BLOCK) {
            for column in left..n.min(left + BLOCK) {
                for row in top.max(column + 1)..n.min(top + BLOCK) {
                    matrix[row * n + column] = matrix[column * n + row];
                }
            }
        }
    }
}
