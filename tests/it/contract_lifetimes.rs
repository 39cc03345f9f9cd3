//! Contracts from the export to values: what is refused, what counts as a renewal, and whether planted parameters come out.

use std::fs;

use jiff::civil::date;
use patronage::generate::{Contracts, GenerateOptions, Layout, generate};
use patronage::monitor::{Cancel, Silent};
use patronage::pipeline::RunOptions;

use crate::ingest_support::{Shop, input, lines, rejects};
use crate::run_support::{ask_run, run_file};

const TABLES: [&str; 5] =
    ["contract_terms", "contract_cohorts", "contract_parameters", "contract_models", "contract_values"];

const INPUTS: &str = r#"
[inputs.transactions]
files = ["tx.csv"]
columns = { customer_id = "customer", ts = "ts", amount = "amount" }
"#;

const CONTRACTS: &str = r#"
[inputs.contracts]
files = ["contracts.csv"]
columns = { contract_id = "id", customer_id = "customer", plan = "plan", start = "start", term = "term", end = "end" }
"#;

fn shop(contracts: &str) -> Shop {
    let shop = Shop::new(&format!("{INPUTS}{CONTRACTS}"));
    shop.write("tx.csv", "customer,ts,amount\na,2024-01-15 10:00:00,10.00\n");
    shop.write("contracts.csv", format!("id,customer,plan,start,term,end\n{contracts}"));
    shop
}

/// Runs a shop as of 2024-07-01, for the tables of this test only.
fn ask(shop: &Shop, sql: &str) -> Vec<String> {
    let text = format!("[project]\n{}\n{}", shop.project, shop.inputs);
    fs::write(shop.path("patronage.toml"), text).unwrap();
    let only = TABLES.iter().map(|&table| table.to_owned()).collect();
    let options = RunOptions { as_of: Some(date(2024, 7, 1)), only, force: true, ..RunOptions::default() };
    let summary = run_file(&shop.path("patronage.toml"), &options);
    ask_run(&summary.folder, sql).into_iter().map(|row| row.join(" ")).collect()
}

#[test]
fn impossible_contracts_are_refused() {
    let shop = shop(
        "good,a,p,2024-01-15,1,\n\
         same,a,p,2024-01-15,1,2024-01-15\n\
         late,a,p,2024-01-15,1,2024-01-14\n\
         none,a,p,2024-01-15,0,\n\
         part,a,p,2024-01-15,1.5,\n\
         ,a,p,2024-01-15,1,\n\
         begin,a,p,,1,\n\
         twice,a,p,2024-01-15,1,\n\
         twice,a,p,2024-01-15,12,\n",
    );
    let staged = shop.stage().unwrap();
    let contracts = input(&staged, "contracts");
    assert_eq!(lines(contracts, &["contract_id"]), ["good", "same"]);
    assert_eq!(
        rejects(contracts, &["line", "reason", "column", "value"]),
        [
            "4 end_before_start end 2024-01-14",
            "5 too_small term 0",
            "6 not_a_whole_number term 1.5",
            "7 missing_required contract_id ",
            "8 missing_required start ",
            "9 key_conflict contract_id twice",
            "10 key_conflict contract_id twice",
        ]
    );
}

/// Renewals count when their day is before 2024-07-01.
#[test]
fn the_rule_of_renewals() {
    // Id, start, months, end; state, renewals met, lost at the last, times renewed, next renewal.
    let cases = [
        // Renewals on the 15th: five of them up to June.
        ("monthly", "2024-01-15", 1, "", "running 5 false 5 2024-07-15"),
        // The sixth is on the day of as_of, and not over.
        ("border", "2024-01-01", 1, "", "running 5 false 5 2024-07-01"),
        // There is no 31 February, April or June: the first of the next month.
        ("before", "2023-12-31", 1, "", "running 5 false 5 2024-07-01"),
        ("short", "2024-01-31", 1, "", "running 4 false 4 2024-07-01"),
        ("leap", "2024-01-30", 1, "", "running 5 false 5 2024-07-30"),
        // Last days and days after them mean the same.
        ("last_day", "2024-01-15", 1, "2024-03-14", "ended 2 true 1 "),
        ("day_after", "2024-01-15", 1, "2024-03-15", "ended 2 true 1 "),
        ("next_term", "2024-01-15", 1, "2024-03-16", "ended 3 true 2 "),
        ("at_once", "2024-01-15", 1, "2024-01-15", "ended 1 true 0 "),
        // Ended within a year that is not over yet: no renewal, no loss so far.
        ("within", "2023-08-01", 12, "2024-05-31", "ended 0 false 0 "),
        ("year", "2022-06-30", 12, "2023-06-29", "ended 1 true 0 "),
        ("years", "1999-02-28", 24, "", "running 12 false 12 2025-02-28"),
        ("leap_years", "2020-02-29", 12, "", "running 4 false 4 2025-03-01"),
        // Not known yet on 1 July.
        ("notice", "2024-01-15", 1, "2024-07-01", "running 5 false 5 2024-07-15"),
        ("endless", "2024-01-15", 2_000_000_000, "", "running 0 false 0 3024-01-15"),
        ("old", "1905-03-01", 12, "1907-02-28", "ended 2 true 1 "),
    ];
    let rows: String =
        cases.iter().map(|(id, start, months, end, _)| format!("{id},a,p,{start},{months},{end}\n")).collect();
    let shop = shop(&format!("{rows}future,a,p,2024-07-01,1,\n"));
    let found = ask(
        &shop,
        "SELECT contract_id, state, renewals_met, is_lost, renewals, next_renewal_date FROM contract_terms \
         ORDER BY contract_id",
    );
    let mut expected: Vec<String> = cases.iter().map(|(id, .., expected)| format!("{id} {expected}")).collect();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(
        ask(
            &shop,
            "SELECT renewal_no, at_risk, lost FROM contract_cohorts WHERE stratum = 'plan=p' AND term_months = 1 \
             ORDER BY renewal_no"
        ),
        ["1 10 1", "2 9 2", "3 7 1", "4 6 0", "5 5 0"].map(str::to_owned)
    );
}

#[test]
fn without_contracts_the_tables_are_empty() {
    let mut without = shop("");
    without.inputs = INPUTS.to_owned();
    for shop in [without, shop(""), shop("new,a,p,2024-06-15,1,\n")] {
        for table in &TABLES[1..] {
            assert_eq!(ask(&shop, &format!("SELECT COUNT(*) FROM {table}")), ["0"], "{table}");
        }
    }
}

/// What one seed gives: of each plan and parameter, how many standard errors the estimate is from the truth; the model
/// chosen for each plan; how far the `c` of BdW is from 1.
fn recovered(seed: u64) -> (Vec<f64>, Vec<String>, Vec<f64>) {
    let dir = tempfile::tempdir().unwrap();
    let contracts = Contracts::default();
    let options = GenerateOptions {
        out: dir.path().join("shop"),
        customers: 21_000,
        products: 60,
        days: 60,
        layout: Layout::Single,
        threads: 2,
        seed,
        contracts: Some(contracts.clone()),
        ..GenerateOptions::default()
    };
    let report = generate(&options, &Silent, &Cancel::new()).unwrap();
    assert!((6_000..6_600).contains(&report.contract_rows), "{}", report.contract_rows);
    let only = TABLES.iter().map(|&table| table.to_owned()).collect();
    let options = RunOptions { as_of: Some(date(2026, 7, 1)), only, ..RunOptions::default() };
    let folder = run_file(&dir.path().join("shop/patronage.toml"), &options).folder;
    let begun = ask_run(&folder, "SELECT COUNT(*) FROM contract_terms");
    assert_eq!(begun, [[report.contract_rows.to_string()]]);

    let (mut errors, mut chosen, mut shapes) = (Vec::new(), Vec::new(), Vec::new());
    let number = |text: &str| text.parse::<f64>().unwrap();
    for plan in &contracts.plans {
        let of = |model: &str, parameter: &str| {
            let sql = format!(
                "SELECT value, std_error FROM contract_parameters WHERE stratum = 'plan={}' AND model = '{model}' AND \
                 parameter = '{parameter}'",
                plan.name
            );
            let row = ask_run(&folder, &sql).remove(0);
            (number(&row[0]), number(&row[1]))
        };
        for (parameter, truth) in [("alpha", plan.alpha), ("beta", plan.beta)] {
            let (value, error) = of("sbg", parameter);
            errors.push((value - truth) / error);
        }
        let (shape, error) = of("bdw", "c");
        shapes.push((shape - 1.0) / error);
        let sql = format!("SELECT model FROM contract_models WHERE stratum = 'plan={}' AND chosen", plan.name);
        chosen.push(ask_run(&folder, &sql).remove(0).remove(0));
    }
    // What is left of a new contract of each plan after its first renewal, and what the horizon holds.
    for (plan, horizon) in contracts.plans.iter().zip(["12", "1"]) {
        let sql = format!(
            "SELECT p_renewal, horizon_renewals, derl FROM contract_values WHERE stratum = 'plan={}' AND renewals = 0",
            plan.name
        );
        let row = ask_run(&folder, &sql).remove(0);
        assert!((number(&row[0]) - plan.beta / (plan.alpha + plan.beta)).abs() < 0.03, "{row:?}");
        assert_eq!(row[1], horizon);
        assert!(number(&row[2]) > 1.0);
    }
    (errors, chosen, shapes)
}

/// Eight seeds with two plans of some 3,200 contracts each, that are up to ten years old.
#[test]
fn planted_parameters_are_recovered_within_their_standard_errors() {
    let (mut errors, mut chosen, mut shapes) = (Vec::new(), Vec::new(), Vec::new());
    for seed in 1..=8 {
        let (of_seed, models, of_shape) = recovered(seed);
        errors.extend(of_seed);
        chosen.extend(models);
        shapes.extend(of_shape);
    }
    for all in [&errors, &shapes] {
        assert!(all.iter().all(|error| error.abs() < 4.0), "{all:?}");
        let mean_square = all.iter().map(|error| error * error).sum::<f64>() / all.len() as f64;
        assert!((0.3..2.2).contains(&mean_square), "standard errors are wrong: {mean_square} {all:?}");
        let within = all.iter().filter(|error| error.abs() < 1.96).count() as f64 / all.len() as f64;
        assert!(within >= 0.8, "{within} of the intervals cover: {all:?}");
    }
    // The third parameter is worth its price by chance in one fit of six.
    let sbg = chosen.iter().filter(|model| *model == "sbg").count();
    assert!(sbg * 4 >= chosen.len() * 2, "{chosen:?}");
}
