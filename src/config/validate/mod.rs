//! What is right in form and wrong in meaning: names that nothing has, lists of the wrong length, shares above one.

mod affinity;
mod attrition;
mod campaign_response;
mod campaigns;
mod contact_centre;
mod engine;
mod expression;
mod folding;
mod identity;
mod inputs;
mod lifetime_value;
mod preferences;
mod recommendations;
mod rfm;
mod routing;
mod rule_feedback;
mod sessions;
mod summary;
mod value_groups;

use super::mistake::Mistakes;
use super::{Config, Metric};
use crate::names::{nearest, suggest};

/// Finds every mistake of meaning in `config`.
pub(super) fn validate(config: &Config, mistakes: &mut Mistakes<'_>) {
    project(config, mistakes);
    inputs::validate(config, mistakes);
    value(config, mistakes);
    at_least(mistakes, &["value", "window_days"], config.value.window_days.into(), 1);
    at_least(mistakes, &["periods", "days"], config.periods.days.into(), 1);
    at_least(mistakes, &["periods", "count"], config.periods.count.into(), 1);
    rfm::validate(&config.rfm, mistakes);
    affinity::validate(&config.affinity, mistakes);
    segments_and_campaigns(config, mistakes);
    campaign_response::validate(&config.campaign_response, mistakes);
    rule_feedback::validate(&config.rule_feedback, mistakes);
    routing::validate(&config.routing, mistakes);
    value_groups::validate(config, mistakes);
    attrition::validate(&config.attrition, mistakes);
    lifetime_value::validate(&config.lifetime_value, mistakes);
    recommendations::validate(&config.recommendations, mistakes);
    identity::validate(&config.identity, mistakes);
    sessions::validate(&config.sessions, mistakes);
    summary::validate(&config.summary, mistakes);
    contact_centre::validate(&config.contact_centre, mistakes);
    preferences::validate(config, mistakes);
    engine::validate(&config.engine, mistakes);
    gates(config, mistakes);
    at_least(mistakes, &["output", "keep_runs"], config.output.keep_runs as u64, 1);
    if config.output.dir.is_empty() {
        mistakes.value(&["output", "dir"], "the output folder has no name", "leave it out for `out`");
    }
}

fn project(config: &Config, mistakes: &mut Mistakes<'_>) {
    let project = &config.project;
    if project.name.trim().is_empty() {
        mistakes.value(&["project", "name"], "the project has no name", "name it, for example `\"online-shop\"`");
    }
    if project.currency.len() != 3 || !project.currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        mistakes.value(
            &["project", "currency"],
            format!("`{}` is not a currency code", project.currency),
            "write three capital letters (ISO 4217), for example `\"EUR\"`",
        );
    }
    time_zone(mistakes, &["project", "time_zone"], &project.time_zone);
}

/// A time zone must be in the bundled IANA database.
fn time_zone(mistakes: &mut Mistakes<'_>, path: &[&str], name: &str) {
    if jiff::tz::TimeZone::get(name).is_ok() {
        return;
    }
    let zones: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
    let zones: Vec<&str> = zones.iter().map(String::as_str).collect();
    let hint = match nearest(name, zones.iter().copied()) {
        Some(zone) => format!("did you mean `{zone}`?"),
        None => "use an IANA name, for example `Europe/Berlin`".to_owned(),
    };
    mistakes.value(path, format!("unknown time zone `{name}`"), hint);
}

/// Margin and contribution need a cost, or they would silently be revenue.
fn value(config: &Config, mistakes: &mut Mistakes<'_>) {
    let has_cost = |input: &str| config.inputs.get(input).is_some_and(|input| input.columns.contains_key("cost"));
    if config.value.metric != Metric::NetRevenue && !has_cost("transactions") && !has_cost("products") {
        mistakes.value(
            &["value", "metric"],
            format!("`{}` needs the cost of the goods, and no input has it", config.value.metric.name()),
            "map `cost` in `[inputs.transactions.columns]` or `[inputs.products.columns]`, or use `net_revenue`",
        );
    }
    if config.value.metric == Metric::Clv && !config.lifetime_value.enabled {
        mistakes.value(
            &["value", "metric"],
            "`clv` needs lifetime values, and they are off",
            "remove `enabled = false` from `[lifetime_value]`, or use `contribution`",
        );
    }
}

fn segments_and_campaigns(config: &Config, mistakes: &mut Mistakes<'_>) {
    for (name, segment) in &config.segments {
        identifier(mistakes, &["segments", name], name);
        expression::predicate(mistakes, &["segments", name, "where"], &segment.predicate);
    }
    campaigns::validate(config, mistakes);
}

fn gates(config: &Config, mistakes: &mut Mistakes<'_>) {
    let gates = &config.gates;
    share(mistakes, &["gates", "max_reject_ratio"], gates.max_reject_ratio);
    share(mistakes, &["gates", "max_anonymous_ratio"], gates.max_anonymous_ratio);
    if !gates.max_population_change.is_finite() || gates.max_population_change < 0.0 {
        mistakes.value(
            &["gates", "max_population_change"],
            format!("{} is not a relative change", gates.max_population_change),
            "write 0 or more: `0.25` lets a size grow or shrink by a quarter",
        );
    }
}

/// A number of things must be `least` or more.
fn at_least(mistakes: &mut Mistakes<'_>, path: &[&str], value: u64, least: u64) {
    if value < least {
        let name = path.last().copied().unwrap_or_default();
        mistakes.value(path, format!("`{name}` is {value}"), format!("write {least} or more"));
    }
}

/// A share must be between 0 and 1; TOML also has `nan` and `inf`.
fn share(mistakes: &mut Mistakes<'_>, path: &[&str], value: f64) {
    if !(0.0..=1.0).contains(&value) {
        mistakes.value(path, format!("{value} is not a share"), "write a number from 0 to 1: `0.01` is one per cent");
    }
}

/// Names that become values in tables and words in SQL.
fn identifier(mistakes: &mut Mistakes<'_>, path: &[&str], name: &str) {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || !name.bytes().all(allowed) {
        let mut better = name.to_lowercase().replace([' ', '-'], "_");
        better.retain(|letter| letter.is_ascii() && allowed(letter as u8));
        let hint = match better.as_str() {
            "" => "use small letters, digits and underscores".to_owned(),
            better => format!("use small letters, digits and underscores, for example `{better}`"),
        };
        mistakes.key(path, format!("`{name}` is not a name"), hint);
    }
}

/// Names of a list must differ.
fn each_once(mistakes: &mut Mistakes<'_>, path: &[&str], names: &[&str]) {
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            let index = index.to_string();
            let path = [path, &[index.as_str()]].concat();
            mistakes.value(&path, format!("a second `{name}`"), "write each name once");
        }
    }
}

/// A word must be one of a vocabulary.
fn one_of_words(mistakes: &mut Mistakes<'_>, path: &[&str], word: &str, valid: &[&str]) {
    if !valid.contains(&word) {
        mistakes.value(path, format!("unknown value `{word}`"), suggest(word, valid));
    }
}
