//! Ratios of gamma functions, and the sums of beta functions that discounted lifetimes are, without cancellation.

use std::f64::consts::LN_2;

/// From here upwards Stirling's series has all digits of a double.
const STIRLING: f64 = 20.0;

/// What Stirling's series adds to `(x - 1/2) ln x - x + ln(2 pi) / 2`.
fn stirling_rest(x: f64) -> f64 {
    let y = 1.0 / (x * x);
    (1.0 / 12.0 - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y * (1.0 / 1680.0 - y / 1188.0)))) / x
}

/// What the asymptotic series of the digamma function adds to `ln x`.
fn digamma_rest(x: f64) -> f64 {
    let y = 1.0 / (x * x);
    -0.5 / x - y * (1.0 / 12.0 - y * (1.0 / 120.0 - y * (1.0 / 252.0 - y * (1.0 / 240.0 - y / 132.0))))
}

/// `ln Gamma(x + a) - ln Gamma(x)` for `x > 0`, `a >= 0`: right to rounding where the difference of two logarithms would
/// cancel.
pub(super) fn ln_gamma_rise(x: f64, a: f64) -> f64 {
    let (mut x, mut below) = (x, 0.0);
    while x < STIRLING {
        below += (a / x).ln_1p();
        x += 1.0;
    }
    let top = x + a;
    (x - 0.5) * (a / x).ln_1p() + a * (top.ln() - 1.0) + (stirling_rest(top) - stirling_rest(x)) - below
}

/// `psi(x + a) - psi(x)` for `x > 0`, `a >= 0`, as [`ln_gamma_rise`].
pub(super) fn digamma_rise(x: f64, a: f64) -> f64 {
    let (mut x, mut below) = (x, 0.0);
    while x < STIRLING {
        below += a / x / (x + a);
        x += 1.0;
    }
    (a / x).ln_1p() + (digamma_rest(x + a) - digamma_rest(x)) + below
}

/// `ln B(a, b + rise) - ln B(a, b)`: the logarithm of `E[(1 - p)^rise]` for `p ~ Beta(a, b)`, at most 0.
///
/// The gamma functions are paired so that what cancels is as small as it can be.
pub(super) fn ln_beta_fall(a: f64, b: f64, rise: f64) -> f64 {
    let fall = if rise <= a {
        ln_gamma_rise(b, rise) - ln_gamma_rise(a + b, rise)
    } else {
        ln_gamma_rise(b, a) - ln_gamma_rise(b + rise, a)
    };
    fall.min(0.0)
}

/// `ln(1 - exp(x))` for `x <= 0`.
pub(super) fn ln_one_less_exp(x: f64) -> f64 {
    if x > -LN_2 { (-x.exp_m1()).ln() } else { (-x.exp()).ln_1p() }
}

/// `2F1(1, b; a + b; z) = sum of B(a, b + t) / B(a, b) z^t over t >= 0`, for `a, b > 0` and `0 <= z < 1`.
///
/// Gauss's continued fraction, summed as Gautschi does: all terms are positive, so that nothing cancels and every partial
/// sum is a lower bound. It takes some `20 / sqrt(1 - z)` terms.
///
/// # References
/// Gauss (1813); Gautschi (1967), SIAM Review 9; Fader & Hardie (2010), Marketing Science 29, for its use.
pub(super) fn beta_discounted(a: f64, b: f64, z: f64) -> f64 {
    let c = a + b;
    let stop = 1e-17 * (1.0 - z).sqrt();
    let (mut sum, mut term, mut ratio) = (1.0, 1.0, 0.0);
    let mut l = 1.0;
    loop {
        let odd =
            if l == 1.0 { b / c } else { (b + l - 1.0) / (c + 2.0 * l - 3.0) * ((c + l - 2.0) / (c + 2.0 * l - 2.0)) };
        let even = l / (c + 2.0 * l - 2.0) * ((a + l - 1.0) / (c + 2.0 * l - 1.0));
        for coefficient in [odd, even] {
            let step = coefficient * z * (1.0 + ratio);
            ratio = step / (1.0 - step);
            term *= ratio;
            sum += term;
        }
        if term <= stop * sum || term.is_nan() || l > 1e8 {
            return sum;
        }
        l += 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, relative: f64) {
        assert!((found - expected).abs() <= relative * expected.abs(), "{found} is not {expected}");
    }

    #[test]
    fn gamma_ratios_are_those_of_whole_steps() {
        for x in [1e-9, 0.3, 1.0, 7.5, 19.99, 20.0, 431.0, 1e9] {
            let (mut product, mut psi) = (0.0, 0.0);
            for step in 0..6 {
                close(ln_gamma_rise(x, f64::from(step)), product, 1e-13);
                close(digamma_rise(x, f64::from(step)), psi, 1e-13);
                product += (x + f64::from(step)).ln();
                psi += 1.0 / (x + f64::from(step));
            }
        }
        // ln Gamma(2.5) - ln Gamma(2) and psi(2.5) - psi(2), from their closed forms.
        close(ln_gamma_rise(2.0, 0.5), (0.75 * std::f64::consts::PI.sqrt()).ln(), 1e-14);
        close(digamma_rise(2.0, 0.5), 2.0 + 2.0 / 3.0 - 2.0 * LN_2 - 1.0, 1e-14);
    }

    #[test]
    fn the_fall_of_a_beta_function_is_an_expectation() {
        for (a, b) in [(0.7, 1.2), (1e-6, 3.0), (40.0, 2e6), (3e7, 5e7), (1e-4, 1e-4)] {
            let mut sum = 0.0;
            for rise in 0..60 {
                close(ln_beta_fall(a, b, f64::from(rise)), sum, 1e-7);
                sum -= (a / (b + f64::from(rise))).ln_1p();
            }
        }
    }

    #[test]
    fn the_continued_fraction_is_the_series() {
        for (a, b) in [(0.7, 1.2), (1e-6, 3.0), (40.0, 0.01), (0.2, 500.0), (1e9, 1e9), (1e-8, 1e-8)] {
            for z in [0.0, 0.5, 1.0 / 1.1, 0.992] {
                let (mut sum, mut term, mut t) = (0.0, 1.0, 0.0);
                while term > 1e-18 {
                    sum += term;
                    term *= z * (b + t) / (a + b + t);
                    t += 1.0;
                }
                close(beta_discounted(a, b, z), sum, 2e-12);
            }
        }
    }
}
