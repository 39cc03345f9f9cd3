//! The earlier days that the model of attrition goes back to (`spec/definitions.md` 3.8).

use jiff::civil::Date;

use super::periods::epoch_day;
use super::rows::Cell;
use crate::config::{AttritionModel, Config};
use crate::error::{Error, Result};

/// Days of history that an origin needs at least, however short the eligible window is.
const LEAST_HISTORY: i32 = 30;

/// One day to go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// 0 is the latest, whose horizon ends with the run's `as_of`.
    pub no: i32,
    /// The first day that is not known.
    pub day: i32,
    /// First day of the horizon.
    pub from_day: i32,
    /// Day after the last of the horizon.
    pub until_day: i32,
}

/// The origins before `as_of` that have enough history before them, the latest first; none without a model.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when they are out of the range of days.
pub fn origins(model: &AttritionModel, as_of: Date, first_day: Option<Date>) -> Result<Vec<Origin>> {
    let Some(first_day) = first_day.filter(|_| model.enabled) else { return Ok(Vec::new()) };
    let too_far = || Error::config("`[attrition.model]` goes back too far").hint("lower its days or `origins`");
    let days = |days: u32| i32::try_from(days).map_err(|_| too_far());
    let (horizon, gap, step) = (days(model.horizon_days)?, days(model.gap_days)?, days(model.step_days)?);
    let history = days(model.eligible_days)?.max(LEAST_HISTORY);
    let mut origins = Vec::new();
    for no in 0..=days(model.origins)? {
        let back =
            no.checked_mul(step).and_then(|days| days.checked_add(horizon)).and_then(|days| days.checked_add(gap));
        let day = back.and_then(|back| epoch_day(as_of).checked_sub(back)).ok_or_else(too_far)?;
        if day.saturating_sub(epoch_day(first_day)) < history {
            break;
        }
        origins.push(Origin { no, day, from_day: day + gap, until_day: day + gap + horizon });
    }
    Ok(origins)
}

/// The first and the last day that a backtest of these exports can go back to: before the first there is too little to
/// learn from (a day to judge by, and one before it to learn from, each with the history that an origin needs); of who was
/// scored after the last it is not known yet what became of them.
///
/// # Errors
/// As [`origins`].
pub fn testable(model: &AttritionModel, as_of: Date, first_day: Date) -> Result<(i32, i32)> {
    let too_far = || Error::config("`[attrition.model]` goes back too far").hint("lower its days or `origins`");
    let sum = |days: &[u32]| {
        let all = days.iter().try_fold(0_u32, |sum, days| sum.checked_add(*days));
        all.and_then(|days| i32::try_from(days).ok()).ok_or_else(too_far)
    };
    let horizon = sum(&[model.horizon_days, model.gap_days])?;
    let history = sum(&[model.eligible_days.max(LEAST_HISTORY as u32), model.step_days])?;
    let earliest = epoch_day(first_day).checked_add(history).and_then(|day| day.checked_add(horizon));
    Ok((earliest.ok_or_else(too_far)?, epoch_day(as_of) - horizon))
}

/// Rows of `attrition_origins`.
///
/// # Errors
/// As [`origins`].
pub fn rows(config: &Config, as_of: Date, first_day: Option<Date>) -> Result<Vec<Vec<Cell>>> {
    let row =
        |origin: &Origin| vec![origin.no.into(), origin.day.into(), origin.from_day.into(), origin.until_day.into()];
    Ok(origins(&config.attrition.model, as_of, first_day)?.iter().map(row).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_can_be_tested_when_it_can_learn_and_its_outcome_is_known() {
        let model = AttritionModel { gap_days: 7, ..AttritionModel::default() };
        let (as_of, first) = (date(2011, 12, 10), date(2010, 12, 1));
        let (earliest, latest) = testable(&model, as_of, first).unwrap();
        assert_eq!((earliest - epoch_day(first), epoch_day(as_of) - latest), (180 + 30 + 97, 97));
        // Two origins on the earliest day, one on the day before it.
        let origins_of = |day: i32| {
            let day = super::super::periods::day_of_epoch(day).unwrap();
            origins(&model, day, Some(first)).unwrap()
        };
        assert_eq!((origins_of(earliest).len(), origins_of(earliest - 1).len()), (2, 1));
        // The horizon of the last day ends with the exports: it is the latest origin of their own night.
        assert_eq!(origins(&model, as_of, Some(first)).unwrap()[0].day, latest);
        assert!(testable(&AttritionModel { step_days: u32::MAX, ..model }, as_of, first).is_err());
    }

    #[test]
    fn the_latest_horizon_ends_with_what_is_known_and_short_histories_are_left_out() {
        let model = AttritionModel { gap_days: 7, ..AttritionModel::default() };
        let as_of = date(2011, 12, 10);
        let found = origins(&model, as_of, Some(date(2011, 1, 1))).unwrap();
        let days: Vec<i32> = found.iter().map(|origin| epoch_day(as_of) - origin.day).collect();
        // 343 days of history: 180 of them have to lie before an origin.
        assert_eq!(days, [97, 127, 157]);
        assert_eq!((found[0].from_day, found[0].until_day), (epoch_day(as_of) - 90, epoch_day(as_of)));
        assert!(origins(&model, as_of, Some(date(2011, 9, 1))).unwrap().is_empty());
        assert!(
            origins(&AttritionModel { enabled: false, ..model.clone() }, as_of, Some(date(2000, 1, 1)))
                .unwrap()
                .is_empty()
        );
        assert!(origins(&AttritionModel { origins: u32::MAX, ..model }, as_of, Some(date(2000, 1, 1))).is_err());
    }
}
