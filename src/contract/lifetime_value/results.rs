//! Contracts of what the lifetime-value models make, and of what is published of it (`spec/tables.md` 4.4).

use super::super::{Column, Table, bigint, boolean, day, double, integer, money, text};

/// The tables that the models make, and what SQL makes of them.
pub(in super::super) fn tables() -> Vec<Table> {
    vec![
        history_scores().internal(),
        ltv_choices().internal(),
        customer_ltv(),
        clv_tiers().internal(),
        ltv_models(),
        models("purchase_models", "one model of purchases in one group of customers, and how it did").internal(),
        models("opportunity_models", "the model of purchases at opportunities, and how it did").internal(),
        ltv_parameters(),
        parameters("purchase_parameters", "one parameter of one model of purchases").internal(),
        parameters("opportunity_parameters", "one parameter of the model of purchases at opportunities").internal(),
        opportunity_scores().internal(),
        ltv_calibration(),
        ltv_tracking(),
        ltv_totals(),
    ]
}

fn stratum() -> Column {
    text(
        "stratum",
        "all, or the group whose fit it is, such as region=north; of contracts: contracts (all), plan= and the plan, \
         contract_term= and the months of a term",
    )
}

fn model() -> Column {
    text(
        "model",
        "nbd, bg_nbd, mbg_nbd, pareto_nbd, bg_cnbd_2 to 4, mbg_cnbd_2 to 4, bg_bb (opportunities), gamma_gamma (the spend); \
         of contracts sbg, bdw or mean (one probability of loss for all)",
    )
}

/// What is expected of one customer, in the columns of both `history_scores` and `customer_ltv`.
fn expectations() -> [Vec<Column>; 2] {
    [
        vec![
            double("p_alive", "probability that the customer still buys, at the end of the last day that the fit read"),
            double("p_alive_horizon", "probability that the customer still buys when the horizon is over"),
            double("expected_purchases", "purchases expected within the horizon; bg_bb: opportunities with a purchase"),
            integer("purchases_p10", "tenth percentile of the purchases within the horizon"),
            integer("purchases_p90", "ninetieth percentile of the purchases within the horizon"),
            double("p_no_purchase", "probability of no purchase within the horizon"),
        ],
        vec![
            money("expected_spend_e4", "value expected of one purchase; null when a cost is unknown"),
            money("value_horizon_e4", "value expected within the horizon, discounted to today"),
            double("dert", "purchases expected for ever, discounted to today; null when their sum has no end"),
            money(
                "clv_e4",
                "value expected for ever, discounted to today: no holdout can prove it; null when its sum has no end",
            ),
            money("clv_p10_e4", "tenth percentile of what the customer brings within the horizon, not discounted"),
            money("clv_p90_e4", "ninetieth percentile of what the customer brings within the horizon, not discounted"),
        ],
    ]
}

fn history_scores() -> Table {
    let [purchases, value] = expectations();
    let customer = integer("customer_no", "the customer's number, in the order of the ids");
    let next = [
        integer(
            "next_purchase_p50_days",
            "days until the next purchase comes with probability one half; null for never",
        ),
        integer("next_purchase_p90_days", "days until it comes with probability nine tenths; null for never"),
    ];
    let columns = std::iter::once(customer)
        .chain(purchases)
        .chain(next.map(Column::optional))
        .chain(value.into_iter().map(Column::optional))
        .collect();
    Table::new("history_scores", "one customer whose history the published fit scores", &["customer_no"], columns)
}

fn opportunity_scores() -> Table {
    let [purchases, _] = expectations();
    let customer = integer("customer_no", "the customer's number, in the order of the ids");
    let dert = double("dert", "opportunities with a purchase expected for ever, discounted to today").optional();
    let columns = std::iter::once(customer).chain(purchases).chain([dert]).collect();
    Table::new(
        "opportunity_scores",
        "one customer whose opportunities the fit of bg_bb scores",
        &["customer_no"],
        columns,
    )
}

fn ltv_choices() -> Table {
    Table::new(
        "ltv_choices",
        "one group of customers, and the models that score it",
        &["stratum_no"],
        vec![
            integer("stratum_no", "the group, 0 is everybody"),
            text("model", "the model of purchases; null without one").optional(),
            text("spend_model", "the model of spend; null without one").optional(),
            text("status", "ok, or why its customers are not scored: insufficient_data"),
            text("reason", "the same in words, with the numbers that are needed"),
        ],
    )
}

fn customer_ltv() -> Table {
    let [purchases, value] = expectations();
    let mut columns = vec![
        text("customer_id", "the customer"),
        text("stratum", "the group whose fit scores them; null when nothing was fitted").optional(),
        text("model", "the model that scores them; null when not scored").optional(),
        text(
            "status",
            "ok; purchases only: value_unknown (a cost is), value_negative (returns outweigh purchases), \
             spend_insufficient_data, value_not_modelled (bg_bb counts opportunities); or why there is no score: disabled, profiling_opt_out, closed, no_purchase, \
             after_calibration (first bought after calibration_end), insufficient_data, not_modelled, not_scored",
        ),
        integer("frequency", "purchase days after the first, as the fit read them; null without a purchase").optional(),
        double("recency", "time from the first purchase to the last (not RFM recency), in [lifetime_value] time_unit")
            .optional(),
        double("age", "time from the first purchase to the last day that the fit read, in the same unit").optional(),
        money("mean_value_e4", "mean value of a purchase, cut to ten-thousandths; null with none that counts")
            .optional(),
    ];
    columns.extend(purchases.into_iter().map(Column::optional));
    columns.extend([
        day(
            "next_purchase_p50_day",
            "day by which the next purchase comes with probability one half; null for never, and for bg_bb",
        )
        .optional()
        .published_as("next_purchase_p50"),
        day("next_purchase_p90_day", "day by which it comes with probability nine tenths; null for never")
            .optional()
            .published_as("next_purchase_p90"),
    ]);
    columns.extend(value.into_iter().map(Column::optional));
    columns.extend([
        integer("horizon_days", "days of the horizon"),
        double("annual_discount_rate", "what a year of 365.25 days discounts"),
    ]);
    Table::new(
        "customer_ltv",
        "one known customer: what they are expected to buy and to bring",
        &["customer_id"],
        columns,
    )
}

fn clv_tiers() -> Table {
    Table::new(
        "clv_tiers",
        "one customer with a lifetime value, when [value] metric is clv",
        &["customer_id"],
        vec![
            text("customer_id", "the customer"),
            money("value_e4", "contribution to date and expected, discounted"),
            double("value_pct", "middle rank from the top, 0 to 1"),
            integer("actual_tier", "1 is best, 5 least"),
        ],
    )
}

fn ltv_models() -> Table {
    models("ltv_models", "one model fitted to one group of customers or contracts, and how it did")
}

/// Models: all of them, or those of one kind.
fn models(name: &'static str, row: &'static str) -> Table {
    Table::new(
        name,
        row,
        &["stratum", "model"],
        vec![
            stratum(),
            model(),
            bigint("customers", "customers that it was fitted to"),
            bigint("keys", "different histories among them"),
            double("log_likelihood", "in the convention of Fader, Hardie and Lee, time in [lifetime_value] time_unit")
                .optional(),
            double("aic", "twice the parameters less twice the log-likelihood").optional(),
            double("gradient_norm", "largest element of the gradient in log parameters, a customer").optional(),
            integer("iterations", "steps of the fit"),
            text(
                "termination",
                "converged, boundary, max_iterations, means (the fallback), frozen (`ltv --model`) or insufficient_data",
            ),
            text("collapses_to", "the simpler model that it reduces to at its boundary").optional(),
            double("min_eigenvalue", "smallest eigenvalue of the Hessian in log parameters; not above 0 is no maximum")
                .optional(),
            double("max_eigenvalue", "largest eigenvalue of the Hessian in log parameters").optional(),
            integer("holdout_days", "days of a holdout; null without one").optional(),
            double("holdout_mae", "mean absolute error of the purchases in the holdouts").optional(),
            double("holdout_rmse", "root of the mean squared error of the purchases in the holdouts").optional(),
            double("holdout_bias", "expected less actual purchases, as a share of the actual ones").optional(),
            double("holdout_correlation", "correlation of expected and actual purchases").optional(),
            double("holdout_brier", "mean squared error of the probability to buy at all").optional(),
            double("holdout_deviance", "twice the negative log-probability of the actual purchases, a customer")
                .optional(),
            double("holdout_coverage", "share of customers who bought within purchases_p10 to purchases_p90")
                .optional(),
            double("holdout_coverage_nominal", "the share the model expects there; above 0.8, as purchases are whole")
                .optional(),
            double("baseline_mae", "holdout_mae of the plain baseline").optional(),
            double("baseline_deviance", "holdout_deviance of the plain baseline").optional(),
            double("spend_correlation", "correlation of frequency and mean spend, which gamma_gamma takes to be none")
                .optional(),
            double(
                "drift",
                "population stability index against the customers of a frozen fit (`ltv --model`); null without one",
            )
            .optional(),
            text("grade", "A, B or C against the plain baseline; null without a holdout").optional(),
            boolean("chosen", "whether it scores the group"),
            text("reason", "why, or why not"),
        ],
    )
}

fn ltv_parameters() -> Table {
    parameters("ltv_parameters", "one parameter of one model of one group of customers or contracts")
}

/// Parameters: of all models, or of those of one kind.
fn parameters(name: &'static str, row: &'static str) -> Table {
    Table::new(
        name,
        row,
        &["stratum", "model", "parameter"],
        vec![
            stratum(),
            model(),
            text("parameter", "the letter of the papers, or the covariate's name"),
            double("value", "fitted to the group alone; alpha and beta in [lifetime_value] time_unit"),
            double("std_error", "its standard error; null where it has none").optional(),
            double("pooled_value", "drawn towards the fit of everybody; it scores. Null without strata").optional(),
        ],
    )
}

fn ltv_calibration() -> Table {
    Table::new(
        "ltv_calibration",
        "one bin of customers in the holdouts: what was expected of them and what they bought",
        &["stratum", "model", "by", "bin"],
        vec![
            stratum(),
            model(),
            text("by", "decile (of the expectation), frequency or recency"),
            integer(
                "bin",
                "the decile from 1; the frequency, 7 and more together; or the tenth of the longest age that recency \
                 reaches, 0 for customers who bought once",
            ),
            bigint("customers", "customers in it"),
            double("predicted", "purchases expected, a customer"),
            double("actual", "purchases made, a customer"),
            double("lo", "10 % point of the actual mean, if the model is right").optional(),
            double("hi", "90 % point of the actual mean, if the model is right").optional(),
        ],
    )
}

fn ltv_tracking() -> Table {
    Table::new(
        "ltv_tracking",
        "one week of one group and model: repeat purchases expected and made",
        &["stratum", "model", "period_end_day"],
        vec![
            stratum(),
            model(),
            day("period_end_day", "last day of the week").published_as("period_end"),
            double("actual_incremental", "repeat purchases in the week"),
            double("expected_incremental", "repeat purchases expected in the week"),
            double("actual_cumulative", "repeat purchases to the end of the week"),
            double("expected_cumulative", "repeat purchases expected to the end of the week"),
        ],
    )
}

fn ltv_totals() -> Table {
    Table::new(
        "ltv_totals",
        "one group of customers: what they are expected to buy and to bring within the horizon",
        &["scope"],
        vec![
            text("scope", "all, tier=1, region=north, cohort=2024-03 and the like"),
            bigint("customers", "customers scored in it"),
            double("expected_purchases", "purchases expected within the horizon"),
            double("lo", "lower end of their 80 % interval: what the parameters leave open, and chance"),
            double("hi", "upper end of it"),
            money("value_e4", "value expected within the horizon, discounted to today").optional(),
            money("value_lo_e4", "lower end of its 80 % interval").optional(),
            money("value_hi_e4", "upper end of it").optional(),
        ],
    )
}
