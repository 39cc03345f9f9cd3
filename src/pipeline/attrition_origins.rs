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
