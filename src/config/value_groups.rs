//! `[value_groups]` and `[business_case]`: potential, value groups, and what better management would be worth
//! (`spec/definitions.md` 3.2, 3.4 and 3.18).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who is a peer of whom, and which value group follows from value and potential.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ValueGroups {
    /// Days since the first order at which a new band of peers begins, ascending.
    pub tenure_bands: Vec<u32>,
    /// How much the group above weighs: a group of this many peers counts as much as it.
    pub peer_weight: u32,
    /// Fewest peers, at the customer's own level or above it, without whom a customer has no peer frontier.
    pub min_peers: u32,
    /// BZ: a contribution over the value window below this, in decimal text. Below zero, it forgives small losses, such as
    /// a mailing to somebody who did not buy.
    pub bz_threshold: String,
    /// MVC: the actual tiers of the most valuable customers.
    pub mvc_tiers: Vec<u8>,
    /// MGC: the strategic tiers of the most growable customers.
    pub mgc_tiers: Vec<u8>,
    /// MGC: smallest share of the potential that is not realised yet.
    pub mgc_min_unrealised: f64,
    /// Whether a customer leaves MVC only after two value windows below, so that lists do not flap.
    pub hysteresis: bool,
}

impl Default for ValueGroups {
    fn default() -> Self {
        ValueGroups {
            tenure_bands: vec![90, 365, 1_095],
            peer_weight: 30,
            min_peers: 30,
            bz_threshold: "0".into(),
            mvc_tiers: vec![1],
            mgc_tiers: vec![1, 2],
            mgc_min_unrealised: 0.3,
            hysteresis: false,
        }
    }
}

/// What-if figures: better retention, larger orders, lower cost. They are formulas, not forecasts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BusinessCase {
    /// Discount of a year.
    pub discount_rate: f64,
    /// Relative fall in lapse: `0.05` for five per cent fewer customers lost.
    pub lapse_fall: f64,
    /// Relative rise in order size.
    pub order_size_rise: f64,
    /// Relative fall in the cost of contacts and campaigns.
    pub cost_fall: f64,
}

impl Default for BusinessCase {
    fn default() -> Self {
        BusinessCase { discount_rate: 0.1, lapse_fall: 0.05, order_size_rise: 0.05, cost_fall: 0.05 }
    }
}
