//! The promise of deltas, for random nights in every form; the limits, each one hit; exports killed at every step.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::dataset::{Body, Csv, Dataset, Delta, Format, Guard, Limits};
use super::files;
use super::records::{Field, Records};
use crate::error::ErrorKind;

/// The columns of a night: one column of the key, then text, a number and a truth value.
fn fields() -> Vec<Field> {
    vec![Field::id("id"), Field::text("note"), Field::number("n"), Field::boolean("yes")]
}

type Night = BTreeMap<String, [String; 3]>;

fn records(night: &Night) -> Records {
    let mut records = Records::new(fields(), 1);
    for (id, [note, n, yes]) in night {
        records.push(&[id.as_str().into(), note.as_str().into(), n.as_str().into(), yes.as_str().into()]).unwrap();
    }
    records.sorted().unwrap()
}

/// The files of an export, in order.
type Files = Vec<(String, Vec<u8>)>;

fn written(dataset: &Dataset, old: Option<&Records>) -> crate::error::Result<Files> {
    let mut files = Files::new();
    files::write("test", dataset, old, &mut |part| {
        files.push((part.name.to_owned(), part.content.to_vec()));
        Ok(())
    })?;
    Ok(files)
}

/// A consumer that knows nothing of ours but what the documentation of [`Delta`] says.
struct Consumer {
    format: Format,
    delta: Delta,
    /// Cells as they stand in the files, by key.
    rows: BTreeMap<String, Vec<String>>,
}

impl Consumer {
    /// Replaces all that is known by the full files.
    fn load_full(&mut self, files: &Files) {
        self.rows = self.read(files, "_full").into_iter().map(|row| (key(&row[0]), row)).collect();
    }

    fn apply(&mut self, files: &Files) {
        let rows = self.read(files, "_delta");
        if self.delta == Delta::Operations {
            for mut row in rows {
                let op = row.remove(0);
                let known = match op.as_str() {
                    "remove" => self.rows.remove(&key(&row[0])).is_some(),
                    _ => self.rows.insert(key(&row[0]), row).is_some(),
                };
                assert_eq!(known, op != "add", "{op}");
            }
            return;
        }
        for row in rows {
            match self.rows.get_mut(&key(&row[0])) {
                Some(known) if self.delta == Delta::Cells => {
                    for (cell, new) in known.iter_mut().zip(row).filter(|(_, new)| new != MISSING && !new.is_empty()) {
                        *cell = new;
                    }
                }
                _ => {
                    let row = row.into_iter().map(|cell| if cell == MISSING { String::new() } else { cell });
                    let row: Vec<String> = row.collect();
                    self.rows.insert(key(&row[0]), row);
                }
            }
        }
        for row in self.read(files, "_removed") {
            assert!(self.rows.remove(&key(&row[0])).is_some(), "removed what was not there");
        }
        for object in objects(files, "_clear") {
            let known = self.rows.get_mut(object["id"].as_str().unwrap()).unwrap();
            for (name, value) in object.as_object().unwrap().iter().filter(|(name, _)| *name != "id") {
                assert!(value.is_null());
                known[fields().iter().position(|field| field.name == *name).unwrap()] = String::new();
            }
        }
        if self.format == Format::Ndjson && self.delta == Delta::Cells {
            for object in objects(files, "_delta") {
                for (name, _) in object.as_object().unwrap().iter().filter(|(_, value)| value.is_null()) {
                    let known = self.rows.get_mut(object["id"].as_str().unwrap()).unwrap();
                    known[fields().iter().position(|field| field.name == *name).unwrap()] = String::new();
                }
            }
        }
    }

    /// Cells of the rows of the files with this stem, numbered or not.
    fn read(&self, files: &Files, stem: &str) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for (_, content) in files.iter().filter(|(name, _)| name.contains(stem) && !name.contains("_clear")) {
            match self.format {
                Format::Csv(_) => {
                    let mut reader = ::csv::Reader::from_reader(&content[..]);
                    rows.extend(reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()));
                }
                Format::Ndjson => {
                    for line in content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                        let object: serde_json::Value = serde_json::from_slice(line).unwrap();
                        let names = [Field::text("op")].into_iter().chain(fields());
                        let cells = names.filter(|field| field.name != "op" || object.get("op").is_some());
                        rows.push(cells.map(|field| cell(object.get(&*field.name))).collect());
                    }
                }
            }
        }
        rows
    }

    /// What the consumer would write as a full file.
    fn full(&self) -> Vec<u8> {
        match self.format {
            Format::Csv(_) => {
                let mut writer = ::csv::Writer::from_writer(Vec::new());
                writer.write_record(fields().iter().map(|field| field.name.to_string())).unwrap();
                self.rows.values().for_each(|row| writer.write_record(row).unwrap());
                writer.into_inner().unwrap()
            }
            Format::Ndjson => {
                let line = |row: &Vec<String>| {
                    let member = |(field, cell): (&Field, &String)| {
                        let quoted = serde_json::to_string(cell).unwrap();
                        let is_text = matches!(field.kind, super::Kind::Id | super::Kind::Text);
                        let value = if cell.is_empty() {
                            "null"
                        } else if is_text {
                            &quoted
                        } else {
                            cell
                        };
                        format!("\"{}\":{value}", field.name)
                    };
                    format!("{{{}}}\n", fields().iter().zip(row).map(member).collect::<Vec<_>>().join(","))
                };
                self.rows.values().map(line).collect::<String>().into_bytes()
            }
        }
    }
}

/// What stands for a member that an object lacks.
const MISSING: &str = "\u{0}missing";

fn cell(value: Option<&serde_json::Value>) -> String {
    match value {
        None => MISSING.to_owned(),
        Some(serde_json::Value::Null) => String::new(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The key as it was before a guard for spreadsheets.
fn key(cell: &str) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest.to_owned(),
        _ => cell.to_owned(),
    }
}

fn objects(files: &Files, stem: &str) -> Vec<serde_json::Value> {
    let contents = files
        .iter()
        .filter(|(name, _)| name.contains(stem))
        .flat_map(|(_, content)| content.split(|byte| *byte == b'\n'));
    contents.filter(|line| !line.is_empty()).map(|line| serde_json::from_slice(line).unwrap()).collect()
}

fn night() -> impl Strategy<Value = Night> {
    let note = prop_oneof![Just(String::new()), "[=+@a-c,\"\r\n' -]{0,4}", "[a-zäß]{1,3}"];
    let number = prop_oneof![Just(String::new()), (-5_i64..5).prop_map(|n| n.to_string())];
    let boolean = prop_oneof![Just(""), Just("true"), Just("false")].prop_map(str::to_owned);
    let row = (note, number, boolean).prop_map(|(note, n, yes)| [note, n, yes]);
    // Few keys, so that most of them are there on both nights.
    prop::collection::btree_map("[=a-c]{1,2}", row, 0..12)
}

fn forms() -> impl Strategy<Value = (Format, Delta)> {
    let guard = prop_oneof![Just(Guard::All), Just(Guard::Text), Just(Guard::Off)];
    let csv = guard.prop_map(|guard| Format::Csv(Csv { header: true, guard }));
    let delta = prop_oneof![Just(Delta::Rows), Just(Delta::RowsAndClear), Just(Delta::Cells), Just(Delta::Operations)];
    (prop_oneof![3 => csv, 1 => Just(Format::Ndjson)], delta)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// The promise: full files of a night and the deltas of those after it are the full files of the last, byte for byte.
    #[test]
    fn deltas_of_nights_reproduce_the_last_nights_full_file(
        (format, delta) in forms(),
        nights in prop::collection::vec(night(), 2..4),
        most in prop::option::of(1_u64..4),
    ) {
        let limits = Limits { rows: most, split: true, ..Limits::NONE };
        let dataset = |night: &Night| Dataset::new("set", records(night), format).with_delta(delta).within(limits);
        let mut consumer = Consumer { format, delta, rows: BTreeMap::new() };
        consumer.load_full(&written(&dataset(&nights[0]), None).unwrap());
        for pair in nights.windows(2) {
            let files = written(&dataset(&pair[1]), Some(&records(&pair[0]))).unwrap();
            consumer.apply(&files);
            // The same again changes nothing, but that what was removed is not there any more.
            let again = written(&dataset(&pair[1]), Some(&records(&pair[0]))).unwrap();
            prop_assert_eq!(&files, &again);
        }
        let unlimited = Dataset::new("set", records(&nights[nights.len() - 1]), format).with_delta(delta);
        let full = written(&unlimited, None).unwrap();
        prop_assert_eq!(full.len(), 1);
        let (expected, found) = (String::from_utf8_lossy(&full[0].1), consumer.full());
        prop_assert_eq!(&*expected, &*String::from_utf8_lossy(&found));
    }
}

fn one(id: &str, note: &str) -> Night {
    Night::from([(id.to_owned(), [note.to_owned(), "1".to_owned(), "true".to_owned()])])
}

/// What Braze is sent: of each user what changed, and what is to be cleared apart, as a blank says nothing.
#[test]
fn changed_cells_alone_are_in_a_delta_of_cells() {
    let mut old = one("a", "x");
    old.extend(one("b", "gone"));
    old.extend(one("c", "as it was"));
    let mut new = one("a", "");
    new.extend(one("c", "as it was"));
    new.extend(one("d", "=new"));
    new.get_mut("a").unwrap()[1] = "2".to_owned();
    let format = Format::Csv(Csv { header: true, guard: Guard::Text });
    let dataset = Dataset::new("users", records(&new), format).with_delta(Delta::Cells);
    let files = written(&dataset, Some(&records(&old))).unwrap();
    let text = |name: &str| {
        let found = files.iter().find(|(file, _)| file == name);
        String::from_utf8(found.unwrap().1.clone()).unwrap()
    };
    assert_eq!(text("users_delta.csv"), "id,note,n,yes\na,,2,\nd,'=new,1,true\n");
    assert_eq!(text("users_removed.csv"), "id\nb\n");
    assert_eq!(text("users_clear.ndjson"), "{\"id\":\"a\",\"note\":null}\n");
}

#[test]
fn a_column_that_is_new_was_empty_and_one_that_is_gone_needs_a_full_export() {
    let mut before = Records::new(vec![Field::id("id")], 1);
    before.push(&["a".into()]).unwrap();
    let before = before.sorted().unwrap();
    let dataset = |records: &Records| Dataset::new("set", records.clone(), Format::Ndjson).with_delta(Delta::Cells);
    let now = records(&one("a", "x"));
    let files = written(&dataset(&now), Some(&before)).unwrap();
    assert_eq!(files[0].1, b"{\"id\":\"a\",\"note\":\"x\",\"n\":1,\"yes\":true}\n");
    let error = written(&dataset(&before), Some(&now)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.message().contains("`note`") && error.hint_text().unwrap().contains("--full"), "{error}");
}

/// Each limit, hit by one more than it allows, and named with consumer and file.
#[test]
fn limits_are_loud() {
    let three: Night = ["a", "b", "c"].iter().flat_map(|id| one(id, "äöü")).collect();
    let hit = |limits: Limits| {
        let limits = Limits { hint: "do something about it", ..limits };
        let dataset = Dataset::new("set", records(&three), Format::Ndjson).with_delta(Delta::Rows).within(limits);
        // Of a delta that is empty, too: the consumer has all of it.
        let delta = written(&dataset, Some(&records(&three))).map(|_| ());
        (written(&dataset, None).map(|files| files.len()), delta)
    };
    let none = Limits::NONE;
    for (fits, exceeds) in [
        (Limits { rows: Some(3), ..none }, Limits { rows: Some(2), ..none }),
        (Limits { columns: Some(4), ..none }, Limits { columns: Some(3), ..none }),
        (Limits { key_characters: Some(1), ..none }, Limits { key_characters: Some(0), ..none }),
        (Limits { name_characters: Some(4), ..none }, Limits { name_characters: Some(3), ..none }),
        (Limits { cell_characters: Some(4), ..none }, Limits { cell_characters: Some(3), ..none }),
    ] {
        assert_eq!(hit(fits).0.unwrap(), 1);
        let (full, delta) = hit(exceeds);
        for error in [full.unwrap_err(), delta.unwrap_err()] {
            assert_eq!((error.kind(), error.hint_text()), (ErrorKind::Usage, Some("do something about it")));
            assert!(error.message().starts_with("test cannot take this export: `set"), "{error}");
        }
    }
    // "äöü" has three characters in six bytes, "true" has four.
    let line = "{\"id\":\"a\",\"note\":\"äöü\",\"n\":1,\"yes\":true}\n".len() as u64;
    assert_eq!(hit(Limits { bytes: Some(3 * line), ..none }).0.unwrap(), 1);
    let error = hit(Limits { bytes: Some(3 * line - 1), ..none }).0.unwrap_err();
    assert!(error.message().contains("`set_full.ndjson` is larger than"), "{error}");
    assert_eq!(hit(Limits { bytes: Some(2 * line), split: true, ..none }).0.unwrap(), 2);
    let error = hit(Limits { bytes: Some(line - 1), split: true, ..none }).0.unwrap_err();
    assert!(error.message().contains("has a row of"), "{error}");
}

#[test]
fn files_that_are_cut_have_numbers_and_heads() {
    let three: Night = ["a", "b", "c"].iter().flat_map(|id| one(id, "x")).collect();
    let format = Format::Csv(Csv { header: true, guard: Guard::All });
    let dataset =
        Dataset::new("set", records(&three), format).within(Limits { rows: Some(2), split: true, ..Limits::NONE });
    let files = written(&dataset, None).unwrap();
    let head = "id,note,n,yes\n";
    let text = |place: usize| (files[place].0.as_str(), String::from_utf8(files[place].1.clone()).unwrap());
    assert_eq!(text(0), ("set_001.csv", format!("{head}a,x,1,true\nb,x,1,true\n")));
    assert_eq!(text(1), ("set_002.csv", format!("{head}c,x,1,true\n")));
}

/// Names that a shell, a spreadsheet and a loader take: documented for each consumer, checked for all.
#[test]
fn consumers_have_plain_names() {
    let mut names: Vec<&str> = super::consumers().iter().map(|consumer| consumer.name).collect();
    assert!(names.iter().all(|name| name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'-'))));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), super::consumers().len());
    assert_eq!(super::consumer("brase").unwrap_err().hint_text(), Some("did you mean `braze`?"));
    let document = Dataset::document("rules", "json", b"{}".to_vec(), 1);
    assert!(matches!(document.body, Body::Document { .. }));
    assert_eq!(written(&document, None).unwrap(), [("rules.json".to_owned(), b"{}".to_vec())]);
}
