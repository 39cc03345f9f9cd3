//! EASE^R: a linear model of every product on all others, in closed form (Steck 2019, arXiv 1905.03375; `spec/affinity.md`
//! 2.1). With `G` the products' counts together and `P = (G + lambda I)^-1`, the weight of source `i` for target `j` is
//! `-P_ij / P_jj`, and 0 of a product for itself.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::linalg::triangular_inverse::invert_lower_triangular;
use faer::{Accum, MatMut, MatRef, Par, Spec};
use rayon::prelude::*;

use super::best::Winner;
use super::fitted::Takers;
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

/// CPU seconds of the factor, its inverse and their product, for each product cubed; measured on one core with AVX-512
/// (1.6e-11 of 4,000 products, 1.1e-11 of 8,000).
const SECONDS_PER_CUBE: f64 = 1.6e-11;
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

/// The solved weights: whole numbers, so that sums are the same in any order. Every weight is kept: on long histories the
/// 100 strongest of each product lose a tenth of nDCG (Complete Journey, 0.048 for 0.052).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EaseWeights {
    /// The products that are solved, ascending.
    products: Vec<u32>,
    /// The place of each product among them, or [`NOT_SOLVED`].
    places: Vec<u32>,
    /// [`TILE`] targets at a time, from every source: sums of a tile stay in registers, and its weights in a cache, from
    /// customer to customer.
    tiles: Vec<Tile>,
    /// The whole number that is a weight of 1 is 2 to this power.
    power: i32,
}

/// A product beyond the head of the catalogue.
const NOT_SOLVED: u32 = u32::MAX;

/// Targets that are summed together.
const TILE: usize = 16;

/// What one source says of them: a cache line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(align(64))]
struct Tile([i32; TILE]);

/// Bits of the largest weight: three more than the numbers have that the matrix is solved with.
const BITS: i32 = 27;
/// So many weights can be added up before their sum may leave 32 bits.
const ADDED: usize = (1 << (31 - BITS)) - 1;

impl EaseWeights {
    /// Solves some products of these histories.
    ///
    /// The same bytes at any number of threads: the matrix is factored in one thread, everything else is one column at a
    /// time.
    pub fn solve(histories: &Incidence, mut products: Vec<u32>, lambda: f64) -> EaseWeights {
        products.sort_unstable();
        let mut places = vec![NOT_SOLVED; histories.products()];
        for (place, product) in (0u32..).zip(&products) {
            places[*product as usize] = place;
        }
        let n = products.len();
        if n == 0 {
            return EaseWeights { products, places, tiles: Vec::new(), power: 0 };
        }
        let pairs = (0u32..).take(histories.units()).flat_map(|customer| {
            let places = &places;
            let own = histories.row(customer as usize).iter().map(move |product| (customer, places[*product as usize]));
            own.filter(|(_, place)| *place != NOT_SOLVED)
        });
        let mut matrix = gram(&Incidence::from_pairs(histories.units(), n, pairs), lambda as f32);
        {
            let mut room = vec![0f32; n * n];
            invert(&mut matrix, &mut room, n);
        }
        mirror(&mut matrix, n);
        let diagonal: Vec<f32> = (0..n).map(|at| matrix[at * n + at]).collect();
        matrix.par_chunks_mut(n).enumerate().for_each(|(source, row)| {
            for (weight, own) in row.iter_mut().zip(&diagonal) {
                *weight = -*weight / own;
            }
            row[source] = 0.0;
        });
        let largest = matrix.par_iter().map(|weight| weight.abs()).reduce(|| 0.0, f32::max);
        let power = if largest > 0.0 { BITS - 1 - largest.log2().floor() as i32 } else { 0 };
        let unit = 2f64.powi(power);
        let mut tiles = vec![Tile([0; TILE]); n.div_ceil(TILE) * n];
        tiles.par_chunks_mut(n).enumerate().for_each(|(tile, rows)| {
            let targets = tile * TILE..n.min((tile + 1) * TILE);
            for (fixed, row) in rows.iter_mut().zip(matrix.chunks(n)) {
                for (fixed, weight) in fixed.0.iter_mut().zip(&row[targets.clone()]) {
                    *fixed = (f64::from(*weight) * unit).round() as i32;
                }
            }
        });
        EaseWeights { products, places, tiles, power }
    }

    /// The products that are solved, ascending.
    pub fn products(&self) -> &[u32] {
        &self.products
    }

    /// The whole number that is a weight of 1.
    pub fn unit(&self) -> f64 {
        2f64.powi(self.power)
    }

    /// What a source says of one product; 0 when either is not solved.
    pub fn between(&self, source: u32, target: u32) -> i32 {
        let (source, target) = (self.places[source as usize], self.places[target as usize]);
        if source == NOT_SOLVED || target == NOT_SOLVED {
            return 0;
        }
        self.tiles[target as usize / TILE * self.products.len() + source as usize].0[target as usize % TILE]
    }

    /// Scores of some customers at once: each tile of weights is fetched once for all of them.
    pub(super) fn score(&self, histories: &Incidence, customers: &[u32], takers: &mut impl Takers) {
        let n = self.products.len();
        let mut starts = vec![0];
        let mut owned: Vec<u32> = Vec::new();
        for customer in customers {
            let places = histories.row(*customer as usize).iter().map(|product| self.places[*product as usize]);
            owned.extend(places.filter(|place| *place != NOT_SOLVED));
            starts.push(owned.len());
        }
        // The first product of each customer's that is in no tile before.
        let mut next = starts.clone();
        for (tile, rows) in self.tiles.chunks(n.max(1)).enumerate() {
            let first = tile * TILE;
            for at in 0..customers.len() {
                let own = &owned[starts[at]..starts[at + 1]];
                if own.is_empty() {
                    continue;
                }
                let mut scores = sums(rows, own);
                let inside =
                    owned[next[at]..starts[at + 1]].iter().take_while(|place| (**place as usize) < first + TILE);
                for place in inside {
                    let score = std::mem::take(&mut scores[*place as usize - first]);
                    if score > 0 {
                        takers.known(at, Winner { product: self.products[*place as usize], score });
                    }
                    next[at] += 1;
                }
                // Mostly none is good enough. The signs of all differences are looked at in one go.
                let most = takers.least(at) - 1;
                if scores.iter().fold(0, |signs, score| signs | most.wrapping_sub(*score)) >= 0 {
                    continue;
                }
                for (product, score) in self.products[first..].iter().zip(scores) {
                    if score > most {
                        takers.unknown(at, Winner { product: *product, score });
                    }
                }
            }
        }
    }
}

/// The sums of a tile over some sources. In 64 bits there is room for all, in 32 for a few at a time at half of the cost.
fn sums(rows: &[Tile], sources: &[u32]) -> [i64; TILE] {
    let mut sums = [0i64; TILE];
    for few in sources.chunks(ADDED) {
        let mut part = [0i32; TILE];
        for source in few {
            for (part, weight) in part.iter_mut().zip(&rows[*source as usize].0) {
                *part = part.wrapping_add(*weight);
            }
        }
        for (sum, part) in sums.iter_mut().zip(part) {
            *sum = sum.wrapping_add(i64::from(part));
        }
    }
    sums
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
