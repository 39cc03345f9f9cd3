//! Contracts of the tables about contracts with renewals: terms, cohorts, and how long they last.

use super::{Table, bigint, boolean, day, double, integer, money, text};

/// The tables of this theme.
pub(super) fn tables() -> Vec<Table> {
    let internal =
        vec![contract_terms(), contract_cohorts(), contract_parameters(), contract_models(), contract_values()];
    internal.into_iter().map(Table::internal).chain([contract_ltv()]).collect()
}

fn contract_terms() -> Table {
    Table::new(
        "contract_terms",
        "one contract that has begun",
        &["contract_id"],
        vec![
            text("contract_id", "the contract"),
            text("customer_id", "who has it").optional(),
            text("plan", "what was agreed on").optional(),
            integer("term_months", "months of a term"),
            day("start_day", "first day of the first term"),
            day("end_day", "last day, or the day after it; null while it runs").optional(),
            text("state", "running or ended"),
            bigint("renewals_met", "renewals that it stood before"),
            boolean("is_lost", "lost at the last of them; who ends within a term is not lost before it is over"),
            bigint("renewals", "times renewed: whole terms completed, less the first"),
            day("next_renewal_day", "first day of the next term; null when it has ended").optional(),
            money("amount_e4", "what one term costs").optional(),
        ],
    )
}

fn contract_cohorts() -> Table {
    Table::new(
        "contract_cohorts",
        "the contracts of one term and stratum before one renewal",
        &["stratum", "term_months", "renewal_no"],
        vec![
            text("stratum", "all, plan= and the plan, or term= and the months of a term"),
            integer("term_months", "months of a term"),
            integer("renewal_no", "number of the renewal, from 1"),
            bigint("at_risk", "contracts that came to it"),
            bigint("lost", "of them, lost at it"),
        ],
    )
}

fn contract_parameters() -> Table {
    Table::new(
        "contract_parameters",
        "one parameter of one model of renewals",
        &["stratum", "model", "parameter"],
        vec![
            text("stratum", "all, plan= and the plan, or term= and the months of a term"),
            text("model", "sbg or bdw"),
            text("parameter", "alpha, beta or c"),
            double("value", "maximum likelihood estimate"),
            double("std_error", "its standard error; null at a boundary").optional(),
            double("pooled_value", "the same drawn towards all strata; not for contracts").optional(),
        ],
    )
}

fn contract_models() -> Table {
    Table::new(
        "contract_models",
        "one model of renewals in one stratum",
        &["stratum", "model"],
        vec![
            text("stratum", "all, plan= and the plan, or term= and the months of a term"),
            text("model", "sbg, bdw, or mean: one probability of loss for everybody"),
            bigint("customers", "contracts that came to a renewal"),
            bigint("keys", "renewals that contracts came to: points of the curve"),
            double("log_likelihood", "at the estimate; null without a fit").optional(),
            double("aic", "Akaike's criterion: the smallest is best").optional(),
            double("gradient_norm", "largest slope of the log-likelihood at the estimate, a contract").optional(),
            integer("iterations", "Newton steps").optional(),
            text("termination", "converged, boundary, max_iterations or insufficient_data"),
            text("collapses_to", "the simpler model that a fit at a boundary is").optional(),
            integer("holdout_days", "not for contracts").optional(),
            double("holdout_mae", "not for contracts").optional(),
            double("holdout_rmse", "not for contracts").optional(),
            double("holdout_bias", "not for contracts").optional(),
            double("holdout_correlation", "not for contracts").optional(),
            double("holdout_brier", "not for contracts").optional(),
            double("holdout_deviance", "not for contracts").optional(),
            double("holdout_coverage", "not for contracts").optional(),
            double("holdout_coverage_nominal", "not for contracts").optional(),
            double("baseline_mae", "not for contracts").optional(),
            text("grade", "not for contracts").optional(),
            boolean("chosen", "whether values come from it"),
            text("reason", "why it was chosen, or not"),
            double("min_eigenvalue", "smallest eigenvalue of the Hessian in log parameters").optional(),
            double("max_eigenvalue", "largest eigenvalue of the Hessian in log parameters").optional(),
        ],
    )
}

fn contract_values() -> Table {
    Table::new(
        "contract_values",
        "contracts of one stratum and term that were renewed so many times, and run",
        &["stratum", "term_months", "renewals"],
        vec![
            text("stratum", "all, plan= and the plan, or term= and the months of a term"),
            integer("term_months", "months of a term"),
            integer("renewals", "times renewed by as_of"),
            text("model", "sbg, bdw or mean"),
            text(
                "fitted_on",
                "stratum whose fit it is: its own, or term= where its contracts are too few or have several terms",
            ),
            double("p_renewal", "probability of the next renewal"),
            integer("horizon_days", "days of the horizon"),
            integer("horizon_renewals", "renewals within the horizon, when a term has just begun"),
            double("expected_renewals", "of them, expected to happen"),
            double("p_alive_horizon", "probability that all of them happen"),
            double("annual_discount_rate", "what a year discounts"),
            double(
                "derl",
                "discounted terms to come, just before the next renewal, that one included; null without \
                    discount",
            )
            .optional(),
            double("discounted_renewals", "the renewals expected within the horizon, discounted to the next renewal"),
            double("p_alive_beyond", "probability that one renewal more than those of the horizon happens"),
            double("discount_beyond", "what a payment at that renewal is worth at the next renewal"),
        ],
    )
}

fn contract_ltv() -> Table {
    Table::new(
        "contract_ltv",
        "one contract that has begun: how long it is expected to last, and what it is expected to bring",
        &["contract_id"],
        vec![
            text("contract_id", "the contract"),
            text("customer_id", "who has it").optional(),
            text("plan", "what was agreed on").optional(),
            text("status", "ok, insufficient_data (no model can be fitted), ended, disabled or profiling_opt_out"),
            text("reason", "the same in words, and which fit is used instead where it is another than the plan's"),
            text("stratum", "the contracts whose fit scores it, as in ltv_models; null without a score").optional(),
            text("model", "the model that scores it: sbg, bdw, or mean where no model can be fitted").optional(),
            integer("term_months", "months of a term"),
            integer("renewals", "times renewed by as_of: of a running contract, terms completed"),
            day("next_renewal_day", "first day of the next term; null when it has ended").optional(),
            double("p_renew_next", "probability of the next renewal").optional(),
            integer("horizon_renewals", "renewals that are due within the horizon").optional(),
            double("expected_renewals", "of them, expected to happen").optional(),
            double("p_active_horizon", "probability that all of them happen").optional(),
            money(
                "value_horizon_e4",
                "expected payments at the renewals of the horizon, discounted to the next renewal; null without an amount",
            )
            .optional(),
            double(
                "derl",
                "discounted terms to come, just before the next renewal, that one included; null without discount",
            )
            .optional(),
            money("clv_e4", "derl times the amount: expected payments for ever, discounted to the next renewal").optional(),
            money("amount_e4", "what one term costs").optional(),
            integer("horizon_days", "days of the horizon, from as_of"),
            double("annual_discount_rate", "what a year discounts"),
        ],
    )
}
