//! What is fitted, chosen and fallen back on. The mathematics is tested beside it.

use arrow::array::Array;

use super::*;

/// The first seven years of the regular contracts of Fader & Hardie (2007).
const REGULAR: [f64; 8] = [1000., 631., 468., 382., 326., 289., 262., 241.];

const PARAMS: Params = Params { enabled: true, horizon_days: 365, annual_rate: 0.1 };

fn stratum(term_months: i64, left: &[f64]) -> Stratum {
    let renewals = Renewals::of_cohort(left);
    let rows = (1..).zip(renewals.at_risk.iter().zip(&renewals.lost));
    let cohort: Vec<(u32, f64, f64)> = rows.map(|(number, (at_risk, lost))| (number, *at_risk, *lost)).collect();
    let mut stratum = Stratum::default();
    stratum.add(term_months, &cohort);
    stratum
}

const YEARLY: &str = "term=12";

fn values(strata: &BTreeMap<String, Stratum>) -> Rows {
    let verdicts = strata.iter().map(|(name, stratum)| (name.as_str(), Verdict::of(stratum))).collect();
    value_rows(PARAMS, strata, &verdicts)
}

fn doubles(values: &Values) -> Vec<f64> {
    let Values::Double(values) = values else { panic!("not doubles") };
    values.iter().map(|value| value.unwrap_or(f64::NAN)).collect()
}

fn texts(values: &Values) -> Vec<&str> {
    let Values::Text(values) = values else { panic!("not text") };
    values.iter().map(|value| value.as_deref().unwrap_or("-")).collect()
}

#[test]
fn renewals_at_which_no_history_ends_are_filled_in() {
    let mut stratum = Stratum::default();
    stratum.add(12, &[(2, 10.0, 1.0), (4, 7.0, 2.0)]);
    stratum.add(1, &[(1, 5.0, 5.0)]);
    assert_eq!(stratum.renewals.at_risk, [15.0, 10.0, 7.0, 7.0]);
    assert_eq!(stratum.renewals.lost, [5.0, 1.0, 0.0, 2.0]);
    assert_eq!(stratum.last, BTreeMap::from([(1, 1), (12, 4)]));
}

#[test]
fn a_horizon_of_a_year_has_one_yearly_renewal_and_twelve_monthly_ones() {
    assert_eq!([1, 3, 12, 24].map(|term| PARAMS.renewals(term)), [12, 4, 1, 0]);
    assert_eq!(Params { horizon_days: 366, ..PARAMS }.renewals(1), 12);
    assert_eq!(Params { horizon_days: 731, ..PARAMS }.renewals(12), 2);
    assert!((PARAMS.discount(12) * 1.1 - 1.0).abs() < 1e-15);
    assert!((PARAMS.discount(1).powi(12) * 1.1 - 1.0).abs() < 1e-14);
}

#[test]
fn the_model_with_the_lower_aic_is_chosen_and_the_papers_values_come_out() {
    let strata = BTreeMap::from([(YEARLY.to_owned(), stratum(12, &REGULAR))]);
    let verdict = Verdict::of(&strata[YEARLY]);
    // Half of 2 x 1.32, which the third parameter gains, is less than it costs.
    assert_eq!(verdict.chosen, Some(0));
    assert_eq!(verdict.reason(0), "AIC 3364.53, bdw 3365.21");
    assert_eq!(verdict.reason(1), "AIC 3365.21, not below sbg 3364.53");
    let rows = values(&strata);
    assert_eq!(texts(&rows[3]), ["sbg"; 8]);
    // DERL before renewals 1 to 5, at ten per cent.
    let found = doubles(&rows[11]);
    for (found, expected) in found.iter().zip([2.964399, 4.103140, 4.869805, 5.442058, 5.894095]) {
        assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
    }
    assert_eq!(doubles(&rows[5]), doubles(&rows[8]), "one renewal within the horizon: the next");
    assert_eq!(doubles(&rows[5]), doubles(&rows[12]), "and its payment is due at once");
    // The renewal after it happens to those who have the next one, and then that of a contract renewed once more.
    let (next, beyond) = (doubles(&rows[5]), doubles(&rows[13]));
    for (pair, beyond) in next.windows(2).zip(&beyond) {
        assert!((pair[0] * pair[1] - beyond).abs() < 1e-12, "{pair:?} {beyond}");
    }
    assert!(doubles(&rows[14]).iter().all(|discount| (discount * 1.1 - 1.0).abs() < 1e-14));
}

#[test]
fn a_plan_with_too_few_contracts_has_the_curve_of_its_term() {
    let strata = BTreeMap::from([
        (YEARLY.to_owned(), stratum(12, &REGULAR)),
        ("plan=new".to_owned(), stratum(12, &[20., 15., 12.])),
    ]);
    let verdict = Verdict::of(&strata["plan=new"]);
    assert_eq!((verdict.chosen, verdict.reason(0).as_str()), (None, "20 contracts came to a renewal, 30 are needed"));
    let rows = values(&strata);
    // By name: three rows of the plan, then those of the term.
    assert_eq!(texts(&rows[4]), [YEARLY; 11]);
    assert_eq!(doubles(&rows[5])[..3], doubles(&rows[5])[3..6]);
    for (left, reason) in [
        (&[1000., 999., 998.][..], "2 contracts were lost, 10 are needed"),
        (&[40., 2., 0.][..], "2 renewals happened, 10 are needed"),
        (&[40., 20.][..], "contracts came to 1 renewals, 2 are needed"),
    ] {
        assert_eq!(Verdict::of(&stratum(1, left)).reason(0), reason);
    }
    let two = Verdict::of(&stratum(1, &[400., 300., 250.]));
    assert_eq!((two.chosen, two.reason(1).as_str()), (Some(0), "contracts came to 2 renewals, 3 are needed"));
}

#[test]
fn terms_of_several_lengths_are_not_one_curve() {
    let mut both = stratum(12, &REGULAR);
    both.add(1, &[(1, 900., 500.), (2, 400., 100.)]);
    let strata = BTreeMap::from([
        ("all".to_owned(), both),
        ("term=1".to_owned(), stratum(1, &[900., 400., 300.])),
        (YEARLY.to_owned(), stratum(12, &REGULAR)),
    ]);
    let rows = values(&strata);
    assert_eq!(texts(&rows[4])[..11], [["term=1"; 3].as_slice(), &[YEARLY; 8]].concat());
    let verdicts = strata.iter().map(|(name, stratum)| (name.as_str(), Verdict::of(stratum))).collect();
    let models = model_rows(&strata, &verdicts);
    let Values::Boolean(chosen) = &models[21] else { panic!("not true or false") };
    assert_eq!(chosen[..2], [Some(false); 2], "nothing comes from the curves of all");
    let reasons = texts(&models[22]).join("\n");
    assert_eq!(reasons.matches("contracts with one length of term (1, 12 months)").count(), 2, "{reasons}");
}

#[test]
fn without_any_fit_there_is_one_probability_of_loss() {
    let strata = BTreeMap::from([(YEARLY.to_owned(), stratum(12, &[7., 4., 3.]))]);
    let rows = values(&strata);
    assert_eq!(texts(&rows[3]), [MEAN; 3]);
    // Four losses in eleven renewals: Beta(5, 8).
    let found = doubles(&rows[5]);
    assert!(found.len() == 3 && found.iter().all(|renewal| (renewal - 8.0 / 13.0).abs() < 1e-14), "{found:?}");
    let verdicts = BTreeMap::from([(YEARLY, Verdict::of(&strata[YEARLY]))]);
    let models = model_rows(&strata, &verdicts);
    assert_eq!(texts(&models[1]), ["bdw", "mean", "sbg"]);
    assert_eq!(models[21], Values::Boolean(vec![Some(false), Some(true), Some(false)]));
}

#[test]
fn contracts_that_do_not_differ_collapse_to_one_probability() {
    let left: Vec<f64> = (0..8).map(|n| (1e5 * 0.8_f64.powi(n)).round()).collect();
    let strata = BTreeMap::from([("term=1".to_owned(), stratum(1, &left))]);
    let verdict = Verdict::of(&strata["term=1"]);
    assert_eq!(verdict.candidates[0].collapses_to(), Some("geometric"));
    let verdicts = BTreeMap::from([("term=1", verdict)]);
    let parameters = parameter_rows(&verdicts);
    let errors = texts(&parameters[1]).into_iter().zip(doubles(&parameters[4])).filter(|(model, _)| *model == "sbg");
    assert!(errors.into_iter().all(|(_, error)| error.is_nan()), "no standard error at a boundary");
    let found = doubles(&value_rows(PARAMS, &strata, &verdicts)[5]);
    assert!(found.iter().all(|renewal| (renewal - 0.8).abs() < 1e-3), "{found:?}");
}

#[test]
fn no_contracts_are_no_rows() {
    let (strata, verdicts) = (BTreeMap::new(), BTreeMap::new());
    let empty = |rows: Rows| {
        rows.iter().all(|values| match values {
            Values::Text(values) => values.is_empty(),
            Values::Whole(values) => values.is_empty(),
            Values::Double(values) => values.is_empty(),
            Values::Boolean(values) => values.is_empty(),
            Values::Array(values) => values.is_empty(),
        })
    };
    assert!(empty(parameter_rows(&verdicts)) && empty(model_rows(&strata, &verdicts)));
    assert!(empty(value_rows(PARAMS, &strata, &verdicts)));
}
