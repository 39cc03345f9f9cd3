//! `[campaigns]`, `[[contact_rules]]`, `[experiments]`: who may be contacted, how often, and who is kept as control
//! (`spec/definitions.md` 3.12, 3.13).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A campaign: who is eligible, who comes first, by which channel, and how many are kept as control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// Who is eligible: a predicate over the columns of the published table `customers`.
    #[serde(rename = "where")]
    pub predicate: String,
    /// An expression over the same columns; the highest comes first. Left out, the expected value, or else the customer's
    /// value.
    #[serde(default)]
    pub rank_by: Option<String>,
    /// What a contact is expected to bring, in the reporting currency: an expression over the same columns. Between
    /// campaigns of one priority, the highest wins the customer.
    #[serde(default)]
    pub expected_value: Option<String>,
    /// Most customers to treat; left out, all.
    #[serde(default)]
    pub limit: Option<u64>,
    /// Channel by which they are reached. Left out, nobody is: every row is `suppressed` with the reason `no_channel`, a
    /// list to look at.
    #[serde(default)]
    pub channel: Option<String>,
    /// Purpose of the contact, as consents name it.
    #[serde(default = "marketing")]
    pub purpose: String,
    /// Whether a grant is needed. A denial is honoured either way.
    #[serde(default)]
    pub consent: Consent,
    /// Whether the choice of customers rests on a personal profile. Who objected to profiling is then left out; with
    /// `false`, they stay in, without a score and last.
    #[serde(default = "yes")]
    pub profiling: bool,
    /// A customer with an unsolved complaint that began at most so many days ago is left alone; 0 looks at no complaint.
    #[serde(default = "ninety")]
    pub open_complaint_days: u32,
    /// The lowest number wins a customer whom several campaigns want.
    #[serde(default = "hundred")]
    pub priority: u32,
    /// Wave of the campaign: a part of the idempotency key, so that a second wave is another contact.
    #[serde(default = "first")]
    pub wave: String,
    /// Share of the eligible that is kept as control, rounded to ten-thousandths.
    #[serde(default)]
    pub control_share: f64,
    /// Product that is offered; without stock, nobody is contacted.
    #[serde(default)]
    pub product_id: Option<String>,
    /// Offer that is made.
    #[serde(default)]
    pub offer_id: Option<String>,
    /// What the offer costs us a customer, in decimal text.
    #[serde(default)]
    pub offer_cost: Option<String>,
    /// Script that an agent or a template speaks.
    #[serde(default)]
    pub script_id: Option<String>,
    /// Variables of the script: a name, and the column of the published table `customers` that fills it.
    #[serde(default)]
    pub script_vars: BTreeMap<String, String>,
    /// Why a customer is on the list, for the script.
    #[serde(default)]
    pub reason_code: Option<String>,
}

fn marketing() -> String {
    MARKETING.to_owned()
}

fn yes() -> bool {
    true
}

fn ninety() -> u32 {
    90
}

fn hundred() -> u32 {
    100
}

fn first() -> String {
    "1".to_owned()
}

/// The purpose of a contact that says nothing else.
pub const MARKETING: &str = "marketing";

/// Whether a contact needs a grant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Only customers who granted it.
    #[default]
    Required,
    /// Customers who said nothing too, on the company's own responsibility (a letter, a service message).
    NotRequired,
}

impl Consent {
    /// The word for it in the pipeline file and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Consent::Required => "required",
            Consent::NotRequired => "not_required",
        }
    }
}

/// A cap on contacts: of the contacts that it counts, at most `max` may fall into the window that ends with the send day
/// when a blocked channel is used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactRule {
    /// Name of the rule, for `cap:<name>`.
    pub name: String,
    /// Whose contacts are counted together.
    #[serde(default)]
    pub scope: Scope,
    /// Channels whose contacts count.
    pub channels: Vec<String>,
    /// Counts and blocks contacts of this purpose only; a past contact whose purpose is not known counts. Left out, all.
    #[serde(default)]
    pub purpose: Option<String>,
    /// Channels that are held back; left out, those of `channels`.
    #[serde(default)]
    pub blocks: Option<Vec<String>>,
    /// Most contacts in the window, the new one included if its channel counts. 0 in a rule that blocks other channels than
    /// it counts: any contact blocks them.
    pub max: u32,
    /// A rolling window of so many days, the send day included: after a contact, 7 lets the next one go a week later.
    #[serde(default)]
    pub window_days: Option<u32>,
    /// The calendar week (from Monday), month, quarter or year of the send day, instead of a rolling window.
    #[serde(default)]
    pub calendar: Option<Calendar>,
    /// Whether contacts that the customer began and we answered count too, and not only ours.
    #[serde(default)]
    pub count_inbound: bool,
}

impl ContactRule {
    /// Channels that the rule holds back.
    pub fn blocked(&self) -> &[String] {
        self.blocks.as_deref().unwrap_or(&self.channels)
    }
}

/// Whose contacts a rule counts together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// One customer, with all ids that `[identity]` knows of them.
    #[default]
    Person,
    /// All customers of a household; one without is a household alone.
    Household,
    /// All customers of an account; one without is an account alone.
    Account,
}

impl Scope {
    /// The scope's name in the pipeline file and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Person => "person",
            Scope::Household => "household",
            Scope::Account => "account",
        }
    }
}

/// A calendar period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    /// From Monday.
    Week,
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// A calendar year.
    Year,
}

/// Who is kept out of campaigns to measure what they do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Experiments {
    /// Share of all that no campaign reaches, rounded to ten-thousandths.
    pub global_holdout_share: f64,
    /// Seed of that choice: another one, say each year, keeps others out.
    pub holdout_seed: String,
    /// Who shares an arm.
    pub unit: ExperimentUnit,
}

impl Default for Experiments {
    fn default() -> Self {
        Experiments {
            global_holdout_share: 0.0,
            holdout_seed: "global-holdout".to_owned(),
            unit: ExperimentUnit::default(),
        }
    }
}

/// Who shares an arm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExperimentUnit {
    /// Households as soon as a contact rule counts by household, else persons.
    #[default]
    Auto,
    /// Each customer id alone, whoever else it may be.
    Customer,
    /// All ids of one person, as `[identity]` knows them.
    Person,
    /// All customers of a household, and of every other household that a person of it is in too; one without is alone.
    Household,
}

impl Experiments {
    /// `household`, `person` or `customer`, with `auto` decided by the rules.
    pub fn unit_name(&self, rules: &[ContactRule]) -> &'static str {
        match self.unit {
            ExperimentUnit::Auto if rules.iter().any(|rule| rule.scope == Scope::Household) => "household",
            ExperimentUnit::Household => "household",
            ExperimentUnit::Auto | ExperimentUnit::Person => "person",
            ExperimentUnit::Customer => "customer",
        }
    }
}
