//! Metrics against scikit-learn 1.9.1, scipy 1.17.1 and statsmodels (`proportion_confint`), on rows of `golden_rows`.

use proptest::prelude::*;

use super::golden_rows::{assert_near, tied, untied};
use super::metrics::*;
use super::paired::{paired_lift, paired_log_loss};
use super::unfit::Unfit;

fn equal() -> (Vec<f64>, Vec<bool>) {
    (vec![0.25; 40], (0..40).map(|row| row % 4 == 0).collect())
}

#[test]
fn figures_are_scikit_learns() {
    // roc_auc_score, average_precision_score, brier_score_loss, log_loss.
    let golden = [
        (tied(500), [0.7033027936057084, 0.5721512109327488, 0.2108288, 0.6068645915267948]),
        (untied(700), [0.8664096745678067, 0.7961564857673221, 0.17147926659594084, 0.5098398111005986]),
        (tied(100_000), [0.6761683972647841, 0.49019182873123657, 0.219889892, 0.6336614812045569]),
        (untied(100_000), [0.8701315113111625, 0.7672252271029344, 0.16964993646110904, 0.5089685590439563]),
        (equal(), [0.5, 0.25, 0.1875, 0.5623351446188083]),
    ];
    for ((scores, labels), [auc, precision, brier, loss]) in golden {
        let ranked = Ranked::new(&scores, &labels).unwrap();
        assert_near(ranked.roc_auc().unwrap(), auc, 1e-14);
        assert_near(ranked.average_precision().unwrap(), precision, 1e-14);
        assert_near(ranked.brier(), brier, 1e-14);
        assert_near(ranked.log_loss(), loss, 1e-14);
    }
}

#[test]
fn certain_and_wrong_costs_what_scikit_learn_says() {
    // log_loss([1, 0, 1], [0.0, 1.0, 0.5]) of scikit-learn 1.9.1.
    let ranked = Ranked::new(&[0.0, 1.0, 0.5], &[true, false, true]).unwrap();
    assert_near(ranked.log_loss(), 24.260151319598084, 1e-14);
}

#[test]
fn intervals_of_the_auc_are_delongs() {
    // All pairs one by one in numpy 2.4.6; `confidenceinterval` 1.0.5 says the same to the 7 digits of its float32.
    for ((scores, labels), low, high) in
        [(tied(500), 0.6571911197917668, 0.7494144674196501), (untied(700), 0.8385635444539509, 0.8942558046816625)]
    {
        let (found_low, found_high) = Ranked::new(&scores, &labels).unwrap().roc_auc_interval().unwrap();
        assert_near(found_low, low, 1e-13);
        assert_near(found_high, high, 1e-13);
    }
    let (scores, labels) = equal();
    assert_eq!(Ranked::new(&scores, &labels).unwrap().roc_auc_interval(), None);
    let perfect = Ranked::new(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true]).unwrap();
    assert_eq!((perfect.roc_auc(), perfect.roc_auc_interval()), (Some(1.0), None));
}

#[test]
fn a_block_cut_by_the_border_counts_with_its_mean() {
    let (scores, labels) = tied(500);
    let top = Ranked::new(&scores, &labels).unwrap().top(10).unwrap();
    // Averaged over all orders of the ties, in numpy.
    assert_eq!(top.rows, 50);
    assert_near(top.events, 35.46153846153846, 1e-14);
    assert_near(top.lift, 1.9592010199745007, 1e-14);
    let (scores, labels) = equal();
    assert_eq!(Ranked::new(&scores, &labels).unwrap().top(10).unwrap().lift, 1.0);
    // 11 rows: a tenth is 2 of them.
    let ranked = Ranked::new(&[1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11.], &[true; 11]).unwrap();
    assert_eq!(ranked.top(10).unwrap().rows, 2);
    assert_eq!(ranked.top(0), None);
}

#[test]
fn wilsons_interval_is_that_of_statsmodels() {
    for (events, rows, low, high) in [
        (0.0, 10, 0.0, 0.27753279986288926),
        (3.0, 10, 0.10779126740630104, 0.6032218525388546),
        (10.0, 10, 0.7224672001371106, 1.0),
        (37.0, 500, 0.05416118475101196, 0.10033475332223056),
    ] {
        let found = wilson(events, rows).unwrap();
        assert_near(found.0, low, 1e-14);
        assert_near(found.1, high, 1e-14);
    }
    assert_eq!(wilson(0.0, 0), None);
}

#[test]
fn paired_losses_have_the_error_of_their_differences() {
    let (scores, labels) = untied(700);
    let squares: Vec<f64> = scores.iter().map(|p| p * p).collect();
    let difference = paired_log_loss(&scores, &squares, &labels).unwrap();
    // scipy 1.17.1, mean and stats.sem of the differences.
    assert_near(difference.mean, 0.08793944716243415, 1e-14);
    assert_near(difference.standard_error, 0.015352489901007241, 1e-14);
    assert_eq!(paired_log_loss(&scores, &scores, &labels).unwrap().standard_error, 0.0);
}

#[test]
fn no_figure_depends_on_the_order_of_rows() {
    let (mut scores, mut labels) = untied(700);
    scores[5] = -0.0;
    scores[6] = 0.0;
    let there = Ranked::new(&scores, &labels).unwrap();
    scores.reverse();
    labels.reverse();
    let back = Ranked::new(&scores, &labels).unwrap();
    assert_eq!(there, back);
    // 0 and -0 are one score.
    assert_eq!(there.groups()[0].rows, 2);
}

#[test]
fn one_class_has_no_area_and_bad_input_is_refused() {
    let ranked = Ranked::new(&[0.1, 0.2], &[false, false]).unwrap();
    assert_eq!((ranked.roc_auc(), ranked.average_precision(), ranked.top(10)), (None, None, None));
    assert_eq!(Ranked::new(&[0.1], &[]), Err(Unfit::Lengths));
    assert_eq!(Ranked::new(&[f64::NAN], &[true]), Err(Unfit::NotANumber));
    assert_eq!(Ranked::new(&[], &[]), Err(Unfit::NoRows));
}

#[test]
fn amounts_of_the_top_are_added_with_the_mean_of_the_border() {
    let (scores, amounts) = ([0.9, 0.5, 0.5, 0.5, 0.1], [100, 10, 20, 30, 1]);
    assert_eq!(sum_in_top(&scores, &amounts, 1), Ok(100.0));
    assert_eq!(sum_in_top(&scores, &amounts, 2), Ok(120.0));
    assert_eq!(sum_in_top(&scores, &amounts, 99), Ok(161.0));
    assert_eq!((sum_in_top(&scores, &amounts, 0), sum_in_top(&[], &[], 3)), (Ok(0.0), Ok(0.0)));
}

#[test]
fn lifts_are_compared_by_the_customers_of_one_top_alone() {
    // Of ten customers five left. The tops of two: {0, 1} for a, {1, 2} for b, and of c all of a tied block of four.
    let labels = [true, false, false, true, true, true, true, false, false, false];
    let a = [0.9, 0.8, 0.7, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
    let b = [0.1, 0.9, 0.8, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
    let c = [0.5, 0.5, 0.1, 0.5, 0.1, 0.1, 0.1, 0.5, 0.1, 0.1];
    let lift = |scores: &[f64]| Ranked::new(scores, &labels).unwrap().top(20).unwrap().lift;
    for (one, other) in [(&a, &b), (&c, &b), (&a, &c)] {
        let difference = paired_lift(one, other, &labels, 20).unwrap();
        assert!((difference.mean - (lift(one) - lift(other))).abs() < 1e-12, "{difference:?}");
    }
    // One customer adds 10 to the mean of ten: the standard error is that of nine zeros and a 10.
    let difference = paired_lift(&a, &b, &labels, 20).unwrap();
    assert!((difference.mean, difference.standard_error) == (1.0, 1.0), "{difference:?}");
    assert_eq!(paired_lift(&a, &a, &labels, 20).unwrap().standard_error, 0.0);
    assert_eq!(paired_lift(&a, &b, &[false; 10], 20), Err(Unfit::TooFewLeft { found: 0, least: 1 }));
    assert_eq!(paired_lift(&a, &b[..9], &labels, 20), Err(Unfit::Lengths));
}

/// All pairs and all cuts one by one, as the definitions say.
fn by_definition(scores: &[f64], labels: &[bool]) -> (f64, f64) {
    let of = |kind: bool| scores.iter().zip(labels).filter(move |(_, left)| **left == kind).map(|(score, _)| *score);
    let (mut wins, mut pairs) = (0.0, 0.0);
    for left in of(true) {
        for stayed in of(false) {
            wins += if left > stayed { 1.0 } else { f64::from(u8::from(left == stayed)) / 2.0 };
            pairs += 1.0;
        }
    }
    let mut cuts = scores.to_vec();
    cuts.sort_by(|a, b| b.total_cmp(a));
    cuts.dedup();
    let (mut recall_before, mut precision_sum) = (0.0, 0.0);
    for cut in cuts {
        let found = of(true).filter(|score| *score >= cut).count() as f64;
        let taken = scores.iter().filter(|score| **score >= cut).count() as f64;
        let recall = found / of(true).count() as f64;
        precision_sum += (recall - recall_before) * found / taken;
        recall_before = recall;
    }
    (wins / pairs, precision_sum)
}

proptest! {
    #[test]
    fn areas_are_those_of_their_definitions(rows in prop::collection::vec((0_u8..12, any::<bool>()), 2..60)) {
        let (scores, labels): (Vec<f64>, Vec<bool>) = rows.into_iter().map(|(score, left)| (f64::from(score), left)).unzip();
        let ranked = Ranked::new(&scores, &labels).unwrap();
        prop_assume!(ranked.events() > 0 && ranked.events() < ranked.rows());
        let (auc, precision) = by_definition(&scores, &labels);
        assert_near(ranked.roc_auc().unwrap(), auc, 1e-13);
        assert_near(ranked.average_precision().unwrap(), precision, 1e-13);
    }
}
