//! Fault 10: two runs at once, and a lock whose holder was killed.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::publisher::{PAUSE, check_published, check_readable, exit_code, night};
use crate::tracing::{can_trace, faulty};

/// A process that has sealed night 2 and waits, holding the lock.
fn waiting(out: &Path) -> Child {
    let command = night(2).command(out);
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .env(PAUSE, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("sealed")), "the process ended early");
    child
}

#[test]
fn a_second_run_is_refused_and_the_first_is_not_disturbed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    night(1).publish(&out).unwrap();
    let mut first = waiting(&out);

    let (code, errors) = exit_code(&night(3).command(&out));
    assert_eq!(code, 6, "{errors}");
    // `exec`ed by env: the process keeps its id.
    assert!(errors.contains(&format!("process {}, run {}", first.id(), night(2).id())), "{errors}");
    check_readable(&out, &[Some(night(1))], "two at once");

    drop(first.stdin.take());
    assert!(first.wait().unwrap().success());
    let undisturbed = night(2).publish(&folder.path().join("undisturbed")).unwrap();
    check_published(&out, night(2), &undisturbed, "the first one went on");
}

#[test]
fn the_lock_of_a_killed_run_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    night(1).publish(&out).unwrap();
    let mut first = waiting(&out);
    first.kill().unwrap();
    first.wait().unwrap();
    check_readable(&out, &[Some(night(1))], "killed");
    assert!(out.join(".building").exists(), "the killed run was still building");

    let (code, errors) = exit_code(&night(3).command(&out));
    assert_eq!(code, 0, "{errors}");
    let undisturbed = night(3).publish(&folder.path().join("undisturbed")).unwrap();
    check_published(&out, night(3), &undisturbed, "after a killed run");
}

/// Fault 11: on a file system without locks, nobody knows who else runs.
#[test]
fn a_file_system_without_locks_is_an_error() {
    if !can_trace("a_file_system_without_locks_is_an_error") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let command = faulty(&night(1).command(&out), "flock", "error=EOPNOTSUPP", 1, &BTreeSet::new());
    let (code, errors) = exit_code(&command);
    assert_eq!(code, 7, "{errors}");
    assert!(errors.contains("could not lock"), "{errors}");
    check_readable(&out, &[None], "no locks");
}
