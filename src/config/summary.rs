//! `[summary]`: over which calendar periods the business is summed up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The business summary: calendar periods and how far they go back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Summary {
    /// Kinds of calendar period that are summed up: `month`, `quarter`, `year`.
    pub periods: Vec<CalendarUnit>,
    /// Full calendar years before the one of the last day read. Nothing is listed before the first transaction.
    pub years: u32,
}

impl Default for Summary {
    fn default() -> Self {
        Summary { periods: CalendarUnit::ALL.to_vec(), years: 3 }
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
