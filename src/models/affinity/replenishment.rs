//! What a customer will buy again, when, and how likely it is in the days ahead (`spec/affinity.md` 0.4, 2.7 and 7.4).
//!
//! 1. **Gaps.** The days between a customer's successive purchase days of a product, pooled over customers: their number
//!    and quartiles, as they are.
//! 2. **Expected gap.** Logarithms of gaps have a mean of their own in each category, product and customer with a
//!    product, scattered around the mean of the level above (`gaps.rs`). A level with few gaps lies near the one above. A
//!    purchase is due an expected gap after the last one.
//! 3. **Curve.** Many never buy again, and their gap has no end: of each product, the chance of a purchase on a day, given
//!    that there was none since the last one, from ended and open gaps alike, shrunk to category and to all (`curve.rs`).
//! 4. **Probability in the horizon.** What the curve says, corrected for the customer by a logistic regression that is
//!    fitted on earlier days: it looks back as if each were today and sees what came (`landmark.rs`). Without enough
//!    history for that, the curve alone.
//!
//! # States
//! The *late gap* of a customer and a product is the one that 19 of 20 of those who come back come back within.
//!
//! - `lapsed`: more days have passed than the late gap, after at least two purchases: for `win_back`;
//! - `overdue`: the due day has passed; `due`: it is in the horizon: both for `replenish`;
//! - `not_due`: it comes later; or the late gap has passed after a single purchase, which never was a habit.
//!
//! Quantities are not looked at: a customer who takes two packs is asked again as early as one who takes one.

mod curve;
mod gaps;
mod landmark;

#[cfg(test)]
mod goldens;
#[cfg(test)]
mod planted;

use rayon::prelude::*;

use super::purchases::{Purchase, distinct};
use curve::Curves;
use gaps::Gaps;
use landmark::{Correction, Seen};

/// A product without a category.
pub const NO_CATEGORY: u32 = u32::MAX;

/// When, how far ahead, and what belongs together.
#[derive(Debug, Clone, Copy)]
pub struct ReplenishmentOptions<'a> {
    /// The first day that is not known yet: purchases on it and later are not looked at.
    pub as_of_day: i32,
    /// Days ahead, `as_of_day` the first.
    pub horizon_days: u32,
    /// Per product the number of its category, or [`NO_CATEGORY`]. Empty: no product has one.
    pub categories: &'a [u32],
}

/// Where most of an expected gap comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CycleSource {
    /// The product's own gaps.
    Product,
    /// Those of its category.
    Category,
    /// Those of all products.
    All,
}

impl CycleSource {
    /// As written in tables.
    pub fn name(self) -> &'static str {
        match self {
            CycleSource::Product => "product",
            CycleSource::Category => "category",
            CycleSource::All => "all",
        }
    }
}

/// How a product is bought again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cycle {
    /// The product.
    pub product: u32,
    /// Gaps of all its customers.
    pub gaps: u64,
    /// Customers with a gap.
    pub customers: u64,
    /// Lower quartile of the gaps in days, interpolated linearly. None without a gap.
    pub q1_days: Option<f64>,
    /// Their median.
    pub median_gap_days: Option<f64>,
    /// Their upper quartile.
    pub q3_days: Option<f64>,
    /// Median gap of a customer who is not known, shrunk to the category and to all. None when nobody bought anything
    /// twice.
    pub expected_gap_days: Option<f64>,
    /// Of those who come back, 19 of 20 do within so many days.
    pub late_gap_days: Option<f64>,
    /// How much of `expected_gap_days` comes from the product's own gaps, 0 to 1.
    pub own_share: f64,
    /// Where most of it comes from.
    pub source: CycleSource,
}

/// Whether it is time to buy again (see the head of this file).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AgainStatus {
    /// Not in the horizon, or never a habit.
    NotDue,
    /// In the horizon.
    Due,
    /// Before it.
    Overdue,
    /// So long before it that it is lost.
    Lapsed,
}

impl AgainStatus {
    /// As written in tables.
    pub fn name(self) -> &'static str {
        match self {
            AgainStatus::NotDue => "not_due",
            AgainStatus::Due => "due",
            AgainStatus::Overdue => "overdue",
            AgainStatus::Lapsed => "lapsed",
        }
    }
}

/// A customer and a product they bought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Again {
    /// The customer.
    pub customer: u32,
    /// The product.
    pub product: u32,
    /// Days on which they bought it.
    pub purchases: u32,
    /// The last of them.
    pub last_day: i32,
    /// The customer's gap, shrunk to the product's. None when nobody bought anything twice.
    pub expected_gap_days: Option<f64>,
    /// `last_day` and the expected gap, rounded to the nearest day. None without one.
    pub due_day: Option<i32>,
    /// Days from `due_day` to `as_of_day`, negative before it is due.
    pub days_overdue: Option<i32>,
    /// Chance of a purchase in the horizon.
    pub probability: f64,
    /// Whether it is time.
    pub status: AgainStatus,
}

/// Products, and customers with what they bought.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Replenishment {
    /// One a product, in order.
    pub cycles: Vec<Cycle>,
    /// One for each customer and product that they bought before `as_of_day`, in order.
    pub rows: Vec<Again>,
    /// Earlier days that the probabilities were corrected on; none: the curves stand alone.
    pub landmark_days: Vec<i32>,
    /// Rows that the correction was fitted on, and purchases seen among them.
    pub landmark_rows: u64,
    /// Of these, how many bought again in their horizon.
    pub landmark_events: u64,
}

/// When customers will buy again what they bought before `as_of_day`.
///
/// Sums of doubles are taken in the order of products and customers, so the result is the same bytes for any number of
/// threads.
///
/// # Panics
/// When a product is not below `products`.
pub fn replenishment(purchases: &[Purchase], products: usize, options: &ReplenishmentOptions<'_>) -> Replenishment {
    let purchases = distinct(purchases);
    let categories = Categories::new(products, options.categories);
    let correction = Correction::fit(&purchases, &categories, options);
    let seen = Seen::before(&purchases, &categories, options.as_of_day, options.horizon_days);
    let rows: Vec<Vec<Again>> = seen
        .customers()
        .into_par_iter()
        .map(|lines| {
            let mut rows = Vec::new();
            seen.each(lines, |habit| {
                let probability = correction.probability(habit);
                rows.push(again(habit, probability, options));
            });
            rows
        })
        .collect();
    Replenishment {
        cycles: seen.gaps.cycles(),
        rows: rows.concat(),
        landmark_days: correction.days,
        landmark_rows: correction.rows,
        landmark_events: correction.events,
    }
}

fn again(habit: &landmark::Habit, probability: f64, options: &ReplenishmentOptions<'_>) -> Again {
    let due_day = habit.gap.map(|gap| habit.last_day.saturating_add(gap.expected.round() as i32));
    let status = match (habit.gap, due_day) {
        (Some(gap), Some(due)) => {
            if f64::from(habit.age) > gap.late {
                if habit.purchases > 1 { AgainStatus::Lapsed } else { AgainStatus::NotDue }
            } else if due < options.as_of_day {
                AgainStatus::Overdue
            } else if i64::from(due) < i64::from(options.as_of_day) + i64::from(options.horizon_days) {
                AgainStatus::Due
            } else {
                AgainStatus::NotDue
            }
        }
        _ => AgainStatus::NotDue,
    };
    Again {
        customer: habit.customer,
        product: habit.product,
        purchases: habit.purchases,
        last_day: habit.last_day,
        expected_gap_days: habit.gap.map(|gap| gap.expected),
        due_day,
        days_overdue: due_day.map(|due| options.as_of_day.saturating_sub(due)),
        probability,
        status,
    }
}

/// The category of each product as a place in a table: those without one have none.
struct Categories {
    of: Vec<Option<u32>>,
    count: usize,
}

impl Categories {
    fn new(products: usize, numbers: &[u32]) -> Categories {
        let of: Vec<Option<u32>> = (0..products)
            .map(|product| numbers.get(product).copied().filter(|&category| category != NO_CATEGORY))
            .collect();
        let count = of.iter().flatten().map(|&category| category as usize + 1).max().unwrap_or(0);
        Categories { of, count }
    }
}
