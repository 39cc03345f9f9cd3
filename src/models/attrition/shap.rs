//! Why a score is what it is: exact Shapley values of a sum of trees, in log odds.
//!
//! The game is that of TreeSHAP (Lundberg, Erion & Lee 2018, arXiv:1802.03888, Algorithm 2, "path-dependent"): of a
//! customer of whom only the features in S are known, a tree expects what its leaves say when every question about another
//! feature is answered in proportion to the rows that it was grown from. Contributions sum to the margin less the
//! expectation, and a feature in no split has none.
//!
//! A tree is a sum over its leaves, and so are its Shapley values. A leaf with value v is reached through questions about d
//! features. With o_j = 1 where the customer's feature j answers all of its questions the leaf's way, else 0, and z_j the
//! product of the shares of rows that did, the leaf adds `v * prod(S) o_j * prod(not S) z_j`, and feature i gets
//!
//! ```text
//! phi_i = v (o_i - z_i) sum_k k! (d-1-k)! / d! [t^k] prod_{j != i} (z_j + o_j t)
//! ```
//!
//! That is what the paper's EXTEND and UNWIND compute, without its divisions. As o_j is 0 or 1, a leaf has only 2^d
//! answers, and a whole subtree as many as its features have different answers. So they are tabulated once, the whole tree
//! where that is small and its subtrees where it is not (the idea of Fast TreeSHAP v2, Yang 2021, arXiv:2109.09847), and a
//! customer costs a look-up by codes for each table.

use rayon::prelude::*;

use super::trees::{Booster, Coded, Split, Tree};

/// The most cells of one table. A million customers, 30 features and 100 trees took 1.1 CPU seconds with trees of 4 levels and
/// 9.7 with 6; with 256 cells (more tables) 1.6 and 13.1, with 32,768 (they leave the cache) 1.2 and 12.2.
const MOST_CELLS: usize = 4096;

/// Codes of one feature.
const CODES: usize = 256;

/// Customers that are explained together.
const BLOCK: usize = 1024;

/// The tables of one booster.
#[derive(Debug, Clone)]
pub struct Explainer {
    features: usize,
    base: f64,
    tables: Vec<Table>,
}

/// What the leaves of a subtree contribute, for every way to answer its questions.
#[derive(Debug, Clone)]
struct Table {
    /// Each feature with, by code, where its answers are in the table.
    places: Vec<(usize, Box<[u32; CODES]>)>,
    /// By cell, one contribution for each of `places`.
    contributions: Vec<f64>,
}

impl Explainer {
    /// Tabulates a booster.
    pub fn new(booster: &Booster) -> Explainer {
        let expected: f64 = booster.trees().iter().map(expectation).sum();
        let tables = booster.trees().par_iter().flat_map_iter(|tree| tables_of(tree, 0, &mut Vec::new())).collect();
        Explainer { features: booster.features().len(), base: booster.base() + expected, tables }
    }

    /// The log odds that are expected of a customer of whom nothing is known. With the contributions of a customer, the
    /// customer's margin.
    pub fn base(&self) -> f64 {
        self.base
    }

    /// `each(row, contributions)` of all customers, in their order: a contribution to the log odds for each feature of the
    /// booster. Runs in parallel, and keeps no more than `each` returns.
    pub fn explain<T: Send>(&self, coded: &Coded, each: impl Fn(usize, &[f64]) -> T + Sync) -> Vec<T> {
        if self.features == 0 {
            return (0..coded.rows()).map(|row| each(row, &[])).collect();
        }
        let starts: Vec<usize> = (0..coded.rows()).step_by(BLOCK).collect();
        let blocks = starts.into_par_iter().map(|start| {
            let rows = start..coded.rows().min(start + BLOCK);
            let mut contributions = vec![0.0; rows.len() * self.features];
            for table in &self.tables {
                table.add(coded, start, &mut contributions, self.features);
            }
            let of_rows = contributions.chunks_exact(self.features);
            rows.zip(of_rows).map(|(row, contributions)| each(row, contributions)).collect::<Vec<T>>()
        });
        blocks.flatten_iter().collect()
    }
}

impl Table {
    /// Adds the table's contributions to those of the customers from `start` on.
    fn add(&self, coded: &Coded, start: usize, contributions: &mut [f64], features: usize) {
        let width = self.places.len();
        let mut cells = [0; BLOCK];
        for (feature, by_code) in &self.places {
            for (cell, code) in cells.iter_mut().zip(&coded.columns[*feature][start..]) {
                *cell += by_code[usize::from(*code)];
            }
        }
        for (cell, contributions) in cells.iter().zip(contributions.chunks_exact_mut(features)) {
            let start = *cell as usize * width;
            for ((feature, _), value) in self.places.iter().zip(&self.contributions[start..start + width]) {
                contributions[*feature] += value;
            }
        }
    }
}

/// The `k` contributions that matter most, the largest first; equal ones by feature. What contributes nothing is no reason.
pub fn strongest(contributions: &[f64], k: usize) -> Vec<(usize, f64)> {
    let mut reasons: Vec<(usize, f64)> =
        contributions.iter().copied().enumerate().filter(|(_, contribution)| *contribution != 0.0).collect();
    reasons.sort_by(|one, other| other.1.abs().total_cmp(&one.1.abs()).then(one.0.cmp(&other.0)));
    reasons.truncate(k);
    reasons
}

/// A question on the way to a leaf, and its answer.
#[derive(Clone, Copy)]
struct Step<'a> {
    split: &'a Split,
    to_left: bool,
    /// The share of rows that gave this answer.
    share: f64,
}

impl Step<'_> {
    fn is_taken_by(&self, code: u8) -> bool {
        self.split.goes_left(code) == self.to_left
    }
}

fn steps_from<'a>(tree: &'a Tree, node: usize, split: &'a Split) -> [(usize, Step<'a>); 2] {
    let rows = f64::from(tree.nodes()[node].rows);
    [(split.left, true), (split.left + 1, false)]
        .map(|(child, to_left)| (child, Step { split, to_left, share: f64::from(tree.nodes()[child].rows) / rows }))
}

/// The mean of the leaves, by the rows that the tree was grown from.
fn expectation(tree: &Tree) -> f64 {
    let leaves = tree.nodes().iter().filter(|node| node.split.is_none());
    leaves.map(|leaf| leaf.value * f64::from(leaf.rows)).sum::<f64>() / f64::from(tree.nodes()[0].rows)
}

/// A leaf as a game of the features on its way.
struct Leaf<'a> {
    value: f64,
    /// Each feature once, with its questions.
    players: Vec<(usize, Vec<Step<'a>>)>,
}

/// The leaves below `node`, to which `path` leads.
fn leaves<'a>(tree: &'a Tree, node: usize, path: &mut Vec<Step<'a>>, found: &mut Vec<Leaf<'a>>) {
    let Some(split) = &tree.nodes()[node].split else {
        let mut players: Vec<(usize, Vec<Step<'a>>)> = Vec::new();
        for step in path.iter() {
            match players.iter_mut().find(|(feature, _)| *feature == step.split.feature) {
                Some((_, steps)) => steps.push(*step),
                None => players.push((step.split.feature, vec![*step])),
            }
        }
        found.push(Leaf { value: tree.nodes()[node].value, players });
        return;
    };
    for (child, step) in steps_from(tree, node, split) {
        path.push(step);
        leaves(tree, child, path, found);
        path.pop();
    }
}

/// One table for all leaves below `node`, or those of its two sides when it would be too large.
///
/// A leaf's own table always is small enough: it has at most as many questions as the tree has levels.
fn tables_of<'a>(tree: &'a Tree, node: usize, path: &mut Vec<Step<'a>>) -> Vec<Table> {
    let mut below = Vec::new();
    leaves(tree, node, path, &mut below);
    let answers = answers(&below);
    let cells: usize = answers.iter().map(|(_, answers)| answers.examples.len()).product();
    match &tree.nodes()[node].split {
        Some(split) if cells > MOST_CELLS => steps_from(tree, node, split)
            .into_iter()
            .flat_map(|(child, step)| {
                path.push(step);
                let tables = tables_of(tree, child, path);
                path.pop();
                tables
            })
            .collect(),
        _ => vec![table(&below, answers, cells)],
    }
}

/// The different ways in which codes of one feature answer its questions.
struct Answers {
    /// The way of each code.
    by_code: Box<[u32; CODES]>,
    /// A code for each way.
    examples: Vec<u8>,
}

/// By feature.
fn answers(leaves: &[Leaf<'_>]) -> Vec<(usize, Answers)> {
    let mut steps: Vec<(usize, Vec<Step<'_>>)> = Vec::new();
    for (feature, of_leaf) in leaves.iter().flat_map(|leaf| &leaf.players) {
        match steps.iter_mut().find(|(candidate, _)| candidate == feature) {
            Some((_, all)) => all.extend(of_leaf),
            None => steps.push((*feature, of_leaf.clone())),
        }
    }
    let ways = steps.into_iter().map(|(feature, steps)| {
        let mut known: Vec<Vec<bool>> = Vec::new();
        let mut answers = Answers { by_code: Box::new([0; CODES]), examples: Vec::new() };
        for code in 0..=u8::MAX {
            let way: Vec<bool> = steps.iter().map(|step| step.is_taken_by(code)).collect();
            let number = known.iter().position(|candidate| *candidate == way).unwrap_or_else(|| {
                known.push(way);
                answers.examples.push(code);
                known.len() - 1
            });
            answers.by_code[usize::from(code)] = number as u32;
        }
        (feature, answers)
    });
    ways.collect()
}

/// Contributions for each of `cells` combinations of answers, the last feature's changing fastest.
fn table(leaves: &[Leaf<'_>], mut answers: Vec<(usize, Answers)>, cells: usize) -> Table {
    let width = answers.len();
    let mut contributions = vec![0.0; cells * width];
    let games: Vec<Vec<Vec<f64>>> = leaves.iter().map(shapley_values).collect();
    // Of each leaf, where its players are in the table, and by way, whether the way is the leaf's.
    let players: Vec<Vec<(usize, Vec<bool>)>> = leaves
        .iter()
        .map(|leaf| {
            let places = leaf.players.iter().filter_map(|(feature, steps)| {
                let place = answers.iter().position(|(candidate, _)| candidate == feature)?;
                let examples = &answers[place].1.examples;
                let is_taken = |code: &u8| steps.iter().all(|step| step.is_taken_by(*code));
                Some((place, examples.iter().map(is_taken).collect()))
            });
            places.collect()
        })
        .collect();
    let mut ways = vec![0; width];
    for contributions in contributions.chunks_exact_mut(width.max(1)) {
        for (game, players) in games.iter().zip(&players) {
            let taken = players.iter().enumerate().filter(|(_, (place, is_taken))| is_taken[ways[*place]]);
            let pattern: usize = taken.map(|(player, _)| 1 << player).sum();
            for ((place, _), value) in players.iter().zip(&game[pattern]) {
                contributions[*place] += value;
            }
        }
        for (way, (_, answers)) in ways.iter_mut().zip(&answers).rev() {
            *way += 1;
            if *way < answers.examples.len() {
                break;
            }
            *way = 0;
        }
    }
    let mut stride = 1;
    for (_, answers) in answers.iter_mut().rev() {
        answers.by_code.iter_mut().for_each(|way| *way *= stride);
        stride *= answers.examples.len() as u32;
    }
    Table { places: answers.into_iter().map(|(feature, answers)| (feature, answers.by_code)).collect(), contributions }
}

/// The Shapley values of a leaf's features, for each set of features (as bits) that answer its way.
fn shapley_values(leaf: &Leaf<'_>) -> Vec<Vec<f64>> {
    let players = leaf.players.len();
    let shares: Vec<f64> =
        leaf.players.iter().map(|(_, steps)| steps.iter().map(|step| step.share).product()).collect();
    let weights: Vec<f64> = (0..players).map(|others| 1.0 / (players as f64 * binomial(players - 1, others))).collect();
    let of_set = |set: usize| {
        let answers = |player: usize| if set >> player & 1 == 1 { 1.0 } else { 0.0 };
        let value_of = |player: usize| {
            // By size of S, the leaf's weight over all S without the player: the polynomial's coefficients.
            let mut by_size = vec![1.0];
            for other in (0..players).filter(|other| *other != player) {
                by_size.push(0.0);
                for size in (0..by_size.len()).rev() {
                    let with = if size == 0 { 0.0 } else { by_size[size - 1] * answers(other) };
                    by_size[size] = by_size[size] * shares[other] + with;
                }
            }
            let mean: f64 = by_size.iter().zip(&weights).map(|(sum, weight)| sum * weight).sum();
            leaf.value * (answers(player) - shares[player]) * mean
        };
        (0..players).map(value_of).collect()
    };
    (0..1_usize << players).map(of_set).collect()
}

/// `n` over `k`.
fn binomial(n: usize, k: usize) -> f64 {
    (0..k).fold(1.0, |product, step| product * (n - step) as f64 / (step + 1) as f64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
