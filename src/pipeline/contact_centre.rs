//! What SQL needs to know of `[contact_centre]` and of the days of the business, as rows.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::parameters::start_us;
use super::periods::epoch_day;
use super::rows::Cell;
use crate::config::{Config, ContactCentre, MixPart};
use crate::error::{Error, Result};

/// Microseconds in a day of 24 hours.
const DAY_US: i64 = 86_400_000_000;

/// Ten-thousandths in a second.
const SECOND_E4: i64 = 10_000;

/// The one row of `contact_centre_params`.
pub fn params(centre: &ContactCentre, as_of: Date) -> Vec<Vec<Cell>> {
    let before = |days: u32| Cell::Whole(i64::from(epoch_day(as_of)) - i64::from(days));
    let mixes = |part| Cell::Boolean(centre.agent_mix.contains(&part));
    vec![vec![
        before(centre.window_days),
        (i64::from(centre.window_days) * DAY_US).into(),
        before(centre.recent_days.min(centre.window_days)),
        centre.repeat_days.into(),
        (i64::from(centre.repeat_days) * DAY_US).into(),
        (i64::from(centre.attribution_days) * DAY_US).into(),
        (i64::from(centre.short_abandon_seconds) * SECOND_E4).into(),
        (i64::from(centre.service_level_seconds) * SECOND_E4).into(),
        centre.service_level_rule.name().into(),
        Cell::Text(centre.service_level_variant()),
        before(staffing_days(centre)),
        centre.min_cases.into(),
        mixes(MixPart::Queue),
        mixes(MixPart::Channel),
        mixes(MixPart::Tier),
        mixes(MixPart::Reason),
        centre.life_event_half_life_days.into(),
    ]]
}

/// Staffing looks at whole weeks within the window: beyond it there are no contacts to count.
fn staffing_days(centre: &ContactCentre) -> u32 {
    (7 * centre.staffing_weeks).min(centre.window_days)
}

/// Rows of `contact_cuts`, by name.
pub fn cut_rows(centre: &ContactCentre) -> Vec<Vec<Cell>> {
    let mut cuts: Vec<&str> = centre.cuts.iter().map(String::as_str).collect();
    cuts.sort_unstable();
    cuts.into_iter()
        .map(|cut| {
            let has = |part: &&str| Cell::Boolean(cut.split(' ').any(|word| word == *part));
            std::iter::once(cut.into()).chain(ContactCentre::DIMENSIONS.iter().map(has)).collect()
        })
        .collect()
}

/// Rows of `defect_reasons`.
pub fn defect_reason_rows(centre: &ContactCentre) -> Vec<Vec<Cell>> {
    let mut reasons: Vec<&str> = centre.defect_reasons.iter().map(String::as_str).collect();
    reasons.sort_unstable();
    reasons.into_iter().map(|reason| vec![reason.into()]).collect()
}

/// Rows of `life_event_offers`.
pub fn life_event_rows(centre: &ContactCentre) -> Vec<Vec<Cell>> {
    centre.life_events.iter().map(|(event, category)| vec![event.as_str().into(), category.as_str().into()]).collect()
}

/// Rows of `business_days`: the days of the contact centre's window and of `staffing_demand`, up to `as_of`.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when the window leaves the calendar.
pub fn business_day_rows(config: &Config, as_of: Date) -> Result<Vec<Vec<Cell>>> {
    let wrong = |error: jiff::Error| {
        Error::config("the window of the contact centre leaves the calendar")
            .hint("lower `contact_centre.window_days`")
            .because(error)
    };
    let zone = TimeZone::get(&config.project.time_zone).map_err(wrong)?;
    let days = i64::from(config.contact_centre.window_days);
    (1..=days)
        .rev()
        .map(|before| {
            let day = as_of.checked_sub(before.days()).map_err(wrong)?;
            let (start, end) = (start_us(config, day)?, start_us(config, day.tomorrow().map_err(wrong)?)?);
            let change = change_within(&zone, start, end).map_err(wrong)?;
            Ok(vec![
                epoch_day(day).into(),
                start.into(),
                change.map(|(at, _)| at).into(),
                change.map(|(_, by)| by).into(),
                i32::from(day.weekday().to_monday_one_offset()).into(),
                epoch_day(day.first_of_month()).into(),
                epoch_day(day.last_of_month().tomorrow().map_err(wrong)?).into(),
            ])
        })
        .collect()
}

/// The instant between two at which the clock is changed, and by how much, both in microseconds.
fn change_within(zone: &TimeZone, start: i64, end: i64) -> std::result::Result<Option<(i64, i64)>, jiff::Error> {
    let first = jiff::Timestamp::from_microsecond(start)?;
    let before = zone.to_offset(first);
    let change = zone.following(first).next().filter(|change| change.timestamp().as_microsecond() < end);
    Ok(change.map(|change| {
        let by = i64::from(change.offset().seconds() - before.seconds());
        (change.timestamp().as_microsecond(), by * 1_000_000)
    }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn config(more: &str) -> Config {
        let text = "[project]\nname = 'x'\ncurrency = 'EUR'\ntime_zone = 'Europe/Berlin'\n[inputs]\n[contact_centre]\n";
        toml::from_str(&format!("{text}{more}")).unwrap()
    }

    #[test]
    fn a_day_of_23_hours_says_when_the_clock_was_put_forward() {
        let rows = business_day_rows(&config("window_days = 3"), date(2026, 3, 31)).unwrap();
        // 29 March 2026, a Sunday: at 01:00 UTC two o'clock became three. It began at 23:00 UTC of the day before.
        assert_eq!(rows.len(), 3);
        let sunday = &rows[1];
        assert_eq!(sunday[0], 20_541.into());
        assert_eq!(sunday[1], (20_541 * DAY_US - 3_600_000_000).into());
        assert_eq!(sunday[2], (20_541 * DAY_US + 3_600_000_000).into());
        assert_eq!(sunday[3], 3_600_000_000i64.into());
        assert_eq!(sunday[4], 7.into());
        assert_eq!((&sunday[5], &sunday[6]), (&20_513.into(), &20_544.into()));
        assert_eq!((&rows[0][2], &rows[2][2]), (&Cell::Null, &Cell::Null));
    }

    #[test]
    fn a_cut_says_what_it_is_made_of() {
        let rows = cut_rows(&config("cuts = ['queue hour', 'all']").contact_centre);
        assert_eq!(rows[0], [vec!["all".into()], vec![Cell::Boolean(false); 6]].concat());
        let flags = [false, true, false, false, false, true].map(Cell::Boolean);
        assert_eq!(rows[1], [vec!["queue hour".into()], flags.to_vec()].concat());
    }

    #[test]
    fn the_service_level_names_its_variant() {
        let variant = |more| config(more).contact_centre.service_level_variant();
        assert_eq!(variant(""), "answered within 20 s / (answered + abandoned after 20 s)");
        assert_eq!(variant("service_level_rule = 'answered_only'"), "answered within 20 s / answered");
        assert_eq!(
            variant("service_level_rule = 'all_abandoned'\nservice_level_seconds = 30"),
            "answered within 30 s / (answered + abandoned)"
        );
    }
}
