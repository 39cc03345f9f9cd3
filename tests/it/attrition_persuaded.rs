//! Whom a past campaign persuades: a generated shop whose campaigns bring orders by a known chance, to those who are still
//! customers.
//!
//! An order that only the campaign brought names it, so that what the campaign did is known exactly: customers who ordered
//! because of it, and would not have in the horizon.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use patronage::generate::{GenerateOptions, Layout, Model, generate};
use patronage::monitor::{Cancel, Silent};
use patronage::pipeline::RunOptions;

use crate::attrition_planted::{columns, model};
use crate::run_support::{ask_run, run_file};

const DAYS: i32 = 730;

/// What `[attrition.model]` asks for, left out.
const HORIZON_DAYS: i32 = 90;

/// Of eight campaigns the last but none is within reach of the origins: it is sent 132 days before the end.
const LAST: &str = "K08-coffee";
const LAST_DAY: i32 = 597;

/// A run over a shop of so many customers.
fn shop(customers: u64) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("shop");
    let options = GenerateOptions {
        out: dir.clone(),
        customers,
        products: 120,
        days: DAYS as u32,
        seed: 3,
        layout: Layout::Single,
        threads: 2,
        model: Model { rate_days: 120.0, campaigns: 8, campaign_effect: 0.3, control_share: 0.5, ..model() },
        ..GenerateOptions::default()
    };
    generate(&options, &Silent, &Cancel::new()).unwrap();
    let only = ["attrition_uplift", "attrition_scores", "attrition"].map(ToOwned::to_owned).to_vec();
    let run = run_file(&dir.join("patronage.toml"), &RunOptions { only, ..RunOptions::default() }).folder;
    (folder, dir, run)
}

#[test]
fn a_campaign_s_effect_is_found_and_who_is_persuaded_comes_first() {
    let (_folder, dir, run) = shop(20_000);
    let rows = ask_run(
        &run,
        "SELECT campaign_id, method, status, chosen, treated, control, effect, qini_lo, at_10, reason FROM attrition_uplift",
    );
    for row in &rows {
        println!("{row:?}");
    }
    assert_eq!(rows.len(), 16);
    assert!(rows.iter().all(|row| (row[0] == LAST) == (row[2] != "out_of_reach")));
    let chosen: Vec<&Vec<String>> = rows.iter().filter(|row| row[3] == "true").collect();
    assert_eq!(chosen.len(), 1);
    let [treated, control, effect, qini_low, at_10]: [f64; 5] =
        [4, 5, 6, 7, 8].map(|at| chosen[0][at].parse().unwrap());

    // What it did.
    let end: Date = GenerateOptions::default().end;
    let day_of = |text: &str| DAYS - 1 - (end - text[..10].parse::<Date>().unwrap()).get_days();
    let mut own: BTreeSet<String> = BTreeSet::new();
    let mut extra: BTreeSet<String> = BTreeSet::new();
    let names = ["CustomerNo", "InvoiceDate", "CampaignCode"];
    for [id, at, campaign] in columns(&dir.join("transactions.csv"), names) {
        if (LAST_DAY..LAST_DAY + HORIZON_DAYS).contains(&day_of(&at)) {
            if campaign == LAST { &mut extra } else { &mut own }.insert(id);
        }
    }
    let done = extra.difference(&own).count() as f64 / treated;
    let noise = (0.25 / treated + 0.25 / control).sqrt();
    println!("effect {effect:.4}, truly {done:.4}, with a standard error below {noise:.4}");
    assert!(done > 0.05 && (effect - done).abs() < 3.0 * noise);
    assert!(qini_low > 0.0 && at_10 > 1.5 * effect);

    // Of today's customers a campaign persuades those who are still with us and would not order by themselves.
    let customers = columns(&dir.join("truth/customers.csv"), ["customer_id", "rate_per_day", "left_day"]);
    let persuadable: BTreeMap<String, f64> = customers
        .into_iter()
        .map(|[id, rate, left]| {
            let silent = (-rate.parse::<f64>().unwrap() * f64::from(HORIZON_DAYS)).exp();
            (id, if left.is_empty() { silent } else { 0.0 })
        })
        .collect();
    let mut scored: Vec<(f64, f64)> =
        ask_run(&run, "SELECT customer_id, uplift FROM attrition_scores WHERE uplift IS NOT NULL")
            .iter()
            .map(|row| (row[1].parse().unwrap(), persuadable[&row[0]]))
            .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mean = |rows: &[(f64, f64)]| rows.iter().map(|row| row.1).sum::<f64>() / rows.len() as f64;
    let (first, all) = (mean(&scored[..scored.len() / 5]), mean(&scored));
    println!("persuadable: {first:.4} of the first fifth, {all:.4} of {}", scored.len());
    assert!(first > 1.3 * all, "{first} against {all}");
    save_list(&run);
}

/// First those whom the campaign persuades, by what that brings; last those whom it drives away.
fn save_list(run: &Path) {
    let list = ask_run(
        run,
        "SELECT uplift, CAST(value_saved AS DOUBLE) AS saved, CAST(value_at_risk AS DOUBLE) AS at_risk, status, \
         CAST(expected_value AS DOUBLE) AS expected FROM attrition ORDER BY save_rank",
    );
    let number = |text: &String| text.parse::<f64>().ok();
    let group = |row: &Vec<String>| match number(&row[1]) {
        _ if number(&row[2]).is_none() => 4,
        Some(saved) if saved > 0.0 => 1,
        Some(_) => 3,
        None => 2,
    };
    let worth = |row: &Vec<String>| number(&row[1]).or(number(&row[2])).unwrap_or(-1.0);
    for pair in list.windows(2) {
        let groups = (group(&pair[0]), group(&pair[1]));
        assert!(groups.0 < groups.1 || (groups.0 == groups.1 && worth(&pair[0]) >= worth(&pair[1])), "{pair:?}");
    }
    let of_group = |wanted: i32| list.iter().filter(|row| group(row) == wanted).count();
    println!("persuaded {}, not known {}, driven away {}", of_group(1), of_group(2), of_group(3));
    assert!(of_group(1) > 1_000 && of_group(2) > 1_000);
    for row in list.iter().filter(|row| !row[1].is_empty()) {
        let [uplift, saved, expected] = [0, 1, 4].map(|at| number(&row[at]).unwrap());
        assert!((saved - uplift * expected).abs() <= 0.5e-4 + 1e-9, "{row:?}");
    }
}

#[test]
fn a_small_campaign_says_that_it_is_too_small_and_ranks_nobody() {
    let (_folder, _, run) = shop(1_500);
    let rows = ask_run(&run, "SELECT campaign_id, status, chosen, reason FROM attrition_uplift ORDER BY campaign_id");
    assert!(rows.iter().all(|row| row[2] == "false"), "{rows:?}");
    let last: Vec<&Vec<String>> = rows.iter().filter(|row| row[0] == LAST).collect();
    assert!(last.len() == 2 && last.iter().all(|row| row[1] == "insufficient_data"), "{last:?}");
    assert!(last.iter().all(|row| row[3].ends_with("500 are needed")), "{last:?}");
    assert!(ask_run(&run, "SELECT customer_id FROM attrition_scores WHERE uplift IS NOT NULL").is_empty());
}
