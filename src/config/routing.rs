//! `[routing]`: service levels by value cell, and what each level is entitled to (`spec/capabilities.md` 1.6).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Service levels: who gets which, and what it means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Routing {
    /// Level of each cell of (actual, strategic) value, high, middle or low: `HH`, `HM`, `HL`, `MH`, ... `LL`.
    /// High is the first fifth of customers, middle the second and third, low the rest.
    pub cells: BTreeMap<String, String>,
    /// Largest share of customers with value that a level may hold; the surplus (lowest value) falls one level.
    pub caps: BTreeMap<String, f64>,
    /// The levels from best to least, and their entitlements.
    pub levels: Vec<ServiceLevel>,
    /// Level of customers without any value in the cell map, such as prospects. Customers below zero get the last level.
    pub default_level: String,
    /// Level of customers who opted out of profiling, whatever they are worth. It has no cap, so that nobody is moved.
    pub neutral_level: String,
    /// Whether `price_tier` is written. Off by default: prices by automated decision are regulated (`spec/cautions.md`).
    pub price_tier: bool,
    /// Whether the router looks customers up by a keyed hash instead of their id, which `routing` then does not hold.
    pub opaque_keys: bool,
    /// Environment variable that holds the key of that hash, 16 bytes or more.
    pub key_env: String,
    /// Days for which a row of `routing` holds.
    pub valid_days: u32,
}

/// One service level: a row of the worksheet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceLevel {
    /// Name of the level.
    pub name: String,
    /// `keep`, `grow` or `up_or_out`.
    pub strategy: String,
    /// Queue that answers.
    pub queue: String,
    /// Priority in the queue, 1 is first.
    pub priority: i32,
    /// Skills that the agent must have.
    #[serde(default)]
    pub required_skills: Vec<String>,
    /// `bypass`, `short`, `full` or `self_service`.
    pub vru_path: String,
    /// Seconds to wait at most before an answer.
    pub target_wait_seconds: i32,
    /// Seconds to wait at most when trading.
    pub trade_wait_seconds: i32,
    /// Seconds an agent may talk; left out, no limit.
    #[serde(default)]
    pub talk_limit_seconds: Option<i32>,
    /// Channels by which we answer; `any` for the one the customer asks for.
    pub response_channels: Vec<String>,
    /// Minutes to answer an e-mail.
    pub email_sla_minutes: i32,
    /// Most that a solution may cost, in decimal text; left out, no cap; `"0"`, no solution that costs money.
    #[serde(default)]
    pub solution_cost_cap: Option<String>,
    /// `yes`, `case` or `no`.
    pub loyalty_offer: String,
    /// What to teach: `cross_sell`, `advanced_features`, `new_product`, `self_sufficiency`.
    pub education: String,
    /// Whether an agent may browse along.
    pub cobrowse_allowed: bool,
    /// Whether the customer pays for the service.
    pub fee_applies: bool,
    /// Name of the price tier, written only with `routing.price_tier`.
    #[serde(default)]
    pub price_tier: Option<String>,
}

impl Default for Routing {
    fn default() -> Self {
        let cells = [
            ("HH", "diamond"),
            ("HM", "sapphire"),
            ("MH", "sapphire"),
            ("HL", "pearl"),
            ("LH", "pearl"),
            ("MM", "pearl"),
            ("ML", "pearl"),
            ("LM", "pearl"),
            ("LL", "cz"),
        ];
        Routing {
            cells: cells.iter().map(|(cell, level)| (cell.to_string(), level.to_string())).collect(),
            caps: [("diamond".to_owned(), 0.02), ("sapphire".to_owned(), 0.05)].into(),
            levels: vec![
                ServiceLevel {
                    name: "diamond".into(),
                    strategy: "keep".into(),
                    queue: "diamond_team".into(),
                    priority: 1,
                    required_skills: vec!["best".into()],
                    vru_path: "bypass".into(),
                    target_wait_seconds: 0,
                    trade_wait_seconds: 0,
                    talk_limit_seconds: None,
                    response_channels: vec!["any".into()],
                    email_sla_minutes: 0,
                    solution_cost_cap: None,
                    loyalty_offer: "yes".into(),
                    education: "cross_sell".into(),
                    cobrowse_allowed: true,
                    fee_applies: false,
                    price_tier: None,
                },
                ServiceLevel {
                    name: "sapphire".into(),
                    strategy: "grow".into(),
                    queue: "senior".into(),
                    priority: 2,
                    required_skills: vec!["high".into()],
                    vru_path: "short".into(),
                    target_wait_seconds: 10,
                    trade_wait_seconds: 5,
                    talk_limit_seconds: None,
                    response_channels: vec!["any".into()],
                    email_sla_minutes: 4 * 60,
                    solution_cost_cap: Some("150".into()),
                    loyalty_offer: "case".into(),
                    education: "advanced_features".into(),
                    cobrowse_allowed: false,
                    fee_applies: false,
                    price_tier: None,
                },
                ServiceLevel {
                    name: "pearl".into(),
                    strategy: "grow".into(),
                    queue: "general".into(),
                    priority: 3,
                    required_skills: vec!["average".into()],
                    vru_path: "full".into(),
                    target_wait_seconds: 30,
                    trade_wait_seconds: 15,
                    talk_limit_seconds: Some(4 * 60),
                    response_channels: vec!["email".into(), "web".into()],
                    email_sla_minutes: 12 * 60,
                    solution_cost_cap: Some("30".into()),
                    loyalty_offer: "case".into(),
                    education: "new_product".into(),
                    cobrowse_allowed: false,
                    fee_applies: false,
                    price_tier: None,
                },
                ServiceLevel {
                    name: "cz".into(),
                    strategy: "up_or_out".into(),
                    queue: "self_service".into(),
                    priority: 4,
                    required_skills: vec![],
                    vru_path: "self_service".into(),
                    target_wait_seconds: 180,
                    trade_wait_seconds: 60,
                    talk_limit_seconds: Some(3 * 60),
                    response_channels: vec!["email".into(), "web".into()],
                    email_sla_minutes: 18 * 60,
                    solution_cost_cap: Some("0".into()),
                    loyalty_offer: "no".into(),
                    education: "self_sufficiency".into(),
                    cobrowse_allowed: false,
                    fee_applies: true,
                    price_tier: None,
                },
            ],
            default_level: "cz".into(),
            neutral_level: "pearl".into(),
            price_tier: false,
            opaque_keys: false,
            key_env: "PATRONAGE_ROUTING_KEY".into(),
            valid_days: 7,
        }
    }
}
