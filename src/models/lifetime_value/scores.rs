//! The figures of each customer.
//!
//! Customers who share covariates, `x` and `T` share the outlook of the living, so that is made once for each of them, and
//! what a customer adds is `P(alive)` and the phase. A customer's figures do not depend on who else is scored.

use rayon::prelude::*;

use super::gamma_gamma::GammaGamma;
use super::history::History;
use super::holdout::{Interval, Shared, mixed};
use super::process::Process;
use super::value::{Mixture, ValueGrid};
use super::waiting::{LATEST_DAYS, Waiting};

/// What a customer is scored on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Customer {
    /// Row of covariates.
    pub group: u32,
    /// Purchases so far.
    pub history: History,
    /// How many purchases the spend is known of.
    pub spend_purchases: u32,
    /// Mean value of these; not known when a cost is not, 0 when there are none.
    pub spend_mean: Option<f64>,
}

/// For how long, and at which rate of interest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// The horizon, in the unit of the histories.
    pub horizon: f64,
    /// The continuous rate of discount for a unit of time.
    pub rate: f64,
    /// Days in the unit of time.
    pub unit_days: f64,
}

/// Days in a year, for rates of interest.
pub const YEAR_DAYS: f64 = 365.25;

impl Terms {
    /// A horizon in days at an effective annual rate, for histories in units of `unit_days`.
    pub fn new(horizon_days: f64, annual_rate: f64, unit_days: f64) -> Self {
        Terms { horizon: horizon_days / unit_days, rate: annual_rate.ln_1p() * unit_days / YEAR_DAYS, unit_days }
    }
}

/// The figures of one customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Probability of being alive now.
    pub p_alive: f64,
    /// Probability of being alive at the end of the horizon.
    pub p_alive_horizon: f64,
    /// Expected purchases within the horizon.
    pub expected_purchases: f64,
    /// Their variance.
    pub variance: f64,
    /// The least number that is not exceeded with a probability of 10 %.
    pub purchases_p10: u32,
    /// And of 90 %.
    pub purchases_p90: u32,
    /// Probability of no purchase within the horizon.
    pub p_no_purchase: f64,
    /// Days until the next purchase has come with a probability of 50 %; none: never, or too late.
    pub next_purchase_p50_days: Option<f64>,
    /// And of 90 %.
    pub next_purchase_p90_days: Option<f64>,
    /// Discounted expected residual transactions; none without discount, where the sum may be endless.
    pub dert: Option<f64>,
    /// Expected purchases within the horizon, discounted.
    pub discounted_purchases: f64,
    /// Expected value of a purchase.
    pub expected_spend: Option<f64>,
    /// Expected value of the purchases within the horizon, discounted.
    pub value_horizon: Option<f64>,
    /// Expected value of all purchases to come, discounted.
    pub clv: Option<f64>,
    /// Of the value within the horizon (not discounted), the 10 % point.
    pub value_p10: Option<f64>,
    /// And the 90 % point.
    pub value_p90: Option<f64>,
    /// Its variance, where there is one.
    pub value_variance: Option<f64>,
}

/// The figures of `customers`, in their order.
pub fn score(
    processes: &[Box<dyn Process>],
    spend: Option<&GammaGamma>,
    customers: &[Customer],
    terms: Terms,
) -> Vec<Score> {
    let mut order: Vec<u32> = (0..u32::try_from(customers.len()).unwrap_or(u32::MAX)).collect();
    let at = |row: u32| &customers[row as usize];
    let key = |row: u32| {
        let customer = at(row);
        (
            customer.group,
            customer.history.frequency,
            customer.spend_purchases,
            customer.history.age.to_bits(),
            customer.history.recency.to_bits(),
            row,
        )
    };
    order.par_sort_unstable_by_key(|row| key(*row));
    let alike = |one: &u32, other: &u32| {
        let (one, other) = (at(*one), at(*other));
        one.group == other.group
            && one.history.frequency == other.history.frequency
            && one.spend_purchases == other.spend_purchases
    };
    let runs: Vec<&[u32]> = order.chunk_by(alike).collect();
    let scored: Vec<Vec<(u32, Score)>> = runs
        .par_iter()
        .map(|run| {
            let first = at(run[0]);
            score_alike(processes[first.group as usize].as_ref(), spend, customers, run, terms)
        })
        .collect();
    let mut scores: Vec<Option<Score>> = vec![None; customers.len()];
    for (row, score) in scored.into_iter().flatten() {
        scores[row as usize] = Some(score);
    }
    scores.into_iter().flatten().collect()
}

/// What customers with the same covariates, `x` and `T` share.
struct Ahead {
    shared: Shared,
    waiting: Waiting,
    discounted: Vec<f64>,
    discounted_within: Vec<f64>,
    p_alive_after: Vec<f64>,
}

/// Scores customers with the same covariates, `x` and number of purchases of known spend, in the order of their ages.
fn score_alike(
    process: &dyn Process,
    spend: Option<&GammaGamma>,
    customers: &[Customer],
    run: &[u32],
    terms: Terms,
) -> Vec<(u32, Score)> {
    let at = |row: u32| &customers[row as usize];
    let frequency = at(run[0]).history.frequency;
    let same_age = |one: &u32, other: &u32| at(*one).history.age == at(*other).history.age;
    let ages: Vec<&[u32]> = run.chunk_by(same_age).collect();
    let aheads: Vec<Ahead> = ages
        .par_iter()
        .map(|rows| {
            let shared = Shared::new(process, frequency, at(rows[0]).history.age, terms.horizon);
            let each = |of: &dyn Fn(&dyn super::process::Outlook) -> f64| -> Vec<f64> {
                shared.phases.iter().map(|outlook| of(outlook.as_ref())).collect()
            };
            Ahead {
                waiting: Waiting::new(&shared.phases, LATEST_DAYS / terms.unit_days),
                discounted: if terms.rate > 0.0 { each(&|outlook| outlook.discounted(terms.rate)) } else { Vec::new() },
                discounted_within: each(&|outlook| outlook.discounted_within(terms.horizon, terms.rate)),
                p_alive_after: each(&|outlook| outlook.p_alive_after(terms.horizon)),
                shared,
            }
        })
        .collect();
    // A grid reaches to the next power of two of what its customers can buy, and not to what the heaviest of the others
    // can: figures are the same to the last bit, whoever else is scored.
    let reach = |ahead: &Ahead| {
        let longest = ahead.shared.distributions.iter().map(Vec::len).max().unwrap_or(1);
        longest.saturating_sub(1).next_power_of_two()
    };
    let mut reaches: Vec<usize> = aheads.iter().map(reach).collect();
    reaches.sort_unstable();
    reaches.dedup();
    let grids: Vec<ValueGrid> = spend.map_or_else(Vec::new, |spend| {
        reaches.par_iter().map(|most| ValueGrid::new(spend, at(run[0]).spend_purchases, *most)).collect()
    });
    ages.par_iter()
        .zip(&aheads)
        .flat_map_iter(|(rows, ahead)| {
            let grid = grids.get(reaches.partition_point(|most| *most < reach(ahead)));
            let by_phase: Vec<_> = grid
                .iter()
                .flat_map(|grid| ahead.shared.distributions.iter().map(|counts| grid.mixture(counts)))
                .collect();
            rows.iter().map(move |row| {
                let customer = at(*row);
                (*row, one(process, spend, grid.map(|grid| (grid, by_phase.as_slice())), ahead, customer, terms))
            })
        })
        .collect()
}

fn one(
    process: &dyn Process,
    spend: Option<&GammaGamma>,
    grid: Option<(&ValueGrid, &[Mixture])>,
    ahead: &Ahead,
    customer: &Customer,
    terms: Terms,
) -> Score {
    let alive = process.p_alive(&customer.history);
    let mut weights = vec![0.0; process.phases()];
    process.phase_weights(&customer.history, &mut weights);
    let mut counts = Vec::new();
    ahead.shared.distribution(&weights, &mut counts);
    let expected = alive * mixed(&weights, &ahead.shared.expected);
    let squares = alive * counts.iter().enumerate().map(|(n, p)| (n * n) as f64 * p).sum::<f64>();
    let variance = (squares - expected * expected).max(0.0);
    let interval = Interval::new(alive, &counts);
    let wait = |level: f64| {
        let found = (level < alive).then(|| ahead.waiting.quantile(&weights, level / alive)).flatten();
        found.map(|time| time * terms.unit_days)
    };
    let dert =
        (!ahead.discounted.is_empty()).then(|| alive * mixed(&weights, &ahead.discounted)).filter(|d| d.is_finite());
    let discounted_purchases = alive * mixed(&weights, &ahead.discounted_within);
    let mean = customer.spend_mean;
    let expected_spend = spend.zip(mean).and_then(|(spend, mean)| spend.expected_spend(customer.spend_purchases, mean));
    // All values scale with gamma + x m, which has to be above 0 for there to be a distribution.
    let unit = spend.zip(mean).and_then(|(spend, mean)| spend.spent(customer.spend_purchases, mean));
    let (mut p10, mut p90, mut value_variance) = (None, None, None);
    if let (Some((grid, by_phase)), Some(unit)) = (grid, unit) {
        let parts: Vec<(f64, &Mixture)> = weights.iter().copied().zip(by_phase).collect();
        p10 = Some(unit * grid.quantile(&parts, alive, 0.1));
        p90 = Some(unit * grid.quantile(&parts, alive, 0.9));
        value_variance = grid.variance(expected, squares).map(|variance| unit * unit * variance);
    }
    Score {
        p_alive: alive,
        p_alive_horizon: alive * mixed(&weights, &ahead.p_alive_after),
        expected_purchases: expected,
        variance,
        purchases_p10: interval.lo,
        purchases_p90: interval.hi,
        p_no_purchase: 1.0 - alive + alive * counts[0],
        next_purchase_p50_days: wait(0.5),
        next_purchase_p90_days: wait(0.9),
        dert,
        discounted_purchases,
        expected_spend,
        value_horizon: expected_spend.map(|spend| discounted_purchases * spend),
        clv: expected_spend.zip(dert).map(|(spend, dert)| dert * spend),
        value_p10: p10,
        value_p90: p90,
        value_variance,
    }
}
