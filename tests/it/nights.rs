//! Several nights: membership is carried on, a past night sees what it saw, a gate holds, an analyst's SQL counts.

use std::fs;
use std::path::Path;

use patronage::config;
use patronage::error::ErrorKind;
use patronage::monitor::{Cancel, Silent};
use patronage::pipeline::{self, RunOptions};
use patronage::publish::manifest::Manifest;

use crate::run_support::{ask_run, run_file, sample};

fn night(as_of: &str) -> RunOptions {
    RunOptions { as_of: Some(as_of.parse().unwrap()), ..RunOptions::default() }
}

#[test]
fn membership_is_carried_from_night_to_night() {
    let folder = sample();
    let path = folder.path().join("patronage.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[segments.buyers]\nwhere = \"orders > 0\"\n")).unwrap();
    let first = run_file(&path, &night("2026-06-29"));
    let second = run_file(&path, &night("2026-06-30"));
    let members = |folder, sql: &str| ask_run(folder, &format!("SELECT COUNT(*) AS n FROM {sql}"))[0][0].clone();
    let mine = "segment_id = 'buyers'";
    let before = members(&first.folder, &format!("segment_membership WHERE {mine}"));
    let kept =
        members(&second.folder, &format!("segment_membership WHERE {mine} AND CAST(since AS VARCHAR) = '2026-06-29'"));
    let added = members(&second.folder, &format!("segment_membership_delta WHERE {mine} AND op = 'add'"));
    let since =
        members(&second.folder, &format!("segment_membership WHERE {mine} AND CAST(since AS VARCHAR) = '2026-06-30'"));
    assert_eq!((kept, since), (before.clone(), added));
    let sizes = ask_run(&second.folder, &format!("SELECT size_prev FROM segments WHERE {mine}"));
    assert_eq!(sizes, [[before]]);

    // The first night again, when a later one is there: the same run, and `latest` stays.
    let loaded = config::load(&path).unwrap();
    let again = pipeline::run(&loaded, &night("2026-06-29"), &Silent, &Cancel::new()).unwrap();
    let pipeline::Outcome::AlreadyPublished(again) = again else { panic!("the past night was made again") };
    assert_eq!(again.run_id, first.run_id);
    let latest = fs::read_link(folder.path().join("out/latest")).unwrap();
    assert!(latest.ends_with(&second.run_id));
}

#[test]
fn a_population_that_changes_too_much_is_held_until_it_is_approved() {
    let folder = sample();
    let path = folder.path().join("patronage.toml");
    let first = run_file(&path, &night("2025-12-01"));
    // Half a year later there are far more customers in every group.
    let loaded = config::load(&path).unwrap();
    let error = pipeline::run(&loaded, &night("2026-06-30"), &Silent, &Cancel::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gate);
    assert!(fs::read_link(folder.path().join("out/latest")).unwrap().ends_with(&first.run_id));
    let held: Vec<_> = fs::read_dir(folder.path().join("out/held")).unwrap().collect();
    assert_eq!(held.len(), 1);
    let id = held[0].as_ref().unwrap().file_name().to_string_lossy().into_owned();

    let out = patronage::publish::OutputDir::open(&folder.path().join("out")).unwrap();
    let lock = out.lock(std::time::Duration::ZERO, &Cancel::new()).unwrap();
    assert!(out.approve(&lock, &id).unwrap().is_latest);
    assert!(fs::read_link(folder.path().join("out/latest")).unwrap().ends_with(&id));
}

/// Lines alone would be all there.
#[test]
fn an_amount_that_is_in_no_class_holds_the_run() {
    let folder = sample();
    fs::create_dir(folder.path().join("sql")).unwrap();
    let file = "sql/summaries/line_totals.sql";
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let changed = source.replace("SUM(amount_e4) AS", "SUM(amount_e4) + 1 AS");
    assert_ne!(source, changed);
    fs::write(folder.path().join("sql/line_totals.sql"), changed).unwrap();
    let loaded = config::load(&folder.path().join("patronage.toml")).unwrap();
    let options = RunOptions { only: vec!["line_totals".to_owned()], ..RunOptions::default() };
    // A run of some tables is set aside, whatever its gates say.
    let run = pipeline::run(&loaded, &options, &Silent, &Cancel::new()).unwrap();
    let pipeline::Outcome::SetAside(run) = run else { panic!("a run of one table was published") };
    let held: Vec<_> = run.gates.iter().filter(|gate| gate.held).map(|gate| (&*gate.name, &*gate.subject)).collect();
    assert_eq!(held, [("recon.totals", "line_totals.amount")]);
}

/// Two amounts that a row can hold and their sum cannot: an article number that was mapped to `amount`, in most cases.
#[test]
fn amounts_that_no_sum_can_hold_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("patronage.toml");
    fs::write(
        &path,
        "[project]\nname = \"large\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n[inputs.transactions]\nfiles = [\"t.csv\"]\n\
         [inputs.transactions.columns]\ncustomer_id = \"id\"\nts = \"day\"\namount = \"amount\"\n",
    )
    .unwrap();
    let night = |amounts: [&str; 2]| {
        let lines: Vec<String> = amounts.iter().map(|amount| format!("c,2025-05-01,{amount}\n")).collect();
        fs::write(folder.path().join("t.csv"), format!("id,day,amount\n{}", lines.concat())).unwrap();
        let options = RunOptions { only: vec!["line_totals".to_owned()], ..RunOptions::default() };
        pipeline::run(&config::load(&path).unwrap(), &options, &Silent, &Cancel::new())
    };
    for amounts in [["99999999999999.9998", "0.0001"], ["-99999999999999.9999", "50000000000000"]] {
        night(amounts).unwrap_or_else(|error| panic!("{error}"));
    }
    for amounts in [["922337203685477.5807", "922337203685477.5807"], ["-99999999999999.9999", "-0.0001"]] {
        let error = night(amounts).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input, "{error}");
        assert!(error.message().contains("DECIMAL(18,4) cannot hold"), "{error}");
    }
}

/// Tables of earlier days are no tables of the run, but take a part of the night.
#[test]
fn the_manifest_has_the_time_of_each_stage() {
    let folder = sample();
    let path = folder.path().join("patronage.toml");
    for (table, stages) in
        [("attrition", &["ingest", "replay", "tables"][..]), ("customer_summary", &["ingest", "tables"])]
    {
        let run = run_file(&path, &RunOptions { only: vec![table.to_owned()], ..RunOptions::default() });
        let spent = Manifest::read(&run.folder).unwrap().wall_clock;
        assert_eq!(spent.stages.keys().collect::<Vec<_>>(), stages, "{table}");
        assert!(spent.stages.values().all(|seconds| *seconds > 0.0));
        assert!(spent.stages.values().sum::<f64>() <= spent.seconds, "{:?}", spent.stages);
    }
}

#[test]
fn an_analysts_sql_replaces_a_table_and_adds_one() {
    let folder = sample();
    let path = folder.path().join("patronage.toml");
    let first = run_file(&path, &RunOptions::default());
    fs::create_dir(folder.path().join("sql")).unwrap();
    let source = fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/features/customer_categories.sql"),
    )
    .unwrap();
    let changed = source.replace("amount_e4 > 0", "amount_e4 > 200000");
    assert_ne!(source, changed);
    fs::write(folder.path().join("sql/customer_categories.sql"), changed).unwrap();
    fs::write(
        folder.path().join("sql/big_spenders.sql"),
        "-- big_spenders: one customer who spent a lot.\n-- Key: customer_id.\n\
         SELECT customer_id, net_revenue_e4, last_order_day FROM customer_summary WHERE net_revenue_e4 > 5000000\n",
    )
    .unwrap();
    let second = run_file(&path, &RunOptions::default());
    assert_ne!(first.run_id, second.run_id);
    let products = |run| ask_run(run, "SELECT SUM(products_bought) AS n FROM customers")[0][0].parse::<u64>().unwrap();
    assert!(products(&second.folder) < products(&first.folder));
    // The added table is published by the same rules: money as decimal, a day as date.
    let rows = ask_run(
        &second.folder,
        "SELECT COUNT(*) AS n, MIN(net_revenue) > 500 AS rich, MAX(LENGTH(CAST(last_order_date AS VARCHAR))) AS day \
         FROM big_spenders",
    );
    assert_eq!(rows[0][1..], ["true", "10"]);
    let manifest = fs::read_to_string(second.folder.join("manifest.json")).unwrap();
    assert!(manifest.contains("\"big_spenders\"") && manifest.contains("sql_overrides"));

    // A table that breaks its contract is the analyst's to mend, and nothing is published.
    fs::write(
        folder.path().join("sql/customer_categories.sql"),
        "-- customer_categories: x.\n-- Key: customer_id.\nSELECT customer_id, 1 AS products_bought FROM customer_summary\n",
    )
    .unwrap();
    let loaded = config::load(&path).unwrap();
    let error = pipeline::run(&loaded, &RunOptions::default(), &Silent, &Cancel::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(fs::read_link(folder.path().join("out/latest")).unwrap().ends_with(&second.run_id));
}

#[test]
fn an_analysts_table_may_have_no_key() {
    let folder = sample();
    fs::create_dir(folder.path().join("sql")).unwrap();
    let text = "-- halves: one order, by half of the year.\n-- Key: none. Two customers may have the same.\n\
                SELECT order_day, net_revenue_e4, CAST(net_revenue_e4 AS DOUBLE) / 2.0 AS half FROM customer_orders\n";
    fs::write(folder.path().join("sql/halves.sql"), text).unwrap();
    let only = vec!["halves".to_owned(), "customers".to_owned()];
    let run = run_file(&folder.path().join("patronage.toml"), &RunOptions { only, ..RunOptions::default() });
    let rows = ask_run(&run.folder, "SELECT COUNT(*) AS n, SUM(net_revenue) AS r FROM halves");
    assert_eq!(rows[0][1], ask_run(&run.folder, "SELECT SUM(net_revenue) AS r FROM customers")[0][0]);
    // In one order, that of its columns.
    let days = ask_run(&run.folder, "SELECT order_date, net_revenue FROM halves");
    assert!(days.len() > 1 && days.is_sorted_by(|a, b| a[0] <= b[0]));
}

#[test]
fn a_run_of_one_table_is_set_aside() {
    let folder = sample();
    let path = folder.path().join("patronage.toml");
    let whole = run_file(&path, &RunOptions::default());
    let only = run_file(&path, &RunOptions { only: vec!["customer_days".to_owned()], ..RunOptions::default() });
    assert!(!only.is_latest);
    assert_eq!(only.tables.iter().map(|table| table.table.as_str()).collect::<Vec<_>>(), ["customer_days"]);
    assert!(fs::read_link(folder.path().join("out/latest")).unwrap().ends_with(&whole.run_id));
}

#[test]
fn staged_files_that_no_night_needs_any_more_are_removed() {
    let folder = sample();
    let path = folder.path().join("patronage.toml");
    // A lost month changes more than a gate lets pass.
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[gates]\nmax_population_change = 10.0\n")).unwrap();
    let entries = || {
        let cache = folder.path().join("out/cache/transactions");
        fs::read_dir(cache).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count()
    };
    run_file(&path, &night("2026-06-29"));
    assert_eq!(entries(), 18);
    fs::remove_file(folder.path().join("transactions_2025-01.csv")).unwrap();
    run_file(&path, &night("2026-06-30"));
    assert_eq!(entries(), 17);
}

#[test]
fn an_input_inside_the_output_folder_is_refused() {
    let folder = sample();
    let path = folder.path().join("patronage.toml");
    fs::create_dir_all(folder.path().join("out")).unwrap();
    fs::rename(folder.path().join("products.csv"), folder.path().join("out/products.csv")).unwrap();
    let text = fs::read_to_string(&path).unwrap().replace("\"products.csv\"", "\"out/products.csv\"");
    fs::write(&path, text).unwrap();
    let loaded = config::load(&path).unwrap();
    let error = pipeline::run(&loaded, &RunOptions::default(), &Silent, &Cancel::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("inside the output folder"));
}

#[test]
fn a_mistake_in_the_users_sql_is_theirs_and_shows_no_value() {
    let folder = sample();
    let path = folder.path().join("patronage.toml");
    fs::create_dir(folder.path().join("sql")).unwrap();
    let file = folder.path().join("sql/mine.sql");
    let failing = [
        ("-- mine: x.\n-- Key: nope.\nSELECT customer_id FROM customer_summary\n", "mine"),
        ("-- mine: x.\n-- Key: customer_id.\nSELECT customer_id, tier_dleta FROM customer_tiers\n", "tier_dleta"),
        (
            "-- mine: x.\n-- Key: customer_id.\nSELECT customer_id, CAST(rfm_segment AS BIGINT) AS n FROM rfm_scores\n",
            "mine",
        ),
    ];
    for (sql, said) in failing {
        fs::write(&file, sql).unwrap();
        let loaded = config::load(&path).unwrap();
        let error = pipeline::run(&loaded, &RunOptions::default(), &Silent, &Cancel::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{sql}");
        assert_eq!(error.place().unwrap().file, file, "{sql}");
        let mut text = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            text += &format!("\n{cause}");
            source = cause.source();
        }
        assert!(text.contains(said), "{text}");
        assert!(!text.contains("Champions") && !text.contains("Resolved plan"), "{text}");
    }
}

#[test]
fn a_window_without_transactions_is_held() {
    let folder = sample();
    let loaded = config::load(&folder.path().join("patronage.toml")).unwrap();
    let error = pipeline::run(&loaded, &night("2020-01-01"), &Silent, &Cancel::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gate);
    assert!(!folder.path().join("out/latest").exists());
}
