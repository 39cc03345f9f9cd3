//! An executor that is killed in mid-query: Spark computes its tasks again, and the tables are the same.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use patronage::monitor::{Event, Monitor, Silent};

use crate::cluster::Cluster;
use crate::compare::differences;
use crate::runs::{run, sample};

/// Kills an executor each time that some more tables are made, so that one dies while something else is being computed.
struct Killer<'a> {
    cluster: &'a Cluster,
    tables: AtomicUsize,
    killed: AtomicUsize,
}

impl Monitor for Killer<'_> {
    fn event(&self, event: Event) {
        let Event::TableFinished { .. } = event else { return };
        let made = self.tables.fetch_add(1, Ordering::SeqCst);
        if made % 6 != 3 || self.killed.load(Ordering::SeqCst) >= 3 {
            return;
        }
        if let Some(executor) = self.cluster.executors().first() {
            let done = Command::new("kill").args(["-9", &executor.to_string()]).status().unwrap();
            self.killed.fetch_add(usize::from(done.success()), Ordering::SeqCst);
        }
    }
}

/// The pair counts, the summaries of customers and of the business.
const TABLES: [&str; 3] = ["product_pairs", "customer_summary", "business_summary"];

#[test]
fn killed_executors_change_nothing() {
    let Some(cluster) = Cluster::start(2) else { return };
    let text = sample();
    let killer = Killer { cluster: &cluster, tables: AtomicUsize::new(0), killed: AtomicUsize::new(0) };
    let theirs =
        run(&(text.clone() + &cluster.section()), &TABLES, &killer).unwrap_or_else(|error| panic!("{error:?}"));
    let killed = killer.killed.load(Ordering::SeqCst);
    assert!(killed > 0, "no executor was killed");
    let log = cluster.log();
    assert!(log.contains("Lost executor") || log.contains("lost"), "the server's log does not know of a loss");
    let ours = run(&text, &TABLES, &Silent).unwrap();
    let found = differences(&ours.folder, &theirs.folder);
    assert!(found.is_empty(), "after {killed} kills: {}", found.join("\n"));
}
