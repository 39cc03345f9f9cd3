//! Tails and quantiles of the normal, Student's and the chi-square distribution.

use statrs::function::beta::beta_reg;
use statrs::function::erf::erfc_inv;
use statrs::function::gamma::{gamma_ur, ln_gamma};

/// `P(|Z| >= |z|)` of a standard normal `Z`: that of a chi-square with one degree of freedom, which is right to the last digits
/// where the library's error function is right to ten.
pub(super) fn normal_two_sided(z: f64) -> f64 {
    chi_square_tail(z * z, 1.0)
}

/// The `z` with `P(|Z| <= z) = confidence`, `0 < confidence < 1`.
pub(super) fn normal_quantile(confidence: f64) -> f64 {
    let rough = erfc_inv(1.0 - confidence) * std::f64::consts::SQRT_2;
    let density = (-rough * rough / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    rough + (normal_two_sided(rough) - (1.0 - confidence)) / (2.0 * density)
}

/// `P(|T| >= |t|)` of Student's `T` with `degrees` of freedom.
///
/// # References
/// Abramowitz & Stegun (1964), 26.7.1: the incomplete beta function of `degrees / (degrees + t^2)`.
pub(super) fn student_two_sided(t: f64, degrees: f64) -> f64 {
    if t == 0.0 {
        return 1.0;
    }
    beta_reg(degrees / 2.0, 0.5, degrees / (degrees + t * t))
}

/// The `t` with `P(|T| <= t) = confidence`, `0 < confidence < 1`, of Student's `T` with `degrees` of freedom.
///
/// Newton's method from the normal quantile, which lies below: the tail falls and is convex there, so that every step stays
/// on that side and the steps end.
pub(super) fn student_quantile(confidence: f64, degrees: f64) -> f64 {
    const STEPS: usize = 200;
    let tail = 1.0 - confidence;
    let ln_scale =
        ln_gamma((degrees + 1.0) / 2.0) - ln_gamma(degrees / 2.0) - (degrees * std::f64::consts::PI).ln() / 2.0;
    let mut t = normal_quantile(confidence);
    for _ in 0..STEPS {
        let density = (ln_scale - (degrees + 1.0) / 2.0 * (t * t / degrees).ln_1p()).exp();
        let step = (student_two_sided(t, degrees) - tail) / (2.0 * density);
        t += step;
        if step.abs() <= 1e-14 * t {
            break;
        }
    }
    t
}

/// `P(X >= chi2)` of a chi-square `X` with `degrees` of freedom.
pub(super) fn chi_square_tail(chi2: f64, degrees: f64) -> f64 {
    if chi2 <= 0.0 { 1.0 } else { gamma_ur(degrees / 2.0, chi2 / 2.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found} {expected}");
    }

    #[test]
    fn tails_and_quantiles_are_scipys() {
        // scipy 1.17.1: 2 * norm.sf(z), norm.ppf(1 - a / 2), 2 * t.sf(t, df), t.ppf(1 - a / 2, df), chi2.sf(x, df).
        for (z, tail) in [
            (0.3, 0.7641771556220948),
            (1.96, 0.04999579029644087),
            (4.5, 6.795346249460107e-06),
            (12.0, 3.552964224155306e-33),
        ] {
            close(normal_two_sided(z), tail);
        }
        for (confidence, z) in [(0.5, 0.6744897501960817), (0.95, 1.959963984540054), (0.999, 3.2905267314919255)] {
            close(normal_quantile(confidence), z);
        }
        for (t, degrees, tail) in [
            (0.5, 1.0, 0.7048327646991335),
            (2.1, 7.3, 0.0722467134248534),
            (1.9, 42_000.7, 0.05743996157143483),
            (5.5, 1e6, 3.798838113818054e-08),
        ] {
            close(student_two_sided(t, degrees), tail);
            close(student_two_sided(-t, degrees), tail);
        }
        for (confidence, degrees, t) in [
            (0.95, 1.0, 12.706204736174694),
            (0.9, 3.7, 2.1824938039146007),
            (0.95, 29.5, 2.043724966772122),
            (0.99, 1_234.5, 2.579817729733322),
            (0.95, 42_612.3, 1.9600196571385384),
        ] {
            close(student_quantile(confidence, degrees), t);
        }
        for (chi2, degrees, tail) in [
            (0.2, 1.0, 0.6547208460185768),
            (10.828, 1.0, 0.0009997657195830916),
            (3.3, 2.0, 0.19204990862075405),
            (40.0, 4.0, 4.328422607120966e-08),
        ] {
            close(chi_square_tail(chi2, degrees), tail);
        }
    }
}
