//! The scorecard against scikit-learn 1.9.1 on the same bins, and its promises.

use proptest::prelude::*;

use super::binning::BinRules;
use super::features::{Direction, Feature, Features};
use super::golden_rows::{Lcg, assert_near};
use super::scorecard::*;
use super::unfit::Unfit;

/// Silence drives it up, orders down; `mood` only follows silence and works against it; the rest is noise or nothing.
fn customers(count: usize, seed: u32) -> (Features, Vec<bool>, Vec<u64>) {
    let mut lcg = Lcg(seed);
    let mut columns = vec![Vec::new(); 6];
    let mut labels = Vec::new();
    for _ in 0..count {
        let silence = (lcg.uniform() * 200.0).floor();
        let orders = (lcg.uniform() * 12.0).floor();
        let mood = 0.7 * silence + 200.0 * lcg.uniform();
        let wait = if lcg.uniform() < 0.6 { f64::NAN } else { (lcg.uniform() * 30.0).floor() };
        let noise = lcg.uniform();
        let of_wait = if wait.is_nan() { 0.0 } else { wait / 20.0 };
        let logit = -1.5 + silence / 60.0 - orders / 5.0 - mood / 250.0 + of_wait;
        labels.push(lcg.uniform() < 1.0 / (1.0 + (-logit).exp()));
        for (column, value) in columns.iter_mut().zip([silence, orders, mood, wait, noise, 1.0]) {
            column.push(value);
        }
    }
    let names = [
        ("silence", Direction::Rising),
        ("orders", Direction::Falling),
        ("mood", Direction::Rising),
        ("wait", Direction::Rising),
        ("noise", Direction::Rising),
        ("constant", Direction::Either),
    ];
    let features = names.map(|(name, direction)| Feature { name: name.to_owned(), direction });
    (Features::new(features.to_vec(), columns, count).unwrap(), labels, (0..count as u64).collect())
}

fn card(count: usize, options: &ScorecardOptions) -> Scorecard {
    let (features, labels, customers) = customers(count, 31);
    Scorecard::fit(&features, &labels, &customers, options).unwrap()
}

fn statuses(card: &Scorecard) -> Vec<(&str, &str)> {
    card.features.iter().map(|feature| (feature.name.as_str(), feature.status.name())).collect()
}

#[test]
fn what_drives_has_points_and_the_rest_says_why_not() {
    let card = card(6_000, &ScorecardOptions::default());
    let expected = [
        ("silence", "used"),
        ("orders", "used"),
        ("mood", "negative_weight"),
        ("wait", "used"),
        ("noise", "no_signal"),
        ("constant", "constant"),
    ];
    assert_eq!(statuses(&card), expected);
    let mood = &card.features[2];
    assert!(mood.information_value > 0.01 && mood.weight == 0.0 && mood.lines.iter().all(|line| line.points == 0));
    assert!(card.features[0].lines[..card.features[0].lines.len() - 1].is_sorted_by_key(|line| line.points));
    assert_eq!(card.tuning.len(), 4);
    assert!(card.tuning.iter().all(|one| one.log_loss > 0.0 && one.log_loss < 0.69));
    let best = card.tuning.iter().map(|one| one.log_loss).fold(1.0, f64::min);
    assert!(card.tuning.iter().any(|one| one.penalty == card.penalty && one.log_loss == best));
}

#[test]
fn weights_are_scikit_learns_on_the_same_bins() {
    let options = ScorecardOptions { penalties: vec![30.0], ..ScorecardOptions::default() };
    let card = card(6_000, &options);
    let edges = |at: usize| card.features[at].lines.iter().filter_map(|line| line.from).collect::<Vec<f64>>();
    assert_eq!(edges(0), [49.0, 85.0, 133.0, 181.0]);
    assert_eq!(edges(1), [2.0, 4.0, 6.0, 9.0]);
    assert_eq!(edges(3), [12.0, 26.0]);
    // Weights of evidence by numpy; LogisticRegression(C=1/30, solver="newton-cholesky") on columns over their standard
    // deviation, whose coefficients are divided by it again.
    for (at, weight) in [(0, 1.0628045549384149), (1, 1.0850949836987618), (3, 1.1617049629852756)] {
        assert_near(card.features[at].weight, weight, 1e-9);
    }
    assert_eq!(card.intercept, -1004);
}

#[test]
fn a_person_can_add_it_up() {
    let (features, labels, customers) = customers(6_000, 31);
    let card = Scorecard::fit(&features, &labels, &customers, &ScorecardOptions::default()).unwrap();
    let points = card.points(&features);
    for (row, total) in points.iter().copied().enumerate() {
        let mut sum = card.intercept;
        for (at, feature) in card.features.iter().enumerate() {
            let value = features.column(at)[row];
            let fits = |line: &&CardBin| {
                if value.is_nan() {
                    return line.is_missing;
                }
                !line.is_missing
                    && line.from.is_none_or(|from| from <= value)
                    && line.below.is_none_or(|below| value < below)
            };
            let mut lines = feature.lines.iter().filter(fits);
            sum += lines.next().unwrap().points;
            assert!(lines.next().is_none());
        }
        assert_eq!(sum, total);
        let contributions = card.contributions(&features, row);
        assert_near(card.average_points() + contributions.iter().sum::<f64>(), total as f64, 1e-12);
    }
    // The intercept is not penalised, so the mean probability is the rate, to the rounding of points.
    let mean = card.probabilities(&features).iter().sum::<f64>() / 6_000.0;
    assert_near(mean, card.count.events as f64 / 6_000.0, 1e-4);
    let mean_points = points.iter().sum::<i64>() as f64 / 6_000.0;
    assert_near(card.average_points(), mean_points, 1e-12);
}

#[test]
fn a_feature_that_is_gone_counts_as_not_known() {
    let (features, labels, customers) = customers(6_000, 31);
    let card = Scorecard::fit(&features, &labels, &customers, &ScorecardOptions::default()).unwrap();
    assert_eq!(card.unknown(&features), Vec::<&str>::new());
    let fewer = Features::new(features.features()[..3].to_vec(), vec![vec![60.0], vec![3.0], vec![9.0]], 1).unwrap();
    assert_eq!(card.unknown(&fewer), ["wait"]);
    let mut all = vec![vec![60.0], vec![3.0], vec![9.0]];
    all.extend([vec![f64::NAN], vec![0.5], vec![1.0]]);
    let all = Features::new(features.features().to_vec(), all, 1).unwrap();
    assert_eq!(card.points(&fewer), card.points(&all));
}

#[test]
fn too_little_to_learn_from_is_a_status() {
    let (features, mut labels, customers) = customers(300, 31);
    let fit = |labels: &[bool]| Scorecard::fit(&features, labels, &customers, &ScorecardOptions::default());
    assert!(matches!(fit(&labels), Err(Unfit::TooFewLeft { least: 200, .. })));
    assert_eq!(fit(&[true; 300]), Err(Unfit::TooFewStayed { found: 0, least: 200 }));
    labels.pop();
    assert_eq!(fit(&labels), Err(Unfit::Lengths));
    let (_, labels, customers) = super::scorecard_tests::customers(2_000, 31);
    let flat = Features::new(
        vec![Feature { name: "constant".to_owned(), direction: Direction::Either }],
        vec![vec![1.0; 2_000]],
        2_000,
    );
    let refused = Scorecard::fit(&flat.unwrap(), &labels, &customers, &ScorecardOptions::default());
    assert_eq!(refused, Err(Unfit::NoFeature));
}

#[test]
fn no_point_depends_on_the_number_of_threads() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| card(20_000, &ScorecardOptions { tuning_rows: 9_000, ..ScorecardOptions::default() }))
    };
    assert_eq!(on(1), on(5));
}

proptest! {
    #[test]
    fn no_input_makes_a_crash_or_a_number_that_is_none(
        rows in prop::collection::vec((0_usize..9, 0_usize..9, any::<bool>(), 0_u64..20), 0..120),
        either in any::<bool>(),
        least_events in 0_u64..3,
    ) {
        let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e300, -1e300, 5e-324, 7.0];
        let columns = vec![
            rows.iter().map(|row| odd[row.0]).collect(),
            rows.iter().map(|row| odd[row.1]).collect(),
            // What tells everything.
            rows.iter().map(|row| f64::from(u8::from(row.2))).collect(),
        ];
        let direction = if either { Direction::Either } else { Direction::Rising };
        let names = ["a", "b", "label"].map(|name| Feature { name: name.to_owned(), direction });
        let features = Features::new(names.to_vec(), columns, rows.len()).unwrap();
        let labels: Vec<bool> = rows.iter().map(|row| row.2).collect();
        let customers: Vec<u64> = rows.iter().map(|row| row.3).collect();
        let rules = BinRules { least_rows: 0, least_events, ..BinRules::default() };
        let options = ScorecardOptions { rules, least_of_each: 0, ..ScorecardOptions::default() };
        if let Ok(card) = Scorecard::fit(&features, &labels, &customers, &options) {
            for feature in &card.features {
                prop_assert!(feature.weight >= 0.0 && feature.importance >= 0.0);
                prop_assert!(feature.information_value.is_finite());
            }
            prop_assert!(card.probabilities(&features).iter().all(|p| *p > 0.0 && *p < 1.0));
            prop_assert!(card.average_points().is_finite());
        }
    }
}
