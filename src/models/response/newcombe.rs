//! The difference of two shares (Newcombe), and the interval of one (Wilson).

use super::difference::{Difference, Interval};
use super::distributions::{normal_quantile, normal_two_sided};
use super::moments::Moments;

/// Wilson's interval of a share of `events` in `n`, `n > 0`.
///
/// # References
/// Wilson (1927), JASA 22(158), 209-212.
pub fn wilson(events: f64, n: f64, confidence: f64) -> Interval {
    let z = normal_quantile(confidence);
    let share = events / n;
    let below = 1.0 + z * z / n;
    let centre = (share + z * z / (2.0 * n)) / below;
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt() / below;
    Interval { lo: (centre - half).max(0.0), hi: (centre + half).min(1.0) }
}

/// The difference of the shares of two groups of noughts and ones.
///
/// The interval is Newcombe's hybrid of two Wilson intervals, the p-value that of the z-test with the share of both together
/// (chi-square without correction): at the edge of significance they may disagree. `None` for fewer than two customers in a
/// group, or when all did it or nobody.
///
/// # References
/// Newcombe (1998), Statistics in Medicine 17(8), 873-890, method 10.
pub fn newcombe(treated: &Moments, control: &Moments, confidence: f64) -> Option<Difference> {
    if treated.n() < 2.0 || control.n() < 2.0 {
        return None;
    }
    let (with, without) = (treated.mean(), control.mean());
    let pooled = treated.plus(control);
    let share = pooled.mean();
    let null_error = (share * (1.0 - share) * (1.0 / treated.n() + 1.0 / control.n())).sqrt();
    if null_error <= 0.0 {
        return None;
    }
    let [a, b] = [treated, control].map(|arm| wilson(arm.sum(), arm.n(), confidence));
    let effect = with - without;
    let variance = with * (1.0 - with) / treated.n() + without * (1.0 - without) / control.n();
    Some(Difference {
        effect,
        std_error: variance.sqrt(),
        interval: Interval {
            lo: effect - (with - a.lo).hypot(b.hi - without),
            hi: effect + (a.hi - with).hypot(without - b.lo),
        },
        p_value: normal_two_sided(effect / null_error),
    })
}
