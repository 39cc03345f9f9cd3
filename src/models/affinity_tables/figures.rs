//! Who got how much of what, and which limits held: the rows of `recommendation_figures`.

use std::collections::BTreeMap;

use super::Catalogue;
use super::offer_rows::{ListNo, Row};
use crate::models::affinity::recommend::Target;
use crate::models::{Rows, Values};

/// One figure: its subject and name, its value, whether something is missing because of it, and what it is in words.
struct Figure {
    subject: String,
    name: String,
    value: u64,
    is_limit: bool,
    meaning: String,
}

/// All figures of a run, in the order in which they were said.
#[derive(Default)]
pub(super) struct Figures(Vec<Figure>);

impl Figures {
    /// Says one.
    fn say(&mut self, subject: &str, name: &str, value: usize, is_limit: bool, meaning: &str) {
        let (subject, name, meaning) = (subject.to_owned(), name.to_owned(), meaning.to_owned());
        self.0.push(Figure { subject, name, value: value as u64, is_limit: is_limit && value > 0, meaning });
    }

    /// How many customers there are, and who has no list: `listed` and `bought` are by customer.
    pub(super) fn of_customers(&mut self, listed: &[bool], bought: &[bool]) {
        let count = |wanted: &dyn Fn(bool, bool) -> bool| {
            listed.iter().zip(bought).filter(|(listed, bought)| wanted(**listed, **bought)).count()
        };
        self.say("customers", "known", listed.len(), false, "known customers");
        self.say("customers", "not_listed", count(&|listed, _| !listed), false, "may not be profiled, or have left");
        let cold = count(&|listed, bought| listed && !bought);
        self.say("customers", "cold", cold, false, "never bought anything: their lists are of best-sellers");
    }

    /// How many products there are, and why some are in no list.
    pub(super) fn of_products(&mut self, catalogue: &Catalogue<'_>, held: &Held) {
        self.say("products", "known", catalogue.ids.len(), false, "products of the catalogue or of a line");
        let mut by_status: BTreeMap<&str, usize> = BTreeMap::new();
        for status in catalogue.status.iter().filter(|status| **status != "ok") {
            *by_status.entry(status).or_default() += 1;
        }
        for (status, products) in by_status {
            self.say("products", status, products, false, "are in no list, by their status");
        }
        self.say("products", "muted", held.muted, false, "are in no list: [recommendations] muted_categories");
        self.say("products", "unsold", held.unsold, false, "are in no list: [recommendations] unsold_days");
        let meaning = "are in no list of new products: bought by fewer than [recommendations] min_buyers";
        self.say("products", "too_few_buyers", held.too_few_buyers, true, meaning);
    }

    /// How many rows the lists of customers have, how many customers they are of, and how many lists were cut.
    pub(super) fn of_lists(&mut self, counts: &ListCounts) {
        for (list, count) in &counts.0 {
            self.say(list.name(), "rows", count.rows, false, "rows");
            self.say(list.name(), "customers", count.customers, false, "customers with such a list");
            let meaning = "customers for whom there was more than [recommendations] list_size";
            self.say(list.name(), "cut", count.cut, true, meaning);
        }
    }

    /// How many rows the lists of products have, and how many were cut.
    pub(super) fn of_targets(&mut self, targets: &[Target]) {
        let lists = || targets.chunk_by(|a, b| a.product == b.product);
        self.say("targets", "rows", targets.len(), false, "rows");
        self.say("targets", "products", lists().count(), false, "products with a list of customers");
        let cut = lists().filter(|list| list[0].customers_before_cap > list.len() as u64).count();
        let meaning = "products that more customers might want: [recommendations] ctp_size or contact_cap";
        self.say("targets", "cut", cut, true, meaning);
    }

    /// What the methods had to say: each a fall-back that was taken or a limit that held.
    pub(super) fn of_methods(&mut self, notes: &[String]) {
        for (number, note) in (1..).zip(notes) {
            self.say("methods", &format!("note_{number}"), number, true, note);
        }
    }

    /// The rows of `recommendation_figures`.
    pub(super) fn rows(self) -> Rows {
        let texts =
            |of: &dyn Fn(&Figure) -> String| Values::Text(self.0.iter().map(|figure| Some(of(figure))).collect());
        vec![
            texts(&|figure| figure.subject.clone()),
            texts(&|figure| figure.name.clone()),
            Values::Whole(self.0.iter().map(|figure| i64::try_from(figure.value).ok()).collect()),
            Values::Boolean(self.0.iter().map(|figure| Some(figure.is_limit)).collect()),
            texts(&|figure| figure.meaning.clone()),
        ]
    }
}

/// Products that are sold and still in no list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// Of a muted category.
    pub muted: usize,
    /// Not sold for too long.
    pub unsold: usize,
    /// Bought by too few.
    pub too_few_buyers: usize,
}

/// What became of one list.
#[derive(Debug, Default, Clone, Copy)]
struct ListCount {
    rows: usize,
    customers: usize,
    cut: usize,
}

/// Rows of the lists, counted as they are made.
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
        count.customers += usize::from(row.rank == 1);
    }

    /// Counts a list that was cut.
    pub(super) fn cut(&mut self, list: ListNo) {
        self.0.entry(list).or_default().cut += 1;
    }
}
