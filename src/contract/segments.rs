//! Contracts of the published tables of `sql/segments/` and `sql/summaries/` (`spec/tables.md` 4.3).

use super::{Table, bigint, boolean, day, double, instant, integer, interactions, money, person, text};

/// All published tables that SQL files make.
pub(super) fn segment_tables() -> Vec<Table> {
    vec![
        customers(),
        value_tiers(),
        tier_migration(),
        segment_membership(),
        segment_membership_delta(),
        segments(),
        line_totals(),
        populations(),
    ]
}

fn customers() -> Table {
    Table::new(
        "customers",
        "one known customer: everything in one row",
        &["customer_id"],
        vec![
            text("customer_id", "the customer"),
            text("household_id", "household").optional(),
            text("account_id", "account").optional(),
            text("customer_type", "person or company").optional(),
            text("account_role", "role in the account").optional(),
            text("region_path", "region path").optional(),
            text("time_zone", "time zone of the customer").optional(),
            text("language", "language").optional(),
            day("first_order_day", "day of the first order").optional(),
            day("last_order_day", "day of the last order").optional(),
            integer("tenure_days", "days from the first order to the last day read").optional(),
            integer("recency_days", "days from the last order to the last day read (RFM recency, not the BTYD one)")
                .optional(),
            bigint("purchase_days", "days with a qualifying order"),
            bigint("orders", "qualifying orders"),
            double("median_gap_days", "median days between purchase days; null with fewer than two").optional(),
            double("threshold_days", "days of silence after which they are overdue").optional(),
            double("overdue_ratio", "recency_days / threshold_days").optional(),
            text("currency", "reporting currency"),
            money("net_revenue_e4", "goods sold less what came back, over all that was read"),
            money("gross_margin_e4", "net revenue less the cost of the goods").optional(),
            text("margin_status", "ok, cost_unknown or no_history"),
            money("cost_to_serve_e4", "what contacts cost us"),
            money("marketing_cost_e4", "what campaigns cost us"),
            money("contribution_e4", "gross margin less payment, contact and campaign cost").optional(),
            money("net_revenue_12m_e4", "net revenue of the last 365 days"),
            money("prev_12m_e4", "net revenue of the 365 days before"),
            money("avg_order_value_e4", "net revenue a qualifying order, cut to ten-thousandths").optional(),
            double("refund_rate", "share of goods sold that came back").optional(),
            double("discount_share", "discounts as a share of what the goods would have cost").optional(),
            integer("rfm_r", "recency score").optional(),
            integer("rfm_f", "frequency score").optional(),
            integer("rfm_m", "monetary score").optional(),
            text("rfm_code", "the three scores as digits").optional(),
            text("rfm_segment", "segment of the RFM cell; Prospect without an order, Value Unknown without a cost"),
            text("value_basis", "the measure of value: net_revenue, gross_margin or contribution"),
            money("value_e4", "the measure, over the value window"),
            integer("actual_tier", "fifth by actual value: 1 is best, 5 least, 0 no value"),
            integer("tier_prev", "the tier one window ago"),
            integer("tier_delta", "positive is a fall; no value counts as 6"),
            integer("strategic_tier", "fifth by potential: 1 is best, 5 least, 0 none"),
            text("value_group", "MVC (keep), MGC (grow), Migrator or BZ (below zero)"),
            text("value_cell", "actual and strategic value: HH to LL; none, BZ (below zero) or neutral (not profiled)"),
            text("service_level", "the service level"),
            text("lifecycle_state", "prospect, new, active, slipping, at_risk, dormant, reactivated or lost"),
            day("state_since_day", "first day in that state").optional().published_as("state_since"),
            text("attrition_status", "ok, or why there is no judgement: see the table attrition"),
            text("attrition_band", "lost, high_risk, at_risk, cooling, new or active").optional(),
            double(
                "attrition_score",
                "probability of buying nothing in the horizon; none without a model with a grade",
            )
            .optional(),
            money(
                "value_at_risk_e4",
                "what they are expected to bring times the probability that they leave: see the table attrition",
            )
            .optional(),
            double("sow", "share of customer: of what they spend on what we sell, what they spend with us").optional(),
            text("sow_method", "declared, war, peer_frontier, breadth (the last two are stand-ins) or none"),
            money("unrealised_potential_e4", "potential less value").optional(),
            bigint("products_bought", "different products bought"),
            bigint("categories_bought", "different categories bought"),
            bigint("contacts_90d", "contacts of the last 90 days"),
            instant("last_contact_us", "when the last contact began").optional(),
            text("last_contact_channel", "its channel").optional(),
            text("last_contact_outcome", "how it ended").optional(),
            integer("days_since_two_way", "days since we and they last spoke").optional(),
            bigint("open_complaints", "complaints that are not solved"),
            integer("oldest_complaint_days", "age of the oldest of them").optional(),
            money("csat_mean_e4", "mean satisfaction, in points of its scale").optional(),
            bigint("csat_n", "answers that it is the mean of"),
            bigint("abandoned_90d", "contacts given up in the last 90 days"),
            day("promise_due_day", "first day by which we promised something that is not solved").optional(),
            boolean("profiling_opt_out", "may not be profiled: neutral service level, no personal scores"),
            boolean("is_closed", "left us formally"),
            text("consent_email", "granted, denied, expired or unknown, for marketing"),
            instant("consent_email_us", "when it was said").optional(),
            text("consent_sms", "the same for text messages"),
            instant("consent_sms_us", "when it was said").optional(),
            text("consent_phone", "the same for calls"),
            instant("consent_phone_us", "when it was said").optional(),
            text("consent_post", "the same for letters"),
            instant("consent_post_us", "when it was said").optional(),
            text("consent_push", "the same for push messages"),
            instant("consent_push_us", "when it was said").optional(),
            bigint("sends_7d", "our contacts of the last 7 days"),
            bigint("sends_30d", "our contacts of the last 30 days"),
            day("next_allowed_email_day", "first day on which the contact rules allow a marketing e-mail")
                .published_as("next_allowed_email_date"),
            day("next_allowed_call_day", "the same for a marketing call").published_as("next_allowed_call_date"),
            integer("holdout_bucket", "0 to 9999, by the seed of the global holdout"),
            boolean("in_global_holdout", "whether no campaign reaches them"),
            money("clv_expected_e4", "what they are expected to bring within the horizon, discounted to today")
                .optional(),
            money("clv_p10_e4", "tenth percentile of what they bring within the horizon").optional(),
            money("clv_p90_e4", "ninetieth percentile of it").optional(),
            double("p_alive", "probability that they still buy").optional(),
            text("clv_status", "ok, or why that is not known: see the table customer_ltv"),
        ]
        .into_iter()
        .chain(person::customers_columns())
        .chain(interactions::customers_columns())
        .collect(),
    )
}

fn value_tiers() -> Table {
    Table::new(
        "value_tiers",
        "one customer in one period",
        &["period_end_day", "customer_id"],
        vec![
            text("customer_id", "the customer"),
            day("period_start_day", "first day of the period").published_as("period_start"),
            day("period_end_day", "day after the last of the period").published_as("period_end"),
            text("basis", "the measure of value"),
            money("value_e4", "value in the period"),
            double("value_pct", "middle rank from the top, 0 to 1; null without value").optional(),
            integer("actual_tier", "fifth among those with value in the period: 1 is best, 0 no value"),
            integer("tier_fixed", "tier by the cuts of the base period"),
            integer("tier_prev", "actual tier of the period before; null in the first").optional(),
            integer("tier_delta", "positive is a fall; no value counts as 6").optional(),
            integer("fixed_delta", "the same for tier_fixed").optional(),
        ],
    )
}

fn tier_migration() -> Table {
    Table::new(
        "tier_migration",
        "one way from a tier to a tier between two periods",
        &["basis", "mode", "scope", "period_from_day", "period_to_day", "state_from", "state_to"],
        vec![
            text("basis", "the measure of value"),
            text("mode", "rank (tiers made anew) or fixed (cuts of the base period)"),
            text("scope", "all"),
            day("period_from_day", "first day of the earlier period").published_as("period_from"),
            day("period_to_day", "first day of the later period").published_as("period_to"),
            text("state_from", "0 no value, 1 to 5, new"),
            text("state_to", "0 no value, 1 to 5"),
            bigint("customers", "customers who went that way"),
            money("value_from_e4", "their value in the earlier period"),
            money("value_to_e4", "their value in the later period"),
            double("p", "share of those who came from state_from"),
            double("p_smoothed", "the same, drawn to the pool with weight 5"),
            double("lo", "lower end of Wilson's 95 % interval of p"),
            double("hi", "upper end"),
        ],
    )
}

fn line_totals() -> Table {
    Table::new(
        "line_totals",
        "one class of staged transaction lines",
        &["class", "identified"],
        vec![
            text("class", "goods, not_goods, cancelled, pending or test"),
            boolean("identified", "whether the line names a customer"),
            bigint("lines", "lines"),
            money("amount_e4", "sum of their amounts"),
            bigint("negative_lines", "lines with a negative amount"),
            money("negative_amount_e4", "sum of the negative amounts"),
        ],
    )
}

fn segment_membership() -> Table {
    Table::new(
        "segment_membership",
        "one customer in one named segment",
        &["segment_id", "customer_id"],
        vec![
            text("segment_id", "the segment"),
            text("customer_id", "the customer"),
            day("since_day", "as_of of the run in which they came in").published_as("since"),
            text("definition_version", "hash of the segment's predicate"),
        ],
    )
}

fn segment_membership_delta() -> Table {
    Table::new(
        "segment_membership_delta",
        "one customer who came into or left one segment since the previous published run",
        &["segment_id", "customer_id"],
        vec![text("op", "add or remove"), text("segment_id", "the segment"), text("customer_id", "the customer")],
    )
}

fn segments() -> Table {
    Table::new(
        "segments",
        "one named segment",
        &["segment_id"],
        vec![
            text("segment_id", "its name"),
            text("expression", "its predicate"),
            text("version", "hash of the predicate"),
            bigint("size", "customers in it"),
            bigint("size_prev", "customers in it in the previous published run"),
            money("value_e4", "what they are worth, over the value window"),
        ],
    )
}

fn populations() -> Table {
    Table::new(
        "populations",
        "one group of customers",
        &["kind", "name"],
        vec![
            text("kind", "tier, value_group, service_level, rfm_segment or segment"),
            text("name", "which one"),
            bigint("customers", "how many"),
        ],
    )
}
