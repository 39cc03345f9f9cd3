//! Numbers, exactly: decimal text to scaled whole numbers without a floating-point step.

use std::fmt;

/// Why a text is not a number that we can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberError {
    /// Not a number in the configured notation.
    NotANumber,
    /// NaN or infinity.
    NotFinite,
    /// Too large.
    Overflow,
}

/// A decimal number: `mantissa * 10^-scale`, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// All digits, as a whole number.
    pub mantissa: i128,
    /// How many of them stand behind the decimal mark.
    pub scale: u32,
}

/// Largest power of ten in an `i128`.
const MAX_POWER: u32 = 38;

pub(super) fn power_of_ten(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

impl Decimal {
    /// Zero.
    pub const ZERO: Decimal = Decimal { mantissa: 0, scale: 0 };

    /// The number as a whole number of `10^-places`, rounded half to even; `None` if that does not fit in 64 bits.
    pub fn rounded(self, places: u32) -> Option<i64> {
        if self.scale <= places {
            let scaled = self.mantissa.checked_mul(power_of_ten(places - self.scale)?)?;
            return i64::try_from(scaled).ok();
        }
        let Some(power) = power_of_ten(self.scale - places) else { return Some(0) };
        i64::try_from(divide_half_even(self.mantissa, power)).ok()
    }

    /// Both numbers at the larger of their scales.
    fn aligned(self, other: Decimal) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let left = self.mantissa.checked_mul(power_of_ten(scale - self.scale)?)?;
        let right = other.mantissa.checked_mul(power_of_ten(scale - other.scale)?)?;
        Some((left, right, scale))
    }

    /// The sum, or `None` if it does not fit in 128 bits.
    pub fn add(self, other: Decimal) -> Option<Decimal> {
        let (left, right, scale) = self.aligned(other)?;
        Some(Decimal { mantissa: left.checked_add(right)?, scale })
    }

    /// The product, or `None` if it does not fit in 128 bits.
    pub fn multiply(self, other: Decimal) -> Option<Decimal> {
        let scale = self.scale.checked_add(other.scale)?;
        Some(Decimal { mantissa: self.mantissa.checked_mul(other.mantissa)?, scale })
    }

    /// The quotient to [`DIVISION_PLACES`] places, rounded half to even; `None` if it does not fit. `other` is not zero.
    pub fn divide(self, other: Decimal) -> Option<Decimal> {
        let (left, right, _) = self.aligned(other)?;
        let left = left.checked_mul(power_of_ten(DIVISION_PLACES)?)?;
        Some(Decimal { mantissa: divide_half_even(left, right), scale: DIVISION_PLACES })
    }

    /// The number with its sign turned.
    pub fn negate(self) -> Decimal {
        Decimal { mantissa: -self.mantissa, scale: self.scale }
    }

    /// How the numbers compare.
    pub fn compare(self, other: Decimal) -> std::cmp::Ordering {
        match self.aligned(other) {
            Some((left, right, _)) => left.cmp(&right),
            // Only the magnitude can be too large to align, and then it is the unaligned whole part that decides.
            None => self.whole().cmp(&other.whole()),
        }
    }

    fn whole(self) -> i128 {
        power_of_ten(self.scale).map_or(0, |power| self.mantissa / power)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.scale as usize;
        let digits = format!("{:0>width$}", self.mantissa.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

/// Places that a quotient is rounded to, before it is rounded to its column.
pub const DIVISION_PLACES: u32 = 12;

/// `value / divisor`, rounded half to even.
fn divide_half_even(value: i128, divisor: i128) -> i128 {
    let quotient = value / divisor;
    let remainder = (value % divisor).unsigned_abs();
    let rest = divisor.unsigned_abs() - remainder;
    let away = remainder > rest || (remainder == rest && quotient % 2 != 0);
    match (away, (value < 0) == (divisor < 0)) {
        (false, _) => quotient,
        (true, true) => quotient + 1,
        (true, false) => quotient - 1,
    }
}

/// How an input writes numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberFormat {
    /// `.` or `,`.
    pub decimal: char,
    /// What groups thousands; `None` when nothing does.
    pub thousands: Option<char>,
    /// Signs that may stand before or after the number.
    pub signs: Vec<String>,
}

impl Default for NumberFormat {
    fn default() -> Self {
        NumberFormat { decimal: '.', thousands: None, signs: Vec::new() }
    }
}

const POWERS: [i64; 5] = [10_000, 1_000, 100, 10, 1];

/// A plain `-123.45` with at most four places and fourteen characters behind the sign, in ten-thousandths.
fn plain_e4(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 14 {
        return None;
    }
    let mut value = 0_i64;
    let mut point = None;
    for (position, byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            value = value * 10 + i64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(position);
        } else {
            return None;
        }
    }
    let places = match point {
        None => 0,
        Some(0) => return None,
        Some(position) => digits.len() - position - 1,
    };
    let value = value * *POWERS.get(places)?;
    Some(if negative { -value } else { value })
}

impl NumberFormat {
    /// `text` in ten-thousandths, rounded half to even.
    ///
    /// # Errors
    /// See [`NumberError`].
    pub fn e4(&self, text: &str) -> Result<i64, NumberError> {
        if self.decimal == '.'
            && let Some(value) = plain_e4(text.as_bytes())
        {
            return Ok(value);
        }
        self.decimal(text)?.rounded(4).ok_or(NumberError::Overflow)
    }

    /// `text` as the number it is: sign, currency sign, digits with thousands marks, decimal mark, digits, exponent.
    ///
    /// # Errors
    /// See [`NumberError`].
    pub fn decimal(&self, text: &str) -> Result<Decimal, NumberError> {
        let (negative, text) = self.strip_signs(text.trim_matches([' ', '\t']));
        if ["nan", "inf", "infinity"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
            return Err(NumberError::NotFinite);
        }
        let (digits, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
            None => (text, 0),
        };
        let (whole, fraction) = digits.split_once(self.decimal).unwrap_or((digits, ""));
        let mut reading = Reading::default();
        self.push_whole(whole, &mut reading)?;
        reading.push_digits(fraction)?;
        if !reading.any {
            return Err(NumberError::NotANumber);
        }
        reading.finish(fraction.len(), exponent, negative)
    }

    /// Takes off one minus or plus and the configured currency signs, in any order.
    fn strip_signs<'t>(&self, mut text: &'t str) -> (bool, &'t str) {
        let mut sign = None;
        let mut currency_seen = false;
        loop {
            if sign.is_none()
                && let Some(rest) = text.strip_prefix(['-', '+'])
            {
                sign = Some(text.starts_with('-'));
                text = rest;
                continue;
            }
            let stripped = self.signs.iter().find_map(|currency| {
                text.strip_prefix(currency.as_str()).or_else(|| text.strip_suffix(currency.as_str()))
            });
            match stripped {
                Some(rest) if !currency_seen => {
                    currency_seen = true;
                    text = rest.trim_matches(' ');
                }
                _ => return (sign == Some(true), text),
            }
        }
    }

    fn push_whole(&self, whole: &str, reading: &mut Reading) -> Result<(), NumberError> {
        let Some(mark) = self.thousands else { return reading.push_digits(whole) };
        let mut groups = whole.split(mark);
        let first = groups.next().unwrap_or_default();
        let grouped = first.len() < whole.len();
        if grouped && !(1..=3).contains(&first.len()) {
            return Err(NumberError::NotANumber);
        }
        reading.push_digits(first)?;
        for group in groups {
            if group.len() != 3 {
                return Err(NumberError::NotANumber);
            }
            reading.push_digits(group)?;
        }
        Ok(())
    }
}

fn parse_exponent(text: &str) -> Result<i64, NumberError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::NotANumber);
    }
    // An exponent of more than nine digits is as good as the largest one.
    let value: i64 = digits.parse().map_or(999_999_999, |value: i64| value.min(999_999_999));
    Ok(if text.starts_with('-') { -value } else { value })
}

/// Digits collected so far. Those beyond what 128 bits hold are dropped, remembering whether any was not zero.
#[derive(Default)]
struct Reading {
    mantissa: i128,
    dropped: u32,
    sticky: bool,
    any: bool,
}

impl Reading {
    fn push_digits(&mut self, digits: &str) -> Result<(), NumberError> {
        for byte in digits.bytes() {
            if !byte.is_ascii_digit() {
                return Err(NumberError::NotANumber);
            }
            self.any = true;
            let digit = i128::from(byte - b'0');
            match self.mantissa.checked_mul(10).and_then(|value| value.checked_add(digit)) {
                Some(value) if self.dropped == 0 => self.mantissa = value,
                _ => {
                    self.dropped += 1;
                    self.sticky |= digit != 0;
                }
            }
        }
        Ok(())
    }

    fn finish(mut self, places: usize, exponent: i64, negative: bool) -> Result<Decimal, NumberError> {
        // A dropped digit can only matter by deciding a tie, so it is folded into the last one that was kept.
        if self.sticky && self.mantissa % 5 == 0 {
            self.mantissa += 1;
        }
        let sign = if negative { -1 } else { 1 };
        let scale = places as i64 - exponent - i64::from(self.dropped);
        if self.mantissa == 0 {
            return Ok(Decimal::ZERO);
        }
        if scale < 0 {
            let power = u32::try_from(-scale).ok().filter(|&power| power <= MAX_POWER).and_then(power_of_ten);
            let mantissa = power.and_then(|power| self.mantissa.checked_mul(power)).ok_or(NumberError::Overflow)?;
            return Ok(Decimal { mantissa: sign * mantissa, scale: 0 });
        }
        // Behind so many zeros nothing is left of any number.
        let scale = u32::try_from(scale).unwrap_or(u32::MAX).min(4 * MAX_POWER);
        Ok(Decimal { mantissa: sign * self.mantissa, scale })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn e4(text: &str) -> Result<i64, NumberError> {
        NumberFormat::default().e4(text)
    }

    #[test]
    fn plain_numbers() {
        for (text, value) in [
            ("0", 0),
            ("-0", 0),
            ("12.0", 120_000),
            ("+1.5", 15_000),
            (".5", 5_000),
            ("5.", 50_000),
            (" 12.00 ", 120_000),
            ("-918936.61", -9_189_366_100),
            ("922337203685477.5807", i64::MAX),
            ("-922337203685477.5808", i64::MIN),
            ("1e-05", 0),
            ("1.5e3", 15_000_000),
            ("15E-1", 15_000),
            ("0e400", 0),
        ] {
            assert_eq!(e4(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn ties_go_to_the_even_neighbour() {
        for (text, value) in [
            ("0.00005", 0),
            ("0.00015", 2),
            ("0.00025", 2),
            ("-0.00015", -2),
            ("-0.00025", -2),
            ("0.000250000000000000000000000000000000000000000001", 3),
            ("0.00024999", 2),
        ] {
            assert_eq!(e4(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        use NumberError::*;
        for (text, error) in [
            ("", NotANumber),
            (".", NotANumber),
            ("-", NotANumber),
            ("--1", NotANumber),
            ("0x1F", NotANumber),
            ("1 2", NotANumber),
            ("1,5", NotANumber),
            ("1.234,56", NotANumber),
            ("$12", NotANumber),
            ("1e", NotANumber),
            ("1e5.5", NotANumber),
            ("１２", NotANumber),
            ("NaN", NotFinite),
            ("-inf", NotFinite),
            ("Infinity", NotFinite),
            ("1e400", Overflow),
            ("1e99999999999999999999", Overflow),
            ("922337203685477.5808", Overflow),
            ("1234567890123456789012345678901234567890", Overflow),
        ] {
            assert_eq!(e4(text), Err(error), "{text}");
        }
    }

    #[test]
    fn marks_and_signs_only_as_configured() {
        let format = NumberFormat { decimal: ',', thousands: Some('.'), signs: vec!["€".into(), "EUR".into()] };
        assert_eq!(format.e4("1.234,56"), Ok(12_345_600));
        assert_eq!(format.e4("-€ 1.234.567,8"), Ok(-12_345_678_000));
        assert_eq!(format.e4("€-5"), Ok(-50_000));
        assert_eq!(format.e4("12 EUR"), Ok(120_000));
        assert_eq!(format.e4("1234,5"), Ok(12_345_000));
        for text in ["12.34", "1.2345", ".123", "1..234", "$5", "€€5", "1,2,3"] {
            assert_eq!(format.e4(text), Err(NumberError::NotANumber), "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_whole_number_arithmetic(mantissa in -10_i128.pow(17)..10_i128.pow(17), scale in 0_u32..9) {
            let power = 10_i128.pow(scale);
            let text = format!(
                "{}{}.{:0width$}",
                if mantissa < 0 { "-" } else { "" },
                mantissa.abs() / power,
                mantissa.abs() % power,
                width = scale as usize
            );
            let scaled = mantissa * 10_000;
            let (floor, rest) = (scaled.div_euclid(power), scaled.rem_euclid(power));
            let up = rest * 2 > power || (rest * 2 == power && floor % 2 != 0);
            let expected = i64::try_from(floor + i128::from(up)).map_err(|_| NumberError::Overflow);
            prop_assert_eq!(e4(&text), expected);
        }

        #[test]
        fn the_short_way_is_the_long_way(text in "-?[0-9]{0,15}\\.?[0-9]{0,6}") {
            if let Some(value) = plain_e4(text.as_bytes()) {
                let long = NumberFormat::default().decimal(&text).unwrap().rounded(4);
                prop_assert_eq!(Some(value), long);
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,50}") {
            let _ = e4(&text);
        }
    }
}
