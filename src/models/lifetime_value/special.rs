//! Functions that the models share and no library has in a form that never overflows or cancels.
//!
//! Integrals are trapezoid sums in a logarithmic variable: for integrands that decay at both ends and are smooth in a strip
//! around the real line, their error falls exponentially in the number of nodes. All terms are positive.

use statrs::function::beta::ln_beta;
use statrs::function::gamma::ln_gamma;

/// `ln(e^x + e^y)`
pub fn log_add(x: f64, y: f64) -> f64 {
    let (low, high) = if x < y { (x, y) } else { (y, x) };
    if high == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

/// `ln(1 + e^z)`, and the weight `e^z / (1 + e^z)`.
pub fn log_odds(z: f64) -> (f64, f64) {
    if z > 0.0 {
        let e = (-z).exp();
        (z + e.ln_1p(), 1.0 / (1.0 + e))
    } else {
        let e = z.exp();
        (e.ln_1p(), e / (1.0 + e))
    }
}

/// Nodes are at most this far apart: the error is about `e^(-pi^2 / 0.2)`, less what complex arguments add.
const WIDEST: f64 = 0.2;

/// Where a term adds nothing to a sum any more.
const NOTHING: f64 = 1e-18;

/// Most nodes on either side: only parameters without meaning need as many.
const MOST_NODES: u32 = 100_000;

/// The trapezoid sum of `term` with nodes `width` apart, outwards from `middle`.
fn trapezoid(middle: f64, width: f64, term: impl Fn(f64) -> f64) -> f64 {
    let mut sum = term(middle);
    for side in [-width, width] {
        let (mut last, mut node) = (0.0, 1);
        loop {
            let value = term(middle + side * f64::from(node));
            sum += value;
            if value <= last && value <= NOTHING * sum || node == MOST_NODES {
                break;
            }
            (last, node) = (value, node + 1);
        }
    }
    sum * width
}

/// The expectation of a positive function of a gamma distributed rate: shape and inverse scale.
pub fn gamma_expectation(shape: f64, inverse_scale: f64, of: impl Fn(f64) -> f64) -> f64 {
    let ln_norm = ln_gamma(shape);
    let width = WIDEST.min(0.7 / (shape + 1.0).sqrt());
    trapezoid((shape + 0.5).ln(), width, |v| {
        let unit = v.exp();
        (shape * v - unit - ln_norm).exp() * of(unit / inverse_scale)
    })
}

/// The expectation of a positive function of a beta distributed probability.
pub fn beta_expectation(a: f64, b: f64, of: impl Fn(f64) -> f64) -> f64 {
    let ln_norm = ln_beta(a, b);
    let width = WIDEST.min(0.7 / (1.0 / (1.0 / a + 1.0 / b)).sqrt());
    trapezoid((a / b).ln(), width, |v| {
        let ln_p = -(-v).exp().ln_1p();
        let ln_not = -v.exp().ln_1p();
        (a * ln_p + b * ln_not - ln_norm).exp() * of(ln_p.exp())
    })
}

/// `e^z E_s(z)`, the integral of `e^(-z u) (1+u)^(-s)` over positive `u`: what an endless annuity that decays like a power
/// is worth. For `z > 0`; never overflows.
pub fn scaled_exponential_integral(s: f64, z: f64) -> f64 {
    // The integrand in v = ln u has its mode near u = 1 / (z + s).
    trapezoid(-(z + s).ln(), WIDEST, |v| {
        let u = v.exp();
        (v - z * u - s * u.ln_1p()).exp()
    })
}

/// `2F1(1, b; c; z)` for `0 <= z < 1` and `c > b > 0`, given `ln z`: the expectation of `1 / (1 - (1-p) z)` over
/// `p ~ Beta(c-b, b)`. Gauss's continued fraction (DLMF 15.7.1), all of whose coefficients lie between 0 and 1 here; the
/// expectation itself where that would converge slowly.
pub fn geometric_beta(b: f64, c: f64, ln_z: f64) -> f64 {
    let (z, rest) = (ln_z.exp(), -ln_z.exp_m1());
    if rest < 1e-4 {
        return beta_expectation(c - b, b, |p| 1.0 / (rest + p * z));
    }
    // 1 / (1 - k1 z / (1 - k2 z / ...)) by Steed's forward recurrence.
    let coefficient = |i: u32| {
        let n = f64::from(i / 2);
        if i == 1 {
            b / c
        } else if i % 2 == 1 {
            (b + n) * (c - 1.0 + n) / ((c - 1.0 + 2.0 * n) * (c + 2.0 * n))
        } else {
            n * (c - 1.0 - b + n) / ((c - 2.0 + 2.0 * n) * (c - 1.0 + 2.0 * n))
        }
    };
    let (mut d, mut term, mut sum) = (1.0, 1.0, 1.0);
    for i in 1..100_000 {
        let k = coefficient(i) * z;
        d = 1.0 / (1.0 - k * d);
        term *= d - 1.0;
        sum += term;
        if term.abs() <= 1e-16 * sum {
            break;
        }
    }
    sum
}

/// Nodes and weights of Gauss-Legendre quadrature of order 8 on [-1, 1] (half of them).
const GAUSS_8: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_27),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
];

/// The integral of a function from 0 to `t` that is smooth but for what happened `scale` before 0: Gauss-Legendre panels
/// that double in length.
pub fn integrate(t: f64, scale: f64, of: impl Fn(f64) -> f64) -> f64 {
    let panels = (t / scale).ln_1p() / std::f64::consts::LN_2;
    let panels = panels.ceil().clamp(1.0, 64.0);
    let growth = (t / scale).ln_1p() / panels;
    let border = |panel: f64| scale * (growth * panel).exp_m1();
    let (mut sum, mut from, mut panel) = (0.0, 0.0, 0.0);
    while panel < panels {
        panel += 1.0;
        let to = if panel == panels { t } else { border(panel) };
        let (middle, half) = ((from + to) / 2.0, (to - from) / 2.0);
        for (node, weight) in GAUSS_8 {
            sum += weight * half * (of(middle - half * node) + of(middle + half * node));
        }
        from = to;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, wanted: f64, relative: f64) {
        assert!((found / wanted - 1.0).abs() < relative, "{found} is not {wanted}");
    }

    #[test]
    fn exponential_integrals() {
        // E_1(1) = 0.21938393439552027 (DLMF table 6.19), times e.
        close(scaled_exponential_integral(1.0, 1.0), 0.219_383_934_395_520_27 * std::f64::consts::E, 1e-13);
        // E_2(z) = e^-z - z E_1(z)
        close(scaled_exponential_integral(2.0, 1.0), 1.0 - 0.219_383_934_395_520_27 * std::f64::consts::E, 1e-13);
        // Far out, 1 / (z + s) (DLMF 8.20.3 to first order).
        close(scaled_exponential_integral(0.6, 1e9), 1.0 / (1e9 + 0.6), 1e-9);
    }

    #[test]
    fn geometric_series_of_beta_probabilities() {
        // 2F1(1, 1; 2; z) = -ln(1-z)/z
        for z in [1e-9, 0.3, 0.9, 0.999, 0.999_999_9] {
            close(geometric_beta(1.0, 2.0, f64::ln(z)), -f64::ln_1p(-z) / z, 2e-9_f64.max(1e-13));
        }
        // With ln z given, nothing is lost near 1: 2F1(1, 1; 2; e^-h).
        let h: f64 = 1e-12;
        close(geometric_beta(1.0, 2.0, -h), -(-(-h).exp_m1()).ln() / (-h).exp(), 1e-12);
        // Both ways agree where they meet.
        let (b, c) = (2.7, 3.4);
        let z: f64 = 1.0 - 2e-4;
        close(geometric_beta(b, c, z.ln()), beta_expectation(c - b, b, |p| 1.0 / (1.0 - (1.0 - p) * z)), 1e-11);
    }

    #[test]
    fn expectations() {
        for shape in [0.05, 0.7, 3.0, 2_500.0] {
            close(gamma_expectation(shape, 4.0, |rate| rate), shape / 4.0, 1e-10);
        }
        for (a, b) in [(0.05, 3.0), (0.8, 2.4), (700.0, 900.0), (0.3, 5_000.0)] {
            close(beta_expectation(a, b, |p| p), a / (a + b), 1e-10);
        }
        close(integrate(50.0, 2.0, |u| 1.0 / (2.0 + u)), f64::ln(26.0), 1e-12);
    }
}
