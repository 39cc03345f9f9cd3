//! What SQL and the models need to know of `[campaign_response]` and `[rule_feedback]`, as rows.

use std::collections::BTreeMap;

use super::contact_parameters::share_e4;
use super::rows::Cell;
use crate::config::Config;

const HOUR_US: i64 = 3_600_000_000;

/// The one row of `response_params`.
pub fn response_param_rows(config: &Config) -> Vec<Vec<Cell>> {
    let response = &config.campaign_response;
    vec![vec![
        response.window_days.into(),
        response.history_days.into(),
        response.observational.into(),
        response.confidence.into(),
        response.min_units.into(),
        response.narrowest_at_units.into(),
    ]]
}

/// Rows of `response_campaigns`.
pub fn response_campaign_rows(config: &Config) -> Vec<Vec<Cell>> {
    let own = config.campaign_response.campaigns.iter();
    own.filter_map(|(name, campaign)| Some(vec![name.as_str().into(), campaign.window_days?.into()])).collect()
}

/// Rows of `response_arms`: planned shares as written, or those of the control share of a campaign of this name.
pub fn response_arm_rows(config: &Config) -> Vec<Vec<Cell>> {
    let mut plans: BTreeMap<&str, Vec<(&str, f64)>> = BTreeMap::new();
    for (name, campaign) in &config.campaigns {
        let control = f64::from(share_e4(campaign.control_share)) / 10_000.0;
        if control > 0.0 && control < 1.0 {
            plans.insert(name, vec![("control", control), ("treat", 1.0 - control)]);
        }
    }
    for (name, campaign) in config.campaign_response.campaigns.iter().filter(|(_, campaign)| !campaign.arms.is_empty())
    {
        plans.insert(name, campaign.arms.iter().map(|(arm, share)| (arm.as_str(), *share)).collect());
    }
    let rows = plans.into_iter().flat_map(|(name, arms)| arms.into_iter().map(move |(arm, share)| (name, arm, share)));
    rows.map(|(name, arm, share)| vec![name.into(), arm.into(), share.into()]).collect()
}

/// Rows of `attribution_windows`.
pub fn attribution_window_rows(config: &Config) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for (channel, window) in config.campaign_response.attribution_windows() {
        for (touch, rank, hours) in
            [("click", 1, window.click_hours), ("delivery", 3, window.delivery_hours), ("open", 2, window.open_hours)]
        {
            if let Some(hours) = hours {
                rows.push(vec![channel.into(), touch.into(), rank.into(), (i64::from(hours) * HOUR_US).into()]);
            }
        }
    }
    rows
}

/// The one row of `rule_params`.
pub fn rule_param_rows(config: &Config) -> Vec<Vec<Cell>> {
    let feedback = &config.rule_feedback;
    vec![vec![feedback.complaint_days.into(), feedback.confidence.into(), feedback.min_shown.into()]]
}

/// Rows of `default_rules`.
pub fn default_rule_rows(config: &Config) -> Vec<Vec<Cell>> {
    config.rule_feedback.default_rules.iter().map(|rule| vec![rule.as_str().into()]).collect()
}
