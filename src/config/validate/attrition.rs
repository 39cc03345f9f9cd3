//! `[attrition]`: windows of at least a day, shares that are shares.

use super::super::attrition::{Attrition, REASONS};
use super::super::decimal::decimal_e4;
use super::super::mistake::Mistakes;
use super::{at_least, share};
use crate::names::suggest;

pub(super) fn validate(attrition: &Attrition, mistakes: &mut Mistakes<'_>) {
    for (key, value) in [
        ("horizon_days", attrition.horizon_days),
        ("window_step_days", attrition.window_step_days),
        ("fixed_window_days", attrition.fixed_window_days),
        ("lost_horizon_days", attrition.lost_horizon_days),
        ("compare_days", attrition.compare_days),
        ("min_purchase_days", attrition.min_purchase_days),
        ("min_cases", attrition.min_cases),
        ("starved_days", attrition.starved_days),
    ] {
        at_least(mistakes, &["attrition", key], value.into(), 1);
    }
    let model = &attrition.model;
    for (key, value) in [
        ("horizon_days", model.horizon_days),
        ("eligible_days", model.eligible_days),
        ("step_days", model.step_days),
        ("origins", model.origins),
    ] {
        at_least(mistakes, &["attrition", "model", key], value.into(), 1);
    }
    let [at_risk, high_risk] = model.bands;
    for (index, value) in ["0", "1"].into_iter().zip(model.bands) {
        share(mistakes, &["attrition", "model", "bands", index], value);
    }
    if at_risk > high_risk {
        mistakes.value(
            &["attrition", "model", "bands", "1"],
            format!("`high_risk` begins at {high_risk}, below `at_risk` at {at_risk}"),
            "put the lower score first: bands = [0.33, 0.66]",
        );
    }
    for (reason, action) in &attrition.actions {
        if !REASONS.iter().any(|(known, _)| known == reason) {
            let known: Vec<&str> = REASONS.iter().map(|(known, _)| *known).collect();
            mistakes.key(
                &["attrition", "actions", reason],
                format!("`{reason}` is neither a sign of leaving nor a feature of the model"),
                suggest(reason, &known),
            );
        }
        if action.trim().is_empty() {
            mistakes.value(
                &["attrition", "actions", reason],
                "an action has no code",
                "leave the reason out to suggest nothing for it",
            );
        }
    }
    for (key, value) in [
        ("gap_quantile", attrition.gap_quantile),
        ("return_probability", attrition.return_probability),
        ("lost_return_probability", attrition.lost_return_probability),
        ("false_discovery_rate", attrition.false_discovery_rate),
    ] {
        share(mistakes, &["attrition", key], value);
    }
    if attrition.false_alarm_cost == 0 && attrition.missed_cost == 0 {
        mistakes.value(
            &["attrition", "missed_cost"],
            "no error costs anything",
            "let one of `false_alarm_cost` and `missed_cost` be 1 or more",
        );
    }
    for (key, value) in [("min_previous_value", &attrition.min_previous_value), ("csat_drop", &attrition.csat_drop)] {
        if decimal_e4(value).is_none_or(|value| value < 0) {
            mistakes.value(
                &["attrition", key],
                format!("`{value}` is not a decimal number of 0 or more"),
                "write it as text with at most four decimals, for example `\"20\"`",
            );
        }
    }
}
