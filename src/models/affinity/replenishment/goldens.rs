//! `spec/affinity.md` 2.7 and `reference/affinity/online_retail_repurchase.csv.gz`: every row; and how well the
//! probabilities hold on days that the model has not seen.

use super::super::goldens::{csv_gz, online_retail, shared};
use super::*;

#[test]
fn every_product_of_the_reference_has_its_gaps() {
    let (Some(data), Some(reference)) = (online_retail(), shared("reference/affinity/online_retail_repurchase.csv.gz"))
    else {
        return;
    };
    let options = ReplenishmentOptions { as_of_day: 20_000, horizon_days: 28, categories: &[] };
    let cycles = replenishment(&data.purchases, data.products.len(), &options).cycles;
    let mut rows = 0;
    for record in csv_gz(&reference).records() {
        let record = record.unwrap();
        let product = data.products.binary_search_by(|id| id.as_str().cmp(&record[0])).unwrap();
        let number = |column: usize| record[column].parse::<f64>().unwrap();
        let cycle = &cycles[product];
        assert_eq!((cycle.gaps as f64, cycle.customers as f64), (number(1), number(6)), "{}", &record[0]);
        let quartiles = (cycle.q1_days.unwrap(), cycle.median_gap_days.unwrap(), cycle.q3_days.unwrap());
        assert_eq!(quartiles, (number(4), number(2), number(5)), "{}", &record[0]);
        rows += 1;
    }
    assert_eq!(rows, 620);
}
