//! The same rows give the same bytes: shuffled, split into other files, with another number of threads, time zone and
//! locale.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run_support::sample;

/// Runs the binary and returns the bytes of every published table.
fn tables(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    let output = Command::new(env!("CARGO_BIN_EXE_patronage"))
        .arg("run")
        .arg(folder)
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut tables = BTreeMap::new();
    for entry in fs::read_dir(folder.join("out/latest/tables")).unwrap() {
        let path = entry.unwrap().path();
        tables.insert(path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap());
    }
    tables
}

fn same(ours: &BTreeMap<String, Vec<u8>>, theirs: &BTreeMap<String, Vec<u8>>, what: &str) {
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{what}");
    let differing: Vec<&String> = ours.keys().filter(|table| ours[*table] != theirs[*table]).collect();
    assert!(differing.is_empty(), "{what}: other bytes in {differing:?}");
}

fn exports(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(prefix))
        .collect();
    files.sort();
    files
}

/// The records of a CSV file as bytes, header first; quoted line ends stay inside their record.
fn records(text: &[u8]) -> Vec<Vec<u8>> {
    let mut records = vec![Vec::new()];
    let mut quoted = false;
    for &byte in text {
        quoted ^= byte == b'"';
        if let Some(record) = records.last_mut() {
            record.push(byte);
        }
        if byte == b'\n' && !quoted {
            records.push(Vec::new());
        }
    }
    records.retain(|record| !record.is_empty());
    for record in &mut records {
        if !record.ends_with(b"\n") {
            record.push(b'\n');
        }
    }
    records
}

/// A fixed permutation: every record once, far from its neighbours.
fn shuffled(records: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let n = records.len();
    let step = (1..).map(|k| n / 2 + k).find(|step| gcd(*step, n) == 1).unwrap();
    (0..n).map(|i| records[(i * step + 7) % n].clone()).collect()
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[test]
fn shuffled_rows_split_files_threads_zone_and_locale_change_no_byte() {
    let plain = sample();
    let expected = tables(plain.path(), &[], &[]);

    let other = sample();
    let zone = [("TZ", "Pacific/Kiritimati"), ("LC_ALL", "tr_TR.UTF-8"), ("LANG", "tr_TR.UTF-8")];
    same(&expected, &tables(other.path(), &["--threads", "1"], &zone), "one thread, another zone and locale");

    let mixed = sample();
    let files = exports(mixed.path(), "transactions_");
    let mut header = Vec::new();
    let mut rows = Vec::new();
    for file in &files {
        let mut all = records(&fs::read(file).unwrap());
        header = all.remove(0);
        rows.extend(all);
        fs::remove_file(file).unwrap();
    }
    // A repeated header is a fault that the sample has in the middle of a file; it stays one wherever it goes but first.
    let rows = shuffled(&rows);
    for (index, part) in rows.chunks(rows.len() / 3 + 1).enumerate() {
        let mut text = header.clone();
        text.extend(part.iter().flatten());
        fs::write(mixed.path().join(format!("transactions_part{index}.csv")), text).unwrap();
    }
    same(&expected, &tables(mixed.path(), &["--threads", "2"], &[]), "shuffled rows in other files");
}

#[test]
fn ids_as_codes_and_ids_as_text_give_the_same_bytes() {
    let coded = sample();
    let expected = tables(coded.path(), &[], &[]);
    // SQL of the user's may look into ids, so that the engine keeps them as text: here it is a copy of ours.
    let text = sample();
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/summaries/populations.sql");
    fs::create_dir(text.path().join("sql")).unwrap();
    fs::copy(ours, text.path().join("sql/populations.sql")).unwrap();
    same(&expected, &tables(text.path(), &[], &[]), "ids as text");
}

#[test]
fn a_users_sql_may_make_ids_of_its_own() {
    let folder = sample();
    fs::create_dir(folder.path().join("sql")).unwrap();
    let sql = "-- guests: one row.\n-- Key: customer_id.\n\
               SELECT COALESCE(customer_id, 'guest') AS customer_id FROM staged_transactions\n\
               WHERE customer_id IS NULL OR customer_id LIKE '1000055%' GROUP BY COALESCE(customer_id, 'guest')";
    fs::write(folder.path().join("sql/guests.sql"), sql).unwrap();
    tables(folder.path(), &[], &[]);
    let rows = crate::run_support::ask_run(&folder.path().join("out/latest"), "SELECT customer_id FROM guests");
    assert!(rows.len() > 1 && rows.contains(&vec!["guest".to_owned()]), "{rows:?}");
}

#[test]
fn the_same_night_twice_does_nothing() {
    let folder = sample();
    let run = || {
        let output = Command::new(env!("CARGO_BIN_EXE_patronage")).arg("run").arg(folder.path()).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run().lines().next().unwrap().ends_with(" published"));
    let latest = fs::read_link(folder.path().join("out/latest")).unwrap();
    let manifest = folder.path().join("out/latest/manifest.json");
    let made = fs::metadata(&manifest).unwrap().modified().unwrap();
    assert!(run().lines().next().unwrap().ends_with(" already published"));
    assert_eq!(fs::read_link(folder.path().join("out/latest")).unwrap(), latest);
    assert_eq!(fs::metadata(&manifest).unwrap().modified().unwrap(), made);
}
