//! Contracts of the tables that the model of attrition learns from.

use super::super::{Column, Table, bigint, boolean, day, double, integer, money, text};
use super::customer_id;

/// The tables of this theme: all of them are internal.
pub(super) fn tables() -> Vec<Table> {
    vec![
        attrition_activity(),
        attrition_service(),
        attrition_features(),
        attrition_labels(),
        attrition_lapses(),
        attrition_trials(),
        attrition_scores(),
    ]
}

/// Tables that the pipeline itself makes.
pub(super) fn parameter_tables() -> Vec<Table> {
    vec![attrition_origins(), attrition_snapshots(), attrition_actions()]
}

fn attrition_activity() -> Table {
    Table::new(
        "attrition_activity",
        "one customer who bought, and how much, how evenly and how broadly of late",
        &["customer_id"],
        vec![
            customer_id(),
            bigint("days_90d", "purchase days of the last 90 days"),
            bigint("days_prev_90d", "purchase days of the 90 days before"),
            bigint("days_365d", "purchase days of the last 365 days"),
            money("net_90d_e4", "net revenue of the last 90 days"),
            money("net_prev_90d_e4", "net revenue of the 90 days before"),
            money("net_365d_e4", "net revenue of the last 365 days"),
            double("gap_spread", "squared coefficient of variation of the gaps between purchase days").optional(),
            double("discount_share", "discounts of the last 365 days by list value").optional(),
            double("return_share", "what was given back of the last 365 days, by gross revenue").optional(),
            bigint("categories_365d", "categories bought of in the last 365 days").optional(),
            bigint("categories_lost", "of these, last bought of more than 180 days back").optional(),
        ],
    )
}

fn attrition_service() -> Table {
    Table::new(
        "attrition_service",
        "one customer, and what they went through in the contact centre and on the site of late",
        &["customer_id"],
        vec![
            customer_id(),
            bigint("contacts_90d", "contacts of the last 90 days"),
            bigint("abandoned_90d", "of these, given up before an answer"),
            bigint("carts_90d", "carts filled on the site in the last 90 days"),
            double("mean_wait_s", "mean wait of the last 180 days where a person waits, in seconds").optional(),
            double("longest_wait_90d_s", "longest such wait of the last 90 days").optional(),
            double("longest_wait_since_s", "longest such wait since the last purchase day").optional(),
            double("satisfaction", "mean satisfaction of the last 365 days").optional(),
            bigint("complaints_365d", "complaints of the last 365 days"),
            bigint("complaints_90d", "complaints of the last 90 days"),
            bigint("complaints_since", "complaints since the last purchase day"),
            bigint("open_complaints_since", "of these, not solved"),
        ],
    )
}

/// Among the features for the sake of a baseline.
const RFM_CELL: &str = "rfm_cell";

/// The features: one definition for what is scored and for what is learnt from.
fn features() -> Vec<Column> {
    vec![
        integer("recency_days", "days since the last purchase day"),
        integer("tenure_days", "days since the first"),
        bigint("purchase_days", "days on which they bought"),
        bigint("days_90d", "of these, in the last 90 days"),
        bigint("days_365d", "of these, in the last 365 days"),
        bigint("days_change", "purchase days of the last 90 days, less those of the 90 days before"),
        double("overdue_ratio", "silent days by the customer's own threshold"),
        double("threshold_days", "after how many silent days they are overdue"),
        double("gap_spread", "how uneven their gaps are: 0 for a clockwork, 1 for pure chance").optional(),
        double("revenue_365d", "net revenue of the last 365 days, in units of the currency"),
        double("spend_trend", "share of the last 90 days in the net revenue of the last 180").optional(),
        double("revenue_per_day", "net revenue a purchase day").optional(),
        double("discount_share", "discounts of the last 365 days by list value").optional(),
        double("return_share", "what was given back of the last 365 days, by gross revenue").optional(),
        bigint("categories_365d", "categories bought of in the last 365 days").optional(),
        bigint("categories_lost", "of these, last bought of more than 180 days back").optional(),
        bigint("actual_tier", "value tier, 1 is best").optional(),
        bigint("tier_delta", "tiers down since one window ago; up is negative").optional(),
        bigint("contacts_90d", "contacts of the last 90 days").optional(),
        bigint("complaints_365d", "complaints of the last 365 days").optional(),
        bigint("complaints_90d", "complaints of the last 90 days").optional(),
        bigint("complaints_since", "complaints since the last purchase day").optional(),
        bigint("open_complaints_since", "of these, not solved").optional(),
        bigint("open_complaints", "complaints that are not solved").optional(),
        bigint("repeat_complaints_90d", "complaints of the last 90 days within 30 days of another").optional(),
        bigint("abandoned_90d", "contacts of the last 90 days that they gave up").optional(),
        bigint("carts_90d", "carts filled on the site in the last 90 days").optional(),
        double("mean_wait_s", "mean wait of the last 180 days where a person waits, in seconds").optional(),
        double("longest_wait_90d_s", "longest such wait of the last 90 days").optional(),
        double("longest_wait_since_s", "longest such wait since the last purchase day").optional(),
        double("satisfaction", "mean satisfaction of the last 365 days").optional(),
        double("satisfaction_fall", "how far the last 90 days lie below all before").optional(),
        bigint("starved_days", "days since the last two-way contact, or since the first order").optional(),
        bigint("opt_outs", "consents withdrawn and lists left"),
        bigint(RFM_CELL, "the three RFM scores as one number: no feature, but what a model has to beat").optional(),
    ]
}

fn attrition_features() -> Table {
    let columns = std::iter::once(customer_id()).chain(features()).collect();
    Table::new("attrition_features", "what is known of one customer who bought", &["customer_id"], columns)
}

fn attrition_origins() -> Table {
    Table::new(
        "attrition_origins",
        "one earlier day that the model of attrition goes back to",
        &["origin_no"],
        vec![
            integer("origin_no", "0 is the latest, on which the model is judged; it learns from the others"),
            day("origin_day", "the day: features are of what was before it"),
            day("from_day", "first day on which a purchase says that a customer stayed"),
            day("until_day", "the day after the last"),
        ],
    )
}

fn attrition_actions() -> Table {
    Table::new(
        "attrition_actions",
        "one reason for leaving, and what to do about it",
        &["reason"],
        vec![
            text("reason", "a sign of attrition_drivers, or a feature of the model"),
            text("action", "the action's code"),
        ],
    )
}

/// Made by running [`attrition_features`] again at each origin, over inputs cut there.
fn attrition_snapshots() -> Table {
    let origin = integer("origin_no", "the origin");
    let columns = [origin, customer_id()].into_iter().chain(features()).collect();
    Table::new(
        "attrition_snapshots",
        "what was known of one customer at one origin",
        &["origin_no", "customer_id"],
        columns,
    )
}

fn attrition_labels() -> Table {
    Table::new(
        "attrition_labels",
        "what became of one customer after one origin",
        &["origin_no", "customer_id"],
        vec![
            integer("origin_no", "the origin"),
            customer_id(),
            boolean("has_left", "bought nothing in the horizon"),
            integer("next_days", "days from the origin to their next purchase day").optional(),
            money("net_revenue_e4", "net revenue in the horizon"),
        ],
    )
}

fn attrition_lapses() -> Table {
    Table::new(
        "attrition_lapses",
        "how long one customer stayed after one origin, as far as it is known",
        &["origin_no", "customer_id"],
        vec![
            integer("origin_no", "the origin"),
            customer_id(),
            integer("last_month", "the last month of which it is known; 0 is the first day of the horizon"),
            integer("lapse_month", "the first month from whose first day on they bought nothing for a horizon")
                .optional(),
        ],
    )
}

fn attrition_trials() -> Table {
    Table::new(
        "attrition_trials",
        "one customer of one past campaign with a control group, and whether they bought after it",
        &["campaign_id", "customer_id"],
        vec![
            text("campaign_id", "the campaign"),
            customer_id(),
            integer("origin_no", "origin whose features are of the campaign: the latest on or before its first day")
                .optional(),
            boolean("is_treated", "assigned to treatment, delivered or not"),
            boolean("has_bought", "bought in the horizon from their first message; null without an origin").optional(),
        ],
    )
}

fn attrition_scores() -> Table {
    Table::new(
        "attrition_scores",
        "one customer who bought, and how likely they leave",
        &["customer_id"],
        vec![
            customer_id(),
            double("p_alive", "probability of being alive, fitted to what is known now").optional(),
            double("score", "probability of buying nothing in the horizon").optional(),
            text(
                "status",
                "ok; not_eligible: silent for too long; grade_c: no model is worth using; insufficient_history; insufficient_data",
            ),
            double(
                "uplift",
                "how much more probable a purchase is with the campaign that attrition_uplift has chosen than without",
            )
            .optional(),
        ],
    )
}

/// What is published of the model.
pub(super) fn published() -> Vec<Table> {
    vec![
        attrition_inputs(),
        attrition_reasons(),
        attrition_model(),
        attrition_recalibration(),
        attrition_grades(),
        attrition_calibration(),
        attrition_survival(),
        attrition_uplift(),
    ]
}

fn attrition_inputs() -> Table {
    let given = features().into_iter().filter(|column| column.name != RFM_CELL);
    let alive = double("p_alive", "probability of being alive, by an MBG/NBD fitted to what is known").optional();
    let columns = std::iter::once(customer_id()).chain(given).chain([alive]).collect();
    Table::new("attrition_inputs", "what the model is given of one customer who bought", &["customer_id"], columns)
}

fn attrition_recalibration() -> Table {
    Table::new(
        "attrition_recalibration",
        "one piece of what makes probabilities of the scores of one model or baseline",
        &["model", "place"],
        vec![
            text("model", "the model or baseline"),
            integer("place", "from 1, the lowest scores first"),
            text(
                "method",
                "logistic: 1 / (1 + EXP(-(intercept + slope * log-odds of the score))); isotonic: straight from one place to \
                 the next, level before the first and after the last",
            ),
            double("intercept", "of logistic").optional(),
            double("slope", "of logistic").optional(),
            double("score", "of isotonic: the score before").optional(),
            double("probability", "of isotonic: what it becomes").optional(),
        ],
    )
}

fn attrition_reasons() -> Table {
    Table::new(
        "attrition_reasons",
        "one of up to five features that moved the score of one customer most",
        &["customer_id", "place"],
        vec![
            customer_id(),
            integer("place", "1 moved it most"),
            text("feature", "the feature"),
            double("value", "its value; null when it is not known of them").optional(),
            double(
                "contribution",
                "what it did to the log-odds of leaving, against the average customer that the model learnt from",
            ),
        ],
    )
}

fn attrition_model() -> Table {
    Table::new(
        "attrition_model",
        "one bin of one feature of one model",
        &["model", "feature", "bin"],
        vec![
            text("model", "scorecard or trees"),
            text("feature", "the feature, or intercept"),
            integer(
                "bin",
                "from 1, the lowest values first; 0 is of values that are not known, and of what has no bins",
            ),
            double("from_value", "the lowest value").optional(),
            double("below_value", "what values are below").optional(),
            text("status", "used, constant, all_missing, no_signal or negative_weight"),
            double("weight", "by how much the weight of evidence counts").optional(),
            double("woe", "weight of evidence: log-odds of leaving against all").optional(),
            bigint("points", "thousandths of log-odds that the score gets").optional(),
            bigint("rows", "rows learnt from").optional(),
            bigint("events", "of these, customers who left").optional(),
            double("event_rate", "their share").optional(),
            double("importance", "how much the feature counts in the model").optional(),
        ],
    )
}

fn attrition_grades() -> Table {
    Table::new(
        "attrition_grades",
        "one model or baseline, judged on the latest day whose outcome is known",
        &["model"],
        vec![
            text("model", "recency, rfm_cell, p_alive, scorecard or trees; all when nothing could be judged"),
            text("status", "ok, or why it could not be judged"),
            boolean("chosen", "whether it scores"),
            text("grade", "A, B or C of a model against its baseline").optional(),
            text("baseline", "the baseline with the highest lift").optional(),
            bigint("rows", "customers who judged"),
            bigint("events", "of these, who left").optional(),
            double("auc", "area under the ROC curve").optional(),
            double("auc_lo", "lower end of DeLong's 95 % interval").optional(),
            double("auc_hi", "its upper end").optional(),
            double("average_precision", "average precision").optional(),
            double("lift_10", "rate of leaving of the tenth with the highest score, over the overall rate").optional(),
            double("lift_10_lo", "lower end of Wilson's 95 % interval").optional(),
            double("lift_10_hi", "its upper end").optional(),
            double("brier", "Brier score").optional(),
            double("log_loss", "mean log loss").optional(),
            double("slope", "slope of calibration: 1 is right").optional(),
            double("intercept", "intercept of calibration: 0 is right").optional(),
            double("calibration_error", "mean distance of probability and rate over ten bins").optional(),
            text("reason", "in words"),
        ],
    )
}

fn attrition_calibration() -> Table {
    Table::new(
        "attrition_calibration",
        "one tenth of the customers who judged one model, by its probability",
        &["model", "bin"],
        vec![
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

fn attrition_survival() -> Table {
    Table::new(
        "attrition_survival",
        "one customer who bought of late, and how long they stay: until they buy nothing for a horizon from a day on, where the \
         days are today and every 30th after it",
        &["customer_id"],
        vec![
            customer_id(),
            text("status", "ok, or why there is nothing"),
            text("model", "whose score is stretched over the months: the one that scores, else recency").optional(),
            double("survival_0d", "probability of not having left today").optional(),
            double("survival_30d", "of not having left in 30 days or before").optional(),
            double("survival_60d", "in 60").optional(),
            double("survival_90d", "in 90; null as far as no origin lies far enough back").optional(),
            double("survival_180d", "in 180; likewise").optional(),
            double("expected_days", "expected days until they have left, none counted beyond `within_days`").optional(),
            bigint("within_days", "days that were seen").optional(),
        ],
    )
}

fn attrition_uplift() -> Table {
    let columns = vec![
        text("campaign_id", "the campaign"),
        text("method", "two_models: one of each arm; class_transformation: one of treated and bought, or neither"),
        text(
            "status",
            "ok; no_ranking: not certainly better than chance; out_of_reach: no origin, or its horizon is not over; \
             insufficient_data",
        ),
        boolean("chosen", "whether it scores today's customers"),
        bigint("customers", "customers of both arms whose features are known and whose horizon is over"),
        bigint("treated", "of these, assigned to treatment"),
        bigint("control", "of these, kept out"),
        double("effect", "share of the treated who bought, less that of the control group").optional(),
        double("qini", "area of the Qini curve over chance, as a share of the best ranking's").optional(),
        double("qini_lo", "lower end of the bootstrap's 95 % interval").optional(),
        double("qini_hi", "its upper end").optional(),
        double("auuc", "the same of the uplift curve").optional(),
        double("auuc_lo", "lower end of the bootstrap's 95 % interval").optional(),
        double("auuc_hi", "its upper end").optional(),
        double("at_10", "effect among the tenth that is ranked first").optional(),
        double("at_10_lo", "lower end of the bootstrap's 95 % interval").optional(),
        double("at_10_hi", "its upper end").optional(),
        text("reason", "in words"),
    ];
    Table::new(
        "attrition_uplift",
        "one past campaign with a control group, and whether a method can tell whom it persuades",
        &["campaign_id", "method"],
        columns,
    )
}
