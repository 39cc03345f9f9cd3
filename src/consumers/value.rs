//! One cell on its way to a consumer, and how each type of the published tables is written.

use std::borrow::Cow;
use std::fmt::Write;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Days and microseconds of the published tables count from here.
const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// A cell. An empty text is no value: most consumers cannot tell them apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// Text, ids too.
    Text(Cow<'a, str>),
    /// A whole number.
    Whole(i64),
    /// Money or a quantity in ten-thousandths.
    Money(i64),
    /// A double; NaN and infinities are no value.
    Double(f64),
    /// True or false.
    Boolean(bool),
    /// Days since 1970-01-01.
    Day(i32),
    /// Microseconds since 1970-01-01 UTC.
    Instant(i64),
    /// JSON as it is to stand in a JSON file.
    Json(String),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Value<'a> {
        Value::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::Text(Cow::Owned(text))
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl Value<'_> {
    /// Appends the value as text: money with four decimals, days and instants as ISO 8601 has them, instants with their
    /// offset. Nothing for no value.
    pub(super) fn append_to(&self, text: &mut String) {
        // Writing to a String cannot fail.
        let _ = match self {
            Value::Null => Ok(()),
            Value::Text(value) => text.write_str(value),
            Value::Json(value) => text.write_str(value),
            Value::Whole(value) => write!(text, "{value}"),
            Value::Money(value) => {
                let (sign, value) = (if *value < 0 { "-" } else { "" }, value.unsigned_abs());
                write!(text, "{sign}{}.{:04}", value / 10_000, value % 10_000)
            }
            Value::Double(value) if value.is_finite() => write!(text, "{}", value + 0.0),
            Value::Double(_) => Ok(()),
            Value::Boolean(value) => write!(text, "{value}"),
            Value::Day(day) => match date(*day) {
                Some(date) => write!(text, "{date}"),
                None => Ok(()),
            },
            Value::Instant(micros) => match Timestamp::from_microsecond(*micros) {
                Ok(instant) => text.write_str(&with_offset(instant, &TimeZone::UTC)),
                Err(_) => Ok(()),
            },
        };
    }
}

/// The calendar day of a number of days since 1970-01-01; `None` beyond the year 9999.
pub fn date(day: i32) -> Option<Date> {
    EPOCH.checked_add(jiff::Span::new().try_days(day).ok()?).ok()
}

/// An instant on the clock of a time zone, with its offset: `2026-10-31T12:00:00+01:00`, microseconds where there are any.
pub fn with_offset(instant: Timestamp, zone: &TimeZone) -> String {
    let format = if instant.subsec_microsecond() == 0 { "%Y-%m-%dT%H:%M:%S%:z" } else { "%Y-%m-%dT%H:%M:%S.%6f%:z" };
    instant.to_zoned(zone.clone()).strftime(format).to_string()
}

/// The first instant of a day on the clock of a time zone, with its offset. Consumers take a bare date for midnight UTC, which
/// is the day before for half of the world.
pub fn day_with_offset(day: i32, zone: &TimeZone) -> Option<String> {
    let start = date(day)?.to_zoned(zone.clone()).ok()?;
    Some(with_offset(start.timestamp(), zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &Value<'_>) -> String {
        let mut text = String::new();
        value.append_to(&mut text);
        text
    }

    #[test]
    fn values_are_written_in_one_way_each() {
        for (value, text) in [
            (Value::Null, ""),
            (Value::from("=a, \"b\""), "=a, \"b\""),
            (Value::Whole(-5), "-5"),
            (Value::Money(-12_345), "-1.2345"),
            (Value::Money(i64::MIN), "-922337203685477.5808"),
            (Value::Money(-1), "-0.0001"),
            (Value::Double(0.1), "0.1"),
            (Value::Double(-0.0), "0"),
            (Value::Double(f64::NAN), ""),
            (Value::Double(f64::NEG_INFINITY), ""),
            (Value::Boolean(true), "true"),
            (Value::Day(20_757), "2026-10-31"),
            (Value::Day(i32::MAX), ""),
            (Value::Instant(1_793_448_000_000_000), "2026-10-31T12:00:00+00:00"),
            (Value::Instant(1_793_448_000_000_001), "2026-10-31T12:00:00.000001+00:00"),
        ] {
            assert_eq!(shown(&value), text, "{value:?}");
        }
    }

    /// A bare date would be midnight UTC: in Berlin two hours late, in New York the evening before.
    #[test]
    fn a_day_begins_where_the_customer_is() {
        let zone = |name| TimeZone::get(name).unwrap();
        assert_eq!(day_with_offset(20_757, &zone("Europe/Berlin")).unwrap(), "2026-10-31T00:00:00+01:00");
        assert_eq!(day_with_offset(20_757, &zone("America/New_York")).unwrap(), "2026-10-31T00:00:00-04:00");
        // Midnight of 2024-03-31 in Beirut does not exist: the day begins at one.
        assert_eq!(day_with_offset(19_813, &zone("Asia/Beirut")).unwrap(), "2024-03-31T01:00:00+03:00");
    }
}
