//! What SQL needs to know of `[preferences]`, `[occasions]`, `[questions]` and `[agent_facts]`, as rows.
//!
//! Powers, logarithms and dates are computed here, once, and become whole numbers: SQL adds and compares no floats, and
//! every engine has the same sums.

use jiff::civil::{Date, date};

use super::parameters::start_us;
use super::periods::{day_of_epoch, epoch_day};
use super::rows::Cell;
use crate::config::{AgentFacts, Config, FACTS, Fact, LeapDay, Occasions, Preferences, SITUATIONS};
use crate::contract;
use crate::error::Result;

/// The oldest day of `civil_days`: nobody who buys was born before.
const FIRST_DAY: Date = date(1900, 1, 1);

/// Days ahead among which every day of the year is found, a 29 February by its rule, even by those who began yesterday and
/// whose date is a day behind or ahead of ours.
const YEAR_AHEAD: i32 = 368;

type Rows = Vec<Vec<Cell>>;

/// The one row of `preference_params`.
pub fn preference_param_rows(config: &Preferences) -> Rows {
    vec![vec![
        config.segment_by.name().into(),
        config.prior_contacts.into(),
        config.prior_trials.into(),
        config.min_contacts.into(),
        config.min_pool.into(),
        config.page_views.into(),
    ]]
}

/// `2^(-age / half_life)` in parts of `one` for every age at which it is not nothing, from 0.
fn decay(half_life_days: u32, one: f64) -> impl Iterator<Item = (i32, i64)> {
    (0i32..)
        .map(move |age| (age, ((-f64::from(age) / f64::from(half_life_days)).exp2() * one).round() as i64))
        .take_while(|(_, weight)| *weight > 0)
}

/// Rows of `contact_weights`, the newest day first: weights in ten-thousandths.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when the time zone is unknown, as for `run_params`.
pub fn contact_weight_rows(config: &Config, as_of: Date) -> Result<Rows> {
    decay(config.preferences.half_life_days, 1e4)
        .map(|(age, weight)| {
            let day = epoch_day(as_of) - 1 - age;
            Ok(vec![day.into(), start_us(config, day_of_epoch(day)?)?.into(), weight.into()])
        })
        .collect()
}

/// Rows of `fact_freshness`: ages in days, freshness in thousandths.
pub fn fact_freshness_rows(config: &AgentFacts) -> Rows {
    decay(config.half_life_days, 1e3).map(|(age, freshness)| vec![age.into(), freshness.into()]).collect()
}

/// Rows of `allowed_slots`: hours and parts of the day of every channel. A part is allowed when one of its hours is.
pub fn allowed_slot_rows(config: &Preferences) -> Rows {
    let channels = contract::input("interactions").and_then(|input| input.column("channel"));
    let mut rows = Vec::new();
    for channel in channels.map_or(&[][..], |column| column.values) {
        let allowed: Vec<bool> = (0..24).map(|hour| config.allows(channel, hour)).collect();
        for (part, hours) in (1i32..).zip(allowed.chunks(6)) {
            let any = hours.contains(&true);
            rows.push(vec![(*channel).into(), "daypart".into(), part.into(), any.into()]);
        }
        for (hour, allowed) in (0i32..).zip(&allowed) {
            rows.push(vec![(*channel).into(), "hour".into(), hour.into(), (*allowed).into()]);
        }
    }
    rows
}

/// Rows of `region_time_zones`.
pub fn region_time_zone_rows(config: &Preferences) -> Rows {
    let row = |(region, zone): (&String, &String)| vec![region.as_str().into(), zone.as_str().into()];
    config.region_time_zones.iter().map(row).collect()
}

/// The one row of `occasion_params`.
pub fn occasion_param_rows(config: &Occasions) -> Rows {
    vec![vec![config.horizon_days.into(), config.lead_days.into(), config.first_order.into()]]
}

fn month_day(day: Date) -> i32 {
    i32::from(day.month()) * 100 + i32::from(day.day())
}

/// Rows of `civil_days`.
///
/// # Errors
/// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when `as_of` is at the end of time.
pub fn civil_day_rows(as_of: Date) -> Result<Rows> {
    (epoch_day(FIRST_DAY)..=epoch_day(as_of) + 2 * YEAR_AHEAD)
        .map(|epoch| {
            let day = day_of_epoch(epoch)?;
            Ok(vec![epoch.into(), i32::from(day.year()).into(), month_day(day).into(), Cell::Text(day.to_string())])
        })
        .collect()
}

/// Rows of `celebrations`: the days around `as_of` and a year ahead, with what is celebrated on them.
///
/// # Errors
/// As [`civil_day_rows`].
pub fn celebration_rows(config: &Occasions, as_of: Date) -> Result<Rows> {
    let stand_in = match config.leap_day {
        LeapDay::February28 => 228,
        LeapDay::March1 => 301,
    };
    let mut rows = Vec::new();
    for epoch in epoch_day(as_of) - 2..=epoch_day(as_of) + YEAR_AHEAD {
        let day = day_of_epoch(epoch)?;
        let celebrated = month_day(day);
        if celebrated == stand_in && !day.in_leap_year() {
            rows.push(vec![epoch.into(), 229.into()]);
        }
        rows.push(vec![epoch.into(), celebrated.into()]);
    }
    Ok(rows)
}

/// Rows of `question_bank`.
pub fn question_bank_rows(config: &Config) -> Rows {
    (1i32..)
        .zip(&config.questions)
        .map(|(no, (name, question))| {
            vec![
                name.as_str().into(),
                no.into(),
                Cell::Whole((question.weight * 1e3).round() as i64),
                question.rest_days.into(),
                Cell::Whole((f64::from(question.answers).ln() * 1e6).round() as i64),
            ]
        })
        .collect()
}

/// Rows of `question_channels`.
pub fn question_channel_rows(config: &Config) -> Rows {
    let mut rows = Vec::new();
    for (name, question) in &config.questions {
        let mut channels: Vec<&str> = question.channels.iter().map(String::as_str).collect();
        channels.sort_unstable();
        rows.extend(channels.into_iter().map(|channel| vec![name.as_str().into(), channel.into()]));
    }
    rows
}

/// The one row of `fact_params`.
pub fn fact_param_rows(config: &AgentFacts) -> Rows {
    vec![vec![config.most.into()]]
}

/// The facts that are shown, with their places in the catalogue.
fn shown(config: &AgentFacts) -> impl Iterator<Item = (i32, &'static Fact)> {
    (1i32..).zip(FACTS).filter(|(_, fact)| !config.off.iter().any(|off| off == fact.id))
}

/// Rows of `fact_catalogue`.
pub fn fact_catalogue_rows(config: &AgentFacts) -> Rows {
    shown(config)
        .map(|(no, fact)| {
            vec![
                fact.id.into(),
                no.into(),
                fact.unit.name().into(),
                fact.is_first.into(),
                fact.is_profile.into(),
                fact.source.into(),
            ]
        })
        .collect()
}

/// Rows of `fact_relevance`.
pub fn fact_relevance_rows(config: &AgentFacts) -> Rows {
    let mut rows = Vec::new();
    for (_, fact) in shown(config) {
        let own = config.relevance.get(fact.id).map(|relevance| (relevance * 1e2).round() as i64);
        for (situation, relevance) in SITUATIONS.iter().zip(fact.relevance) {
            rows.push(vec![fact.id.into(), (*situation).into(), own.unwrap_or(relevance).into()]);
        }
    }
    rows
}

/// Rows of `fact_tier_weights`.
pub fn fact_tier_weight_rows(config: &AgentFacts) -> Rows {
    let row = |(tier, weight): (i32, &f64)| vec![tier.into(), Cell::Whole((weight * 1e2).round() as i64)];
    (0i32..).zip(&config.tier_weights).map(row).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_weighs_half_after_each_half_life() {
        let rows: Vec<(i32, i64)> = decay(90, 1e4).collect();
        for (age, weight) in [(0, 10_000), (90, 5_000), (180, 2_500), (270, 1_250), (45, 7_071)] {
            assert_eq!(rows[age as usize], (age, weight));
        }
        // 2^(-age / 90) is half of a ten-thousandth at 90 x log2(20,000) = 1285.9 days.
        assert_eq!(rows.len(), 1_286);
    }

    #[test]
    fn those_of_a_29_february_celebrate_once_in_every_year() {
        let on = |leap_day, as_of| {
            let config = Occasions { leap_day, ..Occasions::default() };
            let rows = celebration_rows(&config, as_of).unwrap();
            let days = rows.iter().filter(|row| row[1] == 229.into()).map(|row| match row[0] {
                Cell::Whole(day) => day_of_epoch(day as i32).unwrap().to_string(),
                _ => unreachable!(),
            });
            days.collect::<Vec<String>>()
        };
        assert_eq!(on(LeapDay::February28, date(2026, 7, 1)), ["2027-02-28"]);
        assert_eq!(on(LeapDay::March1, date(2026, 7, 1)), ["2027-03-01"]);
        assert_eq!(on(LeapDay::March1, date(2027, 7, 1)), ["2028-02-29"]);
        assert_eq!(on(LeapDay::February28, date(2028, 2, 29)), ["2028-02-29", "2029-02-28"]);
        // The day after the stand-in there is none until the next year.
        assert_eq!(on(LeapDay::February28, date(2026, 3, 3)), ["2027-02-28"]);
    }

    #[test]
    fn every_day_of_the_year_comes_again_within_what_is_looked_at() {
        for as_of in [date(2026, 7, 1), date(2027, 3, 1), date(2028, 2, 29), date(2027, 12, 31)] {
            let rows = celebration_rows(&Occasions::default(), as_of).unwrap();
            let found: std::collections::BTreeSet<i64> = rows
                .iter()
                .filter(|row| matches!(row[0], Cell::Whole(day) if day > i64::from(epoch_day(as_of)) + 1))
                .map(|row| match row[1] {
                    Cell::Whole(month_day) => month_day,
                    _ => unreachable!(),
                })
                .collect();
            assert_eq!(found.len(), 366, "{as_of}");
        }
    }

    #[test]
    fn hours_are_those_of_the_channel_and_a_part_is_allowed_with_any_of_its_hours() {
        let mut config = Preferences::default();
        config.channel_hours.insert("phone".to_owned(), [12, 18]);
        let rows = allowed_slot_rows(&config);
        let allowed = |channel: &str, measure: &str| {
            let slots = rows.iter().filter(|row| row[0] == channel.into() && row[1] == measure.into());
            slots.filter(|row| row[3] == true.into()).map(|row| row[2].clone()).collect::<Vec<Cell>>()
        };
        assert_eq!(allowed("phone", "daypart"), [3.into()]);
        assert_eq!(allowed("phone", "hour").len(), 6);
        assert_eq!(allowed("email", "daypart"), [2.into(), 3.into(), 4.into()]);
        assert_eq!(allowed("email", "hour").len(), 13);
    }

    #[test]
    fn facts_that_are_off_are_gone_and_relevance_is_replaced() {
        let mut config = AgentFacts { off: vec!["tenure".to_owned()], ..AgentFacts::default() };
        config.relevance.insert("orders".to_owned(), 1.25);
        assert_eq!(fact_catalogue_rows(&config).len(), FACTS.len() - 1);
        let rows = fact_relevance_rows(&config);
        assert_eq!(rows.len(), (FACTS.len() - 1) * SITUATIONS.len());
        let orders: Vec<_> = rows.iter().filter(|row| row[0] == "orders".into()).map(|row| row[2].clone()).collect();
        assert_eq!(orders, vec![Cell::from(125i64); 4]);
        assert_eq!(fact_tier_weight_rows(&config)[1], vec![Cell::from(1), 150i64.into()]);
    }
}
