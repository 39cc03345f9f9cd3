//! Exports to campaign tools from two nights of the sample shop, read back as the tools document it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use patronage::pipeline::RunOptions;

use crate::cli::{patronage, said};
use crate::run_support::{ask_run, run_file, sample};

fn night(as_of: &str) -> RunOptions {
    RunOptions { as_of: Some(as_of.parse().unwrap()), ..RunOptions::default() }
}

/// Name and cells of every row by key, the head apart.
type Table = (Vec<String>, BTreeMap<Vec<String>, Vec<String>>);

fn read(path: &Path, key: usize) -> Table {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let head: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<String>>());
    let rows: Vec<Vec<String>> = rows.collect();
    assert!(rows.windows(2).all(|pair| pair[0] <= pair[1] || key == 0), "{} is not sorted", path.display());
    let count = rows.len();
    let by_key: BTreeMap<_, _> = rows.into_iter().map(|row| (row[..key].to_vec(), row)).collect();
    assert_eq!(by_key.len(), count, "a key of {} is there twice", path.display());
    (head, by_key)
}

/// Datasets with deltas of whole rows or of cells: consumer, dataset, columns of the key.
const DATASETS: [(&str, &str, usize); 5] = [
    ("braze", "users", 1),
    ("klaviyo", "profiles", 1),
    ("salesforce", "customers", 1),
    ("salesforce", "campaign_targets", 2),
    ("mautic", "contacts", 1),
];

/// What issue 7 shows: sending the deltas of two nights reproduces the second night's full file.
#[test]
fn the_delta_of_a_night_leads_from_the_full_file_before_to_the_one_after() {
    let folder = sample();
    let path = folder.path().join("patronage.toml");
    run_file(&path, &night("2026-06-29"));
    let export = |consumer: &str, to: &str, more: &[&str]| {
        let said = said(patronage(folder.path()).args(["export", consumer, "--to", to, "-q"]).args(more));
        assert!(said.starts_with("exit code: 0"), "{said}");
    };
    let consumers = ["braze", "klaviyo", "salesforce", "mautic"];
    for consumer in consumers {
        export(consumer, &format!("first/{consumer}"), &[]);
    }
    let second = run_file(&path, &night("2026-06-30"));
    for consumer in consumers {
        export(consumer, &format!("delta/{consumer}"), &[]);
    }
    for consumer in consumers {
        export(consumer, &format!("full/{consumer}"), &["--full"]);
    }
    for (consumer, dataset, key) in DATASETS {
        let file = |night: &str, what: &str| folder.path().join(night).join(consumer).join(format!("{dataset}_{what}"));
        let (head, mut known) = read(&file("first", "full.csv"), key);
        let (_, changed) = read(&file("delta", "delta.csv"), key);
        assert!(!changed.is_empty(), "{consumer}: nothing changed overnight");
        for (id, row) in changed {
            match known.get_mut(&id).filter(|_| consumer == "braze") {
                // Blank values do not overwrite.
                Some(known) => {
                    known.iter_mut().zip(row).filter(|(_, new)| !new.is_empty()).for_each(|(cell, new)| *cell = new);
                }
                None => drop(known.insert(id, row)),
            }
        }
        for id in read(&file("delta", "removed.csv"), key).1.keys() {
            assert!(known.remove(id).is_some());
        }
        if consumer == "braze" {
            for line in fs::read_to_string(file("delta", "clear.ndjson")).unwrap().lines() {
                let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
                let row = known.get_mut(&vec![object["external_id"].as_str().unwrap().to_owned()]).unwrap();
                for (name, _) in object.iter().filter(|(_, value)| value.is_null()) {
                    row[head.iter().position(|column| column == name).unwrap()].clear();
                }
            }
        }
        let mut rebuilt = csv::Writer::from_writer(Vec::new());
        rebuilt.write_record(&head).unwrap();
        known.values().for_each(|row| rebuilt.write_record(row).unwrap());
        let rebuilt = String::from_utf8(rebuilt.into_inner().unwrap()).unwrap();
        assert!(rebuilt == fs::read_to_string(file("full", "full.csv")).unwrap(), "{consumer} {dataset}");
    }
    the_files_keep_the_promises(folder.path(), &second.folder);
}

/// Consent and campaigns in the files of the second night.
fn the_files_keep_the_promises(folder: &Path, run: &Path) {
    let count = |sql: &str| ask_run(run, sql)[0][0].parse::<usize>().unwrap();
    let full = |file: &str, key: usize| read(&folder.join("full").join(file), key);
    // Mautic has who allows e-mail, and nobody else.
    let allowed = count("SELECT COUNT(*) AS n FROM customers WHERE consent_email = 'granted' AND NOT is_closed");
    assert_eq!(full("mautic/contacts_full.csv", 1).1.len(), allowed);
    assert!(allowed > 0 && allowed < count("SELECT COUNT(*) AS n FROM customers"));
    // Of a campaign, those to be contacted and nobody else.
    let treated = count("SELECT COUNT(*) AS n FROM campaign_targets WHERE arm = 'treat'");
    assert_eq!(full("salesforce/campaign_targets_full.csv", 2).1.len(), treated);
    assert!(treated > 0 && treated < count("SELECT COUNT(*) AS n FROM campaign_targets"));
    // Consent and its time together, days with their offset, no addresses that nobody asked for.
    let (head, profiles) = full("klaviyo/profiles_full.csv", 1);
    let place = |name: &str| head.iter().position(|column| column == name).unwrap();
    for row in profiles.values() {
        for channel in ["email", "sms"] {
            let (consent, at) =
                (&row[place(&format!("{channel}_consent"))], &row[place(&format!("{channel}_consent_at"))]);
            assert_eq!(consent.is_empty(), at.is_empty());
        }
        let day = &row[place("last_order_date")];
        assert!(day.is_empty() || day.parse::<jiff::Timestamp>().is_ok(), "{day}");
    }
    assert!(!head.iter().any(|column| matches!(column.as_str(), "email" | "phone_number")));
    // Who objected to profiling is there, and is sorted in nowhere.
    let objectors = ask_run(run, "SELECT customer_id FROM customers WHERE profiling_opt_out AND NOT is_closed");
    assert!(!objectors.is_empty());
    let sorted_in = ["actual_tier", "rfm_segment", "lifecycle_state", "attrition_band", "next_product_1"].map(place);
    assert!(objectors.iter().all(|id| sorted_in.iter().all(|column| profiles[id][*column].is_empty())));
    assert!(profiles.values().any(|row| sorted_in.iter().all(|column| !row[*column].is_empty())));
}

#[test]
fn the_command_says_what_it_did_and_what_is_wrong() {
    let folder = sample();
    let none = said(patronage(folder.path()).args(["export", "braze"]));
    assert!(none.starts_with("exit code: 2") && none.contains("no run is published"), "{none}");
    run_file(&folder.path().join("patronage.toml"), &RunOptions::default());
    let files = |args: &[&str]| said(patronage(folder.path()).arg("export").args(args));
    let planned = files(&["csv", "--table", "slipping", "--dry-run", "--format", "csv"]);
    assert!(planned.contains("file,rows,bytes\nslipping_full.csv,"), "{planned}");
    assert!(!folder.path().join("out/exports").exists());
    assert!(files(&["csv", "--table", "slipping"]).contains("exported to csv: all of it"));
    assert!(files(&["csv", "--table", "slipping"]).contains("already exported"));
    for (args, words) in [
        (vec!["brase"], "braze"),
        (vec!["csv", "--table", "custmers"], "did you mean `customers`?"),
        (vec!["csv", "--include-contact"], "never given addresses"),
        (vec!["braze", "--table", "routing"], "has its own choice"),
        (vec!["csv", "--to", "out/runs"], "inside the output folder"),
    ] {
        let said = files(&args);
        assert!(said.starts_with("exit code: 2") && said.contains(words), "{args:?}: {said}");
    }
    // Addresses are of no published table unless somebody makes one.
    let said = files(&["braze", "--include-contact"]);
    assert!(said.starts_with("exit code: 3") && said.contains("`contact_details`"), "{said}");
}
