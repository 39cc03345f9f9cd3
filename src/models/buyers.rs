//! Buyers: how many different customers bought in each scope and calendar period, who of them came for the first time and
//! who was there in the period before.
//!
//! Different customers do not add up: who bought in two months is one buyer of the quarter, and who bought cheese and milk
//! is one buyer of dairy. So each scope counts for itself, in one pass over the customers.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{Frame, Inputs, Model, Rows, Takes, Values};
use crate::error::{Error, Result};

/// The model: from who bought where and what in which month to `scope_buyers`.
pub const MODEL: Model = Model {
    name: "buyers",
    reads: &["calendar", "scope_paths", "order_places", "product_categories", "category_visits"],
    makes: &["scope_buyers"],
    takes: Takes::Whole,
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

/// Customers that are counted in one go: fewer would make more tallies than they save time.
const CUSTOMERS_AT_ONCE: usize = 1 << 14;

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

    /// Adds what was counted of other customers.
    fn merge(mut self, other: Tally) -> Tally {
        for (mine, theirs) in self.counts.iter_mut().flatten().zip(other.counts.iter().flatten()) {
            mine.buyers += theirs.buyers;
            mine.new += theirs.new;
            mine.retained += theirs.retained;
        }
        self
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

    /// The codes of many names, of which neighbours are often the same.
    fn code_all(&mut self, names: impl Iterator<Item = &'a str>) -> Vec<u32> {
        let mut last: Option<(&str, u32)> = None;
        let mut code = |name: &'a str| match last {
            Some((known, code)) if known == name => code,
            _ => last.insert((name, self.code(name))).1,
        };
        names.map(&mut code).collect()
    }
}

/// Where each row of a table belongs: the customer, the month, and the scopes of each leaf.
#[derive(Default)]
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

impl Paths<'_> {
    fn scopes_of(&self, dimension: &str, leaf: &str) -> Vec<u32> {
        self.of_leaf.get(&(dimension, leaf)).cloned().unwrap_or_default()
    }
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

/// A column of small whole numbers, 0 for none.
fn small(frame: &Frame, column: &str) -> Result<Vec<u32>> {
    let values = frame.whole(column)?.into_iter();
    let values = values.map(|value| u32::try_from(value.unwrap_or(0)));
    values.collect::<std::result::Result<_, _>>().map_err(|_| Error::internal(format!("`{column}` is no small number")))
}

/// What was bought at places: the rows of `order_places` with an order. Customers are numbered from 1; 0 is nobody.
fn placed(frame: &Frame, paths: &Paths<'_>) -> Result<Visits> {
    let mut customers = small(frame, "customer_no")?;
    for (customer, orders) in customers.iter_mut().zip(frame.whole("orders")?) {
        if orders.unwrap_or(0) == 0 {
            *customer = 0;
        }
    }
    let dimensions = PLACES.par_iter().map(|(dimension, column)| {
        let mut codes = Codes::default();
        let leaves = codes.code_all(frame.text(column)?.into_iter().map(Option::unwrap_or_default));
        Ok((leaves, codes.names.iter().map(|leaf| paths.scopes_of(dimension, leaf)).collect()))
    });
    let (leaves, scopes_of) = dimensions.collect::<Result<Vec<_>>>()?.into_iter().unzip();
    Ok(Visits { customers, months: small(frame, "month_no")?, leaves, scopes_of })
}

/// What was bought of categories: `category_visits`, whose leaves are the numbers of `product_categories`.
fn bought(frame: &Frame, categories: &Frame, paths: &Paths<'_>) -> Result<Visits> {
    let numbers = small(categories, "category_no")?;
    let mut scopes_of = vec![Vec::new(); numbers.iter().max().map_or(0, |&last| last as usize + 1)];
    for (number, category) in numbers.into_iter().zip(categories.text("category")?) {
        scopes_of[number as usize] = paths.scopes_of("product", category.unwrap_or_default());
    }
    Ok(Visits {
        customers: small(frame, "customer_no")?,
        months: small(frame, "month_no")?,
        leaves: vec![small(frame, "category_no")?],
        scopes_of: vec![scopes_of],
    })
}

fn scope_buyers(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let paths = paths(inputs.table("scope_paths")?)?;
    let kinds = kinds(inputs.table("calendar")?)?;
    let places = inputs.table("order_places")?;
    let placed = placed(places, &paths)?;
    // Without products in the summary, nobody has to look through the categories.
    let of_products = paths.of_leaf.keys().any(|(dimension, _)| *dimension == "product");
    let bought = if of_products {
        bought(inputs.table("category_visits")?, inputs.table("product_categories")?, &paths)?
    } else {
        Visits::default()
    };

    let last = |visits: &Visits| visits.customers.iter().max().map_or(0, |&last| last as usize);
    let count = last(&placed).max(last(&bought)) + 1;
    // The tier is a number there, and the customer's alone.
    let mut tier_of = vec![0; count];
    for (&customer, tier) in placed.customers.iter().zip(small(places, "tier")?) {
        tier_of[customer as usize] = tier;
    }
    let tiers: Vec<Vec<u32>> = (0..=5).map(|tier| paths.scopes_of("tier", &tier.to_string())).collect();
    let all: &[u32] = paths.of_leaf.get(&("all", "all")).map_or(&[], Vec::as_slice);

    let nobody = || Tally::new(kinds.clone(), paths.scopes.codes.len());
    let (by_place, by_category) =
        (ByCustomer::new(&placed.customers, count), ByCustomer::new(&bought.customers, count));
    let visited = |customer: usize, seen: &mut Vec<(u32, u32)>| {
        let own = tiers.get(tier_of[customer] as usize).map_or(&[][..], Vec::as_slice);
        for &row in by_place.of(customer) {
            let month = placed.months[row as usize];
            seen.extend(all.iter().chain(own).map(|&scope| (scope, month)));
            placed.scopes(row as usize, |scope| seen.push((scope, month)));
        }
        for &row in by_category.of(customer) {
            let month = bought.months[row as usize];
            bought.scopes(row as usize, |scope| seen.push((scope, month)));
        }
    };
    // Counts of different customers add up, in any order.
    let tally = (1..count)
        .into_par_iter()
        .with_min_len(CUSTOMERS_AT_ONCE)
        .fold(
            || (nobody(), Vec::new()),
            |(mut tally, mut seen), customer| {
                seen.clear();
                visited(customer, &mut seen);
                tally.add(&mut seen);
                (tally, seen)
            },
        )
        .map(|(tally, _)| tally)
        .reduce(nobody, Tally::merge);
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
    fn counts_of_different_customers_add_up() {
        let count = |visits: &[Vec<(u32, u32)>]| {
            let mut tally = Tally::new(kinds(), 2);
            visits.iter().for_each(|visits| tally.add(&mut visits.clone()));
            tally
        };
        let visits = [vec![(1, 4), (0, 2), (0, 4)], vec![(1, 4)], vec![(1, 3), (1, 4)]];
        let (whole, parts) = (count(&visits), count(&visits[..1]).merge(count(&visits[1..])));
        assert_eq!(whole.counts, parts.counts);
        assert_eq!(counts(&parts, 0, 1, 5)[3], (3, 2, 1));
    }

    #[test]
    fn a_name_has_one_code_wherever_it_stands() {
        let mut codes = Codes::default();
        assert_eq!(codes.code_all(["b", "b", "a", "b", "a"].into_iter()), [0, 0, 1, 0, 1]);
        assert_eq!(codes.names, ["b", "a"]);
    }

    #[test]
    fn rows_are_found_by_customer() {
        let by = ByCustomer::new(&[2, 0, 2, 1], 4);
        assert_eq!((by.of(0), by.of(1), by.of(2), by.of(3)), (&[1][..], &[3][..], &[0, 2][..], &[][..]));
    }
}
