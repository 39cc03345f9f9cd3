//! Against the table of Fader & Hardie (2007), and what no parameters may break.

use super::super::fit::Termination;
use super::*;

const REGULAR: [f64; 13] = [1000., 631., 468., 382., 326., 289., 262., 241., 223., 207., 194., 183., 173.];
const HIGH_END: [f64; 13] = [1000., 869., 743., 653., 593., 551., 517., 491., 468., 445., 427., 409., 394.];
const YEAR: f64 = 1.0 / 1.1;

/// The first seven years.
fn seven(left: &[f64; 13]) -> Renewals {
    Renewals::of_cohort(&left[..8])
}

fn fitted(family: Family, renewals: &Renewals) -> (Fit, Curve) {
    let fit = fit(family, renewals);
    let curve = Curve::of(&fit.parameters());
    (fit, curve)
}

#[track_caller]
fn near(found: &[f64], expected: &[f64], within: f64) {
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= within, "{found} is not {expected}");
    }
}

#[test]
fn the_shifted_beta_geometric_is_that_of_the_paper() {
    for (left, parameters, ll, survival, lifetime, residuals) in [
        (
            &REGULAR,
            [0.7040773, 1.1820430],
            -1680.265188,
            [0.22008, 0.20441, 0.19119, 0.17986, 0.17004],
            3.694908,
            [2.964399, 4.103140, 4.869805, 5.442058, 5.894095],
        ),
        (
            &HIGH_END,
            [0.6680884, 3.8060950],
            -1611.158147,
            [0.46044, 0.43578, 0.41417, 0.39506, 0.37800],
            5.922253,
            [5.414479, 5.901377, 6.293892, 6.619920, 6.896707],
        ),
    ] {
        let (fit, curve) = fitted(Family::Sbg, &seven(left));
        assert_eq!(fit.termination, Termination::Converged);
        near(&fit.parameters(), &parameters, 1e-7);
        near(&[fit.log_likelihood], &[ll], 1e-6);
        near(&[8, 9, 10, 11, 12].map(|n| curve.survival(n)), &survival, 5e-6);
        near(&[curve.expected_lifetime(YEAR).unwrap()], &[lifetime], 6e-7);
        near(&curve.residual_lifetimes(5, YEAR).unwrap(), &residuals, 6e-7);
        // Just before renewal 4, over a horizon that is as good as endless; and over one renewal.
        near(&[curve.discounted_renewals(3, 400, YEAR)], &residuals[3..4], 6e-7);
        near(&[curve.discounted_renewals(3, 1, YEAR)], &[curve.retention(4)], 1e-15);
        assert_eq!(curve.discounted_renewals(3, 0, YEAR), 0.0);
    }
}

#[test]
fn the_beta_discrete_weibull_is_that_of_the_reference() {
    for (left, parameters, ll, last) in [
        (&REGULAR, [0.455614, 0.779326, 1.283451], -1679.602833, 0.17733),
        (&HIGH_END, [0.214253, 1.426575, 1.723565], -1605.314213, 0.40393),
    ] {
        let (fit, curve) = fitted(Family::Bdw, &seven(left));
        assert_eq!(fit.termination, Termination::Converged);
        near(&fit.parameters(), &parameters, 2e-6);
        near(&[fit.log_likelihood], &[ll], 1e-6);
        near(&[curve.survival(12)], &[last], 5e-6);
    }
}

#[test]
fn gradients_are_differences_of_the_likelihood() {
    let renewals = Renewals { at_risk: vec![900., 500., 260., 90., 12.], lost: vec![250., 90., 20., 3., 0.] };
    for (family, at) in [
        (Family::Sbg, vec![-0.4, 0.9]),
        (Family::Sbg, vec![4.0, 7.0]),
        (Family::Bdw, vec![-0.4, 0.9, 0.3]),
        (Family::Bdw, vec![3.0, 5.0, -0.5]),
        (Family::Bdw, vec![-3.0, -1.0, 0.0]),
    ] {
        let mut gradient = vec![0.0; at.len()];
        log_likelihood(family, &renewals, &at, &mut gradient);
        for (index, slope) in gradient.iter().enumerate() {
            let shifted = |by: f64| {
                let mut beside = at.clone();
                beside[index] += by;
                log_likelihood(family, &renewals, &beside, &mut vec![0.0; at.len()])
            };
            let difference = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
            assert!((difference - slope).abs() < 1e-6 * (1.0 + slope.abs()), "{family:?} {at:?}");
        }
    }
}

#[test]
fn cohorts_of_different_ages_add_up() {
    // The likelihood of cohorts one by one: P(lost at n) for the lost, S(last) for the rest.
    let curve = Curve { alpha: 0.8, beta: 2.5, shape: 1.0 };
    let cohorts: [&[f64]; 3] = [&[100., 70., 60., 55.], &[80., 65., 50.], &[120., 90.]];
    let (mut pooled, mut one_by_one) = (Renewals { at_risk: vec![0.0; 3], lost: vec![0.0; 3] }, 0.0);
    for cohort in cohorts {
        let renewals = Renewals::of_cohort(cohort);
        for (index, (at_risk, lost)) in renewals.at_risk.iter().zip(&renewals.lost).enumerate() {
            pooled.at_risk[index] += at_risk;
            pooled.lost[index] += lost;
            let n = index as u32 + 1;
            one_by_one += lost * (curve.survival(n - 1) - curve.survival(n)).ln();
        }
        one_by_one += cohort.last().unwrap() * curve.survival(cohort.len() as u32 - 1).ln();
    }
    let found = log_likelihood(Family::Sbg, &pooled, &[0.8_f64.ln(), 2.5_f64.ln()], &mut [0.0; 2]);
    near(&[found], &[one_by_one], 1e-9);
}

#[test]
fn renewals_ahead_are_a_distribution() {
    for curve in [Curve { alpha: 0.7, beta: 1.2, shape: 1.0 }, Curve { alpha: 0.2, beta: 1.4, shape: 1.7 }] {
        for from in [0, 1, 30] {
            let probabilities = curve.renewal_probabilities(from, 12);
            let mean: f64 = (0..).zip(&probabilities).map(|(renewals, p)| f64::from(renewals) * p).sum();
            near(&[probabilities.iter().sum::<f64>(), mean], &[1.0, curve.expected_renewals(from, 12)], 1e-13);
            near(&[probabilities[12]], &[curve.kept(from, 12)], 0.0);
            near(&[probabilities[0]], &[1.0 - curve.retention(from + 1)], 1e-14);
        }
    }
    assert_eq!(Curve::of(&[1.0, 1.0]).renewal_probabilities(3, 0), [1.0]);
}

#[test]
fn summed_lifetimes_are_the_closed_ones() {
    // A shape beside 1 takes the sum, 1 the continued fraction.
    for (alpha, beta) in [(0.7, 1.2), (0.05, 40.0), (30.0, 2.0)] {
        for z in [YEAR, 0.992, 0.9997] {
            let closed = Curve { alpha, beta, shape: 1.0 };
            let summed = Curve { shape: 1.0 + 1e-12, ..closed };
            let (closed, summed) = (closed.residual_lifetimes(9, z).unwrap(), summed.residual_lifetimes(9, z).unwrap());
            for (closed, summed) in closed.iter().zip(summed) {
                assert!((closed / summed - 1.0).abs() < 1e-9, "{alpha} {beta} {z}: {closed} {summed}");
            }
        }
    }
    assert_eq!(Curve::of(&[0.7, 1.2]).residual_lifetimes(3, 1.0), None, "without discount it may be infinite");
}

#[test]
fn no_parameters_make_nonsense() {
    let sizes = [1e-12, 1e-4, 0.3, 1.0, 50.0, 1e6, 1e12];
    for alpha in sizes {
        for beta in sizes {
            for shape in [0.05, 0.5, 1.0, 1.5, 6.0] {
                let curve = Curve { alpha, beta, shape };
                for from in [0, 1, 7, 400, 100_000] {
                    let probabilities = curve.renewal_probabilities(from, 24);
                    assert!(
                        probabilities.iter().all(|p| (0.0..=1.0).contains(p)),
                        "{curve:?} {from} {probabilities:?}"
                    );
                    assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{curve:?} {from}");
                    let expected = curve.expected_renewals(from, 24);
                    assert!((0.0..=24.0).contains(&expected));
                }
                let residuals = curve.residual_lifetimes(6, 0.99).unwrap();
                assert!(residuals.iter().all(|value| (0.0..=100.0 + 1e-9).contains(value)), "{curve:?} {residuals:?}");
            }
        }
    }
    let renewals = Renewals { at_risk: vec![10., 5., 2.], lost: vec![5., 3., 2.] };
    for far in [-800.0, -50.0, 50.0, 800.0] {
        for at in [[far, 0.0, 0.0], [0.0, far, 0.0], [0.0, 0.0, far], [far, far, 0.0], [far, -far, 0.0]] {
            let mut gradient = [0.0; 3];
            let value = log_likelihood(Family::Bdw, &renewals, &at, &mut gradient);
            assert!(value <= 0.0 && gradient.iter().all(|slope| slope.is_finite()), "{at:?}: {value} {gradient:?}");
        }
    }
}

#[test]
fn contracts_that_do_not_differ_are_a_boundary() {
    // A fifth is lost at each renewal, to the contract.
    let left: Vec<f64> = (0..9).map(|n| 1e6 * 0.8_f64.powi(n)).collect();
    let renewals = Renewals::of_cohort(&left);
    let (fit, curve) = fitted(Family::Sbg, &renewals);
    assert_eq!(fit.termination, Termination::Boundary);
    near(&[curve.retention(1), curve.retention(9)], &[0.8, 0.8], 1e-3);
    let (loss, ll) = renewals.constant_loss();
    near(&[loss], &[0.2], 1e-12);
    assert!(ll >= fit.log_likelihood && ll - fit.log_likelihood < 50.0);
}
