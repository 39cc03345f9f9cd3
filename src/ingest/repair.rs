//! Values that cannot be, in rows that are worth keeping: a contact whose end lies before its beginning still took place.
//!
//! Instants that follow each other (`ts_start`, `ts_queue`, `ts_answer`, `ts_end`) come from several clocks. One that lies
//! before an earlier one by [`CLOCK_SKEW_US`] or less is moved to it: the clocks differ, and no time passed. One that lies
//! further back is emptied, and so is a negative duration. The row stays; every repair is counted, and is a finding of
//! `data_quality`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How far two clocks of one contact centre may differ, in microseconds: five seconds.
pub const CLOCK_SKEW_US: i64 = 5_000_000;

/// What was done to a value that cannot be. The codes are checks of `data_quality`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// A negative duration was emptied.
    Negative,
    /// An instant shortly before the one that it follows was moved to it.
    Skew,
    /// An instant before the one that it follows was emptied.
    Order,
    /// A time without an offset was read in the time zone of the column or the project.
    Zone,
    /// A time without an offset that the clock skipped was moved forward, or one that it showed twice read as the first.
    ClockChange,
}

impl Repair {
    /// Every repair.
    pub const ALL: [Repair; 5] = [Repair::Negative, Repair::Skew, Repair::Order, Repair::Zone, Repair::ClockChange];

    /// The check of `data_quality` that reports it.
    pub fn check_id(self) -> &'static str {
        match self {
            Repair::Negative => "range.negative",
            Repair::Skew => "time.skew",
            Repair::Order => "time.order",
            Repair::Zone => "time.zone",
            Repair::ClockChange => "time.clock_change",
        }
    }

    /// What became of the value.
    pub fn action(self) -> &'static str {
        match self {
            Repair::Skew => "moved",
            Repair::Zone => "read in the zone of the pipeline file",
            Repair::ClockChange => "moved forward, or the first of two",
            Repair::Negative | Repair::Order => "emptied",
        }
    }

    /// What was found, in words for a person.
    pub fn message(self) -> &'static str {
        match self {
            Repair::Negative => "a negative duration",
            Repair::Skew => "up to five seconds before the instant that it follows",
            Repair::Order => "before the instant that it follows",
            Repair::Zone => "a time without a zone",
            Repair::ClockChange => "a time without a zone in an hour that a clock change skips or repeats",
        }
    }

    /// Whether it is a fact about the export and no fault of it.
    pub fn is_note(self) -> bool {
        self == Repair::Zone
    }
}

/// Repairs by column, in plain names.
pub type Repairs = BTreeMap<Repair, BTreeMap<String, u64>>;

/// Adds `more` to `repairs`.
pub(super) fn add(repairs: &mut Repairs, more: &Repairs) {
    for (repair, columns) in more {
        for (column, rows) in columns {
            *repairs.entry(*repair).or_default().entry(column.clone()).or_default() += rows;
        }
    }
}

/// What an instant becomes that follows `latest`, both in microseconds, and what was done to it.
fn follow(latest: i64, instant: i64) -> (Option<i64>, Option<Repair>) {
    if instant >= latest {
        (Some(instant), None)
    } else if latest.saturating_sub(instant) <= CLOCK_SKEW_US {
        (Some(latest), Some(Repair::Skew))
    } else {
        (None, Some(Repair::Order))
    }
}

/// Moves or empties the instants of a row that come before the one that they follow, and tells of each, by its place.
pub(super) fn put_in_order(instants: &mut [Option<i64>], mut repaired: impl FnMut(usize, Repair)) {
    let mut latest = None;
    for (place, instant) in instants.iter_mut().enumerate() {
        let (Some(before), Some(at)) = (latest, *instant) else {
            latest = instant.or(latest);
            continue;
        };
        let (moved, repair) = follow(before, at);
        latest = moved.or(latest);
        if let Some(repair) = repair {
            *instant = moved;
            repaired(place, repair);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_step_back_is_the_clocks_a_large_one_is_a_mistake() {
        assert_eq!(follow(10, 10), (Some(10), None));
        assert_eq!(follow(10, 11), (Some(11), None));
        assert_eq!(follow(10_000_000, 9_999_999), (Some(10_000_000), Some(Repair::Skew)));
        assert_eq!(follow(10_000_000, 5_000_000), (Some(10_000_000), Some(Repair::Skew)));
        assert_eq!(follow(10_000_000, 4_999_999), (None, Some(Repair::Order)));
    }

    #[test]
    fn a_row_is_put_in_order_from_its_first_instant_on() {
        let mut found = Vec::new();
        let mut instants = [Some(20_000_000), None, Some(18_000_000), Some(1), Some(19_000_000)];
        put_in_order(&mut instants, |place, repair| found.push((place, repair)));
        assert_eq!(instants, [Some(20_000_000), None, Some(20_000_000), None, Some(20_000_000)]);
        assert_eq!(found, [(2, Repair::Skew), (3, Repair::Order), (4, Repair::Skew)]);
    }

    #[test]
    fn repairs_add_up_by_column() {
        let one = Repairs::from([(Repair::Order, BTreeMap::from([("ts_end".to_owned(), 2)]))]);
        let mut sum = one.clone();
        add(&mut sum, &one);
        assert_eq!(sum[&Repair::Order]["ts_end"], 4);
    }
}
