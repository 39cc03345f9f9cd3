//! The periods that are compared, from the pipeline file and `as_of`.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::config::{PeriodUnit, Periods};
use crate::error::{Error, Result};

/// One period, half-open, in days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub start_day: i32,
    /// Day after the last.
    pub end_day: i32,
}

/// The periods up to `as_of`, the oldest first. Calendar periods begin on calendar borders, and the one that `as_of` falls
/// into is left out, since it is not over.
pub fn periods(config: &Periods, as_of: Date) -> Result<Vec<Period>> {
    let out_of_range = |error: jiff::Error| {
        Error::config("the periods go back too far").hint("lower `periods.count` or `periods.days`").because(error)
    };
    let step = match config.unit {
        PeriodUnit::Days => i64::from(config.days).days(),
        PeriodUnit::Month => 1.month(),
        PeriodUnit::Quarter => 3.months(),
        PeriodUnit::Year => 1.year(),
    };
    let mut end = last_border(config.unit, as_of);
    let mut periods = Vec::new();
    for _ in 0..config.count {
        let start = end.checked_sub(step).map_err(out_of_range)?;
        periods.push(Period { start_day: epoch_day(start), end_day: epoch_day(end) });
        end = start;
    }
    periods.reverse();
    Ok(periods)
}

/// The latest border of a period that is not after `as_of`.
fn last_border(unit: PeriodUnit, as_of: Date) -> Date {
    match unit {
        PeriodUnit::Days => as_of,
        PeriodUnit::Month => as_of.first_of_month(),
        PeriodUnit::Quarter => date(as_of.year(), (as_of.month() - 1) / 3 * 3 + 1, 1),
        PeriodUnit::Year => as_of.first_of_year(),
    }
}

/// Days since 1970-01-01.
pub fn epoch_day(day: Date) -> i32 {
    (day - date(1970, 1, 1)).get_days()
}

/// The day that is `days` after 1970-01-01.
///
/// # Errors
/// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) for a day outside the years -9999 to 9999.
pub fn day_of_epoch(days: i32) -> Result<Date> {
    date(1970, 1, 1)
        .checked_add(i64::from(days).days())
        .map_err(|error| Error::internal("a day is out of range").because(error))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn days(unit: PeriodUnit, count: u32, as_of: Date) -> Vec<(String, String)> {
        periods(&Periods { unit, days: 30, count }, as_of)
            .unwrap()
            .into_iter()
            .map(|period| {
                (day_of_epoch(period.start_day).unwrap().to_string(), day_of_epoch(period.end_day).unwrap().to_string())
            })
            .collect()
    }

    fn pair(start: &str, end: &str) -> (String, String) {
        (start.to_owned(), end.to_owned())
    }

    #[test]
    fn calendar_quarters_end_at_the_last_border() {
        let expected = [pair("1997-10-01", "1998-01-01"), pair("1998-01-01", "1998-04-01")];
        assert_eq!(days(PeriodUnit::Quarter, 2, date(1998, 6, 30)), expected);
        assert_eq!(days(PeriodUnit::Quarter, 1, date(1998, 7, 1)), [pair("1998-04-01", "1998-07-01")]);
    }

    #[test]
    fn other_units() {
        assert_eq!(days(PeriodUnit::Days, 1, date(2024, 3, 1)), [pair("2024-01-31", "2024-03-01")]);
        assert_eq!(days(PeriodUnit::Month, 1, date(2024, 3, 31)), [pair("2024-02-01", "2024-03-01")]);
        assert_eq!(days(PeriodUnit::Year, 1, date(2024, 3, 31)), [pair("2023-01-01", "2024-01-01")]);
    }
}
