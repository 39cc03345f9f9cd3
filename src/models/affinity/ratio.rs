//! Thresholds that are exact: 16 of 20 is 0.8 (`spec/affinity.md` 0, fact 8).

use std::fmt;
use std::str::FromStr;

/// A share as a fraction of whole numbers. Compared by multiplying crosswise, never by dividing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    numerator: u64,
    denominator: u64,
}

impl Ratio {
    /// A fraction, in lowest terms.
    ///
    /// # Panics
    /// When the denominator is 0.
    pub const fn new(numerator: u64, denominator: u64) -> Ratio {
        assert!(denominator > 0, "a share of nothing");
        let (mut a, mut b) = (numerator, denominator);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        Ratio { numerator: numerator / a, denominator: denominator / a }
    }

    /// Above the line.
    pub const fn numerator(self) -> u64 {
        self.numerator
    }

    /// Below the line: at least 1.
    pub const fn denominator(self) -> u64 {
        self.denominator
    }

    /// Whether `part / whole` is at least this. Nothing of nothing is 0.
    pub fn is_reached_by(self, part: u64, whole: u64) -> bool {
        if whole == 0 {
            return self.numerator == 0;
        }
        u128::from(part) * u128::from(self.denominator) >= u128::from(self.numerator) * u128::from(whole)
    }

    /// The smallest count that reaches this share of `whole`.
    pub fn count_of(self, whole: u64) -> u64 {
        let count = (u128::from(self.numerator) * u128::from(whole)).div_ceil(u128::from(self.denominator));
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// As the nearest double, to show.
    pub fn value(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }
}

/// As a fraction in lowest terms (`4/5`), or a whole number.
impl fmt::Display for Ratio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.denominator == 1 {
            return write!(formatter, "{}", self.numerator);
        }
        write!(formatter, "{}/{}", self.numerator, self.denominator)
    }
}

/// From `0.8`, `.05`, `1e-3`, `5%`, `4/5` or `12`, exactly as written.
impl FromStr for Ratio {
    type Err = String;

    fn from_str(text: &str) -> Result<Ratio, String> {
        parse(text.trim())
            .ok_or_else(|| format!("'{text}' is not a share such as 0.05, 5%, 1e-3 or 1/20 that can be held exactly"))
    }
}

fn parse(text: &str) -> Option<Ratio> {
    if let Some((above, below)) = text.split_once('/') {
        let below = whole(below.trim_start())?;
        return (below > 0).then_some(Ratio::new(whole(above.trim_end())?, below.max(1)));
    }
    let (text, percent) = match text.strip_suffix('%') {
        Some(number) => (number.trim_end(), 2),
        None => (text, 0),
    };
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (before, after) = number.split_once('.').unwrap_or((number, ""));
    let after = after.trim_end_matches('0');
    let digits = format!("{before}{after}");
    let places = i32::try_from(after.len()).ok()?.checked_add(percent)?.checked_sub(exponent)?;
    // A dot alone is no number, and "0." or ".5" is.
    if before.is_empty() && number.len() < 2 {
        return None;
    }
    let value = whole(if digits.is_empty() { "0" } else { &digits })?;
    let power = 10_u64.checked_pow(places.unsigned_abs())?;
    if places >= 0 { Some(Ratio::new(value, power)) } else { Some(Ratio::new(value.checked_mul(power)?, 1)) }
}

/// Digits only: no sign, no blank.
fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_read_exactly() {
        let cases = [
            ("0.8", (4, 5)),
            (".05", (1, 20)),
            ("1e-3", (1, 1000)),
            ("2.5E-1", (1, 4)),
            ("5%", (1, 20)),
            ("0.5 %", (1, 200)),
            ("16/20", (4, 5)),
            ("12", (12, 1)),
            ("1.20e2", (120, 1)),
            ("0.", (0, 1)),
            ("0.30000000000", (3, 10)),
            ("0.0000000000000000000", (0, 1)),
        ];
        for (text, (numerator, denominator)) in cases {
            assert_eq!(text.parse(), Ok(Ratio::new(numerator, denominator)), "{text}");
        }
        for text in [
            "",
            ".",
            "-0.1",
            "+1",
            "1/0",
            "1/",
            "/2",
            "a",
            "1e",
            "0.1.2",
            "1e400",
            "0.12345678901234567891",
            "%",
            "nan",
            "1 2",
        ] {
            assert!(text.parse::<Ratio>().is_err(), "{text}");
        }
    }

    #[test]
    fn sixteen_of_twenty_is_four_fifths() {
        let threshold: Ratio = "0.8".parse().unwrap();
        assert!(threshold.is_reached_by(16, 20));
        assert!(!threshold.is_reached_by(15, 20));
        // In doubles it is not: the support of both by the support of one (mlxtend 0.25 on Groceries).
        assert!((16.0 / 9835.0) / (20.0 / 9835.0) < 0.8);
        assert_eq!(threshold.count_of(20), 16);
        assert_eq!(threshold.count_of(21), 17);
        assert_eq!(threshold.to_string(), "4/5");
        assert!((threshold.value() - 0.8).abs() < 1e-16);
    }

    proptest! {
        #[test]
        fn the_count_of_a_share_is_the_first_that_reaches_it(above in 0u64..1000, below in 1u64..1000, whole in 1u64..100_000) {
            let ratio = Ratio::new(above, below);
            let count = ratio.count_of(whole);
            prop_assert!(ratio.is_reached_by(count, whole));
            prop_assert!(count == 0 || !ratio.is_reached_by(count - 1, whole));
            prop_assert_eq!(ratio.to_string().parse::<Ratio>(), Ok(ratio));
        }
    }
}
