//! The holdout: what a fit expected of the days after it, and what came.
//!
//! Judged are means (error, bias, correlation), the chance to buy at all (Brier) and the whole predictive distribution
//! (deviance, minus twice the log probability of what each customer did, and the share of customers within the interval
//! from the 10 % to the 90 % point of their number of purchases, beside the share that the model itself expects there: a
//! number is never within exactly 80 %). The plain baseline is that everybody buys on at
//! their own rate, shrunken towards that of all, and that nobody leaves ([`cohort_mean`]).

use rayon::prelude::*;

use super::history::{Histories, History};
use super::nbd::Nbd;
use super::process::{Outlook, Process, PurchaseModel};

/// Of a normal distribution, what an interval of 80 % is wide: the published 10 % and 90 % points.
pub const EIGHTY: f64 = 1.281_551_565_544_600_4;

/// The least probability that a deviance takes: what happened has to have been possible.
pub const IMPOSSIBLE: f64 = 1e-12;

/// Customers with one history who did one thing in the holdout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Row of covariates.
    pub group: u32,
    /// Their history at the origin.
    pub history: History,
    /// Purchases in the holdout.
    pub bought: u32,
    /// How many customers.
    pub customers: f64,
}

/// The distinct cells of rows of `(group, history, purchases in the holdout)`, in the order in which outlooks are shared.
pub fn cells(rows: impl Iterator<Item = (u32, History, u32)>) -> Vec<Cell> {
    let mut cells: Vec<Cell> =
        rows.map(|(group, history, bought)| Cell { group, history, bought, customers: 1.0 }).collect();
    let key = |cell: &Cell| {
        let history = cell.history;
        (cell.group, history.frequency, history.age.to_bits(), history.recency.to_bits(), cell.bought)
    };
    cells.sort_by_key(key);
    cells.dedup_by(|next, kept| {
        let same = key(next) == key(kept);
        if same {
            kept.customers += next.customers;
        }
        same
    });
    cells
}

/// What a model expected of a cell.
#[derive(Debug, Clone, Copy)]
pub struct Predicted {
    /// Expected purchases.
    pub mean: f64,
    /// Their variance.
    pub variance: f64,
    /// Probability of none.
    pub p_none: f64,
    /// Probability of as many as there were.
    pub p_actual: f64,
    /// The interval of the number of purchases.
    pub interval: Interval,
}

impl Predicted {
    /// Minus twice the log probability of what happened.
    pub fn deviance(&self) -> f64 {
        -2.0 * self.p_actual.ln()
    }
}

/// The interval from the 10 % to the 90 % point of a number of purchases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The least number that is not exceeded with a probability of 10 %.
    pub lo: u32,
    /// And of 90 %.
    pub hi: u32,
    /// Probability of both ends and what is between: at least 80 %, and 100 % where no purchase and one are all there is.
    pub probability: f64,
}

impl Interval {
    /// Of a customer who is alive with `alive`, and then makes 0, 1, 2, ... purchases with the probabilities `counts`.
    pub fn new(alive: f64, counts: &[f64]) -> Self {
        let (mut below, mut lo) = (0.0, None);
        for (n, probability) in counts.iter().enumerate() {
            let sum = if n == 0 { 1.0 - alive + alive * probability } else { below + alive * probability };
            if lo.is_none() && sum >= 0.1 {
                lo = Some((n as u32, below));
            }
            if sum >= 0.9 {
                let (lo, before) = lo.unwrap_or((n as u32, below));
                return Interval { lo, hi: n as u32, probability: sum - before };
            }
            below = sum;
        }
        // A distribution too long for its table: what is left is beyond.
        let end = counts.len() as u32;
        let (lo, before) = lo.unwrap_or((end, below));
        Interval { lo, hi: end, probability: 1.0 - before }
    }
}

/// The future of the living who share `x`, `T` and covariates, within one horizon, by phase.
pub struct Shared {
    /// The outlook of each phase.
    pub phases: Vec<Box<dyn Outlook>>,
    /// The distribution of purchases within the horizon, by phase.
    pub distributions: Vec<Vec<f64>>,
    /// Expected purchases within the horizon, by phase.
    pub expected: Vec<f64>,
}

impl Shared {
    /// The outlook of all who have repeat purchases `frequency` and are of `age`.
    pub fn new(process: &dyn Process, frequency: u32, age: f64, horizon: f64) -> Self {
        let phases: Vec<_> = (0..process.phases()).map(|phase| process.outlook(frequency, age, phase)).collect();
        let distributions = phases.iter().map(|outlook| outlook.distribution(horizon)).collect();
        let expected = phases.iter().map(|outlook| outlook.expected(horizon)).collect();
        Shared { phases, distributions, expected }
    }

    /// The distribution over all phases, when `weights` are their probabilities.
    pub fn distribution(&self, weights: &[f64], mixed: &mut Vec<f64>) {
        mixed.clear();
        mixed.resize(self.distributions.iter().map(Vec::len).max().unwrap_or(0), 0.0);
        for (weight, distribution) in weights.iter().zip(&self.distributions) {
            mixed.iter_mut().zip(distribution).for_each(|(mixed, probability)| *mixed += weight * probability);
        }
    }
}

/// The mean of a value by phase.
pub fn mixed(weights: &[f64], values: &[f64]) -> f64 {
    weights.iter().zip(values).map(|(weight, value)| weight * value).sum()
}

/// What `processes` (by covariate row) expect of each cell within `horizon`.
pub fn predict(processes: &[Box<dyn Process>], cells: &[Cell], horizon: f64) -> Vec<Predicted> {
    let shares = |one: &Cell, other: &Cell| {
        one.group == other.group
            && one.history.frequency == other.history.frequency
            && one.history.age == other.history.age
    };
    let runs: Vec<&[Cell]> = cells.chunk_by(shares).collect();
    let predicted: Vec<Vec<Predicted>> = runs
        .par_iter()
        .map(|run| {
            let (process, first) = (processes[run[0].group as usize].as_ref(), run[0].history);
            let shared = Shared::new(process, first.frequency, first.age, horizon);
            let mut weights = vec![0.0; process.phases()];
            let mut distribution = Vec::new();
            run.iter()
                .map(|cell| {
                    let alive = process.p_alive(&cell.history);
                    process.phase_weights(&cell.history, &mut weights);
                    shared.distribution(&weights, &mut distribution);
                    let mean = alive * mixed(&weights, &shared.expected);
                    let squares = distribution.iter().enumerate().map(|(n, p)| (n * n) as f64 * p);
                    let none = 1.0 - alive + alive * distribution[0];
                    let actual = match cell.bought {
                        0 => none,
                        n => alive * distribution.get(n as usize).copied().unwrap_or(0.0),
                    };
                    Predicted {
                        mean,
                        variance: (alive * squares.sum::<f64>() - mean * mean).max(0.0),
                        p_none: none,
                        p_actual: actual.max(IMPOSSIBLE),
                        interval: Interval::new(alive, &distribution),
                    }
                })
                .collect()
        })
        .collect();
    predicted.concat()
}

/// Sums over customers from which [`Measures`] follow; holdouts of several origins add up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    customers: f64,
    predicted: f64,
    actual: f64,
    predicted_squares: f64,
    actual_squares: f64,
    products: f64,
    absolute: f64,
    squared: f64,
    brier: f64,
    deviance: f64,
    within: f64,
    within_nominal: f64,
}

impl Sums {
    /// The sums of one holdout.
    pub fn of(cells: &[Cell], predicted: &[Predicted]) -> Self {
        let mut sums = Sums::default();
        for (cell, predicted) in cells.iter().zip(predicted) {
            let (count, actual) = (cell.customers, f64::from(cell.bought));
            let error = predicted.mean - actual;
            let active = if cell.bought > 0 { 1.0 } else { 0.0 };
            sums.customers += count;
            sums.predicted += count * predicted.mean;
            sums.actual += count * actual;
            sums.predicted_squares += count * predicted.mean * predicted.mean;
            sums.actual_squares += count * actual * actual;
            sums.products += count * predicted.mean * actual;
            sums.absolute += count * error.abs();
            sums.squared += count * error * error;
            sums.brier += count * (1.0 - predicted.p_none - active).powi(2);
            sums.deviance += count * predicted.deviance();
            let Interval { lo, hi, probability } = predicted.interval;
            sums.within += if (lo..=hi).contains(&cell.bought) { count } else { 0.0 };
            sums.within_nominal += count * probability;
        }
        sums
    }

    /// With the sums of another holdout.
    pub fn and(self, other: Self) -> Self {
        Sums {
            customers: self.customers + other.customers,
            predicted: self.predicted + other.predicted,
            actual: self.actual + other.actual,
            predicted_squares: self.predicted_squares + other.predicted_squares,
            actual_squares: self.actual_squares + other.actual_squares,
            products: self.products + other.products,
            absolute: self.absolute + other.absolute,
            squared: self.squared + other.squared,
            brier: self.brier + other.brier,
            deviance: self.deviance + other.deviance,
            within: self.within + other.within,
            within_nominal: self.within_nominal + other.within_nominal,
        }
    }

    /// What they come to; nothing without customers.
    pub fn measures(&self) -> Option<Measures> {
        let n = self.customers;
        (n > 0.0).then(|| {
            let covariance = self.products / n - self.predicted / n * (self.actual / n);
            let spread = |squares: f64, sum: f64| (squares / n - (sum / n).powi(2)).max(0.0).sqrt();
            let spreads = spread(self.predicted_squares, self.predicted) * spread(self.actual_squares, self.actual);
            Measures {
                customers: n,
                mae: self.absolute / n,
                rmse: (self.squared / n).sqrt(),
                bias: (self.actual > 0.0).then(|| self.predicted / self.actual - 1.0),
                correlation: (spreads > 0.0).then(|| covariance / spreads),
                brier: self.brier / n,
                deviance: self.deviance / n,
                coverage: self.within / n,
                coverage_nominal: self.within_nominal / n,
            }
        })
    }
}

/// How good predictions were, a customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures {
    /// Customers judged (each once an origin).
    pub customers: f64,
    /// Mean absolute error of the number of purchases.
    pub mae: f64,
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Predicted over actual purchases in total, less 1; nothing when nobody bought.
    pub bias: Option<f64>,
    /// Pearson correlation of predicted and actual purchases.
    pub correlation: Option<f64>,
    /// Mean squared error of the probability to buy at all.
    pub brier: f64,
    /// Minus twice the mean log probability of the number of purchases.
    pub deviance: f64,
    /// Share of the customers whose number of purchases was within their interval from the 10 % to the 90 % point.
    pub coverage: f64,
    /// The share that the model expects there: above 80 %, since purchases are whole numbers.
    pub coverage_nominal: f64,
}

/// The plain baseline, and the end of the chain of fallbacks: everybody keeps the rate `(x + rho m) / (T + m)`, where `rho`
/// is the rate of all and `m` their mean age: one's own past, shrunken towards the cohort's mean by as much as an average
/// customer's own past weighs. That is NBD at `r = rho m`, `alpha = m`.
pub fn cohort_mean(histories: &[&Histories]) -> Option<Box<dyn Process>> {
    means_of(histories).map(|parameters| Nbd.process(&parameters))
}

/// Its `r` and `alpha`; none where nobody bought again.
pub fn means_of(histories: &[&Histories]) -> Option<[f64; 2]> {
    let (mut customers, mut repeats, mut time) = (0.0, 0.0, 0.0);
    for histories in histories {
        for row in 0..histories.len() {
            let count = histories.customers[row];
            customers += count;
            repeats += count * histories.frequency.get(row);
            time += count * histories.age.get(row);
        }
    }
    let mean_age = time / customers;
    (repeats > 0.0 && time > 0.0).then(|| [repeats / time * mean_age, mean_age])
}

/// What bins are made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// Tenths of the customers, from those of whom least was expected.
    Decile,
    /// Repeat purchases before the origin; the last bin is 7 and more.
    Frequency,
    /// Tenths of the longest history that `t_x` reaches into; 0 are those who bought once.
    Recency,
}

impl By {
    /// Its name in `ltv_calibration`.
    pub fn name(self) -> &'static str {
        match self {
            By::Decile => "decile",
            By::Frequency => "frequency",
            By::Recency => "recency",
        }
    }
}

/// Expected and actual purchases a customer in one bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// What the bins are made by.
    pub by: By,
    /// Which of them.
    pub bin: i32,
    /// Its customers.
    pub customers: f64,
    /// Mean of the expected purchases.
    pub predicted: f64,
    /// Mean of the actual ones.
    pub actual: f64,
    /// Of the mean of all in the bin, the 10 % and the 90 % point, if the model is right.
    pub lo: f64,
    /// See `lo`.
    pub hi: f64,
}

/// Most repeat purchases that have their own bin.
const MOST_FREQUENT: i32 = 7;

/// The bins of a holdout.
pub fn calibration(cells: &[Cell], predicted: &[Predicted]) -> Vec<Bin> {
    let longest = cells.iter().map(|cell| cell.history.age).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let mut by_mean: Vec<usize> = (0..cells.len()).collect();
    by_mean.sort_by(|one, other| predicted[*one].mean.total_cmp(&predicted[*other].mean).then(one.cmp(other)));
    let total: f64 = cells.iter().map(|cell| cell.customers).sum();
    let mut decile = vec![0; cells.len()];
    let mut before = 0.0;
    for cell in by_mean {
        let middle = before + cells[cell].customers / 2.0;
        decile[cell] = 1 + ((10.0 * middle / total) as i32).min(9);
        before += cells[cell].customers;
    }
    let mut bins = Vec::new();
    for by in [By::Decile, By::Frequency, By::Recency] {
        let mut sums: std::collections::BTreeMap<i32, [f64; 4]> = std::collections::BTreeMap::new();
        for (row, (cell, predicted)) in cells.iter().zip(predicted).enumerate() {
            let bin = match by {
                By::Decile => decile[row],
                By::Frequency => i32::try_from(cell.history.frequency).unwrap_or(i32::MAX).min(MOST_FREQUENT),
                By::Recency if cell.history.frequency == 0 => 0,
                By::Recency => 1 + ((10.0 * cell.history.recency / longest) as i32).min(9),
            };
            let sums = sums.entry(bin).or_default();
            sums[0] += cell.customers;
            sums[1] += cell.customers * predicted.mean;
            sums[2] += cell.customers * f64::from(cell.bought);
            sums[3] += cell.customers * predicted.variance;
        }
        bins.extend(sums.into_iter().map(|(bin, [customers, mean, actual, variance])| {
            let half = EIGHTY * variance.sqrt() / customers;
            let predicted = mean / customers;
            let lo = (predicted - half).max(0.0);
            Bin { by, bin, customers, predicted, actual: actual / customers, lo, hi: predicted + half }
        }));
    }
    bins
}
