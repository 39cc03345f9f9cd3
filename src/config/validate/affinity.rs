//! `[affinity]`: limits that leave something to count, shares as exact decimals, names given once.

use super::super::affinity::Affinity;
use super::super::mistake::Mistakes;
use super::{at_least, each_once};
use crate::models::affinity::Ratio;

/// More partners than this make a table that no rule engine loads.
const MOST_PARTNERS: u32 = 10_000;

/// Days of the longest window: a century.
const MOST_DAYS: u32 = 36_525;

pub(super) fn validate(config: &Affinity, mistakes: &mut Mistakes<'_>) {
    for (key, value, least) in [
        ("min_count", config.min_count, 1),
        ("top_k", config.top_k, 1),
        ("category_top_k", config.category_top_k, 1),
        ("max_basket_products", config.max_basket_products, 2),
        ("max_customer_products", config.max_customer_products, 2),
        ("half_life_days", config.half_life_days.unwrap_or(1), 1),
        ("window_days", config.window_days.unwrap_or(1), 1),
        ("sequence_window_days", config.sequence_window_days, 1),
        ("rule_max_length", config.rule_max_length, 2),
        ("max_rules", config.max_rules, 1),
        ("delta_rank_change", config.delta_rank_change, 1),
    ] {
        at_least(mistakes, &["affinity", key], value.into(), least);
    }
    for (key, value, most) in [
        ("top_k", config.top_k, MOST_PARTNERS),
        ("category_top_k", config.category_top_k, MOST_PARTNERS),
        ("half_life_days", config.half_life_days.unwrap_or(1), MOST_DAYS),
        ("window_days", config.window_days.unwrap_or(1), MOST_DAYS),
        ("sequence_window_days", config.sequence_window_days, MOST_DAYS),
    ] {
        if value > most {
            mistakes.value(&["affinity", key], format!("`{key}` is {value}"), format!("write {most} or less"));
        }
    }
    for (key, text) in [
        ("max_q", &config.max_q),
        ("rule_min_support", &config.rule_min_support),
        ("rule_min_confidence", &config.rule_min_confidence),
    ] {
        let share = text.parse::<Ratio>().ok().filter(|ratio| ratio.numerator() <= ratio.denominator());
        if share.is_none() {
            mistakes.value(
                &["affinity", key],
                format!("`{text}` is not a share"),
                "write a decimal number from 0 to 1 as text, for example `\"0.05\"` for five per cent",
            );
        }
    }
    // Beyond, tests for less than chance stop telling anything.
    if config.max_q.parse::<Ratio>().is_ok_and(|rate| 2 * rate.numerator() >= rate.denominator()) {
        mistakes.value(
            &["affinity", "max_q"],
            format!("`{}` lets half be chance", config.max_q),
            "write less than 0.5",
        );
    }
    let levels: Vec<&str> = config.levels.iter().map(|level| level.name()).collect();
    each_once(mistakes, &["affinity", "levels"], &levels);
    let granularities: Vec<&str> = config.granularities.iter().map(|granularity| granularity.name()).collect();
    each_once(mistakes, &["affinity", "granularities"], &granularities);
    let attributes: Vec<&str> = config.attributes.iter().map(|attribute| attribute.name()).collect();
    each_once(mistakes, &["affinity", "attributes"], &attributes);
}
