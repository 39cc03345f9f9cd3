//! Trees, one after the other, each on what those before have left.

use rayon::prelude::*;

use super::super::Features;
use super::booster::{Booster, Stopped, Tree, logistic};
use super::codes::{all_cuts, encode};
use super::grow::{Column, grow_tree};
use super::histogram::{MOST_ROWS, Slope, step};
use super::settings::{Refusal, Settings};

/// Rows that one task takes.
const BLOCK: usize = 1 << 14;

/// Steps of the fixed point in one, for losses: exact sums in any order.
const LOSS_STEPS: f64 = (1_u64 << 40) as f64;

/// So that the sums of weights stay far from what a double can hold.
const LARGEST_WEIGHT: f64 = 1e12;

/// Rows to learn from.
#[derive(Debug, Clone, Copy)]
pub struct Training<'a> {
    /// What was known of each customer.
    pub features: &'a Features,
    /// Who left.
    pub left: &'a [bool],
    /// How much each row counts, 0 to 1e12. A row of 0 is neither learned from nor held back.
    pub weights: Option<&'a [f64]>,
    /// Rows that are not learned from but tell when to stop: `true`. They have to be other customers than the rest
    /// (a block by hash), or nothing will be held back but noise.
    pub held_back: Option<&'a [bool]>,
}

/// A row of either kind, and where it stands.
struct Row {
    row: u32,
    left: bool,
    weight: f64,
    margin: f64,
}

/// The rows of [`Training`], by what they are for.
struct Rows {
    learned: Vec<Row>,
    held_back: Vec<Row>,
    largest_weight: f64,
}

/// Grows trees until there are enough of them, nothing is left to gain, or the rows held back are no longer better off.
///
/// The same booster for any order of rows and any number of threads: sums are exact, and all else is row by row.
///
/// # Errors
/// See [`Refusal`]; never a score that is not a number.
pub fn grow(training: &Training<'_>, settings: &Settings) -> Result<Booster, Refusal> {
    settings.check()?;
    let mut rows = rows(training, settings)?;
    let features = training.features;
    let learned: Vec<u32> = rows.learned.iter().map(|row| row.row).collect();
    let cuts = all_cuts(features, &learned, settings.bins);
    let codes: Vec<Vec<u8>> =
        cuts.iter().enumerate().map(|(feature, cuts)| encode(features.column(feature), cuts)).collect();
    let columns: Vec<Column<'_>> = (0..codes.len())
        .filter(|feature| {
            learned.iter().any(|row| codes[*feature][*row as usize] != codes[*feature][learned[0] as usize])
        })
        .map(|feature| Column {
            feature,
            direction: features.features()[feature].direction,
            codes: &codes[feature],
            cuts: &cuts[feature],
        })
        .collect();
    if columns.is_empty() {
        return Err(Refusal::NothingVaries);
    }

    let base = log_odds(&rows);
    rows.learned.iter_mut().chain(&mut rows.held_back).for_each(|row| row.margin = base);
    let mut best = (0, mean_loss(&rows.held_back));
    let mut trees = Vec::new();
    while trees.len() < settings.trees {
        let mut slopes = slopes(&rows);
        let tree = grow_tree(&columns, &mut slopes, settings, step(rows.largest_weight));
        if tree.nodes.len() == 1 {
            break;
        }
        for side in [&mut rows.learned, &mut rows.held_back] {
            add(&tree, &codes, side);
        }
        trees.push(tree);
        let loss = mean_loss(&rows.held_back);
        let is_better = match (loss, best.1) {
            (Some(loss), Some(best)) => loss < best,
            _ => true,
        };
        if is_better {
            best = (trees.len(), loss);
        } else if trees.len() - best.0 >= settings.patience {
            break;
        }
    }
    let stopped = Stopped { grown: trees.len(), kept: best.0, log_loss: best.1 };
    trees.truncate(best.0);
    Ok(Booster { features: features.features().to_vec(), cuts, base, trees, stopped })
}

/// Checks what came and sorts it by use.
fn rows(training: &Training<'_>, settings: &Settings) -> Result<Rows, Refusal> {
    let all = training.features.rows();
    let has_shape = |rows: Option<usize>| rows.is_none_or(|rows| rows == all);
    if training.left.len() != all
        || !has_shape(training.weights.map(<[f64]>::len))
        || !has_shape(training.held_back.map(<[bool]>::len))
    {
        return Err(Refusal::Shape);
    }
    let weight = |row: usize| training.weights.map_or(1.0, |weights| weights[row]);
    if (0..all).any(|row| !(0.0..=LARGEST_WEIGHT).contains(&weight(row))) {
        return Err(Refusal::BadWeights);
    }
    let (mut learned, mut held_back) = (Vec::new(), Vec::new());
    // The number of a row fits 32 bits, and the sums of so many rows fit theirs.
    if all >= MOST_ROWS {
        return Err(Refusal::TooManyRows { rows: all });
    }
    for (row, left) in training.left.iter().enumerate().filter(|(row, _)| weight(*row) > 0.0) {
        let to = if training.held_back.is_some_and(|marks| marks[row]) { &mut held_back } else { &mut learned };
        to.push(Row { row: row as u32, left: *left, weight: weight(row), margin: 0.0 });
    }
    let leavers = |rows: &[Row]| rows.iter().filter(|row| row.left).count();
    let needed = 2 * settings.min_rows as usize;
    if learned.len() < needed {
        return Err(Refusal::TooFewRows { rows: learned.len(), needed });
    }
    let left = leavers(&learned);
    if left == 0 || left == learned.len() {
        return Err(Refusal::OneClass { left, rows: learned.len() });
    }
    let left = leavers(&held_back);
    if training.held_back.is_some() && (left == 0 || left == held_back.len()) {
        return Err(Refusal::HeldBackOneClass { left, rows: held_back.len() });
    }
    let largest_weight = learned.iter().map(|row| row.weight).fold(0.0, f64::max);
    Ok(Rows { learned, held_back, largest_weight })
}

/// The log odds of the whole, with weights as shares of the largest so that they sum exactly.
fn log_odds(rows: &Rows) -> f64 {
    let sum = |left: bool| -> f64 {
        let of_class = rows.learned.iter().filter(|row| row.left == left);
        of_class.map(|row| (row.weight / rows.largest_weight * LOSS_STEPS) as i128).sum::<i128>() as f64
    };
    // A class of no more than the smallest weights is still one step, and not an infinite margin.
    (sum(true).max(1.0) / sum(false).max(1.0)).ln()
}

/// How the loss of each row to learn from changes with its margin.
fn slopes(rows: &Rows) -> Vec<Slope> {
    let slope = |row: &Row| Slope::new(row.row, logistic(row.margin), row.left, row.weight / rows.largest_weight);
    rows.learned.par_iter().with_min_len(BLOCK).map(slope).collect()
}

/// Adds a tree to the margins of `rows`.
fn add(tree: &Tree, codes: &[Vec<u8>], rows: &mut [Row]) {
    rows.par_iter_mut().with_min_len(BLOCK).for_each(|row| row.margin += tree.value(codes, row.row as usize));
}

/// The mean log loss of `rows`; `None` when there are none.
fn mean_loss(rows: &[Row]) -> Option<f64> {
    if rows.is_empty() {
        return None;
    }
    let largest = rows.iter().map(|row| row.weight).fold(0.0, f64::max);
    let (losses, weights) = rows
        .par_iter()
        .with_min_len(BLOCK)
        .map(|row| {
            let weight = row.weight / largest;
            // ln(1 + e^-m) of the margin towards the outcome, without overflow.
            let towards = if row.left { row.margin } else { -row.margin };
            let loss = (-towards).max(0.0) + (-towards.abs()).exp().ln_1p();
            ((weight * loss * LOSS_STEPS) as i128, (weight * LOSS_STEPS) as i128)
        })
        .reduce(|| (0, 0), |one, other| (one.0 + other.0, one.1 + other.1));
    Some(losses as f64 / weights as f64)
}
