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
