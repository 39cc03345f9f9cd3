//! Contracts of what is published about leaving: decisions per customer, windows, curves and cohorts.

use super::{Table, bigint, boolean, customer_id, day, double, integer, money, text};

/// The words of a score's status.
const SCORE_STATUS: &str = "ok; not_eligible: silent for [attrition.model] eligible_days; grade_c: no model is worth using; \
                            disabled, insufficient_history, insufficient_data, not_modelled, no_purchase, prospect, closed, profiling_opt_out";

/// The internal tables.
pub(super) fn internal() -> Vec<Table> {
    vec![attrition_signals(), attrition_judgements()]
}

/// The published tables.
pub(super) fn published() -> Vec<Table> {
    vec![
        attrition(),
        attrition_drivers(),
        attrition_windows(),
        attrition_summary(),
        retention_curves(),
        cohorts(),
        lifecycle_periods(),
    ]
}

fn attrition_signals() -> Table {
    Table::new(
        "attrition_signals",
        "one known customer, with all that speaks for or against leaving",
        &["customer_id"],
        vec![
            customer_id(),
            text("status", "ok, new, insufficient_history, prospect, closed or profiling_opt_out"),
            text("band", "lost, high_risk, at_risk, cooling, new or active").optional(),
            text("lifecycle_state", "state of the customer's life"),
            integer("recency_days", "days of silence").optional(),
            bigint("threshold_e4", "days after which the customer is overdue, in ten-thousandths").optional(),
            text("threshold_method", "own_rhythm, or the window that stands in for it").optional(),
            bigint("overdue_e4", "silence / threshold, in ten-thousandths").optional(),
            double("p_return_90d", "probability of a return within 90 days").optional(),
            double("p_return", "probability of a return within the horizon").optional(),
            text("p_return_status", "ok, all_customers, lower_bound or few_cases").optional(),
            money("value_e4", "value of the value window, at least 0; null of the closed").optional(),
            text("shrink_status", "ok, too_few_orders, or why the windows cannot be compared"),
            boolean("is_shrinking", "found by the test, and the value fell"),
            money("value_now_e4", "value of the last window").optional(),
            money("value_prev_e4", "value of the one before").optional(),
            bigint("shrink_e4", "share of the value that is gone, in ten-thousandths").optional(),
            boolean("is_growing", "the value grew by a quarter or more").optional(),
            bigint("orders_now", "orders in the last window").optional(),
            bigint("orders_prev", "orders in the one before").optional(),
            text("vanished_category", "largest category that a customer who still buys stopped buying").optional(),
            money("vanished_e4", "its net revenue before").optional(),
            integer("tier_delta", "tiers lost; negative is a rise"),
            boolean("is_tier_fall", "two tiers down or more, or no value left"),
            text("contact_status", "ok, no_contacts, or no_interactions: there is no such export"),
            bigint("open_complaints", "complaints that are not solved").optional(),
            integer("oldest_complaint_days", "age of the oldest").optional(),
            bigint("repeat_complaints_90d", "complaints soon after another").optional(),
            money("csat_drop_e4", "fall of the mean satisfaction").optional(),
            boolean("is_csat_drop", "it fell by [attrition] csat_drop or more").optional(),
            bigint("abandoned_30d", "contacts given up in the last 30 days").optional(),
            integer("starved_for_days", "days since we and they spoke, or since the first order").optional(),
            boolean("is_starved", "these are [attrition] starved_days or more").optional(),
            bigint("opt_outs", "consents withdrawn and messages unsubscribed from"),
        ],
    )
}

/// What the score and the rules come to, before it is decided who may be shown.
fn attrition_judgements() -> Table {
    Table::new(
        "attrition_judgements",
        "one known customer, and what their leaving is judged by",
        &["customer_id"],
        vec![
            customer_id(),
            text("status", "ok, new, insufficient_history, prospect, closed or profiling_opt_out"),
            text("band", "lost, high_risk, at_risk, cooling, new or active").optional(),
            text("band_source", "score or rules").optional(),
            double("score", "probability of buying nothing in the horizon").optional(),
            text("score_model", "scorecard or trees").optional(),
            text("score_grade", "A or B").optional(),
            text("score_status", SCORE_STATUS),
            double("p_alive", "probability that they still buy").optional(),
            money("expected_value_e4", "what they are expected to bring").optional(),
            text("value_source", "lifetime_value or value_window").optional(),
            money("value_at_risk_e4", "expected value times the probability of leaving").optional(),
            double("uplift", "how much more probable a purchase is with a campaign").optional(),
            money("value_saved_e4", "expected value times uplift").optional(),
            text("drivers", "the first five reasons, separated by blanks"),
            text("suggested_action", "action for the first reason that has one").optional(),
        ],
    )
}

fn attrition() -> Table {
    Table::new(
        "attrition",
        "one known customer",
        &["customer_id"],
        vec![
            bigint("attrition_rank", "1 has the most value at risk"),
            customer_id(),
            text("status", "ok, new, insufficient_history, prospect, closed or profiling_opt_out"),
            text("band", "lost, high_risk, at_risk, cooling, new or active").optional(),
            text("band_source", "score: the model's score and [attrition.model] bands; rules: silence and shrinking")
                .optional(),
            double("score", "probability of buying nothing in [attrition.model] horizon_days").optional(),
            text("score_model", "scorecard or trees").optional(),
            text("score_grade", "A or B; a model with a C is not used").optional(),
            text("score_status", SCORE_STATUS),
            double("p_alive", "probability that they still buy, by the lifetime value").optional(),
            text("lifecycle_state", "prospect, new, active, slipping, at_risk, dormant, reactivated or lost")
                .optional(),
            day("state_since_day", "first day in it").optional(),
            text("state_prev", "the state before").optional(),
            text("state_next", "the state that comes without an order").optional(),
            integer("next_in_days", "days until then").optional(),
            integer("recency_days", "days of silence").optional(),
            double("threshold_days", "silence after which the customer is overdue").optional(),
            text("threshold_method", "own_rhythm, or the window that stands in for it").optional(),
            double("overdue_ratio", "recency_days / threshold_days").optional(),
            double("p_return_90d", "probability of a return within 90 days").optional(),
            double("p_return", "probability of a return within [attrition] horizon_days").optional(),
            text("p_return_status", "ok, all_customers, lower_bound or few_cases").optional(),
            money("expected_value_e4", "what they are expected to bring").optional(),
            text(
                "value_source",
                "lifetime_value: within the horizon of customer_ltv; value_window: what they brought in it",
            )
            .optional(),
            money("value_at_risk_e4", "expected_value times score, or times (1 - p_return) where there is none").optional(),
            double(
                "uplift",
                "how much more probable a purchase within the horizon is with the campaign that attrition_uplift has chosen",
            )
            .optional(),
            money("value_saved_e4", "expected_value times uplift").optional(),
            bigint("save_rank", "1 is where an effort saves most: by value_saved, else by value_at_risk"),
            text("shrink_status", "ok, too_few_orders, or why the windows cannot be compared").optional(),
            money("value_prev_e4", "value of the window before the last").optional(),
            money("value_now_e4", "value of the last window").optional(),
            double("shrink", "1 - value_now / value_prev").optional(),
            double("shrink_rel", "1 - (value_now / value_prev) / the peers' median of it").optional(),
            double("shrink_p", "probability of so few purchase days now by chance").optional(),
            double("shrink_q", "that across all tested customers").optional(),
            boolean("is_shrinking", "shrink_q is at most the false discovery rate, and the value fell").optional(),
            text("parts_status", "ok, or what the decomposition lacks").optional(),
            money("change_e4", "net revenue now less before; null unless the value fell").optional(),
            money("change_orders_e4", "of the change, by the number of orders").optional(),
            money("change_units_e4", "of the change, by units an order").optional(),
            money("change_price_e4", "of the change, by prices of products bought in both windows").optional(),
            money("change_mix_e4", "of the change, by other products: what is left").optional(),
            text("shrink_driver", "the largest loss: orders, units, price, mix or category").optional(),
            text("lost_category", "largest category bought before and not now").optional(),
            money("lost_category_e4", "its net revenue before, as a loss")
                .optional()
                .published_as("lost_category_value"),
            integer("tier_delta", "tiers lost; negative is a rise").optional(),
            boolean("tier_flag", "two tiers down or more, or no value left, and found shrinking").optional(),
            text("contact_status", "ok, no_contacts, or no_interactions: there is no such export").optional(),
            boolean("complaint_flag", "a complaint is open").optional(),
            boolean("starved_flag", "no two-way contact for [attrition] starved_days").optional(),
            boolean("csat_drop", "satisfaction fell by [attrition] csat_drop or more").optional(),
            text(
                "drivers",
                "the first five reasons of the score, else signs, + towards leaving and - towards staying, separated by blanks",
            )
            .optional(),
            text("suggested_action", "the action of [attrition.actions] for the first of them towards leaving that has one")
                .optional(),
        ],
    )
    .sorted_by(&["attrition_rank"])
}

fn attrition_drivers() -> Table {
    Table::new(
        "attrition_drivers",
        "one sign that one customer is leaving or staying",
        &["customer_id", "place"],
        vec![
            customer_id(),
            integer("place", "1 is the weightiest"),
            text("driver", "the sign"),
            text("direction", "+ towards leaving, - towards staying"),
            money("value_e4", "what the sign counts, in its own unit"),
            integer("points", "its weight; only for the order of the signs"),
        ],
    )
}

fn attrition_windows() -> Table {
    Table::new(
        "attrition_windows",
        "one window of silence after which customers could be called lost",
        &["method", "return_ppm"],
        vec![
            text("method", "return_probability, error_balanced or fixed"),
            integer("return_ppm", "probability of a return at the window, in millionths; 0 for other methods"),
            integer("horizon_days", "days within which a return counts"),
            integer("days", "the window").optional(),
            text("status", "ok, or why there is none: not_reached, below_from_the_start, insufficient_data"),
            double("type_i", "share of those who bought that it would have called lost").optional(),
            double("type_ii", "share of those who did not that it would have called active").optional(),
            bigint("buyers", "customers who bought within the horizon up to as_of"),
            bigint("others", "customers who did not"),
            boolean("in_force", "it stands in for customers without a rhythm of their own"),
        ],
    )
}

fn attrition_summary() -> Table {
    Table::new(
        "attrition_summary",
        "one measure of leaving over all customers",
        &["measure"],
        vec![
            text("measure", "what is true of the customers"),
            bigint("customers", "of how many").optional(),
            bigint("base", "among how many"),
            double("share", "customers / base").optional(),
            text("status", "ok, or no_interactions"),
        ],
    )
}

fn retention_curves() -> Table {
    Table::new(
        "retention_curves",
        "one length of silence in one stratum: a step of a Kaplan-Meier curve",
        &["kind", "stratum", "t_days"],
        vec![
            text("kind", "all_spells: from every purchase day to the next; first_return: from the first to the second"),
            text("stratum", "all, or what the customers have in common"),
            integer("t_days", "days since the purchase day"),
            bigint("at_risk", "spells at least this long"),
            bigint("events", "spells that ended with a purchase on this day"),
            bigint("censored", "spells that were still open at as_of"),
            double("survival", "share of spells that are longer"),
            double("lo", "lower end of its 95 % interval (Greenwood, log-log)").optional(),
            double("hi", "upper end").optional(),
            double("hazard", "events / at_risk"),
        ],
    )
}

fn cohorts() -> Table {
    Table::new(
        "cohorts",
        "one month of first orders, k months later",
        &["cohort", "k"],
        vec![
            text("cohort", "month of the first order"),
            integer("k", "months since then"),
            bigint("size", "customers who first bought in that month"),
            bigint("active", "of these, customers who bought in this month; null while it is not over").optional(),
            double("retention", "active / size").optional(),
            money("net_revenue_e4", "their net revenue in this month").optional(),
            boolean("complete", "the month is over"),
        ],
    )
}

fn lifecycle_periods() -> Table {
    Table::new(
        "lifecycle_periods",
        "one state of customers in one period",
        &["period_no", "state"],
        vec![
            integer("period_no", "the period"),
            text("state", "new, returning, resurrecting or dormant"),
            day("start_day", "first day of the period"),
            day("end_day", "day after its last"),
            bigint("customers", "customers in the state"),
            bigint("orders", "their orders in the period"),
            money("net_revenue_e4", "their net revenue in the period"),
            money("previous_revenue_e4", "their net revenue in the period before"),
        ],
    )
}
