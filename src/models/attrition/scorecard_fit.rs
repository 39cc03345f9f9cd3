//! Features and outcomes to a scorecard: bins, the penalty by customers held back, the weights.

use std::ops::Range;

use rayon::prelude::*;

use super::binning::{BinRules, BinStatus, Bins, Count, bin, count};
use super::features::Features;
use super::logistic::{Design, Problem};
use super::scorecard::{CardFeature, POINTS_A_LOGIT, Scorecard, ScorecardOptions, Tuning};
use super::split::{fold_of, is_sampled};
use super::unfit::{Unfit, least_of_each};

/// A feature that has bins, on some rows.
struct Coded<'a> {
    codes: std::borrow::Cow<'a, [u8]>,
    /// The weight of evidence of each bin.
    woe: Vec<f64>,
}

/// An intercept and the weights of evidence of all features.
struct Woe<'a>(Vec<Coded<'a>>);

impl Design for Woe<'_> {
    fn columns(&self) -> usize {
        self.0.len() + 1
    }

    fn fill(&self, rows: Range<usize>, out: &mut [f64]) {
        let width = self.columns();
        out.iter_mut().step_by(width).for_each(|one| *one = 1.0);
        for (at, feature) in self.0.iter().enumerate() {
            let places = out[at + 1..].iter_mut().step_by(width);
            for (place, code) in places.zip(&feature.codes[rows.clone()]) {
                *place = feature.woe[usize::from(*code)];
            }
        }
    }
}

impl Scorecard {
    /// Fits bins and weights. `labels` (true: left) and `customers` (a number that all rows of a customer share) have one
    /// value a row.
    ///
    /// The penalty is the one with the smallest log loss on customers held back, of equal ones the largest. Bins keep their
    /// borders meanwhile; their weights of evidence are those of the other folds.
    ///
    /// # Errors
    /// [`Unfit::Lengths`]; too few of a kind; [`Unfit::NoFeature`] when no feature has bins that differ;
    /// [`Unfit::NotConverged`].
    pub fn fit(
        features: &Features,
        labels: &[bool],
        customers: &[u64],
        options: &ScorecardOptions,
    ) -> Result<Scorecard, Unfit> {
        if labels.len() != features.rows() || customers.len() != features.rows() {
            return Err(Unfit::Lengths);
        }
        least_of_each(labels, options.least_of_each)?;
        let binned: Vec<(Bins, Vec<u8>)> = (0..features.features().len())
            .into_par_iter()
            .map(|at| bin(features.column(at), labels, features.features()[at].direction, &options.rules))
            .collect::<Result<_, _>>()?;
        let used: Vec<&(Bins, Vec<u8>)> = binned.iter().filter(|(bins, _)| bins.status == BinStatus::Used).collect();
        if used.is_empty() {
            return Err(Unfit::NoFeature);
        }
        let (tuning, start) = tune(&used, labels, customers, options)?;
        let chosen = tuning.iter().copied().reduce(|best, one| {
            let is_better =
                one.log_loss < best.log_loss || (one.log_loss == best.log_loss && one.penalty > best.penalty);
            if is_better { one } else { best }
        });
        let penalty = chosen.map_or_else(|| options.penalties.first().copied().unwrap_or(1.0), |best| best.penalty);

        let design = Woe(used
            .iter()
            .map(|(bins, codes)| Coded { codes: codes.as_slice().into(), woe: bins.woe.clone() })
            .collect());
        let spreads: Vec<f64> = used.iter().map(|(bins, _)| variance(&bins.counts, &bins.woe)).collect();
        let weights = solve(&design, labels, None, &spreads, penalty, &start)?;

        let mut weights_left = weights[1..].iter();
        let features = features.features().iter().zip(binned).map(|(feature, (bins, _))| {
            let is_used = bins.status == BinStatus::Used;
            let weight = if is_used { weights_left.next().copied().unwrap_or(0.0) } else { 0.0 };
            CardFeature::new(feature.name.clone(), bins, weight)
        });
        let left = labels.iter().filter(|left| **left).count() as u64;
        Ok(Scorecard {
            intercept: (weights[0] * POINTS_A_LOGIT).round() as i64,
            features: features.collect(),
            penalty,
            tuning,
            count: Count { rows: labels.len() as u64, events: left },
        })
    }
}

/// Weights of a card with a penalty: the intercept is free, the others are at least 0.
fn solve(
    design: &Woe<'_>,
    labels: &[bool],
    weights: Option<&[f64]>,
    spreads: &[f64],
    penalty: f64,
    start: &[f64],
) -> Result<Vec<f64>, Unfit> {
    let ridge: Vec<f64> = std::iter::once(0.0).chain(spreads.iter().map(|spread| penalty * spread)).collect();
    let is_positive: Vec<bool> = (0..ridge.len()).map(|at| at > 0).collect();
    let problem = Problem { design, labels, weights, ridge: &ridge, is_positive: &is_positive };
    Ok(problem.solve(start)?.weights)
}

/// The variance of weights of evidence over rows.
fn variance(counts: &[Count], woe: &[f64]) -> f64 {
    let rows: f64 = counts.iter().map(|count| count.rows as f64).sum();
    let mean = counts.iter().zip(woe).map(|(count, woe)| count.rows as f64 * woe).sum::<f64>() / rows;
    counts.iter().zip(woe).map(|(count, woe)| count.rows as f64 * (woe - mean).powi(2)).sum::<f64>() / rows
}

/// The mean loss of each penalty on folds held back, and weights to start from. No tuning where there is nothing to choose
/// from, or a fold would lack one of the two kinds.
fn tune(
    used: &[&(Bins, Vec<u8>)],
    labels: &[bool],
    customers: &[u64],
    options: &ScorecardOptions,
) -> Result<(Vec<Tuning>, Vec<f64>), Unfit> {
    let share = options.tuning_rows as f64 / labels.len() as f64;
    let rows: Vec<usize> = (0..labels.len()).filter(|row| share >= 1.0 || is_sampled(customers[*row], share)).collect();
    let labels: Vec<bool> = rows.iter().map(|row| labels[*row]).collect();
    let fold: Vec<u64> = rows.iter().map(|row| fold_of(customers[*row], options.folds)).collect();
    let codes: Vec<Vec<u8>> = used.par_iter().map(|(_, codes)| rows.iter().map(|row| codes[*row]).collect()).collect();
    let mut start = vec![0.0; used.len() + 1];
    let folds = 0..options.folds;
    let has_both = |of: &dyn Fn(u64) -> bool| {
        let kinds = labels
            .iter()
            .zip(&fold)
            .filter(|(_, fold)| of(**fold))
            .fold((false, false), |kinds, (left, _)| (kinds.0 || *left, kinds.1 || !*left));
        kinds == (true, true)
    };
    let can_hold_back = folds.clone().all(|held| has_both(&|fold| fold != held));
    if options.penalties.len() < 2 || options.folds < 2 || rows.is_empty() || !can_hold_back {
        return Ok((Vec::new(), start));
    }
    // From the largest penalty down: each end is near the next one.
    let mut penalties = options.penalties.clone();
    penalties.sort_unstable_by(|a, b| b.total_cmp(a));
    let mut losses = vec![0.0; penalties.len()];
    for held in folds {
        let others: Vec<f64> = fold.iter().map(|fold| f64::from(u8::from(*fold != held))).collect();
        let own: Vec<f64> = others.iter().map(|weight| 1.0 - weight).collect();
        let design = fold_design(used, &codes, &labels, &others, &options.rules);
        let spreads: Vec<f64> =
            used.iter().zip(&design.0).map(|((bins, _), coded)| variance(&bins.counts, &coded.woe)).collect();
        for (penalty, loss) in penalties.iter().zip(&mut losses) {
            start = solve(&design, &labels, Some(&others), &spreads, *penalty, &start)?;
            let none = vec![0.0; start.len()];
            let is_positive = vec![false; start.len()];
            let judged = Problem {
                design: &design,
                labels: &labels,
                weights: Some(&own),
                ridge: &none,
                is_positive: &is_positive,
            };
            *loss += judged.loss(&start);
        }
    }
    let mean = |loss: f64| loss / rows.len() as f64;
    let tuning = penalties.iter().zip(losses).map(|(penalty, loss)| Tuning { penalty: *penalty, log_loss: mean(loss) });
    Ok((tuning.collect(), start))
}

/// The weights of evidence of the bins as the rows of weight 1 have them.
fn fold_design<'a>(
    used: &[&(Bins, Vec<u8>)],
    codes: &'a [Vec<u8>],
    labels: &[bool],
    weights: &[f64],
    rules: &BinRules,
) -> Woe<'a> {
    let rows = || (0..labels.len()).filter(|row| weights[*row] > 0.0);
    let labels: Vec<bool> = rows().map(|row| labels[row]).collect();
    let coded = used.par_iter().zip(codes).map(|((bins, _), codes)| {
        let own: Vec<u8> = rows().map(|row| codes[row]).collect();
        let counts = count(&own, &labels, bins.counts.len());
        let overall = counts.iter().copied().fold(Count::default(), Count::with);
        let woe = counts.iter().map(|count| count.weight_of_evidence(overall, rules.smoothing_rows)).collect();
        Coded { codes: codes.as_slice().into(), woe }
    });
    Woe(coded.collect())
}
