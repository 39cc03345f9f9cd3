//! The probability of being alive as a feature: MBG/NBD (Batislam, Denizel and Filiztekin 2007), fitted at each day anew to
//! what was known then.

use crate::models::lifetime_value::choice::purchase_model;
use crate::models::lifetime_value::history::{Histories, History, numbered};
use crate::models::lifetime_value::population::{self, Population};
use crate::models::lifetime_value::process::Process;

/// Dropout after the first purchase is possible in it, so that who bought once is not alive for certain.
const MODEL: &str = "mbg_nbd";

/// Days in the unit of time.
const DAYS: f64 = 7.0;

/// A fit that sees no dropout at all says of everybody that they are alive: with less between the lowest and the highest
/// probability, nobody is told from anybody.
const LEAST_SPREAD: f64 = 0.01;

/// Customers of one day by purchase days, days since the last and days since the first.
#[derive(Clone, Copy)]
pub struct Timing<'a> {
    pub purchase_days: &'a [f64],
    pub recency_days: &'a [f64],
    pub tenure_days: &'a [f64],
}

impl Timing<'_> {
    fn histories(&self) -> Vec<History> {
        let history = |((days, recency), tenure): ((&f64, &f64), &f64)| {
            History::new((days - 1.0).max(0.0) as u32, (tenure - recency) / DAYS, tenure / DAYS)
        };
        self.purchase_days.iter().zip(self.recency_days).zip(self.tenure_days).map(history).collect()
    }
}

/// A fit to the customers of one day.
pub struct Alive(Box<dyn Process>);

impl Alive {
    /// Fits; none when the model does not, or says the same of all.
    pub fn fit(customers: &Timing<'_>) -> Option<Alive> {
        let histories = customers.histories();
        let model = purchase_model(MODEL).filter(|_| !histories.is_empty())?;
        if histories.iter().any(|history| history.fault().is_some()) {
            return None;
        }
        let histories = Histories::new(&histories);
        let fit = population::fit(&*model, &Population::plain(histories), None, None);
        if !fit.is_usable() {
            return None;
        }
        let alive = Alive(model.process(&fit.parameters()));
        let of_all = alive.of(customers).into_iter();
        let (lowest, highest) = of_all.fold((f64::INFINITY, f64::NEG_INFINITY), |(lowest, highest): (f64, f64), p| {
            (lowest.min(p), highest.max(p))
        });
        (highest - lowest >= LEAST_SPREAD).then_some(alive)
    }

    /// One probability for each customer; NaN where no history can be so.
    pub fn of(&self, customers: &Timing<'_>) -> Vec<f64> {
        let (distinct, numbers) = numbered(&customers.histories());
        let p_alive = |history: &History| history.fault().map_or_else(|| self.0.p_alive(history), |_| f64::NAN);
        let alive: Vec<f64> = distinct.iter().map(p_alive).collect();
        numbers.iter().map(|number| alive[*number as usize]).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn who_is_overdue_by_their_own_rhythm_is_less_alive_and_nobody_is_told_apart_where_none_dropped_out() {
        // Every second customer bought each week and then never again; the others still do.
        let tenure = vec![364.0; 400];
        let gone = |row: usize| row % 2 == 0;
        let recency: Vec<f64> = (0..400).map(|row| if gone(row) { 200.0 + row as f64 / 4.0 } else { 3.0 }).collect();
        let days: Vec<f64> = recency.iter().map(|recency| ((364.0 - recency) / 7.0).floor() + 1.0).collect();
        let customers = Timing { purchase_days: &days, recency_days: &recency, tenure_days: &tenure };
        let fit = Alive::fit(&customers).unwrap();
        let alive = fit.of(&customers);
        assert!((0..400).all(|row| if gone(row) { alive[row] < 0.2 } else { alive[row] > 0.8 }), "{alive:?}");
        // One after the other as all together; a history that cannot be is not known.
        let of_one = |row: usize| {
            let one = row..row + 1;
            fit.of(&Timing {
                purchase_days: &days[one.clone()],
                recency_days: &recency[one.clone()],
                tenure_days: &tenure[one],
            })
        };
        assert!((0..400).all(|row| of_one(row) == [alive[row]]));
        let impossible = Timing { purchase_days: &[3.0], recency_days: &[-7.0], tenure_days: &[364.0] };
        assert!(fit.of(&impossible)[0].is_nan());
        let regular = Timing { purchase_days: &[53.0; 400], recency_days: &[3.0; 400], tenure_days: &tenure };
        assert!(Alive::fit(&regular).is_none());
        assert!(Alive::fit(&Timing { purchase_days: &[], recency_days: &[], tenure_days: &[] }).is_none());
    }
}
