//! The parameters of the shop: every number that a test may want to recover, with the reason for its default.

use serde::Serialize;

use crate::error::{Error, Result};

/// The parameters of the shop, its customers and its contact centre. All of them are written to `truth/model.json`.
///
/// Purchases follow BG/NBD (Fader, Hardie & Lee 2005): the first order at acquisition, then a Poisson process with the
/// customer's own rate, which ends after a repeat order with the customer's own probability. Spend follows Gamma-Gamma
/// (Fader & Hardie 2013). On top come shrinkers, leaving after complaints and waits, and campaign orders; with
/// [`Model::pure`] none of these happen and the two models hold exactly.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Model {
    /// Shape of the gamma distribution of purchase rates; below one, so that most customers are slow (BG/NBD's `r`).
    pub rate_shape: f64,
    /// Rate of that distribution in days: `rate_shape / rate_days` orders a day on average (BG/NBD's `alpha`).
    pub rate_days: f64,
    /// First parameter of the beta distribution of leaving after a repeat order (BG/NBD's `a`).
    pub dropout_a: f64,
    /// Second parameter of that distribution (BG/NBD's `b`).
    pub dropout_b: f64,
    /// Shape of an order's value around the customer's mean (Gamma-Gamma's `p`; the default is CDNOW's).
    pub spend_p: f64,
    /// Shape of the distribution of customers' means (Gamma-Gamma's `q`).
    pub spend_q: f64,
    /// Scale of that distribution, in the reporting currency (Gamma-Gamma's `gamma`).
    pub spend_gamma: f64,
    /// Mean number of ordinary products in a basket, at least one: one plus a Poisson number, duplicates left out.
    pub basket_mean: f64,
    /// Exponent of the Zipf-Mandelbrot distribution of products' popularity: the product of rank `r` has a share as
    /// `1 / (r + popularity_offset) ^ popularity_exponent`.
    pub popularity_exponent: f64,
    /// Its offset: the larger, the more alike are the most popular products.
    #[serde(skip_serializing_if = "is_zero")]
    pub popularity_offset: f64,
    /// Share of the ordinary products that are a size of another one, at most a half.
    #[serde(skip_serializing_if = "is_zero")]
    pub variant_share: f64,
    /// Share of a basket that is drawn from the categories of the customer's need. With 0, ordinary products are together
    /// no more often than by chance (a little less: their number in a basket spreads less than a Poisson number).
    pub need_strength: f64,
    /// Share of customers whose rate falls on a planted day.
    pub shrinker_share: f64,
    /// What is left of a shrinker's rate from then on.
    pub shrink_factor: f64,
    /// Orders of unidentified shoppers, as a share of all orders.
    pub anonymous_share: f64,
    /// Share of orders with a line that comes back.
    pub return_share: f64,
    /// Cancelled attempts an order: the customer orders, cancels, and orders the same again. They count for nothing.
    pub cancelled_share: f64,
    /// Contacts an order, on average.
    pub contacts_per_order: f64,
    /// Contacts of unknown callers, as a share of all contacts.
    pub unknown_caller_share: f64,
    /// Chance that a contact falls into the customer's preferred hour, and that it is on a channel of their own: the first for
    /// customer 10000001, the second for the next, and so on round. With 0, hours scatter around the preferred one and
    /// nobody has a channel.
    #[serde(skip_serializing_if = "is_zero")]
    pub contact_habit: f64,
    /// Chance that a contact is a complaint when nobody waited long.
    pub complaint_share: f64,
    /// What is added to that chance by a wait above [`Model::LONG_WAIT_SECONDS`].
    pub complaint_after_wait: f64,
    /// Chance of leaving at once after a complaint that was not resolved; a quarter of it after one that was.
    pub leave_after_complaint: f64,
    /// Chance of leaving at once after a long wait.
    pub leave_after_wait: f64,
    /// E-mail campaigns over the history.
    pub campaigns: u32,
    /// Share of the eligible that is kept as control.
    pub control_share: f64,
    /// Chance that a treated customer who is still with us orders once more within [`Model::CAMPAIGN_WINDOW_DAYS`];
    /// doubled for the need that the campaign is about.
    pub campaign_effect: f64,
    /// Whether customers in Switzerland pay in francs (then there is an `fx` export).
    pub foreign_currency: bool,
}

impl Model {
    /// A wait above this is a long one.
    pub const LONG_WAIT_SECONDS: u32 = 180;
    /// A campaign's extra orders come within these days.
    pub const CAMPAIGN_WINDOW_DAYS: u32 = 14;

    /// Whether every parameter is in its range.
    ///
    /// # Errors
    /// Usage, naming the first that is not.
    pub(super) fn check(&self) -> Result<()> {
        let chances = [
            ("need_strength", self.need_strength, 1.0),
            ("shrinker_share", self.shrinker_share, 1.0),
            ("shrink_factor", self.shrink_factor, 1.0),
            ("anonymous_share", self.anonymous_share, 0.9),
            ("return_share", self.return_share, 1.0),
            ("cancelled_share", self.cancelled_share, 1.0),
            ("contacts_per_order", self.contacts_per_order, 50.0),
            ("unknown_caller_share", self.unknown_caller_share, 0.9),
            ("contact_habit", self.contact_habit, 1.0),
            ("complaint_share", self.complaint_share, 1.0),
            ("complaint_after_wait", self.complaint_after_wait, 1.0),
            ("leave_after_complaint", self.leave_after_complaint, 1.0),
            ("leave_after_wait", self.leave_after_wait, 1.0),
            ("campaigns", f64::from(self.campaigns), 200.0),
            ("control_share", self.control_share, 1.0),
            ("campaign_effect", self.campaign_effect, 0.5),
            ("popularity_exponent", self.popularity_exponent, 5.0),
            ("popularity_offset", self.popularity_offset, 1e6),
            ("variant_share", self.variant_share, 0.5),
        ];
        for (name, value, most) in chances {
            if !(0.0..=most).contains(&value) {
                return Err(Error::usage(format!("`{name}` of the model must lie between 0 and {most}")));
            }
        }
        if !(1.0..=1_000.0).contains(&self.basket_mean) {
            return Err(Error::usage("`basket_mean` of the model must lie between 1 and 1000"));
        }
        Ok(())
    }

    /// This model with another shape of purchase rates, whose mean stays.
    pub fn with_rate_shape(self, rate_shape: f64) -> Self {
        Model { rate_shape, rate_days: self.rate_days * (rate_shape / self.rate_shape), ..self }
    }

    /// Nothing but BG/NBD and Gamma-Gamma with these parameters: nobody shrinks, nothing comes back, contacts and
    /// campaigns change nothing. For tests that recover parameters.
    pub fn pure(self) -> Self {
        Model {
            shrinker_share: 0.0,
            return_share: 0.0,
            leave_after_complaint: 0.0,
            leave_after_wait: 0.0,
            campaigns: 0,
            ..self
        }
    }
}

impl Default for Model {
    fn default() -> Self {
        Model {
            rate_shape: 0.9,
            rate_days: 45.0,
            dropout_a: 0.8,
            dropout_b: 6.0,
            spend_p: 6.25,
            spend_q: 3.74,
            spend_gamma: 15.44,
            basket_mean: 2.5,
            popularity_exponent: 0.8,
            popularity_offset: 0.0,
            variant_share: 0.0,
            need_strength: 0.5,
            shrinker_share: 0.08,
            shrink_factor: 0.25,
            anonymous_share: 0.06,
            return_share: 0.05,
            cancelled_share: 0.015,
            contacts_per_order: 0.25,
            unknown_caller_share: 0.2,
            contact_habit: 0.0,
            complaint_share: 0.08,
            complaint_after_wait: 0.25,
            leave_after_complaint: 0.4,
            leave_after_wait: 0.1,
            campaigns: 4,
            control_share: 0.2,
            campaign_effect: 0.06,
            foreign_currency: true,
        }
    }
}

/// What is not there is not written either: the truth of a shop without it stays the same bytes.
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}
