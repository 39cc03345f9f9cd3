//! Fault 1: `kill -9` at every system call that touches the output folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use patronage::publish::RunRef;
use tempfile::TempDir;

use crate::publisher::{Night, check_published, check_readable, exit_code, night};
use crate::tracing::{CALLS, can_trace, faulty, touched_paths};

/// Longest a sweep of one call may be, so that a mistake does not run for ever.
const MOST_CALLS: usize = 2_000;

/// An output folder that is put back to how it was before each kill.
pub struct Sweep {
    folder: TempDir,
    pub out: PathBuf,
    before: PathBuf,
    /// The run that is published, in a folder where nothing disturbed it.
    pub undisturbed: RunRef,
    /// Every path in the output folder that publishing it touches.
    pub paths: BTreeSet<String>,
}

impl Sweep {
    /// `before` are published already; `tonight` is what will be published.
    pub fn new(before: &[Night], tonight: Night) -> Sweep {
        let folder = tempfile::tempdir().unwrap();
        let undisturbed = tonight.publish(&folder.path().join("undisturbed")).unwrap();
        let (out, saved) = (folder.path().join("out"), folder.path().join("before"));
        fs::create_dir(&saved).unwrap();
        for night in before {
            night.publish(&saved).unwrap();
        }
        let mut sweep = Sweep { folder, out, before: saved, undisturbed, paths: BTreeSet::new() };
        sweep.put_back();
        sweep.paths = touched_paths(&tonight.command(&sweep.out), &sweep.out, &sweep.folder.path().join("log"));
        sweep.put_back();
        sweep
    }

    pub fn put_back(&self) {
        if self.out.exists() {
            fs::remove_dir_all(&self.out).unwrap();
        }
        copy_tree(&self.before, &self.out);
    }
}

fn copy_tree(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

/// Kills the publication of `tonight` at each call in turn; how many kills there were.
fn sweep(before: &[Night], tonight: Night) -> usize {
    let sweep = Sweep::new(before, tonight);
    let command = tonight.command(&sweep.out);
    let previous = before.last().copied();
    let mut kills = 0;
    for call in CALLS.split(',') {
        for when in 1.. {
            assert!(when < MOST_CALLS, "{call} does not end");
            let moment = format!("killed at {call} {when}");
            sweep.put_back();
            let (code, _) = exit_code(&faulty(&command, call, "signal=KILL", when, &sweep.paths));
            if code == 0 {
                break;
            }
            assert_eq!(code, 128 + 9, "{moment}");
            kills += 1;
            println!("{moment}");
            check_readable(&sweep.out, &[previous, Some(tonight)], &moment);

            let (code, errors) = exit_code(&command);
            assert_eq!(code, 0, "{moment}, then run again: {errors}");
            check_published(&sweep.out, tonight, &sweep.undisturbed, &moment);
        }
    }
    kills
}

#[test]
fn killed_at_any_call_of_the_first_run() {
    if can_trace("killed_at_any_call_of_the_first_run") {
        let kills = sweep(&[], night(1));
        assert!(kills > 40, "only {kills} kills");
    }
}

/// The third run: the first one is removed at its end.
#[test]
fn killed_at_any_call_of_a_later_run() {
    if can_trace("killed_at_any_call_of_a_later_run") {
        let kills = sweep(&[night(1), night(2)], night(3));
        assert!(kills > 60, "only {kills} kills");
    }
}
