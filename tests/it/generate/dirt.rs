//! Faults: all there, in the counts that `truth/dirt.json` states, and none in the way of the clean rows.

use std::collections::{BTreeMap, BTreeSet};

use patronage::generate::{Dirt, DirtKind, GenerateOptions, Layout};

use super::{made, options};

/// Records as a reader that follows the CSV rules sees them.
fn records(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    reader.byte_records().map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect()).collect()
}

#[test]
fn a_dirty_export_holds_the_clean_rows_and_the_counted_faults() {
    let of = |dirt| made(GenerateOptions { customers: 1_000, layout: Layout::Single, dirt, ..options() });
    let clean = of(Dirt::none());
    let dirty = of(Dirt::every(0.02));
    let truth = dirty.json("truth/dirt.json");
    let count = |key: &str| truth[key].as_u64().unwrap();
    assert_eq!(count("staged"), clean.report.transaction_rows);
    assert_eq!(count("read"), count("staged") + count("rejected") + count("duplicate") + count("out_of_window"));
    assert_eq!(dirty.report.dirty_rows, count("read") - count("staged"));

    let note = 16;
    let clean_records = records(&std::fs::read(clean.path("transactions.csv")).unwrap());
    let text = std::fs::read(dirty.path("transactions.csv")).unwrap();
    let dirty_records = records(&text);
    assert_eq!(dirty_records.len() as u64, count("read"));

    // What is left when each clean row is taken out once are the faults.
    let mut left: BTreeMap<Vec<Vec<u8>>, i64> = BTreeMap::new();
    for mut record in dirty_records {
        // The quoted line end stands in a field that nothing else uses.
        if record.len() == 17 && record[note] == b"for the\nneighbour" {
            record[note].clear();
        }
        *left.entry(record).or_default() += 1;
    }
    for record in &clean_records {
        *left.get_mut(record).unwrap() -= 1;
    }
    let faults: Vec<&Vec<Vec<u8>>> = left.iter().flat_map(|(record, &times)| (0..times).map(move |_| record)).collect();
    let each = count("rejected") / 10;
    let clean_records: BTreeSet<_> = clean_records.iter().collect();
    let repeated = faults.iter().filter(|record| clean_records.contains(*record)).count() as u64;
    assert_eq!(repeated, each, "exact duplicates");
    let seen = |is: fn(&[Vec<u8>]) -> bool| faults.iter().filter(|record| is(record)).count() as u64;
    let cases: [(DirtKind, fn(&[Vec<u8>]) -> bool, u64); 11] = [
        (DirtKind::BadAmount, |r| r.len() == 17 && [&b"12abc"[..], b"NaN", b"1e400"].contains(&&r[6][..]), 1),
        (
            DirtKind::BadDate,
            |r| {
                r.len() == 17
                    && [&b"2025-02"[..], b"2025-13", b"0000-00"].contains(&&r[3][..7])
                    && (&r[3][8..10] == b"30" || !r[3].starts_with(b"2025-02"))
            },
            1,
        ),
        (DirtKind::ShortRow, |r| r.len() == 5, 1),
        (DirtKind::LongRow, |r| r.len() == 18, 1),
        (DirtKind::InvalidUtf8, |r| r.iter().any(|field| std::str::from_utf8(field).is_err()), 1),
        (DirtKind::StaleVersion, |r| r.len() == 17 && r[15].starts_with(b"1999"), 1),
        (DirtKind::Conflict, |r| r.len() == 17 && r[2] == b"9002", 2),
        (DirtKind::RepeatedHeader, |r| r[0] == b"CustomerNo", 1),
        (DirtKind::NulInId, |r| r.len() == 17 && r[1].contains(&0), 1),
        (DirtKind::FutureRow, |r| r.len() == 17 && r[3] == b"2026-08-09 12:00:00", 1),
        (DirtKind::UnknownValue, |r| r.len() == 17 && r[12] == b"maybe", 1),
    ];
    for (kind, is, times) in cases {
        assert_eq!(seen(is), each * times, "{kind:?}");
    }
    assert_eq!(faults.len() as u64, each * 13);
    let raw = |what: &[u8]| text.windows(what.len()).filter(|window| *window == what).count() as u64;
    assert_eq!(raw(b"\r"), each, "mixed line ends");
    assert_eq!(raw(b"\n\n"), each, "blank lines");
    assert_eq!(raw(b"the\nneighbour"), each, "quoted line ends");
}

#[test]
fn the_sample_has_every_fault_but_stays_below_the_gate() {
    let made = made(GenerateOptions::sample("".into()));
    let truth = made.json("truth/dirt.json");
    let rejected = truth["rejected"].as_u64().unwrap() as f64;
    let read = truth["read"].as_u64().unwrap() as f64;
    assert!(rejected > 0.0 && rejected / read < 0.01, "{rejected} of {read}");
    assert_eq!(truth["out_of_window"], 0);
    assert_eq!(truth["kinds"].as_array().unwrap().len(), DirtKind::ALL.len() - 1);
}
