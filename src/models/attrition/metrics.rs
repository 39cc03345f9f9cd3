//! How good a score is: figures over groups of tied scores (`spec/definitions.md` 3.8).
//!
//! Scores are sorted and counted once, rows and events a score. Everything is a sum over these groups from the lowest score
//! up, so that no figure depends on the order of the rows.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::unfit::Unfit;

/// The 97.5th percentile of the normal distribution.
pub const Z: f64 = 1.959_963_984_540_054;

/// Probabilities are this far from 0 and 1 at least when their logarithm is taken, as in scikit-learn's `log_loss`.
const LEAST_PROBABILITY: f64 = f64::EPSILON;

/// A sum that carries what each addition loses (Neumaier's), so that a million terms cost no digits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    pub(super) fn add(&mut self, term: f64) {
        let sum = self.sum + term;
        let (large, small) = if self.sum.abs() >= term.abs() { (self.sum, term) } else { (term, self.sum) };
        self.lost += (large - sum) + small;
        self.sum = sum;
    }

    pub(super) fn value(self) -> f64 {
        self.sum + self.lost
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Sum {
        let mut sum = Sum::default();
        terms.into_iter().for_each(|term| sum.add(term));
        sum
    }
}

/// Rows of one score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// The score that they share.
    pub score: f64,
    /// How many rows.
    pub rows: u64,
    /// How many of them left.
    pub events: u64,
}

/// Scores with what became of the customers, in groups of ties from the lowest score up.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    groups: Vec<Group>,
    rows: u64,
    events: u64,
}

/// The rows with the highest scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Top {
    /// How many rows.
    pub rows: u64,
    /// How many of them left; a tied block that the border cuts counts with its mean rate.
    pub events: f64,
    /// `events / rows`.
    pub rate: f64,
    /// `rate` over the rate of all.
    pub lift: f64,
    /// Wilson's 95 % interval of `rate`, over the rate of all.
    pub lift_interval: (f64, f64),
}

/// An integer that orders as the score does, for scores that are numbers. 0 and -0 are one score.
fn order_of(score: f64) -> u64 {
    let bits = (score + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn score_of(order: u64) -> f64 {
    f64::from_bits(if order >> 63 == 1 { order & !(1 << 63) } else { !order })
}

impl Ranked {
    /// `scores` and `labels` (true: left) have one value a row.
    ///
    /// # Errors
    /// [`Unfit::Lengths`], [`Unfit::NotANumber`] and [`Unfit::NoRows`].
    pub fn new(scores: &[f64], labels: &[bool]) -> Result<Ranked, Unfit> {
        if scores.len() != labels.len() {
            return Err(Unfit::Lengths);
        }
        if scores.iter().any(|score| !score.is_finite()) {
            return Err(Unfit::NotANumber);
        }
        let mut ordered: Vec<(u64, bool)> =
            scores.iter().zip(labels).map(|(score, label)| (order_of(*score), *label)).collect();
        ordered.par_sort_unstable();
        let groups = ordered.chunk_by(|a, b| a.0 == b.0).map(|tied| Group {
            score: score_of(tied[0].0),
            rows: tied.len() as u64,
            events: tied.iter().filter(|(_, label)| *label).count() as u64,
        });
        Ranked::of_groups(groups.collect())
    }

    /// From groups in the order of their scores, no two of them equal.
    ///
    /// # Errors
    /// [`Unfit::NoRows`].
    pub fn of_groups(groups: Vec<Group>) -> Result<Ranked, Unfit> {
        let rows = groups.iter().map(|group| group.rows).sum();
        let events = groups.iter().map(|group| group.events).sum();
        if rows == 0 { Err(Unfit::NoRows) } else { Ok(Ranked { groups, rows, events }) }
    }

    /// The groups, from the lowest score up.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// How many rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many of them left.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The share of rows that left.
    pub fn rate(&self) -> f64 {
        self.events as f64 / self.rows as f64
    }

    fn has_both(&self) -> bool {
        self.events > 0 && self.events < self.rows
    }

    /// The area under the ROC curve, in 0..=1: the share of pairs of one who left and one who stayed in which the former
    /// has the higher score; a tie is half a pair. The numerator is a whole number. None when all left, or none did.
    pub fn roc_auc(&self) -> Option<f64> {
        let (mut below, mut halves) = (0_u128, 0_u128);
        for group in &self.groups {
            let (events, stayed) = (u128::from(group.events), u128::from(group.rows - group.events));
            halves += events * (2 * below + stayed);
            below += stayed;
        }
        let pairs = u128::from(self.events) * below;
        self.has_both().then(|| halves as f64 / (2 * pairs) as f64)
    }

    /// DeLong's 95 % interval of [`Ranked::roc_auc`], cut at 0 and 1. None when nothing varies: a score that errs nowhere
    /// gives no measure of its own error.
    ///
    /// # References
    /// DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44(3), 837-845.
    pub fn roc_auc_interval(&self) -> Option<(f64, f64)> {
        let auc = self.roc_auc()?;
        let (left, stayed) = (self.events as f64, (self.rows - self.events) as f64);
        let (mut of_left, mut of_stayed) = (Sum::default(), Sum::default());
        let (mut left_above, mut stayed_below) = (self.events, 0);
        for group in &self.groups {
            let (events, others) = (group.events as f64, (group.rows - group.events) as f64);
            left_above -= group.events;
            let placement_of_left = (stayed_below as f64 + others / 2.0) / stayed;
            let placement_of_stayed = (left_above as f64 + events / 2.0) / left;
            of_left.add(events * (placement_of_left - auc).powi(2));
            of_stayed.add(others * (placement_of_stayed - auc).powi(2));
            stayed_below += group.rows - group.events;
        }
        if left < 2.0 || stayed < 2.0 {
            return None;
        }
        let variance = of_left.value() / (left - 1.0) / left + of_stayed.value() / (stayed - 1.0) / stayed;
        let width = Z * variance.sqrt();
        (variance > 0.0).then(|| ((auc - width).max(0.0), (auc + width).min(1.0)))
    }

    /// Average precision, in 0..=1: precision summed over the steps of recall, a tied block being one step. None when nobody
    /// left.
    pub fn average_precision(&self) -> Option<f64> {
        let (mut rows, mut events, mut sum) = (0, 0, Sum::default());
        for group in self.groups.iter().rev() {
            rows += group.rows;
            events += group.events;
            sum.add(group.events as f64 * (events as f64 / rows as f64));
        }
        (self.events > 0).then(|| sum.value() / self.events as f64)
    }

    /// The mean squared difference of probability and outcome.
    pub fn brier(&self) -> f64 {
        let terms = self.groups.iter().map(|group| {
            let (events, stayed) = (group.events as f64, (group.rows - group.events) as f64);
            events * (1.0 - group.score).powi(2) + stayed * group.score.powi(2)
        });
        terms.collect::<Sum>().value() / self.rows as f64
    }

    /// The mean negative log-likelihood of the outcomes, scores being probabilities.
    pub fn log_loss(&self) -> f64 {
        let terms = self.groups.iter().map(|group| {
            let (events, stayed) = (group.events as f64, (group.rows - group.events) as f64);
            events * loss(group.score, true) + stayed * loss(group.score, false)
        });
        terms.collect::<Sum>().value() / self.rows as f64
    }

    /// The top `percent` of the rows, rounded up. None when nobody left or `percent` is not in 1..=100.
    pub fn top(&self, percent: u64) -> Option<Top> {
        if self.events == 0 || !(1..=100).contains(&percent) {
            return None;
        }
        let rows = (self.rows * percent).div_ceil(100);
        let (mut missing, mut events) = (rows, 0.0);
        for group in self.groups.iter().rev() {
            let taken = missing.min(group.rows);
            events += group.events as f64 * (taken as f64 / group.rows as f64);
            missing -= taken;
        }
        let (rate, base) = (events / rows as f64, self.rate());
        let (low, high) = wilson(events, rows)?;
        Some(Top { rows, events, rate, lift: rate / base, lift_interval: (low / base, high / base) })
    }
}

/// The negative logarithm of the probability given to what happened.
pub(super) fn loss(probability: f64, left: bool) -> f64 {
    let probability = probability.clamp(LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY);
    if left { -probability.ln() } else { -(-probability).ln_1p() }
}

/// Wilson's 95 % interval of a rate of `events` in `rows`. None without rows.
///
/// # References
/// Wilson (1927), JASA 22, 209-212.
pub fn wilson(events: f64, rows: u64) -> Option<(f64, f64)> {
    if rows == 0 {
        return None;
    }
    let (n, z2) = (rows as f64, Z * Z);
    let rate = events / n;
    let centre = (rate + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let width = Z * (rate * (1.0 - rate) / n + z2 / (4.0 * n * n)).max(0.0).sqrt() / (1.0 + z2 / n);
    Some(((centre - width).max(0.0), (centre + width).min(1.0)))
}

/// How much of each row is among the `rows` rows with the highest scores: 1, 0, or the same part of each row of the tied block
/// that the border cuts.
///
/// # Errors
/// [`Unfit::NotANumber`].
pub(super) fn shares_in_top(scores: &[f64], rows: u64) -> Result<Vec<f64>, Unfit> {
    if scores.iter().any(|score| !score.is_finite()) {
        return Err(Unfit::NotANumber);
    }
    let mut ordered: Vec<u64> = scores.iter().map(|score| order_of(*score)).collect();
    ordered.par_sort_unstable();
    let missing = usize::try_from(rows).unwrap_or(usize::MAX);
    let Some(border) = ordered.len().checked_sub(missing.max(1)).map(|at| ordered[at]) else {
        return Ok(vec![1.0; scores.len()]);
    };
    let above = ordered.len() - ordered.partition_point(|order| *order <= border);
    let tied = ordered.len() - above - ordered.partition_point(|order| *order < border);
    let part = missing.saturating_sub(above) as f64 / tied as f64;
    let share = |score: &f64| match order_of(*score).cmp(&border) {
        Ordering::Greater if missing > 0 => 1.0,
        Ordering::Equal => part,
        _ => 0.0,
    };
    Ok(scores.iter().map(share).collect())
}

/// The sum of `amounts` over the `rows` rows with the highest scores; a tied block that the border cuts counts with its mean.
///
/// # Errors
/// [`Unfit::Lengths`] and [`Unfit::NotANumber`].
pub fn sum_in_top(scores: &[f64], amounts: &[i64], rows: u64) -> Result<f64, Unfit> {
    if scores.len() != amounts.len() {
        return Err(Unfit::Lengths);
    }
    // Whole rows are added as whole numbers; only those of the block at the border are a fraction.
    let (mut whole, mut cut, mut part) = (0_i128, 0_i128, 0.0);
    for (share, amount) in shares_in_top(scores, rows)?.into_iter().zip(amounts) {
        if share == 1.0 {
            whole += i128::from(*amount);
        } else if share > 0.0 {
            cut += i128::from(*amount);
            part = share;
        }
    }
    Ok(whole as f64 + cut as f64 * part)
}
