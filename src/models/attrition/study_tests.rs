//! A study on simulated customers whose probability of leaving is known.

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;

use super::calibration::probability;
use super::grade::Grade;
use super::metrics::Ranked;
use super::scorecard::ScorecardOptions;
use super::study::{Kind, Past, People, StudyOptions, study};
use super::trees::Settings;
use super::{Direction, Feature, Features, Unfit};

/// Customers at four days: leaving follows recency, complaints by an interaction with waits, and chance.
fn simulated(customers: usize, seed: u64) -> (Past, Vec<f64>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let names = [
        ("recency", Direction::Rising),
        ("complaints", Direction::Rising),
        ("wait", Direction::Rising),
        ("noise", Direction::Either),
    ];
    let features: Vec<Feature> =
        names.iter().map(|(name, direction)| Feature { name: (*name).to_owned(), direction: *direction }).collect();
    let mut columns = vec![Vec::new(); names.len()];
    let (mut left, mut origins, mut truth, mut ids, mut cells) = (vec![], vec![], vec![], vec![], vec![]);
    for origin in 0..4 {
        for customer in 0..customers {
            let recency: f64 = random.random_range(0.0..180.0);
            let complaints = f64::from(random.random_range(0_u32..10) / 7);
            let wait = if random.random_bool(0.3) { f64::NAN } else { random.random_range(0.0..600.0) };
            let long = wait > 300.0 && complaints > 0.0;
            let p = probability(-2.0 + recency / 60.0 + 0.7 * complaints + if long { 1.5 } else { 0.0 });
            for (column, value) in columns.iter_mut().zip([recency, complaints, wait, random.random()]) {
                column.push(value);
            }
            truth.push(p);
            left.push(random.random_bool(p));
            origins.push(origin);
            ids.push(customer as u64);
            cells.push((recency / 40.0) as u32);
        }
    }
    let rows = left.len();
    let alive = columns[0].iter().map(|recency| 1.0 - recency / 200.0).collect();
    let people = People { features: Features::new(features, columns, rows).unwrap(), customers: ids, cells, alive };
    (Past { people, left, origins }, truth)
}

fn options() -> StudyOptions {
    StudyOptions { recency: 0, least_of_each: 200, scorecard: ScorecardOptions::default(), trees: Settings::default() }
}

#[test]
fn planted_drivers_are_found_and_probabilities_hold() {
    let (past, truth) = simulated(6_000, 1);
    let outcome = study(&past, &options()).unwrap();
    let kinds: Vec<Kind> = outcome.findings.iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, Kind::ALL, "{:?}", outcome.refused);
    let chosen = outcome.chosen().unwrap();
    assert!([Kind::Scorecard, Kind::Trees].contains(&chosen.kind));
    let left: Vec<bool> = outcome.judged_rows.iter().map(|row| past.left[*row]).collect();
    let best: Vec<f64> = outcome.judged_rows.iter().map(|row| truth[*row]).collect();
    let auc = |scores: &[f64]| Ranked::new(scores, &left).unwrap().roc_auc().unwrap();
    for (finding, graded) in outcome.findings.iter().zip(&outcome.choice.graded) {
        if [Kind::Scorecard, Kind::Trees].contains(&finding.kind) {
            let (slope, _) = graded.figures.line.unwrap();
            assert!((0.9..1.1).contains(&slope), "{}: slope {slope}", graded.name);
            assert_eq!(graded.grade, Some(Grade::A), "{}", graded.reason);
            assert!(auc(&finding.judged) > auc(&best) - 0.01, "{}", graded.name);
        }
    }
}

#[test]
fn an_order_of_rows_changes_no_finding_of_trees_and_little_of_others() {
    let (past, _) = simulated(1_500, 2);
    let mut order: Vec<usize> = (0..past.left.len()).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(3));
    let shuffled = Past {
        people: past.people.of(&order),
        left: order.iter().map(|row| past.left[*row]).collect(),
        origins: order.iter().map(|row| past.origins[*row]).collect(),
    };
    let [one, other] = [&past, &shuffled].map(|past| study(past, &options()).unwrap());
    for (one, other) in one.findings.iter().zip(&other.findings) {
        let [one, other] = [one, other].map(|finding| finding.score(&past.people).unwrap());
        for (one, other) in one.iter().zip(&other) {
            assert!((one - other).abs() < 1e-9);
        }
    }
}

#[test]
fn nobody_s_probability_of_being_alive_is_no_baseline() {
    let (mut past, _) = simulated(1_500, 5);
    past.people.alive = vec![f64::NAN; past.left.len()];
    let outcome = study(&past, &options()).unwrap();
    assert_eq!(
        outcome.refused.iter().map(|(kind, why)| (*kind, why.status())).collect::<Vec<_>>(),
        [(Kind::Alive, "refused")]
    );
    assert_eq!(outcome.findings.len(), Kind::ALL.len() - 1);
}

#[test]
fn too_few_of_a_kind_are_a_status() {
    let (mut past, _) = simulated(300, 4);
    past.left.iter_mut().for_each(|left| *left = false);
    assert!(matches!(study(&past, &options()), Err(Unfit::TooFewLeft { found: 0, least: 200 })));
    let (mut past, _) = simulated(300, 4);
    past.origins.iter_mut().for_each(|origin| *origin = 0);
    assert_eq!(study(&past, &options()).unwrap_err(), Unfit::ShortHistory);
}
