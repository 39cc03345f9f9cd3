//! `[lifetime_value]`: a horizon, a discount above -1, names given once, and a model that can be fitted.

use jiff::civil::Date;

use super::super::decimal::decimal_e4;
use super::super::lifetime_value::{LifetimeValue, ModelChoice};
use super::super::mistake::Mistakes;
use super::{at_least, each_once};

/// Days of the longest horizon: a century. Whoever wants more wants no horizon at all (`dert`).
const MOST_DAYS: u32 = 36_525;

/// More holdouts than this are a slip of the keyboard.
const MOST_ORIGINS: u32 = 20;

/// More draws than this take longer than they tell.
const MOST_DRAWS: u32 = 10_000;

pub(super) fn validate(config: &LifetimeValue, mistakes: &mut Mistakes<'_>) {
    for (key, value) in [
        ("horizon_days", config.horizon_days),
        ("holdout_origins", config.holdout_origins),
        ("min_customers", config.min_customers),
        ("min_repeaters", config.min_repeaters),
        ("draws", config.draws),
    ] {
        at_least(mistakes, &["lifetime_value", key], value.into(), 1);
    }
    for (key, value, most) in [
        ("horizon_days", config.horizon_days, MOST_DAYS),
        ("holdout_days", config.holdout_days, MOST_DAYS),
        ("opportunity_days", config.opportunity_days, MOST_DAYS),
        ("holdout_origins", config.holdout_origins, MOST_ORIGINS),
        ("draws", config.draws, MOST_DRAWS),
    ] {
        if value > most {
            mistakes.value(&["lifetime_value", key], format!("`{key}` is {value}"), format!("write {most} or less"));
        }
    }
    if decimal_e4(&config.annual_discount_rate).is_none_or(|rate| rate < 0) {
        mistakes.value(
            &["lifetime_value", "annual_discount_rate"],
            format!("`{}` is not a decimal number of 0 or more", config.annual_discount_rate),
            "write it as text with at most four decimals, for example `\"0.10\"` for ten per cent a year",
        );
    }
    if let Some(day) = &config.calibration_end
        && day.parse::<Date>().is_err()
    {
        mistakes.value(
            &["lifetime_value", "calibration_end"],
            format!("`{day}` is not a day"),
            "write it as `\"1997-10-01\"`: the first day that the fit does not read",
        );
    }
    if config.candidates.is_empty() {
        mistakes.value(
            &["lifetime_value", "candidates"],
            "there is no candidate",
            "name at least one model, or leave it out for all of them",
        );
    }
    let candidates: Vec<&str> = config.candidates.iter().map(|candidate| candidate.name()).collect();
    each_once(mistakes, &["lifetime_value", "candidates"], &candidates);
    let covariates: Vec<&str> = config.covariates.iter().map(|covariate| covariate.name()).collect();
    each_once(mistakes, &["lifetime_value", "covariates"], &covariates);
    if config.model == ModelChoice::BgBb && config.opportunity_days == 0 {
        mistakes.value(
            &["lifetime_value", "model"],
            "`bg_bb` needs to know how long an opportunity is",
            "set `opportunity_days`, for example 365 where people give once a year",
        );
    }
}
