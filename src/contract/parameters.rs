//! Contracts of the tables that the pipeline file makes: what SQL needs to know of it, as rows and not as templates.

use super::{Table, bigint, boolean, day, integer, money, text};

/// All parameter tables.
pub fn parameter_tables() -> Vec<Table> {
    vec![run_params(), periods(), rfm_cuts(), rfm_cells(), service_cells(), service_levels()]
}

fn run_params() -> Table {
    Table::new(
        "run_params",
        "the one row of parameters, to be joined with CROSS JOIN",
        &["as_of_day"],
        vec![
            day("as_of_day", "end of what is read: only days before it count"),
            text("currency", "the reporting currency"),
            text("value_metric", "net_revenue, gross_margin or contribution"),
            integer("value_window_days", "days over which the actual value is summed"),
            text("order_unit", "order or purchase_day: what frequency counts"),
            boolean("count_zero_value_orders", "whether an order of nothing qualifies"),
            text("rfm_method", "quantile, midrank, ntile, r-rfm or thresholds"),
            bigint("rfm_bins", "scores run from 1 to this"),
            bigint("min_pair_count", "fewest baskets for a pair"),
            bigint("pair_top_k", "most partners of a product"),
            bigint("max_basket_products", "larger baskets are left out of pair counts"),
        ],
    )
    .internal()
}

fn periods() -> Table {
    Table::new(
        "periods",
        "one period that is compared, the oldest is number 1",
        &["period_no"],
        vec![
            integer("period_no", "number, from 1"),
            day("start_day", "first day"),
            day("end_day", "day after the last"),
        ],
    )
    .internal()
}

fn rfm_cuts() -> Table {
    Table::new(
        "rfm_cuts",
        "one cut between two scores of one measure",
        &["measure", "cut_no"],
        vec![
            text("measure", "recency, frequency or monetary"),
            bigint("cut_no", "number of the cut, from 1 to bins - 1"),
            bigint("threshold", "cut value for method thresholds: days, orders or ten-thousandths").optional(),
        ],
    )
    .internal()
}

fn rfm_cells() -> Table {
    Table::new(
        "rfm_cells",
        "one cell of the RFM grid",
        &["r_score", "f_score", "m_score"],
        vec![
            integer("r_score", "recency score"),
            integer("f_score", "frequency score"),
            integer("m_score", "monetary score"),
            text("code", "the three scores as digits"),
            text("segment", "the segment that has the cell"),
        ],
    )
    .internal()
}

fn service_cells() -> Table {
    Table::new(
        "service_cells",
        "one value cell and the level that it asks for",
        &["value_cell"],
        vec![
            text("value_cell", "actual and strategic value: HH, HM, ... LL, or none"),
            integer("level_no", "the level, 1 is the best"),
        ],
    )
    .internal()
}

fn service_levels() -> Table {
    Table::new(
        "service_levels",
        "one service level and what it is entitled to: the policy that routing rows repeat",
        &["service_level"],
        vec![
            text("service_level", "name of the level"),
            integer("level_no", "1 is the best"),
            bigint("cap_ppm", "largest share of customers with value, in millionths"),
            text("strategy", "keep, grow or up_or_out"),
            text("queue", "queue that answers"),
            integer("priority", "priority in the queue, 1 is first"),
            text("required_skills", "skills the agent must have, separated by blanks"),
            text("vru_path", "bypass, short, full or self_service"),
            integer("target_wait_seconds", "seconds to wait at most"),
            integer("trade_wait_seconds", "seconds to wait at most when trading"),
            integer("talk_limit_seconds", "seconds an agent may talk; null is no limit").optional(),
            text("response_channels", "channels by which we answer, separated by blanks; any is the one asked for"),
            integer("email_sla_minutes", "minutes to answer an e-mail"),
            money("solution_cost_cap_e4", "most that a solution may cost; null is no cap, 0 none that costs money").optional(),
            text("loyalty_offer", "yes, case or no"),
            text("education", "what to teach"),
            boolean("cobrowse_allowed", "whether an agent may browse along"),
            boolean("fee_applies", "whether the customer pays for the service"),
            text("price_tier", "price tier; null unless switched on").optional(),
            text("rule_id", "the rule that gave the row, for feedback"),
        ],
    )
}
