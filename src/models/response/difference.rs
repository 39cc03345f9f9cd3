//! The difference of two means and its interval (Welch), and the same as a share of the control's mean (delta method).

use super::distributions::{normal_quantile, normal_two_sided, student_quantile, student_two_sided};
use super::moments::Moments;

/// Two ends, at the confidence that was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

impl Interval {
    /// Whether `value` lies between the ends.
    pub fn holds(&self, value: f64) -> bool {
        self.lo <= value && value <= self.hi
    }
}

/// What the treated have over the control, a customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// Treated less control, in the unit of the outcome.
    pub effect: f64,
    /// Its standard error.
    pub std_error: f64,
    /// Where the true difference may be.
    pub interval: Interval,
    /// Chance of a difference at least as large where there is none, two-sided.
    pub p_value: f64,
}

impl Difference {
    /// `effect` with a variance that is a sum of `parts`, each with its degrees of freedom: Student's interval with those of
    /// Satterthwaite. `None` when nothing varies.
    pub(super) fn student(effect: f64, parts: &[(f64, f64)], confidence: f64) -> Option<Difference> {
        let variance: f64 = parts.iter().map(|(part, _)| part).sum();
        if variance <= 0.0 {
            return None;
        }
        let spread: f64 = parts.iter().map(|(part, degrees)| part * part / degrees).sum();
        let degrees = variance * variance / spread;
        let std_error = variance.sqrt();
        let half = std_error * student_quantile(confidence, degrees);
        Some(Difference {
            effect,
            std_error,
            interval: Interval { lo: effect - half, hi: effect + half },
            p_value: student_two_sided(effect / std_error, degrees),
        })
    }

    /// `effect` with a standard error of a large sample. `None` when nothing varies.
    pub(super) fn normal(effect: f64, std_error: f64, confidence: f64) -> Option<Difference> {
        if std_error.is_nan() || std_error <= 0.0 {
            return None;
        }
        let half = std_error * normal_quantile(confidence);
        Some(Difference {
            effect,
            std_error,
            interval: Interval { lo: effect - half, hi: effect + half },
            p_value: normal_two_sided(effect / std_error),
        })
    }

    /// The same in another unit: all but the p-value divided by `unit`.
    pub fn in_units_of(&self, unit: f64) -> Difference {
        Difference {
            effect: self.effect / unit,
            std_error: self.std_error / unit,
            interval: Interval { lo: self.interval.lo / unit, hi: self.interval.hi / unit },
            p_value: self.p_value,
        }
    }
}

/// The part of the variance of a mean, with its degrees of freedom, in a group that has the share `weight` of all.
pub(super) fn part(centred: f64, n: f64, weight: f64) -> (f64, f64) {
    (weight * weight * centred / (n - 1.0) / n, n - 1.0)
}

/// The difference of the means of two groups whose variances may differ.
///
/// `None` for fewer than two customers in a group, or when nothing varies in either.
///
/// # References
/// Welch (1947), Biometrika 34(1-2), 28-35.
pub fn welch(treated: &Moments, control: &Moments, confidence: f64) -> Option<Difference> {
    if treated.n() < 2.0 || control.n() < 2.0 {
        return None;
    }
    let parts = [treated, control].map(|arm| part(arm.centred(), arm.n(), 1.0));
    Difference::student(treated.mean() - control.mean(), &parts, confidence)
}

/// A difference as a share of the control's mean: 0.1 is a tenth more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lift {
    /// The share.
    pub lift: f64,
    /// Where the true one may be.
    pub interval: Interval,
}

/// The treated mean over the control's, less one, by the delta method. `None` unless the control's mean is above zero and
/// both groups have two customers.
///
/// # References
/// Deng, Knoblich & Lu (2018), KDD '18, "Applying the Delta Method in Metric Analytics", section 3.1.
pub fn lift(treated: &Moments, control: &Moments, confidence: f64) -> Option<Lift> {
    let (above, below) = (treated.variance()? / treated.n(), control.variance()? / control.n());
    let (mean, base) = (treated.mean(), control.mean());
    if base <= 0.0 {
        return None;
    }
    let quotient = mean / base;
    let half = (above + quotient * quotient * below).sqrt() / base * normal_quantile(confidence);
    let lift = quotient - 1.0;
    Some(Lift { lift, interval: Interval { lo: lift - half, hi: lift + half } })
}
