//! Habits of contacting us, planted so that a test can find them again: an hour and a channel of the customer's own.

use rand::{Rng, RngExt};

use super::customer::Customer;
use super::life::near_hour;
use super::model::Model;
use super::service::CONTACT_CHANNELS;

/// When and how somebody contacts us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    /// Second of the day.
    pub(super) second: u32,
    /// Index of the channel, when it is a habit; drawn by its share otherwise.
    pub(super) channel: Option<usize>,
}

impl Reach {
    /// A contact around `hour` on any channel.
    pub(super) fn around(hour: u32, rng: &mut impl Rng) -> Self {
        Reach { second: near_hour(hour, rng), channel: None }
    }

    /// A contact of `customer`: with the chance of [`Model::contact_habit`] each, within their preferred hour, and on their
    /// own channel, which goes round with their number. Without habits nothing is drawn for them, so that a shop without
    /// any stays the same bytes.
    pub(super) fn of(customer: &Customer, model: &Model, rng: &mut impl Rng) -> Self {
        if model.contact_habit == 0.0 {
            return Reach::around(customer.hour, rng);
        }
        let [hourly, by_channel]: [f64; 2] = [rng.random(), rng.random()];
        let second = match hourly < model.contact_habit {
            true => customer.hour * 3_600 + rng.random_range(0..3_600),
            false => rng.random_range(8 * 3_600..21 * 3_600),
        };
        let own = customer.index as usize % CONTACT_CHANNELS.len();
        Reach { second, channel: (by_channel < model.contact_habit).then_some(own) }
    }
}
