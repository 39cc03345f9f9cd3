//! The difference of two quotients of sums, such as revenue an order: the unit of chance is the customer, not the order.

use super::difference::Difference;
use super::moments::Joint;

/// Variance of the quotient of the sums of `y` and `x` over independent customers, by the delta method.
fn variance(arm: &Joint) -> f64 {
    let quotient = arm.y.sum() / arm.x.sum();
    let n = arm.x.n();
    // y - quotient * x has the mean 0, so that its variance is that of the quotient times the squared mean of x.
    arm.centred_less(quotient) / (n - 1.0) / n / (arm.x.mean() * arm.x.mean())
}

/// The quotient of the sums of `y` and `x` in the treated less that in the control.
///
/// `None` for fewer than two customers in an arm, when an arm has nothing below the line, or when nothing varies.
///
/// # References
/// Deng, Knoblich & Lu (2018), KDD '18, "Applying the Delta Method in Metric Analytics", section 3.2.
pub fn ratio(treated: &Joint, control: &Joint, confidence: f64) -> Option<Difference> {
    if [treated, control].iter().any(|arm| arm.x.n() < 2.0 || arm.x.sum() <= 0.0) {
        return None;
    }
    let effect = treated.y.sum() / treated.x.sum() - control.y.sum() / control.x.sum();
    Difference::normal(effect, (variance(treated) + variance(control)).sqrt(), confidence)
}
