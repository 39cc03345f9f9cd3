//! `[preferences]`, `[occasions]`, `[questions]`, `[agent_facts]`.

use super::super::mistake::Mistakes;
use super::super::{AgentFacts, Config, FACTS, Preferences, Question};
use super::{at_least, each_once, identifier, one_of_words, time_zone};
use crate::contract;

/// Longer half-lives are a slip of the keyboard: contacts of ten years ago would count as those of today.
const MOST_DAYS: u32 = 3_650;

/// The most occasions ahead: each customer has one birthday a year.
const MOST_HORIZON: u32 = 365;

/// Weights above this would move a fact past everything for everybody.
const MOST_WEIGHT: f64 = 10.0;

pub(super) fn validate(config: &Config, mistakes: &mut Mistakes<'_>) {
    preferences(&config.preferences, mistakes);
    let occasions = &config.occasions;
    for (key, days) in [("horizon_days", occasions.horizon_days), ("lead_days", occasions.lead_days)] {
        at_most(mistakes, &["occasions", key], days, MOST_HORIZON);
    }
    for (name, found) in &config.questions {
        question(name, found, mistakes);
    }
    agent_facts(&config.agent_facts, mistakes);
}

fn preferences(config: &Preferences, mistakes: &mut Mistakes<'_>) {
    at_least(mistakes, &["preferences", "half_life_days"], config.half_life_days.into(), 1);
    at_most(mistakes, &["preferences", "half_life_days"], config.half_life_days, MOST_DAYS);
    for (key, value) in [("prior_contacts", config.prior_contacts), ("prior_trials", config.prior_trials)] {
        at_least(mistakes, &["preferences", key], value.into(), 1);
        at_most(mistakes, &["preferences", key], value, 1_000);
    }
    at_most(mistakes, &["preferences", "min_contacts"], config.min_contacts, 1_000_000);
    at_most(mistakes, &["preferences", "min_pool"], config.min_pool, 1_000_000_000);
    hours(mistakes, &["preferences", "allowed_hours"], config.allowed_hours);
    for (channel, found) in &config.channel_hours {
        hours(mistakes, &["preferences", "channel_hours", channel], *found);
        if !channels().contains(&channel.as_str()) {
            mistakes.key(
                &["preferences", "channel_hours", channel],
                format!("there is no channel `{channel}`"),
                crate::names::suggest(channel, channels()),
            );
        }
    }
    for (region, zone) in &config.region_time_zones {
        time_zone(mistakes, &["preferences", "region_time_zones", region], zone);
    }
}

fn hours(mistakes: &mut Mistakes<'_>, path: &[&str], [first, after]: [u8; 2]) {
    if first >= after || after > 24 {
        mistakes.value(
            path,
            format!("[{first}, {after}] are no hours of a day"),
            "write the first hour and the hour after the last, for example `[9, 20]`",
        );
    }
}

fn question(name: &str, question: &Question, mistakes: &mut Mistakes<'_>) {
    let path = |key| ["questions", name, key];
    identifier(mistakes, &["questions", name], name);
    weight(mistakes, &path("weight"), question.weight);
    at_least(mistakes, &path("answers"), question.answers.into(), 2);
    at_most(mistakes, &path("rest_days"), question.rest_days, MOST_DAYS);
    for (index, channel) in question.channels.iter().enumerate() {
        one_of_words(mistakes, &["questions", name, "channels", &index.to_string()], channel, channels());
    }
    let names: Vec<&str> = question.channels.iter().map(String::as_str).collect();
    each_once(mistakes, &path("channels"), &names);
}

fn agent_facts(config: &AgentFacts, mistakes: &mut Mistakes<'_>) {
    let known: Vec<&str> = FACTS.iter().map(|fact| fact.id).collect();
    at_least(mistakes, &["agent_facts", "most"], config.most.into(), 1);
    at_most(mistakes, &["agent_facts", "most"], config.most, 25);
    at_least(mistakes, &["agent_facts", "half_life_days"], config.half_life_days.into(), 1);
    at_most(mistakes, &["agent_facts", "half_life_days"], config.half_life_days, MOST_DAYS);
    for (index, fact) in config.off.iter().enumerate() {
        one_of_words(mistakes, &["agent_facts", "off", &index.to_string()], fact, &known);
    }
    for (fact, relevance) in &config.relevance {
        let path = ["agent_facts", "relevance", fact];
        if !known.contains(&fact.as_str()) {
            mistakes.key(&path, format!("there is no fact `{fact}`"), crate::names::suggest(fact, &known));
        }
        weight(mistakes, &path, *relevance);
    }
    for (tier, found) in config.tier_weights.iter().enumerate() {
        weight(mistakes, &["agent_facts", "tier_weights", &tier.to_string()], *found);
    }
}

fn weight(mistakes: &mut Mistakes<'_>, path: &[&str], weight: f64) {
    if !(0.0..=MOST_WEIGHT).contains(&weight) {
        mistakes.value(path, format!("{weight} is not a weight"), format!("write a number from 0 to {MOST_WEIGHT}"));
    }
}

fn at_most(mistakes: &mut Mistakes<'_>, path: &[&str], value: u32, most: u32) {
    if value > most {
        let name = path.last().copied().unwrap_or_default();
        mistakes.value(path, format!("`{name}` is {value}"), format!("write {most} or less"));
    }
}

/// The channels that there are, as consents know them.
fn channels() -> &'static [&'static str] {
    contract::input("consents").and_then(|input| input.column("channel")).map_or(&[][..], |column| column.values)
}
