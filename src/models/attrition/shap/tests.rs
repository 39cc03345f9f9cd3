//! Against Python's `shap`, against the definition over all subsets, and against the margins.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::trees::{Node, Settings, Stopped, Training, grow};
use super::super::{Direction, Feature, Features};
use super::*;

fn features(columns: Vec<Vec<f64>>) -> Features {
    let names = (0..columns.len()).map(|place| Feature { name: format!("x{place}"), direction: Direction::Either });
    let rows = columns[0].len();
    Features::new(names.collect(), columns, rows).unwrap()
}

/// One tree of three features, written down.
fn by_hand() -> Booster {
    let leaf = |rows, value| Node { rows, value, split: None };
    let split = |rows, feature, at, unknown_left, left| {
        let split =
            Split { feature, at, code: if at > 2.0 && feature == 0 { 2 } else { 1 }, unknown_left, gain: 1.0, left };
        Node { rows, value: 0.0, split: Some(split) }
    };
    let nodes = vec![
        split(100, 0, 2.0, true, 1),
        split(60, 1, 1.0, false, 3),
        split(40, 0, 5.0, true, 5),
        leaf(45, -0.4),
        leaf(15, 0.1),
        leaf(10, 0.3),
        split(30, 2, 3.0, false, 7),
        leaf(12, 0.9),
        leaf(18, 1.7),
    ];
    Booster {
        features: features(vec![vec![]; 3]).features().to_vec(),
        cuts: vec![vec![2.0, 5.0], vec![1.0], vec![3.0]],
        base: 0.0,
        trees: vec![Tree { nodes }],
        stopped: Stopped { grown: 1, kept: 1, log_loss: None },
    }
}

/// `shap.TreeExplainer({"trees": [...]}, feature_perturbation="tree_path_dependent")`, shap 0.51.0, of the same tree:
/// `expected_value` and `shap_values`.
#[test]
fn a_small_tree_as_in_pythons_shap() {
    let booster = by_hand();
    let nan = f64::NAN;
    let rows = [[1., 0., 0.], [1., 2., 9.], [3., 0., 1.], [9., 0., 1.], [9., 2., 4.], [nan, nan, nan], [9., 1., nan]];
    let golden = [
        [-0.507, -0.1, -0.072],
        [-0.527, 0.3, 0.048],
        [0.1305, -0.0375, -0.072],
        [0.9705, -0.0375, -0.312],
        [1.1005, 0.1125, 0.208],
        [-0.527, 0.3, 0.048],
        [1.2505, -0.0375, 0.208],
    ];
    let columns = (0..3).map(|feature| rows.iter().map(|row| row[feature]).collect()).collect();
    let coded = booster.code(&features(columns)).unwrap();
    let explainer = Explainer::new(&booster);
    assert!((explainer.base() - 0.279).abs() < 1e-15);
    let contributions = explainer.explain(&coded, |_, contributions| contributions.to_vec());
    for (ours, golden) in contributions.iter().flatten().zip(golden.iter().flatten()) {
        assert!((ours - golden).abs() < 1e-14, "{contributions:?}");
    }
}

/// What a tree expects of a customer of whom only the features in `known` are known.
fn expected(tree: &Tree, node: usize, known: usize, codes: &[u8]) -> f64 {
    let Some(split) = &tree.nodes()[node].split else { return tree.nodes()[node].value };
    if known >> split.feature & 1 == 1 {
        let child = split.left + usize::from(!split.goes_left(codes[split.feature]));
        return expected(tree, child, known, codes);
    }
    let share = |child: usize| f64::from(tree.nodes()[child].rows) / f64::from(tree.nodes()[node].rows);
    let side = |child| share(child) * expected(tree, child, known, codes);
    side(split.left) + side(split.left + 1)
}

/// The definition: the mean, over all orders in which features become known, of what each adds.
fn by_definition(booster: &Booster, codes: &[u8]) -> Vec<f64> {
    let players = codes.len();
    let worth: Vec<f64> = (0..1_usize << players)
        .map(|known| booster.trees().iter().map(|tree| expected(tree, 0, known, codes)).sum())
        .collect();
    let factorial = |n: usize| (1..=n).map(|k| k as f64).product::<f64>();
    let value = |player: usize| {
        let without = (0..worth.len()).filter(|known| known >> player & 1 == 0);
        let gains = without.map(|known| {
            let size = known.count_ones() as usize;
            let weight = factorial(size) * factorial(players - size - 1) / factorial(players);
            weight * (worth[known | 1 << player] - worth[known])
        });
        gains.sum()
    };
    (0..players).map(value).collect()
}

/// Customers of `width` features with gaps, and a booster of trees of `depth` levels.
fn grown(rows: usize, width: usize, depth: usize, trees: usize) -> (Booster, Coded) {
    let mut random = ChaCha8Rng::seed_from_u64(depth as u64);
    let mut columns = vec![Vec::new(); width];
    let mut left = Vec::new();
    for _ in 0..rows {
        let mut margin = -0.5;
        for (place, column) in columns.iter_mut().enumerate() {
            let value = (random.random::<f64>() * 9.0).floor();
            let is_known = random.random::<f64>() < 0.9;
            column.push(if is_known { value } else { f64::NAN });
            margin += if place % 2 == 0 { 0.15 * (value - 4.0) } else { 0.02 * (value - 4.0) * (margin - value) };
        }
        left.push(random.random::<f64>() < 1.0 / (1.0 + f64::exp(-margin)));
    }
    let features = features(columns);
    let settings = Settings { depth, trees, min_rows: 3, ..Settings::default() };
    let training = Training { features: &features, left: &left, weights: None, held_back: None };
    let booster = grow(&training, &settings).unwrap();
    let coded = booster.code(&features).unwrap();
    (booster, coded)
}

#[test]
fn the_same_as_over_all_subsets() {
    for depth in 1..=6 {
        let (booster, coded) = grown(2_000, 7, depth, 12);
        let explainer = Explainer::new(&booster);
        let contributions = explainer.explain(&coded, |_, contributions| contributions.to_vec());
        for row in (0..2_000).step_by(80) {
            let codes: Vec<u8> =
                coded.columns.iter().map(|column| column.get(row).copied().unwrap_or_default()).collect();
            for (ours, defined) in contributions[row].iter().zip(by_definition(&booster, &codes)) {
                assert!((ours - defined).abs() < 1e-12, "depth {depth}, row {row}: {ours} {defined}");
            }
        }
    }
}

/// Twenty features and six levels: far more answers than a table holds, so that trees are in several.
#[test]
fn contributions_sum_to_the_margin() {
    for (depth, split_up) in [(3, false), (6, true)] {
        let (booster, coded) = grown(6_000, 20, depth, 30);
        let explainer = Explainer::new(&booster);
        assert_eq!(explainer.tables.len() > booster.trees().len(), split_up);
        let sums = explainer.explain(&coded, |row, contributions| {
            assert_eq!(contributions.len(), 20);
            (row, explainer.base() + contributions.iter().sum::<f64>())
        });
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let alone = pool.install(|| {
            explainer.explain(&coded, |_, contributions| explainer.base() + contributions.iter().sum::<f64>())
        });
        assert!(sums.iter().map(|(_, sum)| sum).eq(&alone), "threads change the reasons");
        for (row, margin) in booster.margins(&coded).into_iter().enumerate() {
            assert_eq!(sums[row].0, row);
            assert!((sums[row].1 - margin).abs() < 1e-10, "{row}: {} {margin}", sums[row].1);
        }
    }
}

#[test]
fn no_tree_no_reason() {
    let booster = Booster { trees: Vec::new(), base: -1.5, ..by_hand() };
    let explainer = Explainer::new(&booster);
    let coded = booster.code(&features(vec![vec![1.0; 2]; 3])).unwrap();
    assert_eq!(explainer.base(), -1.5);
    assert_eq!(explainer.explain(&coded, |_, contributions| strongest(contributions, 5)), [vec![], vec![]]);
}

#[test]
fn the_strongest_first_and_ties_by_feature() {
    assert_eq!(strongest(&[0.5, -2.0, 0.0, 2.0, -0.5], 3), [(1, -2.0), (3, 2.0), (0, 0.5)]);
    assert_eq!(strongest(&[0.0, 0.0], 3), []);
}
