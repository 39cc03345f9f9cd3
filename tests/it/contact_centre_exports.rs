//! The exports for contact centres and rule engines, of a whole run over the sample data.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use patronage::consumers::{self, Options, Request};
use patronage::models::{ROUTING_KEY, Secrets};
use patronage::monitor::Cancel;
use patronage::pipeline::RunOptions;
use patronage::publish::OutputDir;
use serde_json::Value;

use crate::run_support::{Run, run_in, run_in_with, sample, without_affinity};
use crate::{foreign, rule_engines};

/// The folder of a full export of a run.
fn exported(run: &Run, consumer: &str) -> PathBuf {
    // `out/runs/<run>`.
    let out = OutputDir::open(run.summary.folder.ancestors().nth(2).unwrap()).unwrap();
    let request = Request {
        consumer: consumers::consumer(consumer).unwrap(),
        options: Options::default(),
        full: false,
        to: None,
        wait: Duration::ZERO,
        keep: 2,
    };
    let summary = consumers::export(&out, &out.latest().unwrap().unwrap(), &request, &Cancel::new()).unwrap();
    assert!(!summary.files.is_empty());
    summary.folder.unwrap()
}

fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn exports_of_a_run_say_what_its_tables_say() {
    let folder = sample();
    let text = fs::read_to_string(folder.path().join("patronage.toml")).unwrap();
    let run = run_in(folder, &text);
    rules_over_the_facts_give_the_policy_of_each_customer(&run);
    every_customer_is_in_every_file_of_customers(&run);
    zen_gives_every_row_of_routing(&run);
}

/// Every customer's facts in, their row of `routing` out, by the engine itself.
fn zen_gives_every_row_of_routing(run: &Run) {
    let folder = exported(run, "zen");
    let customers: usize = run.value("SELECT COUNT(*) FROM routing").parse().unwrap();
    assert!(customers > 1_000);
    let tables = run.summary.folder.join("tables");
    let affinity = rule_engines::answered(&folder.join("affinity.json"), &tables.join("affinity_ptp.parquet"));
    let Some(python) = foreign::python_with("duckdb, zen") else { return };
    assert!(affinity.unwrap() > 0);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/routing_rules.py");
    let files = [
        script,
        folder.join("routing.json"),
        folder.join("routing_facts_full.ndjson"),
        tables.join("routing.parquet"),
        tables.join("service_levels.parquet"),
    ];
    let arguments: Vec<&std::ffi::OsStr> = files.iter().map(|file| file.as_ref()).collect();
    assert_eq!(foreign::output(python, &arguments).trim().parse::<usize>().unwrap(), customers);
}

/// Facts are flat and named as SQL names them; the rule that holds for a customer has the policy of their row of `routing`.
fn rules_over_the_facts_give_the_policy_of_each_customer(run: &Run) {
    let folder = exported(run, "json-rules-engine");
    let facts = lines(&folder.join("facts_full.ndjson"));
    let rules = fs::read_to_string(folder.join("routing_rules.json")).unwrap();
    let rules: Vec<Value> = serde_json::from_str(&rules).unwrap();
    let policies =
        run.ask("SELECT customer_id, rule_id, queue, CAST(priority AS VARCHAR) FROM routing ORDER BY customer_id");
    assert_eq!(facts.len(), policies.len());
    for (fact, policy) in facts.iter().zip(policies) {
        for (name, value) in fact.as_object().unwrap() {
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'),
                "{name}"
            );
            assert!(!value.is_object() && !value.is_array(), "{name}");
        }
        let holds = |rule: &&Value| {
            rule["conditions"]["all"].as_array().unwrap().iter().all(|condition| {
                let (fact, value) = (&fact[condition["fact"].as_str().unwrap()], &condition["value"]);
                match condition["operator"].as_str().unwrap() {
                    "equal" => fact == value,
                    "notIn" => !value.as_array().unwrap().contains(fact),
                    other => panic!("{other}"),
                }
            })
        };
        let found: Vec<&Value> = rules.iter().filter(holds).map(|rule| &rule["event"]["params"]).collect();
        assert_eq!(found.len(), 1, "one rule for one customer");
        let text = |name: &str| found[0][name].as_str().unwrap().to_owned();
        let answer = [
            fact["customer_id"].as_str().unwrap().to_owned(),
            text("rule_id"),
            text("queue"),
            found[0]["priority"].to_string(),
        ];
        assert_eq!(answer.to_vec(), policy);
    }
    assert!(facts.iter().all(|fact| fact["orders"].is_u64()), "numbers are numbers");
}

/// The other consumers hold everybody, and Amazon Connect each customer's own queue.
fn every_customer_is_in_every_file_of_customers(run: &Run) {
    let customers: usize = run.value("SELECT COUNT(*) FROM customers").parse().unwrap();
    assert_eq!(lines(&exported(run, "twilio").join("task_attributes_full.ndjson")).len(), customers);
    let rows = |file: PathBuf, head: bool| -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(head).from_path(file).unwrap();
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
    };
    assert_eq!(rows(exported(run, "asterisk").join("astdb_full.csv"), false).len(), customers + 1);
    let folder = exported(run, "genesys");
    assert_eq!(rows(folder.join("policy.csv"), true).len(), 4);
    assert_eq!(rows(folder.join("customers_full.csv"), true).len(), 0, "keys are customer ids here");

    let mut profiles = rows(exported(run, "amazon-connect").join("profiles_full.csv"), false);
    let head = profiles.remove(0);
    let column = |name: &str| head.iter().position(|column| column == name).unwrap();
    let columns = ["customer_id", "queue", "priority", "rule_id"].map(column);
    let found: Vec<Vec<String>> =
        profiles.iter().map(|row| columns.iter().map(|column| row[*column].clone()).collect()).collect();
    let routing = "SELECT customer_id, queue, CAST(priority AS VARCHAR), rule_id FROM routing ORDER BY customer_id";
    assert_eq!(found, run.ask(routing));
    assert!(head.iter().all(|name| !name.contains('.')), "Customer Profiles reads no dots in names");
}

/// With opaque keys Genesys gets everybody, by keys that are nobody's id.
#[test]
fn opaque_keys_are_what_genesys_gets() {
    let folder = sample();
    let text = without_affinity(fs::read_to_string(folder.path().join("patronage.toml")).unwrap());
    let secret = (ROUTING_KEY, b"a-secret-of-more-than-16-bytes".to_vec());
    let options = RunOptions { secrets: Secrets([secret].into()), ..RunOptions::default() };
    let run = run_in_with(folder, &format!("{text}\n[routing]\nopaque_keys = true\n"), &options);
    let text = fs::read_to_string(exported(&run, "genesys").join("customers_full.csv")).unwrap();
    let customers: usize = run.value("SELECT COUNT(*) FROM customers").parse().unwrap();
    assert_eq!(text.lines().count(), customers + 1);
    for row in csv::Reader::from_reader(text.as_bytes()).records() {
        let key = row.unwrap()[0].to_owned();
        assert!(key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "a key is a hash");
    }
    let ids = run.ask("SELECT customer_id FROM customers");
    let cells: std::collections::BTreeSet<&str> = text.split([',', '\n']).collect();
    assert!(ids.iter().all(|id| !cells.contains(id[0].as_str())), "an id among the cells");
}
