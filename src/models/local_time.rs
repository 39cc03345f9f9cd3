//! Clocks of customers: what the time-zone database says, as rows that SQL can join (`spec/definitions.md` 3.11).
//!
//! SQL has no time zones. It says which zones are named and for which days they are asked; the answer is one row for each
//! zone and UTC day, with the offset before and after a change of the clock on that day. A local instant is then one join on
//! equal columns and one addition, the same on every engine. Names that are no time zone have no rows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Inputs, Model, Rows, Takes, Values};
use crate::error::{Error, Result};

/// The model: from zones and regions in use to their clocks.
pub const MODEL: Model = Model {
    name: "local_time",
    reads: &["zones_in_use", "regions_in_use", "region_time_zones"],
    makes: &["zone_days", "region_zones", "region_paths"],
    takes: Takes::Compact,
    compute,
};

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;

/// What the clock of one zone does on one UTC day, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneDay {
    /// The day, since 1970-01-01 UTC.
    pub utc_day: i32,
    /// The instant at which the clock changes; on most days the end of the day.
    pub change_us: i64,
    /// Local time less UTC before that.
    pub before_us: i64,
    /// Local time less UTC from then on.
    pub after_us: i64,
}

/// The days `first` to `last` of the clock of `zone`. Were a clock changed twice within a day, the last change would count:
/// no zone has done that since 1970 (tested).
///
/// # Errors
/// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) for days outside the years -9999 to 9999.
pub fn zone_days(zone: &TimeZone, first: i32, last: i32) -> Result<Vec<ZoneDay>> {
    let start_us = |day: i32| i64::from(day) * DAY_US;
    let instant = |us: i64| {
        Timestamp::from_microsecond(us).map_err(|error| Error::internal("a day has no instant").because(error))
    };
    let offset = |at: Timestamp| i64::from(zone.to_offset(at).seconds()) * SECOND_US;
    let mut before_us = offset(instant(start_us(first))?);
    let mut changes = zone
        .following(instant(start_us(first))?)
        .map(|change| (change.timestamp().as_microsecond(), i64::from(change.offset().seconds()) * SECOND_US));
    let mut next = changes.next();
    let mut days = Vec::new();
    for utc_day in first..=last {
        let end_us = start_us(utc_day) + DAY_US;
        let mut day = ZoneDay { utc_day, change_us: end_us, before_us, after_us: before_us };
        while let Some((change_us, after_us)) = next.filter(|(change_us, _)| *change_us < end_us) {
            // Rules may change a name and not the clock.
            if after_us != day.after_us {
                day = ZoneDay { change_us, before_us: day.after_us, after_us, ..day };
            }
            next = changes.next();
        }
        before_us = day.after_us;
        days.push(day);
    }
    Ok(days)
}

/// A region and all that lie above it, the outermost first: `all/de/south` is in `all/de`. With and without the root `all`,
/// as in the summaries.
fn ancestors(region: &str) -> Vec<String> {
    super::hierarchies::scopes("region", region).into_iter().map(|scope| scope.name).collect()
}

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let named = inputs.table("zones_in_use")?;
    let (names, first, last) = (named.text("time_zone")?, named.integers("first_day")?, named.integers("last_day")?);
    let mut known = BTreeSet::new();
    let (mut zones, mut days, mut changes, mut before, mut after) = (vec![], vec![], vec![], vec![], vec![]);
    let mut wrong = 0u64;
    for ((name, first), last) in names.into_iter().zip(first).zip(last) {
        let Some(name) = name else { continue };
        let Ok(zone) = TimeZone::get(name) else {
            wrong += 1;
            continue;
        };
        known.insert(name);
        for day in zone_days(&zone, *first, *last)? {
            zones.push(Some(name.to_owned()));
            days.push(Some(i64::from(day.utc_day)));
            changes.push(Some(day.change_us));
            before.push(Some(day.before_us));
            after.push(Some(day.after_us));
        }
    }
    if wrong > 0 {
        inputs.note(format!(
            "{wrong} names of time zones are none: customers with them have the clock of their region or of the business"
        ));
    }
    let (region_zones, region_paths) = regions(inputs, &known)?;
    let zone_days = vec![
        Values::Text(zones),
        Values::Whole(days),
        Values::Whole(changes),
        Values::Whole(before),
        Values::Whole(after),
    ];
    Ok(vec![zone_days, region_zones, region_paths])
}

/// The zone of every region that has one, or that lies below one that has; and what lies above every region.
fn regions(inputs: &Inputs<'_>, known: &BTreeSet<&str>) -> Result<(Rows, Rows)> {
    let given = inputs.table("region_time_zones")?;
    let given: BTreeMap<String, &str> = (given.text("region")?.into_iter().flatten())
        .zip(given.text("time_zone")?.into_iter().flatten())
        .filter(|(_, zone)| known.contains(zone))
        .filter_map(|(region, zone)| Some((ancestors(region).pop()?, zone)))
        .collect();
    let (mut zoned, mut zones) = (vec![], vec![]);
    let (mut regions, mut above, mut itself) = (vec![], vec![], vec![]);
    for region in inputs.table("regions_in_use")?.text("region")?.into_iter().flatten() {
        let path = ancestors(region);
        if let Some(zone) = path.iter().rev().find_map(|ancestor| given.get(ancestor)) {
            zoned.push(Some(region.to_owned()));
            zones.push(Some((*zone).to_owned()));
        }
        let length = path.len();
        for (place, ancestor) in path.into_iter().enumerate() {
            regions.push(Some(region.to_owned()));
            above.push(Some(ancestor));
            itself.push(Some(place + 1 == length));
        }
    }
    Ok((
        vec![Values::Text(zoned), Values::Text(zones)],
        vec![Values::Text(regions), Values::Text(above), Values::Boolean(itself)],
    ))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn day(year: i16, month: i8, day: i8) -> i32 {
        (date(year, month, day) - date(1970, 1, 1)).get_days()
    }

    fn hours(us: i64) -> f64 {
        us as f64 / 3_600e6
    }

    #[test]
    fn a_clock_changes_within_the_day_and_stays_changed() {
        // Berlin 2026: 29 March 01:00 UTC to summer, 25 October 01:00 UTC back.
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let spring = zone_days(&berlin, day(2026, 3, 28), day(2026, 3, 30)).unwrap();
        let offsets: Vec<(f64, f64)> = spring.iter().map(|day| (hours(day.before_us), hours(day.after_us))).collect();
        assert_eq!(offsets, [(1.0, 1.0), (1.0, 2.0), (2.0, 2.0)]);
        assert_eq!(spring[1].change_us, i64::from(day(2026, 3, 29)) * DAY_US + 3_600 * SECOND_US);
        assert_eq!(spring[0].change_us, i64::from(day(2026, 3, 29)) * DAY_US);
        let autumn = zone_days(&berlin, day(2026, 10, 25), day(2026, 10, 25)).unwrap();
        assert_eq!((hours(autumn[0].before_us), hours(autumn[0].after_us)), (2.0, 1.0));
        // Lord Howe moves by half an hour, Tokyo never.
        let howe = zone_days(&TimeZone::get("Australia/Lord_Howe").unwrap(), day(2026, 4, 4), day(2026, 4, 4)).unwrap();
        assert_eq!((hours(howe[0].before_us), hours(howe[0].after_us)), (11.0, 10.5));
        let tokyo = zone_days(&TimeZone::get("Asia/Tokyo").unwrap(), 0, 30_000).unwrap();
        assert!(tokyo.iter().all(|day| hours(day.before_us) == 9.0 && hours(day.after_us) == 9.0));
    }

    #[test]
    fn no_zone_changes_its_clock_twice_in_a_day_and_every_hour_is_as_the_database_says() {
        let (first, last) = (0, day(2040, 1, 1));
        for name in jiff::tz::db().available() {
            let zone = TimeZone::get(name.as_str()).unwrap();
            let mut previous: Option<(i64, i64)> = None;
            for change in zone.following(Timestamp::from_second(0).unwrap()) {
                let at = change.timestamp().as_second();
                let day = at.div_euclid(86_400);
                if day > i64::from(last) {
                    break;
                }
                let offset = i64::from(change.offset().seconds());
                if let Some((before, moved)) = previous {
                    assert!(before != day || moved == offset, "{name} changes twice on {day}");
                }
                previous = Some((day, offset));
            }
            for found in zone_days(&zone, first, last).unwrap().iter().step_by(97) {
                let start = i64::from(found.utc_day) * DAY_US;
                for hour in [0, 7, 13, 23] {
                    let us = start + hour * 3_600 * SECOND_US;
                    let offset = if us < found.change_us { found.before_us } else { found.after_us };
                    let expected = zone.to_offset(Timestamp::from_microsecond(us).unwrap()).seconds();
                    assert_eq!(offset, i64::from(expected) * SECOND_US, "{name} {us}");
                }
            }
        }
    }

    #[test]
    fn a_region_lies_in_those_above_it_and_in_itself() {
        assert_eq!(ancestors("all/de/south"), ["all/de", "all/de/south"]);
        assert_eq!(ancestors("de"), ["all/de"]);
    }
}
