//! Every published table is the embedded engine's.

use crate::cluster::Cluster;
use crate::compare::{differences, tables};
use crate::runs::{made, real, sample};

/// Tables that say how a run was made: none may be left out of the comparison without a word here.
fn same_on_both(text: &str) {
    let Some(cluster) = Cluster::start(2) else { return };
    let theirs = made(&(text.to_owned() + &cluster.section()), &[]);
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
