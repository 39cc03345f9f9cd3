//! `strace` as a tool: logs of system calls, and calls that fail or kill.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::publisher::exit_code;

/// The calls that change files, and those around them.
pub const CALLS: &str = "openat,write,fsync,fdatasync,rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,rmdir,symlink,symlinkat,close";

/// Says why a test did nothing, past the test harness, which swallows what passing tests print.
pub fn skip(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

/// Whether processes can be traced here.
pub fn can_trace(test: &str) -> bool {
    let works = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    let works = works.is_ok_and(|output| output.status.success());
    if !works {
        skip(test, "`strace` is not here or may not trace");
    }
    works
}

/// The command, logged: each call in [`CALLS`], with the paths of its descriptors.
pub fn logged(command: &[String], log: &Path) -> Vec<String> {
    let strace = ["strace", "-f", "-y", "-s", "4096", "-e", &format!("trace={CALLS}"), "-o", log.to_str().unwrap()];
    strace.iter().map(|word| (*word).to_owned()).chain(command.iter().cloned()).collect()
}

/// The command, with `fault` (for example `signal=KILL` or `error=EIO`) at the `when`-th of these calls that concerns
/// one of the paths.
pub fn faulty(command: &[String], call: &str, fault: &str, when: usize, paths: &BTreeSet<String>) -> Vec<String> {
    let mut strace: Vec<String> = ["strace", "-f", "-o", "/dev/null", "-e"].map(str::to_owned).into();
    strace.push(format!("trace={call}"));
    strace.push("-e".to_owned());
    strace.push(format!("inject={call}:{fault}:when={when}"));
    for path in paths {
        strace.push("-P".to_owned());
        strace.push(path.clone());
    }
    strace.extend(command.iter().cloned());
    strace
}

/// The lines of a log that concern a path in `folder`, without process ids.
pub fn lines_about(log: &Path, folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap();
    let log = std::fs::read_to_string(log).unwrap();
    let lines = log.lines().filter(|line| line.contains(folder));
    lines.map(|line| line.split_once(' ').unwrap().1.trim_start().to_owned()).collect()
}

/// Every path at or below `folder` that the lines mention.
pub fn paths_in(lines: &[String], folder: &Path) -> BTreeSet<String> {
    let folder = folder.to_str().unwrap();
    let words = lines.iter().flat_map(|line| line.split(['"', '<', '>']));
    words.filter(|word| word.starts_with(folder)).map(|word| word.trim_end_matches("(deleted)").to_owned()).collect()
}

/// Every path at or below `out` that the command touches when nothing goes wrong.
pub fn touched_paths(command: &[String], out: &Path, log: &Path) -> BTreeSet<String> {
    let (code, errors) = exit_code(&logged(command, log));
    assert_eq!(code, 0, "{errors}");
    let paths = paths_in(&lines_about(log, out), out);
    assert!(paths.len() > 10, "{paths:?}");
    paths
}
