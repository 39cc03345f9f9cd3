//! Buyers: how many different customers bought in each scope and calendar period, who of them came for the first time and
//! who was there in the period before.
//!
//! Different customers do not add up: who bought in two months is one buyer of the quarter, and who bought cheese and milk
//! is one buyer of dairy. So each scope counts for itself, in one pass over the customers.

use std::collections::HashMap;

use super::{Frame, Inputs, Model, Rows, Values};
use crate::error::{Error, Result};

/// The model: from who bought where and what in which month to `scope_buyers`.
pub const MODEL: Model = Model {
    name: "buyers",
    reads: &["calendar", "scope_paths", "order_places", "category_visits"],
    makes: &["scope_buyers"],
    compute: scope_buyers,
};

/// Flat and regional dimensions of `order_places`, with their columns.
const PLACES: [(&str, &str); 5] = [
    ("region", "region"),
    ("channel", "channel"),
    ("store", "store_id"),
    ("team", "rep_id"),
    ("partner", "partner_id"),
];

/// One kind of calendar period: which period each month is in.
#[derive(Debug, Clone, PartialEq)]
pub struct Kind {
    /// `month`, `quarter` or `year`.
    pub name: String,
    /// Number of the period that holds month `index + 1`; ascending.
    pub period_of_month: Vec<u32>,
}

/// Counts of one scope in one period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Different customers who bought.
    pub buyers: i64,
    /// Of them, who had never bought in the scope before.
    pub new: i64,
    /// Of them, who had bought in the scope in the period before.
    pub retained: i64,
}

/// Counts of all scopes over the periods of each kind.
#[derive(Debug)]
pub struct Tally {
    kinds: Vec<Kind>,
    /// By kind, then by scope times periods plus period less one.
    counts: Vec<Vec<Counts>>,
    periods: Vec<usize>,
}

impl Tally {
    /// Nobody yet, in `scopes` scopes.
    pub fn new(kinds: Vec<Kind>, scopes: usize) -> Self {
        let periods: Vec<usize> =
            kinds.iter().map(|kind| kind.period_of_month.last().map_or(0, |&last| last as usize)).collect();
        let counts = periods.iter().map(|periods| vec![Counts::default(); periods * scopes]).collect();
        Tally { kinds, counts, periods }
    }

    /// Counts one customer: pairs of a scope and a month in which they bought there, in any order, repeated or not. Month 0
    /// is any time before the calendar.
    pub fn add(&mut self, visits: &mut Vec<(u32, u32)>) {
        visits.sort_unstable();
        visits.dedup();
        for of_scope in visits.chunk_by(|a, b| a.0 == b.0) {
            for (kind, of_kind) in self.kinds.iter().enumerate() {
                let first = of_scope[0].0 as usize * self.periods[kind];
                let mut last = None;
                for &(_, month) in of_scope {
                    let period = match month {
                        0 => 0,
                        _ => of_kind.period_of_month[month as usize - 1],
                    };
                    if last == Some(period) {
                        continue;
                    }
                    if period > 0 {
                        let counts = &mut self.counts[kind][first + period as usize - 1];
                        counts.buyers += 1;
                        counts.new += i64::from(last.is_none());
                        counts.retained += i64::from(period > 1 && last == Some(period - 1));
                    }
                    last = Some(period);
                }
            }
        }
    }

    /// The counts of a scope in a period of a kind.
    pub fn counts(&self, kind: usize, scope: usize, period_no: usize) -> Counts {
        self.counts[kind][scope * self.periods[kind] + period_no - 1]
    }
}

/// Names as numbers, in the order in which they come.
#[derive(Default)]
struct Codes<'a> {
    codes: HashMap<&'a str, u32>,
    names: Vec<&'a str>,
}

impl<'a> Codes<'a> {
    fn code(&mut self, name: &'a str) -> u32 {
        let names = &mut self.names;
        *self.codes.entry(name).or_insert_with(|| {
            names.push(name);
            names.len() as u32 - 1
        })
    }
}

/// Where each row of a table belongs: the customer, the month, and the scopes of each leaf.
struct Visits {
    customers: Vec<u32>,
    months: Vec<u32>,
    /// For each dimension, the leaf of each row; its scopes are in `scopes_of`.
    leaves: Vec<Vec<u32>>,
    /// For each dimension, the scopes of each leaf.
    scopes_of: Vec<Vec<Vec<u32>>>,
}

/// Rows of one table by customer: `rows[start[c]..start[c + 1]]` are those of customer `c`.
struct ByCustomer {
    start: Vec<u32>,
    rows: Vec<u32>,
}

impl ByCustomer {
    fn new(customers: &[u32], count: usize) -> Self {
        let mut start = vec![0u32; count + 1];
        for &customer in customers {
            start[customer as usize + 1] += 1;
        }
        for customer in 0..count {
            start[customer + 1] += start[customer];
        }
        let mut next = start.clone();
        let mut rows = vec![0u32; customers.len()];
        for (row, &customer) in (0u32..).zip(customers) {
            rows[next[customer as usize] as usize] = row;
            next[customer as usize] += 1;
        }
        ByCustomer { start, rows }
    }

    fn of(&self, customer: usize) -> &[u32] {
        &self.rows[self.start[customer] as usize..self.start[customer + 1] as usize]
    }
}

/// The scopes of each leaf, by dimension.
struct Paths<'a> {
    scopes: Codes<'a>,
    of_leaf: HashMap<(&'a str, &'a str), Vec<u32>>,
}

fn paths(frame: &Frame) -> Result<Paths<'_>> {
    let (dimensions, leaves, scopes) = (frame.text("dimension")?, frame.text("leaf")?, frame.text("scope")?);
    let mut paths = Paths { scopes: Codes::default(), of_leaf: HashMap::new() };
    for ((dimension, leaf), scope) in dimensions.into_iter().zip(leaves).zip(scopes) {
        if let (Some(dimension), Some(leaf), Some(scope)) = (dimension, leaf, scope) {
            let scope = paths.scopes.code(scope);
            paths.of_leaf.entry((dimension, leaf)).or_default().push(scope);
        }
    }
    Ok(paths)
}

/// The kinds that the summary asks for, from `calendar`.
fn kinds(frame: &Frame) -> Result<Vec<Kind>> {
    let (names, numbers) = (frame.text("period_kind")?, frame.whole("period_no")?);
    let (starts, ends, asked) = (frame.whole("start_day")?, frame.whole("end_day")?, frame.boolean("in_summary")?);
    let mut months = Vec::new();
    let mut periods: Vec<(&str, u32, i64, i64)> = Vec::new();
    for row in 0..frame.rows() {
        let (Some(name), Some(number), Some(start), Some(end)) = (names[row], numbers[row], starts[row], ends[row])
        else {
            continue;
        };
        if name == "month" {
            months.push((number, start));
        }
        if asked[row] == Some(true) {
            periods.push((name, number as u32, start, end));
        }
    }
    months.sort_unstable();
    let mut kinds: Vec<Kind> = Vec::new();
    for of_kind in periods.chunk_by(|a, b| a.0 == b.0) {
        let period_of = |start: i64| {
            let found = of_kind.iter().find(|(_, _, first, end)| start >= *first && start < *end);
            found.map(|(_, number, _, _)| *number)
        };
        let period_of_month = months.iter().map(|&(_, start)| period_of(start)).collect::<Option<Vec<u32>>>();
        let period_of_month =
            period_of_month.ok_or_else(|| Error::internal("a month of the calendar is in no period of a kind"))?;
        kinds.push(Kind { name: of_kind[0].0.to_owned(), period_of_month });
    }
    Ok(kinds)
}

/// The rows of a table in which an identified customer bought something.
fn visits<'a>(
    frame: &'a Frame,
    bought: &[bool],
    dimensions: &[(&str, &str)],
    paths: &Paths<'_>,
    customers: &mut Codes<'a>,
) -> Result<Visits> {
    let ids = frame.text("customer_id")?;
    let taken: Vec<usize> = (0..frame.rows()).filter(|&row| bought[row] && ids[row].is_some()).collect();
    let mut found = Visits { customers: Vec::new(), months: Vec::new(), leaves: Vec::new(), scopes_of: Vec::new() };
    found.customers = taken.iter().filter_map(|&row| ids[row]).map(|id| customers.code(id)).collect();
    drop(ids);
    let months = frame.whole("month_no")?;
    found.months = taken.iter().map(|&row| months[row].unwrap_or(0) as u32).collect();
    drop(months);
    for (dimension, column) in dimensions {
        let names = frame.text(column)?;
        let mut codes = Codes::default();
        found.leaves.push(taken.iter().map(|&row| codes.code(names[row].unwrap_or_default())).collect());
        let scopes =
            codes.names.iter().map(|leaf| paths.of_leaf.get(&(*dimension, *leaf)).cloned().unwrap_or_default());
        found.scopes_of.push(scopes.collect());
    }
    Ok(found)
}

fn scope_buyers(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let paths = paths(inputs.table("scope_paths")?)?;
    let kinds = kinds(inputs.table("calendar")?)?;
    let places = inputs.table("order_places")?;
    let categories = inputs.table("category_visits")?;

    let mut customers = Codes::default();
    let ordered: Vec<bool> = places.whole("orders")?.into_iter().map(|orders| orders.unwrap_or(0) > 0).collect();
    let placed = visits(places, &ordered, &PLACES, &paths, &mut customers)?;
    // The tier is a number there, and the customer's alone.
    let tiers: Vec<Option<i64>> = places.whole("tier")?;
    // Without products in the summary, nobody has to look through the categories.
    let of_products = paths.of_leaf.keys().any(|(dimension, _)| *dimension == "product");
    let sold = vec![of_products; categories.rows()];
    let bought = visits(categories, &sold, &[("product", "category")], &paths, &mut customers)?;

    let count = customers.codes.len();
    let tier_of: Vec<i64> = {
        let mut tier_of = vec![0; count];
        let ids = places.text("customer_id")?;
        for (id, tier) in ids.into_iter().zip(tiers) {
            if let Some(&customer) = id.and_then(|id| customers.codes.get(id)) {
                tier_of[customer as usize] = tier.unwrap_or(0);
            }
        }
        tier_of
    };
    let scopes_of_tier = |tier: i64| paths.of_leaf.get(&("tier", tier.to_string().as_str())).cloned();
    let tiers: HashMap<i64, Vec<u32>> = (0..=5).filter_map(|tier| Some((tier, scopes_of_tier(tier)?))).collect();
    let all: &[u32] = paths.of_leaf.get(&("all", "all")).map_or(&[], Vec::as_slice);

    let mut tally = Tally::new(kinds, paths.scopes.codes.len());
    let (by_place, by_category) =
        (ByCustomer::new(&placed.customers, count), ByCustomer::new(&bought.customers, count));
    let mut seen: Vec<(u32, u32)> = Vec::new();
    for (customer, tier) in tier_of.iter().enumerate() {
        seen.clear();
        let own = tiers.get(tier).map_or(&[][..], Vec::as_slice);
        for &row in by_place.of(customer) {
            let month = placed.months[row as usize];
            seen.extend(all.iter().chain(own).map(|&scope| (scope, month)));
            placed.scopes(row as usize, |scope| seen.push((scope, month)));
        }
        for &row in by_category.of(customer) {
            let month = bought.months[row as usize];
            bought.scopes(row as usize, |scope| seen.push((scope, month)));
        }
        tally.add(&mut seen);
    }
    Ok(vec![rows(&tally, &paths.scopes)])
}

impl Visits {
    fn scopes(&self, row: usize, mut take: impl FnMut(u32)) {
        for (leaves, scopes_of) in self.leaves.iter().zip(&self.scopes_of) {
            scopes_of[leaves[row] as usize].iter().for_each(|&scope| take(scope));
        }
    }
}

/// Rows of `scope_buyers`: every scope and period in which somebody bought.
fn rows(tally: &Tally, scopes: &Codes<'_>) -> Rows {
    let mut names: Vec<(&str, u32)> = scopes.names.iter().copied().zip(0..).collect();
    names.sort_unstable();
    let (mut scope_names, mut kinds, mut numbers) = (vec![], vec![], vec![]);
    let (mut buyers, mut new, mut retained) = (vec![], vec![], vec![]);
    for (name, code) in names {
        for (index, kind) in tally.kinds.iter().enumerate() {
            for period in 1..=tally.periods[index] {
                let counts = tally.counts(index, code as usize, period);
                if counts.buyers > 0 {
                    scope_names.push(Some(name.to_owned()));
                    kinds.push(Some(kind.name.clone()));
                    numbers.push(Some(period as i64));
                    buyers.push(Some(counts.buyers));
                    new.push(Some(counts.new));
                    retained.push(Some(counts.retained));
                }
            }
        }
    }
    vec![
        Values::Text(scope_names),
        Values::Text(kinds),
        Values::Whole(numbers),
        Values::Whole(buyers),
        Values::Whole(new),
        Values::Whole(retained),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds() -> Vec<Kind> {
        // Five months: the last of one quarter, a whole quarter, the first of a third.
        vec![
            Kind { name: "month".into(), period_of_month: vec![1, 2, 3, 4, 5] },
            Kind { name: "quarter".into(), period_of_month: vec![1, 2, 2, 2, 3] },
        ]
    }

    fn counts(tally: &Tally, kind: usize, scope: usize, periods: usize) -> Vec<(i64, i64, i64)> {
        let of = |period| tally.counts(kind, scope, period);
        (1..=periods).map(of).map(|counts| (counts.buyers, counts.new, counts.retained)).collect()
    }

    #[test]
    fn who_buys_in_two_months_is_one_buyer_of_the_quarter() {
        let mut tally = Tally::new(kinds(), 1);
        tally.add(&mut vec![(0, 3), (0, 2), (0, 3)]);
        assert_eq!(counts(&tally, 0, 0, 5), [(0, 0, 0), (1, 1, 0), (1, 0, 1), (0, 0, 0), (0, 0, 0)]);
        assert_eq!(counts(&tally, 1, 0, 3), [(0, 0, 0), (1, 1, 0), (0, 0, 0)]);
    }

    #[test]
    fn who_comes_back_after_a_gap_is_neither_new_nor_retained() {
        let mut tally = Tally::new(kinds(), 1);
        tally.add(&mut vec![(0, 1), (0, 5)]);
        assert_eq!(counts(&tally, 0, 0, 5)[4], (1, 0, 0));
        assert_eq!(counts(&tally, 1, 0, 3), [(1, 1, 0), (0, 0, 0), (1, 0, 0)]);
    }

    #[test]
    fn who_bought_before_the_calendar_is_not_new_and_not_known_to_be_retained() {
        let mut tally = Tally::new(kinds(), 1);
        tally.add(&mut vec![(0, 0), (0, 1), (0, 2)]);
        assert_eq!(counts(&tally, 0, 0, 2), [(1, 0, 0), (1, 0, 1)]);
    }

    #[test]
    fn each_scope_counts_for_itself() {
        let mut tally = Tally::new(kinds(), 2);
        tally.add(&mut vec![(1, 4), (0, 2), (0, 4)]);
        tally.add(&mut vec![(1, 4)]);
        assert_eq!(counts(&tally, 0, 0, 5)[3], (1, 0, 0));
        assert_eq!(counts(&tally, 0, 1, 5)[3], (2, 2, 0));
        assert_eq!(counts(&tally, 1, 0, 3)[1], (1, 1, 0));
    }

    #[test]
    fn rows_are_found_by_customer() {
        let by = ByCustomer::new(&[2, 0, 2, 1], 4);
        assert_eq!((by.of(0), by.of(1), by.of(2), by.of(3)), (&[1][..], &[3][..], &[0, 2][..], &[][..]));
    }
}
