//! `[preferences]`, `[occasions]`, `[questions]`, `[agent_facts]`: what concerns one person (`spec/definitions.md` 3.11,
//! 3.19, 3.20).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When and how customers are reached best: how much their own contacts say, and how much those of their segment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Preferences {
    /// Days after which a contact weighs half.
    pub half_life_days: u32,
    /// Signs of the customer (contacts that they began, calls that they answered) that weigh as much as their segment's.
    pub prior_contacts: u32,
    /// Trials (calls and messages of ours that reached them or did not) that weigh as much as their segment's.
    pub prior_trials: u32,
    /// With fewer weighed contacts than this, the segment's best is taken.
    pub min_contacts: u32,
    /// A segment with fewer weighed contacts than this on a channel is taken for all customers.
    pub min_pool: u32,
    /// What customers of one segment have in common.
    pub segment_by: PreferenceSegment,
    /// Whether page views are signs too, an hour of them being one; what a customer does on the web is then a channel.
    pub page_views: bool,
    /// The first hour in which we may contact somebody, and the hour after the last, on the customer's clock.
    pub allowed_hours: [u8; 2],
    /// The same for single channels: `phone = [9, 20]`.
    pub channel_hours: BTreeMap<String, [u8; 2]>,
    /// Time zones of regions, for customers whose own is not known: `"all/us/ca" = "America/Los_Angeles"`. A region has
    /// the zone of the nearest one above it.
    pub region_time_zones: BTreeMap<String, String>,
}

impl Default for Preferences {
    fn default() -> Self {
        Preferences {
            half_life_days: 90,
            prior_contacts: 10,
            prior_trials: 20,
            min_contacts: 3,
            min_pool: 100,
            segment_by: PreferenceSegment::default(),
            page_views: true,
            allowed_hours: [8, 21],
            channel_hours: BTreeMap::new(),
            region_time_zones: BTreeMap::new(),
        }
    }
}

impl Preferences {
    /// Whether `channel` may be used in `hour` of the customer's clock.
    pub fn allows(&self, channel: &str, hour: u8) -> bool {
        let [first, after] = self.channel_hours.get(channel).unwrap_or(&self.allowed_hours);
        (*first..*after).contains(&hour)
    }
}

/// What customers of one segment have in common.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PreferenceSegment {
    /// Nothing: all customers are one segment.
    None,
    /// Persons and companies.
    #[default]
    CustomerType,
    /// Their region.
    Region,
    /// Their language.
    Language,
    /// The segment that the source gives.
    SegmentHint,
    /// Their value group.
    ValueGroup,
}

impl PreferenceSegment {
    /// The word for it in the pipeline file and in `preference_params`.
    pub fn name(self) -> &'static str {
        match self {
            PreferenceSegment::None => "none",
            PreferenceSegment::CustomerType => "customer_type",
            PreferenceSegment::Region => "region",
            PreferenceSegment::Language => "language",
            PreferenceSegment::SegmentHint => "segment_hint",
            PreferenceSegment::ValueGroup => "value_group",
        }
    }
}

/// Birthdays and anniversaries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Occasions {
    /// Occasions within so many days are listed.
    pub horizon_days: u32,
    /// Days before the occasion on which somebody should be contacted.
    pub lead_days: u32,
    /// When those of a 29 February celebrate in years that have none.
    pub leap_day: LeapDay,
    /// Whether the anniversary of the first order stands in where no sign-up is known. Where the exports begin later than
    /// the customers, the first order in them is not the first.
    pub first_order: bool,
}

impl Default for Occasions {
    fn default() -> Self {
        Occasions { horizon_days: 30, lead_days: 7, leap_day: LeapDay::default(), first_order: false }
    }
}

/// When those of a 29 February celebrate in common years.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeapDay {
    /// On the last day of February.
    #[default]
    February28,
    /// On the first day of March.
    March1,
}

/// A question that agents and pages may put to customers, one at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// How much an answer is worth beside those of other questions.
    pub weight: f64,
    /// Channels on which it may be asked; left out, all.
    pub channels: Vec<String>,
    /// Days before a question that stayed without an answer is asked again. What was answered is never asked again.
    pub rest_days: u32,
    /// How many answers there are to choose from: what an answer tells as long as few were given.
    pub answers: u32,
}

impl Default for Question {
    fn default() -> Self {
        Question { weight: 1.0, channels: Vec::new(), rest_days: 60, answers: 2 }
    }
}

/// What an agent sees of a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AgentFacts {
    /// Most facts of a customer.
    pub most: u32,
    /// Days after which a dated fact is half as fresh.
    pub half_life_days: u32,
    /// Facts that are not shown, by name.
    pub off: Vec<String>,
    /// Relevance of facts in place of the catalogue's, in every situation: `next_product = 1.2`.
    pub relevance: BTreeMap<String, f64>,
    /// Weights of the value tiers 0 to 5: how much more the facts of the best customers count.
    pub tier_weights: [f64; 6],
}

impl Default for AgentFacts {
    fn default() -> Self {
        AgentFacts {
            most: 25,
            half_life_days: 180,
            off: Vec::new(),
            relevance: BTreeMap::new(),
            tier_weights: [1.0, 1.5, 1.3, 1.2, 1.1, 1.0],
        }
    }
}
