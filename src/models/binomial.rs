//! Whether customers buy on fewer days than before, or whether it is chance.
//!
//! Given `n` purchase days in two windows together, and a rate that did not change, the number in the last one is binomial
//! with the last window's share of the exposure. Its lower tail is the p-value; Benjamini and Hochberg's step-up turns the
//! p-values of all customers into q-values, so that among those with `q <= f` a share of at most `f` is expected to be there
//! by chance (`spec/definitions.md` 3.5, part 5).

use super::{Inputs, Model, Rows, Takes, Values};
use crate::error::{Error, Result};

/// Reads how many customers have each pair of counts; makes the test of each pair.
pub const MODEL: Model = Model {
    name: "binomial",
    reads: &["run_params", "shrink_counts"],
    makes: &["shrink_tests"],
    takes: Takes::Compact,
    compute,
};

/// `P(X <= k)` of a binomial `X` with `n` trials of probability `p`, `0 <= k <= n`, `0 < p < 1`.
///
/// The largest term is found by logarithms of factorials and the others by their ratios, from `k` downwards.
pub fn lower_tail(k: u64, n: u64, p: f64, ln_factorials: &[f64]) -> f64 {
    let ln_factorial = |i: u64| ln_factorials[i as usize];
    let (trials, odds) = (n as f64, p / (1.0 - p));
    let ln_term =
        ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k) + k as f64 * p.ln() + (n - k) as f64 * (-p).ln_1p();
    let (mut term, mut sum) = (1.0, 1.0);
    for i in (1..=k).rev() {
        let i = i as f64;
        term *= i / ((trials - i + 1.0) * odds);
        sum += term;
    }
    (ln_term.exp() * sum).min(1.0)
}

/// Logarithms of the factorials of 0 to `n`.
pub fn ln_factorials(n: u64) -> Vec<f64> {
    let mut sum = 0.0;
    (0..=n)
        .map(|i| {
            sum += if i > 1 { (i as f64).ln() } else { 0.0 };
            sum
        })
        .collect()
}

/// Benjamini and Hochberg's q-values of p-values that stand for `counts` tests each. Equal p-values share a q-value.
///
/// # References
/// Benjamini & Hochberg (1995), JRSS B 57(1), 289-300; q is the smallest rate at which the test is found.
pub fn q_values(p: &[f64], counts: &[i64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]).then(a.cmp(&b)));
    let mut place = counts.iter().sum::<i64>();
    let tests = place as f64;
    let mut smallest = 1.0_f64;
    let mut q = vec![1.0; p.len()];
    // From the largest p-value down: of equal ones the last has the highest place, and the smallest so far does the rest.
    for &index in order.iter().rev() {
        if place > 0 {
            smallest = smallest.min(p[index] * tests / place as f64);
        }
        q[index] = smallest;
        place -= counts[index];
    }
    q
}

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let params = inputs.table("run_params")?;
    let one = |column: &str| -> Result<i64> {
        let value = params.whole(column)?.first().copied().flatten();
        value.ok_or_else(|| Error::internal(format!("`run_params.{column}` is empty")))
    };
    let (window, rate) = (one("compare_days")? as f64, one("fdr_ppm")? as f64 / 1e6);
    let table = inputs.table("shrink_counts")?;
    let column = |name: &str| -> Result<Vec<i64>> {
        if table.rows() == 0 {
            return Ok(Vec::new());
        }
        Ok(table.whole(name)?.into_iter().map(Option::unwrap_or_default).collect())
    };
    let (now, before) = (column("days_now")?, column("days_prev")?);
    let (exposure, customers) = (column("exposure_days")?, column("customers")?);

    let most = now.iter().zip(&before).map(|(now, before)| now + before).max().unwrap_or(0);
    let ln_factorials = ln_factorials(most.unsigned_abs());
    let p: Vec<f64> = (0..now.len())
        .map(|row| {
            let share = window / (window + exposure[row] as f64);
            let (k, n) = (now[row].unsigned_abs(), (now[row] + before[row]).unsigned_abs());
            lower_tail(k, n, share, &ln_factorials)
        })
        .collect();
    let q = q_values(&p, &customers);
    let whole = |column: Vec<i64>| Values::Whole(column.into_iter().map(Some).collect());
    Ok(vec![vec![
        whole(now),
        whole(before),
        whole(exposure),
        Values::Text(p.iter().map(|_| Some("ok".to_owned())).collect()),
        Values::Boolean(q.iter().map(|&q| Some(q <= rate)).collect()),
        Values::Double(p.into_iter().map(Some).collect()),
        Values::Double(q.into_iter().map(Some).collect()),
    ]])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tail(k: u64, n: u64, p: f64) -> f64 {
        lower_tail(k, n, p, &ln_factorials(n))
    }

    #[test]
    fn tails_are_scipys() {
        // scipy 1.17.1, binom.cdf(k, n, p).
        for (k, n, p, expected) in [
            (0, 5, 0.5, 0.03125),
            (3, 20, 0.5, 0.0012884140014648438),
            (2, 9, 0.6460176991150443, 0.011983714243402326),
            (40, 120, 0.5, 0.00016520000919565908),
            (300, 700, 0.5, 8.92381572428122e-05),
            (7, 7, 0.3, 1.0),
            (1, 60, 0.6, 1.2095974761642774e-22),
            (500, 2000, 0.5, 7.371987614885022e-116),
        ] {
            let found = tail(k, n, p);
            assert!((found - expected).abs() <= 1e-11 * expected, "{k} of {n}: {found} {expected}");
        }
    }

    #[test]
    fn a_tail_of_everything_is_one() {
        for n in [0, 1, 7, 2_000] {
            assert!((tail(n, n, 0.37) - 1.0).abs() < 1e-12, "{n}");
        }
    }

    #[test]
    fn q_values_are_those_of_the_tests_one_by_one() {
        // scipy.stats.false_discovery_control of the eight p-values one by one.
        let (p, counts) = ([0.01, 0.04, 0.03, 0.5, 0.005], [1, 2, 1, 3, 1]);
        let q = q_values(&p, &counts);
        let expected = [0.04, 0.064, 0.064, 0.5, 0.04];
        for (q, expected) in q.iter().zip(expected) {
            assert!((q - expected).abs() < 1e-12, "{q} {expected}");
        }
        assert!(q_values(&[], &[]).is_empty());
    }

    #[test]
    fn equal_p_values_share_a_q_value() {
        let q = q_values(&[0.02, 0.02, 0.9], &[1, 1, 1]);
        assert_eq!(q[0], q[1]);
        assert!((q[0] - 0.03).abs() < 1e-15);
    }

    #[test]
    fn q_values_do_not_depend_on_the_order_of_the_tests() {
        let (p, counts) = (vec![0.2, 0.001, 0.04, 0.04, 0.7], vec![5, 1, 2, 9, 4]);
        let q = q_values(&p, &counts);
        let turned: Vec<usize> = vec![3, 0, 4, 2, 1];
        let q_turned = q_values(
            &turned.iter().map(|&i| p[i]).collect::<Vec<_>>(),
            &turned.iter().map(|&i| counts[i]).collect::<Vec<_>>(),
        );
        assert_eq!(turned.iter().map(|&i| q[i]).collect::<Vec<_>>(), q_turned);
    }
}
