//! What `recommendation_figures` says: who got how much of what, and which limits held.

use std::collections::BTreeMap;

use super::Catalogue;
use super::figures::Figures;
use super::offer_rows::{ListNo, Row};
use crate::models::affinity::recommend::Target;

/// Products that are sold and still in no list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// Of a muted category.
    pub muted: u64,
    /// Not sold for too long.
    pub unsold: u64,
    /// Bought by too few.
    pub too_few_buyers: u64,
}

/// How many customers there are, and who has no list: `listed` and `bought` are by customer.
pub(super) fn of_customers(figures: &mut Figures, listed: &[bool], bought: &[bool]) {
    let count = |wanted: &dyn Fn(bool, bool) -> bool| {
        listed.iter().zip(bought).filter(|(listed, bought)| wanted(**listed, **bought)).count() as u64
    };
    figures.count("customers", "known", listed.len() as u64, "known customers");
    let not_listed = count(&|listed, _| !listed);
    figures.count("customers", "not_listed", not_listed, "customers without lists: not to be profiled, or gone");
    let cold = count(&|listed, bought| listed && !bought);
    figures.count("customers", "cold", cold, "customers who never bought: their lists are of best-sellers");
}

/// How many products there are, and why some are in no list.
pub(super) fn of_products(figures: &mut Figures, catalogue: &Catalogue<'_>, held: &Held) {
    figures.count("products", "known", catalogue.ids.len() as u64, "products of the catalogue or of a line");
    let mut by_status: BTreeMap<&str, u64> = BTreeMap::new();
    for status in catalogue.status.iter().filter(|status| **status != "ok") {
        *by_status.entry(status).or_default() += 1;
    }
    for (status, products) in by_status {
        figures.count("products", status, products, "products in no list, by their status");
    }
    figures.count("products", "muted", held.muted, "products in no list: [recommendations] muted_categories");
    figures.count("products", "unsold", held.unsold, "products in no list: [recommendations] unsold_days");
    let meaning = "products in no list of new ones: fewer customers than [recommendations] min_buyers bought them";
    figures.limit("products", "too_few_buyers", held.too_few_buyers, meaning);
}

/// How many rows the lists of products have, and how many were cut.
pub(super) fn of_targets(figures: &mut Figures, targets: &[Target]) {
    let lists = || targets.chunk_by(|a, b| a.product == b.product);
    figures.count("targets", "rows", targets.len() as u64, "rows");
    figures.count("targets", "products", lists().count() as u64, "products with a list of customers");
    let cut = lists().filter(|list| list[0].customers_before_cap > list.len() as u64).count() as u64;
    let meaning = "products that more customers may want: [recommendations] ctp_size, contact_cap";
    figures.limit("targets", "cut", cut, meaning);
}

/// What the methods had to say: each a fall-back that was taken or a limit that held.
pub(super) fn of_methods(figures: &mut Figures, notes: &[String]) {
    for (number, note) in (1..).zip(notes) {
        figures.limit("methods", format!("note_{number}"), number, note);
    }
}

/// What became of one list.
#[derive(Debug, Default, Clone, Copy)]
struct ListCount {
    rows: u64,
    customers: u64,
    cut: u64,
}

/// Rows of the lists of customers, counted as they are made.
pub(super) struct ListCounts(BTreeMap<ListNo, ListCount>);

impl ListCounts {
    /// Nothing yet.
    pub(super) fn new() -> ListCounts {
        let lists = [ListNo::CrossSell, ListNo::Replenish, ListNo::WinBack];
        ListCounts(lists.into_iter().map(|list| (list, ListCount::default())).collect())
    }

    /// Counts a row.
    pub(super) fn row(&mut self, row: &Row) {
        let count = self.0.entry(row.list).or_default();
        count.rows += 1;
        count.customers += u64::from(row.rank == 1);
    }

    /// Counts a list that was cut.
    pub(super) fn cut(&mut self, list: ListNo) {
        self.0.entry(list).or_default().cut += 1;
    }

    /// How many rows each list has, how many customers it is of, and how many were cut.
    pub(super) fn say(&self, figures: &mut Figures) {
        for (list, count) in &self.0 {
            figures.count(list.name(), "rows", count.rows, "rows");
            figures.count(list.name(), "customers", count.customers, "customers with such a list");
            // There is always more that is new.
            if *list != ListNo::CrossSell {
                let meaning = "customers for whom there was more than [recommendations] list_size";
                figures.limit(list.name(), "cut", count.cut, meaning);
            }
        }
    }
}
