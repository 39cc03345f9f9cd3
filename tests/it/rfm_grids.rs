//! The built-in grids on the data of the R package `rfm`: the same segments, customer for customer.
//!
//! The data are not part of this repository; without them there is nothing to compare with, and the test says so.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use jiff::civil::{Date, date};
use patronage::config::Grid;

/// Customers, orders, revenue.
type Totals = BTreeMap<String, (u64, u64, u64)>;

struct Customer {
    recency_days: i64,
    orders: i64,
    revenue: i64,
}

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/rfm")
}

fn records(name: &str) -> Vec<BTreeMap<String, String>> {
    let file = File::open(reference().join(name)).unwrap();
    csv::Reader::from_reader(GzDecoder::new(file)).deserialize().map(Result::unwrap).collect()
}

/// One row an order: recency is counted to the end of 2006.
fn from_orders() -> Vec<Customer> {
    let as_of = date(2006, 12, 31);
    let mut customers: BTreeMap<String, Customer> = BTreeMap::new();
    for order in records("rfm_data_orders.csv.gz") {
        let day: Date = order["order_date"].parse().unwrap();
        let recency_days = i64::from((as_of - day).get_days());
        let customer =
            customers.entry(order["customer_id"].clone()).or_insert(Customer { recency_days, orders: 0, revenue: 0 });
        customer.recency_days = customer.recency_days.min(recency_days);
        customer.orders += 1;
        customer.revenue += order["revenue"].parse::<i64>().unwrap();
    }
    customers.into_values().collect()
}

/// One row a customer.
fn from_customers() -> Vec<Customer> {
    let number = |row: &BTreeMap<String, String>, name: &str| row[name].parse().unwrap();
    records("rfm_data_customer.csv.gz")
        .iter()
        .map(|row| Customer {
            recency_days: number(row, "recency_days"),
            orders: number(row, "number_of_orders"),
            revenue: number(row, "revenue"),
        })
        .collect()
}

/// The method `r-rfm` of `spec/definitions.md` 3.1: type-7 quantiles plus one, lower border inclusive.
fn scores(values: &[i64]) -> Vec<u8> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let edge = |k: usize| {
        let position = (sorted.len() - 1) as f64 * k as f64 / 5.0;
        let (below, share) = (position.floor() as usize, position.fract());
        let above = sorted[(below + 1).min(sorted.len() - 1)];
        sorted[below] as f64 + share * (above - sorted[below]) as f64 + 1.0
    };
    let edges = [edge(1), edge(2), edge(3), edge(4)];
    values.iter().map(|value| 1 + edges.iter().filter(|edge| *value as f64 >= **edge).count() as u8).collect()
}

fn totals(customers: &[Customer], grid: &str) -> Totals {
    let grid = Grid::built_in(grid).unwrap();
    let column = |of: fn(&Customer) -> i64| scores(&customers.iter().map(of).collect::<Vec<_>>());
    let (r, f, m) = (column(|c| c.recency_days), column(|c| c.orders), column(|c| c.revenue));
    let mut totals = Totals::new();
    for (index, customer) in customers.iter().enumerate() {
        let segment = grid.segment(6 - r[index], f[index], m[index]).unwrap();
        let sums = totals.entry(segment.to_owned()).or_default();
        *sums = (sums.0 + 1, sums.1 + customer.orders as u64, sums.2 + customer.revenue as u64);
    }
    totals
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that was skipped says so")]
fn the_grids_of_the_r_package_give_its_published_segments() {
    let Ok(golden) = File::open(reference().join("golden.json")) else {
        eprintln!("skipped: no reference data at ../shared/reference/rfm");
        return;
    };
    let golden: BTreeMap<String, Totals> = serde_json::from_reader(golden).unwrap();
    for (data, customers) in [("orders", from_orders()), ("customer", from_customers())] {
        for version in ["0.2", "0.3"] {
            let found = totals(&customers, &format!("r-rfm-{version}"));
            assert_eq!(found, golden[&format!("{data}_v{version}")], "{data} {version}");
        }
    }
}
