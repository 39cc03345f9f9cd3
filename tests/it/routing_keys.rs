//! Opaque routing keys: a keyed hash in the place of the customer's id, by a secret that nothing shows.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::patronage;
use crate::run_support::{ask_run, sample};

const KEY: &str = "a-secret-of-more-than-16-bytes";

fn opaque_sample() -> tempfile::TempDir {
    let folder = sample();
    let path = folder.path().join("patronage.toml");
    let text = fs::read_to_string(&path).unwrap() + "\n[routing]\nopaque_keys = true\nkey_env = \"SHOP_KEY\"\n";
    fs::write(path, text).unwrap();
    folder
}

/// Runs `command` and gives exit code and all that was said.
fn said(folder: &Path, command: &[&str], key: Option<&str>) -> (Option<i32>, String) {
    let mut command = {
        let mut made = patronage(folder);
        made.args(command);
        made
    };
    if let Some(key) = key {
        command.env("SHOP_KEY", key);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), text)
}

/// The one folder below `out/aside`.
fn aside(folder: &Path) -> PathBuf {
    let mut entries = fs::read_dir(folder.join("out/aside")).unwrap();
    let entry = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none());
    entry
}

#[test]
fn without_a_key_nothing_runs_and_a_short_one_is_refused() {
    let folder = opaque_sample();
    for key in [None, Some("short")] {
        let (code, text) = said(folder.path(), &["run"], key);
        assert_eq!(code, Some(3), "{text}");
        assert!(text.contains("SHOP_KEY") && text.contains("hint: "), "{text}");
        assert!(!text.contains("short\n") && !text.contains("`short`"), "{text}");
    }
    assert!(
        !folder.path().join("out/runs").exists() || fs::read_dir(folder.path().join("out/runs")).unwrap().count() == 0
    );
}

#[test]
fn keys_are_hashes_that_only_the_secret_decides() {
    let run = |key: &str| {
        let folder = opaque_sample();
        let (code, text) = said(folder.path(), &["run", "--only", "routing", "--only", "contact_units"], Some(key));
        assert_eq!(code, Some(0), "{text}");
        let run = aside(folder.path());
        let keys = ask_run(&run, "SELECT routing_key, key_type, customer_id IS NULL AS hidden FROM routing");
        let manifest = fs::read_to_string(run.join("manifest.json")).unwrap();
        assert!(!manifest.contains(key) && !text.contains(key));
        // The file holds nobody's id, not even in its statistics.
        let routing = fs::read(run.join("tables/routing.parquet")).unwrap();
        let ids = ask_run(&run, "SELECT customer_id FROM contact_units");
        assert!(ids.len() > 1_000);
        let first: &[u8] = ids[0][0].as_bytes();
        assert!(!routing.windows(first.len()).any(|bytes| bytes == first), "an id in the clear");
        (run.file_name().unwrap().to_owned(), keys)
    };
    let (name, keys) = run(KEY);
    assert!(keys.iter().all(|row| row[0].len() == 64 && row[1] == "keyed_hash" && row[2] == "true"));
    assert_eq!(run(KEY), (name.clone(), keys.clone()), "the same key, the same run");
    let (other_name, other_keys) = run("another-secret-of-16-bytes");
    assert_ne!(name, other_name, "another key is another run");
    let known: std::collections::BTreeSet<&String> = keys.iter().map(|row| &row[0]).collect();
    assert!(other_keys.iter().all(|row| !known.contains(&row[0])));
}
