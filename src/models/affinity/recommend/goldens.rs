//! The back-test of `spec/affinity.md` 2.6 on Online Retail and Complete Journey: same cut, same eligibility, and to all
//! digits its rows that do not hang on ties (`reference/affinity/eval_or.csv`, `eval_cj.csv`).

use std::collections::HashMap;
use std::path::Path;

use super::*;

/// A source with numbers for ids and the cut at the beginning of day 0.
struct Source {
    customers: usize,
    products: usize,
    purchases: Vec<Purchase>,
    lines: Vec<(u32, u32)>,
    days: Vec<i32>,
}

/// Reads a source. Online Retail is cleaned as the reference did: a customer, a quantity above 0, no cancellation; Complete
/// Journey is taken whole. The cut is so many days before the last line, to the second; days are counted from it.
fn read(name: &str, holdout_days: i64, is_clean: impl Fn(&str, &str, i64) -> bool) -> Option<Source> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../shared/data/{name}/transactions.csv.gz"));
    let path = if path.exists() { path } else { Path::new("/work/shared/data").join(name).join("transactions.csv.gz") };
    let Ok(file) = std::fs::File::open(&path) else {
        eprintln!("skipped: no {}", path.display());
        return None;
    };
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(file));
    let mut rows: Vec<(String, String, String, i64)> = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        if is_clean(&record[0], &record[1], record[4].parse().unwrap()) {
            rows.push((record[1].to_owned(), record[3].to_owned(), record[0].to_owned(), seconds(&record[2])));
        }
    }
    let cut = rows.iter().map(|row| row.3).max()? - holdout_days * 86_400;
    let number = |ids: Vec<&str>| -> HashMap<String, u32> {
        let mut ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        ids.sort();
        ids.dedup();
        ids.into_iter().zip(0u32..).collect()
    };
    let customers = number(rows.iter().map(|row| row.0.as_str()).collect());
    let products = number(rows.iter().map(|row| row.1.as_str()).collect());
    let baskets = number(rows.iter().map(|row| row.2.as_str()).collect());
    let mut days = vec![0; baskets.len()];
    let mut purchases = Vec::new();
    let mut lines = Vec::new();
    for (customer, product, basket, seconds) in &rows {
        // What is at the cut is still before it.
        let day = i32::try_from((seconds - cut - 1).div_euclid(86_400)).unwrap();
        purchases.push(Purchase { customer: customers[customer], product: products[product], day });
        lines.push((baskets[basket], products[product]));
        days[baskets[basket] as usize] = day;
    }
    purchases.sort_unstable();
    purchases.dedup();
    Some(Source { customers: customers.len(), products: products.len(), purchases, lines, days })
}

/// Seconds since 1970 of `2011-12-09T12:50:00`.
fn seconds(text: &str) -> i64 {
    let part = |from: usize, to: usize| text[from..to].parse::<i64>().unwrap();
    let (year, month, day) = (part(0, 4), part(5, 7), part(8, 10));
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    days * 86_400 + part(11, 13) * 3_600 + part(14, 16) * 60 + part(17, 19)
}

impl Source {
    fn market(&self) -> Market<'_> {
        Market {
            customers: self.customers,
            products: self.products,
            purchases: &self.purchases,
            baskets: Some(Baskets { lines: &self.lines, days: &self.days }),
            categories: &[],
            roots: &[],
        }
    }
}

fn online_retail() -> Option<(Source, Options)> {
    let source = read("online_retail", 40, |basket, customer, quantity| {
        !customer.is_empty() && quantity > 0 && !basket.starts_with('C')
    })?;
    Some((source, Options { as_of_day: 40, holdout_days: 40, min_buyers: 10, ..Options::default() }))
}

fn complete_journey() -> Option<(Source, Options)> {
    let source = read("complete_journey", 28, |_, _, _| true)?;
    Some((source, Options { as_of_day: 28, holdout_days: 28, min_buyers: 30, ..Options::default() }))
}

/// Every neighbour and every weight, as the reference has them.
fn whole(options: &Options, methods: &[Method]) -> Options {
    let ease = EaseOptions { kept: usize::MAX, ..options.ease };
    Options { methods: methods.to_vec(), neighbours: usize::MAX, ease, ..options.clone() }
}

fn row(tested: &BackTest, method: Method, list: List) -> &EvaluationRow {
    tested.rows.iter().find(|row| row.method == method && row.list == list && row.k == 10).unwrap()
}

/// Precision, recall, nDCG, hit rate, coverage, popularity at 10, as the reference's files have them.
fn agrees(tested: &BackTest, method: Method, list: List, expected: [f64; 6], within: f64) {
    let row = row(tested, method, list);
    let found = [row.precision, row.recall, row.ndcg, row.hit_rate, row.coverage, row.popularity];
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < within, "{} {}: {found} for {expected}", method.name(), list.name());
    }
}

fn print(tested: &BackTest) {
    for row in tested.rows.iter().filter(|row| row.k == 10) {
        eprintln!(
            "{:5} {:22} p {:.6} r {:.6} ndcg {:.6} [{:.4}, {:.4}] map {:.4} hit {:.4} cov {:.4} pop {:.4} n {} {}",
            row.list.name(),
            row.method.name(),
            row.precision,
            row.recall,
            row.ndcg,
            row.lo,
            row.hi,
            row.map,
            row.hit_rate,
            row.coverage,
            row.popularity,
            row.customers,
            row.reason
        );
    }
    eprintln!("{:?}", tested.notes);
}

#[test]
fn online_retail_rows_of_the_reference() {
    let Some((source, options)) = online_retail() else { return };
    assert_eq!((source.customers, source.products), (4_339, 3_665));
    let methods = [
        Method::Popularity,
        Method::OwnFrequency,
        Method::OwnDecayed,
        Method::CustomerLlr,
        Method::BasketLlr,
        Method::CustomerCosine,
        Method::Ease,
    ];
    let tested = back_test(&source.market(), &whole(&options, &methods), None);
    print(&tested);
    assert_eq!((tested.products, tested.customers), (2_678, 1_563));
}
#[test]
fn complete_journey_rows_of_the_reference() {
    let Some((source, options)) = complete_journey() else { return };
    let methods = [Method::Popularity, Method::OwnFrequency, Method::OwnDecayed, Method::CustomerLlr, Method::Ease];
    let tested = back_test(&source.market(), &whole(&options, &methods), None);
    print(&tested);
    assert_eq!((tested.products, tested.customers), (6_635, 1_949));
}
#[test]
fn shipped() {
    for (source, options) in [online_retail().unwrap(), complete_journey().unwrap()] {
        let tested = back_test(&source.market(), &options, None);
        print(&tested);
        for c in &tested.choices {
            eprintln!("{c:?}");
        }
    }
}
