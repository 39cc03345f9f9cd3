//! `affinity_sequence_rows`: what the same customers buy next.

use rayon::prelude::*;

use super::super::Rows;
use super::super::affinity::{Following, Purchase, Sequence, SequenceOptions, rule_id, sequences};
use super::arrays::{bigint, double, integer, text};
use super::figures::Figures;
use super::names::Names;
use super::read::{Catalogue, NONE};
use super::settings::Settings;

/// Lines of one customer beyond which they are no customer but a till: they would take as long as everybody else.
const MOST_LINES: usize = 50_000;

/// A row, its granularity and its name that lasts.
#[derive(Debug)]
pub struct Row {
    granularity: &'static str,
    a: u32,
    b: u32,
    customers: u64,
    found: Sequence,
    rule_id: String,
}

/// Purchases of what is paired: products, or the categories that stand for them.
struct Paired<'a> {
    granularity: &'static str,
    purchases: &'a [Purchase],
    things: usize,
    /// The name number of the first.
    first: u32,
    /// What is never paired, by thing.
    groups: Option<&'a [u32]>,
}

/// Sequences of products, and of categories when they are paired.
pub fn find(
    purchases: &[Purchase],
    catalogue: &Catalogue<'_>,
    names: &Names,
    settings: &Settings,
    figures: &mut Figures,
) -> Vec<Row> {
    let mut rows = Vec::new();
    if settings.pairs("product") {
        let groups = Some(&catalogue.roots[..]);
        let paired = Paired { granularity: "product", purchases, things: catalogue.ids.len(), first: 0, groups };
        rows.extend(paired.rows(names, settings, figures));
    }
    if settings.pairs("category") {
        let grouping = names.categories();
        let of = |purchase: &Purchase| Purchase { product: grouping.of[purchase.product as usize], ..*purchase };
        let mut purchases: Vec<Purchase> =
            purchases.par_iter().map(of).filter(|purchase| purchase.product != NONE).collect();
        purchases.par_sort_unstable();
        purchases.dedup();
        let (things, first) = (grouping.names.len(), grouping.first);
        let paired = Paired { granularity: "category", purchases: &purchases, things, first, groups: None };
        rows.extend(paired.rows(names, settings, figures));
    }
    rows
}

/// `affinity_sequence_rows`.
pub fn table(rows: &[Row], settings: &Settings) -> Rows {
    vec![
        text(rows, |row| row.granularity),
        integer(rows, |row| row.a),
        integer(rows, |row| row.b),
        integer(rows, |row| row.found.rank),
        bigint(rows, |row| row.found.customers_a),
        bigint(rows, |row| row.found.customers_b),
        bigint(rows, |row| row.found.customers_ab),
        bigint(rows, |row| row.found.customers_ba),
        bigint(rows, |row| row.customers),
        double(rows, |row| row.found.rate),
        double(rows, |row| row.found.base_rate),
        double(rows, |row| row.found.lift),
        double(rows, |row| row.found.asymmetry_p),
        double(rows, |row| row.found.p_value),
        double(rows, |row| row.found.q_value),
        double(rows, |row| row.found.median_gap_days),
        integer(rows, |_| settings.sequence_window_days),
        text(rows, |row| &row.rule_id),
    ]
}

impl Paired<'_> {
    fn rows(&self, names: &Names, settings: &Settings, figures: &mut Figures) -> Vec<Row> {
        let options = SequenceOptions {
            window_days: settings.sequence_window_days,
            following: Following::AnyToAny,
            from_day: Some(settings.from_day),
            until_day: None,
            min_count: settings.min_count,
            top: settings.top_k,
            groups: self.groups,
            max_lines_per_customer: Some(MOST_LINES),
        };
        let found = sequences(self.purchases, self.things, &options);
        let subject = format!("sequence {}", self.granularity);
        figures.count(&subject, "customers", found.customers, "customers who bought anything");
        let tills = "customers of more lines than a person has, who were left out";
        figures.limit(&subject, "customers_left_out", found.customers_left_out, tills);
        figures.count(&subject, "eligible", found.products_eligible, "products or categories of enough customers");
        figures.count(&subject, "pairs", found.pairs_counted, "ordered pairs of enough customers");
        figures.count(&subject, "tests", found.tests, "ordered pairs that could have been found");
        let row = |sequence: Sequence| {
            let (a, b) = (self.first + sequence.product_a, self.first + sequence.product_b);
            let rule_id = rule_id("customer", self.granularity, "next", names.name(a), names.name(b));
            Row { granularity: self.granularity, a, b, customers: found.customers, found: sequence, rule_id }
        };
        found.rows.into_iter().map(row).collect()
    }
}
