//! Whether a share rises or falls over time.

use super::distributions::normal_two_sided;

/// The straight line through shares in time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Change of the share in one step of time.
    pub slope: f64,
    /// Chance of a slope at least as steep where the share does not change, two-sided.
    pub p_value: f64,
}

/// The weighted least-squares slope of shares over time, and the Cochran-Armitage test that it is zero. `steps` are a time, how
/// many there were, and how many of them did it.
///
/// `None` when there is only one time, or when all did it or nobody.
///
/// # References
/// Armitage (1955), Biometrics 11(3), 375-386.
pub fn trend(steps: &[(f64, f64, f64)]) -> Option<Trend> {
    let n: f64 = steps.iter().map(|(_, n, _)| n).sum();
    if n <= 0.0 {
        return None;
    }
    let share = steps.iter().map(|(_, _, events)| events).sum::<f64>() / n;
    let middle = steps.iter().map(|(time, n, _)| time * n).sum::<f64>() / n;
    let spread: f64 = steps.iter().map(|(time, n, _)| n * (time - middle) * (time - middle)).sum();
    let noise = share * (1.0 - share);
    if spread <= 0.0 || noise <= 0.0 {
        return None;
    }
    let slope = steps.iter().map(|(time, n, events)| (time - middle) * (events - n * share)).sum::<f64>() / spread;
    Some(Trend { slope, p_value: normal_two_sided(slope * (spread / noise).sqrt()) })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_trend_is_statsmodels() {
        // numpy.polyfit weighted by the square root of n for the slope; for the test statsmodels
        // Table.test_ordinal_association, whose z-score is times the square root of n / (n - 1) to be Armitage's.
        let steps = [(0.0, 120.0, 30.0), (1.0, 90.0, 20.0), (2.0, 140.0, 24.0), (4.0, 70.0, 8.0)];
        let found = trend(&steps).unwrap();
        assert!((found.slope + 0.035213462137737614).abs() < 1e-12, "{}", found.slope);
        assert!((found.p_value - 0.014065995004798132).abs() < 1e-12, "{}", found.p_value);
    }

    #[test]
    fn one_week_has_no_trend() {
        assert_eq!(trend(&[(3.0, 50.0, 10.0)]), None);
        assert_eq!(trend(&[(3.0, 50.0, 0.0), (4.0, 20.0, 0.0)]), None);
        assert_eq!(trend(&[]), None);
    }
}
