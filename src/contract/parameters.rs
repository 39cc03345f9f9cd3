//! Contracts of the tables that the pipeline itself makes: what SQL needs to know of the pipeline file, of the previous
//! run and of the inputs, as rows and not as templates.

use super::{
    Table, affinity, attrition, bigint, boolean, day, double, instant, integer, interactions, lifetime_value, money,
    person, recommendations, text,
};

/// All parameter tables.
pub fn parameter_tables() -> Vec<Table> {
    let mut tables = vec![
        run_params(),
        periods(),
        rfm_cuts(),
        rfm_cells(),
        service_cells(),
        service_levels(),
        tenure_bands(),
        value_group_tiers(),
        segment_definitions(),
        segment_members(),
        segment_membership_before(),
        campaign_definitions(),
        campaign_candidates(),
        contact_rules(),
        contact_rule_channels(),
        consent_needs(),
        data_quality(),
        calendar(),
        lifetime_value::ltv_origins(),
        lifetime_value::ltv_weeks(),
        lifetime_value::gap_logarithms(),
        affinity::excluded_products(),
        affinity::affinity_ptp_before(),
        recommendations::muted_categories(),
    ];
    tables.extend(attrition::parameter_tables());
    tables.extend(interactions::parameter_tables());
    tables.extend(person::parameter_tables());
    tables
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
            bigint("max_basket_products", "most products of an ordinary basket"),
            // [value_groups]
            bigint("peer_weight", "a peer group of this size weighs as much as the group above it"),
            bigint("min_peers", "fewest peers that are called peers"),
            money("bz_threshold_e4", "a contribution below this is below zero"),
            bigint("mgc_min_unrealised_e4", "smallest unrealised share of the potential to grow, in ten-thousandths"),
            boolean("mvc_hysteresis", "whether two windows below are needed to leave MVC"),
            // [business_case]
            double("discount_rate", "discount of a year"),
            double("lapse_fall", "relative fall in lapse that is looked at"),
            double("order_size_rise", "relative rise in order size that is looked at"),
            double("cost_fall", "relative fall in the cost of contacts and campaigns that is looked at"),
            // [attrition]
            instant("as_of_us", "the instant at which as_of begins in the business time zone"),
            text("window_method", "own_rhythm, return_probability, error_balanced or fixed"),
            bigint("gap_quantile_ppm", "quantile of a customer's gaps that is their rhythm, in millionths"),
            bigint("prior_gaps", "own gaps that weigh as much as the window of all customers"),
            integer("horizon_days", "days within which a silent customer may return"),
            bigint("pool_return_ppm", "probability of a return at the window of all customers, in millionths"),
            integer("window_step_days", "step of the error-balanced window"),
            bigint("false_alarm_cost", "cost of calling somebody lost who comes back"),
            bigint("missed_cost", "cost of calling somebody active who does not"),
            integer("fixed_window_days", "days of silence of the fixed window"),
            integer("lost_horizon_days", "days within which a return is hopeless for the lost"),
            bigint("lost_return_ppm", "probability of a return that is hopeless, in millionths"),
            integer("compare_days", "days of the window that is compared with the one before"),
            money("min_previous_value_e4", "least value in the window before"),
            bigint("min_purchase_days", "least purchase days in both windows for a test"),
            bigint("fdr_ppm", "false discovery rate in millionths"),
            bigint("min_cases", "least number of customers for a figure about them"),
            integer("starved_days", "days without a two-way contact that starve a customer"),
            money("csat_drop_e4", "fall of the mean satisfaction that is a sign"),
            integer("attrition_eligible_days", "who bought in so many last days is scored and learnt from"),
            bigint("attrition_least_of_each", "customers who left, and who stayed, that a model needs"),
            boolean("attrition_model_enabled", "whether there is a model of attrition"),
            bigint("attrition_at_risk_ppm", "the score from which a customer is at risk, in millionths"),
            bigint("attrition_high_risk_ppm", "the score from which the risk is high, in millionths"),
            // [campaigns], [[contact_rules]], [experiments], [routing]
            text("time_zone", "the business time zone"),
            day("contact_window_day", "first day of which contacts count for a cap or are reported"),
            text("experiment_unit_kind", "customer, person or household: who shares an arm"),
            text("holdout_seed", "seed of the global holdout"),
            integer("holdout_e4", "share of the global holdout in ten-thousandths"),
            boolean("opaque_routing_keys", "whether routing keys are keyed hashes"),
            integer("routing_valid_days", "days for which a row of routing holds"),
            // [summary]
            text("summary_dimensions", "what the business summary is broken down by, separated by blanks"),
            // [lifetime_value]
            boolean("ltv_enabled", "whether lifetime values are computed"),
            integer("ltv_horizon_days", "days over which purchases and value are expected"),
            double("ltv_annual_discount_rate", "what a year of 365.25 days discounts"),
            integer("ltv_unit_days", "days in the unit of time of published parameters"),
            text("ltv_model", "the model, or auto"),
            text("ltv_candidates", "models that are compared for auto, separated by blanks"),
            boolean("ltv_first_purchase_in_spend", "whether the first purchase counts in the mean spend"),
            bigint("ltv_min_customers", "fewest customers with a purchase for a fit"),
            bigint("ltv_min_repeaters", "fewest customers with a second purchase for a fit"),
            text("ltv_stratum", "what groups with fits of their own have in common, or none"),
            bigint("ltv_stratum_min_customers", "groups of fewer customers are put together"),
            text("ltv_covariates", "what may move a customer's rates, separated by blanks"),
            bigint("ltv_covariate_min_customers", "values of fewer customers are put together"),
            integer("ltv_opportunity_days", "days of one opportunity to buy, 0 without"),
            integer("ltv_draws", "draws of the parameters for intervals of totals"),
            bigint("ltv_seed", "seed of the draws"),
            boolean("tiers_by_clv", "whether value_tiers ranks by lifetime value: [value] metric is clv"),
            // [affinity]
            boolean("affinity_enabled", "whether affinity is computed"),
            integer("category_top_k", "most categories of a product, and most products of each that stand in"),
            text("affinity_rank_by", "the measure by which partners are ranked"),
            text("affinity_levels", "basket and customer, as asked for, separated by blanks"),
            text("affinity_granularities", "what is paired, separated by blanks"),
            text("affinity_attributes", "attributes that are paired as categories are, separated by blanks"),
            text("megabaskets", "exclude or weight: what happens to units of very many products"),
            bigint("max_customer_products", "most products of an ordinary customer"),
            integer("affinity_half_life_days", "days after which a unit weighs half in ranks, 0 without"),
            day("affinity_from_day", "first day whose baskets are counted"),
            integer("sequence_window_days", "days within which the second product has to follow the first"),
            text("affinity_max_q", "largest share of chance findings, in decimal text"),
            text("rule_min_support", "smallest share of baskets with all products of a rule, in decimal text"),
            text("rule_min_confidence", "smallest confidence of a rule, in decimal text"),
            integer("rule_max_length", "most products of a rule, its consequent included"),
            integer("max_rules", "most rules"),
            integer("delta_rank_change", "places by which a rank has to move to be a change"),
            // [recommendations]
            boolean("rec_enabled", "whether there are lists of products for customers"),
            integer("rec_list_size", "most products in one list of one customer"),
            integer("rec_ctp_size", "most customers in the list of one product"),
            integer("rec_contact_cap", "most lists of products that one customer is in"),
            integer("rec_horizon_days", "days for which probabilities hold, and of the back-test"),
            integer("rec_half_life_days", "days after which a purchase weighs half"),
            text("rec_candidates", "ways to find new products that are compared, separated by blanks"),
            integer("rec_neighbours", "products that are looked at beside one that was bought"),
            bigint("rec_min_buyers", "fewest customers who bought a product for it to be recommended"),
            bigint("rec_min_test_customers", "fewest customers by whom methods can be judged"),
            integer("rec_ease_max_products", "most products that ease solves for"),
            integer("rec_ease_lambda", "how much ease is drawn towards nothing"),
            integer("rec_als_factors", "dimensions of als"),
            integer("rec_als_iterations", "rounds of als"),
            integer("rec_unsold_days", "days without a sale after which a product is no longer sold, 0 is off"),
            bigint("rec_seed", "seed of what begins at random"),
            // [sessions]
            bigint("session_gap_us", "silence after which a session is over, in microseconds"),
            bigint("session_min_views", "views of product pages that select a session"),
            bigint("session_order_us", "time after a session within which an order is in time, in microseconds"),
            bigint("session_late_us", "time after it within which an order is late, in microseconds"),
            bigint("session_question_us", "time around it in which a question is linked to it, in microseconds"),
            bigint("session_remember_us", "time for which a visitor stays a customer, in microseconds"),
            bigint("session_look_back_us", "time before a customer was first named that is theirs, in microseconds"),
            bigint("session_recover_us", "time for which a session may be recovered, in microseconds"),
            integer("session_period_days", "days of a period of the summary of sessions"),
            // [identity]
            text("identity_country", "calling code of numbers that name no country; empty without"),
            text("identity_trunk", "what numbers within the country begin with"),
            text("identity_international", "what stands for + before a number"),
            bigint("identity_sharing", "most customers of an identifier that links"),
            bigint("identity_group", "most customers that are one person"),
            boolean("identity_count_together", "whether contact rules count all ids of a person together"),
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
            text("value_cell", "actual and strategic value: HH, HM, ... LL; none, BZ or neutral"),
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
            money("solution_cost_cap_e4", "most that a solution may cost; null is no cap, 0 none that costs money")
                .optional(),
            text("loyalty_offer", "yes, case or no"),
            text("education", "what to teach"),
            boolean("cobrowse_allowed", "whether an agent may browse along"),
            boolean("fee_applies", "whether the customer pays for the service"),
            text("price_tier", "price tier; null unless switched on").optional(),
            text("rule_id", "the rule that gave the row, for feedback"),
            boolean("is_default", "whether callers who are not known are treated so"),
        ],
    )
}

fn tenure_bands() -> Table {
    Table::new(
        "tenure_bands",
        "one band of days since the first order, the shortest is number 1",
        &["band_no"],
        vec![
            integer("band_no", "number, from 1"),
            text("tenure_band", "its name: the first and the last day, or the first and +"),
            integer("from_days", "first day"),
            integer("to_days", "day after the last; null in the last band").optional(),
        ],
    )
    .internal()
}

fn value_group_tiers() -> Table {
    Table::new(
        "value_group_tiers",
        "one tier, and the value groups it leads to",
        &["tier"],
        vec![
            integer("tier", "1 is best, 5 least, 0 none"),
            boolean("is_mvc", "as an actual tier it makes a most valuable customer"),
            boolean("is_mgc", "as a strategic tier it makes a most growable customer"),
        ],
    )
    .internal()
}

fn segment_definitions() -> Table {
    Table::new(
        "segment_definitions",
        "one named segment of the pipeline file",
        &["segment_id"],
        vec![
            text("segment_id", "its name"),
            text("expression", "its predicate, as the engine reads it"),
            text("version", "hash of the predicate"),
        ],
    )
    .internal()
}

fn segment_members() -> Table {
    Table::new(
        "segment_members",
        "one customer for whom a segment's predicate is true",
        &["segment_id", "customer_id"],
        vec![text("segment_id", "the segment"), text("customer_id", "the customer")],
    )
    .internal()
}

fn segment_membership_before() -> Table {
    Table::new(
        "segment_membership_before",
        "one membership of the previous published run",
        &["segment_id", "customer_id"],
        vec![
            text("segment_id", "the segment"),
            text("customer_id", "the customer"),
            day("since_day", "as_of of the run in which they came in"),
        ],
    )
    .internal()
}

fn campaign_definitions() -> Table {
    Table::new(
        "campaign_definitions",
        "one campaign of the pipeline file",
        &["campaign_id"],
        vec![
            text("campaign_id", "its name"),
            bigint("size_limit", "most customers to take; null is all").optional(),
            text("channel", "how they are reached").optional(),
            text("reason_code", "why they are on the list").optional(),
            text("purpose", "purpose of the contact"),
            text("consent", "required or not_required"),
            boolean("is_profiling", "whether the choice rests on a personal profile"),
            integer("open_complaint_days", "age up to which an open complaint holds a customer back; 0 is none"),
            integer("priority", "the lowest wins"),
            text("wave", "wave of the campaign"),
            integer("control_e4", "share of the control group in ten-thousandths"),
            text("product_id", "product that is offered").optional(),
            text("offer_id", "offer that is made").optional(),
            money("offer_cost_e4", "cost of the offer a customer").optional(),
            text("script_id", "script").optional(),
        ],
    )
    .internal()
}

fn campaign_candidates() -> Table {
    Table::new(
        "campaign_candidates",
        "one customer for whom a campaign's predicate is true",
        &["campaign_id", "customer_id"],
        vec![
            text("campaign_id", "the campaign"),
            text("customer_id", "the customer"),
            double("score", "the campaign's rank_by; the highest comes first").optional(),
            double("expected_value", "the campaign's expected_value, in the reporting currency").optional(),
            text("script_vars", "the script's variables as a JSON object").optional(),
        ],
    )
    .internal()
}

fn contact_rules() -> Table {
    Table::new(
        "contact_rules",
        "one cap on contacts, with the window that the send day falls into",
        &["rule_id"],
        vec![
            text("rule_id", "its name"),
            integer("rule_no", "its place in the pipeline file, from 1"),
            text("scope", "person, household or account"),
            text("purpose", "purpose that it is about; null is every purpose").optional(),
            integer("max_contacts", "most contacts in the window"),
            integer("window_days", "length of a rolling window; null for a calendar period").optional(),
            day("start_day", "first day of the window"),
            day("end_day", "first day after the calendar period; of a rolling window, the day after the send day"),
            boolean("counts_inbound", "whether contacts that the customer began count too"),
        ],
    )
    .internal()
}

fn contact_rule_channels() -> Table {
    Table::new(
        "contact_rule_channels",
        "one channel that a contact rule counts or blocks",
        &["rule_id", "channel"],
        vec![
            text("rule_id", "the rule"),
            text("channel", "the channel"),
            boolean("is_counted", "whether its contacts count"),
            boolean("is_blocked", "whether the rule holds it back"),
        ],
    )
    .internal()
}

fn consent_needs() -> Table {
    Table::new(
        "consent_needs",
        "one channel and purpose for which consent is asked",
        &["channel", "purpose"],
        vec![text("channel", "the channel"), text("purpose", "the purpose")],
    )
    .internal()
}

fn data_quality() -> Table {
    Table::new(
        "data_quality",
        "one check of one input",
        &["check_id", "dataset", "column"],
        vec![
            text("check_id", "name of the check (spec/inputs.md 5.4)"),
            text("dataset", "the input"),
            text("column", "the column, reason or file; empty for the whole input"),
            text("severity", "error, warn or info"),
            text("status", "pass or fail"),
            bigint("rows_checked", "rows looked at"),
            bigint("rows_failed", "rows that failed"),
            double("pct", "rows_failed / rows_checked; null when none was looked at").optional(),
            text("action", "what became of them: kept, dropped, rejected or counted"),
            text("message", "the finding in words"),
        ],
    )
}

fn calendar() -> Table {
    Table::new(
        "calendar",
        "one calendar period, of each kind the oldest is number 1",
        &["period_kind", "period_no"],
        vec![
            text("period_kind", "month, quarter or year"),
            integer("period_no", "number within the kind, from 1"),
            day("start_day", "first day"),
            day("end_day", "day after the last"),
            text("label", "1997-01, 1997-Q1 or 1997"),
            boolean("is_complete", "over by as_of; only the last of each kind is not"),
            integer("year_before_no", "number of the same period a year before; null when the calendar has it not")
                .optional(),
            boolean("is_covered", "the exports reach back to its beginning"),
            boolean("in_summary", "a kind that [summary] periods asks for"),
        ],
    )
    .internal()
}
