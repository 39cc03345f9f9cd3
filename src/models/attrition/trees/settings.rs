//! How trees are grown, and why they sometimes are not.

use super::histogram::MOST_ROWS;

/// The most levels of splits. Explanations cost by the leaf, and leaves double with each level.
pub const DEEPEST: usize = 6;

/// How trees are grown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// At most so many.
    pub trees: usize,
    /// Levels of splits, 1 to 6.
    pub depth: usize,
    /// The part of a leaf's value that is taken, above 0 and at most 1.
    pub shrinkage: f64,
    /// L2 penalty on the values of leaves, added to the Hessian of each; at least 0.
    pub leaf_penalty: f64,
    /// The fewest rows of a leaf.
    pub min_rows: u32,
    /// The least Hessian (sum of `weight * p * (1 - p)`) of a leaf.
    pub min_hessian: f64,
    /// How many trees in a row may fail to lower the log loss of the rows held back.
    pub patience: usize,
    /// The most codes of a feature's known values, 2 to 255.
    pub bins: usize,
}

impl Default for Settings {
    /// Small trees and slow steps: attrition is mostly main effects with a few interactions, and reasons have to be readable.
    fn default() -> Settings {
        Settings {
            trees: 200,
            depth: 4,
            shrinkage: 0.1,
            leaf_penalty: 1.0,
            min_rows: 50,
            min_hessian: 1.0,
            patience: 10,
            bins: 255,
        }
    }
}

impl Settings {
    /// # Errors
    /// [`Refusal::BadSetting`] names the first that is out of its range.
    pub fn check(&self) -> Result<(), Refusal> {
        let rules = [
            (self.trees >= 1, "`trees` has to be at least 1"),
            ((1..=DEEPEST).contains(&self.depth), "`depth` has to be 1 to 6"),
            (self.shrinkage > 0.0 && self.shrinkage <= 1.0, "`shrinkage` has to be above 0 and at most 1"),
            (self.leaf_penalty >= 0.0 && self.leaf_penalty.is_finite(), "`leaf_penalty` has to be at least 0"),
            (self.min_rows >= 1, "`min_rows` has to be at least 1"),
            (self.min_hessian > 0.0 && self.min_hessian.is_finite(), "`min_hessian` has to be above 0"),
            (self.patience >= 1, "`patience` has to be at least 1"),
            ((2..=255).contains(&self.bins), "`bins` has to be 2 to 255"),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            Some((_, rule)) => Err(Refusal::BadSetting(rule)),
            None => Ok(()),
        }
    }
}

/// Why there are no trees, or no scores.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A setting is out of its range.
    #[error("{0}")]
    BadSetting(&'static str),
    /// Features, labels, weights or marks are not of the same number of rows.
    #[error("features, labels and weights are not of the same number of rows")]
    Shape,
    /// A weight is negative, above 1e12, or not a number.
    #[error("weights have to be numbers from 0 to 1e12")]
    BadWeights,
    /// Fewer than two leaves' worth.
    #[error("{rows} rows to learn from, {needed} are needed")]
    TooFewRows {
        /// To learn from.
        rows: usize,
        /// The fewest.
        needed: usize,
    },
    /// More than sums have room for.
    #[error("{rows} rows to learn from, {MOST_ROWS} are the most")]
    TooManyRows {
        /// To learn from.
        rows: usize,
    },
    /// Everybody left, or nobody, among the rows to learn from.
    #[error("{left} of {rows} rows to learn from left: one outcome cannot be told from itself")]
    OneClass {
        /// Who left.
        left: usize,
        /// Of how many.
        rows: usize,
    },
    /// Everybody left, or nobody, among the rows held back, or there are none.
    #[error("{left} of {rows} rows held back left: they cannot say when to stop")]
    HeldBackOneClass {
        /// Who left.
        left: usize,
        /// Of how many.
        rows: usize,
    },
    /// Each feature has one value (or none) on the rows to learn from.
    #[error("no feature varies")]
    NothingVaries,
    /// A split asks for a feature that is not there.
    #[error("the model needs the feature `{0}`, which is not there")]
    UnknownFeature(String),
}

impl Refusal {
    /// Its name in a `status` column.
    pub fn status(&self) -> &'static str {
        match self {
            Refusal::BadSetting(_) | Refusal::Shape | Refusal::BadWeights | Refusal::TooManyRows { .. } => "bad_input",
            Refusal::TooFewRows { .. } | Refusal::OneClass { .. } | Refusal::HeldBackOneClass { .. } => {
                "insufficient_data"
            }
            Refusal::NothingVaries => "no_feature",
            Refusal::UnknownFeature(_) => "unknown_feature",
        }
    }
}
