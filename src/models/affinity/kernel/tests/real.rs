//! Counts of real exports, where they are at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::super::*;

/// The rows of a file beside the project, by the named columns; nothing, and said so, where it is missing.
fn rows<const N: usize>(file: &str, columns: [&str; N]) -> Option<Vec<[String; N]>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(file);
    let Ok(file) = std::fs::File::open(&path) else {
        writeln!(std::io::stderr(), "SKIPPED: {} is missing", path.display()).unwrap();
        return None;
    };
    let mut reader = csv::ReaderBuilder::new().from_reader(MultiGzDecoder::new(file));
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let at = columns.map(|column| header.iter().position(|name| name == column).unwrap());
    Some(reader.records().map(|record| record.unwrap()).map(|record| at.map(|at| record[at].to_owned())).collect())
}

/// Units and products by name, numbered by their order.
fn incidence(lines: &[(&str, &str)]) -> (Incidence, Vec<String>) {
    let numbers =
        |names: BTreeSet<&str>| -> BTreeMap<String, u32> { names.into_iter().map(str::to_owned).zip(0..).collect() };
    let units = numbers(lines.iter().map(|line| line.0).collect());
    let products = numbers(lines.iter().map(|line| line.1).collect());
    let pairs = lines.iter().map(|(unit, product)| (units[*unit], products[*product]));
    (Incidence::from_pairs(units.len(), products.len(), pairs), products.into_keys().collect())
}

/// Pairs with their counts, by name, the first name before the second.
fn pairs(counting: &Counting<'_>, names: &[String]) -> BTreeMap<(String, String), u32> {
    let of = |a: u32, partners: &[Partner]| -> Vec<((String, String), u32)> {
        let name = |product: u32| names[product as usize].clone();
        let after = partners.iter().filter(|partner| partner.product > a);
        after.map(|partner| ((name(a), name(partner.product)), partner.count)).collect()
    };
    counting.count(of).into_iter().flatten().collect()
}

#[test]
fn groceries() {
    let Some(lines) = rows("data/groceries_arules/transactions.csv.gz", ["transaction_id", "product_id"]) else {
        return;
    };
    let lines: Vec<(&str, &str)> = lines.iter().map(|[unit, product]| (&**unit, &**product)).collect();
    let (incidence, names) = incidence(&lines);
    assert_eq!((incidence.units(), incidence.products(), incidence.lines()), (9_835, 169, 43_367));
    let counting = Counting { incidence: &incidence, min_count: 1, weights: None, memory_bytes: None };
    let found = pairs(&counting, &names);
    // spec/affinity.md 2.2: distinct pairs, pair events, never together.
    assert_eq!(found.len(), 9_636);
    assert_eq!(counting.estimate().pair_events, 137_278);
    assert_eq!(found.values().map(|count| u64::from(*count)).sum::<u64>(), 137_278);
    assert_eq!(169 * 168 / 2 - found.len(), 4_560);
    assert_eq!(found[&("other vegetables".to_owned(), "whole milk".to_owned())], 736);
    let reference = rows("reference/affinity/groceries_pairs_llr_npmi_fisher_fdr.csv.gz", ["a", "b", "c"]);
    for [a, b, count] in reference.unwrap() {
        let pair = if a < b { (a, b) } else { (b, a) };
        assert_eq!(found.get(&pair).copied().unwrap_or(0).to_string(), count, "{pair:?}");
    }
}

#[test]
fn online_retail_customers() {
    let columns = ["transaction_id", "customer_id", "product_id", "quantity"];
    let Some(lines) = rows("data/online_retail/transactions.csv.gz", columns) else { return };
    let bought = |[invoice, customer, _, quantity]: &&[String; 4]| {
        !customer.is_empty() && !invoice.starts_with('C') && quantity.parse::<i64>().unwrap() > 0
    };
    let lines: Vec<(&str, &str)> =
        lines.iter().filter(bought).map(|[_, customer, product, _]| (&**customer, &**product)).collect();
    let (incidence, names) = incidence(&lines);
    // spec/affinity.md 2.7.
    assert_eq!((incidence.units(), incidence.products()), (4_339, 3_665));
    let counting = Counting { incidence: &incidence, min_count: 20, weights: None, memory_bytes: None };
    let common: BTreeSet<&String> = names
        .iter()
        .zip(incidence.degrees())
        .filter(|(_, customers)| *customers >= 200)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(common.len(), 321);
    let mut found = pairs(&counting, &names);
    found.retain(|(a, b), _| common.contains(a) && common.contains(b));
    let reference = rows("reference/affinity/online_retail_pairs_customer.csv.gz", ["a", "b", "c_cust"]).unwrap();
    assert_eq!(reference.len(), 49_492);
    assert_eq!(found.len(), 49_492);
    for [a, b, count] in reference {
        let pair = if a < b { (a, b) } else { (b, a) };
        assert_eq!(found[&pair].to_string(), count, "{pair:?}");
    }
}
