//! One tree, level by level.

use rayon::prelude::*;

use super::super::Direction;
use super::booster::{Node, Split, Tree};
use super::codes::{ALL_KNOWN, UNKNOWN, border};
use super::histogram::{Histogram, Slope, Sums, histogram, total, without};
use super::settings::Settings;
use super::split::{Bounds, Cut, Measure, best_of};

/// A feature that varies.
pub(super) struct Column<'a> {
    /// Its place among all features.
    pub(super) feature: usize,
    pub(super) direction: Direction,
    pub(super) codes: &'a [u8],
    pub(super) cuts: &'a [f64],
}

/// A node that may still be cut.
struct Open<'a> {
    /// Its place in the tree.
    place: usize,
    sums: Sums,
    bounds: Bounds,
    histogram: Histogram,
    slopes: &'a mut [Slope],
}

/// The tree that best lowers the loss whose slopes are given. Rows are put into another order on the way.
pub(super) fn grow_tree(columns: &[Column<'_>], slopes: &mut [Slope], settings: &Settings, step: f64) -> Tree {
    let measure = Measure { settings, step };
    let codes: Vec<&[u8]> = columns.iter().map(|column| column.codes).collect();
    let sums = total(slopes);
    let root = Node { rows: sums.rows(), value: measure.value(sums, Bounds::NONE), split: None };
    let mut nodes = vec![root];
    let histogram = histogram(&codes, slopes);
    let mut open = vec![Open { place: 0, sums, bounds: Bounds::NONE, histogram, slopes }];
    for level in 1..=settings.depth {
        let cuts: Vec<(Open<'_>, Cut)> = open
            .into_iter()
            .filter_map(|node| {
                let cut = best_cut(columns, &node, &measure)?;
                Some((node, cut))
            })
            .collect();
        let mut to_divide = Vec::with_capacity(cuts.len());
        for (node, cut) in cuts {
            let column = &columns[cut.column];
            let left = nodes.len();
            nodes[node.place].split = Some(Split {
                feature: column.feature,
                at: border(cut.code, column.cuts),
                code: cut.code,
                unknown_left: cut.unknown_left,
                gain: cut.gain,
                left,
            });
            nodes.extend((0..2).map(|side| Node { rows: cut.sums[side].rows(), value: cut.values[side], split: None }));
            to_divide.push((node, cut, left));
        }
        if level == settings.depth {
            break;
        }
        open = to_divide
            .into_par_iter()
            .flat_map_iter(|(node, cut, left)| divide(node, &cut, left, columns, &codes))
            .collect();
    }
    for node in &mut nodes {
        node.value *= settings.shrinkage;
    }
    Tree { nodes }
}

/// The best cut of a node; of equal ones that of the first feature.
fn best_cut(columns: &[Column<'_>], node: &Open<'_>, measure: &Measure<'_>) -> Option<Cut> {
    let cuts: Vec<Option<Cut>> = columns
        .par_iter()
        .zip(&node.histogram)
        .enumerate()
        .map(|(place, (column, by_code))| best_of(place, by_code, column.direction, node.sums, node.bounds, measure))
        .collect();
    cuts.into_iter().flatten().reduce(|best, cut| if cut.gain > best.gain { cut } else { best })
}

/// Both sides of a cut, as open nodes. Only the smaller side's rows are counted.
fn divide<'a>(node: Open<'a>, cut: &Cut, left: usize, columns: &[Column<'_>], codes: &[&[u8]]) -> [Open<'a>; 2] {
    let column = &columns[cut.column];
    let split = |code: u8| if code == UNKNOWN { cut.unknown_left } else { code <= cut.code };
    partition(node.slopes, |slope| split(column.codes[slope.row as usize]));
    let (left_slopes, right_slopes) = node.slopes.split_at_mut(cut.sums[0].rows() as usize);
    let histograms = if left_slopes.len() <= right_slopes.len() {
        let of_left = histogram(codes, left_slopes);
        let of_right = without(node.histogram, &of_left);
        [of_left, of_right]
    } else {
        let of_right = histogram(codes, right_slopes);
        let of_left = without(node.histogram, &of_right);
        [of_left, of_right]
    };
    // Unknown values have no place in the order of the known.
    let direction = if cut.code == ALL_KNOWN { Direction::Either } else { column.direction };
    let [left_bounds, right_bounds] = node.bounds.of_sides(direction, cut.values);
    let [left_histogram, right_histogram] = histograms;
    [
        Open { place: left, sums: cut.sums[0], bounds: left_bounds, histogram: left_histogram, slopes: left_slopes },
        Open {
            place: left + 1,
            sums: cut.sums[1],
            bounds: right_bounds,
            histogram: right_histogram,
            slopes: right_slopes,
        },
    ]
}

/// Puts the slopes of the left before those of the right; either side keeps its order, so that codes are read forwards.
fn partition(slopes: &mut [Slope], goes_left: impl Fn(&Slope) -> bool) {
    let mut rights = Vec::with_capacity(slopes.len());
    let mut lefts = 0;
    for place in 0..slopes.len() {
        let slope = slopes[place];
        if goes_left(&slope) {
            slopes[lefts] = slope;
            lefts += 1;
        } else {
            rights.push(slope);
        }
    }
    slopes[lefts..].copy_from_slice(&rights);
}
