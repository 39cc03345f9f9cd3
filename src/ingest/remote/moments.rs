//! Dates and times in Spark SQL, as [`moment`](crate::ingest::moment) reads them: text to microseconds UTC and to days.

use super::decimals::Checked;
use super::sql::{Lets, literal, quoted};
use crate::error::{Error, Result};
use crate::ingest::mapping::Moments;
use crate::ingest::moment::{CIVIL_DAYS, INSTANT_DAYS, Zone};

/// Microseconds in a day.
const DAY_US: &str = "86400000000";

/// Blanks as strptime skips them.
const BLANKS: &str = r"[ \t\n\f\r]*+";

/// SQL for a civil date and time: NULL where the text is none.
struct Civil {
    day: String,
    us_of_day: String,
    /// Seconds east of UTC; NULL where the text does not say, and `None` where no text does.
    offset_s: Option<String>,
    /// Why there is no day.
    bad: String,
}

/// An instant, and SQL for what had to be assumed: the zone, and which of two local times is meant.
pub(super) struct Instant {
    pub us: String,
    pub reason: String,
    pub zone_assumed: String,
    pub clock_assumed: String,
}

/// The local time, in microseconds, of an instant.
fn local(instant_us: &str, zone: &str) -> String {
    format!("UNIX_MICROS(FROM_UTC_TIMESTAMP(TIMESTAMP_MICROS({instant_us}), {}))", literal(zone))
}

/// The local day of an instant.
pub(super) fn day_of(instant_us: &str, zone: &Zone) -> String {
    match zone.name() {
        "UTC" => format!("CAST(FLOOR({instant_us} / CAST({DAY_US} AS DECIMAL(20,0))) AS INT)"),
        name => {
            format!("UNIX_DATE(CAST(FROM_UTC_TIMESTAMP(TIMESTAMP_MICROS({instant_us}), {}) AS DATE))", literal(name))
        }
    }
}

/// Text as an instant.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) for a format that Spark cannot read as we do; `column` names it.
pub(super) fn instant(lets: &mut Lets, column: &str, text: &str, moments: &Moments) -> Result<Instant> {
    let civil = civil(lets, column, text, moments)?;
    let reason = reason(lets, text, &civil, INSTANT_DAYS);
    let zone = moments.zone.name();
    let local_us = lets.bind(format!(
        "CASE WHEN {} BETWEEN {} AND {} THEN {} * {DAY_US} + {} END",
        civil.day,
        INSTANT_DAYS.start,
        INSTANT_DAYS.end - 1,
        civil.day,
        civil.us_of_day
    ));
    let in_zone = match zone {
        "UTC" => local_us.clone(),
        // As ours: a time that the clocks skip moves forward, one that they show twice is the first.
        _ => format!("UNIX_MICROS(TO_UTC_TIMESTAMP(TIMESTAMP_MICROS({local_us}), {}))", literal(zone)),
    };
    let (us, zone_assumed) = match &civil.offset_s {
        None => (lets.bind(in_zone), format!("{local_us} IS NOT NULL")),
        Some(offset) => (
            lets.bind(format!("CASE WHEN {offset} IS NULL THEN {in_zone} ELSE {local_us} - {offset} * 1000000 END")),
            format!("({local_us} IS NOT NULL AND {offset} IS NULL)"),
        ),
    };
    let days: Vec<String> = moments.zone.days_of_change().map(|day| day.to_string()).collect();
    let clock_assumed = if days.is_empty() {
        "FALSE".to_owned()
    } else {
        // The clocks never showed that time, or again by the offset of a day later.
        let later = format!("({us} + {DAY_US})");
        let again = format!("({local_us} - ({} - {later}))", local(&later, zone));
        format!(
            "({zone_assumed} AND {} IN ({}) AND ({} <> {local_us} OR ({again} > {us} AND {} = {local_us})))",
            civil.day,
            days.join(", "),
            local(&us, zone),
            local(&again, zone)
        )
    };
    Ok(Instant { us, reason, zone_assumed, clock_assumed })
}

/// Text as a day, an `INT`.
///
/// # Errors
/// As [`instant`].
pub(super) fn day(lets: &mut Lets, column: &str, text: &str, moments: &Moments) -> Result<Checked<String>> {
    let civil = civil(lets, column, text, moments)?;
    let reason = reason(lets, text, &civil, CIVIL_DAYS);
    let day = match &civil.offset_s {
        None => civil.day.clone(),
        Some(offset) => {
            let instant = format!("({} * {DAY_US} + {} - {offset} * 1000000)", civil.day, civil.us_of_day);
            format!(
                "CASE WHEN {offset} IS NOT NULL AND {} BETWEEN {} AND {} THEN {} ELSE {} END",
                civil.day,
                INSTANT_DAYS.start,
                INSTANT_DAYS.end - 1,
                day_of(&instant, &moments.zone),
                civil.day
            )
        }
    };
    Ok(Checked { value: lets.bind(format!("CAST({day} AS INT)")), reason: Some(reason) })
}

fn reason(lets: &mut Lets, text: &str, civil: &Civil, days: std::ops::Range<i32>) -> String {
    lets.bind(format!(
        "CASE WHEN {text} IS NULL THEN NULL WHEN {} IS NULL THEN {} WHEN {} NOT BETWEEN {} AND {} THEN 'out_of_range_date' END",
        civil.day,
        civil.bad,
        civil.day,
        days.start,
        days.end - 1
    ))
}

fn civil(lets: &mut Lets, column: &str, text: &str, moments: &Moments) -> Result<Civil> {
    let text = lets.bind(format!("TRIM(BOTH ' \\t' FROM {text})"));
    Ok(match moments.format.strftime.as_deref() {
        None => iso(lets, &text),
        Some("epoch_s") => epoch(lets, &text, 6),
        Some("epoch_ms") => epoch(lets, &text, 3),
        Some("epoch_us") => epoch(lets, &text, 0),
        Some("%s") => seconds(lets, &text),
        Some(format) => strptime(lets, &text, &Pattern::new(column, format)?),
    })
}

/// SQL for the days of a `YYYY-MM-DD`, if there is such a date.
fn days_of(date: &str) -> String {
    format!("CAST(UNIX_DATE(TRY_CAST({date} AS DATE)) AS BIGINT)")
}

fn iso(lets: &mut Lets, text: &str) -> Civil {
    let clock = "[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,12})?)?";
    let offset = "(?: ?(?:Z|z|UTC|GMT|[+-](?:0[0-9]|1[0-8])(?::?[0-5][0-9])?))?";
    let pattern = format!("^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:{clock}{offset})?$");
    let valid = lets.bind(format!("CASE WHEN {text} RLIKE {} THEN {text} END", literal(&pattern)));
    let day = lets.bind(days_of(&format!("LEFT({valid}, 10)")));
    let rest = lets.bind(format!("SUBSTRING({valid}, 17)"));
    let part = |from: u32| format!("CAST(SUBSTRING({valid}, {from}, 2) AS BIGINT)");
    let minutes = format!("CASE WHEN LENGTH({valid}) > 10 THEN {} * 3600 + {} * 60 ELSE 0 END", part(12), part(15));
    let seconds = format!("CASE WHEN {rest} LIKE ':%' THEN CAST(SUBSTRING({rest}, 2, 2) AS BIGINT) ELSE 0 END");
    let fraction = format!("REGEXP_EXTRACT({rest}, '^:..[.,]([0-9]+)', 1)");
    let micros = format!("CAST(RPAD(LEFT({fraction}, 6), 6, '0') AS BIGINT)");
    let us_of_day = lets.bind(format!("(({minutes}) + ({seconds})) * 1000000 + {micros}"));
    let offset_text = lets.bind(format!("REGEXP_EXTRACT({rest}, '(Z|z|UTC|GMT|[+-][0-9:]+)$', 1)"));
    let offset_s = offset_seconds(lets, &offset_text);
    let date_like = "(?s)^[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{1,4}(?:[ T].*)?$";
    let bad = format!("CASE WHEN {text} RLIKE {} THEN 'ambiguous_date' ELSE 'bad_date' END", literal(date_like));
    Civil { day, us_of_day, offset_s: Some(offset_s), bad }
}

/// SQL for the seconds of a valid offset; NULL for none.
fn offset_seconds(lets: &mut Lets, text: &str) -> String {
    let digits = format!("RPAD(TRANSLATE({text}, '+-:', ''), 4, '0')");
    lets.bind(format!(
        "CASE WHEN {text} = '' THEN NULL WHEN {text} RLIKE '^[A-Za-z]' THEN 0 ELSE \
         (CAST(LEFT({digits}, 2) AS BIGINT) * 3600 + CAST(SUBSTRING({digits}, 3, 2) AS BIGINT) * 60) * \
         CASE WHEN {text} LIKE '-%' THEN -1 ELSE 1 END END"
    ))
}

fn epoch(lets: &mut Lets, text: &str, places: u32) -> Civil {
    let valid = lets.bind(format!("CASE WHEN {text} RLIKE '^[0-9]+(?:[.][0-9]+)?$' THEN {text} END"));
    let fraction = format!("CASE WHEN INSTR({valid}, '.') = 0 THEN '' ELSE SUBSTRING_INDEX({valid}, '.', -1) END");
    let digits = format!("CONCAT(SUBSTRING_INDEX({valid}, '.', 1), RPAD(LEFT({fraction}, {places}), {places}, '0'))");
    at_utc(lets, &format!("TRY_CAST({digits} AS BIGINT)"))
}

fn seconds(lets: &mut Lets, text: &str) -> Civil {
    let digits = format!("REGEXP_EXTRACT({text}, {}, 0)", literal(&format!("^[+-]?{BLANKS}[0-9]{{1,19}}$")));
    let number = format!("TRY_CAST(REGEXP_REPLACE({digits}, {}, '') AS BIGINT)", literal(r"[ \t\n\f\r]"));
    at_utc(lets, &format!("TRY_MULTIPLY({number}, CAST(1000000 AS BIGINT))"))
}

fn at_utc(lets: &mut Lets, us: &str) -> Civil {
    let us = lets.bind(us);
    let us_of_day = lets.bind(format!("PMOD({us}, {DAY_US})"));
    let day = lets.bind(format!("({us} - {us_of_day}) DIV {DAY_US}"));
    Civil { day, us_of_day, offset_s: Some("CAST(0 AS BIGINT)".into()), bad: "'bad_date'".into() }
}

fn strptime(lets: &mut Lets, text: &str, pattern: &Pattern) -> Civil {
    let regex = literal(&pattern.regex);
    let valid = lets.bind(format!("CASE WHEN {text} RLIKE {regex} THEN {text} END"));
    let group = |at: usize| format!("REGEXP_EXTRACT({valid}, {regex}, {at})");
    let whole = |at: usize| format!("CAST({} AS BIGINT)", group(at));
    let zero = || "0".to_owned();
    let year = match (pattern.year, pattern.short_year) {
        (Some(at), _) => whole(at),
        (None, at) => {
            let short = at.map_or_else(zero, whole);
            format!("(CASE WHEN {short} <= 68 THEN 2000 ELSE 1900 END + {short})")
        }
    };
    let month = match (pattern.month, pattern.month_name) {
        (Some(at), _) => whole(at),
        (None, at) => {
            let name = at.map_or_else(zero, |at| format!("LOWER(LEFT({}, 3))", group(at)));
            format!("((INSTR('janfebmaraprmayjunjulaugsepoctnovdec', {name}) + 2) DIV 3)")
        }
    };
    let two = |sql: &str| format!("LPAD(CAST({sql} AS STRING), 2, '0')");
    let day = pattern.day.map_or_else(zero, whole);
    let date = format!("CONCAT(LPAD(CAST({year} AS STRING), 4, '0'), '-', {}, '-', {})", two(&month), two(&day));
    let hour = match (pattern.hour, pattern.half) {
        (Some(at), Some(half)) => {
            format!("({} % 12 + CASE WHEN LOWER({}) = 'pm' THEN 12 ELSE 0 END)", whole(at), group(half))
        }
        (at, _) => at.map_or_else(zero, whole),
    };
    let (minute, second) = (pattern.minute.map_or_else(zero, whole), pattern.second.map_or_else(zero, whole));
    let micros =
        pattern.fraction.map_or_else(zero, |at| format!("CAST(RPAD(LEFT({}, 6), 6, '0') AS BIGINT)", group(at)));
    // A leap second is the one before it.
    let us_of_day = lets.bind(format!("({hour} * 3600 + {minute} * 60 + LEAST({second}, 59)) * 1000000 + {micros}"));
    let offset_s = pattern.offset.map(|at| {
        let text = lets.bind(group(at));
        offset_seconds(lets, &text)
    });
    let day = lets.bind(days_of(&date));
    Civil { day, us_of_day, offset_s, bad: "'bad_date'".into() }
}

/// A strptime format as a regular expression, and which of its groups says what.
#[derive(Debug, Default, PartialEq)]
struct Pattern {
    regex: String,
    groups: usize,
    year: Option<usize>,
    short_year: Option<usize>,
    month: Option<usize>,
    month_name: Option<usize>,
    day: Option<usize>,
    hour: Option<usize>,
    half: Option<usize>,
    minute: Option<usize>,
    second: Option<usize>,
    fraction: Option<usize>,
    offset: Option<usize>,
}

impl Pattern {
    fn new(column: &str, format: &str) -> Result<Pattern> {
        let refused = |why: &str| {
            Error::config(format!("`{column}.format`: with `engine = \"spark\"`, `{format}` {why}")).hint(
                "use ISO 8601, `epoch_s`, `epoch_ms`, `epoch_us`, or a year, month and day of %Y %y %m %b %B %d %F %D with \
                 %H %I %p %M %S %f %.f %T %R %z %:z",
            )
        };
        let mut pattern = Pattern { regex: "^".into(), ..Pattern::default() };
        let mut half_day = false;
        let mut rest = format;
        while let Some(letter) = rest.chars().next() {
            rest = &rest[letter.len_utf8()..];
            if letter != '%' {
                pattern.regex.push_str(&if letter.is_ascii_whitespace() {
                    BLANKS.to_owned()
                } else {
                    quoted(&letter.to_string())
                });
                continue;
            }
            let known = ["%", ".f", ":z", "F", "T", "R", "D"].into_iter().find(|known| rest.starts_with(known));
            let directive = known.or_else(|| rest.get(..1)).ok_or_else(|| refused("ends in the middle"))?;
            rest = &rest[directive.len()..];
            half_day |= matches!(directive, "I" | "l");
            let expanded = match directive {
                "F" => "Y-m-d",
                "D" => "m/d/y",
                "T" => "H:M:S",
                "R" => "H:M",
                other => other,
            };
            if expanded == directive {
                pattern.directive(directive).ok_or_else(|| refused("has letters that Spark does not read as we do"))?;
                continue;
            }
            for part in expanded.chars() {
                if part.is_ascii_alphabetic() {
                    pattern.directive(&part.to_string()).ok_or_else(|| refused("says something twice"))?;
                } else {
                    pattern.regex.push_str(&quoted(&part.to_string()));
                }
            }
        }
        pattern.regex.push('$');
        let dated = pattern.year.xor(pattern.short_year).is_some()
            && pattern.month.xor(pattern.month_name).is_some()
            && pattern.day.is_some();
        let timed = pattern.hour.is_some() || (pattern.minute.is_none() && pattern.offset.is_none());
        let seconds = pattern.minute.is_some() || pattern.second.is_none();
        if !dated || !timed || !seconds || half_day != pattern.half.is_some() {
            return Err(refused("does not say a date, and perhaps a time, exactly once"));
        }
        Ok(pattern)
    }

    /// Adds a directive; `None` when it is not known or was there before.
    fn directive(&mut self, directive: &str) -> Option<()> {
        // As many digits as there are, up to two, and then they must be in range.
        let two = |range: &str| format!("{BLANKS}(?={range}|[0-9](?![0-9]))([0-9]{{1,2}}+)");
        let counted = |range: &str| format!("{BLANKS}(?={range}|[1-9](?![0-9]))([0-9]{{1,2}}+)");
        let (slot, regex) = match directive {
            "%" => {
                self.regex.push('%');
                return Some(());
            }
            "n" | "t" => {
                self.regex.push_str(BLANKS);
                return Some(());
            }
            "Y" => (&mut self.year, format!("\\+?{BLANKS}([0-9]{{1,4}}+)")),
            "y" => (&mut self.short_year, two("[0-9]{2}")),
            "m" => (&mut self.month, counted("0[1-9]|1[0-2]")),
            "d" | "e" => (&mut self.day, counted("0[1-9]|[12][0-9]|3[01]")),
            "b" | "h" => (&mut self.month_name, "((?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))".into()),
            "B" => (
                &mut self.month_name,
                "((?i:january|february|march|april|may|june|july|august|september|october|november|december))".into(),
            ),
            "H" | "k" => (&mut self.hour, two("[01][0-9]|2[0-3]")),
            "I" | "l" => (&mut self.hour, counted("0[1-9]|1[0-2]")),
            "M" => (&mut self.minute, two("[0-5][0-9]")),
            "S" => (&mut self.second, two("[0-5][0-9]|60")),
            "p" | "P" => (&mut self.half, "((?i:am|pm))".into()),
            "f" | "N" => (&mut self.fraction, "([0-9]{1,9}+)".into()),
            ".f" => (&mut self.fraction, "(?:[.]([0-9]{1,9}+))?+".into()),
            "z" => (&mut self.offset, "([+-](?:[01][0-9]|2[0-5])[0-5][0-9])".into()),
            ":z" => (&mut self.offset, "([+-](?:[01][0-9]|2[0-5]):[0-5][0-9])".into()),
            _ => return None,
        };
        self.groups += 1;
        if slot.replace(self.groups).is_some() {
            return None;
        }
        self.regex.push_str(&regex);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_say_a_date_once_or_are_refused() {
        for format in ["%Y%m%d", "%m/%d/%Y %H:%M", "%F %T%.f", "%d %b %y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S %z"] {
            assert!(Pattern::new("c", format).is_ok(), "{format}");
        }
        for format in [
            "%Y-%m",
            "%d.%m.%Y %d",
            "%Y-%m-%d %M",
            "%H:%M",
            "%Y-%m-%d %p",
            "%Y-%j",
            "%G-%V-%u",
            "%Y-%m-%d %",
            "%Q",
            "%F %y",
        ] {
            let error = Pattern::new("inputs.transactions.columns.ts", format).expect_err(format);
            assert!(error.to_string().contains("inputs.transactions.columns.ts"), "{format}: {error}");
        }
    }

    #[test]
    fn groups_are_counted_in_the_order_of_the_format() {
        let pattern = Pattern::new("c", "%d.%m.%Y %H:%M").expect("it is a date");
        let found = (pattern.day, pattern.month, pattern.year, pattern.hour, pattern.minute);
        assert_eq!(found, (Some(1), Some(2), Some(3), Some(4), Some(5)));
    }
}
