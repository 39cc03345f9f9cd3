//! Against the donations of Fader, Hardie & Shang (2010), and what no parameters may break.

use super::super::fit::Termination;
use super::*;

/// `(x, t_x, donors)` over six yearly appeals: `donationsSummary` of BTYD and lifetimes, 11,104 donors.
const DONATIONS: [(u32, u32, f64); 22] = [
    (6, 6, 1203.),
    (5, 6, 728.),
    (4, 6, 512.),
    (3, 6, 357.),
    (2, 6, 234.),
    (1, 6, 129.),
    (5, 5, 335.),
    (4, 5, 284.),
    (3, 5, 225.),
    (2, 5, 173.),
    (1, 5, 119.),
    (4, 4, 240.),
    (3, 4, 181.),
    (2, 4, 155.),
    (1, 4, 78.),
    (3, 3, 322.),
    (2, 3, 255.),
    (1, 3, 129.),
    (2, 2, 613.),
    (1, 2, 277.),
    (1, 1, 1091.),
    (0, 0, 3464.),
];

fn donations() -> Vec<Cell> {
    let cell =
        |&(frequency, recency, customers): &(u32, u32, f64)| Cell { frequency, recency, opportunities: 6, customers };
    DONATIONS.iter().map(cell).collect()
}

fn near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "{found} is not {expected}");
}

#[test]
fn the_fit_is_that_of_the_paper_and_of_btyd() {
    let cells = donations();
    let fit = fit(&cells);
    assert_eq!(fit.termination, Termination::Converged);
    let expected = [1.2035223515394944, 0.7497163581488976, 0.6567182084653153, 2.783442232762788];
    let errors = [0.06939132540705235, 0.029447705879822324, 0.05100984396038172, 0.32081888265602504];
    let found = fit.errors().unwrap();
    for (index, parameter) in fit.parameters().into_iter().enumerate() {
        near(parameter, expected[index], 1e-6);
        near(found[index], errors[index], 1e-5);
    }
    near(fit.log_likelihood, -33225.581274347016, 1e-8);

    let model = BgBb::of(&fit.parameters());
    let future = |(x, t_x): (u32, u32)| model.future(x, t_x, 6);
    let of = |histories: [(u32, u32); 4], expected: [f64; 4], within: f64, of: fn(Future) -> f64| {
        for (history, expected) in histories.into_iter().zip(expected) {
            near(of(future(history)), expected, within);
        }
    };
    let some = [(0, 0), (2, 4), (3, 4), (6, 6)];
    of(some, [0.10813, 0.58966, 0.43959, 0.93043], 5e-6, |future| future.p_alive(1));
    of(some, [0.072863, 1.057604, 1.034572, 3.752544], 5e-7, |future| future.expected_purchases(5));
    of(some, [0.1147527, 1.6656233, 1.6293502, 5.9098943], 1e-7, |future| {
        future.discounted_purchases(1.0 / 1.1).unwrap()
    });
    // At the reference's own parameters, summed in 40 decimal digits.
    let reference = BgBb::of(&expected);
    for ((x, t_x), exact) in
        some.into_iter().zip([0.114752715635545, 1.665623273919537, 1.629350185981936, 5.909894245609874])
    {
        near(reference.future(x, t_x, 6).discounted_purchases(1.0 / 1.1).unwrap(), exact, 1e-13 * exact);
    }
    let total: f64 =
        cells.iter().map(|cell| cell.customers * future((cell.frequency, cell.recency)).expected_purchases(5)).sum();
    near(total, 12884.157, 5e-4);
}

#[test]
fn gradients_are_differences_of_the_likelihood() {
    let cells = donations();
    for at in [[0.2, -0.3, -0.4, 1.0], [-2.0, 1.0, 3.0, -1.0], [4.0, 5.0, -3.0, 2.0]] {
        let mut gradient = [0.0; 4];
        log_likelihood(&cells, &at, &mut gradient);
        for (index, slope) in gradient.iter().enumerate() {
            let shifted = |by: f64| {
                let mut beside = at;
                beside[index] += by;
                log_likelihood(&cells, &beside, &mut [0.0; 4])
            };
            near((shifted(1e-5) - shifted(-1e-5)) / 2e-5, *slope, 1e-6 * slope.abs().max(100.0));
        }
    }
}

#[test]
fn histories_of_all_kinds_have_probability_one() {
    let model = BgBb { alpha: 0.7, beta: 1.9, gamma: 0.4, delta: 1.3 };
    for n in [1_u32, 4, 9] {
        let rises = Rises::new(&model, n);
        let mut sum = 0.0;
        for t_x in 0..=n {
            // In how many ways `x` purchases can lie with the last one at `t_x`.
            let mut ways = 1.0;
            for x in u32::from(t_x > 0)..=t_x {
                let (value, _) = rises.history(x as usize, t_x as usize, n as usize, |_, _, _| {});
                sum += ways * value.exp();
                ways *= f64::from(t_x - x) / f64::from(x.max(1));
            }
        }
        near(sum, 1.0, 1e-12);
    }
}

#[test]
fn the_future_is_what_longer_histories_say() {
    // P(y purchases at the next m) from the likelihoods of all histories that go on that way.
    let model = BgBb { alpha: 1.2, beta: 0.75, gamma: 0.66, delta: 2.8 };
    let (x, t_x, n, ahead) = (2_u32, 3_u32, 5_u32, 4_u32);
    let rises = Rises::new(&model, n + ahead);
    let likelihood =
        |x: u32, t_x: u32, n: u32| rises.history(x as usize, t_x as usize, n as usize, |_, _, _| {}).0.exp();
    let mut expected = vec![0.0; ahead as usize + 1];
    for pattern in 0_u32..1 << ahead {
        let last = if pattern == 0 { t_x } else { n + 32 - pattern.leading_zeros() };
        expected[pattern.count_ones() as usize] +=
            likelihood(x + pattern.count_ones(), last, n + ahead) / likelihood(x, t_x, n);
    }
    let future = model.future(x, t_x, n);
    let found = future.purchase_probabilities(ahead);
    found.iter().zip(&expected).for_each(|(found, expected)| near(*found, *expected, 1e-13));
    near(future.p_none(ahead), expected[0], 1e-13);
    let mean: f64 = (0..).zip(&expected).map(|(purchases, p)| f64::from(purchases) * p).sum();
    near(future.expected_purchases(ahead), mean, 1e-13);
}

#[test]
fn impossible_histories_are_named() {
    let cell = |frequency, recency| Cell { frequency, recency, opportunities: 6, customers: 1.0 };
    assert!(DONATIONS.iter().all(|&(x, t_x, _)| cell(x, t_x).fault().is_none()));
    for (frequency, recency) in [(3, 2), (1, 7), (0, 1)] {
        assert!(cell(frequency, recency).fault().is_some(), "{frequency} {recency}");
    }
}

#[test]
fn no_parameters_make_nonsense() {
    let sizes = [1e-10, 1e-3, 0.7, 30.0, 1e5, 1e11];
    let histories =
        [(0, 0, 0), (0, 0, 1), (1, 1, 1), (0, 0, 400), (400, 400, 400), (1, 400, 400), (1, 1, 400), (37, 90, 400)];
    for alpha in sizes {
        for beta in sizes {
            for (gamma, delta) in sizes.iter().flat_map(|gamma| sizes.map(|delta| (*gamma, delta))) {
                let model = BgBb { alpha, beta, gamma, delta };
                for (x, t_x, n) in histories {
                    let future = model.future(x, t_x, n);
                    let (now, next) = (future.p_alive(0), future.p_alive(1));
                    assert!((0.0..=1.0).contains(&now) && (0.0..=now).contains(&next), "{model:?} {x} {t_x} {n}");
                    let probabilities = future.purchase_probabilities(6);
                    assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)), "{model:?} {probabilities:?}");
                    near(probabilities.iter().sum(), 1.0, 1e-5);
                    near(future.p_none(6), probabilities[0], 1e-5);
                    assert!((0.0..=6.0).contains(&future.expected_purchases(6)));
                    let discounted = future.discounted_purchases(0.9).unwrap();
                    assert!((0.0..=9.0 + 1e-9).contains(&discounted), "{model:?} {discounted}");
                    assert_eq!(future.discounted_purchases(1.0), None);
                }
            }
        }
    }
    for far in [-800.0, -40.0, 40.0, 800.0] {
        for index in 0..4 {
            let (mut at, mut gradient) = ([0.0; 4], [0.0; 4]);
            at[index] = far;
            let value = log_likelihood(&donations(), &at, &mut gradient);
            assert!(value < 0.0 && gradient.iter().all(|slope| slope.is_finite()), "{at:?}: {value} {gradient:?}");
        }
    }
}
