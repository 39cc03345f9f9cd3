//! Contracts of the lifetime-value tables (`spec/lifetime-value.md`, `spec/tables.md` 4.4): parameters, histories, and what
//! the models make of them.

mod results;

use super::{Column, Table, bigint, boolean, day, integer, money, text};

/// The tables that SQL makes for the models, and what comes of them.
pub(super) fn tables() -> Vec<Table> {
    let mut tables = [
        ltv_profiles(),
        ltv_values(),
        ltv_strata(),
        ltv_covariates(),
        ltv_customers(),
        purchase_histories(),
        opportunity_histories(),
        acquisitions(),
        purchase_weeks(),
        ltv_scopes(),
        ltv_groups(),
        ltv_subjects(),
    ]
    .map(Table::internal)
    .to_vec();
    tables.extend(results::tables());
    tables
}

pub(super) fn ltv_origins() -> Table {
    Table::new(
        "ltv_origins",
        "one fit of the lifetime-value models, number 0 is the one that scores and is published",
        &["origin_no"],
        vec![
            integer("origin_no", "0, or the number of a holdout, of which 1 is the latest"),
            day("origin_day", "first day that the fit does not read"),
            day("holdout_end_day", "day after its holdout; null without one").optional(),
            boolean("is_tracked", "the fit that is followed week by week"),
        ],
    )
    .internal()
}

pub(super) fn ltv_weeks() -> Table {
    Table::new(
        "ltv_weeks",
        "one week of the tracked fit and its holdout, which begins with one",
        &["week_no"],
        vec![
            integer("week_no", "number, from 1"),
            day("start_day", "first day"),
            day("end_day", "day after the last"),
            boolean("is_holdout", "after the days that the fit read"),
        ],
    )
    .internal()
}

pub(super) fn gap_logarithms() -> Table {
    Table::new(
        "gap_logarithms",
        "one length of a gap between purchases, so that sums of logarithms are sums of whole numbers",
        &["gap_days"],
        vec![
            integer("gap_days", "days, from 1 to all that was read"),
            bigint("ln_pico", "natural logarithm of the days, in whole 1e-12"),
        ],
    )
    .internal()
}

fn customer_id() -> Column {
    text("customer_id", "the customer")
}

fn customer_no() -> Column {
    integer("customer_no", "the customer's number, in the order of the ids")
}

fn origin_no() -> Column {
    integer("origin_no", "the fit: 0 is the one that is published")
}

fn stratum_no() -> Column {
    integer("stratum_no", "the group whose fit it is, 0 is everybody")
}

fn ltv_profiles() -> Table {
    Table::new(
        "ltv_profiles",
        "one known customer",
        &["customer_id"],
        vec![
            customer_id(),
            customer_no(),
            day("first_order_day", "day of the first order").optional(),
            text("region", "region, or unknown"),
            text("channel", "channel of the first order, or unknown"),
            text("category", "category of most of the first order day's spend, or unknown"),
            text("acquisition_month", "month of the first order; earlier than the calendar, or none"),
            text("stratum_value", "what [lifetime_value] stratum asks for; null without strata").optional(),
        ],
    )
}

fn ltv_values() -> Table {
    Table::new(
        "ltv_values",
        "one value of one feature that fits are divided by",
        &["feature", "value"],
        vec![
            text("feature", "stratum, region, channel or category"),
            text("value", "the value"),
            bigint("customers", "customers with it who bought before the published fit"),
            text("called", "what it is called in fits: itself, or other when few have it"),
        ],
    )
}

fn ltv_strata() -> Table {
    Table::new(
        "ltv_strata",
        "one group of customers with a fit of its own",
        &["stratum_no"],
        vec![
            integer("stratum_no", "number in the order of the names; 0 is everybody"),
            text("stratum", "all, or region=north and the like"),
            bigint("customers", "customers in it who bought before the published fit"),
        ],
    )
}

fn ltv_covariates() -> Table {
    Table::new(
        "ltv_covariates",
        "one combination of covariates that customers have",
        &["covariate_no"],
        vec![
            integer("covariate_no", "number in the order of the names, from 0"),
            text("region", "region, unknown or other; empty when it is no covariate"),
            text("channel", "channel of the first order, unknown or other; empty when it is no covariate"),
            text("category", "category of the first order day, unknown or other; empty when it is no covariate"),
            bigint("customers", "customers with it who bought before the published fit"),
        ],
    )
}

fn ltv_customers() -> Table {
    Table::new(
        "ltv_customers",
        "one known customer, and whose fit is theirs",
        &["customer_id"],
        vec![customer_id(), customer_no(), stratum_no(), integer("covariate_no", "their combination of covariates")],
    )
}

fn purchase_histories() -> Table {
    Table::new(
        "purchase_histories",
        "one customer with a purchase before one origin",
        &["origin_no", "customer_no"],
        vec![
            origin_no(),
            stratum_no(),
            integer("covariate_no", "combination of covariates"),
            integer("frequency", "purchase days before the origin after the first: x"),
            integer("recency_days", "days from the first purchase to the last: t_x"),
            integer("age_days", "days from the first purchase to the last day read: T"),
            integer("holdout_frequency", "purchase days in the holdout; -1 without one"),
            customer_no(),
            bigint("ln_gaps_pico", "sum of the logarithms of the gaps in days, in whole 1e-12"),
            integer("spend_purchases", "purchases whose value is summed: frequency, or one more with the first"),
            money("spend_e4", "their value, returns taken off; null when a cost is unknown").optional(),
            money("first_value_e4", "value of the first purchase day; null when a cost is unknown").optional(),
            money("holdout_value_e4", "value in the holdout; null without one or when a cost is unknown").optional(),
        ],
    )
    .sorted_by(&[
        "origin_no",
        "stratum_no",
        "covariate_no",
        "frequency",
        "recency_days",
        "age_days",
        "holdout_frequency",
        "customer_no",
    ])
}

fn opportunity_histories() -> Table {
    Table::new(
        "opportunity_histories",
        "one customer with a purchase before one origin, by opportunities",
        &["origin_no", "customer_no"],
        vec![
            origin_no(),
            stratum_no(),
            integer("frequency", "opportunities with a purchase: x"),
            integer("recency", "the last opportunity with a purchase, 0 without: t_x"),
            integer("opportunities", "opportunities that are over: n"),
            integer(
                "holdout_opportunities",
                "opportunities that are over after the holdout, beyond those; -1 without one",
            ),
            integer("holdout_frequency", "of those, opportunities with a purchase; -1 without a holdout"),
            customer_no(),
        ],
    )
    .sorted_by(&["origin_no", "stratum_no", "frequency", "recency", "opportunities", "customer_no"])
}

fn acquisitions() -> Table {
    Table::new(
        "acquisitions",
        "the customers of the tracked cohort who came on one day",
        &["stratum_no", "covariate_no", "day"],
        vec![
            stratum_no(),
            integer("covariate_no", "combination of covariates"),
            day("day", "day of the first purchase"),
            bigint("customers", "how many"),
        ],
    )
}

fn purchase_weeks() -> Table {
    Table::new(
        "purchase_weeks",
        "the repeat purchases of the tracked cohort in one week",
        &["stratum_no", "week_no"],
        vec![
            stratum_no(),
            integer("week_no", "the week, from 1"),
            day("end_day", "day after the last of the week"),
            boolean("is_holdout", "after the days that the fit read"),
            bigint("repeat_purchases", "purchase days that are not a customer's first"),
        ],
    )
}

fn ltv_scopes() -> Table {
    Table::new(
        "ltv_scopes",
        "one group of customers whose lifetime value is summed up",
        &["kind", "scope_no"],
        vec![
            text("kind", "all, tier, region or cohort"),
            integer("scope_no", "number within the kind"),
            text("scope", "all, tier=1, region=north, cohort=2024-03 and the like"),
        ],
    )
}

fn ltv_groups() -> Table {
    Table::new(
        "ltv_groups",
        "one known customer, and the groups in which their lifetime value is summed up",
        &["customer_no"],
        vec![
            customer_no(),
            integer("tier_no", "actual tier, 0 is none"),
            integer("region_no", "the region, 0 without a purchase"),
            integer("cohort_no", "the month of the first order, 0 without a purchase"),
        ],
    )
}

fn ltv_subjects() -> Table {
    Table::new(
        "ltv_subjects",
        "one customer whom the published fit scores",
        &["customer_no"],
        vec![
            stratum_no(),
            integer("covariate_no", "combination of covariates"),
            integer("frequency", "purchase days before the origin after the first: x"),
            integer("recency_days", "days from the first purchase to the last: t_x"),
            integer("age_days", "days from the first purchase to the last day read: T"),
            customer_no(),
            bigint("ln_gaps_pico", "sum of the logarithms of the gaps in days, in whole 1e-12"),
            integer("spend_purchases", "purchases whose value is summed: frequency, or one more with the first"),
            money("spend_e4", "their value, returns taken off; null when a cost is unknown").optional(),
            integer("tier_no", "actual tier, 0 is none"),
            integer("region_no", "the region, 0 without a purchase"),
            integer("cohort_no", "the month of the first order, 0 without a purchase"),
        ],
    )
    .sorted_by(&["stratum_no", "covariate_no", "frequency", "recency_days", "age_days", "customer_no"])
}
