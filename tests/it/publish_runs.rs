//! The run folder: what is published is whole, stays whole, and says when it is not.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use patronage::error::ErrorKind;
use patronage::monitor::Cancel;
use patronage::publish::manifest::{Manifest, Status, TableEntry};
use patronage::publish::{Building, OutputDir, Problem, ProblemKind, RunId, RunState, verify};
use proptest::prelude::*;

use crate::publish_fixture::{Fixture, id};

fn problems(run: &Path) -> Vec<Problem> {
    verify(run).problems
}

fn problem(path: &str, kind: ProblemKind) -> Vec<Problem> {
    vec![Problem { path: path.to_owned(), kind }]
}

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn a_published_run_is_whole_and_is_the_latest() {
    let fixture = Fixture::new();
    let run = fixture.run("2026-10-31", 100, false);
    assert_eq!(fixture.out.latest().unwrap(), Some(run.clone()));
    assert_eq!(fixture.out.find("latest").unwrap(), run);
    assert_eq!(fixture.out.find(&run.id.to_string()).unwrap(), run);
    assert_eq!(fs::read_link(fixture.out.root().join("latest")).unwrap(), Path::new(&format!("runs/{}", run.id)));
    assert!(run.table("customers").is_file());
    assert!(!fixture.out.root().join(".building").exists());

    let verification = verify(&run.path);
    assert_eq!((verification.files, verification.problems.as_slice()), (3, [].as_slice()));
    let manifest = run.manifest().unwrap();
    assert_eq!((manifest.status, manifest.run_id, manifest.as_of.as_str()), (Status::Published, run.id, "2026-10-31"));
    let paths: Vec<&str> = manifest.files.keys().map(String::as_str).collect();
    assert_eq!(paths, ["exports/router/routing.csv", "tables/customers.parquet"]);
}

#[test]
fn the_manifest_has_sorted_keys_and_survives_its_text() {
    let fixture = Fixture::new();
    let run = fixture.run("2026-10-31", 100, false);
    let text = fs::read_to_string(run.path.join("manifest.json")).unwrap();
    let top: Vec<&str> = text.lines().filter(|line| line.starts_with("  \"")).collect();
    assert!(top.len() > 10 && top.is_sorted(), "{top:?}");
    let manifest = run.manifest().unwrap();
    assert_eq!(String::from_utf8(manifest.to_json().unwrap()).unwrap(), text);
}

/// Fault 42: manifests of every version stay readable; `tests/old_runs/<version>/` is never changed.
#[test]
fn manifests_of_old_versions_can_be_read() {
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/old_runs");
    for version in 1..=patronage::contract::SCHEMA_VERSION {
        let folder = old.join(version.to_string());
        let manifest = Manifest::read(&folder).unwrap();
        assert_eq!(manifest.schema_version, version);
        assert_eq!((manifest.tables[0].rows, manifest.status), (40, Status::Held));
        assert!(manifest.files.contains_key(&manifest.rejects[0].file));
        if version == patronage::contract::SCHEMA_VERSION {
            // The current format, to the letter: when this fails, the schema version has to grow.
            let written = String::from_utf8(manifest.to_json().unwrap()).unwrap();
            assert_eq!(written, fs::read_to_string(folder.join("manifest.json")).unwrap());
        }
    }
}

#[test]
fn a_manifest_of_a_newer_version_is_refused_by_name() {
    let fixture = Fixture::new();
    let text = fs::read_to_string(fixture.run("2026-10-31", 1, false).path.join("manifest.json")).unwrap();
    let newer = text.replace(
        &format!("\"schema_version\": {}", patronage::contract::SCHEMA_VERSION),
        "\"schema_version\": 999, \"unheard_of\": []",
    );
    let error = Manifest::parse(newer.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Verify);
    assert!(error.message().contains("newer version of patronage (schema version 999"), "{error}");
}

#[test]
fn a_manifest_that_names_a_file_which_was_not_written_is_refused() {
    let fixture = Fixture::new();
    let lock = fixture.lock();
    let id = id("2026-10-31", "x");
    let building = Building::create(&fixture.out, &lock, &id).unwrap();
    let mut manifest = Manifest::new(id, "0.1.0", "fixture");
    manifest.tables.push(TableEntry {
        name: "customers".to_owned(),
        published: true,
        rows: 0,
        columns: vec![],
        file: Some("tables/customers.parquet".to_owned()),
        left_out: Default::default(),
    });
    assert_eq!(building.seal(manifest).unwrap_err().kind(), ErrorKind::Internal);
    assert_eq!(fixture.out.runs().unwrap(), []);
}

/// Fault 33: no reader of Parquet sees most of these.
#[test]
fn every_flipped_bit_is_found() {
    let fixture = Fixture::new();
    let run = fixture.run("2026-10-31", 2_000, false);
    let files = files(&run.path);
    let total: u64 = files.iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    // Places spread by a fixed multiplicative sequence, so that a failure can be repeated; each file is hit, too.
    let mut places: Vec<(usize, u64)> = (0..60 - files.len() as u64)
        .map(|number| {
            let mut place = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) % (total * 8);
            let file = files
                .iter()
                .position(|file| {
                    let bits = fs::metadata(file).unwrap().len() * 8;
                    let here = place < bits;
                    if !here {
                        place -= bits;
                    }
                    here
                })
                .unwrap();
            (file, place)
        })
        .collect();
    places.extend((0..files.len()).map(|file| (file, 3)));
    assert_eq!(places.len(), 60);
    let mut found = 0;
    for (file, bit) in places {
        let original = fs::read(&files[file]).unwrap();
        let mut flipped = original.clone();
        flipped[(bit / 8) as usize] ^= 1 << (bit % 8);
        fs::write(&files[file], flipped).unwrap();
        let problems = problems(&run.path);
        let name = files[file].strip_prefix(&run.path).unwrap().to_str().unwrap();
        found += usize::from(problems.iter().any(|problem| problem.path == name));
        fs::write(&files[file], original).unwrap();
    }
    assert_eq!(found, 60);
    assert!(verify(&run.path).is_whole());
}

#[test]
fn missing_truncated_extra_and_linked_files_are_named() {
    let fixture = Fixture::new();
    let run = fixture.run("2026-10-31", 100, false);
    let table = run.table("customers");
    let original = fs::read(&table).unwrap();

    fs::write(&table, &original[..original.len() / 2]).unwrap();
    assert_eq!(problems(&run.path), problem("tables/customers.parquet", ProblemKind::Changed));
    fs::remove_file(&table).unwrap();
    assert_eq!(problems(&run.path), problem("tables/customers.parquet", ProblemKind::Missing));
    #[cfg(unix)]
    {
        let elsewhere = fixture.folder.path().join("elsewhere");
        fs::write(&elsewhere, &original).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &table).unwrap();
        assert_eq!(problems(&run.path), problem("tables/customers.parquet", ProblemKind::Symlink));
        fs::remove_file(&table).unwrap();
    }
    fs::write(&table, &original).unwrap();
    fs::write(run.path.join("tables/extra.parquet"), b"").unwrap();
    assert_eq!(problems(&run.path), problem("tables/extra.parquet", ProblemKind::Extra));
    let error = verify(&run.path).into_result().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Verify);
    assert!(error.message().ends_with("is damaged: `tables/extra.parquet` is not in the manifest"), "{error}");
    fs::remove_file(run.path.join("tables/extra.parquet")).unwrap();
    fs::remove_file(run.path.join("_SUCCESS")).unwrap();
    assert_eq!(problems(&run.path), problem("_SUCCESS", ProblemKind::Missing));
    fs::remove_file(run.path.join("manifest.json")).unwrap();
    assert_eq!(problems(&run.path), problem("manifest.json", ProblemKind::Missing));
    fs::remove_dir_all(&run.path).unwrap();
    assert!(!problems(&run.path).is_empty());
}

#[test]
fn a_held_run_is_whole_and_does_not_become_the_latest() {
    let fixture = Fixture::new();
    let first = fixture.run("2026-10-30", 10, false);
    let held = fixture.run("2026-10-31", 20, true);
    assert_eq!(held.state, RunState::Held);
    assert_eq!(fixture.out.latest().unwrap(), Some(first.clone()));
    assert_eq!(fixture.out.runs().unwrap(), [first.clone(), held.clone()]);
    assert!(verify(&held.path).is_whole());
    assert_eq!(held.manifest().unwrap().status, Status::Held);

    let lock = fixture.lock();
    let approved = fixture.out.approve(&lock, &held.id.to_string()).unwrap();
    assert_eq!((approved.state, approved.is_latest, approved.id.clone()), (RunState::Published, true, held.id.clone()));
    assert!(verify(&approved.path).is_whole());
    assert!(!held.path.exists());
    assert_eq!(fixture.out.latest().unwrap(), Some(approved));
    let again = fixture.out.approve(&lock, &held.id.to_string()).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Usage);
}

#[test]
fn approving_a_run_of_an_earlier_night_leaves_the_latest_alone() {
    let fixture = Fixture::new();
    let held = fixture.run("2026-10-30", 10, true);
    let newer = fixture.run("2026-10-31", 20, false);
    let approved = fixture.out.approve(&fixture.lock(), &held.id.to_string()).unwrap();
    assert_eq!((approved.state, approved.is_latest), (RunState::Published, false));
    assert_eq!(fixture.out.latest().unwrap(), Some(newer));
}

#[test]
fn a_damaged_run_is_not_approved() {
    let fixture = Fixture::new();
    let held = fixture.run("2026-10-31", 10, true);
    fs::remove_file(held.table("customers")).unwrap();
    let error = fixture.out.approve(&fixture.lock(), &held.id.to_string()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Verify);
    assert_eq!(fixture.out.latest().unwrap(), None);
}

#[test]
fn the_same_run_again_only_moves_a_stale_latest() {
    let fixture = Fixture::new();
    let first = fixture.run("2026-10-30", 10, false);
    let second = fixture.run("2026-10-31", 20, false);
    let link = fixture.out.root().join("latest");
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(format!("runs/{}", first.id), &link).unwrap();

    let lock = fixture.lock();
    let manifest_made = fs::metadata(second.path.join("manifest.json")).unwrap().modified().unwrap();
    assert_eq!(fixture.out.reuse(&lock, &second.id).unwrap(), Some(second.clone()));
    assert_eq!(fixture.out.latest().unwrap(), Some(second.clone()));
    assert_eq!(fs::metadata(second.path.join("manifest.json")).unwrap().modified().unwrap(), manifest_made);
    assert_eq!(fixture.out.reuse(&lock, &id("2026-10-31", "never made")).unwrap(), None);
}

#[test]
fn a_past_night_made_again_does_not_set_readers_back() {
    let fixture = Fixture::new();
    let newer = fixture.run("2026-10-31", 20, false);
    let past = fixture.run("2026-10-30", 10, false);
    assert_eq!((past.state, past.is_latest), (RunState::Published, false));
    assert!(!fixture.out.reuse(&fixture.lock(), &past.id).unwrap().unwrap().is_latest);
    assert_eq!(fixture.out.latest().unwrap(), Some(newer));
}

#[test]
fn a_run_of_some_tables_only_is_set_aside() {
    let fixture = Fixture::new();
    let whole = fixture.run("2026-10-30", 10, false);
    let lock = fixture.lock();
    let id = id("2026-10-31", "some");
    let building = Building::create(&fixture.out, &lock, &id).unwrap();
    let aside = building.seal(Manifest::new(id.clone(), "0.1.0", "fixture")).unwrap().set_aside().unwrap();
    assert_eq!(aside.state, RunState::Aside);
    assert!(verify(&aside.path).is_whole());
    assert_eq!(fixture.out.latest().unwrap(), Some(whole.clone()));
    assert_eq!(fixture.out.runs().unwrap(), [whole, aside.clone()]);
    assert_eq!(fixture.out.find_aside(&id).unwrap(), Some(aside.clone()));
    assert_eq!(fixture.out.approve(&lock, &id.to_string()).unwrap_err().kind(), ErrorKind::Usage);
    assert_eq!(fixture.out.prune(&lock, 0).unwrap(), [id.clone()]);
    assert_eq!(fixture.out.find_aside(&id).unwrap(), None);
}

#[test]
fn a_damaged_run_is_made_again_and_replaced() {
    let fixture = Fixture::new();
    let run = fixture.run("2026-10-31", 10, false);
    let table = fs::read(run.table("customers")).unwrap();
    fs::write(run.table("customers"), b"PAR1").unwrap();
    assert_eq!(fixture.out.reuse(&fixture.lock(), &run.id).unwrap(), None);
    fixture.run("2026-10-31", 10, false);
    assert!(verify(&run.path).is_whole());
    assert_eq!(fs::read(run.table("customers")).unwrap(), table);
}

#[test]
fn retention_keeps_the_newest_runs_of_each_state() {
    let fixture = Fixture::new();
    for day in 20..26 {
        fixture.run(&format!("2026-10-{day}"), 10, false);
    }
    fixture.run("2026-10-26", 10, true);
    fixture.run("2026-10-27", 10, true);
    let nights = |runs: Vec<RunId>| -> Vec<String> { runs.iter().map(|id| id.as_of().to_string()).collect() };
    let removed = fixture.out.prune(&fixture.lock(), 2).unwrap();
    assert_eq!(nights(removed), ["2026-10-20", "2026-10-21", "2026-10-22", "2026-10-23"]);
    let removed = fixture.out.prune(&fixture.lock(), 1).unwrap();
    assert_eq!(nights(removed), ["2026-10-24", "2026-10-26"]);
    let left = fixture.out.runs().unwrap().into_iter().map(|run| run.id).collect();
    assert_eq!(nights(left), ["2026-10-25", "2026-10-27"]);
}

#[test]
fn of_the_runs_of_one_night_retention_keeps_the_one_made_last_and_the_latest() {
    let fixture = Fixture::new();
    let runs = [10, 11, 12].map(|rows| {
        std::thread::sleep(Duration::from_millis(20));
        fixture.run("2026-10-31", rows, false)
    });
    let lock = fixture.lock();
    assert_eq!(fixture.out.prune(&lock, 2).unwrap(), [runs[0].id.clone()]);
    fixture.out.reuse(&lock, &runs[1].id).unwrap();
    assert_eq!(fixture.out.prune(&lock, 0).unwrap(), [runs[2].id.clone()]);
    assert_eq!(fixture.out.latest().unwrap().unwrap().id, runs[1].id);
}

#[test]
fn a_second_run_is_told_who_holds_the_lock() {
    let fixture = Fixture::new();
    let lock = fixture.lock();
    let id = id("2026-10-31", "x");
    let building = Building::create(&fixture.out, &lock, &id).unwrap();
    let error = fixture.out.lock(Duration::ZERO, &Cancel::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(error.message().contains(&format!("process {}, run {id}", std::process::id())), "{error}");
    drop(building);
    drop(lock);
    fixture.out.lock(Duration::ZERO, &Cancel::new()).unwrap();
}

#[test]
fn waiting_for_the_lock_ends_when_it_is_free_and_when_asked_to_stop() {
    let fixture = Fixture::new();
    let lock = fixture.lock();
    let cancel = Cancel::new();
    cancel.terminate();
    let error = fixture.out.lock(Duration::from_secs(600), &cancel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminated);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| fixture.out.lock(Duration::from_secs(600), &Cancel::new()).is_ok());
        std::thread::sleep(Duration::from_millis(50));
        drop(lock);
        assert!(waiting.join().unwrap());
    });
}

#[test]
fn a_dropped_run_leaves_nothing_behind() {
    let fixture = Fixture::new();
    let lock = fixture.lock();
    let building = Building::create(&fixture.out, &lock, &id("2026-10-31", "x")).unwrap();
    building.add_file("report.html", b"<html>").unwrap();
    drop(building);
    assert!(!fixture.out.root().join(".building").exists());
    assert_eq!(fixture.out.runs().unwrap(), []);
}

/// What a killed run leaves when another engine was writing for it: folders within folders, hidden files, names that no
/// file of ours has.
#[cfg(unix)]
#[test]
fn who_takes_the_lock_next_removes_what_another_engine_was_writing() {
    let fixture = Fixture::new();
    drop(fixture.lock());
    let outside = fixture.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("kept"), b"not ours").unwrap();
    let building = fixture.out.root().join(".building");
    let task = building.join("2026-10-31-000000000000/work/basket lines/_temporary/0/attempt_1");
    fs::create_dir_all(&task).unwrap();
    fs::write(task.join(".part-00000.parquet.crc"), b"crc").unwrap();
    fs::write(task.join("Part \u{e9}.parquet"), b"half").unwrap();
    let read_only = task.join("read_only");
    fs::write(&read_only, b"x").unwrap();
    fs::set_permissions(&read_only, std::os::unix::fs::PermissionsExt::from_mode(0o400)).unwrap();
    std::os::unix::fs::symlink(&outside, task.join("link")).unwrap();
    let _lock = fixture.lock();
    assert!(!building.exists());
    assert_eq!(fs::read(outside.join("kept")).unwrap(), b"not ours");
}

/// Fault 12.
#[test]
fn foreign_and_half_written_folders_are_passed_over() {
    let fixture = Fixture::new();
    let run = fixture.run("2026-10-31", 10, false);
    let root = fixture.out.root();
    fs::create_dir_all(root.join("runs/backup of monday")).unwrap();
    fs::create_dir_all(root.join(format!("runs/{}/tables", id("2026-10-30", "half")))).unwrap();
    fs::create_dir_all(root.join(".building/2026-10-29-000000000000/tables")).unwrap();
    fs::write(root.join("latest.tmp"), b"left over").unwrap();
    assert_eq!(fixture.out.runs().unwrap(), [run]);
    let next = fixture.run("2026-11-01", 10, false);
    assert_eq!(fixture.out.latest().unwrap(), Some(next));
    assert!(!root.join(".building").exists() && !root.join("latest.tmp").exists());
}

/// Fault 39.
#[cfg(unix)]
#[test]
fn a_symbolic_link_in_place_of_a_folder_is_refused() {
    use std::os::unix::fs::symlink;
    let elsewhere = tempfile::tempdir().unwrap();
    for folder in ["runs", "held", "aside", ".building", ".discarded", "cache"] {
        let fixture = Fixture::new();
        fs::create_dir_all(fixture.out.root()).unwrap();
        symlink(elsewhere.path(), fixture.out.root().join(folder)).unwrap();
        assert_eq!(OutputDir::open(fixture.out.root()).unwrap_err().kind(), ErrorKind::Output, "{folder}");
    }
    let fixture = Fixture::new();
    let run = fixture.run("2026-10-31", 10, false);
    fs::rename(&run.path, elsewhere.path().join("run")).unwrap();
    symlink(elsewhere.path().join("run"), &run.path).unwrap();
    assert_eq!(fixture.out.latest().unwrap_err().kind(), ErrorKind::Verify);
    assert_eq!(fixture.out.runs().unwrap(), []);
    assert_eq!(fixture.out.reuse(&fixture.lock(), &run.id).unwrap_err().kind(), ErrorKind::Output);
}

#[test]
fn a_latest_that_leads_elsewhere_is_an_error_and_is_replaced() {
    let fixture = Fixture::new();
    let run = fixture.run("2026-10-31", 10, false);
    let link = fixture.out.root().join("latest");
    for target in ["/etc", "runs/../../etc", "runs/2026-10-30-000000000000", "runs/", "held/2026-10-30-000000000000"] {
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(target, &link).unwrap();
        assert_eq!(fixture.out.latest().unwrap_err().kind(), ErrorKind::Verify, "{target}");
        assert_eq!(fixture.out.reuse(&fixture.lock(), &run.id).unwrap(), Some(run.clone()));
        assert_eq!(fixture.out.latest().unwrap(), Some(run.clone()));
    }
}

#[test]
fn a_run_that_does_not_exist_is_a_usage_error() {
    let fixture = Fixture::new();
    for id in ["latest", "2026-10-31-0123456789ab", "../../etc", "", "tables"] {
        assert_eq!(fixture.out.find(id).unwrap_err().kind(), ErrorKind::Usage, "{id:?}");
    }
}

#[test]
fn tables_can_be_read_by_owner_and_group_only() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    let run = fixture.run("2026-10-31", 10, false);
    for path in files(&run.path) {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o137, 0, "{}", path.display());
    }
}

proptest! {
    /// Fault 35: whatever the caller's text, it stays inside the run or is refused.
    #[test]
    fn no_name_leads_out_of_the_run(name in "[a-zA-Z0-9_./\\\\: \u{e9}\u{0}-]{0,24}") {
        let fixture = Fixture::new();
        let lock = fixture.lock();
        let building = Building::create(&fixture.out, &lock, &id("2026-10-31", "x")).unwrap();
        if building.add_file(&name, b"x").is_ok() {
            prop_assert!(building.path().join(&name).is_file());
            prop_assert!(!name.contains("..") || !name.split('/').any(|part| part == ".."));
            prop_assert!(!name.starts_with('/'));
        }
        let inside: Vec<_> = files(fixture.out.root()).into_iter().filter(|file| !file.starts_with(building.path())).collect();
        prop_assert_eq!(inside, [fixture.out.root().join(".lock")]);
    }
}
