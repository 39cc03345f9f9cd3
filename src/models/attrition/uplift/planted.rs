//! Measures against scikit-uplift, and models on trials whose truth is known.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::trees::{Refusal, Settings};
use super::super::{Direction, Feature, Features};
use super::*;

const ANY: Needs = Needs { of_each_arm: 1, of_each_outcome: 1 };

/// Scores, outcomes and arms of a formula that Python has too.
fn by_formula(rows: usize, different: usize) -> (Vec<f64>, Vec<bool>, Vec<bool>) {
    let score = |row: usize| (row * 37 % different) as f64 / different as f64;
    let treated = |row: usize| row * 13 % 7 < 3;
    let outcome = |row: usize| (row * row + 3 * row) % 11 < if treated(row) && score(row) > 0.5 { 6 } else { 3 };
    ((0..rows).map(score).collect(), (0..rows).map(outcome).collect(), (0..rows).map(treated).collect())
}

/// Rows, different scores, sign of the scores; scikit-uplift 0.5.1: `qini_auc_score(y, s, t)`, `uplift_auc_score(y, s, t)`.
const GOLDEN: [(usize, usize, f64, f64, f64); 4] = [
    (505, 101, 1.0, 0.09894017629557648, 0.07676612396728252),
    (505, 101, -1.0, -0.09945532534952098, -0.07699701478280548),
    (1000, 1000, 1.0, 0.09951313791370298, 0.07406330060419936),
    (1000, 1000, -1.0, -0.09957590100042188, -0.07436048305133004),
];

/// The same: `uplift_at_k(y, s, t, "overall", 0.1)` of the 1000 rows.
const GOLDEN_AT_10: f64 = 0.13831089351285192;

#[test]
fn measures_as_in_scikit_uplift() {
    for (rows, different, sign, qini, auuc) in GOLDEN {
        let (mut scores, outcome, treated) = by_formula(rows, different);
        scores.iter_mut().for_each(|score| *score *= sign);
        let trial = Trial { outcome: &outcome, treated: &treated, chance: None };
        let judgement = judge(&scores, &trial, &ANY, 20).unwrap();
        assert!((judgement.qini.unwrap().value - qini).abs() < 1e-12, "{rows} {sign}: {:?}", judgement.qini);
        assert!((judgement.auuc.unwrap().value - auuc).abs() < 1e-12, "{rows} {sign}: {:?}", judgement.auuc);
        if different == rows && sign > 0.0 {
            assert!((judgement.at_10_percent.unwrap().value - GOLDEN_AT_10).abs() < 1e-12);
        }
    }
}

#[test]
fn a_tie_at_the_border_gives_its_mean() {
    // Ten first: one alone, and a tie of 18 of which 9 count: half of its 8 treated (6 with) and of its 10 in control (2 with).
    let mut rows = vec![(3.0, true, true)];
    rows.extend((0..8).map(|row| (2.0, true, row < 6)));
    rows.extend((0..10).map(|row| (2.0, false, row < 2)));
    rows.extend((0..81).map(|row| (1.0, row % 2 == 0, row % 3 == 0)));
    let judged = |rows: &[(f64, bool, bool)]| {
        let scores: Vec<f64> = rows.iter().map(|row| row.0).collect();
        let treated: Vec<bool> = rows.iter().map(|row| row.1).collect();
        let outcome: Vec<bool> = rows.iter().map(|row| row.2).collect();
        judge(&scores, &Trial { outcome: &outcome, treated: &treated, chance: None }, &ANY, 50).unwrap()
    };
    let judgement = judged(&rows);
    assert!((judgement.at_10_percent.unwrap().value - (4.0 / 5.0 - 1.0 / 5.0)).abs() < 1e-12);
    assert_eq!(judgement.curve.len(), 4);
    assert_eq!(judgement.curve[2], Point { customers: 19, qini: 7.0 - 2.0 * 9.0 / 10.0 });
    // Neither the measures nor their intervals know an order of rows.
    rows.reverse();
    assert_eq!(judged(&rows), judgement);
}

/// A trial in which treatment keeps the young, drives the old away, and age alone says nothing of leaving. Treated with
/// probability one third, or with one that depends on a second feature which also makes people stay.
struct Planted {
    features: Features,
    outcome: Vec<bool>,
    treated: Vec<bool>,
    chance: Vec<f64>,
    truth: Vec<f64>,
}

fn planted(rows: usize, seed: u64, is_even: bool) -> Planted {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut young, mut loyal, mut noise) = (Vec::new(), Vec::new(), Vec::new());
    let (mut outcome, mut treated, mut chance, mut truth) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rows {
        let (is_young, is_loyal) = (random.random::<f64>(), random.random::<f64>());
        let chance_of_row = if is_even { 1.0 / 3.0 } else { 0.2 + 0.6 * is_loyal };
        let is_treated = random.random::<f64>() < chance_of_row;
        let uplift = 0.3 * (is_young - 0.4);
        let stays = 0.15 + 0.2 * is_loyal + if is_treated { uplift } else { 0.0 };
        outcome.push(random.random::<f64>() < stays);
        young.push(is_young);
        loyal.push(is_loyal);
        noise.push(random.random::<f64>());
        treated.push(is_treated);
        chance.push(chance_of_row);
        truth.push(uplift);
    }
    let names = ["young", "loyal", "noise"].map(|name| Feature { name: name.into(), direction: Direction::Either });
    let features = Features::new(names.to_vec(), vec![young, loyal, noise], rows).unwrap();
    Planted { features, outcome, treated, chance, truth }
}

impl Planted {
    fn trial(&self) -> Trial<'_> {
        Trial { outcome: &self.outcome, treated: &self.treated, chance: None }
    }
}

fn settings() -> Settings {
    Settings { trees: 30, depth: 2, min_rows: 200, ..Settings::default() }
}

#[test]
fn both_methods_find_who_is_persuaded() {
    let (past, other) = (planted(60_000, 1, true), planted(60_000, 2, true));
    let learner = booster_learner(settings());
    let of_truth = judge(&other.truth, &other.trial(), &Needs::default(), 100).unwrap();
    assert!(of_truth.qini.unwrap().low > 0.0);
    // 0.3 (1/2 - 0.4) on average, and 0.3 (0.95 - 0.4) among the tenth ranked first.
    assert!((of_truth.effect - 0.03).abs() < 0.015, "{}", of_truth.effect);
    let first = of_truth.at_10_percent.unwrap();
    assert!(first.low < 0.165 && 0.165 < first.high, "{first:?}");
    for method in [Method::TwoModels, Method::ClassTransformation] {
        let model = learn(method, &past.features, &past.trial(), None, &Needs::default(), &learner).unwrap();
        let scores = model.score(&other.features).unwrap();
        let judgement = judge(&scores, &other.trial(), &Needs::default(), 100).unwrap();
        let share = judgement.qini.unwrap().value / of_truth.qini.unwrap().value;
        assert!(share > 0.85, "{method:?}: {share}");
        assert!(judgement.auuc.unwrap().low > 0.0 && judgement.at_10_percent.unwrap().low > 0.0);
        let error: f64 = scores.iter().zip(&other.truth).map(|(score, truth)| (score - truth).abs()).sum();
        assert!(error / 60_000.0 < 0.035, "{method:?}: {}", error / 60_000.0);
    }
}

/// Who is loyal was treated more often and stays more often: without weights that looks like an effect.
#[test]
fn chances_that_differ_are_weighed() {
    let past = planted(80_000, 3, false);
    let learner = booster_learner(settings());
    let bias = |chance: Option<&[f64]>| {
        let trial = Trial { chance, ..past.trial() };
        let model = learn(Method::ClassTransformation, &past.features, &trial, None, &Needs::default(), &learner);
        let scores = model.unwrap().score(&past.features).unwrap();
        // The slope of the error over loyalty, which has no effect on the uplift.
        let loyal = past.features.column(1);
        let products =
            scores.iter().zip(&past.truth).zip(loyal).map(|((score, truth), loyal)| (score - truth) * (loyal - 0.5));
        products.sum::<f64>() / 80_000.0 * 12.0
    };
    assert!(bias(Some(&past.chance)).abs() < 0.06, "{}", bias(Some(&past.chance)));
    assert!(bias(None).abs() > 0.3, "{}", bias(None));
}

/// The truth is 0.165 among the first tenth by true uplift, and a Qini coefficient of 0 for a ranking by noise.
#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let holds = |measured: Option<Measured>, truth: f64| {
        let measured = measured.unwrap();
        usize::from(measured.low <= truth && truth <= measured.high)
    };
    let (mut at_10, mut of_noise) = (0, 0);
    for seed in 0..200 {
        let trial = planted(2_000, 100 + seed, true);
        let judged = |scores: &[f64]| judge(scores, &trial.trial(), &ANY, 100).unwrap();
        at_10 += holds(judged(&trial.truth).at_10_percent, 0.165);
        of_noise += holds(judged(trial.features.column(2)).qini, 0.0);
    }
    // 190 of 200 are expected; the standard deviation is 3, and quantiles of 100 draws are a little too narrow.
    for inside in [at_10, of_noise] {
        assert!((180..=198).contains(&inside), "{at_10} and {of_noise} of 200");
    }
}

#[test]
fn only_those_marked_are_learned_from() {
    let past = planted(20_000, 5, true);
    let marks: Vec<bool> = (0..20_000).map(|row| row % 2 == 0).collect();
    let learner = booster_learner(settings());
    let mut other = planted(20_000, 5, true);
    for row in (0..20_000).filter(|row| !marks[*row]) {
        other.outcome[row] = !other.outcome[row];
        other.treated[row] = !other.treated[row];
    }
    for method in [Method::TwoModels, Method::ClassTransformation] {
        let score = |trial: &Planted| {
            let model = learn(method, &past.features, &trial.trial(), Some(&marks), &Needs::default(), &learner);
            model.unwrap().score(&past.features).unwrap()
        };
        assert_eq!(score(&past), score(&other));
    }
}

#[test]
fn a_trial_that_cannot_bear_it_says_so() {
    let small = planted(1_200, 6, true);
    let learner = booster_learner(settings());
    let learned = |trial: &Trial<'_>, needs: &Needs| {
        learn(Method::TwoModels, &small.features, trial, None, needs, &learner).map(|_| ()).unwrap_err()
    };
    let scores = &small.truth;
    let treated = small.treated.iter().filter(|treated| **treated).count();
    let expected = Insufficient::Customers { arm: Arm::Treated, have: treated, needed: 500 };
    assert_eq!(learned(&small.trial(), &Needs::default()), expected);
    assert_eq!(judge(scores, &small.trial(), &Needs::default(), 10), Err(expected.clone()));
    assert_eq!(expected.status(), "insufficient_data");
    assert_eq!(expected.to_string(), format!("{treated} customers are treated, 500 are needed"));

    let all_stay = vec![true; 1_200];
    let trial = Trial { outcome: &all_stay, ..small.trial() };
    let expected = Insufficient::Outcomes { arm: Arm::Treated, outcome: false, have: 0, needed: 1 };
    assert_eq!(judge(scores, &trial, &ANY, 10), Err(expected.clone()));
    assert_eq!(expected.to_string(), "0 of those who are treated do not have the outcome, 1 are needed");

    let certain = vec![1.0; 1_200];
    let trial = Trial { chance: Some(&certain), ..small.trial() };
    assert_eq!(learned(&trial, &ANY), Insufficient::BadChance);
    assert_eq!(judge(&scores[1..], &small.trial(), &ANY, 10), Err(Insufficient::Shape));
    assert_eq!(judge(&[f64::NAN; 1_200], &small.trial(), &ANY, 10), Err(Insufficient::BadScore));
    let flat = |_: &Features, _: &[bool], _: &[f64]| -> Result<Scorer, Refusal> { Err(Refusal::NothingVaries) };
    let refused = learn(Method::TwoModels, &small.features, &small.trial(), None, &ANY, &flat).map(|_| ());
    assert_eq!(refused, Err(Insufficient::Refused(Refusal::NothingVaries)));
    assert_eq!(refused.unwrap_err().status(), "no_feature");
}
