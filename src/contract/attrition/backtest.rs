//! Contracts of what `patronage backtest` writes. No run makes these tables.

use super::super::{Column, Table, bigint, boolean, day, double, integer, money, text};

/// The tables, in the order in which they are made.
pub fn backtest_tables() -> Vec<Table> {
    vec![attrition_backtest(), attrition_backtest_bins()]
}

fn night() -> Column {
    day("as_of_day", "the night: its model learnt from what was known before").published_as("as_of")
}

fn stratum() -> Column {
    text("stratum", "all, tier= and the value tier of that night, or region= and the region")
}

fn attrition_backtest() -> Table {
    Table::new(
        "attrition_backtest",
        "one model or baseline, as one past night would have used it on one stratum, against what came",
        &["as_of_day", "stratum", "model"],
        vec![
            night(),
            stratum(),
            text("model", "recency, rfm_cell, p_alive, scorecard or trees; all when nothing could be learnt"),
            text("status", "ok, or why there are no figures"),
            boolean("chosen", "whether that night would have scored with it"),
            text("grade", "the grade that night gave it: A, B or C").optional(),
            bigint("eligible", "customers scored"),
            bigint("events", "of these, who left in the horizon after that night"),
            double("auc", "area under the ROC curve").optional(),
            double("auc_lo", "lower end of DeLong's 95 % interval").optional(),
            double("auc_hi", "its upper end").optional(),
            double("average_precision", "average precision").optional(),
            double("lift_10", "rate of leaving of the tenth with the highest score, over the overall rate").optional(),
            double("lift_10_lo", "lower end of Wilson's 95 % interval").optional(),
            double("lift_10_hi", "its upper end").optional(),
            double("brier", "Brier score").optional(),
            double("slope", "slope of calibration: 1 is right").optional(),
            double("intercept", "intercept of calibration: 0 is right").optional(),
            double("calibration_error", "mean distance of probability and rate over ten bins").optional(),
            double("log_loss", "mean log loss").optional(),
            double("less_recency", "log loss less that of recency on the same customers: below 0 is better").optional(),
            double("less_recency_lo", "lower end of its 95 % interval").optional(),
            double("less_recency_hi", "its upper end: below 0, the model beats recency").optional(),
            money("value_at_risk_e4", "sum of probability times net revenue of the 365 days before").optional(),
            money("value_lost_e4", "net revenue of the 365 days before of those who left").optional(),
            bigint("top", "how many customers with the highest value at risk a campaign reaches").optional(),
            money("value_lost_top_e4", "the part of `value_lost` that was theirs: saved, had all of them been kept")
                .optional(),
            text("reason", "why there are no figures").optional(),
        ],
    )
}

fn attrition_backtest_bins() -> Table {
    Table::new(
        "attrition_backtest_bins",
        "one tenth of the customers of one stratum of one past night, by the probability of one model",
        &["as_of_day", "stratum", "model", "bin"],
        vec![
            night(),
            stratum(),
            text("model", "the model or baseline"),
            integer("bin", "from 1, the lowest probabilities first"),
            double("lowest", "lowest probability"),
            double("highest", "highest probability"),
            double("mean_score", "mean probability"),
            bigint("rows", "customers"),
            bigint("events", "of these, who left"),
            double("rate", "their share"),
            double("lo", "lower end of Wilson's 95 % interval"),
            double("hi", "its upper end"),
        ],
    )
}
