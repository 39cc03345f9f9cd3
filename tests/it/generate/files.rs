//! Bytes and folders: determinism, the sample, refusal and interruption.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use patronage::error::ErrorKind;
use patronage::generate::{Dirt, GenerateOptions, Layout, generate};
use patronage::monitor::{Cancel, Silent};

use super::{made, options};

/// All files below `dir` by their path, with their bytes.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(dir: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), files);
            } else {
                files.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(dir, "", &mut found);
    found
}

fn small() -> GenerateOptions {
    GenerateOptions { customers: 700, dirt: Dirt::every(0.01), layout: Layout::Monthly, ..options() }
}

#[test]
fn threads_change_no_byte_and_the_seed_changes_them() {
    let of = |options| files(&made(options).path(""));
    let one = of(GenerateOptions { threads: 1, ..small() });
    assert!(one == of(GenerateOptions { threads: 2, ..small() }));
    assert!(one == of(GenerateOptions { threads: 5, ..small() }));
    let other = of(GenerateOptions { seed: 8, ..small() });
    assert!(one["customers.csv"] != other["customers.csv"]);
    assert!(one["transactions_2025-06.csv"] != other["transactions_2025-06.csv"]);
}

#[test]
fn months_and_compression_hold_the_same_rows_as_one_plain_file() {
    let clean = GenerateOptions { dirt: Dirt::none(), ..small() };
    let text = |files: &BTreeMap<String, Vec<u8>>| {
        let mut text = String::new();
        for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with("transactions")) {
            let mut plain = String::new();
            match name.ends_with(".gz") {
                true => std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut plain),
                false => std::io::Read::read_to_string(&mut &bytes[..], &mut plain),
            }
            .unwrap();
            text.extend(plain.split_inclusive('\n').skip(1));
        }
        text
    };
    let single = files(&made(GenerateOptions { layout: Layout::Single, ..clean.clone() }).path(""));
    let monthly = files(&made(GenerateOptions { gzip: true, ..clean }).path(""));
    assert_eq!(single.keys().filter(|name| name.starts_with("transactions")).count(), 1);
    assert_eq!(monthly.keys().filter(|name| name.starts_with("transactions")).count(), 24);
    assert!(text(&single) == text(&monthly));
}

#[test]
fn sample_data_is_what_its_readme_says_it_is() {
    let mut sample = files(Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data").as_path());
    // What somebody ran there is no part of it: the README's first command does.
    sample.retain(|name, _| !name.starts_with("out/") && !name.starts_with("sql/"));
    let made = files(&made(GenerateOptions::sample("".into())).path(""));
    for (name, bytes) in &made {
        assert!(sample.get(name) == Some(bytes), "sample-data/{name} is not what the generator makes");
    }
    let others: Vec<&String> = sample.keys().filter(|name| !made.contains_key(*name)).collect();
    assert_eq!(others, ["README.md"]);
    let bytes: usize = sample.values().map(Vec::len).sum();
    assert!(bytes < 3_000_000, "sample-data has {bytes} bytes");
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("kept"), "mine").unwrap();
    let options = GenerateOptions { out: dir.path().into(), ..small() };
    let error = generate(&options, &Silent, &Cancel::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(files(dir.path()).keys().collect::<Vec<_>>(), ["kept"]);
}

#[test]
fn an_interrupted_run_leaves_nothing_and_a_killed_one_is_cleared_away() {
    let dir = tempfile::tempdir().unwrap();
    let options = GenerateOptions { out: dir.path().join("shop"), ..small() };
    let cancel = Cancel::new();
    cancel.interrupt();
    assert_eq!(generate(&options, &Silent, &cancel).unwrap_err().kind(), ErrorKind::Interrupted);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);

    fs::create_dir_all(dir.path().join(".shop.generating/.spills")).unwrap();
    generate(&options, &Silent, &Cancel::new()).unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn options_out_of_range_are_refused() {
    let bad: [fn(&mut GenerateOptions); 7] = [
        |options| options.customers = 0,
        |options| options.products = 10,
        |options| options.days = 3,
        |options| options.dirt = Dirt::every(0.9),
        |options| options.model.control_share = 1.5,
        |options| options.model.rate_shape = f64::NAN,
        |options| options.lines = Some(10),
    ];
    for (index, spoil) in bad.into_iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        let mut options = GenerateOptions { out: dir.path().join("shop"), ..small() };
        spoil(&mut options);
        let error = generate(&options, &Silent, &Cancel::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "case {index}: {error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "case {index}");
    }
}

#[test]
fn a_wanted_number_of_lines_is_met() {
    for wanted in [20_000, 60_000, 300_000] {
        let made = made(GenerateOptions { lines: Some(wanted), ..options() });
        let share = made.report.transaction_rows as f64 / wanted as f64;
        assert!((0.9..1.1).contains(&share), "{wanted} wanted, {share} of them made");
    }
}
