//! `[contact_centre]`: how contacts are counted, how waits are judged, who is compared with whom.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The contact centre: how contacts are counted and compared (`spec/definitions.md` 3.9 and 3.10).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ContactCentre {
    /// Days up to `as_of` whose contacts are summed up.
    pub window_days: u32,
    /// The last days that have rows of their own in `contact_centre_summary`, beside the months and the window.
    pub recent_days: u32,
    /// Who gives up in the queue sooner than this counts neither as abandoned nor as queued: 0 to 10 seconds.
    pub short_abandon_seconds: u32,
    /// Seconds within which an answer is in time.
    pub service_level_seconds: u32,
    /// What the contacts answered in time are a share of: vendors differ, so that the table names it.
    pub service_level_rule: ServiceLevelRule,
    /// Days within which another contact of the same customer and reason is a repetition: 1 to 30.
    pub repeat_days: u32,
    /// Days after an answered contact in which an order that names no contact belongs to it.
    pub attribution_days: u32,
    /// What the summary is cut by: `all`, or names of `site`, `queue`, `agent`, `channel`, `tier` and `hour` separated by
    /// blanks, such as `queue hour`.
    pub cuts: Vec<String>,
    /// Weeks up to `as_of` that `staffing_demand` looks at.
    pub staffing_weeks: u32,
    /// What contacts have to share for agents to be compared on them: `queue`, `channel`, `tier`, `reason`.
    pub agent_mix: Vec<MixPart>,
    /// Fewest contacts of an agent, and of the colleagues in a cell, for a comparison.
    pub min_cases: u32,
    /// Reason codes that say that a product is faulty.
    pub defect_reasons: Vec<String>,
    /// Which category of products an event in life may lead to, by its code: `baby = "insurance/education"`.
    pub life_events: BTreeMap<String, String>,
    /// Days after which a life event is half as fresh.
    pub life_event_half_life_days: u32,
}

impl Default for ContactCentre {
    fn default() -> Self {
        let cuts = ["all", "site", "queue", "agent", "channel", "tier", "hour", "queue hour"];
        let defects = ["broken", "damaged", "defect", "defective", "faulty"];
        ContactCentre {
            window_days: 365,
            recent_days: 28,
            short_abandon_seconds: 5,
            service_level_seconds: 20,
            service_level_rule: ServiceLevelRule::AbandonedAfter,
            repeat_days: 7,
            attribution_days: 7,
            cuts: cuts.map(str::to_owned).to_vec(),
            staffing_weeks: 13,
            agent_mix: MixPart::ALL.to_vec(),
            min_cases: 30,
            defect_reasons: defects.map(str::to_owned).to_vec(),
            life_events: BTreeMap::new(),
            life_event_half_life_days: 90,
        }
    }
}

/// What the contacts answered in time are a share of. Short abandons are in none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceLevelRule {
    /// All answered, and those who gave up after the threshold.
    AbandonedAfter,
    /// All answered, and all who gave up.
    AllAbandoned,
    /// All answered.
    AnsweredOnly,
}

impl ServiceLevelRule {
    /// The rule's name in the pipeline file and in `contact_centre_params`.
    pub fn name(self) -> &'static str {
        match self {
            ServiceLevelRule::AbandonedAfter => "abandoned_after",
            ServiceLevelRule::AllAbandoned => "all_abandoned",
            ServiceLevelRule::AnsweredOnly => "answered_only",
        }
    }
}

/// What contacts have to share for agents to be compared on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MixPart {
    /// The queue.
    Queue,
    /// The channel.
    Channel,
    /// The customer's value tier.
    Tier,
    /// The reason.
    Reason,
}

impl MixPart {
    /// Every part.
    pub const ALL: [MixPart; 4] = [MixPart::Queue, MixPart::Channel, MixPart::Tier, MixPart::Reason];

    /// The part's name in the pipeline file.
    pub fn name(self) -> &'static str {
        match self {
            MixPart::Queue => "queue",
            MixPart::Channel => "channel",
            MixPart::Tier => "tier",
            MixPart::Reason => "reason",
        }
    }
}

impl ContactCentre {
    /// What a cut may be made of, in the order of the columns.
    pub const DIMENSIONS: [&str; 6] = ["site", "queue", "agent", "channel", "tier", "hour"];

    /// What `service_level` means, in words: the column `service_level_variant`.
    pub fn service_level_variant(&self) -> String {
        let seconds = self.service_level_seconds;
        let share_of = match self.service_level_rule {
            ServiceLevelRule::AbandonedAfter => format!("(answered + abandoned after {seconds} s)"),
            ServiceLevelRule::AllAbandoned => "(answered + abandoned)".to_owned(),
            ServiceLevelRule::AnsweredOnly => "answered".to_owned(),
        };
        format!("answered within {seconds} s / {share_of}")
    }
}
