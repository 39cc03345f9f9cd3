//! The largest values cut down to a cap that the campaign had no part in.

/// A cap: the 99.9th percentile of what all arms together did before.
///
/// It comes from the period before alone, so that the treatment cannot move it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap(i64);

impl Cap {
    /// The cap of `before`, values with how many customers have each, in any order: R's quantile of type 7, rounded down to a
    /// whole number. `None` when it is not above zero, because then it would cut off everything.
    pub fn of(before: &[(i64, i64)]) -> Option<Cap> {
        const THOUSANDTHS: i128 = 999;
        let mut sorted: Vec<(i64, i64)> = before.iter().copied().filter(|(_, count)| *count > 0).collect();
        sorted.sort_unstable();
        let n: i128 = sorted.iter().map(|(_, count)| i128::from(*count)).sum();
        if n == 0 {
            return None;
        }
        let place = (n - 1) * THOUSANDTHS;
        let (below, beyond) = (place / 1_000, place % 1_000);
        let lower = nth(&sorted, below);
        let upper = nth(&sorted, (below + 1).min(n - 1));
        let step = (i128::from(upper) - i128::from(lower)) * beyond / 1_000;
        let cap = lower + i64::try_from(step).ok()?;
        (cap > 0).then_some(Cap(cap))
    }

    /// `value`, at most the cap.
    pub fn clip(self, value: i64) -> i64 {
        value.min(self.0)
    }

    /// The cap itself, in the unit of the values.
    pub fn value(self) -> i64 {
        self.0
    }
}

/// The value at `place`, from 0, of ascending values with their counts.
fn nth(sorted: &[(i64, i64)], place: i128) -> i64 {
    let mut seen = 0;
    for (value, count) in sorted {
        seen += i128::from(*count);
        if place < seen {
            return *value;
        }
    }
    sorted.last().map_or(0, |(value, _)| *value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_is_numpys_quantile_rounded_down() {
        // numpy 2.4.6, numpy.quantile([0] * 995 + [10, 20, 30, 40, 50000], 0.999) = 89.96, of 1,000 values.
        let before = [(50_000, 1), (0, 995), (20, 1), (10, 1), (40, 1), (30, 1)];
        let cap = Cap::of(&before).unwrap();
        assert_eq!(cap.value(), 89);
        assert_eq!((cap.clip(50_000), cap.clip(40), cap.clip(-7)), (89, 40, -7));
    }

    #[test]
    fn a_cap_that_would_cut_everything_is_none() {
        assert_eq!(Cap::of(&[(0, 5_000), (7, 1)]), None);
        assert_eq!(Cap::of(&[]), None);
        assert_eq!(Cap::of(&[(12, 1)]).unwrap().value(), 12);
    }
}
