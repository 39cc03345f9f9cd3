//! `[lifetime_value]`: over which horizon, and what the future is worth today (`spec/lifetime-value.md`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lifetime value: over which horizon, and what the future is worth today.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LifetimeValue {
    /// Days after the last day read over which purchases and value are expected.
    pub horizon_days: u32,
    /// What a year discounts, in decimal text: `"0.10"` makes 1.10 in a year (365.25 days) worth 1 today.
    pub annual_discount_rate: String,
}

impl Default for LifetimeValue {
    fn default() -> Self {
        LifetimeValue { horizon_days: 365, annual_discount_rate: "0.10".into() }
    }
}
