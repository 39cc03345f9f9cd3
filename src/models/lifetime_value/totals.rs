//! Totals of many customers, with intervals: what the parameters leave open, and what chance does even if they are right.
//!
//! The first part is the variance of the total over draws of the parameters from their large-sample distribution
//! (Laplace: normal in log parameters); the second is the sum of the customers' own variances, who act independently given
//! the parameters.

use nalgebra::{DMatrix, DVector};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::gamma_gamma::GammaGamma;
use super::history::History;
use super::holdout::{EIGHTY, mixed};
use super::process::Process;
use super::scores::{Customer, Score};

/// A distribution of log parameters: their estimate and its covariance, row by row.
#[derive(Debug, Clone)]
pub struct Estimate {
    /// The estimate.
    pub at: Vec<f64>,
    /// Its covariance; none where the likelihood has no proper maximum: then the parameters are taken as they are.
    pub covariance: Option<Vec<f64>>,
}

impl Estimate {
    /// Draws from the distribution, the same for the same seed.
    pub fn draws(&self, count: usize, seed: u64) -> Vec<Vec<f64>> {
        let size = self.at.len();
        let root = self.covariance.as_ref().map(|covariance| {
            let eigen = DMatrix::from_row_slice(size, size, covariance).symmetric_eigen();
            let roots = eigen.eigenvalues.map(|value| value.max(0.0).sqrt());
            eigen.eigenvectors * DMatrix::from_diagonal(&roots)
        });
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        (0..count)
            .map(|_| {
                let normal = DVector::from_fn(size, |_, _| StandardNormal.sample(&mut random));
                let Some(root) = &root else { return self.at.clone() };
                let moved = root * normal;
                self.at.iter().zip(moved.iter()).map(|(at, by)| at + by).collect()
            })
            .collect()
    }
}

/// Customers to add up, with what is known of each.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// What it was scored on.
    pub customer: &'a Customer,
    /// Its figures at the estimate.
    pub score: &'a Score,
    /// Which totals it belongs to.
    pub scopes: &'a [u32],
}

/// One total.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Total {
    /// How many customers.
    pub customers: u64,
    /// Expected purchases within the horizon.
    pub expected_purchases: f64,
    /// 10 % point.
    pub lo: f64,
    /// 90 % point.
    pub hi: f64,
    /// Expected value within the horizon, discounted, of all whose spend is known.
    pub value: f64,
    /// 10 % point; none where a customer's value has no variance.
    pub value_lo: Option<f64>,
    /// 90 % point.
    pub value_hi: Option<f64>,
}

/// One draw of the parameters: a process for each covariate row, and the spend.
pub struct Draw {
    /// By covariate row.
    pub processes: Vec<Box<dyn Process>>,
    /// The spend.
    pub spend: Option<GammaGamma>,
}

/// Adds up `members` (customers who share one fit) in `scopes` totals, over `draws`.
pub fn totals(members: &[Member<'_>], scopes: usize, draws: &[Draw], horizon: f64) -> Vec<Sums> {
    let mut order: Vec<u32> = (0..u32::try_from(members.len()).unwrap_or(u32::MAX)).collect();
    order.par_sort_by_key(|row| {
        let (group, history) = (members[*row as usize].customer.group, members[*row as usize].customer.history);
        (group, history.frequency, history.age.to_bits(), history.recency.to_bits(), *row)
    });
    let cells = cells(members, &order);
    let by_draw: Vec<Vec<(f64, f64)>> = draws.par_iter().map(|draw| of_draw(&cells, scopes, draw, horizon)).collect();
    let mut sums: Vec<Sums> =
        (0..scopes).map(|_| Sums { draws: vec![(0.0, 0.0); draws.len()], ..Sums::default() }).collect();
    for row in order {
        let member = &members[row as usize];
        for scope in member.scopes {
            let sums = &mut sums[*scope as usize];
            sums.customers += 1;
            sums.expected += member.score.expected_purchases;
            sums.variance += member.score.variance;
            if let Some(value) = member.score.value_horizon {
                sums.value += value;
                let discount =
                    member.score.discounted_purchases / member.score.expected_purchases.max(f64::MIN_POSITIVE);
                match member.score.value_variance {
                    Some(variance) => sums.value_variance += discount * discount * variance,
                    None => sums.endless = true,
                }
            }
        }
    }
    for (draw, of_scopes) in by_draw.into_iter().enumerate() {
        for (sums, of_scope) in sums.iter_mut().zip(of_scopes) {
            sums.draws[draw] = of_scope;
        }
    }
    sums
}

/// Members with one history. They lie in the order in which they are added up, since each draw walks over all of them.
struct Cell<'a> {
    group: u32,
    history: History,
    members: Vec<Spender<'a>>,
}

/// What a draw has to know of a member besides the history.
struct Spender<'a> {
    /// Discounted over expected purchases.
    discount: f64,
    spend_purchases: u32,
    spend_mean: Option<f64>,
    scopes: &'a [u32],
}

fn cells<'a>(members: &[Member<'a>], order: &[u32]) -> Vec<Cell<'a>> {
    let at = |row: &u32| &members[*row as usize];
    let same = |one: &u32, other: &u32| {
        let (one, other) = (at(one).customer, at(other).customer);
        let (a, b) = (one.history, other.history);
        one.group == other.group && a.frequency == b.frequency && a.age == b.age && a.recency == b.recency
    };
    let spender = |row: &u32| {
        let Member { customer, score, scopes } = *at(row);
        Spender {
            discount: score.discounted_purchases / score.expected_purchases.max(f64::MIN_POSITIVE),
            spend_purchases: customer.spend_purchases,
            spend_mean: customer.spend_mean,
            scopes,
        }
    };
    let cell = |rows: &[u32]| {
        let first = at(&rows[0]).customer;
        Cell { group: first.group, history: first.history, members: rows.iter().map(spender).collect() }
    };
    order.chunk_by(same).map(cell).collect()
}

fn of_draw(cells: &[Cell<'_>], scopes: usize, draw: &Draw, horizon: f64) -> Vec<(f64, f64)> {
    let mut sums = vec![(0.0, 0.0); scopes];
    let share = |one: &Cell<'_>, other: &Cell<'_>| {
        one.group == other.group
            && one.history.frequency == other.history.frequency
            && one.history.age == other.history.age
    };
    let mut weights = Vec::new();
    for run in cells.chunk_by(share) {
        let process = draw.processes[run[0].group as usize].as_ref();
        let (frequency, age) = (run[0].history.frequency, run[0].history.age);
        let phases: Vec<f64> =
            (0..process.phases()).map(|phase| process.outlook(frequency, age, phase).expected(horizon)).collect();
        weights.resize(process.phases(), 0.0);
        for cell in run {
            process.phase_weights(&cell.history, &mut weights);
            let expected = process.p_alive(&cell.history) * mixed(&weights, &phases);
            for member in &cell.members {
                let spend = draw.spend.as_ref().zip(member.spend_mean);
                let spend = spend.and_then(|(spend, mean)| spend.expected_spend(member.spend_purchases, mean));
                for scope in member.scopes {
                    let sums = &mut sums[*scope as usize];
                    sums.0 += expected;
                    sums.1 += expected * member.discount * spend.unwrap_or(0.0);
                }
            }
        }
    }
    sums
}

/// What a [`Total`] is made of. Those of customers with different fits add up.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    customers: u64,
    expected: f64,
    variance: f64,
    value: f64,
    value_variance: f64,
    /// Whether a customer's value has no variance.
    endless: bool,
    /// Purchases and value by draw.
    draws: Vec<(f64, f64)>,
}

impl Sums {
    /// With customers of another fit, whose draws are independent.
    pub fn and(&mut self, other: &Sums) {
        self.customers += other.customers;
        self.expected += other.expected;
        self.variance += other.variance;
        self.value += other.value;
        self.value_variance += other.value_variance;
        self.endless |= other.endless;
        self.draws.resize(self.draws.len().max(other.draws.len()), (0.0, 0.0));
        for (draw, other) in self.draws.iter_mut().zip(&other.draws) {
            draw.0 += other.0;
            draw.1 += other.1;
        }
    }

    /// The total and its interval of 80 %.
    pub fn total(&self) -> Total {
        let spread = |of: fn(&(f64, f64)) -> f64| {
            let n = self.draws.len() as f64;
            let mean = self.draws.iter().map(of).sum::<f64>() / n;
            self.draws.iter().map(|draw| (of(draw) - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0)
        };
        let by_parameters =
            if self.draws.len() > 1 { (spread(|draw| draw.0), spread(|draw| draw.1)) } else { (0.0, 0.0) };
        let half = EIGHTY * (self.variance + by_parameters.0).sqrt();
        let value_half = (!self.endless).then(|| EIGHTY * (self.value_variance + by_parameters.1).sqrt());
        Total {
            customers: self.customers,
            expected_purchases: self.expected,
            lo: (self.expected - half).max(0.0),
            hi: self.expected + half,
            value: self.value,
            value_lo: value_half.map(|half| self.value - half),
            value_hi: value_half.map(|half| self.value + half),
        }
    }
}
