//! The rules recover planted truth: on generated shops, among the customers that are found to shrink, those whose rate did
//! not fall stay within the stated false discovery rate, and a fair share of the planted shrinkers is found.

use std::collections::{BTreeMap, BTreeSet};

use patronage::generate::{GenerateOptions, Layout, Model, generate};
use patronage::monitor::{Cancel, Silent};
use patronage::pipeline::RunOptions;

use crate::run_support::{ask_run, run_file};

const DAYS: u32 = 730;
const CUSTOMERS: u64 = 1_000;
const COMPARE_DAYS: u32 = 240;

/// The rate that the runs ask for; well above the usual one, so that false findings can be counted at all.
const RATE: f64 = 0.1;

/// What became of the customers of one shop.
#[derive(Debug, Default)]
struct Found {
    /// Found to shrink.
    found: usize,
    /// Of these, customers whose rate did not fall: neither shrinkers nor gone.
    without_cause: usize,
    /// Planted shrinkers who did not leave and whose rate fell near the border of the two windows, so that one has the old
    /// rate and the other the new one: of the others part of both windows is alike.
    shrinkers: usize,
    /// Of these, found.
    shrinkers_found: usize,
    /// Tested customers whose rate did not fall.
    steady: usize,
}

/// Customers by the day from which they shrink and the day on which they left, in fractions from the first day.
fn truth(shop: &std::path::Path) -> BTreeMap<String, (Option<f64>, Option<f64>)> {
    let mut reader = csv::Reader::from_path(shop.join("truth/customers.csv")).unwrap();
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (id, shrinks, left) = (column("customer_id"), column("shrinks_from_day"), column("left_day"));
    let records = reader.records().map(Result::unwrap);
    records.map(|record| (record[id].to_owned(), (record[shrinks].parse().ok(), record[left].parse().ok()))).collect()
}

fn shop(seed: u64) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("shop");
    // Faster and steadier customers than usual: the two windows hold some tens of orders each.
    let model = Model {
        rate_shape: 3.0,
        rate_days: 30.0,
        dropout_a: 0.3,
        dropout_b: 30.0,
        shrinker_share: 0.25,
        campaigns: 0,
        ..Model::default()
    };
    let options = GenerateOptions {
        out: out.clone(),
        customers: CUSTOMERS,
        products: 120,
        days: DAYS,
        seed,
        layout: Layout::Single,
        threads: 2,
        model,
        ..GenerateOptions::default()
    };
    generate(&options, &Silent, &Cancel::new()).unwrap();
    let pipeline = out.join("patronage.toml");
    let text = std::fs::read_to_string(&pipeline).unwrap();
    let rule = format!("\n[attrition]\ncompare_days = {COMPARE_DAYS}\nfalse_discovery_rate = {RATE}\n");
    std::fs::write(&pipeline, text + &rule).unwrap();
    let options = RunOptions { only: vec!["attrition".to_owned()], ..RunOptions::default() };
    let run = run_file(&pipeline, &options);

    let rows = ask_run(&run.folder, "SELECT customer_id, is_shrinking FROM attrition WHERE shrink_q IS NOT NULL");
    let found: BTreeSet<&str> = rows.iter().filter(|row| row[1] == "true").map(|row| row[0].as_str()).collect();
    let truth = truth(&out);
    let mut sums = Found { found: found.len(), ..Found::default() };
    let border = f64::from(DAYS - COMPARE_DAYS);
    for row in &rows {
        let (shrinks, left) = truth[&row[0]];
        let is_found = usize::from(found.contains(row[0].as_str()));
        match (shrinks, left) {
            (None, None) => {
                sums.steady += 1;
                sums.without_cause += is_found;
            }
            (Some(from), None) if (from - border).abs() < 60.0 => {
                sums.shrinkers += 1;
                sums.shrinkers_found += is_found;
            }
            _ => {}
        }
    }
    sums
}

#[test]
fn shrinkers_are_found_at_the_stated_false_discovery_rate() {
    let mut all = Found::default();
    for seed in 1..=5 {
        let one = shop(seed);
        println!("seed {seed}: {one:?}");
        all.found += one.found;
        all.without_cause += one.without_cause;
        all.shrinkers += one.shrinkers;
        all.shrinkers_found += one.shrinkers_found;
        all.steady += one.steady;
    }
    println!("{all:?}");
    // The rate is a bound on the expected share; three binomial standard errors on top are chance.
    let found = all.found as f64;
    let most = RATE * found + 3.0 * (found * RATE * (1.0 - RATE)).sqrt();
    assert!(all.found > 300 && all.steady > 1_000 && all.shrinkers > 100, "too few to judge: {all:?}");
    assert!((all.without_cause as f64) <= most, "{all:?}");
    let share = all.shrinkers_found as f64 / all.shrinkers as f64;
    assert!(share > 0.4, "{share} of the shrinkers are found: {all:?}");
}
