//! Boosters on data whose truth is known: what was planted is found, promises of direction and order are kept.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::{Direction, Feature, Features};
use super::*;

const NAMES: [&str; 6] = ["overdue", "waits", "complaints", "contacts", "noise", "constant"];

/// Customers of whom the overdue ratio raises attrition, waits and complaints only together, contacts lower it, and for
/// those without a survey "not known" is itself a sign.
struct Planted {
    columns: Vec<Vec<f64>>,
    left: Vec<bool>,
    truth: Vec<f64>,
}

impl Planted {
    fn new(rows: usize, seed: u64) -> Planted {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut planted = Planted { columns: vec![Vec::new(); NAMES.len()], left: Vec::new(), truth: Vec::new() };
        for _ in 0..rows {
            let overdue = -(1.0 - random.random::<f64>()).ln();
            let waits = (random.random::<f64>() * 30.0).floor();
            let complaints = if random.random::<f64>() < 0.3 { 1.0 } else { 0.0 };
            let contacts = if random.random::<f64>() < 0.2 { f64::NAN } else { (random.random::<f64>() * 5.0).floor() };
            let noise = random.random::<f64>();
            let bothered = if waits > 15.0 && complaints > 0.0 { 2.0 } else { 0.0 };
            let silent = if contacts.is_nan() { 0.8 } else { -0.3 * contacts };
            let margin = -1.5 + 0.9 * overdue.min(3.0) + bothered + silent;
            let probability = 1.0 / (1.0 + (-margin).exp());
            for (column, value) in planted.columns.iter_mut().zip([overdue, waits, complaints, contacts, noise, 4.0]) {
                column.push(value);
            }
            planted.truth.push(margin);
            planted.left.push(random.random::<f64>() < probability);
        }
        planted
    }

    fn features(&self, directions: [Direction; 6]) -> Features {
        let features =
            NAMES.iter().zip(directions).map(|(name, direction)| Feature { name: (*name).into(), direction });
        Features::new(features.collect(), self.columns.clone(), self.left.len()).unwrap()
    }

    fn in_order(&self, order: &[usize]) -> Planted {
        Planted {
            columns: self.columns.iter().map(|column| order.iter().map(|row| column[*row]).collect()).collect(),
            left: order.iter().map(|row| self.left[*row]).collect(),
            truth: order.iter().map(|row| self.truth[*row]).collect(),
        }
    }
}

const EITHER: [Direction; 6] = [Direction::Either; 6];
const EXPECTED: [Direction; 6] = {
    use Direction::{Either, Falling, Rising};
    [Rising, Rising, Rising, Falling, Either, Either]
};

fn training<'a>(features: &'a Features, left: &'a [bool]) -> Training<'a> {
    Training { features, left, weights: None, held_back: None }
}

fn area_under_curve(scores: &[f64], left: &[bool]) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|one, other| scores[*one].total_cmp(&scores[*other]));
    let (mut rank_sum, mut before) = (0.0, 0.0);
    for block in order.chunk_by(|one, other| scores[*one] == scores[*other]) {
        let average = before + (block.len() as f64 + 1.0) / 2.0;
        rank_sum += average * block.iter().filter(|row| left[**row]).count() as f64;
        before += block.len() as f64;
    }
    let positives = left.iter().filter(|left| **left).count() as f64;
    (rank_sum - positives * (positives + 1.0) / 2.0) / (positives * (scores.len() as f64 - positives))
}

fn log_loss(margins: &[f64], left: &[bool]) -> f64 {
    let loss = |(margin, left): (&f64, &bool)| (if *left { -margin } else { *margin }).exp().ln_1p();
    margins.iter().zip(left).map(loss).sum::<f64>() / left.len() as f64
}

#[test]
fn scores_come_near_the_truth_on_other_customers() {
    let planted = Planted::new(40_000, 1);
    let held_back: Vec<bool> = (0..40_000).map(|row| row % 5 == 0).collect();
    let features = planted.features(EXPECTED);
    let training = Training { held_back: Some(&held_back), ..training(&features, &planted.left) };
    let booster = grow(&training, &Settings::default()).unwrap();
    assert!(booster.stopped().kept >= 20 && booster.stopped().kept < 200, "{:?}", booster.stopped());

    let others = Planted::new(40_000, 2);
    let margins = booster.margins(&booster.code(&others.features(EXPECTED)).unwrap());
    let (of_model, of_truth) =
        (area_under_curve(&margins, &others.left), area_under_curve(&others.truth, &others.left));
    assert!(of_truth - of_model < 0.006, "{of_model} against {of_truth}");
    let (of_model, of_truth) = (log_loss(&margins, &others.left), log_loss(&others.truth, &others.left));
    assert!(of_model - of_truth < 0.006, "{of_model} against {of_truth}");

    let importance = booster.importance();
    assert!((importance.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert_eq!(importance[5], 0.0);
    assert!(importance[..4].iter().all(|share| *share > 5.0 * importance[4]), "{importance:?}");
}

#[test]
fn an_interaction_needs_two_levels() {
    let planted = Planted::new(20_000, 3);
    let features = planted.features(EITHER);
    let effect = |depth: usize| {
        let settings = Settings { depth, ..Settings::default() };
        let booster = grow(&training(&features, &planted.left), &settings).unwrap();
        let corners = [(5.0, 0.0), (5.0, 1.0), (25.0, 0.0), (25.0, 1.0)];
        let columns =
            [[1.0; 4], corners.map(|corner| corner.0), corners.map(|corner| corner.1), [2.0; 4], [0.5; 4], [4.0; 4]];
        let columns = columns.map(|column| column.to_vec()).to_vec();
        let margins = Planted { columns, left: vec![false; 4], truth: Vec::new() };
        let margins = booster.margins(&booster.code(&margins.features(EITHER)).unwrap());
        (margins[3] - margins[2]) - (margins[1] - margins[0])
    };
    assert!(effect(1).abs() < 1e-9);
    assert!((effect(3) - 2.0).abs() < 0.4, "{}", effect(3));
}

/// A feature may be correlated with leaving in the wrong direction, as contacts are after complaints.
#[test]
fn no_score_goes_against_a_direction() {
    let planted = Planted::new(5_000, 4);
    for (feature, wrong) in
        [(0, Direction::Falling), (1, Direction::Falling), (3, Direction::Rising), (4, Direction::Rising)]
    {
        let mut directions = EITHER;
        directions[feature] = wrong;
        let features = planted.features(directions);
        let settings = Settings { min_rows: 5, depth: 6, trees: 40, ..Settings::default() };
        let booster = grow(&training(&features, &planted.left), &settings).unwrap();
        let mut moved = 0.0_f64;
        for row in 0..50 {
            let mut grid = planted.in_order(&[row; 61]);
            grid.columns[feature] = (0..61).map(|place| f64::from(place) / 2.0).collect();
            let margins = booster.margins(&booster.code(&grid.features(directions)).unwrap());
            for pair in margins.windows(2) {
                let rise = if wrong == Direction::Rising { pair[1] - pair[0] } else { pair[0] - pair[1] };
                assert!(rise >= -1e-12, "feature {feature}, row {row}: {pair:?}");
            }
            moved = moved.max((margins[60] - margins[0]).abs());
        }
        // The constraint is at work: without it the grid goes the planted way.
        let free = grow(&training(&planted.features(EITHER), &planted.left), &settings).unwrap();
        assert_ne!(free.trees(), booster.trees());
        assert!(feature != 4 || moved > 0.0);
    }
}

#[test]
fn the_same_bytes_for_any_order_and_any_threads() {
    let planted = Planted::new(30_000, 5);
    let held_back: Vec<bool> = planted.columns[4].iter().map(|noise| *noise < 0.2).collect();
    let weights: Vec<f64> = planted.columns[1].iter().map(|waits| 0.1 + waits / 7.0).collect();
    let mut order: Vec<usize> = (0..30_000).collect();
    let mut random = ChaCha8Rng::seed_from_u64(6);
    for place in (1..order.len()).rev() {
        order.swap(place, random.random_range(0..=place));
    }
    let model = |order: &[usize], threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let planted = planted.in_order(order);
        let held_back: Vec<bool> = order.iter().map(|row| held_back[*row]).collect();
        let weights: Vec<f64> = order.iter().map(|row| weights[*row]).collect();
        let features = planted.features(EXPECTED);
        let training =
            Training { held_back: Some(&held_back), weights: Some(&weights), ..training(&features, &planted.left) };
        let booster = pool.install(|| grow(&training, &Settings::default())).unwrap();
        // Every number with all its digits.
        format!("{booster:?}")
    };
    let in_order: Vec<usize> = (0..30_000).collect();
    let one = model(&in_order, 1);
    assert!(one.len() > 100_000);
    assert!(one == model(&in_order, 2));
    assert!(one == model(&in_order, 3));
    assert!(one == model(&order, 2));
}

#[test]
fn a_weight_of_two_is_a_row_twice_and_of_none_is_no_row() {
    let mut planted = Planted::new(6_000, 7);
    // Features of few values, so that a row more or less cannot move a bin.
    planted.columns[0].iter_mut().for_each(|overdue| *overdue = overdue.round());
    planted.columns[4].iter_mut().for_each(|noise| *noise = (*noise * 10.0).floor());
    let weights: Vec<f64> = (0..6_000).map(|row| f64::from(row % 3)).collect();
    let twice: Vec<usize> = (0..6_000_usize).flat_map(|row| vec![row; row % 3]).collect();
    // Few trees: later ones chase what is left, and half a step of rounding is enough for another choice.
    let settings = Settings { min_rows: 1, trees: 10, ..Settings::default() };
    let features = planted.features(EITHER);
    let weighted =
        grow(&Training { weights: Some(&weights), ..training(&features, &planted.left) }, &settings).unwrap();
    let repeated = planted.in_order(&twice);
    let repeated_features = repeated.features(EITHER);
    let repeated = grow(&training(&repeated_features, &repeated.left), &settings).unwrap();
    let of_weighted = weighted.margins(&weighted.code(&features).unwrap());
    let of_repeated = repeated.margins(&repeated.code(&features).unwrap());
    for row in twice {
        assert!((of_weighted[row] - of_repeated[row]).abs() < 1e-4, "{} {}", of_weighted[row], of_repeated[row]);
    }
    assert!((weighted.base() - repeated.base()).abs() < 1e-9);
}

#[test]
fn what_cannot_be_learned_from_is_refused() {
    let planted = Planted::new(1_000, 8);
    let features = planted.features(EITHER);
    let settings = Settings::default();
    let all = training(&features, &planted.left);
    let refusal = |training: Training<'_>, settings: &Settings| grow(&training, settings).unwrap_err();

    let nobody = vec![false; 1_000];
    assert_eq!(refusal(Training { left: &nobody, ..all }, &settings), Refusal::OneClass { left: 0, rows: 1_000 });
    assert_eq!(refusal(Training { left: &nobody, ..all }, &settings).status(), "insufficient_data");
    assert_eq!(refusal(Training { left: &nobody[1..], ..all }, &settings), Refusal::Shape);
    let few: Vec<f64> = (0..1_000).map(|row| f64::from(u8::from(row < 99))).collect();
    assert_eq!(
        refusal(Training { weights: Some(&few), ..all }, &settings),
        Refusal::TooFewRows { rows: 99, needed: 100 }
    );
    for bad in [-1.0, f64::NAN, f64::INFINITY, 1e13] {
        let weights = vec![bad; 1_000];
        assert_eq!(refusal(Training { weights: Some(&weights), ..all }, &settings), Refusal::BadWeights);
    }
    let stayers: Vec<bool> = (0..1_000).map(|row| row < 500 && !planted.left[row]).collect();
    let stayed = stayers.iter().filter(|marked| **marked).count();
    let expected = Refusal::HeldBackOneClass { left: 0, rows: stayed };
    assert_eq!(refusal(Training { held_back: Some(&stayers), ..all }, &settings), expected);
    let flat = Planted { columns: vec![vec![1.0; 1_000], vec![f64::NAN; 1_000]], left: Vec::new(), truth: Vec::new() };
    let names = ["a", "b"].map(|name| Feature { name: name.into(), direction: Direction::Rising });
    let flat = Features::new(names.to_vec(), flat.columns, 1_000).unwrap();
    assert_eq!(refusal(Training { features: &flat, ..all }, &settings), Refusal::NothingVaries);
    assert!(matches!(refusal(all, &Settings { depth: 7, ..settings }), Refusal::BadSetting(_)));
    assert!(matches!(refusal(all, &Settings { leaf_penalty: f64::NAN, ..settings }), Refusal::BadSetting(_)));
}

#[test]
fn noise_alone_keeps_next_to_no_tree() {
    let planted = Planted::new(10_000, 9);
    let names = vec![Feature { name: "noise".into(), direction: Direction::Either }];
    let features = Features::new(names, vec![planted.columns[4].clone()], 10_000).unwrap();
    let held_back: Vec<bool> = (0..10_000).map(|row| row % 4 == 0).collect();
    let training = Training { held_back: Some(&held_back), ..training(&features, &planted.left) };
    let booster = grow(&training, &Settings::default()).unwrap();
    assert!(booster.stopped().kept <= 3, "{:?}", booster.stopped());
    assert_eq!(booster.trees().len(), booster.stopped().kept);
    assert!(booster.stopped().grown >= booster.stopped().kept + 10);
}

#[test]
fn features_are_found_by_name_and_only_those_that_matter_are_needed() {
    let planted = Planted::new(10_000, 10);
    let features = planted.features(EITHER);
    let booster = grow(&training(&features, &planted.left), &Settings::default()).unwrap();
    let scores = booster.probabilities(&booster.code(&features).unwrap());
    assert!(scores.iter().all(|score| *score > 0.0 && *score < 1.0));
    // The constant feature is in no split, and the others come the other way round.
    let pick = |places: &[usize]| {
        let names = places.iter().map(|place| features.features()[*place].clone()).collect();
        let columns = places.iter().map(|place| planted.columns[*place].clone()).collect();
        Features::new(names, columns, 10_000).unwrap()
    };
    let turned = booster.code(&pick(&[4, 3, 2, 1, 0])).unwrap();
    assert_eq!(booster.probabilities(&turned), scores);
    assert_eq!(booster.code(&pick(&[4, 3, 1, 0])), Err(Refusal::UnknownFeature("complaints".into())));
}

#[test]
fn thresholds_and_codes_are_the_same_question() {
    let planted = Planted::new(5_000, 11);
    let features = planted.features(EITHER);
    let booster = grow(&training(&features, &planted.left), &Settings::default()).unwrap();
    let margins = booster.margins(&booster.code(&features).unwrap());
    for (row, margin) in margins.iter().enumerate() {
        let by_value: f64 = booster
            .trees()
            .iter()
            .map(|tree| {
                let mut node = &tree.nodes()[0];
                while let Some(split) = &node.split {
                    let value = planted.columns[split.feature][row];
                    let goes_left = if value.is_nan() { split.unknown_left } else { value <= split.at };
                    node = &tree.nodes()[split.left + usize::from(!goes_left)];
                }
                node.value
            })
            .sum();
        assert!((booster.base() + by_value - margin).abs() < 1e-12);
    }
    let rows_of_leaves = booster.trees()[0].nodes().iter().filter(|node| node.split.is_none());
    assert_eq!(rows_of_leaves.map(|leaf| leaf.rows).sum::<u32>(), 5_000);
}

/// What exports have, and what no export should have.
fn odd_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (0..5_u8).prop_map(f64::from),
        2 => Just(f64::NAN),
        1 => prop::sample::select(vec![f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, -0.0, f64::MIN_POSITIVE, 5e-324]),
        2 => any::<f64>(),
    ]
}

proptest! {
    /// Whatever the values: trees or a refusal, probabilities, and contributions that add up.
    #[test]
    fn odd_values_give_numbers_or_a_refusal(
        rows in prop::collection::vec((odd_value(), odd_value(), any::<bool>(), prop::sample::select(vec![0.0, 1e-9, 1.0, 3.0, 1e12])), 1..60),
        depth in 1..=6_usize,
        leaf_penalty in prop::sample::select(vec![0.0, 1.0]),
        bins in prop::sample::select(vec![2_usize, 3, 255]),
    ) {
        let columns = vec![rows.iter().map(|row| row.0).collect(), rows.iter().map(|row| row.1).collect()];
        let names = [("a", Direction::Rising), ("b", Direction::Either)];
        let names = names.map(|(name, direction)| Feature { name: name.into(), direction });
        let features = Features::new(names.to_vec(), columns, rows.len()).unwrap();
        let left: Vec<bool> = rows.iter().map(|row| row.2).collect();
        let weights: Vec<f64> = rows.iter().map(|row| row.3).collect();
        let settings = Settings { depth, leaf_penalty, bins, trees: 20, min_rows: 1, min_hessian: 1e-12, ..Settings::default() };
        let training = Training { weights: Some(&weights), ..training(&features, &left) };
        if let Ok(booster) = grow(&training, &settings) {
            let coded = booster.code(&features).unwrap();
            let explainer = super::super::shap::Explainer::new(&booster);
            let sums = explainer.explain(&coded, |_, contributions| explainer.base() + contributions.iter().sum::<f64>());
            for ((probability, margin), sum) in booster.probabilities(&coded).iter().zip(booster.margins(&coded)).zip(sums) {
                prop_assert!((0.0..=1.0).contains(probability));
                prop_assert!((sum - margin).abs() <= 1e-10 * margin.abs().max(1.0), "{} {}", sum, margin);
            }
        }
    }
}
