//! `[summary]`: over which calendar periods the business is summed up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The business summary: calendar periods and how far they go back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Summary {
    /// Kinds of calendar period that are summed up: `month`, `quarter`, `year`.
    pub periods: Vec<CalendarUnit>,
    /// What it is broken down by: `region`, `product`, `channel`, `store`, `team`, `partner`, `tier`. What the exports do
    /// not have is left out by itself.
    pub dimensions: Vec<Dimension>,
    /// Full calendar years before the one of the last day read. Nothing is listed before the first transaction.
    pub years: u32,
}

impl Default for Summary {
    fn default() -> Self {
        Summary { periods: CalendarUnit::ALL.to_vec(), dimensions: Dimension::ALL.to_vec(), years: 3 }
    }
}

/// A kind of calendar period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CalendarUnit {
    /// Months.
    Month,
    /// Quarters: January to March, and so on.
    Quarter,
    /// Years.
    Year,
}

impl CalendarUnit {
    /// Every kind, the shortest first.
    pub const ALL: [CalendarUnit; 3] = [CalendarUnit::Month, CalendarUnit::Quarter, CalendarUnit::Year];

    /// The kind's name in the pipeline file and in `calendar`.
    pub fn name(self) -> &'static str {
        match self {
            CalendarUnit::Month => "month",
            CalendarUnit::Quarter => "quarter",
            CalendarUnit::Year => "year",
        }
    }

    /// How many of them a year has.
    pub fn in_a_year(self) -> i32 {
        match self {
            CalendarUnit::Month => 12,
            CalendarUnit::Quarter => 4,
            CalendarUnit::Year => 1,
        }
    }
}

/// What the business is broken down by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Region paths, all levels.
    Region,
    /// Product categories, all levels.
    Product,
    /// Channels.
    Channel,
    /// Shops.
    Store,
    /// Who sold it.
    Team,
    /// Partners.
    Partner,
    /// Value tiers of the customers now.
    Tier,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Dimension; 7] = [
        Dimension::Region,
        Dimension::Product,
        Dimension::Channel,
        Dimension::Store,
        Dimension::Team,
        Dimension::Partner,
        Dimension::Tier,
    ];

    /// The dimension's name in the pipeline file and in `summary_cells`.
    pub fn name(self) -> &'static str {
        match self {
            Dimension::Region => "region",
            Dimension::Product => "product",
            Dimension::Channel => "channel",
            Dimension::Store => "store",
            Dimension::Team => "team",
            Dimension::Partner => "partner",
            Dimension::Tier => "tier",
        }
    }
}
