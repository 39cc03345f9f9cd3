//! The pipeline file, `patronage.toml`: what to read, how to count, what to publish.
//!
//! Every key has a default and a doc line, which is also its description in the JSON Schema. A key that does not exist
//! is an error with its place and the nearest name that does.

mod affinity;
mod attrition;
mod campaign_response;
mod campaigns;
mod contact_centre;
mod decimal;
mod engine;
mod fact_catalogue;
mod fold;
mod grid;
mod identity;
mod inputs;
mod lifetime_value;
mod load;
mod mistake;
mod preferences;
mod presets;
mod recommendations;
mod routing;
mod rule_feedback;
mod sessions;
mod summary;
mod validate;
mod value_groups;

pub use affinity::{Affinity, AffinityLevel, AffinityRank, Granularity, MegabasketRule, ProductAttribute};
pub use attrition::{Attrition, AttritionModel, Window};
pub use campaign_response::{AttributionWindow, CampaignResponse, MeasuredCampaign};
pub use campaigns::{Calendar, Campaign, Consent, ContactRule, ExperimentUnit, Experiments, MARKETING, Scope};
pub use contact_centre::{ContactCentre, MixPart, ServiceLevelRule};
pub use decimal::decimal_e4;
pub use engine::{Engine, EngineKind};
pub use fact_catalogue::{FACTS, Fact, SITUATIONS, Unit};
pub use fold::{Fold, Take};
pub use grid::{Cell, Grid, GridSegment, GridVerdict};
pub use identity::{Accounts, Identity};
pub use inputs::{ColumnSource, Duplicates, Encoding, Format, From, InputConfig};
pub use lifetime_value::{Candidate, Covariate, LifetimeValue, ModelChoice, Stratum, TimeUnit};
pub use load::{Loaded, find, load, schema};
pub use preferences::{AgentFacts, LeapDay, Occasions, PreferenceSegment, Preferences, Question};
pub use presets::{PRESETS, Preset};
pub use recommendations::{Method, Recommendations};
pub use routing::{Routing, ServiceLevel};
pub use rule_feedback::RuleFeedback;
pub use sessions::Sessions;
pub use summary::{CalendarUnit, Dimension, Summary};
pub use value_groups::{BusinessCase, ValueGroups};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The pipeline file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What all tables share.
    pub project: Project,
    /// The exports, by kind: `transactions`, `interactions` (one of the two is required), `customers`, `products`, `consents`,
    /// `contacts_sent`, `contracts`, `fx`, `holidays`, `answers`.
    pub inputs: BTreeMap<String, InputConfig>,
    /// What a customer's value is.
    #[serde(default)]
    pub value: Value,
    /// What an order is.
    #[serde(default)]
    pub orders: Orders,
    /// The periods that are compared.
    #[serde(default)]
    pub periods: Periods,
    /// Recency, frequency and monetary scores.
    #[serde(default)]
    pub rfm: Rfm,
    /// What is bought together, next and instead.
    #[serde(default)]
    pub affinity: Affinity,
    /// Products for customers: what to replenish, what new thing to offer, what to win back, and the back-test that chooses how.
    #[serde(default)]
    pub recommendations: Recommendations,
    /// Named segments: `[segments.sleeping_stars] where = "..."`, a predicate over the published table `customers`.
    #[serde(default)]
    pub segments: BTreeMap<String, Segment>,
    /// Campaigns: who is eligible, and who comes first.
    #[serde(default)]
    pub campaigns: BTreeMap<String, Campaign>,
    /// How often a person, a household or an account may be contacted.
    #[serde(default)]
    pub contact_rules: Vec<ContactRule>,
    /// Who is kept out of campaigns to measure what they do.
    #[serde(default)]
    pub experiments: Experiments,
    /// What came of campaigns: how long they are watched, against whom, and which orders they may claim.
    #[serde(default)]
    pub campaign_response: CampaignResponse,
    /// What came of rules: when one is judged, and against what.
    #[serde(default)]
    pub rule_feedback: RuleFeedback,
    /// Service levels and what each is entitled to.
    #[serde(default)]
    pub routing: Routing,
    /// When and how customers are reached best.
    #[serde(default)]
    pub preferences: Preferences,
    /// Birthdays and anniversaries.
    #[serde(default)]
    pub occasions: Occasions,
    /// Questions that may be put to customers, one at a time: `[questions.budget]`.
    #[serde(default)]
    pub questions: BTreeMap<String, Question>,
    /// What an agent sees of a customer.
    #[serde(default)]
    pub agent_facts: AgentFacts,
    /// When silence and shrinking are signs that a customer is leaving.
    #[serde(default)]
    pub attrition: Attrition,
    /// Lifetime value: which models are fitted to whom, how they are judged, and what the future is worth today.
    #[serde(default)]
    pub lifetime_value: LifetimeValue,
    /// The business summary.
    #[serde(default)]
    pub summary: Summary,
    /// The contact centre: how contacts are counted, how waits are judged, who is compared with whom.
    #[serde(default)]
    pub contact_centre: ContactCentre,
    /// Who is a peer of whom, and which value group follows from value and potential.
    #[serde(default)]
    pub value_groups: ValueGroups,
    /// What-if figures: better retention, larger orders, lower cost.
    #[serde(default)]
    pub business_case: BusinessCase,
    /// Which customers are one person: links by verified addresses and numbers.
    #[serde(default)]
    pub identity: Identity,
    /// Accounts: who decides for them.
    #[serde(default)]
    pub accounts: Accounts,
    /// Sessions on the site and in the app: when they end, whose they are, when they count as abandoned.
    #[serde(default)]
    pub sessions: Sessions,
    /// What holds a run back.
    #[serde(default)]
    pub gates: Gates,
    /// Where results go.
    #[serde(default)]
    pub output: Output,
    /// Where SQL runs.
    #[serde(default)]
    pub engine: Engine,
}

/// What all tables share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Name of the pipeline, for the manifest and the report.
    pub name: String,
    /// ISO code of the reporting currency.
    pub currency: String,
    /// The business time zone (IANA name): it decides which day an instant falls on.
    pub time_zone: String,
}

/// What a customer's value is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Value {
    /// The measure that tiers, periods and RFM's monetary score use.
    pub metric: Metric,
    /// Days up to `as_of` over which a customer's actual value is summed.
    pub window_days: u32,
}

impl Default for Value {
    fn default() -> Self {
        Value { metric: Metric::NetRevenue, window_days: 365 }
    }
}

/// A measure of value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Goods sold less returns and refunds.
    #[default]
    NetRevenue,
    /// Net revenue less the cost of the goods.
    GrossMargin,
    /// Gross margin less payment and shipping cost, cost to serve and campaign cost.
    Contribution,
    /// As `contribution`; but `value_tiers` ranks customers by their contribution to date and what they are expected to
    /// bring (`[lifetime_value]`).
    Clv,
}

impl Metric {
    /// What a day, a window or a period is measured by: itself, or contribution for `clv`, which looks ahead.
    pub fn of_the_past(self) -> Metric {
        match self {
            Metric::Clv => Metric::Contribution,
            metric => metric,
        }
    }

    /// The metric's name in the pipeline file and in `run_params`.
    pub fn name(self) -> &'static str {
        match self {
            Metric::NetRevenue => "net_revenue",
            Metric::GrossMargin => "gross_margin",
            Metric::Contribution => "contribution",
            Metric::Clv => "clv",
        }
    }
}

/// What an order is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Orders {
    /// What frequency counts: each order, or each day with an order.
    pub unit: OrderUnit,
    /// Whether an order of nothing (a free item, a voucher) counts as an order.
    pub count_zero_value: bool,
}

/// What frequency counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderUnit {
    /// Each qualifying order.
    #[default]
    Order,
    /// Each day with a qualifying order: several orders on one day count once.
    PurchaseDay,
}

/// The periods that are compared. They end at `as_of` and go back from there; calendar periods begin on calendar
/// borders, and the running one is left out unless `as_of` is its border.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Periods {
    /// Length of a period.
    pub unit: PeriodUnit,
    /// Days in a period, for `unit = "days"`.
    pub days: u32,
    /// How many periods to look back.
    pub count: u32,
}

impl Default for Periods {
    fn default() -> Self {
        Periods { unit: PeriodUnit::Quarter, days: 90, count: 8 }
    }
}

/// Length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeriodUnit {
    /// `periods.days` days, counted back from `as_of`.
    Days,
    /// Calendar months.
    Month,
    /// Calendar quarters.
    Quarter,
    /// Calendar years.
    Year,
}

/// Recency, frequency and monetary scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rfm {
    /// How values become scores.
    pub method: RfmMethod,
    /// Scores run from 1 to this (5 is best with 5 bins). The named grids need 5.
    pub bins: u8,
    /// Name of a built-in grid: `grid125`, `rf25`, `r-rfm-0.2`, `r-rfm-0.3`. Ignored when `segments` is given.
    pub grid: String,
    /// A grid of your own: the first segment that takes a cell wins.
    pub segments: Vec<GridSegment>,
    /// What the grid calls a cell that no segment takes; left out, such a hole is an error in a grid of your own.
    pub other: Option<String>,
    /// For `method = "thresholds"`: the cut values of each score, ascending, one less than `bins`.
    pub thresholds: Thresholds,
}

impl Default for Rfm {
    fn default() -> Self {
        Rfm {
            method: RfmMethod::Quantile,
            bins: 5,
            grid: "grid125".into(),
            segments: Vec::new(),
            other: None,
            thresholds: Thresholds::default(),
        }
    }
}

impl Rfm {
    /// The grid that the scores are read with: one's own, or the named one.
    pub fn resolve_grid(&self) -> Grid {
        match Grid::built_in(&self.grid) {
            Some(grid) if self.segments.is_empty() => grid,
            _ => Grid::custom(&self.segments, self.other.as_deref(), self.bins),
        }
    }
}

/// How values become RFM scores (`spec/definitions.md` 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RfmMethod {
    /// One more than the number of type-7 quantiles below the value: equal values get equal scores.
    Quantile,
    /// By the middle rank: a block of equal values sits at its middle.
    Midrank,
    /// As SQL's NTILE over value and customer id: equal values may split.
    Ntile,
    /// As the R package `rfm`: type-7 quantile plus one, lower border inclusive.
    RRfm,
    /// Your own cut values.
    Thresholds,
}

impl RfmMethod {
    /// The method's name in the pipeline file and in `run_params`.
    pub fn name(self) -> &'static str {
        match self {
            RfmMethod::Quantile => "quantile",
            RfmMethod::Midrank => "midrank",
            RfmMethod::Ntile => "ntile",
            RfmMethod::RRfm => "r-rfm",
            RfmMethod::Thresholds => "thresholds",
        }
    }
}

/// Cut values of the RFM scores.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Days since the last order; a value above none of them scores best.
    pub recency: Vec<i64>,
    /// Orders.
    pub frequency: Vec<i64>,
    /// Money in the reporting currency, in decimal text such as `"99.95"`.
    pub monetary: Vec<String>,
}

/// A named segment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// A predicate over the columns of the published table `customers`.
    #[serde(rename = "where")]
    pub predicate: String,
}

/// What holds a run back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gates {
    /// Largest share of an input's rows that may be rejected.
    pub max_reject_ratio: f64,
    /// Largest relative change of a tier's or segment's size against the previous run.
    pub max_population_change: f64,
    /// Sizes below this are not compared.
    pub min_population: u64,
    /// Largest share of transaction or interaction rows without a customer that `check` lets pass.
    pub max_anonymous_ratio: f64,
}

impl Default for Gates {
    fn default() -> Self {
        Gates { max_reject_ratio: 0.01, max_population_change: 0.25, min_population: 100, max_anonymous_ratio: 0.5 }
    }
}

/// Where results go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Output {
    /// Folder of the runs, relative to the pipeline file.
    pub dir: String,
    /// How many published runs to keep; older ones are removed, `latest` never is.
    pub keep_runs: usize,
}

impl Default for Output {
    fn default() -> Self {
        Output { dir: "out".into(), keep_runs: 30 }
    }
}
