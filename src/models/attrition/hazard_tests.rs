//! Hazards against statsmodels 0.15.0 (logit on customer-months) and lifelines 0.30.3 (Kaplan-Meier).

use super::golden_rows::{Lcg, assert_near};
use super::hazard::*;
use super::unfit::Unfit;

/// Customers with a fixed column and one that moves by month, seen for 1 to 12 months.
fn lives(customers: usize) -> CustomerMonths {
    let mut lcg = Lcg(41);
    let mut months = CustomerMonths { columns: vec![Vec::new(), Vec::new()], ..CustomerMonths::default() };
    for _ in 0..customers {
        let fixed = lcg.uniform();
        let seen = 1 + (lcg.uniform() * 12.0).floor() as u16;
        for month in 0..seen {
            let moving = lcg.uniform() - 0.5;
            let logit = -3.0 + 0.1 * f64::from(month) + 1.2 * fixed + 0.8 * moving;
            let lapsed = lcg.uniform() < 1.0 / (1.0 + (-logit).exp());
            months.month.push(month);
            months.lapsed.push(lapsed);
            months.columns[0].push(fixed);
            months.columns[1].push(moving);
            if lapsed {
                break;
            }
        }
    }
    months
}

fn without_columns(months: &CustomerMonths) -> CustomerMonths {
    CustomerMonths { columns: Vec::new(), ..months.clone() }
}

/// statsmodels 0.15.0.
const LEVELS: [f64; 12] = [
    -3.0636489370949174,
    -2.713319917001051,
    -2.8602610314915355,
    -2.5524507691873484,
    -2.6165805129456343,
    -2.5348138426642914,
    -2.250276977485829,
    -2.340872180895814,
    -2.1188869267932615,
    -2.1189372631999333,
    -2.0317513341270326,
    -1.7852269792479074,
];
const COEFFICIENTS: [f64; 2] = [1.121736282869521, 0.5206529980436622];
/// lifelines 0.30.3.
const KAPLAN_MEIER: [f64; 12] = [
    0.9203333333333338,
    0.8207885631273119,
    0.7432806842847818,
    0.651419494545486,
    0.5765087834400218,
    0.5046624626897076,
    0.42593511851011306,
    0.36636947933149566,
    0.30463318585298377,
    0.25519709867508716,
    0.20949015562880305,
    0.16584637320613568,
];

#[test]
fn coefficients_are_those_of_a_logit_on_customer_months() {
    let exact = HazardOptions { penalty: 0.0, least_events: 1.0 };
    let hazard = Hazard::fit(&lives(3_000), &exact).unwrap();
    // Logit(lapsed, [month dummies, fixed, moving]).
    assert_eq!(hazard.bands().len(), 12);
    for (band, level) in hazard.bands().iter().zip(LEVELS) {
        assert_near(band.level, level, 1e-11);
    }
    for (found, expected) in hazard.coefficients().iter().zip(COEFFICIENTS) {
        assert_near(*found, expected, 1e-11);
    }
}

#[test]
fn months_alone_are_kaplan_and_meier() {
    let months = without_columns(&lives(3_000));
    let hazard = Hazard::fit(&months, &HazardOptions { penalty: 0.0, least_events: 0.0 }).unwrap();
    // KaplanMeierFitter on the customers' lengths, at 1 to 12 months.
    for (length, expected) in (1..).zip(KAPLAN_MEIER) {
        assert_near(hazard.survival(0, length, &[]).unwrap(), expected, 1e-14);
    }
    // And to the bit the product of shares.
    let mut product = 1.0;
    for month in 0..12 {
        let rows = months.month.iter().zip(&months.lapsed).filter(|(at, _)| **at == month);
        let (at_risk, lapsed) = (rows.clone().count() as f64, rows.filter(|(_, lapsed)| **lapsed).count() as f64);
        product *= 1.0 - lapsed / at_risk;
        assert_eq!(hazard.survival(0, month + 1, &[]), Some(product));
    }
}

#[test]
fn survival_is_conditional_and_the_mean_is_its_sum() {
    let hazard = Hazard::fit(&lives(3_000), &HazardOptions::default()).unwrap();
    let row = [0.5, 0.1];
    let of = |from, months| hazard.survival(from, months, &row).unwrap();
    assert_near(of(0, 12), of(0, 5) * of(5, 7), 1e-14);
    assert_eq!(of(3, 0), 1.0);
    let mean = hazard.restricted_mean(0, 12, &row).unwrap();
    assert_near(mean, (0..12).map(|months| of(0, months)).sum(), 1e-14);
    assert!(hazard.survival(0, 12, &[1.0, 0.1]).unwrap() < of(0, 12));
    // Nothing is known beyond the months seen.
    assert_eq!(hazard.last_month(), 11);
    assert_eq!(hazard.survival(0, 13, &row), None);
    assert_eq!(hazard.restricted_mean(6, 7, &row), None);
    assert_eq!(hazard.hazard(12, &row), None);
}

#[test]
fn weights_stand_for_repeated_rows() {
    let months = lives(400);
    let mut twice = months.clone();
    twice.month.extend(&months.month);
    twice.lapsed.extend(&months.lapsed);
    twice.columns.iter_mut().zip(&months.columns).for_each(|(twice, once)| twice.extend(once));
    let weighted = CustomerMonths { weights: Some(vec![2.0; months.month.len()]), ..months };
    let options = HazardOptions { penalty: 0.0, least_events: 5.0 };
    let (by_rows, by_weights) = (Hazard::fit(&twice, &options).unwrap(), Hazard::fit(&weighted, &options).unwrap());
    assert_eq!(by_rows.bands().len(), by_weights.bands().len());
    for (a, b) in by_rows.coefficients().iter().zip(by_weights.coefficients()) {
        assert_near(*a, *b, 1e-10);
    }
}

#[test]
fn thin_months_share_a_level() {
    let months = CustomerMonths {
        month: vec![0, 0, 0, 0, 1, 1, 2, 2, 3],
        lapsed: vec![true, true, false, false, false, false, true, false, false],
        ..CustomerMonths::default()
    };
    let fit = |least_events| Hazard::fit(&months, &HazardOptions { penalty: 0.0, least_events }).unwrap();
    let spans = |hazard: &Hazard| hazard.bands().iter().map(|band| (band.first, band.last)).collect::<Vec<_>>();
    assert_eq!(spans(&fit(1.0)), [(0, 0), (1, 3)]);
    assert_eq!(spans(&fit(9.0)), [(0, 3)]);
    assert_eq!(fit(9.0).hazard(2, &[]), Some(3.0 / 9.0));
}

#[test]
fn bad_input_is_refused() {
    let mut months = lives(50);
    months.columns[0][3] = f64::NAN;
    assert_eq!(Hazard::fit(&months, &HazardOptions::default()), Err(Unfit::NotANumber));
    months.columns[0].pop();
    assert_eq!(Hazard::fit(&months, &HazardOptions::default()), Err(Unfit::Lengths));
    let never = CustomerMonths { month: vec![0, 1], lapsed: vec![false; 2], ..CustomerMonths::default() };
    assert_eq!(Hazard::fit(&never, &HazardOptions::default()), Err(Unfit::TooFewLeft { found: 0, least: 1 }));
}
