//! Contracts of the tables about what came of rules.

use super::super::{Table, bigint, boolean, day, double, integer, money, text};

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    vec![rule_events().internal(), rule_cells().internal(), rule_feedback()]
}

/// What the pipeline itself makes for them.
pub(super) fn parameter_tables() -> Vec<Table> {
    vec![rule_params().internal(), default_rules().internal()]
}

fn rule_params() -> Table {
    Table::new(
        "rule_params",
        "the one row of [rule_feedback]",
        &["complaint_days"],
        vec![
            integer("complaint_days", "days in which a complaint counts against what was shown"),
            double("confidence", "of intervals"),
            bigint("min_shown", "fewest times shown for a verdict"),
        ],
    )
}

fn default_rules() -> Table {
    Table::new(
        "default_rules",
        "one rule that is the default: what is shown when no other rule matches",
        &["rule_id"],
        vec![text("rule_id", "the rule")],
    )
}

fn rule_events() -> Table {
    Table::new(
        "rule_events",
        "one time that a rule matched a customer, and what came of it",
        &[],
        vec![
            text("rule_id", "the rule"),
            text("rule_version", "its version, 1 where the log has none"),
            text("customer_id", "the customer").optional(),
            text("arm", "treat, or control where the rule was kept from acting"),
            day("log_day", "the day"),
            integer("week_no", "weeks before as_of, 0 is the last seven days"),
            integer("tier", "value tier before, 0 without value; null when no period was over").optional(),
            boolean("is_shown", "whether it was shown"),
            boolean("is_accepted", "whether it was taken"),
            boolean("is_followed_by_complaint", "whether the customer complained soon after"),
            money("revenue_e4", "revenue of the order that it names, once an order"),
            money("margin_e4", "its margin, as far as it is known"),
            bigint("lines_without_cost", "lines of it whose cost is not known"),
        ],
    )
}

fn rule_cells() -> Table {
    Table::new(
        "rule_cells",
        "what came of one rule and version in one arm, week and tier",
        &[],
        vec![
            text("rule_id", "the rule"),
            text("rule_version", "its version"),
            text("arm", "treat or control"),
            integer("week_no", "weeks before as_of"),
            integer("tier", "value tier before, 0 without value; null when it is not known").optional(),
            bigint("matched", "times that it matched"),
            bigint("shown", "times that it was shown"),
            bigint("accepted", "times that it was taken"),
            bigint("complaints", "matches that a complaint followed"),
            money("revenue_e4", "revenue of the orders that they name"),
            money("margin_e4", "margin of these, as far as it is known"),
            bigint("lines_without_cost", "lines of these whose cost is not known"),
        ],
    )
}

fn rule_feedback() -> Table {
    let estimate = |name, doc| double(name, doc).optional();
    Table::new(
        "rule_feedback",
        "one rule and version, and whether it should stay",
        &["rule_id", "rule_version"],
        vec![
            text("rule_id", "the rule, as in routing, affinity_ptc and what the rule engine returned"),
            text("rule_version", "its version"),
            bigint("matched", "times that it matched, control left out"),
            bigint("shown", "times that it was shown"),
            bigint("accepted", "times that it was taken"),
            estimate("accept_rate", "taken of shown"),
            estimate("lo", "lower end of its interval (Wilson)"),
            estimate("hi", "upper end"),
            text("baseline", "control, default (the same tiers, observational), or none"),
            boolean("randomised", "whether the baseline is a control group"),
            bigint("baseline_n", "times that the baseline was shown, or that a control was spared the rule"),
            estimate("baseline_rate", "taken of these, in the rule's own mix of tiers where it is the default"),
            estimate("effect", "what the rule has over the baseline; of all matches where there is a control group"),
            estimate("effect_lo", "lower end of its interval"),
            estimate("effect_hi", "upper end"),
            estimate("p_value", "chance of as much where there is no difference, two-sided"),
            estimate("lift", "effect as a share of the baseline"),
            money("revenue_e4", "revenue of the orders that it brought"),
            money("margin_e4", "margin of these; null when a cost is not known").optional(),
            estimate("complaint_rate", "matches that a complaint followed, of all matches"),
            estimate("baseline_complaint_rate", "the same of the baseline"),
            integer("weeks", "weeks in which it was shown"),
            estimate("trend_slope", "change of the accept rate in a week"),
            estimate("trend_p", "chance of as steep a slope where the rate does not change, two-sided"),
            estimate("decay", "accept rate of the later half of its weeks over that of the earlier half, less one"),
            text("verdict", "keep, revise, retire or insufficient"),
            text("reason", "why"),
            text("suggested_change", "what to change"),
        ],
    )
}
