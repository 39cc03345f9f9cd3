//! The chance of a purchase on a day, given that there was none since the last one.
//!
//! Within periods of days since the last purchase the rate is constant: purchases over days at risk, where open gaps are
//! at risk until today. It is the piecewise exponential form of Kaplan & Meier's curve, and those who never come back
//! keep it low at the end. Each level gets, in each period, as many purchases more as [`PRIOR`] at the rate of the level
//! above: all, category, product; a product gets them at its category's rate times its own level.

use super::super::purchases::Purchase;
use super::Categories;

/// First day of each period after the first, which begins with day 1.
const ENDS: [u32; 13] = [4, 8, 15, 22, 29, 43, 61, 91, 121, 181, 271, 366, 541];
const PERIODS: usize = ENDS.len() + 1;

/// Purchases at the rate of the level above.
const PRIOR: f64 = 5.0;

/// Purchases and days at risk.
type Risk = [(u64, u64); PERIODS];

/// A curve for each product.
pub(super) struct Curves {
    rates: Vec<[f64; PERIODS]>,
}

impl Curves {
    /// From distinct purchases in order, as far as `before` a day.
    pub(super) fn new(purchases: &[Purchase], categories: &Categories, before: i32) -> Curves {
        let mut risks: Vec<Risk> = vec![[(0, 0); PERIODS]; categories.of.len()];
        for lines in purchases.chunk_by(|a, b| (a.customer, a.product) == (b.customer, b.product)) {
            let known = &lines[..lines.partition_point(|line| line.day < before)];
            let Some(last) = known.last() else { continue };
            let risk = &mut risks[last.product as usize];
            for pair in known.windows(2) {
                let gap = pair[1].day.abs_diff(pair[0].day);
                at_risk(risk, gap);
                risk[period(gap)].0 += 1;
            }
            at_risk(risk, before.abs_diff(last.day) - 1);
        }
        let mut by_category: Vec<Risk> = vec![[(0, 0); PERIODS]; categories.count];
        let mut all: Risk = [(0, 0); PERIODS];
        for (risk, category) in risks.iter().zip(&categories.of) {
            add(&mut all, risk);
            if let Some(category) = category {
                add(&mut by_category[*category as usize], risk);
            }
        }
        // Of periods that nothing was at risk in, the rate is that of all days together.
        let (events, days) = all.iter().fold((0, 0), |sum, risk| (sum.0 + risk.0, sum.1 + risk.1));
        let overall = [if days > 0 { (events as f64 + 0.5) / (days as f64 + 1.0) } else { 0.0 }; PERIODS];
        let all = shrunk(&all, &overall);
        let by_category: Vec<[f64; PERIODS]> = by_category.iter().map(|risk| shrunk_with_level(risk, &all)).collect();
        let rates = risks
            .iter()
            .zip(&categories.of)
            .map(|(risk, category)| {
                shrunk_with_level(risk, category.map_or(&all, |category| &by_category[category as usize]))
            })
            .collect();
        Curves { rates }
    }

    /// Chance of a purchase of `product` on one of the days `from .. from + days` since the last one, given that there was
    /// none before.
    pub(super) fn chance(&self, product: u32, from: u32, days: u32) -> f64 {
        let rates = &self.rates[product as usize];
        let (start, end) = (u64::from(from), u64::from(from) + u64::from(days));
        let mut sum = 0.0;
        for (index, rate) in rates.iter().enumerate() {
            let (first, last) = bounds(index);
            let shared = end.min(last).saturating_sub(start.max(first));
            sum += rate * shared as f64;
        }
        -(-sum).exp_m1()
    }
}

/// First day of a period, and the first after it.
fn bounds(period: usize) -> (u64, u64) {
    let first = if period == 0 { 1 } else { u64::from(ENDS[period - 1]) };
    (first, ENDS.get(period).map_or(u64::MAX, |&end| u64::from(end)))
}

fn period(day: u32) -> usize {
    ENDS.partition_point(|&end| end <= day)
}

/// Days 1 to `last` were at risk.
fn at_risk(risk: &mut Risk, last: u32) {
    for (index, risk) in risk.iter_mut().enumerate() {
        let (first, end) = bounds(index);
        if first > u64::from(last) {
            break;
        }
        risk.1 += end.min(u64::from(last) + 1) - first;
    }
}

fn add(sum: &mut Risk, more: &Risk) {
    for (sum, more) in sum.iter_mut().zip(more) {
        sum.0 += more.0;
        sum.1 += more.1;
    }
}

fn shrunk(risk: &Risk, above: &[f64; PERIODS]) -> [f64; PERIODS] {
    std::array::from_fn(|index| {
        let (events, days) = risk[index];
        if above[index] > 0.0 { (events as f64 + PRIOR) / (days as f64 + PRIOR / above[index]) } else { 0.0 }
    })
}

/// First the level against the level above, over all periods together, then each period.
fn shrunk_with_level(risk: &Risk, above: &[f64; PERIODS]) -> [f64; PERIODS] {
    let events: u64 = risk.iter().map(|risk| risk.0).sum();
    let expected: f64 = risk.iter().zip(above).map(|(risk, rate)| risk.1 as f64 * rate).sum();
    let level = (events as f64 + PRIOR) / (expected + PRIOR);
    shrunk(risk, &above.map(|rate| rate * level))
}
