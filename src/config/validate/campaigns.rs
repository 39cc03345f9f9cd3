//! `[campaigns]`, `[[contact_rules]]`, `[experiments]`.

use std::collections::BTreeSet;

use super::super::decimal::decimal_e4;
use super::super::mistake::Mistakes;
use super::super::{Campaign, Config, ContactRule};
use super::{at_least, expression, identifier, one_of_words, share};
use crate::contract;

pub(super) fn validate(config: &Config, mistakes: &mut Mistakes<'_>) {
    for (name, found) in &config.campaigns {
        campaign(name, found, mistakes);
    }
    let mut seen = BTreeSet::new();
    for (index, found) in config.contact_rules.iter().enumerate() {
        let index = index.to_string();
        if !seen.insert(&found.name) {
            mistakes.value(
                &["contact_rules", &index, "name"],
                format!("a second contact rule `{}`", found.name),
                "give each rule a name of its own",
            );
        }
        rule(&index, found, mistakes);
    }
    channel_of_contacts(config, mistakes);
    share(mistakes, &["experiments", "global_holdout_share"], config.experiments.global_holdout_share);
    if config.campaigns.contains_key(&config.experiments.holdout_seed) {
        mistakes.value(
            &["experiments", "holdout_seed"],
            "the seed of the holdout is the name of a campaign, so that both would choose the same customers",
            "choose another seed, for example `\"holdout-2026\"`",
        );
    }
}

/// Past contacts without a channel would count for no rule, and opt-outs for no channel.
fn channel_of_contacts(config: &Config, mistakes: &mut Mistakes<'_>) {
    let Some(sent) = config.inputs.get("contacts_sent").filter(|sent| !sent.columns.contains_key("channel")) else {
        return;
    };
    if !config.contact_rules.is_empty() || sent.columns.contains_key("unsubscribed") {
        mistakes.key(
            &["inputs", "contacts_sent", "columns"],
            "contact rules and opt-outs are by channel, and `channel` is not mapped",
            "map it, or write `channel = { constant = \"email\" }`",
        );
    }
}

fn campaign(name: &str, campaign: &Campaign, mistakes: &mut Mistakes<'_>) {
    let path = |key| ["campaigns", name, key];
    identifier(mistakes, &["campaigns", name], name);
    expression::predicate(mistakes, &path("where"), &campaign.predicate);
    if let Some(rank_by) = &campaign.rank_by {
        expression::rank(mistakes, &path("rank_by"), rank_by);
    }
    if let Some(expected_value) = &campaign.expected_value {
        expression::rank(mistakes, &path("expected_value"), expected_value);
    }
    if let Some(limit) = campaign.limit {
        at_least(mistakes, &path("limit"), limit, 1);
    }
    if let Some(channel) = &campaign.channel {
        one_of_words(mistakes, &path("channel"), channel, channels());
    }
    for (key, word) in [("purpose", &campaign.purpose), ("wave", &campaign.wave)] {
        if word.is_empty() {
            mistakes.value(&path(key), format!("`{key}` is empty"), "leave it out for the default");
        }
    }
    share(mistakes, &path("control_share"), campaign.control_share);
    if let Some(cost) = &campaign.offer_cost
        && decimal_e4(cost).is_none_or(|cost| cost < 0)
    {
        mistakes.value(
            &path("offer_cost"),
            format!("`{cost}` is not a cost"),
            "write it as decimal text, for example `\"4.50\"`",
        );
    }
    for (variable, column) in &campaign.script_vars {
        identifier(mistakes, &["campaigns", name, "script_vars", variable], variable);
        expression::customers_column(mistakes, &["campaigns", name, "script_vars", variable], column);
    }
}

fn rule(index: &str, rule: &ContactRule, mistakes: &mut Mistakes<'_>) {
    let path = |key| ["contact_rules", index, key];
    identifier(mistakes, &path("name"), &rule.name);
    let blocks = rule.blocks.as_ref().map(|blocks| ("blocks", blocks));
    for (key, list) in std::iter::once(("channels", &rule.channels)).chain(blocks) {
        if list.is_empty() {
            mistakes.value(
                &path(key),
                format!("`{key}` is empty"),
                "name at least one channel, for example `[\"email\"]`",
            );
        }
        for (position, channel) in list.iter().enumerate() {
            one_of_words(mistakes, &["contact_rules", index, key, &position.to_string()], channel, channels());
        }
    }
    if rule.max == 0 && rule.blocked().iter().any(|channel| rule.channels.contains(channel)) {
        mistakes.value(
            &path("max"),
            "a rule of at most 0 that counts what it blocks forbids the channel",
            "write 1 or more, or set `blocks` to other channels than `channels`",
        );
    }
    match (rule.window_days, rule.calendar) {
        (Some(days), None) => at_least(mistakes, &path("window_days"), days.into(), 1),
        (None, Some(_)) => {}
        (Some(_), Some(_)) => mistakes.key(
            &path("calendar"),
            "a window is rolling or of the calendar, not both",
            "remove `window_days` or `calendar`",
        ),
        (None, None) => mistakes.key(
            &["contact_rules", index],
            format!("the contact rule `{}` has no window", rule.name),
            "add `window_days = 7`, or `calendar = \"month\"`",
        ),
    }
}

/// The channels that there are, as consents know them.
pub(super) fn channels() -> &'static [&'static str] {
    contract::input("consents").and_then(|input| input.column("channel")).map_or(&[][..], |column| column.values)
}
