//! Logistic regression against statsmodels 0.15.0, scikit-learn 1.9.1 and scipy 1.17.1.

use std::ops::Range;

use super::golden_rows::{Lcg, assert_near};
use super::logistic::{Design, Problem};
use super::unfit::Unfit;

/// Rows as they are.
struct Dense(Vec<[f64; 4]>);

impl Design for Dense {
    fn columns(&self) -> usize {
        4
    }

    fn fill(&self, rows: Range<usize>, out: &mut [f64]) {
        out.copy_from_slice(self.0[rows].as_flattened());
    }
}

/// An intercept, two columns that go together, of which the second works against the first, and a rare yes.
fn rows(count: usize) -> (Dense, Vec<bool>) {
    let mut lcg = Lcg(5);
    let row = |_| {
        let a = lcg.uniform() - 0.5;
        let b = 0.7 * a + lcg.uniform() - 0.5;
        let c = f64::from(u8::from(lcg.uniform() < 0.1));
        let logit = -0.5 + 2.0 * a - b + 1.5 * c;
        ([1.0, a, b, c], lcg.uniform() < 1.0 / (1.0 + (-logit).exp()))
    };
    let (rows, labels) = (0..count).map(row).unzip();
    (Dense(rows), labels)
}

fn solve(ridge: [f64; 4], is_positive: [bool; 4], weights: Option<&[f64]>) -> Vec<f64> {
    let (design, labels) = rows(10_001);
    let problem = Problem { design: &design, labels: &labels, weights, ridge: &ridge, is_positive: &is_positive };
    problem.solve(&[0.0; 4]).unwrap().weights
}

#[track_caller]
fn assert_all_near(found: &[f64], expected: &[f64], tolerance: f64) {
    found.iter().zip(expected).for_each(|(found, expected)| assert_near(*found, *expected, tolerance));
}

#[test]
fn without_penalty_it_is_statsmodels() {
    let expected = [-0.5025044327711528, 2.0150263252654486, -1.0524806027001792, 1.5183946460355884];
    assert_all_near(&solve([0.0; 4], [false; 4], None), &expected, 1e-11);
}

#[test]
fn weights_count_rows() {
    // statsmodels' GLM with freq_weights 1, 2, 0, 1, 2, 0, ...
    let weights: Vec<f64> = (0..10_001).map(|row| [1.0, 2.0, 0.0][row % 3]).collect();
    let expected = [-0.4887128498830514, 1.9154350521335206, -1.0223222277980124, 1.4923236259102697];
    assert_all_near(&solve([0.0; 4], [false; 4], Some(&weights)), &expected, 1e-11);
}

#[test]
fn with_a_ridge_it_is_scikit_learn() {
    // LogisticRegression(C=1/50, solver="newton-cholesky", tol=1e-12): the intercept is free.
    let expected = [-0.46026117900740293, 1.3246529849369095, -0.6109043405671836, 1.1564062540214306];
    assert_all_near(&solve([0.0, 50.0, 50.0, 50.0], [false; 4], None), &expected, 1e-9);
}

#[test]
fn weights_that_would_be_negative_are_exactly_zero() {
    // scikit-learn without the second column, which the bounded optimum of scipy's L-BFGS-B says is at its bound.
    let found = solve([0.0, 50.0, 50.0, 50.0], [false, true, true, true], None);
    assert_eq!(found[2], 0.0);
    let expected = [-0.4591837879681609, 0.99061866972897, 0.0, 1.1445775507641673];
    assert_all_near(&found, &expected, 1e-9);
}

#[test]
fn a_perfect_division_ends_with_a_status_or_a_penalised_weight() {
    let design = Dense((0..100).map(|row| [1.0, f64::from(row) - 49.5, 0.0, 0.0]).collect());
    let labels: Vec<bool> = (0..100).map(|row| row > 49).collect();
    let solve = |ridge: f64| {
        let ridge = [0.0, ridge, ridge, ridge];
        let problem =
            Problem { design: &design, labels: &labels, weights: None, ridge: &ridge, is_positive: &[false; 4] };
        problem.solve(&[0.0; 4])
    };
    assert_eq!(solve(0.0), Err(Unfit::NotConverged));
    let weights = solve(1.0).unwrap().weights;
    assert!(weights[1] > 0.0 && weights.iter().all(|weight| weight.is_finite()), "{weights:?}");
}

#[test]
fn no_bit_depends_on_the_number_of_threads() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| solve([0.0, 1.0, 1.0, 1.0], [false, true, true, true], None))
    };
    assert_eq!(on(1), on(7));
}
