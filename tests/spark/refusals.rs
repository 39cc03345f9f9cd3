//! What goes wrong with a cluster is said with the next step and the documented exit code, and nothing is published.

use std::fs;

use patronage::config;
use patronage::error::{Error, ErrorKind};
use patronage::monitor::{Cancel, Silent};
use patronage::pipeline::{self, RunOptions};

use crate::cluster::Cluster;
use crate::runs::sample;

/// The error of a run, which must leave nothing to be seen.
fn refused(text: &str) -> Error {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("patronage.toml");
    fs::write(&path, text).unwrap();
    let error = config::load(&path)
        .and_then(|loaded| pipeline::run(&loaded, &RunOptions::default(), &Silent, &Cancel::new()))
        .expect_err("it is refused");
    assert!(!home.path().join("out/latest").exists() && !home.path().join("out/runs").exists());
    assert!(error.hint_text().is_some(), "no next step: {error:?}");
    error
}

#[test]
fn nobody_listens() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = refused(&(sample() + &format!("\n[engine]\nkind = \"spark\"\nurl = \"sc://127.0.0.1:{port}\"\n")));
    assert_eq!(error.kind(), ErrorKind::Engine, "{error:?}");
}

#[test]
fn the_cluster_lacks_what_it_is_asked_for() {
    let Some(cluster) = Cluster::start(1) else { return };
    let transactions = |source: &str, amount: &str| {
        format!(
            "[project]\nname = \"x\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n[inputs.transactions]\n{source}\n\
             [inputs.transactions.columns]\ncustomer_id = \"customer_id\"\nts = \"ts\"\namount = \"{amount}\"\n{}",
            cluster.section()
        )
    };
    let error = refused(&transactions("table = \"nowhere.nothing\"", "amount"));
    assert_eq!(error.kind(), ErrorKind::Input, "{error:?}");

    let home = tempfile::tempdir().unwrap();
    let export = home.path().join("orders.csv");
    fs::write(&export, "customer_id,ts,amount\nc1,2026-01-01,ten euros\n").unwrap();
    let files = format!("files = [\"{}\"]", export.display());
    let error = refused(&transactions(&files, "price"));
    assert_eq!(error.kind(), ErrorKind::Input, "a column that is not there: {error:?}");
    // A column of another type: every row is a reject, so that there is no day to end at.
    let error = refused(&transactions(&files, "amount"));
    assert_eq!(error.kind(), ErrorKind::Input, "{error:?}");
    assert!(!format!("{error:?}").contains("ten euros"), "a value is shown: {error:?}");

    let error = refused(&transactions("files = [\"hdfs://nowhere.invalid:1/orders/*.csv\"]", "amount"));
    assert!(matches!(error.kind(), ErrorKind::Engine | ErrorKind::Input), "{error:?}");
}
