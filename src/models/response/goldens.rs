//! Every estimate against scipy 1.17.1 and statsmodels 0.15.0, to 1e-9.
#![allow(clippy::unwrap_used)]

use super::*;

/// The two arms of the goldens: 150 treated and 90 of the control, `x` before and `y` after.
fn arms() -> (Vec<(i64, i64)>, Vec<(i64, i64)>) {
    let treated = (0..150).map(|i| (i * i * 37 + 11 * i) % 101).zip(0..).map(|(x, i)| (x, 3 * x + (i * 53) % 97 + 40));
    let control = (0..90).map(|j| (j * j * 23 + 7 * j) % 101).zip(0..).map(|(x, j)| (x, 3 * x + (j * 71) % 89));
    (treated.collect(), control.collect())
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-3), "{found} {expected}");
}

fn same(found: &Difference, [effect, lo, hi, p_value]: [f64; 4]) {
    close(found.effect, effect);
    close(found.interval.lo, lo);
    close(found.interval.hi, hi);
    close(found.p_value, p_value);
}

fn outcomes(arm: &[(i64, i64)]) -> Moments {
    Moments::of(arm.iter().map(|(_, y)| *y))
}

fn pairs(arm: &[(i64, i64)]) -> Joint {
    Joint::of(arm.iter().copied())
}

#[test]
fn welch_is_scipys_and_statsmodels() {
    let (treated, control) = arms();
    // scipy.stats.ttest_ind(equal_var=False), .confidence_interval(0.95); statsmodels CompareMeans.tconfint_diff(
    // usevar="unequal") gives the same ends to the last digit.
    let expected = [39.108888888888885, 15.15168587982658, 63.06609189795119, 0.00151859926131997];
    same(&welch(&outcomes(&treated), &outcomes(&control), 0.95).unwrap(), expected);
}

#[test]
fn nothing_is_said_of_one_customer_or_where_nothing_varies() {
    let (one, many, constant) = (Moments::of([3]), Moments::of([1, 2, 5]), Moments::of([4; 9]));
    assert_eq!(welch(&one, &many, 0.95), None);
    assert_eq!(welch(&constant, &constant, 0.95), None);
    assert_eq!(lift(&many, &Moments::of([0, 0]), 0.95), None);
    let nobody = Moments::of([0; 9]);
    assert_eq!(newcombe(&nobody, &nobody, 0.95), None);
    assert_eq!(newcombe(&Moments::of([1; 9]), &Moments::of([1; 4]), 0.95), None);
}

#[test]
fn cuped_is_welch_of_adjusted_outcomes() {
    let (treated, control) = arms();
    let found = cuped([&pairs(&treated), &pairs(&control)], [&Moments::default(); 2], 0.95).unwrap();
    // numpy.cov for theta, then scipy.stats.ttest_ind(equal_var=False) of y - theta (x - mean x).
    let expected = [43.63577665393643, 36.57492259634101, 50.69663071151185, 7.226102246334026e-26];
    same(&found.difference, expected);
    close(found.theta, 2.991335527564467);
    close(found.variance_removed, 0.9129968660067563);
}

#[test]
fn new_customers_are_a_stratum() {
    let (treated, control) = arms();
    let new = [&outcomes(&treated[..30]), &outcomes(&control[..20])];
    let found = cuped([&pairs(&treated[30..]), &pairs(&control[20..])], new, 0.95).unwrap();
    // numpy, stratum by stratum, with scipy.stats.t and Satterthwaite's degrees of freedom.
    let expected = [49.59314732851104, 37.09201655504495, 62.094278101977125, 3.0177494725656045e-11];
    same(&found.difference, expected);
    close(found.theta, 2.9376819166231276);
}

#[test]
fn one_new_customer_in_an_arm_is_put_with_the_others() {
    let (treated, control) = arms();
    let new = [&outcomes(&treated[..30]), &outcomes(&control[..1])];
    let found = cuped([&pairs(&treated[30..]), &pairs(&control[1..])], new, 0.95).unwrap();
    // scipy.stats.ttest_ind(equal_var=False) of adjusted and new outcomes together.
    close(found.theta, 2.9527588965712415);
    close(found.difference.effect, 44.788986066641854);
    close(found.difference.interval.lo, 34.825535432110414);
    close(found.difference.interval.hi, 54.752436701173295);
}

#[test]
fn a_measure_before_that_never_varies_changes_nothing() {
    let (treated, control) = arms();
    let flat = |arm: &[(i64, i64)]| Joint::of(arm.iter().map(|(_, y)| (7, *y)));
    let found = cuped([&flat(&treated), &flat(&control)], [&Moments::default(); 2], 0.95).unwrap();
    assert_eq!(found.difference, welch(&outcomes(&treated), &outcomes(&control), 0.95).unwrap());
    assert_eq!((found.theta, found.variance_removed), (0.0, 0.0));
}

#[test]
fn newcombe_is_statsmodels() {
    let arm = |(events, n): (i64, i64)| {
        let mut moments = Moments::default();
        moments.add(1, events);
        moments.add(0, n - events);
        moments
    };
    // statsmodels confint_proportions_2indep(method="newcomb"), proportions_ztest. The first two are (a) and (c) of
    // Newcombe's table II: 0.0524 to 0.3339 and 0.1705 to 0.8090; the last is Hillstrom's conversion, men's mail.
    for (treated, control, expected) in [
        ((56, 70), (48, 80), [0.20000000000000007, 0.05243147240236498, 0.33387265403690614, 0.00804508136819656]),
        ((9, 10), (3, 10), [0.6000000000000001, 0.1705227239345029, 0.809017973535488, 0.006169899320544151]),
        ((0, 20), (3, 25), [-0.12, -0.2995579392092733, 0.05915689189369627, 0.10880943004054568]),
        (
            (267, 21_306),
            (122, 21_306),
            [0.0068055946681685915, 0.005014881116860971, 0.008641375206496146, 1.517900352646952e-13],
        ),
    ] {
        same(&newcombe(&arm(treated), &arm(control), 0.95).unwrap(), expected);
    }
    // statsmodels proportion_confint(method="wilson").
    let found = wilson(56.0, 70.0, 0.95);
    close(found.lo, 0.6918335550374695);
    close(found.hi, 0.8769526075163705);
    let none = wilson(0.0, 20.0, 0.95);
    assert!((0.0..1e-15).contains(&none.lo), "{}", none.lo);
    close(none.hi, 0.1611251580528194);
}

#[test]
fn a_ratio_varies_as_its_robust_regression_says() {
    let (treated, control) = arms();
    let joint = |arm: &[(i64, i64)]| Joint::of(arm.iter().map(|(x, y)| (x + 1, *y)));
    let found = ratio(&joint(&treated), &joint(&control), 0.95).unwrap();
    // statsmodels WLS of y / x on a constant with weights x, cov_type="HC0", its variance times n / (n - 1).
    let expected = [0.9107304078247731, 0.6845581482729295, 1.1369026673766167, 2.9688339432622702e-15];
    same(&found, expected);
    close(found.std_error, 0.1153961304064062);
    assert_eq!(ratio(&joint(&treated), &Joint::of([(0, 0), (0, 0)]), 0.95), None);
}

#[test]
fn a_lift_is_the_delta_methods() {
    let (treated, control) = arms();
    let found = lift(&outcomes(&treated), &outcomes(&control), 0.95).unwrap();
    // numpy, by the formula of the paper.
    close(found.lift, 0.20283524462628932);
    close(found.interval.lo, 0.06236169225560445);
    close(found.interval.hi, 0.3433087969969742);
}

#[test]
fn sizes_of_arms_are_held_against_the_plan() {
    // scipy.stats.chisquare: Hillstrom's three arms, and nine to one twice.
    let thirds = [(21_307, 1.0), (21_387, 1.0), (21_306, 1.0)];
    let found = sample_ratio(&thirds).unwrap();
    close(found.chi2, 0.20253125000000002);
    close(found.p_value, 0.9036929575604196);
    assert!(!found.is_off());
    let kept = sample_ratio(&[(9_100, 0.9), (1_000, 0.1)]).unwrap();
    close(kept.p_value, 0.7401316115585269);
    let off = sample_ratio(&[(9_300, 0.9), (800, 0.1)]).unwrap();
    close(off.chi2, 48.51485148514852);
    close(off.p_value, 3.2779702237834033e-12);
    assert!(off.is_off());
    assert_eq!(sample_ratio(&[(40, 0.9), (4, 0.1)]), None);
    assert_eq!(sample_ratio(&[(40, 1.0)]), None);
}

#[test]
fn matched_strata_are_weighted_by_the_contacted() {
    let (treated, control) = arms();
    let of = |arm: &[(i64, i64)], class: i64, keep: i64| {
        Joint::of(arm.iter().filter(|(x, _)| x % 5 == class).map(|(x, y)| (keep * x, *y)))
    };
    let strata = |keep: i64| -> Vec<[Joint; 2]> {
        (0..5).map(|class| [of(&treated, class, keep), of(&control, class, keep)]).collect()
    };
    // numpy, stratum by stratum, with scipy.stats.t and Satterthwaite's degrees of freedom; without and with x.
    let plain = matched(&strata(0), 0.95).unwrap();
    close(plain.difference.effect, 39.13660860878251);
    close(plain.difference.interval.lo, 15.042313893118894);
    close(plain.difference.interval.hi, 63.230903324446125);
    assert_eq!((plain.treated, plain.control, plain.unmatched, plain.theta), (150.0, 90.0, 0.0, 0.0));
    let mut adjusted = strata(1);
    let found = matched(&adjusted, 0.95).unwrap();
    close(found.theta, 3.0086702706949784);
    close(found.difference.effect, 43.61991020765264);
    close(found.difference.interval.lo, 36.41290774689701);
    close(found.difference.interval.hi, 50.82691266840826);
    close(found.mean_treated - found.mean_control, found.difference.effect);
    // Nobody to compare with: the stratum is left out, and counted.
    adjusted.push([Joint::of([(1, 5), (2, 6), (3, 7)]), Joint::of([(1, 1)])]);
    let found = matched(&adjusted, 0.95).unwrap();
    close(found.difference.effect, 43.61991020765264);
    assert_eq!((found.treated, found.control, found.unmatched), (150.0, 90.0, 3.0));
    assert_eq!(matched(&[], 0.95), None);
}

#[test]
fn the_always_valid_interval_is_where_the_mixture_ratio_reaches_its_bound() {
    // scipy.integrate.quad of the mixture over the normal likelihood, scipy.optimize.brentq for the ends: no closed form.
    let mixture = Mixture::narrowest_at(5_000.0, 0.95);
    for (variance, units, effect, half, p_value) in [
        (0.04, 2_000.0, 0.9, 0.6247558183349459, 0.0009256217061385465),
        (1.7, 12_000.0, 2.0, 4.010555697382649, 1.0),
        (0.5, 300.0, 1.5, 3.1449509492186674, 0.5879817557690573),
    ] {
        let variance: f64 = variance;
        let interval = Interval { lo: effect, hi: effect };
        let difference = Difference { effect, std_error: variance.sqrt(), interval, p_value: 1.0 };
        let found = AlwaysValid::of(&difference, units, mixture);
        close(found.interval.lo, effect - half);
        close(found.interval.hi, effect + half);
        close(found.p_value, p_value);
    }
}
