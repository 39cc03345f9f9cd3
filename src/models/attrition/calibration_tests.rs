//! Calibration against statsmodels 0.15.0 and scikit-learn 1.9.1, on rows of `golden_rows`.

use super::calibration::*;
use super::golden_rows::{Lcg, assert_near, tied, untied};
use super::metrics::{Ranked, loss};
use super::recalibration::*;
use super::unfit::Unfit;

fn ranked((scores, labels): (Vec<f64>, Vec<bool>)) -> Ranked {
    Ranked::new(&scores, &labels).unwrap()
}

#[test]
fn slope_and_intercept_are_those_of_statsmodels() {
    // Logit(y, [1, logit(p)]), parameters and standard errors.
    for (rows, intercept, slope, intercept_error, slope_error) in [
        (tied(500), -0.2838357871598345, 0.6629716104581156, 0.10228719559902642, 0.09286107285143064),
        (untied(700), -1.1568219365675325, 1.2863164856374283, 0.11562893101043134, 0.1034001639366508),
    ] {
        let line = calibration_line(&ranked(rows)).unwrap();
        assert_near(line.intercept, intercept, 1e-12);
        assert_near(line.slope, slope, 1e-12);
        assert_near(line.intercept_error, intercept_error, 1e-9);
        assert_near(line.slope_error, slope_error, 1e-9);
    }
}

#[test]
fn no_line_goes_through_one_score_or_a_perfect_one() {
    let one = Ranked::new(&[0.3; 4], &[true, false, true, false]).unwrap();
    assert_eq!(calibration_line(&one), Err(Unfit::NotConverged));
    let perfect = Ranked::new(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true]).unwrap();
    assert_eq!(calibration_line(&perfect), Err(Unfit::NotConverged));
    let single = Ranked::new(&[0.1, 0.2], &[false, false]).unwrap();
    assert_eq!(calibration_line(&single), Err(Unfit::TooFewLeft { found: 0, least: 1 }));
}

#[test]
fn bins_keep_ties_together_and_add_up() {
    let ranked = ranked(tied(500));
    let bins = calibration_bins(&ranked, 10);
    assert_eq!(bins.len(), 10);
    assert_eq!(bins.iter().map(|bin| bin.rows).sum::<u64>(), 500);
    assert_eq!(bins.iter().map(|bin| bin.events).sum::<u64>(), 181);
    assert!(bins.windows(2).all(|pair| pair[0].highest < pair[1].lowest));
    assert!(
        bins.iter().all(|bin| bin.interval.0 < bin.rate && bin.rate < bin.interval.1 && bin.rows.abs_diff(50) <= 15)
    );
    // One score for all is one bin, whose distance is that of the two means.
    let one = Ranked::new(&[0.25; 40], &[[true; 20], [false; 20]].concat()).unwrap();
    let bins = calibration_bins(&one, 10);
    assert_eq!((bins.len(), expected_calibration_error(&bins)), (1, Some(0.25)));
}

#[test]
fn the_expected_error_is_that_of_tenths() {
    // Without ties and with rows in tenths, the bins are numpy's array_split of the sorted rows (numpy 2.4.6).
    let bins = calibration_bins(&ranked(untied(700)), 10);
    assert!(bins.iter().all(|bin| bin.rows == 70));
    assert_near(expected_calibration_error(&bins).unwrap(), 0.16903241335323882, 1e-14);
}

#[test]
fn platts_line_is_that_of_a_binomial_regression_on_his_targets() {
    // statsmodels 0.15.0, GLM; scikit-learn's _sigmoid_calibration says the same to 8 digits.
    for (rows, by_intercept, by_slope) in
        [(tied(500), -0.2859048147057521, 0.655248445315443), (untied(700), -1.145802813332095, 1.2649458825643973)]
    {
        let Recalibration::Logistic { intercept, slope } = Recalibration::logistic(&ranked(rows)).unwrap() else {
            panic!("logistic is logistic")
        };
        assert_near(intercept, by_intercept, 1e-12);
        assert_near(slope, by_slope, 1e-12);
    }
}

#[test]
fn isotonic_regression_is_scikit_learns() {
    // IsotonicRegression(out_of_bounds="clip"), predict.
    let at = [0.0, 0.05, 0.1, 0.33, 0.5, 0.55, 0.75, 0.9, 1.0];
    let of_tied = [
        0.06666666666666667,
        0.07692307692307693,
        0.1111111111111111,
        0.3578745198463508,
        0.4027777777777778,
        0.4027777777777778,
        0.5419580419580419,
        0.9090909090909091,
        0.9090909090909091,
    ];
    let of_untied = [
        0.0,
        0.0,
        0.02666666666666667,
        0.13157894736842105,
        0.2765957446808511,
        0.2765957446808511,
        0.5238095238095238,
        0.8571428571428571,
        1.0,
    ];
    for (rows, expected) in [(tied(500), of_tied), (untied(700), of_untied)] {
        let curve = Isotonic::fit(&ranked(rows));
        for (score, value) in at.iter().zip(expected) {
            assert_near(curve.at(*score), value, 1e-13);
        }
    }
}

#[test]
fn recalibrated_is_never_certain_and_never_falls() {
    let perfect = Ranked::new(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true]).unwrap();
    for ranked in [perfect, ranked(untied(700)), ranked(tied(500))] {
        for recalibration in [Recalibration::logistic(&ranked).unwrap(), Recalibration::isotonic(&ranked).unwrap()] {
            let values: Vec<f64> = (0..=1000).map(|part| recalibration.apply(f64::from(part) / 1000.0)).collect();
            assert!(values.iter().all(|value| *value > 0.0 && *value < 1.0), "{recalibration:?}");
            assert!(values.windows(2).all(|pair| pair[0] <= pair[1]), "{recalibration:?}");
        }
    }
}

#[test]
fn a_score_that_ranks_the_wrong_way_round_becomes_the_overall_rate() {
    let (scores, labels) = untied(700);
    let wrong: Vec<f64> = scores.iter().map(|score| 1.0 - score).collect();
    let ranked = Ranked::new(&wrong, &labels).unwrap();
    for recalibration in [Recalibration::logistic(&ranked).unwrap(), Recalibration::isotonic(&ranked).unwrap()] {
        assert_near(recalibration.apply(0.1), ranked.rate(), 0.01);
        assert_near(recalibration.apply(0.9), ranked.rate(), 0.01);
    }
}

/// Rows whose true probability is a function of the score.
fn rows_of(rows: usize, truth: fn(f64) -> f64) -> (Vec<f64>, Vec<bool>, Vec<u64>) {
    let mut lcg = Lcg(3);
    let (mut scores, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let score = 0.02 + 0.96 * lcg.uniform();
        scores.push(score);
        labels.push(lcg.uniform() < truth(score));
    }
    (scores, labels, (0..rows as u64).collect())
}

#[test]
fn isotonic_is_chosen_where_a_line_cannot_follow_and_there_are_enough() {
    let stairs: fn(f64) -> f64 = |score| if score < 0.3 { 0.1 } else { 0.5 };
    let (scores, labels, customers) = rows_of(8_000, stairs);
    let chosen = recalibrate(&scores, &labels, &customers).unwrap();
    assert_eq!(chosen.recalibration.name(), "isotonic", "{}", chosen.reason);
    let (few, few_labels) = (&scores[..1_500], &labels[..1_500]);
    let chosen = recalibrate(few, few_labels, &customers[..1_500]).unwrap();
    assert_eq!((chosen.recalibration.name(), chosen.isotonic_less_logistic), ("logistic", None));
    let (scores, labels, customers) = rows_of(8_000, |score| probability(0.3 + 0.6 * logit(score)));
    let chosen = recalibrate(&scores, &labels, &customers).unwrap();
    assert_eq!(chosen.recalibration.name(), "logistic", "{}", chosen.reason);
    // It finds the truth: on the rows it was fitted on, the loss is no larger than that of the true probabilities.
    let mean = |probability: &dyn Fn(f64) -> f64| {
        scores.iter().zip(&labels).map(|(score, left)| loss(probability(*score), *left)).sum::<f64>() / 8_000.0
    };
    let truth = mean(&|score| probability(0.3 + 0.6 * logit(score)));
    assert!(mean(&|score| chosen.recalibration.apply(score)) < truth + 1e-6);
}
