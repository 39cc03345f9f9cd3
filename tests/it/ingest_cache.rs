//! What was staged once is found again by its content, and never trusted without a look.

use std::fs;
use std::path::PathBuf;

use crate::ingest_support::{COLUMNS, Shop, lines, report, rows, totals, transactions};

const HEADER: &str = "customer_id,order_id,ts,amount\n";

fn shop() -> Shop {
    let shop = Shop::with_transactions("['tx*']", "", COLUMNS);
    shop.write("tx1.csv", format!("{HEADER}a,o1,2025-01-02,1\nb,o2,bad,2\n"));
    shop.write("tx2.csv", format!("{HEADER}c,o3,2025-01-03,3\na,o1,2025-01-02,1\n"));
    shop
}

fn cached(staged: &patronage::ingest::Staged) -> Vec<bool> {
    report(staged).files.iter().map(|file| file.cached).collect()
}

#[test]
fn only_new_files_are_read() {
    let shop = shop();
    let first = shop.stage().unwrap();
    assert_eq!(cached(&first), [false, false]);
    shop.write("tx3.csv", format!("{HEADER}d,o4,2025-01-04,4\n"));
    let second = shop.stage().unwrap();
    assert_eq!(cached(&second), [true, true, false]);
    assert_eq!(totals(&second).staged, 3);
    assert_eq!(report(&second).reasons["bad_date"], 1);
    assert_ne!(first.content_hash, second.content_hash);
}

#[test]
fn the_name_of_a_file_is_not_its_content() {
    let shop = shop();
    let first = shop.stage().unwrap();
    fs::rename(shop.path("tx1.csv"), shop.path("tx9.csv")).unwrap();
    let second = shop.stage().unwrap();
    assert_eq!(cached(&second), [true, true]);
    assert_eq!(first.content_hash, second.content_hash);
    assert_eq!(rows(transactions(&second)).len(), 2);
    let names = crate::ingest_support::rejects(transactions(&second), &["file"]);
    assert_eq!(names, ["tx9.csv"]);
}

#[test]
fn another_mapping_is_another_entry() {
    let mut shop = shop();
    shop.stage().unwrap();
    shop.inputs = shop.inputs.replace("order_id = \"order_id\"", "order_id = { constant = 'x' }");
    let staged = shop.stage().unwrap();
    assert_eq!(cached(&staged), [false, false]);
    assert_eq!(lines(transactions(&staged), &["order_id"])[0], "x");
}

fn parquet_files(dir: PathBuf) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(parquet_files(entry.path()));
        } else if entry.path().extension().is_some_and(|extension| extension == "parquet") {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

#[test]
fn damaged_entries_are_made_again() {
    let shop = shop();
    let expected = rows(transactions(&shop.stage().unwrap()));
    let files = parquet_files(shop.cache());
    assert!(files.len() >= 3);
    for file in files {
        for damage in [true, false] {
            let mut bytes = fs::read(&file).unwrap();
            if damage {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 4;
                fs::write(&file, bytes).unwrap();
            } else {
                fs::remove_file(&file).unwrap();
            }
            let staged = shop.stage().unwrap();
            assert_eq!(rows(transactions(&staged)), expected, "{}", file.display());
            assert_eq!(totals(&staged).read, 4);
        }
    }
}

#[test]
fn left_overs_of_a_killed_run_are_removed() {
    let shop = shop();
    let left_over = shop.cache().join("transactions/.growing-1-1");
    fs::create_dir_all(&left_over).unwrap();
    fs::write(left_over.join("part-00000.parquet"), "half").unwrap();
    shop.stage().unwrap();
    assert!(!left_over.exists());
}

#[test]
fn one_file_with_nothing_to_leave_out_is_not_written_twice() {
    let shop = Shop::minimal(format!("{HEADER}b,o1,2025-01-02,1\na,o2,2025-01-03,2\n"));
    let staged = shop.stage().unwrap();
    assert_eq!(parquet_files(shop.cache()), transactions(&staged).parts);
    assert_eq!(lines(transactions(&staged), &["customer_id"]), ["a", "b"]);
}
