//! Who a customer is: the true parameters, drawn once.

use rand::{Rng, RngExt};
use rand_distr::{Beta, Distribution, Gamma};

use super::catalogue::NEEDS;
use super::model::Model;
use crate::error::{Error, Result};

/// Regions, with the share of customers that live there.
pub(super) const REGIONS: [(&str, f64); 6] = [
    ("all/de/south", 0.27),
    ("all/de/west", 0.24),
    ("all/de/north", 0.19),
    ("all/de/east", 0.14),
    ("all/at", 0.11),
    ("all/ch", 0.05),
];

/// Index in [`REGIONS`] of the customers who pay in francs.
pub(super) const FRANC_REGION: usize = 5;

/// Channels of purchase: the shop's word, and the share of customers who prefer it.
pub(super) const CHANNELS: [(&str, f64); 3] = [("net", 0.6), ("store", 0.25), ("tel", 0.15)];
/// Index of the store in [`CHANNELS`].
pub(super) const STORE: usize = 1;
/// Index of the phone in [`CHANNELS`].
pub(super) const PHONE: usize = 2;

/// Where customers came from, and what winning one cost in cents.
pub(super) const SOURCES: [(&str, i64); 4] = [("search", 850), ("ads", 1_900), ("referral", 500), ("store", 0)];

/// The true parameters of one customer.
#[derive(Debug, Clone)]
pub(super) struct Customer {
    /// Number among all customers, from 0.
    pub(super) index: u64,
    /// Index of the first customer of the same household: this one, or the one before.
    pub(super) household: u64,
    /// Index of the need.
    pub(super) need: usize,
    /// Index of the region.
    pub(super) region: usize,
    /// A company, not a person.
    pub(super) company: bool,
    /// Index of the source.
    pub(super) source: usize,
    /// Asked not to be profiled.
    pub(super) no_profiling: bool,
    /// Age in years on the first day, for persons.
    pub(super) age: u32,
    /// Day of the first order, with its fraction.
    pub(super) acquired: f64,
    /// Orders a day, while active.
    pub(super) rate: f64,
    /// Chance to leave after each repeat order.
    pub(super) dropout: f64,
    /// Mean value of an order, in the reporting currency.
    pub(super) mean_order_value: f64,
    /// Day from which the rate is lower, if ever.
    pub(super) shrinks_from: Option<f64>,
    /// Index of the preferred channel of purchase.
    pub(super) channel: usize,
    /// Preferred hour of the day.
    pub(super) hour: u32,
    /// Whether they prefer the first of two substitutes.
    pub(super) prefers_first: bool,
    /// Index of the product that they use up, and the day on which it first runs out.
    pub(super) replenishes: Option<(usize, f64)>,
}

/// The distributions that customers are drawn from.
pub(super) struct Population {
    rate: Gamma<f64>,
    dropout: Beta<f64>,
    /// Distribution of the rate of an order's gamma distribution: Gamma-Gamma's second stage.
    spend: Gamma<f64>,
    model: Model,
    days: f64,
    replenished: usize,
}

impl Population {
    /// The population of `model` over `days` days.
    ///
    /// # Errors
    /// Usage, naming the parameter that makes no distribution.
    pub(super) fn new(model: &Model, days: u32, replenished: usize) -> Result<Self> {
        let law = |what: &str, error: &dyn std::fmt::Display| {
            Error::usage(format!("`{what}` of the model make no distribution: {error}"))
        };
        Ok(Population {
            rate: Gamma::new(model.rate_shape, 1.0 / model.rate_days).map_err(|e| law("rate_shape, rate_days", &e))?,
            dropout: Beta::new(model.dropout_a, model.dropout_b).map_err(|e| law("dropout_a, dropout_b", &e))?,
            spend: Gamma::new(model.spend_q, 1.0 / model.spend_gamma).map_err(|e| law("spend_q, spend_gamma", &e))?,
            model: model.clone(),
            days: f64::from(days),
            replenished,
        })
    }

    /// Draws customer `index`.
    pub(super) fn draw(&self, index: u64, rng: &mut impl Rng) -> Customer {
        // Acquired over the first nine tenths, so that everybody's whole life is in the data and nobody is brand new.
        let acquired = 0.9 * self.days * rng.random::<f64>();
        let rate = self.rate.sample(rng);
        let dropout = self.dropout.sample(rng);
        let mean_order_value = self.model.spend_p / self.spend.sample(rng);
        let shrinks = rng.random::<f64>() < self.model.shrinker_share;
        let shrinks_from = self.days * rng.random_range(0.4..0.8);
        let replenishes = rng.random::<f64>() < 0.3;
        let replenished = rng.random_range(0..self.replenished);
        let shares_household = rng.random::<f64>() < 0.3;
        Customer {
            index,
            // Only odd numbers join the one before, so that no household has more than two.
            household: if shares_household { index & !1 } else { index },
            need: pick(NEEDS.iter().map(|need| need.1), rng),
            region: pick(REGIONS.iter().map(|region| region.1), rng),
            company: rng.random::<f64>() < 0.12,
            source: rng.random_range(0..SOURCES.len()),
            no_profiling: rng.random::<f64>() < 0.02,
            age: rng.random_range(18..85),
            acquired,
            rate,
            dropout,
            mean_order_value,
            shrinks_from: (shrinks && shrinks_from > acquired).then_some(shrinks_from),
            channel: pick(CHANNELS.iter().map(|channel| channel.1), rng),
            hour: rng.random_range(9..21),
            prefers_first: rng.random(),
            replenishes: replenishes.then_some((replenished, acquired)),
        }
    }
}

/// The index that a uniform draw falls on, with these shares (of a sum of one).
pub(super) fn pick(shares: impl Iterator<Item = f64>, rng: &mut impl Rng) -> usize {
    let mut left = rng.random::<f64>();
    let mut last = 0;
    for (index, share) in shares.enumerate() {
        last = index;
        left -= share;
        if left < 0.0 {
            break;
        }
    }
    last
}
