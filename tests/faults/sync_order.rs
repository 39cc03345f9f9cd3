//! Fault 7, power loss: everything is on the disk before anything names it. Proved from a log of system calls, since
//! there is no way here to cut the power.

use std::path::Path;

use crate::publisher::{exit_code, night};
use crate::tracing::{can_trace, lines_about, logged};

/// Number of the first line that begins with `call` and contains all `words`.
fn first(lines: &[String], call: &str, words: &[&str]) -> usize {
    let found = lines
        .iter()
        .position(|line| line.starts_with(&format!("{call}(")) && words.iter().all(|word| line.contains(word)));
    found.unwrap_or_else(|| panic!("no {call} with {words:?} in\n{}", lines.join("\n")))
}

fn last_write(lines: &[String], path: &str) -> usize {
    let write = |line: &String| line.starts_with("write(") && line.contains(&format!("<{path}>"));
    lines.iter().rposition(write).unwrap_or_else(|| panic!("nothing was written to {path}"))
}

#[test]
fn everything_is_synced_before_something_names_it() {
    if !can_trace("everything_is_synced_before_something_names_it") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (out, log) = (folder.path().join("out"), folder.path().join("log"));
    night(1).publish(&out).unwrap();
    let tonight = night(2);
    let (code, errors) = exit_code(&logged(&tonight.command(&out), &log));
    assert_eq!(code, 0, "{errors}");

    let lines = lines_about(&log, &out);
    let path = |relative: &str| -> String { out.join(relative).to_str().unwrap().to_owned() };
    let building = path(&format!(".building/{}", tonight.id()));
    let synced = |path: &str| first(&lines, "fsync", &[&format!("<{path}>")]);

    let files = ["tables/values.parquet", "rejects/transactions.parquet", "exports/router/levels.csv"];
    let synced_files: Vec<usize> = files
        .iter()
        .map(|file| {
            let file = format!("{building}/{file}");
            assert!(last_write(&lines, &file) < synced(&file), "{file} is written after it was synced");
            synced(&file)
        })
        .collect();
    let manifest = format!("{building}/manifest.json");
    let success = format!("{building}/_SUCCESS");
    assert!(synced_files.iter().all(|file| *file < first(&lines, "openat", &[&manifest])), "manifest before its files");
    assert!(last_write(&lines, &manifest) < synced(&manifest));
    assert!(synced(&manifest) < first(&lines, "openat", &[&success]), "_SUCCESS before the manifest");
    assert!(last_write(&lines, &success) < synced(&success));

    let folders = ["exports/router", "exports", "rejects", "tables"].map(|name| synced(&format!("{building}/{name}")));
    assert!(folders.iter().all(|folder| synced(&success) < *folder), "a folder was synced before its files");
    assert!(folders[0] < folders[1], "folders are synced innermost first");
    assert!(folders.iter().all(|folder| *folder < synced(&building)));

    let run_renamed = first(&lines, "rename", &[&format!("\"{building}\""), &path(&format!("runs/{}", tonight.id()))]);
    assert!(synced(&building) < run_renamed, "the run was renamed before it was synced");
    let runs_synced = synced(&path("runs"));
    let link_made = first(&lines, "symlink", &[&path("latest.tmp")]);
    let link_renamed = first(&lines, "rename", &[&path("latest.tmp"), &path("latest")]);
    assert!(run_renamed < runs_synced && runs_synced < link_made && link_made < link_renamed);
    let root_synced =
        lines.iter().rposition(|line| line.starts_with("fsync(") && line.contains(&format!("<{}>", path_of(&out))));
    assert!(root_synced.is_some_and(|synced| link_renamed < synced), "the output folder was not synced at the end");
}

fn path_of(path: &Path) -> &str {
    path.to_str().unwrap()
}
