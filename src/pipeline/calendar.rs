//! The calendar: months, quarters and years up to `as_of`, whatever `[periods]` compares.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use super::periods::epoch_day;
use super::rows::Cell;
use crate::config::{CalendarUnit, Config};
use crate::error::{Error, Result};
use crate::ingest::Staged;

/// An export whose first sale is this many days after the first of January is taken to begin there: a shop is closed on
/// holidays.
const CLOSED_DAYS: i32 = 3;

/// One calendar period, half-open.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CalendarPeriod {
    unit: CalendarUnit,
    no: i32,
    start: Date,
    end: Date,
}

impl CalendarPeriod {
    /// `1997-01`, `1997-Q1` or `1997`.
    fn label(&self) -> String {
        let (year, month) = (self.start.year(), self.start.month());
        match self.unit {
            CalendarUnit::Month => format!("{year:04}-{month:02}"),
            CalendarUnit::Quarter => format!("{year:04}-Q{}", (month - 1) / 3 + 1),
            CalendarUnit::Year => format!("{year:04}"),
        }
    }
}

/// Rows of `calendar`: of each kind, the periods from the first transaction, or `[summary] years` before the year of the
/// last day read, whichever is later, to the one that the last day read falls into.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when the periods leave the calendar.
pub fn calendar_rows(config: &Config, as_of: Date, first_day: Option<Date>) -> Result<Vec<Vec<Cell>>> {
    let mut rows = Vec::new();
    for unit in CalendarUnit::ALL {
        let in_summary = config.summary.periods.contains(&unit);
        for period in calendar(unit, config.summary.years, as_of, first_day)? {
            let before = period.no - unit.in_a_year();
            let covered = first_day.is_none_or(|first| epoch_day(first) - epoch_day(period.start) <= CLOSED_DAYS);
            rows.push(vec![
                unit.name().into(),
                period.no.into(),
                epoch_day(period.start).into(),
                epoch_day(period.end).into(),
                Cell::Text(period.label()),
                (period.end <= as_of).into(),
                (before > 0).then_some(before).into(),
                covered.into(),
                in_summary.into(),
            ]);
        }
    }
    Ok(rows)
}

/// The day of the first valid transaction in the business time zone, as the reports of its files have it.
pub fn first_day(config: &Config, staged: &Staged) -> Result<Option<Date>> {
    let files = staged.inputs.iter().filter(|input| input.input.name == "transactions");
    let Some(first_us) = files.flat_map(|input| &input.report.files).filter_map(|file| file.min_ts_us).min() else {
        return Ok(None);
    };
    let wrong = |error: jiff::Error| Error::internal("the first transaction has no day").because(error);
    let zone = TimeZone::get(&config.project.time_zone).map_err(wrong)?;
    let instant = jiff::Timestamp::from_microsecond(first_us).map_err(wrong)?;
    Ok(Some(instant.to_zoned(zone).date()))
}

fn calendar(unit: CalendarUnit, years: u32, as_of: Date, first_day: Option<Date>) -> Result<Vec<CalendarPeriod>> {
    let out_of_range = |error: jiff::Error| {
        Error::config("the calendar goes back too far").hint("lower `summary.years`").because(error)
    };
    let last_day = as_of.yesterday().map_err(out_of_range)?;
    let years = i64::from(years);
    let oldest = last_day.first_of_year().checked_sub(years.years()).map_err(out_of_range)?;
    let begin = first_day.map_or(oldest, |first| first.clamp(oldest, last_day));
    let step = match unit {
        CalendarUnit::Month => 1.month(),
        CalendarUnit::Quarter => 3.months(),
        CalendarUnit::Year => 1.year(),
    };
    let mut periods = Vec::new();
    let (mut no, mut start) = (1, first_of(unit, begin));
    while start <= last_day {
        let end = start.checked_add(step).map_err(out_of_range)?;
        periods.push(CalendarPeriod { unit, no, start, end });
        (no, start) = (no + 1, end);
    }
    Ok(periods)
}

/// The first day of the period that `day` falls into.
fn first_of(unit: CalendarUnit, day: Date) -> Date {
    match unit {
        CalendarUnit::Month => day.first_of_month(),
        CalendarUnit::Quarter => date(day.year(), (day.month() - 1) / 3 * 3 + 1, 1),
        CalendarUnit::Year => day.first_of_year(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn labels(unit: CalendarUnit, years: u32, as_of: Date, first_day: Option<Date>) -> Vec<String> {
        calendar(unit, years, as_of, first_day).unwrap().iter().map(CalendarPeriod::label).collect()
    }

    fn row(unit: &str, label: &str, as_of: Date, first_day: Option<Date>) -> Vec<Cell> {
        let text =
            "[project]\nname = 'x'\ncurrency = 'EUR'\ntime_zone = 'UTC'\n[inputs]\n[summary]\nperiods = ['month']";
        let config: Config = toml::from_str(text).unwrap();
        let rows = calendar_rows(&config, as_of, first_day).unwrap();
        let mut found = rows.into_iter().filter(|row| row[0] == unit.into() && row[4] == label.into());
        found.next().unwrap_or_else(|| panic!("no {label}"))
    }

    #[test]
    fn it_begins_with_the_first_transaction_or_the_oldest_year() {
        let as_of = date(1998, 7, 1);
        assert_eq!(labels(CalendarUnit::Year, 3, as_of, None), ["1995", "1996", "1997", "1998"]);
        assert_eq!(labels(CalendarUnit::Year, 1, as_of, Some(date(1990, 5, 5))), ["1997", "1998"]);
        let first = Some(date(1997, 12, 31));
        assert_eq!(labels(CalendarUnit::Quarter, 3, as_of, first), ["1997-Q4", "1998-Q1", "1998-Q2"]);
        assert_eq!(labels(CalendarUnit::Month, 3, as_of, Some(date(1998, 5, 31))), ["1998-05", "1998-06"]);
    }

    #[test]
    fn on_a_border_the_period_before_it_is_the_last_and_complete() {
        let first = Some(date(1997, 1, 1));
        assert_eq!(labels(CalendarUnit::Year, 3, date(1998, 1, 1), first), ["1997"]);
        assert_eq!(row("year", "1997", date(1998, 1, 1), first)[5], true.into());
        // A day later the next year runs.
        assert_eq!(labels(CalendarUnit::Year, 3, date(1998, 1, 2), first), ["1997", "1998"]);
        assert_eq!(row("year", "1998", date(1998, 1, 2), first)[5], false.into());
        // A day earlier the year is not over.
        assert_eq!(row("year", "1997", date(1997, 12, 31), first)[5], false.into());
    }

    #[test]
    fn the_same_period_a_year_before() {
        let (as_of, first) = (date(1998, 6, 30), Some(date(1997, 3, 2)));
        assert_eq!(row("month", "1998-03", as_of, first)[6], 1.into());
        assert_eq!(row("month", "1998-02", as_of, first)[6], Cell::Null);
        assert_eq!(row("quarter", "1998-Q2", as_of, first)[6], 2.into());
        assert_eq!(row("year", "1998", as_of, first)[6], 1.into());
    }

    #[test]
    fn a_leap_year_has_its_day() {
        let february = row("month", "2024-02", date(2024, 3, 1), Some(date(2023, 2, 1)));
        assert_eq!((&february[2], &february[3]), (&19754.into(), &19783.into()));
        assert_eq!((&february[5], &february[6]), (&true.into(), &1.into()));
        assert_eq!(row("month", "2024-02", date(2024, 2, 29), None)[5], false.into());
        // From the last day of a leap February, whole years back.
        assert_eq!(labels(CalendarUnit::Year, 1, date(2024, 3, 1), None), ["2023", "2024"]);
    }

    #[test]
    fn a_period_is_covered_when_the_exports_reach_back_to_its_beginning() {
        let covered = |label, first| row("month", label, date(2024, 3, 1), Some(first))[7].clone();
        assert_eq!(covered("2024-01", date(2024, 1, 1)), true.into());
        assert_eq!(covered("2024-01", date(2024, 1, 4)), true.into());
        assert_eq!(covered("2024-01", date(2024, 1, 5)), false.into());
        assert_eq!(covered("2024-02", date(2024, 1, 20)), true.into());
    }

    #[test]
    fn it_has_all_kinds_and_marks_those_of_the_summary() {
        let (as_of, first) = (date(2024, 3, 1), Some(date(2024, 1, 1)));
        assert_eq!(row("month", "2024-02", as_of, first)[8], true.into());
        assert_eq!(row("quarter", "2024-Q1", as_of, first)[8], false.into());
    }

    #[test]
    fn transactions_that_all_come_after_as_of_leave_the_running_period() {
        assert_eq!(labels(CalendarUnit::Month, 3, date(2024, 3, 15), Some(date(2024, 5, 1))), ["2024-03"]);
    }
}
