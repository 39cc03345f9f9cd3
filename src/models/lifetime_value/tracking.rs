//! Purchases week by week: those that came, and those that a model expected of customers acquired on known days.

use rayon::prelude::*;

use super::process::Process;

/// How many customers with one row of covariates made their first purchase on a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Acquired {
    /// Row of covariates.
    pub group: u32,
    /// The day.
    pub day: i64,
    /// How many.
    pub customers: f64,
}

/// Expected repeat purchases up to the end of each week. `ends` are the days after each week, in order; a customer
/// acquired on day `d` is `end - 1 - d` days old at the end of a week.
pub fn expected(processes: &[Box<dyn Process>], acquired: &[Acquired], ends: &[i64], unit_days: f64) -> Vec<f64> {
    let (Some(first), Some(last)) = (acquired.iter().map(|acquired| acquired.day).min(), ends.last()) else {
        return vec![0.0; ends.len()];
    };
    let oldest = usize::try_from(last - 1 - first).unwrap_or(0);
    // Ages that are asked for: the days between any acquisition and any end.
    let curves: Vec<Vec<f64>> = processes
        .iter()
        .map(|process| (0..=oldest).into_par_iter().map(|age| process.expected_of_new(age as f64 / unit_days)).collect())
        .collect();
    ends.iter()
        .map(|end| {
            let of = |acquired: &Acquired| {
                let age = end - 1 - acquired.day;
                let age = usize::try_from(age).ok().and_then(|age| curves[acquired.group as usize].get(age));
                age.map_or(0.0, |expected| acquired.customers * expected)
            };
            acquired.iter().map(of).sum()
        })
        .collect()
}
