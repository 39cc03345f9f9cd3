//! What `patronage generate` promises: the same bytes for a seed, exports that agree with their truth, faults in known
//! counts. All seeds are fixed, so a statistical test that passes once passes always; its bounds are at 4.5 standard
//! errors, so that a right generator fails one in 150,000 of them when a seed is changed.

mod dirt;
mod exports;
mod files;
mod ingested;
mod shapes;
mod truth;

use std::path::Path;

use patronage::generate::{GenerateOptions, GenerateReport, Layout, Model, generate};
use patronage::monitor::{Cancel, Silent};
use tempfile::TempDir;

/// A generated folder and what was said about it.
struct Generated {
    dir: TempDir,
    report: GenerateReport,
}

impl Generated {
    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join("shop").join(name)
    }

    /// The rows of a CSV file.
    fn rows(&self, name: &str) -> Rows {
        Rows::read(&self.path(name))
    }

    fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(self.path(name)).unwrap()).unwrap()
    }
}

/// Options of a shop that is big enough for statistics and small enough for a test.
fn options() -> GenerateOptions {
    GenerateOptions {
        customers: 4_000,
        products: 300,
        layout: Layout::Single,
        threads: 2,
        seed: 7,
        ..Default::default()
    }
}

/// The same without anything that breaks BG/NBD and Gamma-Gamma.
fn pure() -> GenerateOptions {
    GenerateOptions { model: Model::default().pure(), ..options() }
}

fn made(options: GenerateOptions) -> Generated {
    let dir = tempfile::tempdir().unwrap();
    let options = GenerateOptions { out: dir.path().join("shop"), ..options };
    let report = generate(&options, &Silent, &Cancel::new()).unwrap();
    Generated { dir, report }
}

/// A CSV file in memory.
struct Rows {
    header: Vec<String>,
    records: Vec<csv::StringRecord>,
}

impl Rows {
    fn read(path: &Path) -> Rows {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
        Rows { header, records: reader.records().map(Result::unwrap).collect() }
    }

    fn column(&self, name: &str) -> usize {
        self.header.iter().position(|column| column == name).unwrap_or_else(|| panic!("no column {name}"))
    }

    /// The values of these columns, row by row.
    fn select<const N: usize>(&self, names: [&str; N]) -> impl Iterator<Item = [&str; N]> {
        let columns = names.map(|name| self.column(name));
        self.records.iter().map(move |record| columns.map(|column| &record[column]))
    }

    fn len(&self) -> usize {
        self.records.len()
    }
}

/// Money as printed, in hundredths.
fn cents(text: &str) -> i64 {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap();
    assert_eq!(fraction.len(), 2);
    sign * (whole.parse::<i64>().unwrap() * 100 + fraction.parse::<i64>().unwrap())
}

fn real(text: &str) -> f64 {
    text.parse().unwrap()
}

/// `seen` successes of `of` tries are what a chance of `chance` gives.
fn assert_binomial(what: &str, seen: usize, of: usize, chance: f64) {
    let expected = of as f64 * chance;
    let error = (expected * (1.0 - chance)).sqrt();
    assert_within(what, seen as f64 - expected, error);
}

/// `difference` is zero but for chance, of which `error` is the standard error.
fn assert_within(what: &str, difference: f64, error: f64) {
    assert!(error > 0.0, "{what}: nothing to test");
    assert!(difference.abs() < 4.5 * error, "{what}: off by {difference}, standard error {error}");
}
