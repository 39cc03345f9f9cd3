//! The franc: its rates by month, and its price list.

use rand::{Rng, RngExt};

use super::calendar::Calendar;

/// Rates of the franc.
pub(super) struct Francs {
    /// First day of each month and the reporting currency for one franc from then on, in ten-thousandths.
    pub(super) rates: Vec<(u32, i64)>,
}

impl Francs {
    /// Draws a rate for each month of `calendar`, a small step from the one before.
    pub(super) fn new(calendar: &Calendar, mut rng: impl Rng) -> Self {
        let mut rate = 10_450;
        let rates = calendar
            .months()
            .into_iter()
            .map(|(day, _)| {
                rate = (rate + rng.random_range(-120..=120)).clamp(10_000, 11_000);
                (day, rate)
            })
            .collect();
        Francs { rates }
    }

    /// `cents` of the reporting currency in hundredths of a franc on `day`.
    pub(super) fn convert(&self, cents: i64, day: u32) -> i64 {
        let later = self.rates.partition_point(|&(from, _)| from <= day);
        let (_, rate) = self.rates[later.max(1) - 1];
        (cents * 10_000 + rate / 2) / rate
    }

    /// The price list in francs is a twentieth higher.
    pub(super) fn list_price(cents: i64) -> i64 {
        cents + cents / 20
    }
}
