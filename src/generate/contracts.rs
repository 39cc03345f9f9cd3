//! Contracts that are renewed or lost, with the probabilities of the shifted beta-geometric model.

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use rand::RngExt;
use rand_distr::{Beta, Distribution};
use serde::Serialize;

use super::row::Row;
use super::rows::{customer_number, headed, push_line};
use super::streams::{Purpose, Streams};
use crate::error::{Error, Result};

/// Columns of `contracts.csv`.
const COLUMNS: &str = "ContractNo,CustomerNo,Plan,FirstDay,Months,LastDay,Fee";

/// Contracts of customers: each one's own probability to be lost at a renewal is drawn once, from a beta distribution.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contracts {
    /// Share of customers with a contract; each has one at most.
    pub share: f64,
    /// Days before the end over which contracts begin, evenly; also before the history of purchases.
    pub days: u32,
    /// What can be agreed on, each as often.
    pub plans: Vec<Plan>,
}

/// One plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// Its name.
    pub name: &'static str,
    /// Months of a term.
    pub term_months: u32,
    /// First parameter of the distribution of the probability to be lost (sBG's `alpha`).
    pub alpha: f64,
    /// Second parameter (sBG's `beta`).
    pub beta: f64,
    /// What a term costs, in cents.
    pub fee_cents: i64,
}

impl Default for Contracts {
    /// The two segments of Fader & Hardie (2007), as plans; the yearly one is the loyal one.
    fn default() -> Self {
        Contracts {
            share: 0.3,
            days: 3_650,
            plans: vec![
                Plan { name: "monthly", term_months: 1, alpha: 0.704, beta: 1.182, fee_cents: 990 },
                Plan { name: "yearly", term_months: 12, alpha: 0.668, beta: 3.806, fee_cents: 9_900 },
            ],
        }
    }
}

impl Contracts {
    /// The text of `contracts.csv` as it stands after the day `end`, and how many contracts there are.
    ///
    /// # Errors
    /// Usage, when a parameter is out of its range.
    pub(super) fn export(&self, customers: u64, end: Date, streams: &Streams) -> Result<(Vec<u8>, u64)> {
        let wrong = |what: &str| Error::usage(format!("the contracts' {what} is out of range"));
        if !(0.0..=1.0).contains(&self.share) || self.plans.is_empty() || self.days == 0 {
            return Err(wrong("share, days or list of plans"));
        }
        let laws = self.plans.iter().map(|plan| match Beta::new(plan.alpha, plan.beta) {
            Ok(law) if plan.term_months > 0 => Ok(law),
            _ => Err(wrong("plan")),
        });
        let laws = laws.collect::<Result<Vec<_>>>()?;
        let mut text = headed(COLUMNS);
        let mut row = Row::default();
        let mut contracts = 0;
        for customer in 0..customers {
            let mut stream = streams.get(customer, Purpose::Contracts);
            if stream.random::<f64>() >= self.share {
                continue;
            }
            contracts += 1;
            let index = stream.random_range(0..self.plans.len());
            let plan = &self.plans[index];
            let begun = i64::from(stream.random_range(0..self.days));
            let start = end.checked_sub(begun.days()).map_err(|_| wrong("days"))?;
            let loss = laws[index].sample(&mut stream);
            let last_day = last_day(start, plan.term_months, end, || stream.random::<f64>() < loss);
            customer_number(row.start().id("V", 1 + customer, 8), customer)
                .text(plan.name)
                .text(start.to_string())
                .number(plan.term_months.into());
            match last_day {
                Some(day) => row.text(day.to_string()),
                None => row.empty(),
            };
            row.cents(plan.fee_cents);
            push_line(&mut text, &row);
        }
        Ok((text, contracts))
    }
}

/// The last day of a contract that began on `start` and is lost at the first renewal for which `is_lost`; none when it
/// still runs after `end`.
fn last_day(start: Date, term_months: u32, end: Date, mut is_lost: impl FnMut() -> bool) -> Option<Date> {
    for term in 1.. {
        let renewal = months_later(start, i64::from(term_months) * term)?;
        if renewal > end {
            return None;
        }
        if is_lost() {
            return renewal.yesterday().ok();
        }
    }
    None
}

/// The same day of a later month, or the first of the next one where there is no such day.
fn months_later(start: Date, months: i64) -> Option<Date> {
    let later = start.checked_add(Span::new().try_months(months).ok()?).ok()?;
    if later.day() == start.day() { Some(later) } else { later.tomorrow().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_contract_ends_on_the_day_before_a_renewal() {
        let start = date(2024, 1, 31);
        let lost_at = |renewal: u32| {
            let mut renewals = 0;
            last_day(start, 1, date(2024, 6, 30), move || {
                renewals += 1;
                renewals == renewal
            })
        };
        let days = [date(2024, 2, 29), date(2024, 3, 30), date(2024, 4, 30), date(2024, 5, 30)];
        assert_eq!([1, 2, 3, 4].map(|renewal| lost_at(renewal).unwrap()), days);
        // The next renewal is on 1 July.
        assert_eq!(lost_at(5), None);
    }
}
