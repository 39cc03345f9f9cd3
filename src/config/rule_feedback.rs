//! `[rule_feedback]`: when a rule is judged, and against what (`spec/definitions.md` 3.14).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What came of rules, from the export `rule_log`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RuleFeedback {
    /// Rules that are shown when no other rule matches. A rule without a control group is held against them in the same tiers,
    /// and marked `randomised = false`.
    pub default_rules: Vec<String>,
    /// Days after a match in which a complaint counts against the rule.
    pub complaint_days: u32,
    /// Confidence of intervals.
    pub confidence: f64,
    /// A rule that was shown less often is not judged.
    pub min_shown: u32,
}

impl Default for RuleFeedback {
    fn default() -> Self {
        RuleFeedback { default_rules: Vec::new(), complaint_days: 7, confidence: 0.95, min_shown: 100 }
    }
}
