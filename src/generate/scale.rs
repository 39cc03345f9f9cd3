//! How many rows to expect, and how fast customers must buy for a wanted number of them.

use rayon::prelude::*;

use super::life::{Order, Shop};
use crate::error::{Error, Result};

/// Customers whose orders are counted to try a scale: enough for a standard error of about two in a hundred.
const ORDER_PILOT: u64 = 8_192;
/// Customers whose whole lives are made to see how many rows come with an order.
const ROW_PILOT: u64 = 1_024;
/// Scales of purchase rates that are tried: a factor of a thousand either way.
const DOUBLINGS: u32 = 10;

/// Sets the scale of purchase rates so that `customers` customers make about `lines` rows of transactions, or leaves it
/// where no number is wanted. Returns the rows a customer to expect.
///
/// # Errors
/// Usage, when no scale reaches the number: everybody orders at least once, and leaves some time.
pub(super) fn scale(shop: &mut Shop<'_>, customers: u64, lines: Option<u64>) -> Result<f64> {
    if let Some(lines) = lines {
        let wanted = lines as f64 / customers as f64;
        // Twice, because campaigns add orders that do not grow with the scale.
        for _ in 0..2 {
            let wanted_orders =
                wanted * orders_a_customer(shop, customers.min(ROW_PILOT)) / rows_a_customer(shop, customers);
            shop.rate_scale = scale_for(shop, customers.min(ORDER_PILOT), wanted_orders).ok_or_else(|| {
                Error::usage(format!("{customers} customers cannot make {lines} lines in {} days", shop.days))
                    .hint("choose fewer or more customers, or leave `lines` out")
            })?;
        }
    }
    Ok(rows_a_customer(shop, customers))
}

/// The scale with which a customer makes `wanted` orders on average: doubled or halved until it is passed, then halved
/// in between. Orders grow with the scale, as every customer's stream of draws stays the same.
fn scale_for(shop: &mut Shop<'_>, pilot: u64, wanted: f64) -> Option<f64> {
    let mut enough = |scale: f64| {
        shop.rate_scale = scale;
        orders_a_customer(shop, pilot) >= wanted
    };
    let factor: f64 = if enough(1.0) { 0.5 } else { 2.0 };
    let beyond = (1..=DOUBLINGS).map(|step| factor.powi(step as i32)).find(|&scale| enough(scale) == (factor > 1.0))?;
    let (mut low, mut high) = (beyond.min(beyond / factor), beyond.max(beyond / factor));
    for _ in 0..8 {
        let middle = (low * high).sqrt();
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

fn orders_a_customer(shop: &Shop<'_>, pilot: u64) -> f64 {
    let orders: u64 = (0..pilot).into_par_iter().map(|index| shop.own_orders(index)).sum();
    orders as f64 / pilot as f64
}

fn rows_a_customer(shop: &Shop<'_>, customers: u64) -> f64 {
    let pilot = customers.min(ROW_PILOT);
    let rows: u64 = (0..pilot)
        .into_par_iter()
        .map(|index| {
            let life = shop.life(index);
            life.orders.iter().chain(&life.anonymous).map(Order::rows).sum::<u64>()
        })
        .sum();
    rows as f64 / pilot as f64
}
