//! Grades and the choice, on customers whose true probabilities are known.

use super::golden_rows::Lcg;
use super::grade::*;
use super::unfit::Unfit;

/// True probabilities, a coarse view of them, and what happened.
fn customers(count: usize) -> (Vec<f64>, Vec<f64>, Vec<bool>) {
    let mut lcg = Lcg(51);
    let (mut truth, mut coarse, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..count {
        let (seen, unseen) = (lcg.uniform(), lcg.uniform());
        let p = 0.05 + 0.4 * seen + 0.4 * unseen;
        truth.push(p);
        coarse.push(0.25 + 0.4 * seen);
        labels.push(lcg.uniform() < p);
    }
    (truth, coarse, labels)
}

fn candidate<'a>(name: &'a str, role: Role, simplicity: u32, probabilities: &'a [f64]) -> Candidate<'a> {
    Candidate { name, role, simplicity, probabilities }
}

fn grades(choice: &Choice) -> Vec<&str> {
    choice.graded.iter().map(|graded| graded.grade.map_or("-", Grade::name)).collect()
}

#[test]
fn better_as_good_and_worse_are_a_b_and_c() {
    let (truth, coarse, labels) = customers(5_000);
    let inverted: Vec<f64> = truth.iter().map(|p| 0.9 - p).collect();
    let flat: Vec<f64> = truth.iter().map(|p| 0.45 + (p - 0.45) * 0.6).collect();
    let candidates = [
        candidate("recency", Role::Baseline, 0, &coarse),
        candidate("same", Role::Model, 1, &coarse),
        candidate("true", Role::Model, 2, &truth),
        candidate("flat", Role::Model, 3, &flat),
        candidate("inverted", Role::Model, 4, &inverted),
    ];
    let choice = grade(&candidates, &labels, 200).unwrap();
    assert_eq!(grades(&choice), ["-", "B", "A", "B", "C"], "{choice:?}");
    assert_eq!((choice.chosen, choice.reason.as_str()), (Some(2), "true has the smallest log loss"));
    assert!(choice.graded[2].is_chosen && choice.graded.iter().filter(|graded| graded.is_chosen).count() == 1);
    assert!(choice.graded[3].reason.starts_with("better, but not calibrated: lift "), "{}", choice.graded[3].reason);
    assert!(choice.graded[4].reason.starts_with("worse: lift "), "{}", choice.graded[4].reason);
    assert!(choice.graded[1].reason.starts_with("not better by 5 %: lift "), "{}", choice.graded[1].reason);
    assert_eq!(choice.graded[2].baseline.as_deref(), Some("recency"));
}

#[test]
fn a_lift_that_is_lower_by_chance_is_not_worse() {
    let (truth, coarse, labels) = customers(5_000);
    let mut lcg = Lcg(53);
    let jitter: Vec<f64> = coarse.iter().map(|_| 0.02 * (lcg.uniform() - 0.5)).collect();
    let jittered =
        |sign: f64| -> Vec<f64> { coarse.iter().zip(&jitter).map(|(p, jitter)| p + sign * jitter).collect() };
    let lift = |p: &[f64]| figures(p, &labels).unwrap().lift_10;
    let (one, other) = (jittered(1.0), jittered(-1.0));
    let (unlucky, lucky) = if lift(&one) < lift(&other) { (one, other) } else { (other, one) };
    assert!(lift(&unlucky) < lift(&lucky));
    let candidates = [candidate("recency", Role::Baseline, 0, &lucky), candidate("model", Role::Model, 1, &unlucky)];
    let choice = grade(&candidates, &labels, 200).unwrap();
    assert_eq!(grades(&choice), ["-", "B"], "{choice:?}");
    // By far is not by chance.
    let candidates = [candidate("recency", Role::Baseline, 0, &truth), candidate("model", Role::Model, 1, &coarse)];
    assert_eq!(grades(&grade(&candidates, &labels, 200).unwrap()), ["-", "C"]);
}

#[test]
fn the_right_ranks_with_wrong_probabilities_are_a_c() {
    let (truth, coarse, labels) = customers(5_000);
    let far: Vec<f64> = truth.iter().map(|p| p.powi(4)).collect();
    let candidates = [candidate("recency", Role::Baseline, 0, &coarse), candidate("far", Role::Model, 1, &far)];
    let choice = grade(&candidates, &labels, 200).unwrap();
    assert_eq!((grades(&choice), choice.chosen), (vec!["-", "C"], None));
    assert!(choice.graded[1].reason.starts_with("worse: log loss "), "{}", choice.graded[1].reason);
    assert!(choice.reason.ends_with("none is used"));
}

#[test]
fn of_models_that_chance_cannot_tell_apart_the_simplest_is_used() {
    let (truth, coarse, labels) = customers(5_000);
    // A jitter that says nothing; with one of the two signs it is better on these customers by chance.
    let mut lcg = Lcg(52);
    let jitter: Vec<f64> = truth.iter().map(|_| 0.004 * (lcg.uniform() - 0.5)).collect();
    let jittered = |sign: f64| -> Vec<f64> { truth.iter().zip(&jitter).map(|(p, jitter)| p + sign * jitter).collect() };
    let loss = |p: &[f64]| figures(p, &labels).unwrap().log_loss;
    let lucky = if loss(&jittered(1.0)) < loss(&truth) { jittered(1.0) } else { jittered(-1.0) };
    let candidates = [
        candidate("recency", Role::Baseline, 0, &coarse),
        candidate("trees", Role::Model, 2, &lucky),
        candidate("scorecard", Role::Model, 1, &truth),
    ];
    let choice = grade(&candidates, &labels, 200).unwrap();
    assert!(choice.graded[1].figures.log_loss < choice.graded[2].figures.log_loss);
    assert_eq!(choice.chosen, Some(2));
    assert!(
        choice.reason.starts_with("scorecard is simpler than trees, whose log loss is smaller by "),
        "{}",
        choice.reason
    );
}

#[test]
fn models_are_judged_against_the_better_baseline() {
    let (truth, coarse, labels) = customers(5_000);
    let rate = vec![0.45; 5_000];
    let candidates = [
        candidate("rate", Role::Baseline, 0, &rate),
        candidate("rfm", Role::Baseline, 0, &coarse),
        candidate("true", Role::Model, 1, &truth),
    ];
    let choice = grade(&candidates, &labels, 200).unwrap();
    assert_eq!(choice.graded[2].baseline.as_deref(), Some("rfm"));
    // One probability for all has no slope, half of all pairs and no lift.
    let figures = &choice.graded[0].figures;
    assert_eq!((figures.line, figures.auc, figures.auc_interval, figures.lift_10), (None, 0.5, None, 1.0));
    let alone = grade(&candidates[2..], &labels, 200).unwrap();
    assert_eq!((alone.graded[0].grade, alone.chosen), (None, None));
}

#[test]
fn too_few_customers_are_not_graded() {
    let (truth, _, labels) = customers(300);
    let refused = grade(&[candidate("true", Role::Model, 1, &truth)], &labels, 200);
    assert!(matches!(refused, Err(Unfit::TooFewLeft { least: 200, .. })), "{refused:?}");
    assert_eq!(figures(&[0.5, 0.6], &[true, true]), Err(Unfit::TooFewStayed { found: 0, least: 1 }));
}
