//! Contracts of the tables about what a manager reads: business summary, growth, concentration, effort.

use super::{Column, Table, bigint, boolean, day, double, integer, money, text};

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    vec![
        customer_numbers().internal(),
        order_places().internal(),
        place_cells().internal(),
        category_cells().internal(),
        customer_categories_by_month().internal(),
        category_visits().internal(),
        summary_cells().internal(),
        scope_paths().internal(),
        scope_buyers().internal(),
        scope_periods().internal(),
        summary_values().internal(),
        business_summary(),
        growth_moves().internal(),
        growth_expansion().internal(),
        growth_parts().internal(),
        growth(),
    ]
}

fn month_no() -> Column {
    integer("month_no", "month of the calendar; 0 is before it begins")
}

fn category_no() -> Column {
    integer("category_no", "number of the category in product_categories")
}

/// Who bought where, as text that is never null.
fn places() -> [Column; 5] {
    [
        text("region", "region path, or unknown"),
        text("channel", "channel, or unknown"),
        text("store_id", "shop, or unknown"),
        text("rep_id", "who sold it, or unknown"),
        text("partner_id", "partner who brought it, or unknown"),
    ]
}

/// Sums of money over lines.
fn money_sums() -> [Column; 5] {
    [
        money("gross_revenue_e4", "goods sold"),
        money("net_revenue_e4", "goods sold less what came back"),
        money("discount_e4", "discounts given"),
        money("cost_e4", "cost of the goods whose cost is known"),
        bigint("lines_without_cost", "lines whose cost is not known"),
    ]
}

fn customer_numbers() -> Table {
    let columns = vec![
        text("customer_id", "the customer"),
        integer("customer_no", "1 is the first by id"),
        text("region", "region path of the customers export").optional(),
        integer("tier", "the customer's actual tier now, 0 without value"),
    ];
    Table::new("customer_numbers", "one known customer", &["customer_id"], columns)
}

fn order_places() -> Table {
    let mut columns = vec![integer("customer_no", "who bought").optional(), month_no()];
    columns.extend(places());
    columns.extend([
        integer("tier", "the customer's actual tier now, 0 without value and without a customer"),
        bigint("lines", "lines of goods"),
        bigint("orders", "qualifying orders"),
    ]);
    columns.extend(money_sums());
    Table::new("order_places", "one customer in one month at one place", &[], columns)
}

fn place_cells() -> Table {
    let mut columns = vec![month_no()];
    columns.extend(places());
    columns.extend([
        text("tier", "actual tier of the customers now, or unidentified"),
        bigint("lines", "lines of goods"),
        bigint("orders", "qualifying orders"),
        bigint("identified_orders", "those of identified customers"),
    ]);
    columns.extend(money_sums());
    columns.push(money("unidentified_e4", "net revenue of nobody identified"));
    let key = ["month_no", "region", "channel", "store_id", "rep_id", "partner_id", "tier"];
    Table::new("place_cells", "one month at one place in one tier", &key, columns)
}

fn category_cells() -> Table {
    let mut columns =
        vec![month_no(), text("category", "category path, or unknown"), bigint("lines", "lines of goods")];
    columns.extend(money_sums());
    Table::new("category_cells", "one product category in one month", &["month_no", "category"], columns)
}

fn customer_categories_by_month() -> Table {
    let columns = vec![
        text("customer_id", "who bought"),
        month_no(),
        integer("period_no", "the compared period; 0 is outside of them"),
        category_no(),
        boolean("is_launch", "products that came on sale in the compared period"),
        money("net_revenue_e4", "goods sold less what came back"),
        day("first_sold_day", "first day with goods of a qualifying order; null without").optional(),
    ];
    let key = ["customer_id", "month_no", "period_no", "category_no", "is_launch"];
    Table::new("customer_categories_by_month", "one customer in one product category in one month", &key, columns)
}

fn category_visits() -> Table {
    Table::new(
        "category_visits",
        "one customer who bought of one product category in one month",
        &[],
        vec![integer("customer_no", "who bought"), month_no(), category_no()],
    )
}

fn summary_cells() -> Table {
    let mut columns = vec![
        text("dimension", "all, region, product, channel, store, team, partner or tier"),
        text("leaf", "the name as the exports have it, or unknown"),
        month_no(),
        bigint("lines", "lines of goods"),
        bigint("orders", "qualifying orders; null for products").optional(),
        bigint("identified_orders", "those of identified customers; null for products").optional(),
    ];
    columns.extend(money_sums());
    columns.push(money("unidentified_e4", "net revenue of nobody identified; null for products").optional());
    Table::new("summary_cells", "one leaf of one dimension in one month", &["dimension", "leaf", "month_no"], columns)
}

fn scope_paths() -> Table {
    Table::new(
        "scope_paths",
        "one scope that a leaf of a dimension belongs to",
        &["dimension", "leaf", "scope"],
        vec![
            text("dimension", "all, region, product, channel, store, team, partner or tier"),
            text("leaf", "the name as the exports have it"),
            text("scope", "the leaf's own scope, or one above it"),
            integer("level", "0 is all, 1 its children"),
        ],
    )
}

fn scope_buyers() -> Table {
    Table::new(
        "scope_buyers",
        "one scope in one calendar period in which somebody bought",
        &["scope", "period_kind", "period_no"],
        vec![
            text("scope", "the scope"),
            text("period_kind", "month, quarter or year"),
            integer("period_no", "number of the period"),
            bigint("buyers", "customers with goods of a qualifying order"),
            bigint("new_buyers", "of them, who never bought in the scope before"),
            bigint("retained_buyers", "of them, who bought in the scope in the period before"),
        ],
    )
}

fn scope_periods() -> Table {
    let mut columns = vec![
        text("scope", "the scope"),
        integer("level", "0 is all, 1 its children"),
        text("period_kind", "month, quarter or year"),
        integer("period_no", "number of the period"),
        bigint("lines", "lines of goods"),
        bigint("orders", "qualifying orders; null for products").optional(),
        bigint("identified_orders", "those of identified customers; null for products").optional(),
    ];
    columns.extend(money_sums());
    columns.extend([
        money("unidentified_e4", "net revenue of nobody identified; null for products").optional(),
        bigint("buyers", "customers who bought").optional(),
        bigint("new_buyers", "of them, who never bought in the scope before").optional(),
        bigint("retained_buyers", "of them, who bought in the period before").optional(),
        bigint("buyers_prev", "customers who bought in the period before").optional(),
    ]);
    Table::new("scope_periods", "one scope in one calendar period", &["scope", "period_kind", "period_no"], columns)
}

fn summary_values() -> Table {
    Table::new(
        "summary_values",
        "one metric of one scope in one calendar period",
        &["scope", "period_kind", "period_no", "metric_id"],
        vec![
            text("scope", "the scope"),
            integer("level", "0 is all, 1 its children"),
            text("period_kind", "month, quarter or year"),
            integer("period_no", "number of the period"),
            text("metric_id", "the metric"),
            text("kind", "money, count, each, money_each, share or money_share"),
            bigint("num", "numerator, money in ten-thousandths; null when not known").optional(),
            bigint("den", "denominator; null for sums").optional(),
            bigint("n", "what the value was counted over").optional(),
            bigint("lines", "lines of the scope in the period"),
        ],
    )
}

fn business_summary() -> Table {
    Table::new(
        "business_summary",
        "one metric of one scope in one calendar period",
        &["scope", "period_kind", "period_start_day", "metric_id"],
        vec![
            text("scope", "all, a region path, or product:, channel:, store:, team:, partner:, tier: and a name"),
            integer("level", "0 is all, 1 its children"),
            text("period_kind", "month, quarter or year"),
            day("period_start_day", "first day").published_as("period_start"),
            day("period_end_day", "day after the last").published_as("period_end"),
            text("metric_id", "the metric"),
            double("value", "its value; null when it cannot be known, and status says why").optional(),
            double("numerator", "what the value is made of: money, or a count").optional(),
            double("denominator", "what it is divided by; null for sums").optional(),
            text("unit", "the currency, count, each or share"),
            double("lo", "lower end of the 95 % interval, for shares of 30 buyers or more").optional(),
            double("hi", "upper end").optional(),
            double("value_prev", "value in the period before; null unless both are complete").optional(),
            double("change", "value less value_prev").optional(),
            double("change_pct", "change over value_prev: 0.25 is a quarter more; null for shares").optional(),
            double("value_year_before", "value in the same period a year before").optional(),
            double("change_year", "value less value_year_before").optional(),
            bigint("n", "lines, orders or buyers that the value was counted over").optional(),
            text("status", "ok, or why a value or its change is not known"),
        ],
    )
}

fn growth_moves() -> Table {
    Table::new(
        "growth_moves",
        "one customer with revenue or orders in one of two compared periods that follow each other",
        &[],
        vec![
            integer("period_no", "the later period"),
            text("customer_id", "the customer"),
            text("region", "their one region, or unknown"),
            text("move", "new, reactivated, expansion, contraction, lapsed or returns_only"),
            money("before_e4", "net revenue in the earlier period"),
            money("now_e4", "net revenue in the later period"),
        ],
    )
}

fn growth_expansion() -> Table {
    Table::new(
        "growth_expansion",
        "one part of the growth of one customer between two compared periods",
        &[],
        vec![
            integer("period_no", "the later period"),
            text("customer_id", "the customer"),
            text("part", "existing, cross_sell, new_products or unsplit"),
            money("amount_e4", "how much net revenue of that part grew"),
        ],
    )
}

fn growth_parts() -> Table {
    Table::new(
        "growth_parts",
        "one part of the change of net revenue in one region between two compared periods",
        &["region", "period_no", "part"],
        vec![
            text("region", "region as the exports have it, or unknown"),
            integer("period_no", "the later period"),
            text("part", "the part; expansion is the whole of its parts"),
            bigint("customers", "customers in it"),
            money("before_e4", "net revenue in the earlier period; null for parts of an expansion").optional(),
            money("now_e4", "net revenue in the later period; null for parts of an expansion").optional(),
            money("amount_e4", "how much it adds to the change"),
        ],
    )
}

fn growth() -> Table {
    Table::new(
        "growth",
        "one part of the change of net revenue between two compared periods",
        &["scope", "period_start_day", "part"],
        vec![
            text("scope", "all, or a top-level region"),
            day("period_from_day", "first day of the earlier period").published_as("period_from"),
            day("period_start_day", "first day of the later period").published_as("period_start"),
            day("period_end_day", "day after the last").published_as("period_end"),
            text("part", "opening, a part, change or closing"),
            integer("part_no", "its place in a list that a person reads"),
            text("role", "opening, part, change or closing: the parts add up to the change"),
            bigint("customers", "customers in it; null where there are none to count").optional(),
            money("amount_e4", "net revenue; for a part, its share in the change"),
            double("share_of_opening", "amount over the opening; null without one").optional(),
            text("status", "ok, no_previous, category_unknown or launch_unknown"),
        ],
    )
    .sorted_by(&["scope", "period_start_day", "part_no"])
}
