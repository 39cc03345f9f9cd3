//! Whether the arms are as large as they were meant to be.

use super::distributions::chi_square_tail;

/// Below this the arms are not what was planned, and no result is to be trusted.
const FLAG: f64 = 0.001;

/// Units that an arm has to expect for the chi-square distribution to hold.
const LEAST_EXPECTED: f64 = 5.0;

/// The check of the arms' sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleRatio {
    /// Chi-square of observed against planned.
    pub chi2: f64,
    /// Chance of it when the plan was kept.
    pub p_value: f64,
}

impl SampleRatio {
    /// Whether the result has to be withheld: `p < 0.001`.
    pub fn is_off(&self) -> bool {
        self.p_value < FLAG
    }
}

/// Chi-square of the observed sizes of arms against their planned shares, which need not add up to one.
///
/// `None` for fewer than two arms, without a plan, or when an arm was to have fewer than five.
pub fn sample_ratio(arms: &[(i64, f64)]) -> Option<SampleRatio> {
    let units: f64 = arms.iter().map(|(units, _)| *units as f64).sum();
    let planned: f64 = arms.iter().map(|(_, share)| share).sum();
    if arms.len() < 2 || planned <= 0.0 {
        return None;
    }
    let mut chi2 = 0.0;
    for (observed, share) in arms {
        let expected = units * share / planned;
        if expected < LEAST_EXPECTED {
            return None;
        }
        let off = *observed as f64 - expected;
        chi2 += off * off / expected;
    }
    Some(SampleRatio { chi2, p_value: chi_square_tail(chi2, arms.len() as f64 - 1.0) })
}
