//! What is grown: a sum of trees, as log odds.

use rayon::prelude::*;

use super::super::{Feature, Features};
use super::codes::{Coded, UNKNOWN, encode};
use super::settings::Refusal;

/// Rows that are scored together: their codes stay in the cache from tree to tree.
const BLOCK: usize = 4096;

/// A sum of trees.
#[derive(Debug, Clone, PartialEq)]
pub struct Booster {
    pub(in super::super) features: Vec<Feature>,
    /// By feature, the borders between codes.
    pub(in super::super) cuts: Vec<Vec<f64>>,
    pub(in super::super) base: f64,
    pub(in super::super) trees: Vec<Tree>,
    pub(in super::super) stopped: Stopped,
}

/// How many trees there are, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stopped {
    /// Trees that were grown.
    pub grown: usize,
    /// Those that were kept: up to the lowest log loss of the rows held back.
    pub kept: usize,
    /// That log loss, a (weighted) mean over rows. `None` when no rows were held back.
    pub log_loss: Option<f64>,
}

/// A binary tree. The root is the first node, and every node comes before its children.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    pub(in super::super) nodes: Vec<Node>,
}

/// A node of a tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// How many rows it was grown from.
    pub rows: u32,
    /// What it adds to the log odds of those who end here; of a node with a split, what it would add.
    pub value: f64,
    /// `None` for a leaf.
    pub split: Option<Split>,
}

/// A question with two answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// The place of the feature in [`Booster::features`].
    pub feature: usize,
    /// Values up to this go left; infinity when only unknown values go right.
    pub at: f64,
    /// The same as a code: 1 to this go left, 255 when only unknown values go right.
    pub code: u8,
    /// Whether a value that is not known goes left.
    pub unknown_left: bool,
    /// How much the (quadratic) loss of its rows fell, twice.
    pub gain: f64,
    /// The node for the left; the one for the right is the next.
    pub left: usize,
}

impl Split {
    /// Whether customers with `code` go left.
    pub fn goes_left(&self, code: u8) -> bool {
        if code == UNKNOWN { self.unknown_left } else { code <= self.code }
    }
}

impl Tree {
    /// The nodes, the root first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The tree's value for a row of `columns`.
    pub(super) fn value<C: AsRef<[u8]>>(&self, columns: &[C], row: usize) -> f64 {
        let mut node = &self.nodes[0];
        while let Some(split) = &node.split {
            let goes_right = !split.goes_left(columns[split.feature].as_ref()[row]);
            node = &self.nodes[split.left + usize::from(goes_right)];
        }
        node.value
    }
}

impl Booster {
    /// The log odds before any tree.
    pub fn base(&self) -> f64 {
        self.base
    }

    /// The trees.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// The features it was grown from.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// How many trees there are, and why.
    pub fn stopped(&self) -> Stopped {
        self.stopped
    }

    /// By feature, its share of the gain of all splits. The shares sum to 1; without a split all are 0.
    pub fn importance(&self) -> Vec<f64> {
        let mut gains = vec![0.0; self.features.len()];
        for split in self.splits() {
            gains[split.feature] += split.gain;
        }
        let all: f64 = gains.iter().sum();
        if all > 0.0 { gains.iter().map(|gain| gain / all).collect() } else { gains }
    }

    /// Customers as codes. Features are found by name, in any order; those that no split asks for need not be there.
    ///
    /// # Errors
    /// [`Refusal::UnknownFeature`] for one that is needed and is not there.
    pub fn code(&self, features: &Features) -> Result<Coded, Refusal> {
        let mut is_needed = vec![false; self.features.len()];
        for split in self.splits() {
            is_needed[split.feature] = true;
        }
        let columns = self.features.iter().zip(&self.cuts).zip(is_needed).map(|((feature, cuts), is_needed)| {
            if !is_needed {
                return Ok(Vec::new());
            }
            let place = features.features().iter().position(|candidate| candidate.name == feature.name);
            let place = place.ok_or_else(|| Refusal::UnknownFeature(feature.name.clone()))?;
            Ok(encode(features.column(place), cuts))
        });
        Ok(Coded { columns: columns.collect::<Result<_, _>>()?, rows: features.rows() })
    }

    /// Log odds of leaving, one a row.
    pub fn margins(&self, coded: &Coded) -> Vec<f64> {
        let mut margins = vec![self.base; coded.rows];
        margins.par_chunks_mut(BLOCK).enumerate().for_each(|(block, margins)| {
            for tree in &self.trees {
                for (row, margin) in (block * BLOCK..).zip(margins.iter_mut()) {
                    *margin += tree.value(&coded.columns, row);
                }
            }
        });
        margins
    }

    /// Probabilities of leaving, one a row.
    pub fn probabilities(&self, coded: &Coded) -> Vec<f64> {
        let mut probabilities = self.margins(coded);
        probabilities.iter_mut().for_each(|margin| *margin = logistic(*margin));
        probabilities
    }

    fn splits(&self) -> impl Iterator<Item = &Split> {
        self.trees.iter().flat_map(|tree| &tree.nodes).filter_map(|node| node.split.as_ref())
    }
}

/// The probability with these log odds.
pub(super) fn logistic(margin: f64) -> f64 {
    1.0 / (1.0 + (-margin).exp())
}
