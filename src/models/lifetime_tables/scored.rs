//! Figures by customer, and totals.

use super::super::lifetime_value::scores::Score;
use super::super::lifetime_value::totals::Total;
use super::super::{Rows, Values};
use crate::contract::SCALE;

/// Money in ten-thousandths, to the nearest; nothing for what is no number or does not fit.
fn e4(value: f64) -> Option<i64> {
    let scaled = (value * SCALE as f64).round();
    // Whole numbers of this size are exact in a double.
    (scaled.abs() < 9e15).then_some(scaled as i64)
}

/// `history_scores`: the figures of each customer of the published fit, by number.
pub fn history_scores(customer_no: &[i64], scores: &[Option<Score>]) -> Rows {
    let mut scored: Vec<(i64, &Score)> =
        customer_no.iter().zip(scores).filter_map(|(customer, score)| Some((*customer, score.as_ref()?))).collect();
    scored.sort_by_key(|(customer, _)| *customer);
    let double = |of: fn(&Score) -> f64| Values::Double(scored.iter().map(|(_, score)| Some(of(score))).collect());
    let count =
        |of: fn(&Score) -> u32| Values::Whole(scored.iter().map(|(_, score)| Some(i64::from(of(score)))).collect());
    let money =
        |of: fn(&Score) -> Option<f64>| Values::Whole(scored.iter().map(|(_, score)| of(score).and_then(e4)).collect());
    // A purchase within the first day comes on its end: the least wait is a day.
    let days = |of: fn(&Score) -> Option<f64>| {
        let whole = |days: f64| days.ceil().max(1.0) as i64;
        Values::Whole(scored.iter().map(|(_, score)| of(score).map(whole)).collect())
    };
    vec![
        Values::Whole(scored.iter().map(|(customer, _)| Some(*customer)).collect()),
        double(|score| score.p_alive),
        double(|score| score.p_alive_horizon),
        double(|score| score.expected_purchases),
        count(|score| score.purchases_p10),
        count(|score| score.purchases_p90),
        double(|score| score.p_no_purchase),
        days(|score| score.next_purchase_p50_days),
        days(|score| score.next_purchase_p90_days),
        money(|score| score.expected_spend),
        money(|score| score.value_horizon),
        Values::Double(scored.iter().map(|(_, score)| score.dert).collect()),
        money(|score| score.clv),
        money(|score| score.value_p10),
        money(|score| score.value_p90),
    ]
}

/// Whether the value of anybody is known.
pub fn has_value(scores: &[Option<Score>]) -> bool {
    scores.iter().flatten().any(|score| score.value_horizon.is_some())
}

/// `ltv_totals`: of everybody, by tier, region and cohort; groups without a scored customer are left out. `has_value` says
/// whether the value of anybody is known.
pub fn totals(scopes: &[String], totals: &[Total], has_value: bool) -> Rows {
    let mut rows: Vec<_> = scopes.iter().zip(totals).filter(|(_, total)| total.customers > 0).collect();
    rows.sort_by_key(|(scope, _)| *scope);
    let money = |of: &dyn Fn(&Total) -> Option<f64>| {
        Values::Whole(rows.iter().map(|(_, total)| of(total).filter(|_| has_value).and_then(e4)).collect())
    };
    vec![
        Values::Text(rows.iter().map(|(scope, _)| Some((*scope).clone())).collect()),
        Values::Whole(rows.iter().map(|(_, total)| i64::try_from(total.customers).ok()).collect()),
        Values::Double(rows.iter().map(|(_, total)| Some(total.expected_purchases)).collect()),
        Values::Double(rows.iter().map(|(_, total)| Some(total.lo)).collect()),
        Values::Double(rows.iter().map(|(_, total)| Some(total.hi)).collect()),
        money(&|total| Some(total.value)),
        money(&|total| total.value_lo),
        money(&|total| total.value_hi),
    ]
}
