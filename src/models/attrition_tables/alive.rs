//! The probability of being alive as a feature: MBG/NBD (Batislam, Denizel and Filiztekin 2007), fitted at each day anew to
//! what was known then.

use crate::models::lifetime_value::choice::purchase_model;
use crate::models::lifetime_value::history::{Histories, History, numbered};
use crate::models::lifetime_value::population::{self, Population};

/// Dropout after the first purchase is possible in it, so that who bought once is not alive for certain.
const MODEL: &str = "mbg_nbd";

/// Days in the unit of time.
const DAYS: f64 = 7.0;

/// A fit that sees no dropout at all says of everybody that they are alive: with less between the lowest and the highest
/// probability, nobody is told from anybody.
const LEAST_SPREAD: f64 = 0.01;

/// One probability for each customer, by purchase days, days since the last and days since the first; none when the model does
/// not fit, or says the same of all.
pub fn p_alive(purchase_days: &[f64], recency_days: &[f64], tenure_days: &[f64]) -> Option<Vec<f64>> {
    let history = |((days, recency), tenure): ((&f64, &f64), &f64)| {
        History::new((days - 1.0).max(0.0) as u32, (tenure - recency) / DAYS, tenure / DAYS)
    };
    let histories: Vec<History> = purchase_days.iter().zip(recency_days).zip(tenure_days).map(history).collect();
    let model = purchase_model(MODEL).filter(|_| !histories.is_empty())?;
    if histories.iter().any(|history| history.fault().is_some()) {
        return None;
    }
    let fit = population::fit(&*model, &Population::plain(Histories::new(&histories)), None, None);
    if !fit.is_usable() {
        return None;
    }
    let process = model.process(&fit.parameters());
    let (distinct, numbers) = numbered(&histories);
    let alive: Vec<f64> = distinct.iter().map(|history| process.p_alive(history)).collect();
    let (lowest, highest) =
        alive.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lowest, highest), p| (lowest.min(*p), highest.max(*p)));
    (highest - lowest >= LEAST_SPREAD).then(|| numbers.iter().map(|number| alive[*number as usize]).collect())
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
        let alive = p_alive(&days, &recency, &tenure).unwrap();
        assert!((0..400).all(|row| if gone(row) { alive[row] < 0.2 } else { alive[row] > 0.8 }), "{alive:?}");
        let regular = vec![3.0; 400];
        assert_eq!(p_alive(&[53.0; 400], &regular, &tenure), None);
        assert_eq!(p_alive(&[], &[], &[]), None);
    }
}
