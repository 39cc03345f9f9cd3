//! Page events: the visit that leads to each order on the net, and visits that lead to none.

use rand::{Rng, RngExt};
use serde::Serialize;

use super::calendar::{DAY_SECONDS, Moment};
use super::catalogue::Product;
use super::life::{Life, near_hour, poisson};

/// Visits on the site and in the app, as rows of the interactions export.
///
/// What is planted can be read from the export: the shop's number of a visit (`WebSession`) begins with `O` where an order
/// of the same customer follows within a minute, and with `B` where none was meant to follow.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Clicks {
    /// Visits without an order, for each order of the customer on any channel.
    pub visits_per_order: f64,
    /// Share of those in which something is put into the cart.
    pub cart_share: f64,
    /// Share of those in which the customer logs in, at a random event.
    pub login_share: f64,
    /// Share of those with something in the cart that end with a question which nobody answers.
    pub question_share: f64,
}

impl Default for Clicks {
    fn default() -> Self {
        Clicks { visits_per_order: 2.0, cart_share: 0.4, login_share: 0.5, question_share: 0.3 }
    }
}

/// One page event.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Click {
    /// Number of the visit among the customer's, and whether it leads to an order.
    pub(super) visit: (u64, bool),
    /// When.
    pub(super) at: Moment,
    /// In the app.
    pub(super) app: bool,
    /// The visitor is logged in.
    pub(super) named: bool,
    /// What happened: view, cart, checkout or question.
    pub(super) event: &'static str,
    /// Index of the product.
    pub(super) product: Option<u32>,
    /// What the cart is worth, in cents.
    pub(super) cart: Option<i64>,
}

/// More events a customer are not written: their numbers have 15 bits.
const MOST_EVENTS: usize = 1 << 15;
/// Seconds between a checkout and its order.
const TO_ORDER: u32 = 30;
/// Seconds between two events of a visit.
const STEP: u32 = 40;
/// Products of an order that are looked at and put into the cart one by one.
const MOST_SHOWN: usize = 6;

impl Clicks {
    /// Whether every share is one.
    pub(super) fn is_valid(&self) -> bool {
        let shares = [self.cart_share, self.login_share, self.question_share];
        shares.iter().all(|share| (0.0..=1.0).contains(share)) && (0.0..=1_000.0).contains(&self.visits_per_order)
    }

    /// The page events of one life.
    pub(super) fn of(&self, life: &Life, days: u32, products: &[Product], rng: &mut impl Rng) -> Vec<Click> {
        let mut clicks = Vec::new();
        let mut visits = 0;
        for order in life.orders.iter().filter(|order| order.channel == 0 && !order.cancelled) {
            let shown = order.lines.len().min(MOST_SHOWN) as u32;
            let start = order.at.second.saturating_sub(TO_ORDER + STEP * 2 * shown);
            let mut visit = Visit { visit: (visits, true), day: order.at.day, second: start, app: rng.random() };
            for line in order.lines.iter().take(shown as usize) {
                clicks.push(visit.event("view", false, Some(line.product), None));
                clicks.push(visit.event("cart", false, Some(line.product), Some(order.goods())));
            }
            clicks.push(visit.event("checkout", true, None, Some(order.goods())));
            visits += 1;
        }
        let idle = self.visits_per_order * life.orders.len() as f64;
        let first_day = life.customer.acquired as u32;
        for _ in 0..poisson(idle, rng) {
            let day = rng.random_range(first_day.min(days - 1)..days);
            let mut visit =
                Visit { visit: (visits, false), day, second: near_hour(life.customer.hour, rng), app: rng.random() };
            let views = rng.random_range(1..6_u32);
            let login = if rng.random::<f64>() < self.login_share { rng.random_range(0..views) } else { u32::MAX };
            let product = || rng.random_range(0..products.len() as u32);
            let looked_at: Vec<u32> = std::iter::repeat_with(product).take(views as usize).collect();
            for (step, &product) in (0..).zip(&looked_at) {
                clicks.push(visit.event("view", step >= login, Some(product), None));
            }
            if rng.random::<f64>() < self.cart_share {
                let named = login < u32::MAX;
                let wanted = looked_at[looked_at.len() - 1];
                let price = Some(products[wanted as usize].price);
                clicks.push(visit.event("cart", named, Some(wanted), price));
                if rng.random() {
                    clicks.push(visit.event("checkout", named, None, price));
                }
                if rng.random::<f64>() < self.question_share {
                    clicks.push(visit.event("question", named, Some(wanted), None));
                }
            }
            visits += 1;
        }
        clicks.truncate(MOST_EVENTS);
        clicks
    }
}

/// A visit that goes on.
struct Visit {
    visit: (u64, bool),
    day: u32,
    second: u32,
    app: bool,
}

impl Visit {
    fn event(&mut self, event: &'static str, named: bool, product: Option<u32>, cart: Option<i64>) -> Click {
        let at = Moment { day: self.day, second: self.second.min(DAY_SECONDS - 1) };
        self.second += STEP;
        Click { visit: self.visit, at, app: self.app, named, event, product, cart }
    }
}
