//! Contracts of the tables about what customers are worth: peers, potential, share of wallet, value groups.

use super::{Column, Table, bigint, boolean, double, integer, money, text};

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    vec![
        customer_window().internal(),
        peer_groups().internal(),
        peer_quantiles().internal(),
        peer_frontiers().internal(),
        customer_potential().internal(),
        customer_value(),
        service_caps(),
        concentration(),
        effort_value(),
        business_case(),
    ]
}

fn customer_id() -> Column {
    text("customer_id", "the customer")
}

fn customer_window() -> Table {
    Table::new(
        "customer_window",
        "one known customer in the value window",
        &["customer_id"],
        vec![
            customer_id(),
            bigint("orders", "qualifying orders"),
            money("gross_revenue_e4", "goods sold"),
            money("net_revenue_e4", "goods sold less what came back"),
            money("discount_e4", "discounts given"),
            money("gross_margin_e4", "net revenue less the cost of the goods; null when a cost is unknown").optional(),
            money("cost_to_serve_e4", "what contacts cost us"),
            money("marketing_cost_e4", "what campaigns cost us"),
            money("contribution_e4", "gross margin less payment, contact and campaign cost").optional(),
            text("contribution_status", "ok, cost_unknown, or no_moves in the window"),
            money("value_e4", "the chosen measure of value; null when a cost is unknown").optional(),
            bigint("contacts", "contacts, page events left out"),
            bigint("contacts_untimed", "contacts of which the time is not known"),
            money("contact_minutes_e4", "minutes of talk, hold and wrap-up, in ten-thousandths"),
        ],
    )
}

fn peer_groups() -> Table {
    Table::new(
        "peer_groups",
        "one known customer and the groups of peers they belong to",
        &["customer_id"],
        vec![
            customer_id(),
            text("region", "region, or unknown"),
            text("customer_type", "person, company or unknown"),
            text("first_category", "category of most of the first order day's spend, or unknown"),
            text("tenure_band", "band of days since the first order, or none"),
            bigint("group_1", "group of those who share all four"),
            bigint("group_2", "group of those who share all but the category"),
            bigint("group_3", "group of those who share region and type"),
        ],
    )
}

fn peer_quantiles() -> Table {
    Table::new(
        "peer_quantiles",
        "one measure in one group of peers",
        &["measure", "level", "group_no"],
        vec![
            text("measure", "value or categories"),
            integer("level", "1 to 4: all four features, without the category, region and type, everybody"),
            bigint("group_no", "the group"),
            bigint("parent_no", "the group above it; null for everybody").optional(),
            bigint("n", "peers whose measure is known"),
            money("quantile_e4", "the measure's 0.9 quantile; null without peers").optional(),
        ],
    )
}

fn peer_frontiers() -> Table {
    Table::new(
        "peer_frontiers",
        "one measure in one group of peers",
        &["measure", "level", "group_no"],
        vec![
            text("measure", "value or categories"),
            integer("level", "1 to 4, as in peer_quantiles"),
            bigint("group_no", "the group"),
            bigint("n", "peers whose measure is known"),
            money("quantile_e4", "the measure's 0.9 quantile; null without peers").optional(),
            money("frontier_e4", "the quantile, drawn to the frontier of the group above").optional(),
            integer("peer_level", "first level from here upwards with enough peers; null without").optional(),
            bigint("peer_n", "peers at that level").optional(),
        ],
    )
}

fn customer_potential() -> Table {
    Table::new(
        "customer_potential",
        "one known customer",
        &["customer_id"],
        vec![
            customer_id(),
            boolean("profiling_opt_out", "may not be profiled"),
            money("value_e4", "the chosen measure of value, over the value window").optional(),
            money("potential_e4", "what they could be worth in a window").optional(),
            text("potential_source", "declared, peers, own, none or profiling_opt_out"),
            integer("peer_level", "level of the peers that were asked").optional(),
            bigint("peer_n", "how many those are").optional(),
            money("unrealised_e4", "potential less value").optional(),
            double("sow", "share of customer, 0 to 1").optional(),
            text("sow_method", "declared, war, peer_frontier, breadth or none"),
            integer("strategic_tier", "fifth by potential: 1 is best, 5 least, 0 none"),
        ],
    )
}

fn customer_value() -> Table {
    Table::new(
        "customer_value",
        "one known customer: value, potential, share of customer and value group",
        &["customer_id"],
        vec![
            customer_id(),
            money("value_e4", "the chosen measure of value, over the value window").optional(),
            text("value_status", "ok, cost_unknown, or no_moves in the window"),
            money("contribution_e4", "gross margin less payment, contact and campaign cost, over the window")
                .optional(),
            text("contribution_status", "ok, cost_unknown, or no_moves in the window"),
            money("potential_e4", "what they could be worth in a window").optional(),
            text(
                "potential_source",
                "declared (wallet), peers (their frontier), own (value above it, or no peers), none or profiling_opt_out",
            ),
            integer(
                "peer_level",
                "peers asked: 1 like in all, 2 but the first category, 3 region and type, 4 everybody",
            )
            .optional(),
            bigint("peer_n", "how many peers those are").optional(),
            money("unrealised_potential_e4", "potential less value").optional(),
            double("sow", "share of customer, 0 to 1").optional(),
            text("sow_method", "declared or war (said by the customer), peer_frontier or breadth (proxies), none"),
            integer("actual_tier", "fifth by value: 1 is best, 5 least, 0 no value"),
            integer("strategic_tier", "fifth by potential: 1 is best, 5 least, 0 none"),
            text("value_group", "BZ, MVC, MGC or Migrator"),
            text("group_rule", "the rule that fitted first: neutral, bz, mvc, mvc_hysteresis, mgc or rest"),
            boolean("is_bz", "below zero"),
            text("bz_basis", "what was judged for it: contribution, value (a cost is unknown) or none"),
            text(
                "bz_plan",
                "return_policy, cost_to_serve, campaign_stop, discount_stop or price_or_leave; null unless below zero",
            )
            .optional(),
        ],
    )
}

fn service_caps() -> Table {
    Table::new(
        "service_caps",
        "one service level and what its cap did",
        &["service_level"],
        vec![
            text("service_level", "the level"),
            integer("level_no", "1 is the best"),
            bigint("places", "most customers that the cap lets in; null without a cap").optional(),
            bigint("asked", "customers whose cell asks for the level"),
            bigint("fell_in", "customers who fell into it from above"),
            bigint("fell_out", "customers who fell out of it"),
            bigint("members", "customers who reached it and stayed"),
            bigint("neutral", "members who are not profiled, and take no place"),
            money("split_tie_e4", "the value of a tie that the cap split; null when it split none").optional(),
        ],
    )
}

fn concentration() -> Table {
    Table::new(
        "concentration",
        "one measure in one group of customers",
        &["measure", "kind", "name"],
        vec![
            text("measure", "value, cost_to_serve or contact_minutes, over the value window"),
            text("kind", "top (the best by the measure) or tier (actual tier)"),
            text("name", "top_1pct, top_5pct, top_10pct, top_20pct; or the tier"),
            bigint("customers", "customers in it"),
            money("amount_e4", "their sum of the measure"),
            double("share", "share of all customers' sum; null unless that is above zero").optional(),
            money("cumulative_e4", "the sum of this group and the better ones"),
            double("cumulative_share", "its share").optional(),
            double("gini", "Gini coefficient of the measure, 0 is equal").optional(),
            text("status", "ok, has_negative (Gini is then not bounded by 1) or total_not_positive"),
        ],
    )
}

fn effort_value() -> Table {
    Table::new(
        "effort_value",
        "one group of customers, its value and its effort over the value window",
        &["kind", "name"],
        vec![
            text("kind", "all, value_group or service_level"),
            text("name", "which one"),
            bigint("customers", "customers in it"),
            money("value_e4", "their value, as far as it is known"),
            bigint("value_unknown", "customers whose value is not known"),
            money("contribution_e4", "their contribution, as far as it is known; null when it is of nobody").optional(),
            bigint("contribution_unknown", "customers whose contribution is not known"),
            money("cost_to_serve_e4", "what contacts cost us"),
            money("marketing_cost_e4", "what campaigns cost us"),
            bigint("contacts", "contacts, page events left out"),
            bigint("contacts_untimed", "contacts of which the time is not known"),
            money("contact_minutes_e4", "minutes of talk, hold and wrap-up"),
            double("customer_share", "share of all customers"),
            double("value_share", "share of all value").optional(),
            double("cost_to_serve_share", "share of all cost of contacts").optional(),
            double("marketing_share", "share of all cost of campaigns").optional(),
            double("contact_share", "share of all contacts").optional(),
            double("contact_minutes_share", "share of all minutes").optional(),
            double("effort_to_value", "share of contact and campaign cost over share of value: 1 is in proportion")
                .optional(),
            text("effort_status", "ok, no_cost_known or value_not_positive"),
            bigint("contacted", "customers contacted"),
            bigint("wallets_declared", "of those, customers who have declared their wallet"),
            double("capture_rate", "wallets_declared / contacted").optional(),
        ],
    )
}

fn business_case() -> Table {
    Table::new(
        "business_case",
        "one improvement in one value tier: a formula, not a forecast",
        &["scenario", "stratum"],
        vec![
            text(
                "scenario",
                "retention (lapse falls), order_size (it rises) or cost (of contacts and campaigns, falls)",
            ),
            text("stratum", "actual tier, or all"),
            text("method", "formula: m r / (1 + d - r)"),
            text("status", "ok, short_history, few_customers or no_cost_known"),
            text("basis", "what margin is: contribution, or the measure of value where costs are not known"),
            double("improvement", "the relative improvement"),
            bigint("customers", "customers with value now, in the tier now"),
            bigint("customers_before", "customers with value a window ago, in the tier then"),
            bigint("retained", "of those, customers with value now"),
            double("discount_rate", "discount of a year"),
            double("retention", "share that stays for a year").optional(),
            double("retention_new", "the same with the improvement").optional(),
            double("margin", "money that a customer brings in a year").optional(),
            double("margin_new", "the same with the improvement").optional(),
            double("worth_now", "customers x margin x retention / (1 + discount - retention)").optional(),
            double("worth_new", "the same with the improvement").optional(),
            double("change", "worth_new - worth_now").optional(),
        ],
    )
}
