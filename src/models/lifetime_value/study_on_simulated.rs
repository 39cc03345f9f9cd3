//! A whole study of customers drawn from a model: what is chosen, for whom, and that neither threads, order nor odd data
//! change what it means.

use super::choice::Grade;
use super::fit::Termination;
use super::history::History;
use super::scores::{Customer, Score, Terms, score};
use super::simulate::{Drawn, Law, Spend, ages};
use super::study::{Findings, Observations, Observed, Settings, Study, Subject};

const HORIZON: f64 = 180.0;
const TERMS: Terms = Terms { horizon: HORIZON, rate: 3e-4, unit_days: 1.0 };
const ALL: [&str; 5] = ["nbd", "bg_nbd", "mbg_nbd", "pareto_nbd", "mbg_cnbd_2"];

fn settings(candidates: &[&str]) -> Settings {
    Settings {
        candidates: candidates.iter().map(|name| (*name).to_owned()).collect(),
        wanted: None,
        min_customers: 50.0,
        min_repeaters: 20.0,
        terms: TERMS,
        draws: 20,
        seed: 1,
    }
}

fn draw(name: &str, parameters: &[f64], customers: usize, seed: u64) -> Vec<Drawn> {
    let ages: Vec<f64> = ages(customers, 10.0, 36.0, !seed).into_iter().map(|tens| 10.0 * tens.floor()).collect();
    let spend = Spend { p: 6.0, q: 4.0, gamma: 15.0 };
    Law::of(name, parameters).unwrap().customers(Some(spend), &ages, HORIZON, seed)
}

/// A customer seen, its stratum, purchases in the holdout and the mean spend.
type Seen = (u32, History, u32, f64);

fn seen(stratum: u32, drawn: &[Drawn]) -> Vec<Seen> {
    drawn.iter().map(|drawn| (stratum, drawn.history, drawn.holdout, drawn.mean_spend.unwrap_or(0.0))).collect()
}

fn subjects(seen: &[Seen]) -> Vec<Subject> {
    let of = |(stratum, history, _, mean): &Seen| Subject {
        stratum: *stratum,
        customer: Customer { group: 0, history: *history, spend_purchases: history.frequency, spend_mean: Some(*mean) },
    };
    seen.iter().map(of).collect()
}

fn study(settings: &Settings, seen: &[Seen], strata: u32, holdout: bool) -> (Findings, Vec<super::totals::Total>) {
    let of = |(stratum, history, bought, _): &Seen| Observed {
        stratum: *stratum,
        group: 0,
        history: *history,
        bought: *bought,
    };
    let observations = [Observations { horizon: holdout.then_some(HORIZON), rows: seen.iter().map(of).collect() }];
    let subjects = subjects(seen);
    let study = Study { settings, observations: &observations, subjects: &subjects, covariates: &[Vec::new()], strata };
    let findings = study.findings();
    let scopes: Vec<Vec<u32>> = seen.iter().map(|(stratum, ..)| vec![0, 1 + *stratum]).collect();
    let totals = study.totals(&findings, &scopes, 2 + strata as usize);
    (findings, totals)
}

fn chosen(findings: &Findings) -> (&'static str, Grade, &str) {
    let choice = findings.choice.as_ref().unwrap();
    let judged = &choice.judged[choice.chosen.unwrap()];
    (judged.model, judged.grade.unwrap(), &choice.reason)
}

fn deviance(findings: &Findings, model: &str) -> f64 {
    let judged = findings.choice.as_ref().unwrap().judged.iter().find(|judged| judged.model == model).unwrap();
    judged.holdout.unwrap().deviance
}

/// Each figure of a score, as bits; 0 where there is none.
fn bits(score: &Score) -> Vec<u64> {
    let some = |value: Option<f64>| value.map_or(0, f64::to_bits);
    vec![
        score.p_alive.to_bits(),
        score.p_alive_horizon.to_bits(),
        score.expected_purchases.to_bits(),
        score.variance.to_bits(),
        u64::from(score.purchases_p10),
        u64::from(score.purchases_p90),
        score.p_no_purchase.to_bits(),
        some(score.next_purchase_p50_days),
        some(score.next_purchase_p90_days),
        some(score.dert),
        score.discounted_purchases.to_bits(),
        some(score.expected_spend),
        some(score.value_horizon),
        some(score.clv),
        some(score.value_p10),
        some(score.value_p90),
        some(score.value_variance),
    ]
}

/// Nothing is NaN, negative or endless.
fn sound(score: &Score) -> bool {
    let numbers = [
        Some(score.p_alive),
        Some(score.p_alive_horizon),
        Some(score.expected_purchases),
        Some(score.variance),
        Some(score.p_no_purchase),
        score.next_purchase_p50_days,
        score.next_purchase_p90_days,
        score.dert,
        Some(score.discounted_purchases),
        score.expected_spend,
        score.value_horizon,
        score.clv,
        score.value_p10,
        score.value_p90,
        score.value_variance,
    ];
    numbers.into_iter().flatten().all(|value| value.is_finite() && value >= 0.0)
        && score.p_alive <= 1.0
        && score.p_no_purchase <= 1.0 + 1e-12
        && score.purchases_p10 <= score.purchases_p90
}

#[test]
fn scores_and_totals_of_one_batch_after_another_are_those_of_all_at_once() {
    let mut seen = seen(1, &draw("bg_nbd", &[0.6, 20.0, 0.9, 2.5], 900, 5));
    seen.extend(self::seen(2, &draw("bg_nbd", &[0.9, 10.0, 0.8, 2.0], 700, 6)));
    let settings = settings(&["bg_nbd"]);
    let (findings, totals) = study(&settings, &seen, 2, true);
    let all = subjects(&seen);
    let mut sums = vec![super::totals::Sums::default(); 4];
    let mut scores = Vec::new();
    for batch in seen.chunks(257) {
        let subjects = subjects(batch);
        // Nobody is observed: all that is known comes from the findings.
        let study =
            Study { settings: &settings, observations: &[], subjects: &subjects, covariates: &[Vec::new()], strata: 2 };
        let scored = study.scored(&findings);
        let scopes: Vec<Vec<u32>> = batch.iter().map(|(stratum, ..)| vec![0, 1 + *stratum]).collect();
        let of_batch = study.sums(&findings, &scored, &scopes, 4);
        sums.iter_mut().zip(&of_batch).for_each(|(all, of_batch)| all.and(of_batch));
        scores.extend(scored);
    }
    assert_eq!(scores.len(), all.len());
    for (one, other) in scores.iter().zip(&findings.scores) {
        assert_eq!(bits(one.as_ref().unwrap()), bits(other.as_ref().unwrap()));
    }
    for (batches, whole) in sums.iter().map(super::totals::Sums::total).zip(totals) {
        assert_eq!(batches.customers, whole.customers);
        // Sums in another order.
        let pairs = [
            (batches.expected_purchases, whole.expected_purchases),
            (batches.lo, whole.lo),
            (batches.hi, whole.hi),
            (batches.value, whole.value),
            (batches.value_lo.unwrap_or(0.0), whole.value_lo.unwrap_or(0.0)),
            (batches.value_hi.unwrap_or(0.0), whole.value_hi.unwrap_or(0.0)),
        ];
        for (one, other) in pairs {
            assert!((one - other).abs() <= 1e-10 * other.abs(), "{one} {other}");
        }
    }
    assert_eq!(sums[0].total().customers, 1_600);
}

#[test]
fn regular_customers_choose_a_regular_model() {
    let seen = seen(0, &draw("mbg_cnbd_2", &[0.9, 12.0, 0.8, 2.5], 3_000, 11));
    let (findings, _) = study(&settings(&ALL), &seen, 0, true);
    let (model, grade, reason) = chosen(&findings);
    assert_eq!((model, grade), ("mbg_cnbd_2", Grade::A), "{reason}");
    assert!(reason.starts_with("least deviance in the holdout"), "{reason}");
}

/// The model that made the data has the least deviance, or another is as good to a hundredth.
#[test]
fn the_true_model_ties_at_least() {
    for (name, parameters) in
        [("mbg_nbd", [0.8, 20.0, 0.8, 2.5]), ("bg_nbd", [0.8, 20.0, 0.8, 2.5]), ("pareto_nbd", [0.8, 20.0, 0.6, 90.0])]
    {
        let seen = seen(0, &draw(name, &parameters, 3_000, 12));
        let (findings, _) = study(&settings(&ALL), &seen, 0, true);
        let (model, grade, reason) = chosen(&findings);
        let away = deviance(&findings, name) - deviance(&findings, model);
        assert!(away < 0.01 && grade == Grade::A, "{name}: {model} {away} {reason}");
        assert!(findings.choice.as_ref().unwrap().judged.iter().any(|judged| judged.model == model && judged.leaves));
    }
}

/// Where nobody leaves, the models with dropout fall back to NBD, or to as good as nobody leaving; what is chosen is as
/// good as NBD, and if somebody leaves in it, that it is chosen is explained.
#[test]
fn data_in_which_nobody_leaves() {
    for seed in [13, 14, 15] {
        let seen = seen(0, &draw("nbd", &[0.8, 20.0], 3_000, seed));
        let (findings, _) = study(&settings(&ALL), &seen, 0, true);
        let (model, _, reason) = chosen(&findings);
        let judged = &findings.choice.as_ref().unwrap().judged;
        assert!((deviance(&findings, model) - deviance(&findings, "nbd")).abs() < 0.005, "{model}: {reason}");
        let leaves = judged.iter().find(|judged| judged.model == model).unwrap().leaves;
        if leaves {
            assert!(reason.contains("least"), "{reason}");
        } else {
            // Of models without dropout the one with the fewest coefficients.
            assert_eq!(model, "nbd");
            assert!(reason.contains("nobody leaves"), "{reason}");
        }
    }
}

#[test]
fn strata_have_fits_of_their_own_and_add_up() {
    let laws = [[0.8, 20.0, 0.8, 2.5], [0.8, 60.0, 0.8, 2.5], [0.8, 30.0, 1.6, 2.5]];
    let rows: Vec<Seen> = (1_u32..)
        .zip(&laws)
        .flat_map(|(stratum, law)| seen(stratum, &draw("mbg_nbd", law, 800, 20 + u64::from(stratum))))
        .collect();
    let (findings, totals) = study(&settings(&["mbg_nbd"]), &rows, 3, true);
    assert_eq!(findings.strata.len(), 4);
    for stratum in &findings.strata[1..] {
        let pooled = stratum.pooled.as_ref().unwrap();
        assert!(pooled.own.is_some() && pooled.weight > 0.3, "{}", pooled.weight);
        assert_eq!(stratum.customers, 800.0);
        let holdout = stratum.holdout.unwrap();
        assert!(
            holdout.bias.unwrap().abs() < 0.15 && (holdout.coverage - holdout.coverage_nominal).abs() < 0.05,
            "{holdout:?}"
        );
        assert!(!stratum.calibration.is_empty() && stratum.at_origin.is_some());
    }
    assert!(findings.scores.iter().all(|score| sound(score.as_ref().unwrap())));
    let sum: f64 = totals[2..].iter().map(|total| total.expected_purchases).sum();
    assert!((totals[0].expected_purchases - sum).abs() < 1e-6 * sum);
    assert_eq!((totals[0].customers, totals[1].customers), (2_400, 0));
    let widths = totals[2..].iter().map(|total| (total.hi - total.lo).powi(2)).sum::<f64>().sqrt();
    // Strata are independent: their errors add in squares.
    assert!(((totals[0].hi - totals[0].lo) / widths - 1.0).abs() < 0.15);
}

/// Byte for byte at 1 and at 2 threads: choice, scores and totals.
#[test]
fn threads_do_not_matter() {
    let rows: Vec<Seen> = [(1, 20.0), (2, 50.0)]
        .iter()
        .flat_map(|(stratum, alpha)| {
            seen(*stratum, &draw("mbg_nbd", &[0.8, *alpha, 0.8, 2.5], 600, u64::from(*stratum)))
        })
        .collect();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| study(&settings(&["nbd", "bg_nbd", "pareto_nbd", "mbg_cnbd_2"]), &rows, 2, true))
    };
    let ((one, one_totals), (two, two_totals)) = (with(1), with(2));
    assert_eq!(one.choice.as_ref().unwrap().reason, two.choice.as_ref().unwrap().reason);
    assert_eq!(one_totals, two_totals);
    for (one, two) in one.scores.iter().zip(&two.scores) {
        assert_eq!(bits(one.as_ref().unwrap()), bits(two.as_ref().unwrap()));
    }
    for (one, two) in one.choice.unwrap().judged.iter().zip(&two.choice.unwrap().judged) {
        assert_eq!(one.fit.log_parameters, two.fit.log_parameters);
        assert_eq!((one.holdout, &one.calibration), (two.holdout, &two.calibration));
    }
}

/// Alone, in a crowd with heavier buyers, and in another order: each figure is the same to the last bit.
#[test]
fn scores_do_not_depend_on_the_others() {
    let mut rows = seen(0, &draw("mbg_cnbd_2", &[0.8, 10.0, 0.8, 2.5], 150, 31));
    rows.push((0, History::new(2_000, 355.0, 360.0), 0, 12.0));
    rows.push((0, History::new(0, 0.0, 0.0), 0, 0.0));
    let mut customers: Vec<Customer> = subjects(&rows).iter().map(|subject| subject.customer).collect();
    // The value of the first purchase counts for some, and that of others is not known.
    for (row, customer) in customers.iter_mut().enumerate() {
        match row % 5 {
            0 => customer.spend_purchases += 1,
            1 => customer.spend_mean = None,
            _ => {}
        }
    }
    let model = super::choice::purchase_model("mbg_cnbd_2").unwrap();
    let process = [model.process(&[0.8, 10.0, 0.8, 2.5])];
    let spend = super::gamma_gamma::GammaGamma { p: 6.0, q: 4.0, gamma: 15.0 };
    let together = score(&process, Some(&spend), &customers, TERMS);
    let mut turned = customers.clone();
    turned.reverse();
    let turned = score(&process, Some(&spend), &turned, TERMS);
    assert!(together.iter().all(sound));
    for ((customer, one), other) in customers.iter().zip(&together).zip(turned.iter().rev()) {
        let alone = score(&process, Some(&spend), std::slice::from_ref(customer), TERMS)[0];
        assert_eq!(bits(one), bits(&alone), "{customer:?}");
        assert_eq!(bits(one), bits(other), "{customer:?}");
    }
}

#[test]
fn too_few_are_counted() {
    let rows = seen(0, &draw("mbg_nbd", &[0.8, 20.0, 0.8, 2.5], 40, 1));
    let repeaters = rows.iter().filter(|(_, history, ..)| history.frequency > 0).count();
    let (findings, totals) = study(&settings(&ALL), &rows, 0, true);
    let wanted = format!("40 customers of whom {repeaters} bought again; needed are 50 and 20");
    assert_eq!(findings.insufficient.as_deref(), Some(wanted.as_str()));
    assert!(findings.scores.len() == 40 && findings.scores.iter().all(Option::is_none));
    assert_eq!(totals.len(), 2);
}

/// One stratum's data without any of the chance that the models need: each study ends with a model whose figures are sound,
/// or with a reason.
#[test]
fn degenerate_data_ends_with_a_reason() {
    let same = |count: usize, history: History, bought: u32| vec![(0, history, bought, 10.0); count];
    let mut heavy = seen(0, &draw("mbg_nbd", &[0.8, 20.0, 0.8, 2.5], 300, 3));
    heavy.push((0, History::new(2_000, 299.0, 300.0), 900, 5.0));
    let mut two = same(100, History::new(0, 0.0, 200.0), 0);
    two.extend(same(100, History::new(1, 200.0, 200.0), 1));
    let cases: [(&str, Vec<Seen>); 9] = [
        ("nobody came back", same(200, History::new(0, 0.0, 200.0), 0)),
        ("nobody came back but later", same(200, History::new(0, 0.0, 200.0), 1)),
        ("all the same", same(200, History::new(3, 150.0, 200.0), 2)),
        ("all the same and gone", same(200, History::new(3, 10.0, 200.0), 0)),
        ("two sorts", two),
        ("all came today", same(200, History::new(0, 0.0, 0.0), 0)),
        ("all came back today", same(200, History::new(1, 1.0, 1.0), 0)),
        ("one buys 2,000 times", heavy),
        ("one alone", same(1, History::new(5, 100.0, 120.0), 3)),
    ];
    for (name, rows) in &cases {
        for holdout in [true, false] {
            for least in [20.0, 0.0] {
                let settings = Settings { min_repeaters: least, min_customers: least, ..settings(&ALL) };
                let (findings, totals) = study(&settings, rows, 0, holdout);
                let model = findings.choice.as_ref().and_then(|choice| Some(choice.judged[choice.chosen?].model));
                let reason =
                    findings.insufficient.clone().or(findings.choice.as_ref().map(|choice| choice.reason.clone()));
                assert!(reason.is_some_and(|reason| !reason.is_empty() && !reason.contains("NaN")), "{name}");
                for judged in
                    findings.choice.iter().flat_map(|choice| &choice.judged).filter(|judged| judged.is_usable())
                {
                    assert!(judged.fit.parameters().iter().all(|value| value.is_finite()), "{name}: {judged:?}");
                }
                assert_eq!(findings.scores.iter().all(Option::is_some), findings.insufficient.is_none(), "{name}");
                for score in findings.scores.iter().flatten() {
                    assert!(sound(score), "{name}, {model:?}: {score:?}");
                }
                for total in &totals {
                    assert!(
                        [total.expected_purchases, total.lo, total.hi, total.value]
                            .iter()
                            .all(|value| value.is_finite()),
                        "{name}: {total:?}"
                    );
                }
            }
        }
    }
}

/// Customers who all leave with the same probability: in some draws less differs than chance lets it, and the fit ends at
/// a boundary. Then it is used, and says what it is.
#[test]
fn a_boundary_says_what_it_collapses_to() {
    let mut boundaries = 0;
    for seed in 0..6 {
        let seen = seen(0, &draw("mbg_nbd", &[0.8, 20.0, 300_000.0, 900_000.0], 400, seed));
        let settings = Settings { wanted: Some("mbg_nbd".to_owned()), ..settings(&["mbg_nbd"]) };
        let (findings, _) = study(&settings, &seen, 0, true);
        let choice = findings.choice.as_ref().unwrap();
        let judged = &choice.judged[choice.chosen.unwrap()];
        assert!(judged.is_usable() && judged.leaves);
        let [a, b] = [2, 3].map(|at| judged.fit.log_parameters[at].exp());
        assert!((a / (a + b) - 0.25).abs() < 0.1, "{seed}: {a} {b}");
        if judged.fit.termination == Termination::Boundary {
            boundaries += 1;
            assert_eq!(judged.collapses_to, Some("one dropout probability for all"), "{a} {b}");
        }
        assert!(findings.scores.iter().all(|score| sound(score.as_ref().unwrap())));
    }
    assert!(boundaries > 0);
}

/// People bought on through the holdout at ten times their rate: no model is right in total, so everybody keeps their own
/// rate, drawn to the mean, `(x + rho m) / (T + m)`, and the reason says so.
#[test]
fn without_a_model_the_cohort_mean_scores() {
    let drawn = draw("mbg_nbd", &[0.8, 20.0, 0.8, 2.5], 400, 5);
    let mut rows = seen(1, &drawn);
    rows.iter_mut().for_each(|(_, history, bought, _)| *bought = 20 + 3 * history.frequency);
    let (findings, totals) = study(&settings(&ALL), &rows, 1, true);
    let choice = findings.choice.as_ref().unwrap();
    let judged = &choice.judged[choice.chosen.unwrap()];
    assert_eq!((judged.model, judged.grade, judged.fit.termination), ("cohort_mean", None, Termination::Means));
    assert!(choice.reason.ends_with("so everybody keeps their own rate, drawn to the mean"), "{}", choice.reason);
    assert!(choice.judged[..choice.judged.len() - 1].iter().all(|judged| judged.grade == Some(Grade::C)));
    let repeats: f64 = rows.iter().map(|(_, history, ..)| f64::from(history.frequency)).sum();
    let time: f64 = rows.iter().map(|(_, history, ..)| history.age).sum();
    let mean_age = time / rows.len() as f64;
    let mut sum = 0.0;
    for ((_, history, ..), score) in rows.iter().zip(&findings.scores) {
        let rate = (f64::from(history.frequency) + repeats / time * mean_age) / (history.age + mean_age);
        let score = score.unwrap();
        assert!((score.expected_purchases / (HORIZON * rate) - 1.0).abs() < 1e-12);
        assert!(score.p_alive == 1.0 && sound(&score));
        sum += score.expected_purchases;
    }
    assert!((totals[0].expected_purchases / sum - 1.0).abs() < 1e-12);
}
