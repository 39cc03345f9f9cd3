//! `[campaign_response]`: how long campaigns are watched, against whom, and which orders they may claim
//! (`spec/definitions.md` 3.14, 3.15).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What came of campaigns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CampaignResponse {
    /// Days from the first message in which what a customer does counts. The window before, which estimates allow for, is as
    /// long.
    pub window_days: u32,
    /// Customers are ranked into deciles by their revenue in so many days before.
    pub history_days: u32,
    /// Confidence of intervals.
    pub confidence: f64,
    /// Fewest customers or households in an arm for an estimate.
    pub min_units: u32,
    /// The intervals that may be looked at every night are narrowest for so many customers of both arms together. Choose it
    /// before the first look.
    pub narrowest_at_units: u32,
    /// Whether campaigns without a control group are compared with customers whom they did not reach and who were alike
    /// before. Such a comparison is marked `randomised = false`.
    pub observational: bool,
    /// Campaigns with a window or a plan of their own, by the `campaign_id` of `contacts_sent`.
    pub campaigns: BTreeMap<String, MeasuredCampaign>,
    /// Which orders a message may claim, by channel. A channel that is named here replaces its default.
    pub attribution: BTreeMap<String, AttributionWindow>,
}

impl Default for CampaignResponse {
    fn default() -> Self {
        CampaignResponse {
            window_days: 14,
            history_days: 365,
            confidence: 0.95,
            min_units: 50,
            narrowest_at_units: 5_000,
            observational: true,
            campaigns: BTreeMap::new(),
            attribution: BTreeMap::new(),
        }
    }
}

/// What is particular to one campaign.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MeasuredCampaign {
    /// Its own window in days.
    pub window_days: Option<u32>,
    /// Planned shares of its arms, of their sum: `{ treat = 0.9, control = 0.1 }`. Sizes that are not as planned withhold the
    /// result. Left out, those of `[campaigns]` with this name; without any plan the sizes are not checked.
    pub arms: BTreeMap<String, f64>,
}

/// Hours after a message in which an order may be attributed to it, by the strongest thing that happened to it. What is left
/// out gives no claim.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AttributionWindow {
    /// It was clicked or replied to.
    pub click_hours: Option<u32>,
    /// It was opened, but not by a machine.
    pub open_hours: Option<u32>,
    /// It arrived; a call was answered.
    pub delivery_hours: Option<u32>,
}

impl CampaignResponse {
    /// The windows of all channels: Klaviyo's published defaults for messages, seven days after a call or a visit of ours, and
    /// thirty after a letter, which are our own.
    pub fn attribution_windows(&self) -> BTreeMap<&str, AttributionWindow> {
        const DEFAULTS: [(&str, [Option<u32>; 3]); 9] = [
            ("app", [None, Some(24), None]),
            ("chat", [Some(120), Some(12), None]),
            ("email", [Some(120), Some(120), None]),
            ("phone", [None, None, Some(168)]),
            ("post", [None, None, Some(720)]),
            ("push", [None, Some(24), None]),
            ("sms", [Some(120), Some(24), Some(12)]),
            ("social", [Some(120), Some(12), None]),
            ("visit", [None, None, Some(168)]),
        ];
        let mut windows: BTreeMap<&str, AttributionWindow> = DEFAULTS
            .into_iter()
            .map(|(channel, [click_hours, open_hours, delivery_hours])| {
                (channel, AttributionWindow { click_hours, open_hours, delivery_hours })
            })
            .collect();
        windows.extend(self.attribution.iter().map(|(channel, window)| (channel.as_str(), *window)));
        windows
    }
}
