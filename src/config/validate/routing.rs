//! `[routing]`: the cell map, the caps and the levels.

use std::collections::BTreeSet;

use super::super::decimal::decimal_e4;
use super::super::mistake::Mistakes;
use super::super::{Routing, ServiceLevel};
use super::{at_least, identifier, one_of_words, share};
use crate::contract;
use crate::names::{one_of, suggest};

/// Actual value and strategic value, each high, middle or low.
const CELLS: [&str; 9] = ["HH", "HM", "HL", "MH", "MM", "ML", "LH", "LM", "LL"];

const STRATEGIES: [&str; 3] = ["keep", "grow", "up_or_out"];
const VRU_PATHS: [&str; 4] = ["bypass", "short", "full", "self_service"];
const LOYALTY_OFFERS: [&str; 3] = ["yes", "case", "no"];
const EDUCATION: [&str; 4] = ["cross_sell", "advanced_features", "new_product", "self_sufficiency"];

pub(super) fn validate(routing: &Routing, mistakes: &mut Mistakes<'_>) {
    let names: Vec<&str> = routing.levels.iter().map(|level| level.name.as_str()).collect();
    if names.is_empty() {
        mistakes.key(&["routing", "levels"], "there is no service level", "write at least one `[[routing.levels]]`");
        return;
    }
    cells(routing, &names, mistakes);
    caps(routing, &names, mistakes);
    let mut seen = BTreeSet::new();
    for (index, level) in routing.levels.iter().enumerate() {
        let index = index.to_string();
        if !seen.insert(&level.name) {
            mistakes.value(
                &["routing", "levels", &index, "name"],
                format!("a second service level `{}`", level.name),
                "give each level a name of its own",
            );
        }
        service_level(level, &index, routing.price_tier, mistakes);
    }
    known_level(&["routing", "default_level"], &routing.default_level, &names, mistakes);
    at_least(mistakes, &["routing", "valid_days"], routing.valid_days.into(), 1);
    if routing.opaque_keys && routing.key_env.is_empty() {
        mistakes.value(
            &["routing", "key_env"],
            "`key_env` is empty",
            "name the environment variable that holds the key",
        );
    }
    known_level(&["routing", "neutral_level"], &routing.neutral_level, &names, mistakes);
    if routing.caps.get(&routing.neutral_level).is_some_and(|&cap| cap < 1.0) {
        mistakes.value(
            &["routing", "neutral_level"],
            format!("the neutral level `{}` has a cap", routing.neutral_level),
            "name a level without a cap: who is not profiled cannot be ranked for its places",
        );
    }
}

fn known_level(path: &[&str], level: &str, names: &[&str], mistakes: &mut Mistakes<'_>) {
    if !names.contains(&level) {
        mistakes.value(path, format!("unknown service level `{level}`"), suggest(level, names));
    }
}

fn cells(routing: &Routing, names: &[&str], mistakes: &mut Mistakes<'_>) {
    for (cell, level) in &routing.cells {
        let path = ["routing", "cells", cell];
        if CELLS.contains(&cell.as_str()) {
            known_level(&path, level, names, mistakes);
        } else {
            let hint = format!("a cell is (actual, strategic) value: {}", one_of(&CELLS));
            mistakes.key(&path, format!("unknown cell `{cell}`"), hint);
        }
    }
    for cell in CELLS {
        if !routing.cells.contains_key(cell) {
            mistakes.key(
                &["routing", "cells"],
                format!("the cell `{cell}` has no service level"),
                format!("add `{cell} = \"{}\"`, or another level", routing.default_level),
            );
        }
    }
}

fn caps(routing: &Routing, names: &[&str], mistakes: &mut Mistakes<'_>) {
    for (level, cap) in &routing.caps {
        let path = ["routing", "caps", level];
        if !names.contains(&level.as_str()) {
            mistakes.key(&path, format!("unknown service level `{level}`"), suggest(level, names));
        } else if names.last() == Some(&level.as_str()) {
            mistakes.key(
                &path,
                format!("a cap on the last level, `{level}`"),
                "remove it: there is no level below to take the surplus",
            );
        }
        share(mistakes, &path, *cap);
    }
}

fn service_level(level: &ServiceLevel, index: &str, price_tier: bool, mistakes: &mut Mistakes<'_>) {
    let path = |key| ["routing", "levels", index, key];
    identifier(mistakes, &path("name"), &level.name);
    one_of_words(mistakes, &path("strategy"), &level.strategy, &STRATEGIES);
    one_of_words(mistakes, &path("vru_path"), &level.vru_path, &VRU_PATHS);
    one_of_words(mistakes, &path("loyalty_offer"), &level.loyalty_offer, &LOYALTY_OFFERS);
    one_of_words(mistakes, &path("education"), &level.education, &EDUCATION);
    if level.queue.trim().is_empty() {
        mistakes.value(&path("queue"), "the queue has no name", "name the queue that answers");
    }
    let talk_limit = level.talk_limit_seconds.unwrap_or(1);
    for (key, value, least) in [
        ("priority", level.priority, 1),
        ("target_wait_seconds", level.target_wait_seconds, 0),
        ("trade_wait_seconds", level.trade_wait_seconds, 0),
        ("talk_limit_seconds", talk_limit, 1),
        ("email_sla_minutes", level.email_sla_minutes, 0),
    ] {
        if value < least {
            mistakes.value(&path(key), format!("`{key}` is {value}"), format!("write {least} or more"));
        }
    }
    response_channels(level, index, mistakes);
    if let Some(cap) = &level.solution_cost_cap
        && decimal_e4(cap).is_none_or(|cap| cap < 0)
    {
        mistakes.value(
            &path("solution_cost_cap"),
            format!("`{cap}` is not a cost"),
            "write it as decimal text, for example `\"150\"`; leave it out for no cap",
        );
    }
    if price_tier && level.price_tier.is_none() {
        mistakes.value(
            &["routing", "levels", index],
            format!("the level `{}` has no price tier", level.name),
            "add `price_tier`, or set `price_tier = false` in `[routing]`",
        );
    }
}

fn response_channels(level: &ServiceLevel, index: &str, mistakes: &mut Mistakes<'_>) {
    let channels = contract::input("consents").and_then(|input| input.column("channel")).map_or(&[][..], |c| c.values);
    let valid: Vec<&str> = std::iter::once("any").chain(channels.iter().copied()).collect();
    let path = ["routing", "levels", index, "response_channels"];
    if level.response_channels.is_empty() {
        mistakes.value(&path, "no response channel", "write `[\"any\"]` for the one the customer asks for");
    }
    for (position, channel) in level.response_channels.iter().enumerate() {
        let path = ["routing", "levels", index, "response_channels", &position.to_string()];
        one_of_words(mistakes, &path, channel, &valid);
    }
}
