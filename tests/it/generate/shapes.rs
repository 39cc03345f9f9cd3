//! Options that shape the data: how large baskets are, how popular products, how different customers, and sizes of one
//! product.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use patronage::generate::{GenerateOptions, Model};

use super::{Generated, Rows, assert_within, made, options, real};
use crate::cli::{patronage, said};

/// Products that nothing is planted for.
fn ordinary(made: &Generated) -> BTreeSet<String> {
    let mut ordinary: BTreeSet<String> = made
        .rows("products.csv")
        .select(["SKU"])
        .map(|[sku]| sku.to_owned())
        .filter(|sku| sku.starts_with('A'))
        .collect();
    for (file, columns) in [
        ("pairs", ["first", "second"]),
        ("sequences", ["first", "second"]),
        ("substitutes", ["first", "second"]),
        ("replenished", ["product", "product"]),
    ] {
        for products in made.rows(&format!("truth/{file}.csv")).select(columns) {
            products.into_iter().for_each(|product| _ = ordinary.remove(product));
        }
    }
    ordinary
}

/// Shares of `count` products by rank: Zipf and Mandelbrot's law.
fn shares(count: usize, exponent: f64, offset: f64) -> Vec<f64> {
    let weights: Vec<f64> = (1..=count).map(|rank| 1.0 / (rank as f64 + offset).powf(exponent)).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// Ordinary products of each basket.
fn baskets(made: &Generated) -> Vec<usize> {
    let ordinary = ordinary(made);
    let mut baskets: BTreeMap<String, usize> = BTreeMap::new();
    for [order, sku, state, refund] in made.rows("transactions.csv").select(["InvoiceNo", "SKU", "State", "RefundOf"]) {
        if state == "ok" && refund.is_empty() && ordinary.contains(sku) {
            *baskets.entry(order.to_owned()).or_default() += 1;
        }
    }
    baskets.into_values().collect()
}

#[test]
fn popularity_is_zipf_and_mandelbrots() {
    for (exponent, offset, best) in [(1.0, 0.0, 1), (1.0, 20.0, 60), (0.5, 0.0, 60)] {
        // One ordinary product a basket is one draw.
        let model = Model {
            basket_mean: 1.0,
            need_strength: 0.0,
            popularity_exponent: exponent,
            popularity_offset: offset,
            ..Model::default()
        };
        let made = made(GenerateOptions { model, ..options() });
        let ordinary = ordinary(&made);
        let mut sold: BTreeMap<String, usize> = BTreeMap::new();
        for [sku, state, refund] in made.rows("transactions.csv").select(["SKU", "State", "RefundOf"]) {
            if state == "ok" && refund.is_empty() && ordinary.contains(sku) {
                *sold.entry(sku.to_owned()).or_default() += 1;
            }
        }
        let mut counts: Vec<usize> = sold.into_values().collect();
        counts.sort_unstable_by_key(|count| std::cmp::Reverse(*count));
        let (all, of_best) = (counts.iter().sum::<usize>(), counts[..best].iter().sum::<usize>());
        let share: f64 = shares(ordinary.len(), exponent, offset)[..best].iter().sum();
        super::assert_binomial("share of the most popular", of_best, all, share);
    }
}

#[test]
fn baskets_are_as_large_as_was_asked_for() {
    for mean in [1.0, 2.5, 8.0] {
        let model = Model { basket_mean: mean, need_strength: 0.0, ..Model::default() };
        let made = made(GenerateOptions { model: model.clone(), ..options() });
        let sizes = baskets(&made);
        // One draw and a Poisson number more; the same product twice is one line.
        let in_basket = |share: &f64| 1.0 - (1.0 - share) * (-(mean - 1.0) * share).exp();
        let expected: f64 = shares(ordinary(&made).len(), model.popularity_exponent, 0.0).iter().map(in_basket).sum();
        let n = sizes.len() as f64;
        let found = sizes.iter().sum::<usize>() as f64 / n;
        assert_within("products of a basket", found - expected, (mean / n).sqrt());
    }
}

#[test]
fn rates_differ_as_was_asked_for_around_the_same_mean() {
    let default = Model::default();
    let mean = default.rate_shape / default.rate_days;
    for shape in [0.3, 0.9, 4.0] {
        let made = made(GenerateOptions { model: Model::default().with_rate_shape(shape), ..options() });
        let rates: Vec<f64> =
            made.rows("truth/customers.csv").select(["rate_per_day"]).map(|[rate]| real(rate)).collect();
        let n = rates.len() as f64;
        // A gamma distribution's fourth central moment is 3 (1 + 2 / shape) times its squared variance.
        let (variance, fourth) = (mean * mean / shape, 3.0 * (1.0 + 2.0 / shape));
        let found = rates.iter().map(|rate| (rate - mean).powi(2)).sum::<f64>() / n;
        assert_within("mean rate", rates.iter().sum::<f64>() / n - mean, (variance / n).sqrt());
        assert_within("their variance", found - variance, variance * ((fourth - 1.0) / n).sqrt());
    }
}

#[test]
fn variants_are_sizes_within_a_category_and_change_no_purchase() {
    let plain = made(options());
    let share = 0.2;
    let made = made(GenerateOptions { model: Model { variant_share: share, ..Model::default() }, ..options() });
    for file in ["transactions.csv", "customers.csv", "truth/customers.csv", "truth/pairs.csv"] {
        assert!(fs::read(plain.path(file)).unwrap() == fs::read(made.path(file)).unwrap(), "{file}");
    }
    let described = |rows: &Rows| -> Vec<[String; 4]> {
        rows.select(["SKU", "Name", "Category", "Price"]).map(|row| row.map(str::to_owned)).collect()
    };
    let products = made.rows("products.csv");
    assert_eq!(described(&plain.rows("products.csv")), described(&products));
    let category: BTreeMap<&str, &str> =
        products.select(["SKU", "Category"]).map(|[sku, category]| (sku, category)).collect();
    let variants: BTreeMap<&str, &str> =
        products.select(["SKU", "VariantOf"]).filter(|[_, of]| !of.is_empty()).map(|[sku, of]| (sku, of)).collect();
    let ordinary = ordinary(&made);
    assert_eq!(variants.len(), (share * ordinary.len() as f64).ceil() as usize);
    for (variant, of) in &variants {
        assert!(category[variant] == category[of] && ordinary.contains(*variant) && ordinary.contains(*of));
        assert!(!variants.contains_key(of), "{variant} is a size of {of}, which is one itself");
    }
    let pipeline = |made: &Generated| fs::read_to_string(made.path("patronage.toml")).unwrap();
    assert!(pipeline(&made).contains("variant_of = \"VariantOf\"") && !pipeline(&plain).contains("variant_of"));
}

#[test]
fn the_command_line_reaches_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = patronage(folder.path());
    command.args([
        "generate",
        "shop",
        "--customers",
        "50",
        "--products",
        "60",
        "--basket-mean",
        "4.5",
        "--rate-shape",
        "0.45",
    ]);
    command.args(["--popularity-exponent", "1.25", "--popularity-offset", "7", "--variant-share", "0.1"]);
    let answer = said(&mut command);
    assert!(answer.starts_with("exit code: 0"), "{answer}");
    let truth = fs::read_to_string(folder.path().join("shop/truth/model.json")).unwrap();
    let truth: serde_json::Value = serde_json::from_str(&truth).unwrap();
    for (name, value) in [
        ("basket_mean", 4.5),
        ("rate_shape", 0.45),
        ("rate_days", 22.5),
        ("popularity_exponent", 1.25),
        ("popularity_offset", 7.0),
        ("variant_share", 0.1),
    ] {
        assert_eq!(truth["model"][name].as_f64(), Some(value), "{name}");
    }
    let refused = said(patronage(folder.path()).args(["generate", "other", "--variant-share", "0.9"]));
    assert!(refused.contains("exit code: 2") && refused.contains("`variant_share`"), "{refused}");
}
