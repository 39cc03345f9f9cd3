//! Contracts of the tables of `sql/features/`: facts and features that later tables are made of.

use super::{Column, Table, bigint, boolean, day, double, instant, integer, money, text};

/// All feature tables.
pub(super) fn feature_tables() -> Vec<Table> {
    vec![
        order_lines(),
        product_categories(),
        goods_lines(),
        orders(),
        customer_orders(),
        customer_days(),
        customer_summary(),
        customer_rhythm(),
        customer_tiers(),
        customer_service(),
        customer_categories(),
        period_values(),
        period_tiers(),
        tier_cuts(),
        tier_moves(),
        rfm_values(),
        rfm_edges(),
        rfm_scores(),
    ]
    .into_iter()
    .map(Table::internal)
    .collect()
}

fn customer_id() -> Column {
    text("customer_id", "the customer")
}

fn order_lines() -> Table {
    Table::new(
        "order_lines",
        "one line of an order that counts",
        &[],
        vec![
            customer_id().optional(),
            text("order_id", "the order whose value the line belongs to"),
            day("order_day", "day of the line"),
            instant("ts_us", "instant of the line"),
            text("product_id", "what was bought").optional(),
            text("channel", "where it was bought").optional(),
            boolean("is_goods", "goods, their refunds and discounts; false for postage, fees, tax, adjustments"),
            boolean("is_cancelled", "the order was cancelled or voided"),
            money("quantity_e4", "how many").optional(),
            money("amount_e4", "what was paid, negative for a return"),
            money("discount_e4", "discount on the line").optional(),
            money("cost_e4", "what the goods cost us").optional(),
            money("payment_fee_e4", "what the payment cost us").optional(),
            text("region", "region path of the line").optional(),
            text("store_id", "which shop").optional(),
            text("rep_id", "who sold it").optional(),
            text("partner_id", "partner who brought it").optional(),
            boolean("is_named_refund", "it names the order that it lowers"),
            money(
                "foreign_amount_e4",
                "what was paid, in the currency of the line, where that is not the reporting currency",
            )
            .optional(),
            text("foreign_currency", "that currency").optional(),
        ],
    )
}

fn product_categories() -> Table {
    Table::new(
        "product_categories",
        "one product category",
        &["category_no"],
        vec![
            integer("category_no", "place in the order of names, from 1"),
            text("category", "category path, or unknown"),
        ],
    )
}

fn goods_lines() -> Table {
    Table::new(
        "goods_lines",
        "one line of goods of an order that counts",
        &[],
        vec![
            customer_id().optional(),
            text("order_id", "the order whose value the line belongs to"),
            day("order_day", "day of the line"),
            day("counted_day", "day of its order; null when the order is void").optional(),
            boolean("is_gross", "part of the gross revenue"),
            boolean("is_sold", "goods of a qualifying order"),
            text("product_id", "what was bought").optional(),
            integer("category_no", "number of the product's category; that of unknown without one"),
            boolean("has_category", "the product is known and has a category"),
            boolean("is_cancelled", "the order was cancelled or voided"),
            money("quantity_e4", "how many").optional(),
            money("amount_e4", "what was paid, negative for a return"),
            money("discount_e4", "discount on the line, 0 without"),
            money("cost_e4", "what the goods cost us, by the line or by the product").optional(),
        ],
    )
}

fn orders() -> Table {
    Table::new(
        "orders",
        "one order, whoever bought it, refunds taken off",
        &[],
        vec![
            customer_id().optional(),
            text("order_id", "the order"),
            day("order_day", "day of its first line"),
            day("last_line_day", "day of its last line"),
            instant("ts_us", "instant of its first line"),
            text("region", "region path of its goods").optional(),
            text("channel", "where they were sold").optional(),
            text("store_id", "which shop").optional(),
            text("rep_id", "who sold them").optional(),
            text("partner_id", "partner who brought it").optional(),
            bigint("lines", "lines of goods"),
            boolean("is_cancelled", "a line of it was cancelled or voided"),
            boolean("is_void", "cancelled, and nothing was given back beyond what it sold: it counts for nothing"),
            boolean("is_qualifying", "not cancelled, and something is left of it"),
            money("gross_revenue_e4", "goods sold"),
            money("net_revenue_e4", "goods sold less what came back"),
            money("discount_e4", "discounts given"),
            money("cost_e4", "cost of the goods whose cost is known"),
            bigint("lines_without_cost", "lines whose cost is not known"),
            money("payment_fee_e4", "what the payment cost us"),
        ],
    )
}

fn customer_orders() -> Table {
    Table::new(
        "customer_orders",
        "one order of one identified customer, refunds taken off",
        &["customer_id", "order_id"],
        vec![
            customer_id(),
            text("order_id", "the order"),
            day("order_day", "day of its first line"),
            instant("ts_us", "instant of its first line"),
            bigint("lines", "lines of goods"),
            boolean("is_qualifying", "not cancelled, and something is left of it"),
            money("gross_revenue_e4", "goods sold"),
            money("net_revenue_e4", "goods sold less what came back"),
            money("discount_e4", "discounts given"),
            money("cost_e4", "cost of the goods whose cost is known"),
            bigint("lines_without_cost", "lines whose cost is not known"),
            money("payment_fee_e4", "what the payment cost us"),
        ],
    )
}

fn customer_days() -> Table {
    Table::new(
        "customer_days",
        "one customer on one day",
        &["customer_id", "day"],
        vec![
            customer_id(),
            day("day", "the day"),
            bigint("orders", "qualifying orders"),
            money("gross_revenue_e4", "goods sold"),
            money("net_revenue_e4", "goods sold less what came back"),
            money("discount_e4", "discounts given"),
            money("cost_e4", "cost of the goods whose cost is known"),
            bigint("lines_without_cost", "lines whose cost is not known"),
            money("payment_fee_e4", "what payments cost us"),
            money("cost_to_serve_e4", "what contacts cost us"),
            money("marketing_cost_e4", "what campaigns cost us"),
            money("value_e4", "the chosen measure of value").optional(),
        ],
    )
}

fn customer_summary() -> Table {
    Table::new(
        "customer_summary",
        "one known customer",
        &["customer_id"],
        vec![
            customer_id(),
            day("first_day", "first day with an order, a return or a contact that cost something").optional(),
            day("first_order_day", "day of the first order").optional(),
            day("last_order_day", "day of the last order").optional(),
            integer("recency_days", "days from the last order to the last day read").optional(),
            integer("tenure_days", "days from the first order to the last day read").optional(),
            bigint("orders", "qualifying orders"),
            bigint("purchase_days", "days with a qualifying order"),
            bigint("frequency", "what [orders] unit counts"),
            money("gross_revenue_e4", "goods sold"),
            money("net_revenue_e4", "goods sold less what came back"),
            money("discount_e4", "discounts given"),
            money("gross_margin_e4", "net revenue less the cost of the goods; null when a cost is unknown").optional(),
            money("payment_fee_e4", "what payments cost us"),
            money("cost_to_serve_e4", "what contacts cost us"),
            money("marketing_cost_e4", "what campaigns cost us"),
            money("contribution_e4", "gross margin less payment, contact and campaign cost").optional(),
            money("value_e4", "the chosen measure, over all that was read").optional(),
            money("net_revenue_12m_e4", "net revenue of the last 365 days"),
            money("net_revenue_prev_12m_e4", "net revenue of the 365 days before"),
        ],
    )
}

fn customer_rhythm() -> Table {
    Table::new(
        "customer_rhythm",
        "one customer with at least two purchase days",
        &["customer_id"],
        vec![
            customer_id(),
            bigint("gaps", "gaps between purchase days"),
            double("median_gap_days", "median gap"),
            integer("longest_gap_days", "longest gap"),
            money("gap_quantile_e4", "quantile of the gaps, in ten-thousandths of a day"),
            integer("last_gap_days", "gap before the last purchase day"),
        ],
    )
}

fn customer_tiers() -> Table {
    Table::new(
        "customer_tiers",
        "one customer with value in the value window or in the one before",
        &["customer_id"],
        vec![
            customer_id(),
            money("value_e4", "value in the window"),
            money("value_prev_e4", "value in the window before"),
            integer("actual_tier", "1 is best, 5 least, 0 no value"),
            integer("tier_prev", "the tier one window ago"),
            integer("tier_delta", "positive is a fall; no value counts as 6"),
        ],
    )
}

fn customer_service() -> Table {
    Table::new(
        "customer_service",
        "one known customer",
        &["customer_id"],
        vec![
            customer_id(),
            text("value_cell", "actual and strategic value: HH to LL, none, BZ or neutral"),
            text("service_level", "the level"),
            text("level_before_cap", "the level that the cell asks for"),
            integer("fell_by_cap", "how many levels the caps took"),
        ],
    )
}

fn customer_categories() -> Table {
    Table::new(
        "customer_categories",
        "one customer whose lines name products",
        &["customer_id"],
        vec![
            customer_id(),
            bigint("products_bought", "different products"),
            bigint("categories_bought", "different categories"),
        ],
    )
}

fn period_values() -> Table {
    Table::new(
        "period_values",
        "one customer in one period",
        &["period_no", "customer_id"],
        vec![
            integer("period_no", "the period"),
            customer_id(),
            bigint("orders", "qualifying orders"),
            money("net_revenue_e4", "net revenue"),
            money("value_e4", "the chosen measure of value"),
        ],
    )
}

fn period_tiers() -> Table {
    Table::new(
        "period_tiers",
        "one customer with value in one period",
        &["period_no", "customer_id"],
        vec![
            integer("period_no", "the period"),
            customer_id(),
            money("value_e4", "value in the period"),
            double("value_pct", "middle rank from the top, 0 to 1"),
            integer("actual_tier", "1 is best, 5 least"),
        ],
    )
}

fn tier_cuts() -> Table {
    Table::new(
        "tier_cuts",
        "one tier of the base period",
        &["tier"],
        vec![integer("tier", "1 is best"), money("smallest_e4", "smallest value in it")],
    )
}

fn tier_moves() -> Table {
    Table::new(
        "tier_moves",
        "one way from a tier to a tier between two periods that follow each other",
        &["mode", "period_no", "state_from", "state_to"],
        vec![
            text("mode", "rank or fixed"),
            integer("period_no", "the later period"),
            text("state_from", "0 no value, 1 to 5, new"),
            text("state_to", "0 no value, 1 to 5"),
            bigint("customers", "customers who went that way"),
            money("value_from_e4", "their value in the earlier period"),
            money("value_to_e4", "their value in the later period"),
        ],
    )
}

fn rfm_values() -> Table {
    Table::new(
        "rfm_values",
        "one measure of one buyer",
        &["measure", "customer_id"],
        vec![
            text("measure", "recency, frequency or monetary"),
            customer_id(),
            bigint("x", "days, orders or ten-thousandths"),
        ],
    )
}

fn rfm_edges() -> Table {
    Table::new(
        "rfm_edges",
        "one edge between two scores of one measure",
        &["measure", "cut_no"],
        vec![
            text("measure", "recency, frequency or monetary"),
            bigint("cut_no", "from 1 to bins - 1"),
            bigint("edge", "the edge, times the number of bins"),
        ],
    )
}

fn rfm_scores() -> Table {
    Table::new(
        "rfm_scores",
        "one buyer",
        &["customer_id"],
        vec![
            customer_id(),
            integer("r_score", "recency score"),
            integer("f_score", "frequency score"),
            integer("m_score", "monetary score"),
            text("rfm_code", "the three scores as digits"),
            text("rfm_segment", "segment of the cell"),
        ],
    )
}
