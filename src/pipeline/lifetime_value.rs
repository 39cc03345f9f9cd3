//! What lifetime value needs of the pipeline file and of the days that the exports cover: parameters, origins of fits and
//! holdouts, weeks that are tracked, logarithms of gaps.

use jiff::civil::Date;

use super::periods::epoch_day;
use super::rows::Cell;
use crate::config::{Config, LifetimeValue, decimal_e4};
use crate::error::{Error, Result};

/// Days in a week.
const WEEK: i32 = 7;

/// A holdout that is not given is the history divided by this.
const HOLDOUT_SHARE: i32 = 3;

/// What a logarithm of 1 is kept as.
const PICO: f64 = 1e12;

/// One fit: what it reads, and what it is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Origin {
    no: i32,
    /// The first day that is not read.
    day: i32,
    /// The first day after the holdout; none without a holdout.
    holdout_end: Option<i32>,
    /// Whether `ltv_tracking` shows what it expects.
    is_tracked: bool,
}

/// The columns of `run_params` that `[lifetime_value]` fills, in order.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when the discount is not a decimal number.
pub fn ltv_params(config: &Config) -> Result<Vec<Cell>> {
    let ltv = &config.lifetime_value;
    let rate = decimal_e4(&ltv.annual_discount_rate).ok_or_else(|| {
        Error::config(format!("`{}` is not a decimal number", ltv.annual_discount_rate))
            .hint("write `lifetime_value.annual_discount_rate` as text, for example `\"0.10\"`")
    })?;
    let candidates: Vec<&str> = ltv.candidates.iter().map(|candidate| candidate.name()).collect();
    let covariates: Vec<&str> = ltv.covariates.iter().map(|covariate| covariate.name()).collect();
    Ok(vec![
        ltv.enabled.into(),
        ltv.horizon_days.into(),
        (rate as f64 / crate::contract::SCALE as f64).into(),
        ltv.time_unit.days().into(),
        ltv.model.name().into(),
        Cell::Text(candidates.join(" ")),
        ltv.first_purchase_in_spend.into(),
        ltv.min_customers.into(),
        ltv.min_repeaters.into(),
        ltv.stratum.name().into(),
        ltv.stratum_min_customers.into(),
        Cell::Text(covariates.join(" ")),
        ltv.covariate_min_customers.into(),
        ltv.opportunity_days.into(),
        ltv.draws.into(),
        ltv.seed.into(),
    ])
}

/// Rows of `ltv_origins`; none when lifetime value is off.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when `calibration_end` is no day or after `as_of`.
pub fn origin_rows(config: &Config, as_of: Date, first_day: Option<Date>) -> Result<Vec<Vec<Cell>>> {
    let origins = origins(&config.lifetime_value, as_of, first_day)?;
    let row = |origin: &Origin| {
        vec![origin.no.into(), origin.day.into(), origin.holdout_end.into(), origin.is_tracked.into()]
    };
    Ok(origins.iter().map(row).collect())
}

/// Rows of `ltv_weeks`: the weeks of the fit that is tracked and of its holdout. One of them begins with the holdout; the
/// first holds the first day, the last is over when the holdout is.
///
/// # Errors
/// As [`origin_rows`].
pub fn week_rows(config: &Config, as_of: Date, first_day: Option<Date>) -> Result<Vec<Vec<Cell>>> {
    let origins = origins(&config.lifetime_value, as_of, first_day)?;
    let tracked = origins.iter().find(|origin| origin.is_tracked);
    let (Some(Origin { day, holdout_end: Some(end), .. }), Some(first)) = (tracked, first_day) else {
        return Ok(Vec::new());
    };
    let before = (day - epoch_day(first) + WEEK - 1) / WEEK;
    let after = (end - day) / WEEK;
    let week = |no: i32| {
        let start = day + (no - 1 - before) * WEEK;
        vec![no.into(), start.into(), (start + WEEK).into(), (start >= *day).into()]
    };
    Ok((1..=before + after).map(week).collect())
}

/// Rows of `gap_logarithms`: every gap that the days read can hold.
pub fn gap_logarithm_rows(as_of: Date, first_day: Option<Date>) -> Vec<Vec<Cell>> {
    let longest = first_day.map_or(0, |first| epoch_day(as_of) - epoch_day(first));
    (1..=longest).map(|gap| vec![gap.into(), Cell::Whole((f64::from(gap).ln() * PICO).round() as i64)]).collect()
}

/// The published fit first, then those of the holdouts, the latest first.
fn origins(ltv: &LifetimeValue, as_of: Date, first_day: Option<Date>) -> Result<Vec<Origin>> {
    if !ltv.enabled {
        return Ok(Vec::new());
    }
    let as_of_day = epoch_day(as_of);
    let published =
        |day, holdout_end: Option<i32>| Origin { no: 0, day, holdout_end, is_tracked: holdout_end.is_some() };
    if let Some(text) = &ltv.calibration_end {
        let wrong = |what: &str| {
            Error::config(format!("`lifetime_value.calibration_end` `{text}` {what}"))
                .hint("it is the first day that the fit does not read, such as `1997-10-01`, and not after `as_of`")
        };
        let day = epoch_day(text.parse::<Date>().map_err(|error| wrong("is not a day").because(error))?);
        if day > as_of_day {
            return Err(wrong("is after `as_of`"));
        }
        let end = match ltv.holdout_days {
            0 => as_of_day,
            days => as_of_day.min(day + whole(days)),
        };
        return Ok(vec![published(day, (end > day).then_some(end))]);
    }
    let mut origins = vec![published(as_of_day, None)];
    let Some(first) = first_day.map(epoch_day).filter(|first| *first < as_of_day) else { return Ok(origins) };
    let days = match ltv.holdout_days {
        0 => {
            let share = ((as_of_day - first) / HOLDOUT_SHARE).min(whole(ltv.horizon_days));
            share - share % WEEK
        }
        days => whole(days),
    };
    let step = (days / 2 - days / 2 % WEEK).max(WEEK);
    for no in 1..=whole(ltv.holdout_origins) {
        let day = as_of_day - days - (no - 1) * step;
        // Less history than half a holdout before it says nothing of it.
        if days == 0 || day - first < days / 2 {
            break;
        }
        origins.push(Origin { no, day, holdout_end: Some(day + days), is_tracked: no == 1 });
    }
    Ok(origins)
}

/// A number of the pipeline file, which validation keeps small.
fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn days(ltv: &LifetimeValue, as_of: Date, first: Date) -> Vec<(i32, i32, Option<i32>, bool)> {
        let origins = origins(ltv, as_of, Some(first)).unwrap();
        let since = |day| day - epoch_day(first);
        origins
            .iter()
            .map(|origin| (origin.no, since(origin.day), origin.holdout_end.map(since), origin.is_tracked))
            .collect()
    }

    #[test]
    fn holdouts_roll_back_from_the_last_day() {
        // 546 days: a third is 182, which is whole weeks; half of that is 91.
        let (first, as_of) = (date(1997, 1, 1), date(1998, 7, 1));
        let ltv = LifetimeValue::default();
        assert_eq!(
            days(&ltv, as_of, first),
            [(0, 546, None, false), (1, 364, Some(546), true), (2, 273, Some(455), false)]
        );
        let one = LifetimeValue { holdout_days: 100, holdout_origins: 1, ..ltv };
        assert_eq!(days(&one, as_of, first), [(0, 546, None, false), (1, 446, Some(546), true)]);
    }

    #[test]
    fn a_calibration_end_is_the_published_fit_and_its_holdout() {
        let (first, as_of) = (date(1997, 1, 1), date(1998, 7, 1));
        let ltv = LifetimeValue { calibration_end: Some("1997-10-01".into()), ..LifetimeValue::default() };
        assert_eq!(days(&ltv, as_of, first), [(0, 273, Some(546), true)]);
        let short = LifetimeValue { holdout_days: 70, ..ltv.clone() };
        assert_eq!(days(&short, as_of, first), [(0, 273, Some(343), true)]);
        assert_eq!(days(&ltv, date(1997, 10, 1), first), [(0, 273, None, false)]);
        assert!(origins(&ltv, date(1997, 9, 30), Some(first)).is_err());
    }

    #[test]
    fn a_short_history_has_no_holdout_and_off_is_off() {
        let first = date(2024, 1, 1);
        assert_eq!(days(&LifetimeValue::default(), date(2024, 1, 15), first), [(0, 14, None, false)]);
        // Three weeks are one of holdout; a second origin has a week before it.
        assert_eq!(days(&LifetimeValue::default(), date(2024, 1, 22), first).len(), 3);
        let long = LifetimeValue { holdout_days: 365, ..LifetimeValue::default() };
        assert_eq!(days(&long, date(2024, 7, 1), first), [(0, 182, None, false)]);
        let off = LifetimeValue { enabled: false, ..LifetimeValue::default() };
        assert_eq!(days(&off, date(2026, 1, 1), first), []);
    }

    #[test]
    fn weeks_have_a_border_where_the_holdout_begins() {
        let text = "[project]\nname = 'x'\ncurrency = 'EUR'\ntime_zone = 'UTC'\n[inputs]\n\
                    [lifetime_value]\ncalibration_end = '1997-10-01'";
        let config: Config = toml::from_str(text).unwrap();
        let weeks = week_rows(&config, date(1998, 7, 1), Some(date(1997, 1, 3))).unwrap();
        // 271 days before are 38 weeks and 5 days, 273 after are 39 weeks.
        assert_eq!(weeks.len(), 39 + 39);
        assert_eq!(weeks[0][1], epoch_day(date(1997, 1, 1)).into());
        assert_eq!(weeks[38][2], epoch_day(date(1997, 10, 1)).into());
        assert_eq!((&weeks[38][3], &weeks[39][3]), (&false.into(), &true.into()));
        assert_eq!(weeks[77][2], epoch_day(date(1998, 7, 1)).into());
    }

    #[test]
    fn logarithms_reach_the_longest_gap() {
        let rows = gap_logarithm_rows(date(2024, 1, 11), Some(date(2024, 1, 1)));
        assert_eq!(rows.len(), 10);
        assert_eq!((&rows[0][1], &rows[9]), (&0i64.into(), &vec![10.into(), 2_302_585_092_994i64.into()]));
        assert!(gap_logarithm_rows(date(2024, 1, 1), None).is_empty());
    }
}
