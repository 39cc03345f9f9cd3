//! Contracts of the tables about who may be contacted: consent, caps, experiments, targets, routing keys.

use super::{Table, bigint, boolean, day, double, instant, integer, money, person, text};

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    vec![
        customer_consents(),
        contact_units(),
        contact_days(),
        contact_loads(),
        customer_permissions(),
        customer_holdouts(),
        customer_agents(),
        campaign_requests(),
        campaign_assignments(),
        campaign_verdicts(),
        campaign_targets(),
        campaign_counts(),
        campaign_suppressions(),
        routing_keys(),
        routing(),
    ]
}

fn customer_consents() -> Table {
    Table::new(
        "customer_consents",
        "what one customer allows on one channel for one purpose",
        &["customer_id", "channel", "purpose"],
        vec![
            text("customer_id", "the customer"),
            text("channel", "the channel"),
            text("purpose", "the purpose"),
            text("status", "granted, denied or expired"),
            instant("consent_us", "when the statement that holds was made"),
            text("consent_basis", "double_opt_in, opt_in, opt_out or unsubscribed"),
            text("consent_source", "where it was made").optional(),
        ],
    )
    .internal()
}

fn contact_units() -> Table {
    Table::new(
        "contact_units",
        "one known customer and those who are counted with them",
        &["customer_id"],
        vec![
            text("customer_id", "the customer"),
            text("person_unit", "the person: all their ids, or the customer alone"),
            text("household_unit", "the household, or the person alone"),
            text("account_unit", "the account, or the person alone"),
            text("experiment_unit", "whose arm the customer shares: an id as it was given"),
        ],
    )
    .internal()
}

fn contact_days() -> Table {
    Table::new(
        "contact_days",
        "the contacts of one customer on one channel on one day",
        &["customer_id", "channel", "day", "purpose", "is_inbound"],
        vec![
            text("customer_id", "the customer"),
            text("channel", "the channel"),
            day("day", "the day"),
            text("purpose", "purpose of the campaign; empty when it is not known"),
            boolean("is_inbound", "whether the customer began"),
            bigint("contacts", "how many"),
        ],
    )
    .internal()
}

fn contact_loads() -> Table {
    Table::new(
        "contact_loads",
        "the past contacts that one contact rule counts for one person, household or account",
        &["rule_id", "unit_id"],
        vec![
            text("rule_id", "the rule"),
            text("unit_id", "the person, household or account, as in contact_units"),
            bigint("contacts", "contacts in the window of the send day"),
            day("free_day_counted", "first day on which a channel that the rule counts is free again; null is at once")
                .optional(),
            day("free_day_other", "the same for a channel that the rule only blocks").optional(),
        ],
    )
    .internal()
}

fn customer_permissions() -> Table {
    Table::new(
        "customer_permissions",
        "one known customer and what we may do",
        &["customer_id"],
        vec![
            text("customer_id", "the customer"),
            boolean("profiling_opt_out", "objected to profiling"),
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
        ],
    )
    .internal()
}

fn customer_holdouts() -> Table {
    Table::new(
        "customer_holdouts",
        "one known customer and the bucket of the global holdout",
        &["customer_id"],
        vec![
            text("customer_id", "the customer"),
            integer("holdout_bucket", "0 to 9999, by the seed of the holdout"),
            boolean("in_global_holdout", "whether no campaign reaches them"),
        ],
    )
    .internal()
}

fn customer_agents() -> Table {
    Table::new(
        "customer_agents",
        "one customer and the agent who answered most of their calls",
        &["customer_id"],
        vec![
            text("customer_id", "the customer"),
            text("agent_id", "the agent"),
            bigint("calls", "calls of the last 365 days that this agent answered"),
        ],
    )
    .internal()
}

fn campaign_requests() -> Table {
    Table::new(
        "campaign_requests",
        "one eligible customer of one campaign, and what holds them back before any cap",
        &["campaign_id", "customer_id"],
        vec![
            text("campaign_id", "the campaign"),
            text("customer_id", "the customer"),
            double("score", "what they are ranked by; null for who objected to profiling").optional(),
            double("expected_value", "what a contact is expected to bring; null as score").optional(),
            text("script_vars", "the script's variables").optional(),
            text("person_unit", "the customer alone"),
            text("household_unit", "the household, or the customer alone"),
            text("account_unit", "the account, or the customer alone"),
            text("experiment_unit", "whose arm the customer shares"),
            boolean("in_global_holdout", "whether no campaign reaches them"),
            integer("holdout_bucket", "bucket of the global holdout"),
            text("consent_basis", "what allows the contact, or forbids it").optional(),
            instant("consent_us", "when it was said").optional(),
            text("held_back", "the first reason against a contact; null when there is none").optional(),
        ],
    )
    .internal()
}

fn campaign_assignments() -> Table {
    Table::new(
        "campaign_assignments",
        "the arm of one eligible customer of one campaign, if nothing holds them back",
        &["campaign_id", "customer_id"],
        vec![
            text("campaign_id", "the campaign"),
            text("customer_id", "the customer"),
            integer("bucket", "0 to 9999, by the campaign's seed"),
            text("arm", "treat, control or global_holdout"),
            text("idempotency_key", "hash of campaign, customer and wave"),
        ],
    )
    .internal()
}

fn campaign_verdicts() -> Table {
    Table::new(
        "campaign_verdicts",
        "the place of one eligible customer of one campaign, and what caps and other campaigns make of it",
        &["campaign_id", "customer_id"],
        vec![
            text("campaign_id", "the campaign"),
            text("customer_id", "the customer"),
            bigint("place", "1 has the highest score"),
            double("score", "what they are ranked by, where it is a number").optional(),
            double("score_percentile", "share of the ranked who come after, ties broken; null without score")
                .optional(),
            money("expected_value_e4", "what a contact is expected to bring").optional(),
            text("suppression_reason", "why there is no contact; null when there is no reason").optional(),
        ],
    )
    .internal()
}

fn campaign_targets() -> Table {
    Table::new(
        "campaign_targets",
        "one eligible customer of one campaign, with their arm or the reason why they are not contacted",
        &["campaign_id", "customer_id"],
        vec![
            text("campaign_id", "the campaign"),
            text("customer_id", "the customer"),
            text("household_id", "household").optional(),
            bigint("rank", "1 has the highest score of all who are eligible; who has none comes last"),
            text(
                "arm",
                "treat: to be contacted; control, global_holdout: kept out to compare; suppressed: not to be contacted",
            ),
            text(
                "suppression_reason",
                "no_channel, closed, no_consent:<status>, profiling_opt_out, complaint_open, out_of_stock, cap:<rule>, \
                 outranked:<campaign> or over_limit; null in the other arms",
            )
            .optional(),
            double("score", "what they are ranked by; null for who objected to profiling").optional(),
            double("score_percentile", "share of the ranked who come after").optional(),
            money("expected_value_e4", "what a contact is expected to bring").optional(),
            text("channel", "how they are reached").optional(),
            text("consent_basis", "double_opt_in, opt_in, opt_out, unsubscribed or not_required").optional(),
            instant("consent_us", "when the statement was made").optional(),
            day("send_day", "day of the contact: as_of"),
            text("time_zone", "time zone of the customer, else the region's, else the business's"),
            text("product_id", "product that is offered").optional(),
            text("offer_id", "offer that is made").optional(),
            money("offer_cost_e4", "cost of the offer").optional(),
            text("script_id", "script").optional(),
            text("script_vars", "the script's variables as a JSON object").optional(),
            text("reason_code", "why they are on the list").optional(),
            text("value_group", "their value group"),
            text("service_level", "their service level"),
            text("rfm_segment", "their RFM segment"),
            text("attrition_band", "their attrition band").optional(),
            text("seed", "seed of the bucket: the campaign, or the holdout's for members of the global holdout"),
            integer("bucket", "0 to 9999: who is below the share is kept out"),
            text("idempotency_key", "hash of campaign, customer and wave: send once"),
        ]
        .into_iter()
        .chain(person::target_columns())
        .collect(),
    )
    .sorted_by(&["campaign_id", "arm", "rank"])
}

fn campaign_counts() -> Table {
    Table::new(
        "campaign_counts",
        "one campaign and what became of its eligible customers",
        &["campaign_id"],
        vec![
            text("campaign_id", "the campaign"),
            bigint("eligible", "customers for whom the predicate is true"),
            bigint("treat", "to be contacted"),
            bigint("control", "kept as control of this campaign"),
            bigint("global_holdout", "kept out of all campaigns"),
            bigint("suppressed", "not to be contacted, by reason in campaign_suppressions"),
            bigint("units_treat", "customers or households in treat"),
            bigint("units_control", "the same in control"),
            double("control_share_planned", "share that was asked for"),
            double("control_share_observed", "units in control among those in treat and control").optional(),
            double("srm_chi2", "chi-square of the two, 1 degree of freedom").optional(),
            boolean("srm_flag", "whether it is above 10.828, p < 0.001"),
            text("verdict", "ok, mismatch, no_control, or too_few_units: fewer than five expected in an arm"),
        ],
    )
}

fn campaign_suppressions() -> Table {
    Table::new(
        "campaign_suppressions",
        "one reason why one campaign does not contact customers",
        &["campaign_id", "suppression_reason"],
        vec![
            text("campaign_id", "the campaign"),
            text("suppression_reason", "the reason, as in campaign_targets"),
            bigint("customers", "how many"),
        ],
    )
}

fn routing_keys() -> Table {
    Table::new(
        "routing_keys",
        "one known customer and the key under which the router finds them",
        &["customer_id"],
        vec![
            text("customer_id", "the customer"),
            text("routing_key", "the key"),
            text("key_type", "customer_id or keyed_hash"),
        ],
    )
    .internal()
}

fn routing() -> Table {
    Table::new(
        "routing",
        "one customer and how to treat them",
        &["routing_key"],
        vec![
            text("routing_key", "what the router looks up"),
            text("key_type", "customer_id, or keyed_hash with [routing] opaque_keys"),
            text("customer_id", "the customer; null with opaque keys").optional(),
            text("service_level", "the level"),
            text("value_group", "MVC (keep), MGC (grow), Migrator or BZ (below zero)"),
            text("value_cell", "the cell that gave the level"),
            text("strategy", "keep, grow or up_or_out"),
            text("queue", "queue that answers"),
            integer("priority", "1 is first"),
            text("required_skills", "skills the agent must have, separated by blanks"),
            text("vru_path", "bypass, short, full or self_service"),
            integer("target_wait_seconds", "seconds to wait at most"),
            integer("trade_wait_seconds", "seconds to wait at most when trading"),
            integer("talk_limit_seconds", "seconds an agent may talk; null is no limit").optional(),
            text("response_channels", "channels by which we answer, separated by blanks"),
            integer("email_sla_minutes", "minutes to answer an e-mail"),
            money("solution_cost_cap_e4", "most that a solution may cost; null is no cap").optional(),
            text("loyalty_offer", "yes, case or no"),
            text("education", "what to teach"),
            boolean("cobrowse_allowed", "whether an agent may browse along"),
            boolean("fee_applies", "whether the customer pays for the service"),
            text("price_tier", "price tier; null unless switched on").optional(),
            text("language", "language").optional(),
            text("rule_id", "the rule that gave the row"),
            day("valid_from_day", "first day on which the row holds").published_as("valid_from"),
            boolean("open_complaint", "whether a complaint of theirs is not solved"),
            text("dedicated_agent", "agent who answered most of their calls of 365 days; of the best level only")
                .optional(),
            day("valid_to_day", "day from which the row no longer holds").published_as("valid_to"),
            text("next_offer_product", "new product that the customer is likeliest to want (affinity_ptc)").optional(),
        ],
    )
}
