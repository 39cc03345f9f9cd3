//! More rows than a model may take: it learns from a part, or is off with a reason, and everything else is there as ever.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use patronage::config;
use patronage::error::ErrorKind;
use patronage::monitor::{Cancel, Silent};
use patronage::pipeline::{self, RunOptions};

use crate::run_support::{Run, run_in_with, sample};

/// Fewer than the customers of the sample, and more than its requests for campaigns.
const BOUND: u64 = 1_000;

/// Fewer than the customers of the sample who are scored, and still enough of them to learn from.
const SOME: u64 = 1_300;

fn run(options: &RunOptions) -> Run {
    let folder = sample();
    let text = fs::read_to_string(folder.path().join("patronage.toml")).unwrap();
    run_in_with(folder, &text, options)
}

fn notes(run: &Path) -> Vec<String> {
    let manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(run.join("manifest.json")).unwrap()).unwrap();
    manifest["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap().to_owned()).collect()
}

fn published(run: &Path) -> BTreeSet<String> {
    let names = fs::read_dir(run.join("tables")).unwrap();
    names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn models_beyond_the_bound_are_off_and_all_else_is_published() {
    let free = run(&RunOptions::default());
    let bound = run(&RunOptions { model_rows: Some(BOUND), ..RunOptions::default() });
    let (free_dir, bound_dir) = (&free.summary.folder, &bound.summary.folder);
    assert!(!notes(free_dir).iter().any(|note| note.contains("model_rows")), "{:?}", notes(free_dir));

    let off: Vec<String> = notes(bound_dir).into_iter().filter(|note| note.contains("model_rows")).collect();
    let names: BTreeSet<&str> = off
        .iter()
        .filter_map(|note| note.strip_prefix("model ")?.split_once(" is off: ").map(|(model, _)| model))
        .collect();
    assert_eq!(names, BTreeSet::from(["buyers", "campaign_response", "recommendations"]), "{off:?}");
    let of_recommendations = off.iter().find(|note| note.starts_with("model recommendations")).unwrap();
    for said in ["rows of basket_lines", "model_rows = 1000", "empty: "] {
        assert!(of_recommendations.contains(said), "{of_recommendations}");
    }

    // The same tables, readable, and those that no such model reaches to the last byte.
    assert_eq!(published(free_dir), published(bound_dir));
    for table in ["value_tiers", "retention_curves", "tier_migration", "cohorts", "line_totals"] {
        let bytes = |run: &Path| fs::read(run.join(format!("tables/{table}.parquet"))).unwrap();
        assert!(bytes(free_dir) == bytes(bound_dir), "{table}");
    }
    for file in published(bound_dir) {
        let table = file.trim_end_matches(".parquet");
        bound.value(&format!("SELECT COUNT(*) AS n FROM {table}"));
    }
    // One row after another: everybody is there, in the same arm.
    for of_everybody in [
        "SELECT COUNT(*) AS n FROM routing",
        "SELECT COUNT(*) AS n FROM customers WHERE in_global_holdout",
        "SELECT COUNT(*) AS n FROM campaign_targets WHERE arm = 'control'",
    ] {
        assert_eq!(free.value(of_everybody), bound.value(of_everybody), "{of_everybody}");
    }
}

#[test]
fn who_is_not_modelled_is_told_so() {
    let bound = run(&RunOptions { model_rows: Some(BOUND), ..RunOptions::default() });
    let count = |what: &str| -> u64 { bound.value(&format!("SELECT COUNT(*) AS n FROM {what}")).parse().unwrap() };
    // Nobody counted the buyers: that is no number, and not 0.
    assert!(count("business_summary WHERE metric_id = 'buyers'") > 0);
    assert_eq!(count("business_summary WHERE metric_id = 'buyers' AND value IS NOT NULL"), 0);
    assert_eq!(count("affinity_ptc") + count("campaign_response"), 0);
}

#[test]
fn lifetime_value_learns_from_a_part_and_scores_all() {
    let only = ["history_scores", "purchase_histories", "ltv_models", "ltv_totals", "customer_ltv"];
    let only: Vec<String> = only.map(str::to_owned).to_vec();
    let bound = run(&RunOptions { model_rows: Some(BOUND), only, ..RunOptions::default() });
    let value = |sql: &str| bound.value(sql);
    let said = notes(&bound.summary.folder);
    let note = said.iter().find(|note| note.starts_with("model lifetime_value")).unwrap();
    let every: u64 = note.split_once("learnt from one of ").unwrap().1.split_once(' ').unwrap().0.parse().unwrap();
    let histories: u64 = value("SELECT COUNT(*) AS n FROM purchase_histories").parse().unwrap();
    assert_eq!(every, histories.div_ceil(BOUND), "{note}");
    assert!(every > 1 && note.ends_with("; all are in history_scores"), "{note}");

    // Fitted to those whose number it divides, and to nobody else.
    let fitted = value("SELECT MAX(customers) AS n FROM ltv_models WHERE stratum = 'all' AND chosen");
    let part =
        format!("SELECT COUNT(*) AS n FROM purchase_histories WHERE origin_no = 0 AND customer_no % {every} = 0");
    assert_eq!(fitted, value(&part));
    // Everybody has a score, and is in the total.
    let all = value("SELECT COUNT(*) AS n FROM purchase_histories WHERE origin_no = 0");
    assert_eq!(value("SELECT COUNT(*) AS n FROM history_scores"), all);
    assert_eq!(value("SELECT customers AS n FROM ltv_totals WHERE scope = 'all'"), all);
    assert_eq!(value("SELECT COUNT(*) AS n FROM customer_ltv WHERE status = 'not_modelled'"), "0");
    let total: f64 = value("SELECT expected_purchases AS n FROM ltv_totals WHERE scope = 'all'").parse().unwrap();
    let scored: f64 = value("SELECT SUM(expected_purchases) AS n FROM history_scores").parse().unwrap();
    assert!((total - scored).abs() < 1e-9 * total && total > 0.0, "{total} {scored}");
}

#[test]
fn attrition_learns_from_a_part_and_scores_all() {
    let only = [
        "attrition",
        "attrition_scores",
        "attrition_survival",
        "attrition_features",
        "attrition_labels",
        "attrition_grades",
    ];
    let only: Vec<String> = only.map(str::to_owned).to_vec();
    // Over longer horizons there are enough of each in a fifth of so small a shop.
    let run_of = |bound| {
        let folder = sample();
        let text = fs::read_to_string(folder.path().join("patronage.toml")).unwrap();
        let text = format!("{text}\n[attrition.model]\nhorizon_days = 180\neligible_days = 270\nmin_of_each = 20\n");
        run_in_with(folder, &text, &RunOptions { model_rows: bound, only: only.clone(), ..RunOptions::default() })
    };
    let (free, bound) = (run_of(None), run_of(Some(SOME)));
    let count =
        |of: &Run, what: &str| -> u64 { of.value(&format!("SELECT COUNT(*) AS n FROM {what}")).parse().unwrap() };

    let said = notes(&bound.summary.folder);
    let back = said.iter().find(|note| note.contains("is looked back at")).unwrap();
    let every: u64 = back.split_once("one of ").unwrap().1.split_once(' ').unwrap().0.parse().unwrap();
    assert!(every > 1 && back.contains("rows of attrition_features on one of the earlier days"), "{back}");
    let scores = said.iter().find(|note| note.starts_with("model attrition learnt from one of ")).unwrap();
    assert!(scores.ends_with("; all are in attrition_scores, attrition_reasons, attrition_survival"), "{scores}");
    // Of all who could be learnt from, a part is, in every origin.
    let (all, part) = (count(&free, "attrition_labels"), count(&bound, "attrition_labels"));
    assert!(part <= SOME && part * (every + 2) > all && part * (every - 1) < all, "{part} of {all}, one of {every}");
    let origins = "(SELECT origin_no FROM attrition_labels GROUP BY origin_no) AS origins";
    assert_eq!(count(&free, origins), count(&bound, origins));

    // The model is judged, and everybody has its score.
    let judged = "SELECT MAX(reason) AS n FROM attrition_grades WHERE model IN ('all', 'scorecard') AND status <> 'ok'";
    assert_eq!(
        count(&bound, "attrition_grades WHERE model = 'scorecard' AND status = 'ok'"),
        1,
        "{}",
        bound.value(judged)
    );
    for of_all in [
        "attrition_scores",
        "attrition_scores WHERE status = 'not_eligible'",
        "attrition_scores WHERE p_alive IS NOT NULL",
        "attrition_survival",
        "attrition",
    ] {
        assert_eq!(count(&free, of_all), count(&bound, of_all), "{of_all}");
    }
    assert_eq!(count(&bound, "attrition WHERE score_status = 'not_modelled'"), 0);
    let mean = |of: &Run| -> f64 {
        of.value("SELECT SUM(p_alive) / COUNT(p_alive) AS n FROM attrition_scores").parse().unwrap()
    };
    assert!((mean(&free) - mean(&bound)).abs() < 0.1, "{} {}", mean(&free), mean(&bound));
}

#[test]
fn affinity_counts_every_so_many_baskets_and_says_so() {
    let only: Vec<String> = ["basket_lines", "affinity_figures", "affinity_ptp"].map(str::to_owned).to_vec();
    let bound = run(&RunOptions { model_rows: Some(BOUND), only, ..RunOptions::default() });
    let figure = |level: &str, name: &str| -> u64 {
        let sql = format!("SELECT value AS n FROM affinity_figures WHERE subject = '{level}' AND figure = '{name}'");
        bound.value(&sql).parse().unwrap()
    };
    let every = figure("basket", "sampled");
    let lines: u64 = bound.value("SELECT COUNT(*) AS n FROM basket_lines").parse().unwrap();
    assert_eq!(every, lines.div_ceil(BOUND));
    for (level, number) in [("basket", "order_no"), ("customer", "customer_no")] {
        // No unit of the sample has so many products that it would be left out.
        let of = format!(
            "SELECT COUNT(*) AS n FROM (SELECT {number} FROM basket_lines WHERE {number} > 0 AND {number} % {every} = 0 \
             GROUP BY {number}) AS units"
        );
        let counted = figure(level, "units") + figure(level, "megabaskets");
        assert_eq!(counted.to_string(), bound.value(&of), "{level}");
    }
}

#[test]
fn without_the_caps_there_are_no_targets_and_no_run() {
    let folder = sample();
    let loaded = config::load(&folder.path().join("patronage.toml")).unwrap();
    let options = RunOptions { model_rows: Some(100), ..RunOptions::default() };
    let error = pipeline::run(&loaded, &options, &Silent, &Cancel::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("rows of campaign_"), "{error}");
    assert!(error.message().contains("are more than [engine] model_rows = 100"), "{error}");
    assert!(error.hint_text().unwrap().contains("contact_allocation"), "{error}");
    assert!(!folder.path().join("out/latest").exists());
}
