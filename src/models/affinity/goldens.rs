//! Purchases of the published data sets, for tests against reference numbers.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{NO_CATEGORY, Purchase};

/// Purchases and the ids of their products, by number; numbers follow the order of ids.
pub(super) struct Data {
    pub(super) purchases: Vec<Purchase>,
    pub(super) products: Vec<String>,
    /// Category of each product, by number.
    pub(super) categories: Vec<u32>,
}

/// A file beside the repository, or a message that it is not there.
pub(super) fn shared(path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if !file.exists() {
        eprintln!("skipped: ../shared/{path} is not there");
        return None;
    }
    Some(file)
}

/// A compressed CSV with a head.
pub(super) fn csv_gz(path: &Path) -> csv::Reader<impl Read + use<>> {
    csv::Reader::from_reader(flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap()))
}

/// Distinct days of a customer and a product of Online Retail: with a customer, a positive quantity, and not cancelled;
/// the price does not matter. This is the cleaning that gives the 385,414 rows of `spec/affinity.md` 2.7.
pub(super) fn online_retail() -> Option<Data> {
    purchases("data/online_retail/transactions.csv.gz")
}

/// The same of Complete Journey.
pub(super) fn complete_journey() -> Option<Data> {
    let mut data = purchases("data/complete_journey/transactions.csv.gz")?;
    let names: HashMap<String, String> = csv_gz(&shared("data/complete_journey/products.csv.gz")?)
        .records()
        .map(Result::unwrap)
        .map(|record| (record[0].to_owned(), record[2].to_owned()))
        .collect();
    let mut numbers = HashMap::new();
    let category = |product: &String| match names.get(product).filter(|name| !name.is_empty()) {
        Some(name) => {
            let next = numbers.len() as u32;
            *numbers.entry(name.clone()).or_insert(next)
        }
        None => NO_CATEGORY,
    };
    data.categories = data.products.iter().map(category).collect();
    Some(data)
}

fn purchases(path: &str) -> Option<Data> {
    let mut reader = csv_gz(&shared(path)?);
    let head = reader.headers().unwrap().clone();
    let at = |name: &str| head.iter().position(|column| column == name).unwrap();
    let (transaction, customer, time) = (at("transaction_id"), at("customer_id"), at("timestamp"));
    let (product, quantity) = (at("product_id"), at("quantity"));
    let mut lines: Vec<(String, String, i32)> = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        let bought = record[quantity].parse::<f64>().unwrap() > 0.0;
        if bought && !record[customer].is_empty() && !record[transaction].starts_with('C') {
            lines.push((record[customer].to_owned(), record[product].to_owned(), day(&record[time])));
        }
    }
    let numbers = |ids: &mut Vec<String>| {
        ids.sort();
        ids.dedup();
        ids.iter().enumerate().map(|(number, id)| (id.clone(), number as u32)).collect::<HashMap<_, _>>()
    };
    let mut products: Vec<String> = lines.iter().map(|line| line.1.clone()).collect();
    let product_numbers = numbers(&mut products);
    let customer_numbers = numbers(&mut lines.iter().map(|line| line.0.clone()).collect());
    let mut purchases: Vec<Purchase> = lines
        .iter()
        .map(|(customer, product, day)| Purchase {
            customer: customer_numbers[customer],
            product: product_numbers[product],
            day: *day,
        })
        .collect();
    purchases.sort_unstable();
    purchases.dedup();
    Some(Data { purchases, products, categories: Vec::new() })
}

/// Days since 1970-01-01 of `2010-12-01T08:26:00`.
fn day(text: &str) -> i32 {
    let date: jiff::civil::Date = text[..10].parse().unwrap();
    (date - jiff::civil::date(1970, 1, 1)).get_days()
}
