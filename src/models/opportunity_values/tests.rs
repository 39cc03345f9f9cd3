//! Against the donations of Fader, Hardie & Shang (2010), and on a population that is exactly what the model expects.

use super::super::Values;
use super::super::lifetime_value::bg_bb::log_likelihood;
use super::*;

const PARAMS: Params =
    Params { is_named: false, min_customers: 200.0, min_repeaters: 50.0, ahead: 5, discount: 1.0 / 1.1 };

/// Parameters near those of the donations.
const TRUTH: BgBb = BgBb { alpha: 1.2, beta: 0.75, gamma: 0.66, delta: 2.8 };

/// Customers with `n` opportunities and `ahead` in the holdout, in the numbers that `model` expects of a million.
fn expected(model: &BgBb, n: u32, ahead: u32) -> Observed {
    let mut observed = Observed { has_holdout: true, ..Observed::default() };
    let log_parameters = model.parameters().map(f64::ln);
    for t_x in 0..=n {
        for x in t_x.min(1)..=t_x {
            let cell = Cell { frequency: x, recency: t_x, opportunities: n, customers: 1.0 };
            // The other purchases are anywhere before the last.
            let ways = (1..x).map(|k| f64::from(t_x - k) / f64::from(k)).product::<f64>();
            let share = ways * log_likelihood(&[cell], &log_parameters, &mut [0.0; 4]).exp();
            let bought = model.future(x, t_x, n).purchase_probabilities(ahead);
            for (bought, probability) in (0..).zip(bought) {
                observed.counts.insert(((x, t_x, n), ahead, bought), 1e6 * share * probability);
            }
        }
    }
    observed
}

fn near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "{found} is not {expected}");
}

fn double(values: &Values) -> f64 {
    let Values::Double(values) = values else { panic!("not doubles") };
    values[0].unwrap()
}

#[test]
fn scores_are_those_of_the_paper() {
    let model = BgBb { alpha: 1.203_522_351_5, beta: 0.749_716_358_1, gamma: 0.656_718_208_5, delta: 2.783_442_232_8 };
    // spec/lifetime-value.md 2.3: purchases at the next 5 opportunities, and DERT at ten per cent.
    for (past, purchases, dert) in
        [((0, 0, 6), 0.072863, 0.1147527), ((2, 4, 6), 1.057604, 1.6656233), ((6, 6, 6), 3.752544, 5.9098943)]
    {
        let score = Score::of(&model, past, PARAMS);
        near(score.expected, purchases, 1e-6);
        near(score.dert.unwrap(), dert, 1e-6);
        assert!(score.p_alive > score.p_alive_horizon && score.p10 <= score.p90);
    }
    let idle = Score::of(&model, (0, 0, 6), PARAMS);
    assert_eq!((idle.p10, idle.p90, idle.p_none > 0.9), (0, 0, true));
    let loyal = Score::of(&model, (6, 6, 6), PARAMS);
    assert_eq!(loyal.p90, 5);
    let undiscounted = Score::of(&model, (6, 6, 6), Params { discount: 1.0, ..PARAMS });
    assert_eq!(undiscounted.dert, None, "its sum need not be finite");
}

#[test]
fn a_population_of_the_model_is_found_again_and_better_foretold_than_by_the_baseline() {
    let origins = BTreeMap::from([(0, expected(&TRUTH, 6, 4))]);
    let total: f64 = origins[&0].counts.values().sum();
    near(total, 1e6, 1e-3);
    let verdict = Verdict::of(PARAMS, &origins);
    let found = verdict.usable().unwrap().parameters();
    for (found, expected) in found.iter().zip(TRUTH.parameters()) {
        near(*found, expected, 1e-4);
    }
    let (holdout, plain) = (verdict.holdout.unwrap(), verdict.baseline.unwrap());
    near(holdout.bias.unwrap(), 0.0, 1e-6);
    assert!(holdout.deviance < plain.deviance && holdout.brier < plain.brier && holdout.mae < plain.mae);
    let rows = model_rows(Some((PARAMS, &verdict, Some(364))));
    assert_eq!(rows[25], Values::Text(vec![Some("A".to_owned())]));
    assert_eq!(rows[26], Values::Boolean(vec![Some(false)]));
    assert_eq!(verdict.reason(PARAMS), "counts opportunities, not purchases: chosen only by name");
    let named = Params { is_named: true, ..PARAMS };
    assert_eq!(model_rows(Some((named, &verdict, None)))[26], Values::Boolean(vec![Some(true)]));
    near(double(&parameter_rows(Some(&verdict))[3]), TRUTH.alpha, 1e-4);
}

#[test]
fn the_baseline_is_everybodys_own_share_drawn_to_the_mean() {
    let cell = |frequency, recency, customers| Cell { frequency, recency, opportunities: 4, customers };
    let plain = baseline(&[cell(0, 0, 6.0), cell(2, 3, 3.0), cell(4, 4, 1.0)]).unwrap();
    // Ten purchases at forty opportunities, four a customer: (x + 1) / 8 of each opportunity.
    for x in 0..=4 {
        near(plain.future(x, x, 4).expected_purchases(3), 3.0 * f64::from(x + 1) / 8.0, 1e-12);
        near(plain.future(x, x, 4).p_alive(3), 1.0, 1e-12);
    }
    assert_eq!(baseline(&[cell(0, 0, 6.0)]), None);
    assert_eq!(baseline(&[cell(4, 4, 6.0)]), None);
}

#[test]
fn a_population_that_nobody_leaves_collapses() {
    let loyal = BgBb { gamma: 1e-9, delta: 1.0, ..TRUTH };
    let verdict = Verdict::of(PARAMS, &BTreeMap::from([(0, expected(&loyal, 5, 1))]));
    let rows = model_rows(Some((PARAMS, &verdict, None)));
    assert_eq!(rows[8], Values::Text(vec![Some("boundary".to_owned())]));
    assert_eq!(rows[9], Values::Text(vec![Some("beta_binomial".to_owned())]));
    let Values::Double(errors) = &parameter_rows(Some(&verdict))[4] else { panic!("not doubles") };
    assert_eq!(errors, &[None; 4], "no standard error at a boundary");
}

#[test]
fn too_little_is_said_in_numbers() {
    let reason = |counts: &[(Past, f64)], params: Params| {
        let counts = counts.iter().map(|(past, customers)| ((*past, 0, 0), *customers)).collect();
        let origins = BTreeMap::from([(0, Observed { counts, has_holdout: false })]);
        let verdict = Verdict::of(params, &origins);
        assert!(verdict.usable().is_none() && verdict.holdout.is_none());
        let rows = model_rows(Some((params, &verdict, None)));
        assert_eq!(rows[8], Values::Text(vec![Some("insufficient_data".to_owned())]));
        verdict.reason(params)
    };
    // Who has had no opportunity yet says nothing.
    assert_eq!(
        reason(&[((0, 0, 0), 500.0), ((0, 0, 4), 30.0), ((1, 2, 4), 20.0)], PARAMS),
        "50 customers had an opportunity, of whom 20 bought at one; needed are 200 and 50"
    );
    let two = [((0, 0, 2), 500.0), ((1, 2, 2), 200.0)];
    assert_eq!(reason(&two, PARAMS), "nobody had more than 2 opportunities, 3 are needed");
    let many = [((0, 0, 200), 500.0), ((1, 2, 200), 200.0)];
    assert_eq!(reason(&many, PARAMS), "opportunity_days is short: 200 opportunities, 120 at most can be fitted");
    let far = Params { ahead: 36_525, ..PARAMS };
    let four = [((0, 0, 4), 500.0), ((1, 2, 4), 200.0)];
    assert_eq!(reason(&four, far), "opportunity_days is short: 36525 opportunities in the horizon, 1200 at most");
}
