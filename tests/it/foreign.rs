//! Python, for readers and engines that are not ours.

use std::ffi::OsStr;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

/// A Python that has these modules (`duckdb, zen`): `PATRONAGE_PYTHON`, or the virtual environment of a developer. `None`,
/// with a note, when it has not.
pub fn python_with(modules: &str) -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let python = std::env::var_os("PATRONAGE_PYTHON")
        .map_or_else(|| home.join(".cache/patronage-venv/bin/python"), PathBuf::from);
    let import = format!("import {modules}");
    if Command::new(&python).args(["-c", &import]).output().is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    // Past the test harness, which swallows what passing tests print.
    let _ = writeln!(std::io::stderr(), "SKIPPED: no Python with {modules}; set PATRONAGE_PYTHON to one");
    None
}

/// What it prints, given these arguments.
///
/// # Panics
/// When it fails.
pub fn output(python: PathBuf, arguments: &[&OsStr]) -> String {
    let output = Command::new(python).args(arguments).env("TZ", "UTC").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
