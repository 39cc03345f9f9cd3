//! The probability of being alive as a feature: MBG/NBD (Batislam, Denizel and Filiztekin 2007), fitted at each day anew to
//! what was known then.

use crate::models::lifetime_value::choice::purchase_model;
use crate::models::lifetime_value::history::{Histories, History, numbered};
use crate::models::lifetime_value::population::{self, Population};

/// Dropout after the first purchase is possible in it, so that who bought once is not alive for certain.
const MODEL: &str = "mbg_nbd";

/// Days in the unit of time.
const DAYS: f64 = 7.0;

/// One probability for each customer, by purchase days, days since the last and days since the first; NaN when the model does
/// not fit.
pub fn p_alive(purchase_days: &[f64], recency_days: &[f64], tenure_days: &[f64]) -> Vec<f64> {
    let history = |((days, recency), tenure): ((&f64, &f64), &f64)| {
        History::new((days - 1.0).max(0.0) as u32, (tenure - recency) / DAYS, tenure / DAYS)
    };
    let histories: Vec<History> = purchase_days.iter().zip(recency_days).zip(tenure_days).map(history).collect();
    let unknown = || vec![f64::NAN; histories.len()];
    let Some(model) = purchase_model(MODEL).filter(|_| !histories.is_empty()) else { return unknown() };
    if histories.iter().any(|history| history.fault().is_some()) {
        return unknown();
    }
    let fit = population::fit(&*model, &Population::plain(Histories::new(&histories)), None, None);
    if !fit.is_usable() {
        return unknown();
    }
    let process = model.process(&fit.parameters());
    let (distinct, numbers) = numbered(&histories);
    let alive: Vec<f64> = distinct.iter().map(|history| process.p_alive(history)).collect();
    numbers.iter().map(|number| alive[*number as usize]).collect()
}
