//! What goes wrong with a cluster is said with the next step and the documented exit code, and nothing is published.

use std::fs;
use std::path::Path;
use std::process::Command;

use patronage::config;
use patronage::error::{Error, ErrorKind};
use patronage::monitor::{Cancel, Event, Monitor, Silent};
use patronage::pipeline::{self, RunOptions, Token};
use tempfile::TempDir;

use crate::cluster::Cluster;
use crate::runs::sample;

/// The error of a run, which must leave nothing to be seen.
fn refused(text: &str) -> Error {
    refused_in(&tempfile::tempdir().unwrap(), text, &RunOptions::default(), &Silent, &Cancel::new())
}

fn refused_in(home: &TempDir, text: &str, options: &RunOptions, monitor: &dyn Monitor, cancel: &Cancel) -> Error {
    let path = home.path().join("patronage.toml");
    fs::write(&path, text).unwrap();
    let error = config::load(&path)
        .and_then(|loaded| pipeline::run(&loaded, options, monitor, cancel).map(drop))
        .expect_err("it is refused");
    let published = home.path().join("out/runs").read_dir().is_ok_and(|mut runs| runs.next().is_some());
    assert!(!home.path().join("out/latest").exists() && !published, "something was published");
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

#[test]
fn a_token_that_has_run_out() {
    let Some(cluster) = Cluster::start_for(1, Some("of-today")) else { return };
    let text = sample() + &cluster.section();
    let options = |token: Option<&str>| RunOptions {
        engine_token: token.map(|token| Token(token.to_owned())),
        only: vec!["line_totals".into()],
        ..RunOptions::default()
    };
    for token in [None, Some("of-yesterday")] {
        let home = tempfile::tempdir().unwrap();
        let error = refused_in(&home, &text, &options(token), &Silent, &Cancel::new());
        assert_eq!(error.kind(), ErrorKind::Engine, "{error:?}");
        assert!(error.hint_text().unwrap().contains("token"), "{error:?}");
        assert!(!format!("{error:?}").contains("of-yesterday"), "a secret is shown: {error:?}");
    }
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("patronage.toml");
    fs::write(&path, &text).unwrap();
    let loaded = config::load(&path).unwrap();
    pipeline::run(&loaded, &options(Some("of-today")), &Silent, &Cancel::new())
        .unwrap_or_else(|error| panic!("{error:?}"));
}

/// Asks to stop when the first table is made.
struct Stop<'c>(&'c Cancel);

impl Monitor for Stop<'_> {
    fn event(&self, event: Event) {
        if matches!(event, Event::TableFinished { .. }) {
            self.0.interrupt();
        }
    }
}

#[test]
fn somebody_stops_it() {
    let Some(cluster) = Cluster::start(1) else { return };
    let cancel = Cancel::new();
    let home = tempfile::tempdir().unwrap();
    let text = sample() + &cluster.section();
    let error = refused_in(&home, &text, &RunOptions::default(), &Stop(&cancel), &cancel);
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error:?}");
    let left = home.path().join("out/.building").read_dir().map_or(0, Iterator::count);
    assert_eq!(left, 0, "working folders stay");
}

/// A disk of one megabyte.
struct SmallDisk<'h>(&'h Path);

impl SmallDisk<'_> {
    fn mount(at: &Path) -> Option<SmallDisk<'_>> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "patronage-test"]).arg(at).output();
        if mounted.is_ok_and(|done| done.status.success()) {
            return Some(SmallDisk(at));
        }
        eprintln!("SKIPPED: no right to mount a small disk");
        None
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).output();
    }
}

#[test]
fn the_disk_of_the_cluster_is_full() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    fs::create_dir(&out).unwrap();
    let Some(_disk) = SmallDisk::mount(&out) else { return };
    let Some(cluster) = Cluster::start(1) else { return };
    let text = sample() + &cluster.section();
    let error = refused_in(&home, &text, &RunOptions::default(), &Silent, &Cancel::new());
    assert_eq!(error.kind(), ErrorKind::Output, "{error:?}");
    assert!(error.hint_text().unwrap().contains("free space"), "{error:?}");
}
