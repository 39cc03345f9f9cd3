//! Exchange rates: what a foreign amount is worth in the reporting currency.

use std::collections::BTreeMap;

use super::number::Decimal;

/// Rates by currency, oldest first, in `10^-12` of the reporting currency for one unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates {
    by_currency: BTreeMap<String, Vec<(i32, i64)>>,
}

/// Decimal places of a rate.
const RATE_PLACES: u32 = 12;

impl Rates {
    /// From rows of currency, first day and rate, in any order; a currency and day appears once.
    pub fn new(rows: impl IntoIterator<Item = (String, i32, i64)>) -> Rates {
        let mut by_currency: BTreeMap<String, Vec<(i32, i64)>> = BTreeMap::new();
        for (currency, day, rate) in rows {
            by_currency.entry(currency.to_ascii_uppercase()).or_default().push((day, rate));
        }
        by_currency.values_mut().for_each(|rates| rates.sort_unstable());
        Rates { by_currency }
    }

    /// The latest rate of `currency` (upper case) on or before `day`.
    pub fn rate_e12(&self, currency: &str, day: i32) -> Option<i64> {
        let rates = self.by_currency.get(currency)?;
        let after = rates.partition_point(|(from, _)| *from <= day);
        Some(rates[after.checked_sub(1)?].1)
    }
}

/// `amount_e4` at a rate, rounded half to even; `None` if it does not fit.
pub fn exchange(amount_e4: i64, rate_e12: i64) -> Option<i64> {
    let amount = Decimal { mantissa: i128::from(amount_e4), scale: 4 };
    amount.multiply(Decimal { mantissa: i128::from(rate_e12), scale: RATE_PLACES })?.rounded(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_rate_not_after_the_day_holds() {
        let rates = Rates::new([("usd".into(), 10, 2), ("USD".into(), 5, 1), ("EUR".into(), 7, 3)]);
        assert_eq!(rates.rate_e12("USD", 4), None);
        assert_eq!(rates.rate_e12("USD", 5), Some(1));
        assert_eq!(rates.rate_e12("USD", 9), Some(1));
        assert_eq!(rates.rate_e12("USD", 99), Some(2));
        assert_eq!(rates.rate_e12("GBP", 99), None);
    }

    #[test]
    fn amounts_are_rounded_half_to_even() {
        assert_eq!(exchange(5, 500_000_000_000), Some(2));
        assert_eq!(exchange(7, 500_000_000_000), Some(4));
        assert_eq!(exchange(-5, 500_000_000_000), Some(-2));
        assert_eq!(exchange(100_000, 1_234_500_000_000), Some(123_450));
        assert_eq!(exchange(i64::MAX, 2_000_000_000_000), None);
    }
}
