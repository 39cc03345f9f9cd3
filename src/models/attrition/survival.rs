//! How long customers stay: one score, stretched over the months (`spec/definitions.md` 3.7, 3.8).
//!
//! On a day, a customer has lapsed when they buy nothing from it on for a horizon. Days are looked at every month: month 0 is
//! the day of the score, and lapsing in it is what the score foretells. The hazard of a month is a level of its own and the
//! log-odds of the score, which may count less in later months than in the first. Without a score that varies, survival is
//! Kaplan and Meier's.

use std::collections::BTreeMap;

use super::calibration::logit;
use super::hazard::{CustomerMonths, Hazard, HazardOptions};
use super::unfit::Unfit;

/// Scores are put together by hundredths of log-odds.
const STEPS_A_LOGIT: f64 = 100.0;

/// Log-odds beyond these count as these: a rate of 0 or 1 in a small cell would weigh more than all others.
const MOST_LOGIT: f64 = 6.0;

/// Earlier customers: a value a customer in each.
#[derive(Debug, Clone, Copy)]
pub struct Lives<'a> {
    /// Probability of leaving, from a fit that has not seen the customer.
    pub scores: &'a [f64],
    /// The last month of which it is known whether they had lapsed.
    pub last_month: &'a [u16],
    /// The month in which they lapsed.
    pub lapse_month: &'a [Option<u16>],
}

/// What was learnt of how long customers stay.
#[derive(Debug, Clone)]
pub struct Survival {
    hazard: Hazard,
    columns: usize,
}

/// The log-odds of a score in whole steps.
fn step_of(score: f64) -> i32 {
    (logit(score).clamp(-MOST_LOGIT, MOST_LOGIT) * STEPS_A_LOGIT).round() as i32
}

/// The log-odds, and the same again after month 0: what is added to its weight there.
fn columns_of(step: i32, month: u16) -> [f64; 2] {
    let logit = f64::from(step) / STEPS_A_LOGIT;
    [logit, if month > 0 { logit } else { 0.0 }]
}

impl Survival {
    /// Learns from customers whose months are known at least in part.
    ///
    /// # Errors
    /// As [`Hazard::fit`].
    pub fn fit(lives: &Lives<'_>, options: &HazardOptions) -> Result<Survival, Unfit> {
        if lives.scores.len() != lives.last_month.len() || lives.scores.len() != lives.lapse_month.len() {
            return Err(Unfit::Lengths);
        }
        if lives.scores.iter().any(|score| !score.is_finite()) {
            return Err(Unfit::NotANumber);
        }
        let mut counts: BTreeMap<(u16, i32, bool), u32> = BTreeMap::new();
        for ((score, last), lapse) in lives.scores.iter().zip(lives.last_month).zip(lives.lapse_month) {
            let lapse = lapse.filter(|lapse| lapse <= last);
            for month in 0..=lapse.unwrap_or(*last) {
                *counts.entry((month, step_of(*score), lapse == Some(month))).or_default() += 1;
            }
        }
        let varies = |months: &dyn Fn(u16) -> bool| {
            let mut steps = counts.keys().filter(|key| months(key.0)).map(|key| key.1);
            let first = steps.next();
            steps.any(|step| Some(step) != first)
        };
        // A column that is one number says nothing beside the levels.
        let columns = if varies(&|month| month > 0) { 2 } else { usize::from(varies(&|_| true)) };
        let column = |place: usize| counts.keys().map(|key| columns_of(key.1, key.0)[place]).collect();
        let months = CustomerMonths {
            month: counts.keys().map(|key| key.0).collect(),
            lapsed: counts.keys().map(|key| key.2).collect(),
            weights: Some(counts.values().map(|count| f64::from(*count)).collect()),
            columns: (0..columns).map(column).collect(),
        };
        Ok(Survival { hazard: Hazard::fit(&months, options)?, columns })
    }

    /// The probabilities of not having lapsed in month 0, in month 1 or before, and so on, to the last month that anybody
    /// was seen in: nothing is extrapolated.
    pub fn curve(&self, score: f64) -> Vec<f64> {
        let step = step_of(score);
        let mut left = 1.0;
        let mut curve = Vec::new();
        for month in 0..=self.hazard.last_month() {
            let Some(hazard) = self.hazard.hazard(month, &columns_of(step, month)[..self.columns]) else { break };
            left *= 1.0 - hazard;
            curve.push(left);
        }
        curve
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::golden_rows::Lcg;
    use super::*;

    const EXACT: HazardOptions = HazardOptions { penalty: 0.0, least_events: 1.0 };

    struct Planted {
        scores: Vec<f64>,
        last: Vec<u16>,
        lapse: Vec<Option<u16>>,
    }

    impl Planted {
        fn lives(&self) -> Lives<'_> {
            Lives { scores: &self.scores, last_month: &self.last, lapse_month: &self.lapse }
        }

        /// Kaplan and Meier's survival after each month, from the definition: lapses over customers at risk.
        fn kaplan_meier(&self) -> Vec<f64> {
            let mut left = 1.0;
            let survive = |month: u16| {
                let end = |row: usize| self.lapse[row].unwrap_or(self.last[row]).min(self.last[row]);
                let at_risk = (0..self.last.len()).filter(|row| end(*row) >= month).count();
                let lapsed = (0..self.last.len()).filter(|row| self.lapse[*row] == Some(month)).count();
                left *= 1.0 - lapsed as f64 / at_risk as f64;
                left
            };
            (0..=*self.last.iter().max().unwrap()).map(survive).collect()
        }
    }

    /// Customers whose log-odds of lapsing are their score's in month 0, and half of that after.
    fn planted(customers: usize, score: impl Fn(f64) -> f64) -> Planted {
        let mut lcg = Lcg(7);
        let mut made = Planted { scores: Vec::new(), last: Vec::new(), lapse: Vec::new() };
        for _ in 0..customers {
            let score = score(lcg.uniform());
            let last = (lcg.uniform() * 6.0).floor() as u16;
            let hazard = |month: u16| {
                let logit = logit(score);
                1.0 / (1.0 + (-if month == 0 { logit } else { 0.5 * logit - 0.7 }).exp())
            };
            made.scores.push(score);
            made.last.push(last);
            made.lapse.push((0..=last).find(|month| lcg.uniform() < hazard(*month)));
        }
        made
    }

    #[test]
    fn without_a_score_that_varies_it_is_kaplan_meier() {
        let made = planted(4_000, |_| 0.3);
        let survival = Survival::fit(&made.lives(), &EXACT).unwrap();
        let (found, expected) = (survival.curve(0.3), made.kaplan_meier());
        assert_eq!(found.len(), 6);
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        // Who a fit has not seen in any month cannot be told apart either.
        assert_eq!(survival.curve(0.9), found);
    }

    #[test]
    fn each_month_has_as_many_expected_lapses_as_there_were() {
        let made = planted(4_000, |uniform| 0.05 + 0.9 * uniform);
        let survival = Survival::fit(&made.lives(), &EXACT).unwrap();
        for month in 0..6_u16 {
            let (mut expected, mut found) = (0.0, 0.0);
            for row in 0..made.last.len() {
                if made.lapse[row].unwrap_or(made.last[row]) >= month {
                    let curve = survival.curve(made.scores[row]);
                    let before = if month == 0 { 1.0 } else { curve[usize::from(month) - 1] };
                    expected += 1.0 - curve[usize::from(month)] / before;
                    found += f64::from(u8::from(made.lapse[row] == Some(month)));
                }
            }
            assert!((expected - found).abs() < 1e-6, "month {month}: {expected} {found}");
        }
    }

    #[test]
    fn a_planted_weight_comes_back_and_counts_less_after_the_first_month() {
        let made = planted(60_000, |uniform| 0.05 + 0.9 * uniform);
        let survival = Survival::fit(&made.lives(), &HazardOptions::default()).unwrap();
        let [first, change] = survival.hazard.coefficients() else { panic!("two columns") };
        assert!((first - 1.0).abs() < 0.03, "{first}");
        assert!((first + change - 0.5).abs() < 0.05, "{change}");
        // The month of the score is the score.
        assert!((survival.curve(0.2)[0] - 0.8).abs() < 0.01);
        let (good, bad) = (survival.curve(0.1), survival.curve(0.8));
        assert!(good.iter().zip(&bad).all(|(good, bad)| good > bad));
    }

    #[test]
    fn one_month_is_enough_and_nobody_who_lapsed_is_not() {
        let one =
            Lives { scores: &[0.2, 0.4, 0.4, 0.8], last_month: &[0; 4], lapse_month: &[None, Some(0), None, Some(0)] };
        let survival = Survival::fit(&one, &HazardOptions { penalty: 1.0, least_events: 1.0 }).unwrap();
        assert_eq!(survival.curve(0.5).len(), 1);
        let nobody = Lives { lapse_month: &[None; 4], ..one };
        assert_eq!(Survival::fit(&nobody, &EXACT).unwrap_err().status(), "insufficient_data");
        assert_eq!(Survival::fit(&Lives { scores: &[f64::NAN; 4], ..one }, &EXACT).unwrap_err(), Unfit::NotANumber);
    }
}
