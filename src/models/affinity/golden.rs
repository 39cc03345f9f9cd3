//! The files of `../shared` that tests are checked against, where they are.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use super::Incidence;

/// A CSV file under `../shared`, or nothing where it is missing (then the test says that it was skipped).
pub fn shared(name: &str) -> Option<(csv::StringRecord, Vec<csv::StringRecord>)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared").join(name);
    if !path.exists() {
        eprintln!("SKIPPED: ../shared/{name} is not there");
        return None;
    }
    let bytes = std::fs::read(path).unwrap();
    let mut text = String::new();
    if name.ends_with(".gz") {
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    Some((names, reader.records().map(Result::unwrap).collect()))
}

/// Where a column is.
pub fn column(names: &csv::StringRecord, name: &str) -> usize {
    names.iter().position(|column| column == name).unwrap_or_else(|| panic!("no column {name}"))
}

/// A cell as a number. R writes `Inf`, numpy `inf`.
pub fn number(record: &csv::StringRecord, column: usize) -> f64 {
    record[column].parse().unwrap_or_else(|_| panic!("{} is not a number", &record[column]))
}

/// Asserts that both are as good as the same: within 1e-9 of the wanted one, or of 1e-14 where that is nothing.
pub fn close(found: f64, wanted: f64, what: &str) {
    let off = (found - wanted).abs();
    assert!(found == wanted || off <= 1e-9 * wanted.abs() || off <= 1e-14, "{what}: {found} is not {wanted}");
}

/// Groceries (9,835 baskets, 169 items): the baskets and the items' names, in order of the names.
pub fn groceries() -> Option<(Incidence, Vec<String>)> {
    let (_, rows) = shared("data/groceries_arules/transactions.csv.gz")?;
    let mut items: BTreeMap<&str, u32> = rows.iter().map(|row| (&row[3], 0)).collect();
    for (number, item) in items.values_mut().enumerate() {
        *item = number as u32;
    }
    let mut baskets: BTreeMap<&str, u32> = rows.iter().map(|row| (&row[0], 0)).collect();
    for (number, basket) in baskets.values_mut().enumerate() {
        *basket = number as u32;
    }
    let pairs: Vec<(u32, u32)> = rows.iter().map(|row| (baskets[&row[0]], items[&row[3]])).collect();
    let incidence = Incidence::from_pairs(baskets.len(), items.len(), pairs.into_iter());
    Some((incidence, items.keys().map(ToString::to_string).collect()))
}

/// What each item of Groceries is in at a level of its hierarchy, and the names there, in order.
pub fn groceries_level(items: &[String], level: &str) -> Option<(Vec<u32>, Vec<String>)> {
    let (names, rows) = shared("reference/affinity/groceries_hierarchy.csv")?;
    let at = column(&names, level);
    let of: BTreeMap<&str, &str> = rows.iter().map(|row| (&row[0], &row[at])).collect();
    let mut categories: Vec<String> = of.values().map(ToString::to_string).collect();
    categories.sort();
    categories.dedup();
    let table = items.iter().map(|item| categories.iter().position(|name| name == of[item.as_str()]).unwrap() as u32);
    Some((table.collect(), categories))
}
