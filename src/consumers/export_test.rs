//! Exports of nights to one stream: the state of the consumer, the same again, and kills at every step.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use tempfile::TempDir;

use super::export::{Exported, Request, Summary, export, plan};
use super::{Options, consumer};
use crate::contract::{Table, bigint, text};
use crate::error::{ErrorKind, Result};
use crate::monitor::Cancel;
use crate::publish::{
    Building, ExportKind, Maker, Manifest, OutputDir, RunId, RunRef, TableEntry, TableMetadata, crash,
};

/// Upper bound of the steps of an export; see the last assertion of the test that counts them.
const STEPS: u32 = 80;

struct Shop {
    folder: TempDir,
    out: OutputDir,
}

impl Shop {
    fn new() -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let out = OutputDir::open(&folder.path().join("out")).unwrap();
        Shop { folder, out }
    }

    /// Publishes a run with one table of customers and their orders.
    fn night(&self, day: &str, customers: &[(&str, i64)]) -> RunRef {
        let table = Table::new(
            "customers",
            "a customer",
            &["customer_id"],
            vec![text("customer_id", "the customer"), bigint("orders", "orders")],
        );
        let ids = StringArray::from_iter_values(customers.iter().map(|(id, _)| id));
        let orders = Int64Array::from_iter_values(customers.iter().map(|(_, orders)| *orders));
        let rows = [("customer_id", Arc::new(ids) as ArrayRef), ("orders", Arc::new(orders))];
        let rows = RecordBatch::try_from_iter(rows).unwrap();
        let lock = self.out.lock(Duration::from_secs(10), &Cancel::new()).unwrap();
        let id = RunId::new(day.parse().unwrap(), &blake3::hash(format!("{customers:?}").as_bytes()));
        let building = Building::create(&self.out, &lock, &id).unwrap();
        let metadata = TableMetadata { as_of: day.to_owned(), tool_version: "0".to_owned() };
        let file = building.write_table(&table, Maker::BuiltIn, &metadata, [Ok(rows)]).unwrap();
        let mut manifest = Manifest::new(id, "0", "shop");
        manifest.tables.push(TableEntry {
            name: file.name,
            published: true,
            rows: file.rows,
            columns: file.columns,
            file: Some(file.path),
            left_out: BTreeMap::new(),
        });
        building.seal(manifest).unwrap().settle().unwrap()
    }

    fn export(&self, run: &RunRef, change: impl FnOnce(&mut Request)) -> Result<Summary> {
        export(&self.out, run, &request(change), &Cancel::new())
    }

    /// The files that the consumer was given last.
    fn given(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.out.root().join("exports/csv-customers/latest"))
    }
}

fn request(change: impl FnOnce(&mut Request)) -> Request {
    let mut request = Request {
        consumer: consumer("csv").unwrap(),
        options: Options::default(),
        full: false,
        to: None,
        wait: Duration::from_secs(10),
        keep: 30,
    };
    change(&mut request);
    request
}

/// The files of a folder that are not hidden.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let named =
        entries.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()));
    named.filter(|(name, _)| !name.starts_with('.')).collect()
}

fn text_of(files: &BTreeMap<String, Vec<u8>>, name: &str) -> String {
    String::from_utf8(files[name].clone()).unwrap()
}

const FIRST: [(&str, i64); 3] = [("a", 1), ("b", 2), ("c", 3)];
const SECOND: [(&str, i64); 3] = [("a", 1), ("b", 5), ("d", 1)];

#[test]
fn the_first_export_is_full_and_the_next_holds_what_changed() {
    let shop = Shop::new();
    let (first, second) = (shop.night("2026-10-30", &FIRST), shop.night("2026-10-31", &SECOND));
    let summary = shop.export(&first, |_| {}).unwrap();
    assert_eq!((summary.exported, summary.kind), (Exported::New, ExportKind::Full));
    assert_eq!(text_of(&shop.given(), "customers_full.csv"), "customer_id,orders\na,1\nb,2\nc,3\n");

    let planned = plan(&shop.out, &second, &request(|_| {}), &Cancel::new()).unwrap();
    assert_eq!(shop.given().keys().collect::<Vec<_>>(), ["customers_full.csv", "export.json"]);
    let summary = shop.export(&second, |_| {}).unwrap();
    assert_eq!((summary.exported, summary.kind), (Exported::New, ExportKind::Delta));
    assert_eq!(planned.files, summary.files);
    assert_eq!(summary.changes, [("customers".to_owned(), [1, 1, 1])]);
    let given = shop.given();
    assert_eq!(text_of(&given, "customers_delta.csv"), "customer_id,orders\nb,5\nd,1\n");
    assert_eq!(text_of(&given, "customers_removed.csv"), "customer_id\nc\n");
    assert!(text_of(&given, "export.json").contains("\"kind\": \"delta\""));

    // The same again is the same, and once more full is full.
    let again = shop.export(&second, |_| {}).unwrap();
    assert_eq!((again.exported, shop.given()), (Exported::Before, given));
    let full = shop.export(&second, |request| request.full = true).unwrap();
    assert_eq!((full.exported, full.kind), (Exported::New, ExportKind::Full));
    assert_eq!(text_of(&shop.given(), "customers_full.csv"), "customer_id,orders\na,1\nb,5\nd,1\n");
    // Back to an earlier run, when somebody wants that: the delta goes the other way.
    shop.export(&first, |_| {}).unwrap();
    assert_eq!(text_of(&shop.given(), "customers_delta.csv"), "customer_id,orders\nb,2\nc,3\n");
    // No export touches a run.
    for run in [&first, &second] {
        assert!(crate::publish::verify(&run.path).is_whole());
    }
}

/// Killed after any number of steps, the consumer is where it was or where it should be; the same command then makes the very
/// files that it would have made.
#[test]
fn an_export_that_is_killed_is_made_again_the_same() {
    let expected = |to: bool| {
        let shop = Shop::new();
        let (first, second) = (shop.night("2026-10-30", &FIRST), shop.night("2026-10-31", &SECOND));
        let folder = shop.folder.path().join("sftp");
        let deliver = |request: &mut Request| request.to = to.then(|| folder.clone());
        shop.export(&first, deliver).unwrap();
        let before = shop.given();
        shop.export(&second, deliver).unwrap();
        (before, shop.given(), to.then(|| files(&folder)))
    };
    let (before, after, delivered) = expected(true);
    assert_eq!(delivered.as_ref(), Some(&after), "what is delivered is what is kept");
    let shop = Shop::new();
    let (first, second) = (shop.night("2026-10-30", &FIRST), shop.night("2026-10-31", &SECOND));
    let folder = shop.folder.path().join("sftp");
    let mut killed = 0;
    for steps in 0..STEPS {
        for earlier in [&folder, &shop.out.root().join("exports")] {
            let _ = fs::remove_dir_all(earlier);
        }
        let deliver = |request: &mut Request| request.to = Some(folder.clone());
        shop.export(&first, deliver).unwrap();
        let died = crash::after(steps, || shop.export(&second, deliver)).is_err();
        killed += u32::from(died);
        let found = shop.given();
        assert!(found == before || found == after, "after {steps} steps the consumer was given something else");
        // Where `export.json` is, all files are of one export.
        let there = files(&folder);
        if let Some(manifest) = there.get("export.json") {
            let whole = if *manifest == before["export.json"] { &before } else { &after };
            assert_eq!(whole, &there, "after {steps} steps");
        }
        shop.export(&second, deliver).unwrap();
        assert_eq!((&shop.given(), &files(&folder)), (&after, &after), "after {steps} steps");
        assert!(!shop.out.root().join(".building").exists() && !folder.join(".delivering").exists());
    }
    assert!(killed > 20 && killed < STEPS, "{killed} of {STEPS} were killed: the last ones have to come through");
}

#[test]
fn only_whole_published_runs_are_exported() {
    let shop = Shop::new();
    let run = shop.night("2026-10-30", &FIRST);
    let error = shop.export(&run, |request| request.to = Some(shop.out.root().join("runs/x"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    let error = shop.export(&run, |request| request.options.table = Some("../x".to_owned())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    let error = shop.export(&run, |request| request.options.table = Some("custmers".to_owned())).unwrap_err();
    assert_eq!(error.hint_text(), Some("did you mean `customers`?"));
    let error = shop.export(&run, |request| request.consumer = consumer("braze").unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "the table lacks nearly all columns");
    // Nothing of this left anything behind.
    assert!(!shop.out.root().join("exports").exists() && !shop.out.root().join(".building").exists());

    let held = RunRef { state: crate::publish::RunState::Held, ..run.clone() };
    assert!(shop.export(&held, |_| {}).unwrap_err().hint_text().unwrap().contains("approve"));
    let table = run.table("customers");
    let mut bytes = fs::read(&table).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&table, bytes).unwrap();
    let error = shop.export(&run, |_| {}).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Verify | ErrorKind::Input), "{error}");
    assert!(!shop.out.root().join("exports").exists());
}

#[test]
fn a_damaged_export_is_said_and_a_full_one_heals_it() {
    let shop = Shop::new();
    let (first, second) = (shop.night("2026-10-30", &FIRST), shop.night("2026-10-31", &SECOND));
    shop.export(&first, |_| {}).unwrap();
    let latest = fs::canonicalize(shop.out.root().join("exports/csv-customers/latest")).unwrap();
    let given = latest.join(".given/customers.csv.zst");
    fs::write(&given, b"cut short").unwrap();
    let error = shop.export(&second, |_| {}).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Verify);
    assert!(error.hint_text().unwrap().contains("--full"));
    fs::write(latest.join("customers_full.csv"), b"customer_id\n").unwrap();
    assert_eq!(shop.export(&first, |_| {}).unwrap_err().kind(), ErrorKind::Verify);
    assert_eq!(shop.export(&second, |request| request.full = true).unwrap().kind, ExportKind::Full);
    assert_eq!(shop.export(&first, |_| {}).unwrap().kind, ExportKind::Delta);
}

#[test]
fn old_exports_go_and_only_the_latest_keeps_what_was_given() {
    let shop = Shop::new();
    for day in 1..=5 {
        let run = shop.night(&format!("2026-10-0{day}"), &[("a", day)]);
        shop.export(&run, |request| request.keep = 3).unwrap();
    }
    let stream = shop.out.root().join("exports/csv-customers");
    let kept: Vec<_> = fs::read_dir(&stream)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with("latest"))
        .collect();
    assert_eq!(kept.len(), 3);
    assert_eq!(kept.iter().filter(|path| path.join(".given").exists()).count(), 1);
    assert!(stream.join("latest/.given").exists());
}

#[test]
fn a_folder_has_the_exports_of_one_consumer() {
    let shop = Shop::new();
    let run = shop.night("2026-10-30", &FIRST);
    let folder = shop.folder.path().join("sftp");
    shop.export(&run, |request| request.to = Some(folder.clone())).unwrap();
    let error = shop.export(&run, |request| {
        request.consumer = consumer("ndjson").unwrap();
        request.to = Some(folder.clone());
    });
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Usage);
    assert_eq!(files(&folder).keys().collect::<Vec<_>>(), ["customers_full.csv", "export.json"]);
    // A formula in an id is guarded for people, and is as it was for machines.
    let other = shop.night("2026-10-31", &[("=1+2", 1)]);
    shop.export(&other, |_| {}).unwrap();
    assert_eq!(text_of(&shop.given(), "customers_delta.csv"), "customer_id,orders\n'=1+2,1\n");
    shop.export(&other, |request| request.consumer = consumer("ndjson").unwrap()).unwrap();
    let machine = files(&shop.out.root().join("exports/ndjson-customers/latest"));
    assert_eq!(text_of(&machine, "customers_full.ndjson"), "{\"customer_id\":\"=1+2\",\"orders\":1}\n");
}
