//! Sums of gradients by code, exact in any order.
//!
//! Floating-point sums depend on their order, hence on threads and on how rows came. So gradients and Hessians are rounded
//! once, a row at a time, to multiples of 2^-20 of the largest weight, and added up as integers. One number of 128 bits
//! holds the three sums of a code, so that a row costs one addition, and parent minus sibling is one subtraction:
//!
//! ```text
//! bit 127            80 79              32 31          0
//!     gradient (signed) | Hessian          | rows
//! ```
//!
//! A gradient is at most 2^20 steps, and 2^27 rows of them stay within 48 bits. The rounding, at most 2^-21 for one row and
//! of either sign, is far below the noise of a label.

use rayon::prelude::*;

use super::codes::CODES;

/// Steps of the fixed point in one.
const STEPS: f64 = (1_u32 << 20) as f64;

/// More rows could overflow the sums.
pub const MOST_ROWS: usize = 1 << 27;

/// Columns that are read together: a row is unpacked once for all of them, and their sums do not wait for each other.
const TOGETHER: usize = 4;

const HESSIAN_SHIFT: u32 = 32;
const GRADIENT_SHIFT: u32 = 80;

/// Gradient, Hessian and number of some rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sums(i128);

impl Sums {
    pub(super) fn rows(self) -> u32 {
        self.0 as u32
    }

    /// In steps, see [`Slope::new`].
    pub(super) fn gradient(self) -> f64 {
        (self.0 >> GRADIENT_SHIFT) as i64 as f64
    }

    /// In steps.
    pub(super) fn hessian(self) -> f64 {
        ((self.0 >> HESSIAN_SHIFT) as i64 & ((1 << 48) - 1)) as f64
    }

    pub(super) fn plus(self, other: Sums) -> Sums {
        Sums(self.0.wrapping_add(other.0))
    }

    pub(super) fn minus(self, other: Sums) -> Sums {
        Sums(self.0.wrapping_sub(other.0))
    }
}

/// A row to learn from in one round: where it is, and how its loss changes with its margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slope {
    pub(super) row: u32,
    gradient: i32,
    hessian: i32,
}

impl Slope {
    /// The derivatives of the log loss at `probability`. `weight` is a share of the largest weight, 0 to 1.
    pub(super) fn new(row: u32, probability: f64, left: bool, weight: f64) -> Slope {
        let away = probability - f64::from(u8::from(left));
        let curve = probability * (1.0 - probability);
        Slope { row, gradient: nearest(weight * away * STEPS), hessian: nearest(weight * curve * STEPS) }
    }

    fn sums(self) -> Sums {
        Sums((i128::from(self.gradient) << GRADIENT_SHIFT) | (i128::from(self.hessian) << HESSIAN_SHIFT) | 1)
    }
}

/// The nearest whole number, halves away from 0. `f64::round` is a call into libm on plain x86-64: 5 % of growing a tree.
fn nearest(value: f64) -> i32 {
    (value + 0.5_f64.copysign(value)) as i32
}

/// What one step is worth, for the largest weight of the rows.
pub(super) fn step(largest_weight: f64) -> f64 {
    largest_weight / STEPS
}

/// The sums of one feature by code.
pub(super) type ByCode = [Sums; CODES];

/// The sums of a node: a [`ByCode`] for each feature that varies.
pub(super) type Histogram = Vec<ByCode>;

/// The histogram of `slopes`; `columns` are the codes of the features that vary.
pub(super) fn histogram(columns: &[&[u8]], slopes: &[Slope]) -> Histogram {
    let by_columns: Vec<[ByCode; TOGETHER]> = columns
        .par_chunks(TOGETHER)
        .map(|columns| {
            let mut by_code = [[Sums::default(); CODES]; TOGETHER];
            // The last few are counted several times rather than by code of their own.
            let columns: [&[u8]; TOGETHER] = std::array::from_fn(|place| columns[place.min(columns.len() - 1)]);
            for slope in slopes {
                let (row, sums) = (slope.row as usize, slope.sums());
                for (by_code, codes) in by_code.iter_mut().zip(columns) {
                    let at = &mut by_code[usize::from(codes[row])];
                    *at = at.plus(sums);
                }
            }
            by_code
        })
        .collect();
    by_columns.into_iter().flatten().take(columns.len()).collect()
}

/// What `parent` becomes without one of its children: the other child.
pub(super) fn without(mut parent: Histogram, child: &Histogram) -> Histogram {
    for (of_parent, of_child) in parent.iter_mut().flatten().zip(child.iter().flatten()) {
        *of_parent = of_parent.minus(*of_child);
    }
    parent
}

/// The sums of all rows.
pub(super) fn total(slopes: &[Slope]) -> Sums {
    slopes.iter().fold(Sums::default(), |sums, slope| sums.plus(slope.sums()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_sums_in_one_number() {
        let slopes = [Slope::new(0, 0.75, true, 1.0), Slope::new(1, 0.5, false, 0.5), Slope::new(2, 1.0, true, 1.0)];
        let sums = total(&slopes);
        assert_eq!((sums.rows(), sums.gradient(), sums.hessian()), (3, 0.0, 0.3125 * STEPS));
        let without_second = sums.minus(total(&slopes[1..2]));
        assert_eq!((without_second.rows(), without_second.gradient()), (2, -0.25 * STEPS));
        assert_eq!(without_second.hessian(), 0.1875 * STEPS);
    }

    #[test]
    fn as_many_rows_as_allowed_fit() {
        for (probability, left, gradient) in [(0.0, true, -STEPS), (1.0, false, STEPS), (0.5, true, -STEPS / 2.0)] {
            let row = Slope::new(0, probability, left, 1.0).sums();
            let many = Sums(row.0.wrapping_mul(MOST_ROWS as i128 - 1));
            assert_eq!(many.rows() as usize, MOST_ROWS - 1);
            assert_eq!(many.gradient(), gradient * (MOST_ROWS - 1) as f64);
            assert_eq!(many.hessian(), row.hessian() * (MOST_ROWS - 1) as f64);
        }
    }

    #[test]
    fn a_sibling_is_the_parent_without_the_other() {
        let codes: Vec<u8> = (0..1000).map(|row| (row * 7 % 256) as u8).collect();
        let slopes: Vec<Slope> =
            (0..1000).map(|row| Slope::new(row, f64::from(row) / 1000.0, row % 3 == 0, 1.0)).collect();
        let columns = [&codes[..]];
        let (one, other) = slopes.split_at(300);
        assert_eq!(without(histogram(&columns, &slopes), &histogram(&columns, one)), histogram(&columns, other));
    }
}
