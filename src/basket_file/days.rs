//! Days of a basket file, each distinct text read once.

use jiff::civil::{Date, date};

use super::interner::Interner;
use super::table::{is_blank, too_many};
use crate::error::Result;

/// A day that is missing.
pub const NO_DAY: i32 = i32::MIN;
/// A day that cannot be read.
pub const BAD_DAY: i32 = i32::MIN + 1;

/// Days by their text.
#[derive(Debug, Default)]
pub struct Days {
    texts: Interner,
    days: Vec<i32>,
}

impl Days {
    /// The day of `2026-11-22`, with a time behind it or not; [`NO_DAY`] or [`BAD_DAY`] when there is none.
    pub fn day(&mut self, text: &[u8]) -> Result<i32> {
        if is_blank(text) {
            return Ok(NO_DAY);
        }
        let (day, rest) = text.split_at(text.len().min(10));
        if !matches!(rest.first(), None | Some(b'T' | b't' | b' ')) {
            return Ok(BAD_DAY);
        }
        let number = self.texts.number(day).ok_or_else(too_many)?;
        if number as usize == self.days.len() {
            self.days.push(parsed(day).map_or(BAD_DAY, epoch_day));
        }
        Ok(self.days[number as usize])
    }
}

fn parsed(text: &[u8]) -> Option<Date> {
    let text = std::str::from_utf8(text).ok()?;
    let bytes = text.as_bytes();
    let is_shape = bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() });
    is_shape.then(|| text.parse().ok()).flatten()
}

/// Days since 1970-01-01.
pub fn epoch_day(day: Date) -> i32 {
    (day - date(1970, 1, 1)).get_days()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_iso_writes_them() {
        let mut days = Days::default();
        for (text, day) in [
            ("1970-01-01", 0),
            ("2010-12-01T08:26:00", 14_944),
            ("2010-12-01 08:26:00+01:00", 14_944),
            ("1969-12-31", -1),
            ("", NO_DAY),
            ("  ", NO_DAY),
            ("2026-02-29", BAD_DAY),
            ("22.11.2026", BAD_DAY),
            ("2026-1-1", BAD_DAY),
            ("2026-11-22x", BAD_DAY),
            ("20261122", BAD_DAY),
        ] {
            assert_eq!(days.day(text.as_bytes()).unwrap(), day, "{text}");
            assert_eq!(days.day(text.as_bytes()).unwrap(), day, "{text} again");
        }
    }
}
