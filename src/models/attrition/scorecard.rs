//! A score that a person can add up: points a bin and feature, whose sum is the log-odds of leaving.
//!
//! Features become bins with a weight of evidence each ([`super::binning`]), and a logistic regression with a ridge penalty
//! weighs them against each other ([`super::scorecard_fit`]). The weight of evidence has the sign already, so no weight is
//! below 0: a feature that would need one says nothing beyond the others, gets 0 and says so. Points are whole thousandths
//! of log-odds, so that the sum is the same in any order and in any engine.

use rayon::prelude::*;

use super::binning::{BinRules, BinStatus, Bins, Count, Shape};
use super::calibration::probability;
use super::features::Features;

/// Points for one unit of log-odds: 693 points double the odds.
pub const POINTS_A_LOGIT: f64 = 1_000.0;

/// Rows that are scored as one piece of work.
const BLOCK: usize = 16_384;

/// How a scorecard is fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct ScorecardOptions {
    /// How bins are made.
    pub rules: BinRules,
    /// Ridge penalties to choose from: half of one, times the variance of a feature's weights of evidence, times its squared
    /// weight, is added to the negative log-likelihood of all rows.
    pub penalties: Vec<f64>,
    /// Folds of customers for choosing the penalty; the first penalty is taken when there are fewer than 2.
    pub folds: u64,
    /// The penalty is chosen on about so many rows, of customers drawn by hash: with more rows it matters less.
    pub tuning_rows: usize,
    /// Rows that left, and rows that stayed, that there have to be (`spec/definitions.md` 3.8).
    pub least_of_each: u64,
}

impl Default for ScorecardOptions {
    fn default() -> ScorecardOptions {
        ScorecardOptions {
            rules: BinRules::default(),
            penalties: vec![1.0, 10.0, 100.0, 1_000.0],
            folds: 5,
            tuning_rows: 50_000,
            least_of_each: 200,
        }
    }
}

/// What came of a feature in a scorecard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardStatus {
    /// It has points.
    Used,
    /// All its values were one.
    Constant,
    /// None of its values was known.
    AllMissing,
    /// Its bins differed by no more than chance.
    NoSignal,
    /// Beside the other features its weight would have been negative, so it is 0.
    NegativeWeight,
}

impl CardStatus {
    /// Its name in `attrition_model`.
    pub fn name(self) -> &'static str {
        match self {
            CardStatus::Used => "used",
            CardStatus::Constant => "constant",
            CardStatus::AllMissing => "all_missing",
            CardStatus::NoSignal => "no_signal",
            CardStatus::NegativeWeight => "negative_weight",
        }
    }

    pub(super) fn of(status: BinStatus, weight: f64) -> CardStatus {
        match status {
            BinStatus::Used if weight > 0.0 => CardStatus::Used,
            BinStatus::Used => CardStatus::NegativeWeight,
            BinStatus::Constant => CardStatus::Constant,
            BinStatus::AllMissing => CardStatus::AllMissing,
            BinStatus::NoSignal => CardStatus::NoSignal,
        }
    }
}

/// A line of the card: `from <= value < below`, or not known.
#[derive(Debug, Clone, PartialEq)]
pub struct CardBin {
    /// The lowest value; none for the lowest bin and for missing values.
    pub from: Option<f64>,
    /// What the values are below; none for the highest bin and for missing values.
    pub below: Option<f64>,
    /// Whether this is the bin of what is not known.
    pub is_missing: bool,
    /// Training rows, and how many of them left.
    pub count: Count,
    /// Weight of evidence, log-odds: above 0 where more leave than overall.
    pub woe: f64,
    /// Thousandths of log-odds: weight x weight of evidence. 0 where the feature is not used.
    pub points: i64,
}

/// A feature of the card.
#[derive(Debug, Clone, PartialEq)]
pub struct CardFeature {
    /// The column of the feature table.
    pub name: String,
    /// How the rate of leaving moves with it.
    pub shape: Shape,
    /// What came of it.
    pub status: CardStatus,
    /// By how much its weight of evidence counts, at least 0; 1 if it were alone.
    pub weight: f64,
    /// How well it tells by itself: below 0.02 hardly, above 0.3 strongly (Siddiqi, 2006).
    pub information_value: f64,
    /// How much it counts in this card: the mean distance of its points from their mean, over training rows, in log-odds.
    pub importance: f64,
    /// The mean of its points over training rows.
    pub mean_points: f64,
    /// Lowest values first, the bin of missing values last.
    pub lines: Vec<CardBin>,
    pub(super) bins: Bins,
}

impl CardFeature {
    pub(super) fn new(name: String, bins: Bins, weight: f64) -> CardFeature {
        let status = CardStatus::of(bins.status, weight);
        let edges = bins.edges();
        let last = bins.counts.len() - 1;
        let lines: Vec<CardBin> = (0..=last)
            .map(|at| CardBin {
                from: at.checked_sub(1).filter(|_| at < last).map(|below| edges[below]),
                below: edges.get(at).copied().filter(|_| at < last),
                is_missing: at == last,
                count: bins.counts[at],
                woe: bins.woe[at],
                points: (weight * bins.woe[at] * POINTS_A_LOGIT).round() as i64,
            })
            .collect();
        let rows: f64 = lines.iter().map(|line| line.count.rows as f64).sum();
        let mean = |of: &dyn Fn(f64) -> f64| {
            lines.iter().map(|line| line.count.rows as f64 * of(line.points as f64)).sum::<f64>() / rows
        };
        let mean_points = mean(&|points| points);
        let importance = mean(&|points| (points - mean_points).abs()) / POINTS_A_LOGIT;
        let (shape, information_value) = (bins.shape, bins.information_value);
        CardFeature { name, shape, status, weight, information_value, importance, mean_points, lines, bins }
    }

    /// The points of a value; what is not finite is not known.
    pub fn points(&self, value: f64) -> i64 {
        self.lines[usize::from(self.bins.code(value))].points
    }
}

/// What the customers' mean loss was on held-back folds with a penalty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tuning {
    /// The penalty.
    pub penalty: f64,
    /// Mean log loss over all folds, each scored by a fit on the others.
    pub log_loss: f64,
}

/// A fitted scorecard.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorecard {
    /// Points that everybody has.
    pub intercept: i64,
    /// All features it was fitted with, in their order, used or not.
    pub features: Vec<CardFeature>,
    /// The penalty that was chosen.
    pub penalty: f64,
    /// What it was chosen by; empty where there was nothing to choose from.
    pub tuning: Vec<Tuning>,
    /// Training rows, and how many of them left.
    pub count: Count,
}

impl Scorecard {
    /// Features of the card that are not there, although they have points. They count as not known.
    pub fn unknown<'a>(&'a self, features: &Features) -> Vec<&'a str> {
        let is_there = |name: &str| features.features().iter().any(|feature| feature.name == name);
        self.used().map(|feature| feature.name.as_str()).filter(|name| !is_there(name)).collect()
    }

    /// The features that have points.
    pub fn used(&self) -> impl Iterator<Item = &CardFeature> {
        self.features.iter().filter(|feature| feature.status == CardStatus::Used)
    }

    /// The points of each row: the intercept and those of its bins.
    pub fn points(&self, features: &Features) -> Vec<i64> {
        let mut sums = vec![self.intercept; features.rows()];
        let columns: Vec<(&CardFeature, Option<&[f64]>)> =
            self.used().map(|feature| (feature, column(features, &feature.name))).collect();
        sums.par_chunks_mut(BLOCK).enumerate().for_each(|(block, sums)| {
            for (feature, column) in &columns {
                let values = column.map(|column| &column[block * BLOCK..]);
                for (row, sum) in sums.iter_mut().enumerate() {
                    *sum += feature.points(values.map_or(f64::NAN, |values| values[row]));
                }
            }
        });
        sums
    }

    /// The probability of leaving that points stand for, before any recalibration.
    pub fn probability(points: i64) -> f64 {
        probability(points as f64 / POINTS_A_LOGIT)
    }

    /// The probabilities of rows, before any recalibration.
    pub fn probabilities(&self, features: &Features) -> Vec<f64> {
        self.points(features).into_iter().map(Scorecard::probability).collect()
    }

    /// The points of the average training row.
    pub fn average_points(&self) -> f64 {
        self.intercept as f64 + self.features.iter().map(|feature| feature.mean_points).sum::<f64>()
    }

    /// What each feature of the card contributes to the points of a row, relative to the average training row. Together with
    /// [`Scorecard::average_points`] they add up to the row's points.
    pub fn contributions(&self, features: &Features, row: usize) -> Vec<f64> {
        let of = |feature: &CardFeature| {
            let value = column(features, &feature.name).map_or(f64::NAN, |column| column[row]);
            feature.points(value) as f64 - feature.mean_points
        };
        self.features.iter().map(of).collect()
    }
}

fn column<'a>(features: &'a Features, name: &str) -> Option<&'a [f64]> {
    let at = features.features().iter().position(|feature| feature.name == name)?;
    Some(features.column(at))
}
