//! `[recommendations]`: lists of something, methods named once, and sizes that a night can bear.

use super::super::mistake::Mistakes;
use super::super::recommendations::Recommendations;
use super::{at_least, each_once};

/// A longer list is nobody's list: what is published grows with it for every customer.
const MOST_LISTED: u32 = 1_000;

/// Days of the longest horizon, half-life or back-test: a century.
const MOST_DAYS: u32 = 36_525;

/// More products than this need more memory than most machines have: 40,000 are 6.4 GB a matrix.
const MOST_SOLVED: u32 = 40_000;

/// More dimensions than this are more than there is to learn.
const MOST_FACTORS: u32 = 512;

pub(super) fn validate(config: &Recommendations, mistakes: &mut Mistakes<'_>) {
    for (key, value, most) in [
        ("list_size", config.list_size, MOST_LISTED),
        ("ctp_size", config.ctp_size, 1_000_000),
        ("contact_cap", config.contact_cap, 1_000_000),
        ("horizon_days", config.horizon_days, MOST_DAYS),
        ("half_life_days", config.half_life_days, MOST_DAYS),
        ("neighbours", config.neighbours, MOST_LISTED),
        ("min_buyers", config.min_buyers, u32::MAX),
        ("min_test_customers", config.min_test_customers, u32::MAX),
        ("ease_lambda", config.ease_lambda, u32::MAX),
        ("als_factors", config.als_factors, MOST_FACTORS),
        ("als_iterations", config.als_iterations, MOST_LISTED),
    ] {
        at_least(mistakes, &["recommendations", key], value.into(), 1);
        too_much(mistakes, key, value, most);
    }
    too_much(mistakes, "ease_max_products", config.ease_max_products, MOST_SOLVED);
    too_much(mistakes, "unsold_days", config.unsold_days, MOST_DAYS);
    if config.candidates.is_empty() {
        mistakes.value(
            &["recommendations", "candidates"],
            "there is no candidate",
            "name at least one method, or leave it out for all of them",
        );
    }
    let candidates: Vec<&str> = config.candidates.iter().map(|candidate| candidate.name()).collect();
    each_once(mistakes, &["recommendations", "candidates"], &candidates);
    let muted: Vec<&str> = config.muted_categories.iter().map(String::as_str).collect();
    each_once(mistakes, &["recommendations", "muted_categories"], &muted);
    for (index, category) in muted.iter().enumerate() {
        if category.is_empty() || category.ends_with('/') {
            mistakes.value(
                &["recommendations", "muted_categories", &index.to_string()],
                format!("`{category}` is not a category"),
                "write the path of the category without a `/` at its end; all that is below it is muted too",
            );
        }
    }
}

fn too_much(mistakes: &mut Mistakes<'_>, key: &str, value: u32, most: u32) {
    if value > most {
        mistakes.value(&["recommendations", key], format!("`{key}` is {value}"), format!("write {most} or less"));
    }
}
