//! How many rows to expect, and how fast customers must buy for a wanted number of them.

use rayon::prelude::*;

use super::life::{Life, Order, Shop};
use crate::error::{Error, Result};

/// Customers to try a scale on: the standard error of the mean is then about three parts in a hundred.
const PILOT: u64 = 4_096;

/// Sets the scale of purchase rates so that `customers` customers make about `lines` rows of transactions, or leaves it
/// where no number is wanted. Returns the rows a customer to expect.
///
/// # Errors
/// Usage, when no scale reaches the number: everybody orders at least once, and leaves some time.
pub(super) fn scale(shop: &mut Shop<'_>, customers: u64, lines: Option<u64>) -> Result<f64> {
    let pilot = customers.min(PILOT);
    let Some(lines) = lines else {
        return Ok(rows_a_customer(shop, pilot));
    };
    let wanted = lines as f64 / customers as f64;
    // Bisection: rows grow with the scale, which runs over four powers of ten either way.
    let (mut low, mut high) = (1e-4_f64.ln(), 1e4_f64.ln());
    for _ in 0..20 {
        let middle = f64::midpoint(low, high);
        shop.rate_scale = middle.exp();
        if rows_a_customer(shop, pilot) < wanted { low = middle } else { high = middle }
    }
    shop.rate_scale = high.exp();
    let rows = rows_a_customer(shop, pilot);
    if (rows / wanted - 1.0).abs() > 0.05 {
        return Err(Error::usage(format!("{customers} customers cannot make {lines} lines in {} days", shop.days))
            .hint("choose fewer or more customers, or leave `lines` out"));
    }
    Ok(rows)
}

fn rows_a_customer(shop: &Shop<'_>, pilot: u64) -> f64 {
    let rows: u64 = (0..pilot).into_par_iter().map(|index| rows(&shop.life(index))).sum();
    rows as f64 / pilot as f64
}

fn rows(life: &Life) -> u64 {
    life.orders.iter().chain(&life.anonymous).map(Order::rows).sum()
}
