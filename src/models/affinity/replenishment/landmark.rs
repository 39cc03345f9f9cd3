//! The probability that a customer buys a product again in the horizon, learned from earlier days.
//!
//! On each of up to three landmark days, a horizon apart, the world is seen as it was known then, and what came in the
//! horizon after it is known now (van Houwelingen 2007: landmarking). A logistic regression of the purchase on the
//! product's curve and on the customer's own record, fitted on these, is used today. So the probability is calibrated
//! on what happened, dropped-out customers and those who never buy again included.

use std::ops::Range;

use nalgebra::{SMatrix, SVector};

use super::super::purchases::Purchase;
use super::gaps::Gap;
use super::{Categories, Curves, Gaps, ReplenishmentOptions};

/// Days in which a purchase loses half its weight (`spec/affinity.md` 7.5).
const HALF_LIFE: f64 = 90.0;
/// Landmark days.
const MOST_LANDMARKS: i32 = 3;
/// Rows that a landmark is fitted on, about, at most: customers are drawn by number.
const MOST_ROWS: usize = 400_000;
/// With fewer purchases, or fewer rows without one, the curve stands alone.
const LEAST_EVENTS: u64 = 200;
/// Numbers that describe a habit.
const WIDTH: usize = 10;

/// What is known of a customer and a product.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habit {
    pub(super) customer: u32,
    pub(super) product: u32,
    pub(super) purchases: u32,
    pub(super) last_day: i32,
    /// Days from the last purchase to the first unknown day.
    pub(super) age: u32,
    pub(super) gap: Option<Gap>,
    /// What the curve says of the horizon.
    chance: f64,
    /// Purchases of the product, each weighing half for every half-life.
    weight: f64,
    /// Purchase days of the customer, weighed alike.
    activity: f64,
    /// Days from the customer's last purchase of anything to the first unknown day.
    idle: u32,
}

/// The world as it was known before a day.
pub(super) struct Seen<'a> {
    purchases: &'a [Purchase],
    pub(super) gaps: Gaps,
    curves: Curves,
    day: i32,
    horizon: u32,
}

impl<'a> Seen<'a> {
    pub(super) fn before(purchases: &'a [Purchase], categories: &Categories, day: i32, horizon: u32) -> Seen<'a> {
        let gaps = Gaps::new(purchases, categories, day);
        let curves = Curves::new(purchases, categories, day);
        Seen { purchases, gaps, curves, day, horizon }
    }

    /// Where each customer's purchases are.
    pub(super) fn customers(&self) -> Vec<Range<usize>> {
        let mut from = 0;
        let range = |lines: &[Purchase]| {
            from += lines.len();
            from - lines.len()..from
        };
        self.purchases.chunk_by(|a, b| a.customer == b.customer).map(range).collect()
    }

    /// Every product that a customer bought before the day, in order.
    pub(super) fn each(&self, lines: Range<usize>, mut visit: impl FnMut(&Habit)) {
        let lines = &self.purchases[lines];
        let mut days: Vec<i32> = lines.iter().map(|line| line.day).filter(|&day| day < self.day).collect();
        days.sort_unstable();
        days.dedup();
        let Some(last) = days.last() else { return };
        let idle = self.day.abs_diff(*last);
        let decayed = |day: i32| (-f64::from(self.day.abs_diff(day)) / HALF_LIFE).exp2();
        let activity: f64 = days.iter().map(|&day| decayed(day)).sum();
        for of_product in lines.chunk_by(|a, b| a.product == b.product) {
            let known = &of_product[..of_product.partition_point(|line| line.day < self.day)];
            let Some(last) = known.last() else { continue };
            let age = self.day.abs_diff(last.day);
            visit(&Habit {
                customer: last.customer,
                product: last.product,
                purchases: known.len() as u32,
                last_day: last.day,
                age,
                gap: self.gaps.of(known),
                chance: self.curves.chance(last.product, age, self.horizon),
                weight: known.iter().map(|line| decayed(line.day)).sum(),
                activity,
                idle,
            });
        }
    }

    /// Whether a customer bought a product in the horizon.
    fn came(&self, lines: &[Purchase], product: u32) -> bool {
        let end = self.day.saturating_add_unsigned(self.horizon);
        let from = lines.partition_point(|line| (line.product, line.day) < (product, self.day));
        lines.get(from).is_some_and(|line| line.product == product && line.day < end)
    }
}

impl Habit {
    fn described(&self) -> SVector<f64, WIDTH> {
        let late = self.gap.map_or(0.0, |gap| (f64::from(self.age) / gap.expected).ln());
        SVector::from([
            1.0,
            logit(self.chance),
            self.weight.max(1e-9).ln(),
            self.activity.max(1e-9).ln(),
            f64::from(self.idle).ln(),
            late,
            late * late,
            f64::from(self.purchases).ln(),
            (1.0 + f64::from(self.idle) * self.activity / HALF_LIFE).ln(),
            if self.purchases == 1 { 1.0 } else { 0.0 },
        ])
    }
}

/// What is made of the curve's chance.
pub(super) struct Correction {
    coefficients: Option<SVector<f64, WIDTH>>,
    pub(super) days: Vec<i32>,
    pub(super) rows: u64,
    pub(super) events: u64,
}

impl Correction {
    /// Fits on landmark days before `as_of_day`.
    pub(super) fn fit(
        purchases: &[Purchase],
        categories: &Categories,
        options: &ReplenishmentOptions<'_>,
    ) -> Correction {
        let mut fit = Correction { coefficients: None, days: Vec::new(), rows: 0, events: 0 };
        let known = purchases.iter().map(|line| line.day).filter(|&day| day < options.as_of_day);
        let (Some(first), horizon) = (known.min(), options.horizon_days as i32) else { return fit };
        let mut rows: Vec<(SVector<f64, WIDTH>, bool)> = Vec::new();
        for back in 1..=MOST_LANDMARKS {
            // As much before the landmark as is looked ahead, twice.
            let day = i64::from(options.as_of_day) - i64::from(back) * i64::from(horizon);
            if horizon == 0 || day - 2 * i64::from(horizon) < i64::from(first) {
                break;
            }
            let seen = Seen::before(purchases, categories, day as i32, options.horizon_days);
            let step = purchases.len().div_ceil(MOST_ROWS).max(1);
            for lines in seen.customers().into_iter().step_by(step) {
                let all = &purchases[lines.clone()];
                seen.each(lines, |habit| rows.push((habit.described(), seen.came(all, habit.product))));
            }
            fit.days.push(day as i32);
        }
        fit.rows = rows.len() as u64;
        fit.events = rows.iter().filter(|row| row.1).count() as u64;
        if fit.events.min(fit.rows - fit.events) >= LEAST_EVENTS {
            fit.coefficients = logistic(&rows);
        }
        if fit.coefficients.is_none() {
            fit.days.clear();
        }
        fit
    }

    pub(super) fn probability(&self, habit: &Habit) -> f64 {
        match &self.coefficients {
            Some(coefficients) => sigmoid(coefficients.dot(&habit.described())),
            None => habit.chance,
        }
    }
}

fn logit(p: f64) -> f64 {
    let p = p.clamp(1e-9, 1.0 - 1e-9);
    (p / (1.0 - p)).ln()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Newton's steps to the largest likelihood, with a ridge that only matters when a number says nothing. None when they do
/// not settle.
fn logistic(rows: &[(SVector<f64, WIDTH>, bool)]) -> Option<SVector<f64, WIDTH>> {
    let mut coefficients = SVector::<f64, WIDTH>::zeros();
    coefficients[1] = 1.0;
    for _ in 0..50 {
        let mut gradient = -coefficients;
        let mut information = SMatrix::<f64, WIDTH, WIDTH>::identity();
        for (x, came) in rows {
            let p = sigmoid(coefficients.dot(x));
            gradient += x * (f64::from(u8::from(*came)) - p);
            information += x * x.transpose() * (p * (1.0 - p));
        }
        let step = information.cholesky()?.solve(&gradient);
        coefficients += step;
        if step.amax() < 1e-9 {
            return Some(coefficients);
        }
        if !step.amax().is_finite() || coefficients.amax() > 1e3 {
            return None;
        }
    }
    None
}
