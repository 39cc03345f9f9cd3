//! Every published table is the embedded engine's.

use patronage::generate::{GenerateOptions, generate};
use patronage::monitor::{Cancel, Silent};

use crate::cluster::Cluster;
use crate::compare::{differences, tables};
use crate::runs::{absolute, made, real, sample};

fn same_on_both(text: &str) {
    if let Some(cluster) = Cluster::start(2) {
        same_on(cluster, text);
    }
}

fn same_on(cluster: Cluster, text: &str) {
    let theirs = made(&(text.to_owned() + &cluster.section()), &[]);
    // Its Javas hold ten gigabytes after ten million lines.
    drop(cluster);
    let ours = made(text, &[]);
    assert!(tables(&ours.folder).len() >= 80);
    let found = differences(&ours.folder, &theirs.folder);
    assert!(found.is_empty(), "{} tables differ:\n{}", found.len(), found.join("\n"));
}

/// Whether the long tests are asked for.
fn long() -> bool {
    let asked = std::env::var_os("PATRONAGE_SPARK").is_some_and(|value| value == "1");
    if !asked {
        eprintln!("SKIPPED: it takes many minutes; set PATRONAGE_SPARK=1");
    }
    asked
}

#[test]
fn of_the_sample() {
    same_on_both(&sample());
}

#[test]
fn of_online_retail() {
    if let Some(text) = real("online_retail").filter(|_| long()) {
        same_on_both(&text);
    }
}

#[test]
fn of_fuzzy_factory() {
    if let Some(text) = real("fuzzy_factory").filter(|_| long()) {
        same_on_both(&text);
    }
}

#[test]
fn of_ten_million_lines() {
    if !long() {
        return;
    }
    let Some(cluster) = Cluster::start_with(2, 3072) else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("shop");
    let options = GenerateOptions {
        out: out.clone(),
        customers: 500_000,
        lines: Some(10_000_000),
        threads: 2,
        ..Default::default()
    };
    generate(&options, &Silent, &Cancel::new()).unwrap();
    same_on(cluster, &absolute(&std::fs::read_to_string(out.join("patronage.toml")).unwrap(), &out));
}
