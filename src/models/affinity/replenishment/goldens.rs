//! `spec/affinity.md` 2.7 and `reference/affinity/online_retail_repurchase.csv.gz`: every row; and how well the
//! probabilities hold on days that the model has not seen.

use std::collections::{BTreeMap, BTreeSet};

use super::super::goldens::{Data, complete_journey, csv_gz, online_retail, shared};
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

/// What became of the rows of a day: nDCG@10 of own products by probability and by frequency with a half-life of 90
/// days, over customers who bought a product of at least `least_buyers` buyers in the horizon (`spec/affinity.md` 2.6,
/// "all"); and mean probability against share by tenth of the probability.
struct HeldOut {
    by_probability: f64,
    by_frequency: f64,
    customers: usize,
    tenths: Vec<(f64, f64)>,
}

fn held_out(data: &Data, categories: &[u32], as_of_day: i32, horizon_days: u32, least_buyers: usize) -> HeldOut {
    let options = ReplenishmentOptions { as_of_day, horizon_days, categories };
    let found = replenishment(&data.purchases, data.products.len(), &options);
    let mut buyers = vec![0; data.products.len()];
    for row in &found.rows {
        buyers[row.product as usize] += 1;
    }
    let end = as_of_day + horizon_days as i32;
    let came: BTreeSet<(u32, u32)> = data
        .purchases
        .iter()
        .filter(|line| (as_of_day..end).contains(&line.day))
        .map(|line| (line.customer, line.product))
        .collect();
    let mut frequency: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    for line in data.purchases.iter().filter(|line| line.day < as_of_day) {
        *frequency.entry((line.customer, line.product)).or_default() +=
            (-f64::from(as_of_day - line.day) / 90.0).exp2();
    }
    let (mut sums, mut customers) = ([0.0; 2], 0);
    for rows in found.rows.chunk_by(|a, b| a.customer == b.customer) {
        let customer = rows[0].customer;
        let wanted: BTreeSet<u32> = came
            .range((customer, 0)..=(customer, u32::MAX))
            .map(|pair| pair.1)
            .filter(|&product| buyers[product as usize] >= least_buyers)
            .collect();
        if wanted.is_empty() {
            continue;
        }
        customers += 1;
        let eligible = || rows.iter().filter(|row| buyers[row.product as usize] >= least_buyers);
        let lists = [
            eligible().map(|row| (row.probability, row.product)).collect::<Vec<_>>(),
            eligible().map(|row| (frequency[&(customer, row.product)], row.product)).collect(),
        ];
        for (sum, mut list) in sums.iter_mut().zip(lists) {
            list.sort_by(|a, b| {
                b.0.total_cmp(&a.0).then(buyers[b.1 as usize].cmp(&buyers[a.1 as usize])).then(a.1.cmp(&b.1))
            });
            let gain = |place: usize| 1.0 / (place as f64 + 2.0).log2();
            let got: f64 = (0..list.len().min(10)).filter(|&place| wanted.contains(&list[place].1)).map(gain).sum();
            *sum += got / (0..wanted.len().min(10)).map(gain).sum::<f64>();
        }
    }
    let mut rows: Vec<(f64, bool)> =
        found.rows.iter().map(|row| (row.probability, came.contains(&(row.customer, row.product)))).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let tenths = rows
        .chunks(rows.len().div_ceil(10))
        .map(|tenth| {
            let mean: f64 = tenth.iter().map(|row| row.0).sum::<f64>() / tenth.len() as f64;
            (mean, tenth.iter().filter(|row| row.1).count() as f64 / tenth.len() as f64)
        })
        .collect();
    HeldOut { by_probability: sums[0] / customers as f64, by_frequency: sums[1] / customers as f64, customers, tenths }
}

impl HeldOut {
    /// Probabilities rank better than frequency, the tenths rise, and each has its share within `factor` (or half a per
    /// cent).
    fn holds(&self, factor: f64) {
        assert!(self.by_probability > self.by_frequency + 0.003, "{} {}", self.by_probability, self.by_frequency);
        assert!(self.tenths.is_sorted_by(|a, b| a.1 < b.1), "{:?}", self.tenths);
        for (predicted, seen) in &self.tenths {
            let near = predicted / seen <= factor && seen / predicted <= factor;
            assert!(near || (predicted - seen).abs() < 0.005, "{predicted} {seen}");
        }
    }
}

#[test]
fn complete_journey_comes_back_as_predicted() {
    let Some(data) = complete_journey() else { return };
    let held = held_out(&data, &data.categories, 17_504, 28, 30);
    held.holds(1.15);
    // Measured: .4204 against .4147; `eval_cj.csv` has .4146 for the frequency, with a cut within the day.
    assert!(held.customers == 1_948 && (held.by_frequency - 0.4146).abs() < 0.001 && held.by_probability > 0.419);
}

#[test]
fn online_retail_comes_back_as_predicted() {
    let Some(data) = online_retail() else { return };
    // The last 40 days are the season for gifts, of which a year of data shows no earlier one: more come than predicted.
    let held = held_out(&data, &[], 15_278, 40, 10);
    held.holds(1.65);
    // Measured: .3656 against .3551; `eval_or.csv` has .3520 for the frequency, with a cut within the day.
    assert!((held.by_frequency - 0.3520).abs() < 0.004 && held.by_probability > 0.364, "{}", held.by_probability);
    held_out(&data, &[], 15_238, 40, 10).holds(1.8);
}
