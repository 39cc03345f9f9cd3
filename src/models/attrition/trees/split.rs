//! The best split of a node, read from its histogram.

use super::super::Direction;
use super::codes::{ALL_KNOWN, UNKNOWN};
use super::histogram::{ByCode, Sums};
use super::settings::Settings;

/// A gain below this is rounding.
const LEAST_GAIN: f64 = 1e-9;

/// The values that leaves below a node may have, so that the tree is monotone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Bounds {
    pub(super) const NONE: Bounds = Bounds { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// The bounds of the two sides of a split on a feature with `direction`: the middle of the two sides' values is a wall
    /// between them. With any later split inside its side's bounds, no leaf on the one side can pass one on the other.
    pub(super) fn of_sides(self, direction: Direction, values: [f64; 2]) -> [Bounds; 2] {
        let wall = f64::midpoint(values[0], values[1]);
        match direction {
            Direction::Either => [self, self],
            Direction::Rising => [Bounds { high: wall, ..self }, Bounds { low: wall, ..self }],
            Direction::Falling => [Bounds { low: wall, ..self }, Bounds { high: wall, ..self }],
        }
    }
}

/// What a leaf's value is judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure<'a> {
    pub(super) settings: &'a Settings,
    /// What one step of the sums is worth.
    pub(super) step: f64,
}

impl Measure<'_> {
    /// The value that lowers the loss most within the bounds: Newton's step.
    pub(super) fn value(&self, sums: Sums, bounds: Bounds) -> f64 {
        let curve = sums.hessian() * self.step + self.settings.leaf_penalty;
        (-sums.gradient() * self.step / curve).clamp(bounds.low, bounds.high)
    }

    /// Twice what a leaf of this value takes off the (quadratic) loss, penalty included.
    fn won(&self, sums: Sums, value: f64) -> f64 {
        let curve = sums.hessian() * self.step + self.settings.leaf_penalty;
        -(2.0 * sums.gradient() * self.step + curve * value) * value
    }

    fn is_large_enough(&self, sums: Sums) -> bool {
        sums.rows() >= self.settings.min_rows && sums.hessian() * self.step >= self.settings.min_hessian
    }
}

/// A way to cut a node in two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cut {
    /// The place of the feature among those that vary.
    pub(super) column: usize,
    /// Codes 1 to this go left; [`ALL_KNOWN`] when only unknown values go right.
    pub(super) code: u8,
    pub(super) unknown_left: bool,
    pub(super) gain: f64,
    pub(super) sums: [Sums; 2],
    pub(super) values: [f64; 2],
}

/// The cut of one feature with the largest gain; the first of several equal ones, unknown values on the left first.
///
/// Unknown values go where they gain more, or are one side by themselves. Where there are none in the node, those of later
/// customers go with the larger side. A cut against the feature's direction is none.
pub(super) fn best_of(
    column: usize,
    by_code: &ByCode,
    direction: Direction,
    total: Sums,
    bounds: Bounds,
    measure: &Measure<'_>,
) -> Option<Cut> {
    let whole = measure.won(total, measure.value(total, bounds));
    let unknown = by_code[usize::from(UNKNOWN)];
    let last = by_code.iter().rposition(|sums| sums.rows() > 0)?;
    let mut best: Option<Cut> = None;
    let mut known_left = Sums::default();
    for (code, of_code) in by_code.iter().enumerate().take(last + 1).skip(1) {
        if of_code.rows() == 0 {
            continue;
        }
        known_left = known_left.plus(*of_code);
        let known_from_unknown = code == last;
        let unknown_sides: &[bool] = match (unknown.rows() > 0, known_from_unknown) {
            (true, true) => &[false],
            (true, false) => &[true, false],
            (false, true) => &[],
            (false, false) => &[true],
        };
        for &unknown_left in unknown_sides {
            let left = if unknown_left { known_left.plus(unknown) } else { known_left };
            let sums = [left, total.minus(left)];
            if !sums.iter().all(|side| measure.is_large_enough(*side)) {
                continue;
            }
            let values = sums.map(|side| measure.value(side, bounds));
            let is_against = match direction {
                _ if known_from_unknown => false,
                Direction::Either => false,
                Direction::Rising => values[0] > values[1],
                Direction::Falling => values[0] < values[1],
            };
            let gain = measure.won(sums[0], values[0]) + measure.won(sums[1], values[1]) - whole;
            if !is_against && gain > best.as_ref().map_or(LEAST_GAIN, |best| best.gain) {
                let unknown_left = if unknown.rows() > 0 { unknown_left } else { sums[0].rows() >= sums[1].rows() };
                let code = if known_from_unknown { ALL_KNOWN } else { code as u8 };
                best = Some(Cut { column, code, unknown_left, gain, sums, values });
            }
        }
    }
    best
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::histogram::{Slope, histogram, step, total};
    use super::*;

    fn settings() -> Settings {
        Settings { min_rows: 1, min_hessian: 1e-9, leaf_penalty: 1.0, ..Settings::default() }
    }

    /// The best cut of rows given as (code, left), all at probability one half.
    fn best(rows: &[(u8, bool)], direction: Direction, settings: &Settings) -> Option<Cut> {
        let codes: Vec<u8> = rows.iter().map(|row| row.0).collect();
        let slopes: Vec<Slope> =
            rows.iter().enumerate().map(|(row, (_, left))| Slope::new(row as u32, 0.5, *left, 1.0)).collect();
        let histogram = histogram(&[&codes], &slopes);
        let measure = Measure { settings, step: step(1.0) };
        best_of(0, &histogram[0], direction, total(&slopes), Bounds::NONE, &measure)
    }

    #[test]
    fn gain_and_values_by_hand() {
        // Left: gradient 4 x 0.5 = 2, Hessian 1; right the same with the other sign. 2^2 / (1 + 1) on either side.
        let rows = [[(3, false); 4], [(4, true); 4]].concat();
        let cut = best(&rows, Direction::Either, &settings()).unwrap();
        assert_eq!((cut.code, cut.gain, cut.values), (3, 4.0, [-1.0, 1.0]));
        assert_eq!(best(&rows, Direction::Rising, &settings()), Some(cut));
        assert_eq!(best(&rows, Direction::Falling, &settings()), None);
    }

    #[test]
    fn unknown_values_go_where_they_gain() {
        let rows = [[(1, false); 4], [(2, true); 4], [(0, true); 4]].concat();
        assert!(!best(&rows, Direction::Either, &settings()).unwrap().unknown_left);
        let rows = [[(1, false); 4], [(2, true); 4], [(0, false); 4]].concat();
        assert!(best(&rows, Direction::Either, &settings()).unwrap().unknown_left);
        // None here: with the larger side.
        let rows = [vec![(1, false); 2], vec![(2, true); 5]].concat();
        assert!(!best(&rows, Direction::Either, &settings()).unwrap().unknown_left);
    }

    #[test]
    fn small_sides_and_single_values_are_no_cut() {
        let rows = [vec![(1, false); 2], vec![(2, true); 5]].concat();
        assert_eq!(best(&rows, Direction::Either, &Settings { min_rows: 3, ..settings() }), None);
        assert_eq!(best(&rows, Direction::Either, &Settings { min_hessian: 0.51, ..settings() }), None);
        assert_eq!(best(&[(7, true), (7, false)], Direction::Either, &settings()), None);
        assert_eq!(best(&[(0, true), (0, false)], Direction::Either, &settings()), None);
        assert_eq!(best(&[(1, true), (1, false), (2, true), (2, false)], Direction::Either, &settings()), None);
    }

    #[test]
    fn known_is_told_from_unknown_whatever_the_direction() {
        let rows = [[(0, true); 4], [(9, false); 4]].concat();
        for direction in [Direction::Either, Direction::Rising, Direction::Falling] {
            let cut = best(&rows, direction, &settings()).unwrap();
            assert_eq!((cut.code, cut.unknown_left, cut.values), (ALL_KNOWN, false, [-1.0, 1.0]));
        }
    }

    #[test]
    fn the_last_code_is_a_side_of_its_own() {
        let rows = [[(254, false); 4], [(255, true); 4]].concat();
        assert_eq!(best(&rows, Direction::Either, &settings()).unwrap().code, 254);
    }

    #[test]
    fn bounds_hold_the_values() {
        let settings = settings();
        let measure = Measure { settings: &settings, step: step(1.0) };
        let sums = total(&[Slope::new(0, 0.5, true, 1.0)]);
        assert_eq!(measure.value(sums, Bounds::NONE), 0.4);
        assert_eq!(measure.value(sums, Bounds { low: -1.0, high: 0.1 }), 0.1);
        let [left, right] = Bounds::NONE.of_sides(Direction::Falling, [1.0, 0.5]);
        assert_eq!((left.low, right.high), (0.75, 0.75));
    }
}
