//! Days of the history, counted from 0, and their text.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::error::{Error, Result};

/// Seconds of a day.
pub(super) const DAY_SECONDS: u32 = 86_400;

/// Days after the end that can still be written: consents that run out, rows from the future.
const BEYOND_THE_END: u32 = 400;

/// The history's days.
pub(super) struct Calendar {
    first: Date,
    /// Days of history.
    pub(super) days: u32,
    text: Vec<[u8; 10]>,
}

impl Calendar {
    /// The `days` days that end with `end`.
    ///
    /// # Errors
    /// Usage, when that leaves the years 1 to 9999.
    pub(super) fn new(end: Date, days: u32) -> Result<Self> {
        let out_of_range = |_| Error::usage("the history leaves the calendar").hint("choose a later end or fewer days");
        let first = end.checked_sub((i64::from(days) - 1).days()).map_err(out_of_range)?;
        let text = (0..days + BEYOND_THE_END)
            .map(|day| {
                let date = first.checked_add(i64::from(day).days()).map_err(out_of_range)?;
                let mut text = [b'-'; 10];
                text[..4].copy_from_slice(format!("{:04}", date.year()).as_bytes());
                text[5..7].copy_from_slice(format!("{:02}", date.month()).as_bytes());
                text[8..].copy_from_slice(format!("{:02}", date.day()).as_bytes());
                Ok(text)
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Calendar { first, days, text })
    }

    /// Day `day` as `2026-06-30`; the last day that can be written when it is later.
    pub(super) fn text(&self, day: u32) -> &[u8; 10] {
        &self.text[(day as usize).min(self.text.len() - 1)]
    }

    /// Year, month and day of the month of `day`.
    pub(super) fn date(&self, day: u32) -> Date {
        self.first.saturating_add(i64::from(day).days())
    }

    /// The first day of each calendar month of the history (the first month may begin late), with its `2026-06`.
    pub(super) fn months(&self) -> Vec<(u32, String)> {
        (0..self.days)
            .filter(|&day| day == 0 || self.date(day).day() == 1)
            .map(|day| {
                let date = self.date(day);
                (day, format!("{:04}-{:02}", date.year(), date.month()))
            })
            .collect()
    }
}

/// A moment of the history: a day and a second of it, in the shop's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    /// Day of the history.
    pub(super) day: u32,
    /// Second of that day.
    pub(super) second: u32,
}

impl Moment {
    /// Seconds since the history began.
    pub(super) fn seconds(self) -> u64 {
        u64::from(self.day) * u64::from(DAY_SECONDS) + u64::from(self.second)
    }

    /// The moment `seconds` later; the last second of the same day at most, as the shop closes at night.
    pub(super) fn later(self, seconds: u32) -> Moment {
        Moment { day: self.day, second: (self.second + seconds).min(DAY_SECONDS - 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn months_begin_on_the_first_and_on_day_zero() {
        let calendar = Calendar::new(date(2024, 3, 2), 33).unwrap();
        assert_eq!(calendar.text(0), b"2024-01-30");
        assert_eq!(calendar.text(32), b"2024-03-02");
        assert_eq!(calendar.months(), [(0, "2024-01".into()), (2, "2024-02".into()), (31, "2024-03".into())]);
    }
}
