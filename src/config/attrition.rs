//! `[attrition]`: when silence and shrinking are signs that a customer is leaving.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When silence and shrinking are signs that a customer is leaving (`spec/definitions.md` 3.5 and 3.6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Attrition {
    /// After how much silence a customer is overdue.
    pub window: Window,
    /// Which quantile of their own gaps between purchase days is a customer's rhythm.
    pub gap_quantile: f64,
    /// How many gaps of one's own weigh as much as the window of all customers.
    pub prior_gaps: u32,
    /// Days within which a silent customer may still return: for the windows, and for the value at risk.
    pub horizon_days: u32,
    /// The window of all customers is the first silent day after which a return within `horizon_days` is no likelier.
    pub return_probability: f64,
    /// Step of the error-balanced window, in days.
    pub window_step_days: u32,
    /// What it costs to call somebody lost who comes back, against `missed_cost`.
    pub false_alarm_cost: u32,
    /// What it costs to call somebody active who does not come back, against `false_alarm_cost`.
    pub missed_cost: u32,
    /// Days of silence of the fixed window: for `window = "fixed"`, and where the data are too few for another.
    pub fixed_window_days: u32,
    /// Days within which a return has to be hopeless for a dormant customer to be lost.
    pub lost_horizon_days: u32,
    /// The probability of a return below which it is hopeless.
    pub lost_return_probability: f64,
    /// Days of the window that is compared with the one before it: a year, or less when there is less history.
    pub compare_days: u32,
    /// Least value in the window before, in decimal text such as `"20"`, for a customer to be called shrinking.
    pub min_previous_value: String,
    /// Least number of purchase days in both windows for a customer to be tested.
    pub min_purchase_days: u32,
    /// Largest share of customers found to shrink that may be there by chance (Benjamini and Hochberg).
    pub false_discovery_rate: f64,
    /// Least number of customers (peers, silent customers) for a figure about them.
    pub min_cases: u32,
    /// Days without a two-way contact after which a customer is starved of contact.
    pub starved_days: u32,
    /// Fall of the mean satisfaction that is a sign, in points of its scale, in decimal text such as `"1"`.
    pub csat_drop: String,
    /// The score that is learnt from earlier days.
    pub model: AttritionModel,
    /// What to do about a reason: an action code of your own by sign (`complaint_open`) or feature of the model
    /// (`open_complaints`). A table of your own replaces this one as a whole.
    pub actions: BTreeMap<String, String>,
}

/// A score of leaving, learnt by going back in time (`spec/definitions.md` 3.8).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AttritionModel {
    /// Whether there is one.
    pub enabled: bool,
    /// Who bought nothing for so many days has left: H.
    pub horizon_days: u32,
    /// Days between what is known and the horizon: time to act in. Purchases in them say nothing.
    pub gap_days: u32,
    /// Who bought in so many last days is scored and learnt from: the others have left already.
    pub eligible_days: u32,
    /// Days between one origin and the one before it.
    pub step_days: u32,
    /// Origins to learn from, beside the latest, which judges. Those without enough history before them are left out.
    pub origins: u32,
    /// Customers who left, and who stayed, that there have to be to learn from and to judge by.
    pub min_of_each: u32,
    /// The scores from which a customer is `at_risk` and `high_risk`.
    pub bands: [f64; 2],
}

/// What may be a reason: the signs of `attrition_drivers`, and the features of the model, with the usual action.
///
/// What speaks for staying alone, or says how a customer is and not what became of them, has none.
pub(super) const REASONS: [(&str, Option<&str>); 48] = [
    ("overdue", Some("remind")),
    ("shrinking", Some("offer")),
    ("complaint_open", Some("resolve_complaint")),
    ("repeat_complaint", Some("resolve_complaint")),
    ("csat_drop", Some("call_back")),
    ("tier_fall", Some("personal_contact")),
    ("fewer_orders", Some("offer")),
    ("category_vanished", Some("show_category")),
    ("abandoned_calls", Some("call_back")),
    ("opt_out", Some("fewer_messages")),
    ("contact_starvation", Some("personal_contact")),
    ("growing", None),
    ("recent", None),
    ("recency_days", Some("remind")),
    ("tenure_days", None),
    ("purchase_days", None),
    ("days_90d", Some("offer")),
    ("days_365d", Some("offer")),
    ("days_change", Some("offer")),
    ("overdue_ratio", Some("remind")),
    ("threshold_days", None),
    ("gap_spread", None),
    ("revenue_365d", Some("offer")),
    ("spend_trend", Some("offer")),
    ("revenue_per_day", None),
    ("discount_share", None),
    ("return_share", Some("ask_about_returns")),
    ("categories_365d", Some("show_category")),
    ("categories_lost", Some("show_category")),
    ("actual_tier", None),
    ("tier_delta", Some("personal_contact")),
    ("contacts_90d", None),
    ("complaints_365d", Some("resolve_complaint")),
    ("complaints_90d", Some("resolve_complaint")),
    ("complaints_since", Some("resolve_complaint")),
    ("open_complaints_since", Some("resolve_complaint")),
    ("open_complaints", Some("resolve_complaint")),
    ("repeat_complaints_90d", Some("resolve_complaint")),
    ("abandoned_90d", Some("call_back")),
    ("carts_90d", Some("remind_of_cart")),
    ("mean_wait_s", Some("call_back")),
    ("longest_wait_90d_s", Some("call_back")),
    ("longest_wait_since_s", Some("call_back")),
    ("satisfaction", Some("call_back")),
    ("satisfaction_fall", Some("call_back")),
    ("starved_days", Some("personal_contact")),
    ("opt_outs", Some("fewer_messages")),
    ("p_alive", Some("remind")),
];

impl Default for AttritionModel {
    fn default() -> Self {
        AttritionModel {
            enabled: true,
            horizon_days: 90,
            gap_days: 0,
            eligible_days: 180,
            step_days: 30,
            origins: 3,
            min_of_each: 200,
            bands: [0.33, 0.66],
        }
    }
}

impl Default for Attrition {
    fn default() -> Self {
        Attrition {
            window: Window::OwnRhythm,
            gap_quantile: 0.9,
            prior_gaps: 3,
            horizon_days: 180,
            return_probability: 0.25,
            window_step_days: 7,
            false_alarm_cost: 1,
            missed_cost: 1,
            fixed_window_days: 90,
            lost_horizon_days: 365,
            lost_return_probability: 0.05,
            compare_days: 365,
            min_previous_value: "0".into(),
            min_purchase_days: 5,
            false_discovery_rate: 0.05,
            min_cases: 30,
            starved_days: 90,
            csat_drop: "1".into(),
            model: AttritionModel::default(),
            actions: REASONS
                .iter()
                .filter_map(|(reason, action)| Some(((*reason).to_owned(), (*action)?.to_owned())))
                .collect(),
        }
    }
}

/// After how much silence a customer is overdue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// Each customer's own rhythm, shrunk towards the window of all customers.
    OwnRhythm,
    /// The window of all customers, by the probability of a return.
    ReturnProbability,
    /// The window that would have been wrong least often one horizon ago.
    ErrorBalanced,
    /// `fixed_window_days`.
    Fixed,
}

impl Window {
    /// The window's name in the pipeline file and in `run_params`.
    pub fn name(self) -> &'static str {
        match self {
            Window::OwnRhythm => "own_rhythm",
            Window::ReturnProbability => "return_probability",
            Window::ErrorBalanced => "error_balanced",
            Window::Fixed => "fixed",
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_reasons_are_the_signs_and_the_features_that_there_are() {
        let drivers = include_str!("../../sql/segments/attrition_drivers.sql");
        let signs =
            drivers.lines().filter_map(|line| line.split_once("' AS driver")?.0.rsplit_once('\'')).map(|at| at.1);
        let inputs = crate::contract::made_tables().into_iter().find(|table| table.name == "attrition_inputs").unwrap();
        let features = inputs.columns.iter().map(|column| column.name.as_ref()).filter(|name| *name != "customer_id");
        let there_are: BTreeSet<&str> = signs.chain(features).collect();
        let known: Vec<&str> = REASONS.iter().map(|(reason, _)| *reason).collect();
        assert_eq!(there_are, known.iter().copied().collect());
        assert_eq!(there_are.len(), known.len(), "a reason comes twice");
    }
}
