//! Dates and times: text to microseconds UTC and to days in a time zone.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use crate::error::{Error, Result};

/// Microseconds in a second, and seconds in a day.
const SECOND_US: i64 = 1_000_000;
const DAY_S: i64 = 86_400;
const DAY_US: i64 = DAY_S * SECOND_US;

/// Days since 1970-01-01 of 1990-01-01 and 2100-01-01: instants lie in between.
pub(super) const INSTANT_DAYS: std::ops::Range<i32> = 7_305..47_482;
/// The same of 1900-01-01 and 2100-01-01: for days, which may be dates of birth.
pub(super) const CIVIL_DAYS: std::ops::Range<i32> = -25_567..47_482;

/// The offset tables reach a little further, because a zone may push an instant over the border.
const TABLE_DAYS: std::ops::Range<i32> = 7_300..47_490;

/// Marks a day on which the offset changes: it is looked up, instant by instant.
const CHANGES: i32 = i32::MIN;

/// A time zone with its offset for each day, so that only days of change need a look-up.
#[derive(Debug)]
pub struct Zone {
    zone: TimeZone,
    by_local_day: Vec<i32>,
    by_utc_day: Vec<i32>,
}

impl Zone {
    /// The zone called `name` (IANA).
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when there is no such zone.
    pub fn named(name: &str) -> Result<Zone> {
        let zone = TimeZone::get(name).map_err(|error| {
            Error::config(format!("there is no time zone `{name}`"))
                .hint("use an IANA name such as `Europe/London` or `UTC`")
                .because(error)
        })?;
        Ok(Zone::new(zone))
    }

    fn new(zone: TimeZone) -> Zone {
        let days = TABLE_DAYS.len();
        let mut by_local_day = vec![CHANGES; days];
        let mut by_utc_day = vec![CHANGES; days];
        let (start, end) = (i64::from(TABLE_DAYS.start) * DAY_S, i64::from(TABLE_DAYS.end) * DAY_S);
        let first = Timestamp::constant(start, 0);
        let mut changes: Vec<(i64, i64)> = vec![(start, i64::from(zone.to_offset(first).seconds()))];
        for change in zone.following(first).take_while(|change| change.timestamp().as_second() < end) {
            changes.push((change.timestamp().as_second(), i64::from(change.offset().seconds())));
        }
        for (index, &(from, offset)) in changes.iter().enumerate() {
            let to = changes.get(index + 1).map_or(end, |next| next.0);
            fill(&mut by_utc_day, from, to, offset);
            fill(&mut by_local_day, from + offset, to + offset, offset);
        }
        for pair in changes.windows(2) {
            let (at, before, after) = (pair[1].0, pair[0].1, pair[1].1);
            mark(&mut by_utc_day, at, at);
            mark(&mut by_local_day, at + before.min(after), at + before.max(after));
        }
        Zone { zone, by_local_day, by_utc_day }
    }

    /// The instant, in microseconds UTC, of a local day and the microseconds since its midnight. A time that a clock
    /// change skips moves forward, one that it repeats is the first.
    pub fn instant_us(&self, day: i32, us_of_day: i64) -> i64 {
        let local_us = i64::from(day) * DAY_US + us_of_day;
        match lookup(&self.by_local_day, day) {
            Some(offset) => local_us - i64::from(offset) * SECOND_US,
            None => self.slow_instant_us(local_us),
        }
    }

    /// Whether the clocks of the zone never showed that local time, or twice.
    fn is_unsure(&self, day: i32, us_of_day: i64) -> bool {
        if lookup(&self.by_local_day, day).is_some() {
            return false;
        }
        let local_us = i64::from(day) * DAY_US + us_of_day;
        let at_utc = Timestamp::from_microsecond(local_us).unwrap_or(Timestamp::UNIX_EPOCH);
        self.zone.to_ambiguous_timestamp(TimeZone::UTC.to_datetime(at_utc)).is_ambiguous()
    }

    fn slow_instant_us(&self, local_us: i64) -> i64 {
        let at_utc = Timestamp::from_microsecond(local_us).unwrap_or(Timestamp::UNIX_EPOCH);
        let local: DateTime = TimeZone::UTC.to_datetime(at_utc);
        self.zone.to_ambiguous_timestamp(local).compatible().map_or(local_us, Timestamp::as_microsecond)
    }

    /// Its IANA name.
    pub(super) fn name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// The local days on which its offset changes.
    pub(super) fn days_of_change(&self) -> impl Iterator<Item = i32> + '_ {
        let marked = self.by_local_day.iter().zip(TABLE_DAYS);
        marked.filter(|(offset, _)| **offset == CHANGES).map(|(_, day)| day)
    }

    /// The local day of an instant.
    pub fn day_of(&self, instant_us: i64) -> i32 {
        let utc_day = instant_us.div_euclid(DAY_US) as i32;
        let offset = lookup(&self.by_utc_day, utc_day).unwrap_or_else(|| {
            let instant = Timestamp::from_microsecond(instant_us).unwrap_or(Timestamp::UNIX_EPOCH);
            self.zone.to_offset(instant).seconds()
        });
        (instant_us + i64::from(offset) * SECOND_US).div_euclid(DAY_US) as i32
    }
}

fn index_of(second: i64) -> usize {
    (second.div_euclid(DAY_S) - i64::from(TABLE_DAYS.start)).clamp(0, TABLE_DAYS.len() as i64) as usize
}

fn fill(table: &mut [i32], from: i64, to: i64, offset: i64) {
    let (from, to) = (index_of(from), (index_of(to) + 1).min(table.len()));
    if from < to {
        table[from..to].fill(offset as i32);
    }
}

fn mark(table: &mut [i32], from: i64, to: i64) {
    let (from, to) = (index_of(from), (index_of(to) + 1).min(table.len()));
    if from < to {
        table[from..to].fill(CHANGES);
    }
}

fn lookup(table: &[i32], day: i32) -> Option<i32> {
    let index = usize::try_from(day - TABLE_DAYS.start).ok()?;
    table.get(index).copied().filter(|&offset| offset != CHANGES)
}

/// Why a text is not a date that we can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MomentError {
    /// Not a date or time in the expected format.
    Bad,
    /// Something like `03/04/2011`, without a format that says which is the month.
    Ambiguous,
    /// Outside the accepted years.
    OutOfRange,
}

/// What reading an instant had to assume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assumed {
    /// Nothing: it has an offset.
    Nothing,
    /// The time zone.
    Zone,
    /// The time zone, and which instant is meant by a local time that the clocks showed twice, or never.
    ZoneAndClock,
}

/// A civil date and time, with its offset if it had one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Civil {
    day: i32,
    us_of_day: i64,
    offset_s: Option<i32>,
}

/// Formats of numbers since 1970-01-01 UTC, and how many decimal places of their unit a microsecond is.
const EPOCHS: [(&str, u32); 3] = [("epoch_s", 6), ("epoch_ms", 3), ("epoch_us", 0)];

/// How a column writes dates and times.
#[derive(Debug, Clone)]
pub struct MomentFormat {
    /// strftime letters, or one of [`EPOCHS`]; `None` is ISO 8601.
    pub strftime: Option<String>,
}

impl MomentFormat {
    /// `text` in microseconds UTC, and what had to be assumed; a time without an offset is in `zone`.
    ///
    /// # Errors
    /// See [`MomentError`].
    pub fn instant(&self, text: &str, zone: &Zone) -> Result<(i64, Assumed), MomentError> {
        let civil = self.civil(text)?;
        if !INSTANT_DAYS.contains(&civil.day) {
            return Err(MomentError::OutOfRange);
        }
        Ok(match civil.offset_s {
            Some(offset) => {
                (i64::from(civil.day) * DAY_US + civil.us_of_day - i64::from(offset) * SECOND_US, Assumed::Nothing)
            }
            None if zone.is_unsure(civil.day, civil.us_of_day) => {
                (zone.instant_us(civil.day, civil.us_of_day), Assumed::ZoneAndClock)
            }
            None => (zone.instant_us(civil.day, civil.us_of_day), Assumed::Zone),
        })
    }

    /// `text` as a day; one with an offset is the day in `zone`.
    ///
    /// # Errors
    /// See [`MomentError`].
    pub fn day(&self, text: &str, zone: &Zone) -> Result<i32, MomentError> {
        let civil = self.civil(text)?;
        if !CIVIL_DAYS.contains(&civil.day) {
            return Err(MomentError::OutOfRange);
        }
        Ok(match civil.offset_s {
            Some(offset) if INSTANT_DAYS.contains(&civil.day) => {
                zone.day_of(i64::from(civil.day) * DAY_US + civil.us_of_day - i64::from(offset) * SECOND_US)
            }
            _ => civil.day,
        })
    }

    fn civil(&self, text: &str) -> Result<Civil, MomentError> {
        let text = text.trim_matches([' ', '\t']);
        match &self.strftime {
            None => iso(text.as_bytes()).ok_or_else(|| why_not_iso(text)),
            Some(format) => match EPOCHS.iter().find(|(name, _)| name == format) {
                Some((_, places)) => epoch(text, *places).ok_or(MomentError::Bad),
                None => strftime(format, text),
            },
        }
    }
}

/// ISO 8601: `YYYY-MM-DD`, then perhaps `T` or a blank and `HH:MM[:SS[.f]]`, then perhaps `Z`, ` UTC` or an offset.
/// Digits beyond microseconds are cut.
fn iso(text: &[u8]) -> Option<Civil> {
    let (date, rest) = text.split_at_checked(10)?;
    if date[4] != b'-' || date[7] != b'-' {
        return None;
    }
    let day = civil_day(number(&date[..4])?, number(&date[5..7])?, number(&date[8..10])?)?;
    let Some((separator, rest)) = rest.split_first() else {
        return Some(Civil { day, us_of_day: 0, offset_s: None });
    };
    if !matches!(separator, b'T' | b't' | b' ') {
        return None;
    }
    let (clock, mut rest) = rest.split_at_checked(5)?;
    let (hour, minute) = (number(&clock[..2])?, number(&clock[3..5])?);
    let mut us_of_day = i64::from(hour * 3600 + minute * 60) * SECOND_US;
    if clock[2] != b':' || hour > 23 || minute > 59 {
        return None;
    }
    if let [b':', tens, ones, after @ ..] = rest {
        let second = number(&[*tens, *ones])?;
        if second > 59 {
            return None;
        }
        us_of_day += i64::from(second) * SECOND_US;
        rest = after;
        if let [b'.' | b',', after @ ..] = rest {
            let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
            us_of_day += fraction_us(&after[..digits])?;
            rest = &after[digits..];
        }
    }
    Some(Civil { day, us_of_day, offset_s: offset(rest)? })
}

fn fraction_us(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 12 {
        return None;
    }
    let micros = (0..6).fold(0, |value, place| value * 10 + i64::from(digits.get(place).map_or(0, |d| d - b'0')));
    Some(micros)
}

/// `Some(None)` for no offset at all, `None` for something that is not an offset.
fn offset(text: &[u8]) -> Option<Option<i32>> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (sign, digits) = match text {
        [] => return Some(None),
        b"Z" | b"z" | b"UTC" | b"GMT" => return Some(Some(0)),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits {
        [a, b] => (number(&[*a, *b])?, 0),
        [a, b, c, d] | [a, b, b':', c, d] => (number(&[*a, *b])?, number(&[*c, *d])?),
        _ => return None,
    };
    (hours <= 18 && minutes <= 59).then_some(Some(sign * (hours * 3600 + minutes * 60)))
}

fn number(digits: &[u8]) -> Option<i32> {
    digits.iter().try_fold(0, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| value * 10 + i32::from(digit))
    })
}

/// Days since 1970-01-01 of a date of the Gregorian calendar, if there is such a date (Hinnant, `days_from_civil`).
fn civil_day(year: i32, month: i32, day: i32) -> Option<i32> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i32::from(leap),
        _ => return None,
    };
    if day < 1 || day > length {
        return None;
    }
    let year = year - i32::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
}

/// Tells a date of the kind `03/04/2011` from what is no date at all.
fn why_not_iso(text: &str) -> MomentError {
    let date = text.split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<&str> = date.split(['/', '.', '-']).collect();
    let digits = |part: &&str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.len() == 3 && parts.iter().all(digits) && parts[0].len() <= 2 && parts[1].len() <= 2 {
        return MomentError::Ambiguous;
    }
    MomentError::Bad
}

fn strftime(format: &str, text: &str) -> Result<Civil, MomentError> {
    let parsed = BrokenDownTime::parse(format, text).map_err(|_| MomentError::Bad)?;
    if let Some(instant) = parsed.timestamp() {
        return Ok(civil_utc(instant));
    }
    if parsed.offset().is_some() {
        return parsed.to_timestamp().map(civil_utc).map_err(|_| MomentError::Bad);
    }
    let date = parsed.to_date().map_err(|_| MomentError::Bad)?;
    let time =
        if parsed.hour().is_some() { parsed.to_time().map_err(|_| MomentError::Bad)? } else { Default::default() };
    let day =
        civil_day(i32::from(date.year()), i32::from(date.month()), i32::from(date.day())).ok_or(MomentError::Bad)?;
    let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    let us_of_day = seconds * SECOND_US + i64::from(time.subsec_nanosecond()) / 1_000;
    Ok(Civil { day, us_of_day, offset_s: None })
}

/// A decimal number since 1970 whose last `places` decimal places are microseconds; those beyond are cut.
fn epoch(text: &str, places: u32) -> Option<Civil> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let mut us: i64 = whole.parse().ok()?;
    for place in 0..places as usize {
        let digit = fraction.as_bytes().get(place).map_or(0, |digit| i64::from(digit - b'0'));
        us = us.checked_mul(10)?.checked_add(digit)?;
    }
    Some(civil_us(us))
}

fn civil_utc(instant: Timestamp) -> Civil {
    civil_us(instant.as_microsecond())
}

fn civil_us(us: i64) -> Civil {
    // A day outside 32 bits is out of every range.
    let day = i32::try_from(us.div_euclid(DAY_US)).unwrap_or(i32::MAX);
    Civil { day, us_of_day: us.rem_euclid(DAY_US), offset_s: Some(0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ISO: MomentFormat = MomentFormat { strftime: None };

    fn us(text: &str, zone: &str) -> Result<i64, MomentError> {
        ISO.instant(text, &Zone::named(zone).unwrap()).map(|(us, _)| us)
    }

    fn utc(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    #[test]
    fn numbers_since_1970_are_exact_to_the_microsecond() {
        let zone = Zone::named("Asia/Tokyo").unwrap();
        let us = |format: &str, text: &str| {
            let read = MomentFormat { strftime: Some(format.to_owned()) }.instant(text, &zone);
            read.map(|(us, assumed)| {
                assert_eq!(assumed, Assumed::Nothing);
                us
            })
        };
        assert_eq!(us("epoch_s", "1366720340"), Ok(1_366_720_340_000_000));
        assert_eq!(us("epoch_s", "1366720340.3032679"), Ok(1_366_720_340_303_267));
        assert_eq!(us("epoch_ms", "1366720340303.5"), Ok(1_366_720_340_303_500));
        assert_eq!(us("epoch_us", "1366720340303267"), Ok(1_366_720_340_303_267));
        assert_eq!(us("epoch_s", "13667203403"), Err(MomentError::OutOfRange));
        // Microseconds taken for seconds.
        assert_eq!(us("epoch_s", "1366720340303267"), Err(MomentError::Bad));
        for text in ["", "-5", "1e9", "1366720340.", ".5", "9999999999999999999"] {
            assert_eq!(us("epoch_s", text), Err(MomentError::Bad), "{text}");
        }
        // The day in the zone: 21:32:20 UTC is the next day in Tokyo.
        let day = MomentFormat { strftime: Some("epoch_s".into()) }.day("1366752740", &zone);
        assert_eq!(day, Ok(civil_day(2013, 4, 24).unwrap()));
    }

    #[test]
    fn what_is_assumed_of_a_time_is_said() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let assumed = |text: &str| ISO.instant(text, &berlin).unwrap().1;
        assert_eq!(assumed("2024-03-31T02:30:00Z"), Assumed::Nothing);
        assert_eq!(assumed("2024-03-30 02:30:00"), Assumed::Zone);
        // The clock went from 2 to 3 on 31 March, and from 3 to 2 on 27 October.
        assert_eq!(assumed("2024-03-31 01:59:59"), Assumed::Zone);
        assert_eq!(assumed("2024-03-31 02:30:00"), Assumed::ZoneAndClock);
        assert_eq!(assumed("2024-03-31 03:00:00"), Assumed::Zone);
        assert_eq!(assumed("2024-10-27 02:30:00"), Assumed::ZoneAndClock);
        assert_eq!(assumed("2024-10-27 03:00:00"), Assumed::Zone);
    }

    #[test]
    fn iso_forms() {
        for (text, expected) in [
            ("2011-12-09", "2011-12-09T00:00:00Z"),
            ("2011-12-09 12:50", "2011-12-09T12:50:00Z"),
            ("2011-12-09T12:50:07", "2011-12-09T12:50:07Z"),
            ("2011-12-09T12:50:07.5", "2011-12-09T12:50:07.5Z"),
            ("2011-12-09T12:50:07.123456789Z", "2011-12-09T12:50:07.123456Z"),
            ("2025-10-07 09:50:26 +0200", "2025-10-07T07:50:26Z"),
            ("2025-10-07T09:50:26-05:30", "2025-10-07T15:20:26Z"),
            ("2025-10-07 09:50:26 UTC", "2025-10-07T09:50:26Z"),
            (" 2025-10-07 ", "2025-10-07T00:00:00Z"),
        ] {
            assert_eq!(us(text, "UTC"), Ok(utc(expected)), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        use MomentError::*;
        for (text, error) in [
            ("2011-02-30", Bad),
            ("2011-13-01", Bad),
            ("2011-12-09T24:00", Bad),
            ("2016-12-31T23:59:60", Bad),
            ("2011-12-09x", Bad),
            ("2011-12-09T12:50:07.", Bad),
            ("2011-12-09T12:50 Mars", Bad),
            ("20111209", Bad),
            ("1323435000", Bad),
            ("99999-01-01", Bad),
            ("0000-01-01", OutOfRange),
            ("1989-12-31", OutOfRange),
            ("2100-01-01", OutOfRange),
            ("03/04/2011", Ambiguous),
            ("3.4.11 10:00", Ambiguous),
            ("12-31-2011", Ambiguous),
        ] {
            assert_eq!(us(text, "UTC"), Err(error), "{text}");
        }
    }

    #[test]
    fn a_skipped_time_moves_forward_and_a_repeated_one_is_the_first() {
        assert_eq!(us("2025-03-30 02:30", "Europe/Berlin"), Ok(utc("2025-03-30T01:30:00Z")));
        assert_eq!(us("2025-10-26 02:30", "Europe/Berlin"), Ok(utc("2025-10-26T00:30:00Z")));
        assert_eq!(us("2025-10-26 03:00", "Europe/Berlin"), Ok(utc("2025-10-26T02:00:00Z")));
    }

    #[test]
    fn strftime_formats() {
        let zone = Zone::named("Europe/London").unwrap();
        for (format, text, expected) in [
            ("%Y%m%d", "19970101", "1997-01-01T00:00:00Z"),
            ("%m/%d/%Y %H:%M", "7/1/2010 8:26", "2010-07-01T07:26:00Z"),
            ("%s", "1323435000", "2011-12-09T12:50:00Z"),
            ("%Y-%m-%d %H:%M:%S %z", "2025-10-07 09:50:26 +0200", "2025-10-07T07:50:26Z"),
        ] {
            let format = MomentFormat { strftime: Some(format.into()) };
            assert_eq!(format.instant(text, &zone).map(|(us, _)| us), Ok(utc(expected)), "{text}");
        }
        let format = MomentFormat { strftime: Some("%d.%m.%Y".into()) };
        assert_eq!(format.instant("31.02.2011", &zone), Err(MomentError::Bad));
        assert_eq!(format.instant("2011-02-03", &zone), Err(MomentError::Bad));
    }

    #[test]
    fn days_may_be_dates_of_birth() {
        let zone = Zone::named("Asia/Tokyo").unwrap();
        assert_eq!(ISO.day("1970-01-02", &zone), Ok(1));
        assert_eq!(ISO.day("1931-05-06", &zone), Ok(-14_120));
        assert_eq!(ISO.day("2011-12-09T20:00:00Z", &zone), Ok(civil_day(2011, 12, 10).unwrap()));
    }

    proptest! {
        #[test]
        fn offsets_agree_with_jiff(
            seconds in i64::from(INSTANT_DAYS.start) * DAY_S..i64::from(INSTANT_DAYS.end) * DAY_S,
            zone in prop::sample::select(vec![
                "UTC", "Europe/London", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "Pacific/Apia",
                "Africa/Casablanca", "Asia/Kathmandu", "America/Sao_Paulo", "Pacific/Kiritimati",
            ]),
        ) {
            let fast = Zone::named(zone).unwrap();
            let slow = TimeZone::get(zone).unwrap();
            let instant = Timestamp::from_second(seconds).unwrap();
            let local = slow.to_datetime(instant);
            let day = local.date().since(jiff::civil::date(1970, 1, 1)).unwrap().get_days();
            prop_assert_eq!(fast.day_of(seconds * SECOND_US), day);
            let us_of_day = (i64::from(local.hour()) * 3600 + i64::from(local.minute()) * 60 + i64::from(local.second())) * SECOND_US;
            let expected = slow.to_ambiguous_timestamp(local).compatible().unwrap().as_microsecond();
            prop_assert_eq!(fast.instant_us(day, us_of_day), expected);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = us(&text, "UTC");
        }
    }
}
