//! Recommendations as tables: purchases by number through [`recommend`](crate::models::affinity::recommend) and
//! [`replenishment`], and back as lists by customer and by product, the rhythm of products and the back-test
//! (`spec/affinity.md` 6, 7).
//!
//! Three lists that are never mixed. What is bought again and what is new are two questions with two answers: a customer's own
//! purchases tell twice as much about the first as any model of products does (`spec/affinity.md` 0.4).

use super::evaluation::evaluation_rows;
use super::figures::Figures;
use super::offer_figures::{Held, ListCounts, of_customers, of_methods, of_products, of_targets};
use super::offer_rows::{ListNo, OfferRows, ReasonNo, Row, bigints, doubles, integers, number};
use super::offer_settings::Settings;
use super::replenishment::{Order, cycle_rows, own_lists};
use super::{Catalogue, catalogue, purchases};
use crate::error::{Error, Result};
use crate::models::affinity::recommend::{
    AgainScore, Baskets, Filters, List, Market, Method, Offer, Reason, Target, back_test, offers,
};
use crate::models::affinity::{Purchase, Replenishment, ReplenishmentOptions, replenishment};
use crate::models::{Inputs, Model, Rows, Takes};

/// Reads what known customers bought and gave back; makes their lists, and what says how far to trust them.
pub const MODEL: Model = Model {
    name: "recommendations",
    reads: &[
        "run_params",
        "offered_products",
        "basket_lines",
        "offer_customers",
        "given_back",
        "product_categories",
        "muted_categories",
    ],
    makes: &[
        "customer_offers",
        "product_targets",
        "offer_rules",
        "affinity_cycles",
        "affinity_evaluation",
        "recommendation_figures",
    ],
    takes: Takes::Whole,
    compute,
};

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let mut settings = Settings::read(inputs)?;
    let catalogue = catalogue(inputs)?;
    let margins_e4 = inputs.table("offered_products")?.whole("margin_e4")?;
    let mut rows = OfferRows::new(&catalogue.ids, &margins_e4);
    if !settings.enabled {
        let (offers, rules) = rows.finish();
        let nothing = [target_rows(&[], false), rules, cycle_rows(&[], &[], &[]), evaluation_rows(None, 0)];
        return Ok([vec![offers], nothing.to_vec(), vec![Figures::default().rows()]].concat());
    }
    let bought = purchases(inputs)?;
    let listed = listed(inputs)?;
    settings.shorten_for(bought.iter().map(|bought| bought.day).min().unwrap_or(settings.as_of_day));
    let baskets = BasketLines::read(inputs)?;
    let market = Market {
        customers: listed.len(),
        products: catalogue.ids.len(),
        purchases: &bought,
        baskets: Some(Baskets { lines: &baskets.lines, days: &baskets.days }),
        categories: &catalogue.categories,
        roots: if has_variants(&catalogue.roots) { &catalogue.roots } else { &[] },
    };
    let rhythm = |purchases: &[Purchase], as_of_day: i32| {
        let options = ReplenishmentOptions {
            as_of_day,
            horizon_days: settings.options.holdout_days,
            categories: &catalogue.categories,
        };
        replenishment(purchases, catalogue.ids.len(), &options)
    };
    let again = |purchases: &[Purchase], first_unknown_day: i32| scores(&rhythm(purchases, first_unknown_day));
    let tested = back_test(&market, &settings.options, Some(&again));
    let (offered, held) = offered(inputs, &catalogue, &bought, &settings)?;
    let returned = returned(inputs)?;
    let filters = Filters { offered: &offered, barred: &returned, muted: &[], listed: &listed };
    let order = Order {
        method: match tested.method(List::Again) {
            own @ (Method::OwnFrequency | Method::OwnDecayed) => own,
            _ => Method::Replenishment,
        },
        half_life_days: settings.options.half_life_days,
        as_of_day: settings.as_of_day,
    };
    // What a handful of customers did says nothing of how likely a purchase is.
    let enough = settings.options.min_test_customers as u64;
    let is_judged = tested.rows.iter().any(|row| row.list == List::New && row.customers >= enough);
    let mut counts = ListCounts::new();
    let now = rhythm(&bought, settings.as_of_day);
    let (mut due, mut days) = (Runs(&now.rows), Runs(&bought));
    let found = offers(&market, &filters, &settings.options, &tested, |customer, new| {
        let due = due.of(customer, |again| again.customer);
        let days = days.of(customer, |bought| bought.customer);
        // What is bought again is listed by its status: one list would mix what is due with what was given up.
        let own = own_lists(due, days, &order, &offered, settings.options.list_size, &mut counts);
        for row in new.iter().map(|offer| cross_sell(offer, is_judged)).chain(own) {
            counts.row(&row);
            rows.push(&row);
        }
    });
    let (offers, rules) = rows.finish();
    let mut sold = vec![false; catalogue.ids.len()];
    let mut buyers = vec![false; listed.len()];
    for bought in &bought {
        sold[bought.product as usize] = true;
        buyers[bought.customer as usize] = true;
    }
    let mut figures = Figures::default();
    of_customers(&mut figures, &listed, &buyers);
    of_products(&mut figures, &catalogue, &held);
    counts.say(&mut figures);
    of_targets(&mut figures, &found.targets);
    of_methods(&mut figures, &[tested.notes.as_slice(), &found.notes].concat());
    Ok(vec![
        offers,
        target_rows(&found.targets, is_judged),
        rules,
        cycle_rows(&now.cycles, &catalogue.ids, &sold),
        evaluation_rows(Some(&tested), settings.options.holdout_days),
        figures.rows(),
    ])
}

/// Rows of one customer after the other, of rows in the order of customers. Customers may be passed over.
struct Runs<'a, T>(&'a [T]);

impl<'a, T> Runs<'a, T> {
    fn of(&mut self, customer: u32, of: impl Fn(&T) -> u32) -> &'a [T] {
        let until =
            |rows: &[T], is_in: &dyn Fn(u32) -> bool| rows.iter().position(|row| !is_in(of(row))).unwrap_or(rows.len());
        let (_, from) = self.0.split_at(until(self.0, &|other| other < customer));
        let (run, rest) = from.split_at(until(from, &|other| other == customer));
        self.0 = rest;
        run
    }
}

/// For each known customer, in the order of numbers, whether there may be lists.
fn listed(inputs: &Inputs<'_>) -> Result<Vec<bool>> {
    let customers = inputs.table("offer_customers")?;
    if (1i32..).zip(customers.integers("customer_no")?).any(|(expected, no)| expected != *no) {
        return Err(Error::internal("customers are not numbered from 1 without a gap"));
    }
    Ok(customers.boolean("is_listed")?.into_iter().map(|listed| listed == Some(true)).collect())
}

/// For each product, whether it may be in a list: sold now, still sold at all, and of no muted category; and how many are not.
fn offered(
    inputs: &Inputs<'_>,
    catalogue: &Catalogue<'_>,
    bought: &[Purchase],
    settings: &Settings,
) -> Result<(Vec<bool>, Held)> {
    let muted = inputs.table("muted_categories")?.text("category")?;
    let is_muted = |category: &str| muted.iter().flatten().any(|muted| is_within(category, muted));
    // A product without a category has none that could be muted.
    let muted: Vec<bool> = catalogue.category_names.iter().map(|category| is_muted(category)).collect();
    let mut last_sold = vec![None; catalogue.ids.len()];
    let mut buyers = vec![0u32; catalogue.ids.len()];
    for bought in bought.chunk_by(|a, b| (a.customer, a.product) == (b.customer, b.product)) {
        let product = bought[0].product as usize;
        buyers[product] += 1;
        last_sold[product] = last_sold[product].max(bought.last().map(|bought| bought.day));
    }
    let mut held = Held::default();
    let mut offered = catalogue.eligible.clone();
    for (product, offered) in offered.iter_mut().enumerate().filter(|(_, offered)| **offered) {
        let age = last_sold[product].map(|day| settings.as_of_day - day);
        if muted.get(catalogue.categories[product] as usize) == Some(&true) {
            held.muted += 1;
            *offered = false;
        } else if settings.unsold_days.is_some_and(|most| age.is_none_or(|age| age > most)) {
            held.unsold += 1;
            *offered = false;
        } else if buyers[product] < settings.options.min_buyers {
            held.too_few_buyers += 1;
        }
    }
    Ok((offered, held))
}

/// Whether two products share a root.
fn has_variants(roots: &[u32]) -> bool {
    let mut sorted = roots.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

/// Whether a category is another one or below it: paths are cut at `/`.
fn is_within(category: &str, other: &str) -> bool {
    category.strip_prefix(other).is_some_and(|below| below.is_empty() || below.starts_with('/'))
}

/// Who gave back which product, all of it.
fn returned(inputs: &Inputs<'_>) -> Result<Vec<(u32, u32)>> {
    let returned = inputs.table("given_back")?;
    let pairs = returned.integers("customer_no")?.iter().zip(returned.integers("product_no")?);
    Ok(pairs.map(|(customer, product)| (index(*customer), index(*product))).collect())
}

/// Which products are in which baskets, and on which day each was bought.
struct BasketLines {
    lines: Vec<(u32, u32)>,
    days: Vec<i32>,
}

impl BasketLines {
    fn read(inputs: &Inputs<'_>) -> Result<BasketLines> {
        let table = inputs.table("basket_lines")?;
        let (orders, products) = (table.narrow("order_no")?, table.integers("product_no")?);
        let last = orders.iter().copied().max().unwrap_or_default();
        let mut days = vec![i32::MAX; usize::try_from(last).unwrap_or_default()];
        for (order, day) in orders.iter().zip(table.integers("order_day")?) {
            days[index(*order) as usize] = *day;
        }
        let lines = orders.iter().zip(products).map(|(order, product)| (index(*order), index(*product))).collect();
        Ok(BasketLines { lines, days })
    }
}

fn scores(rhythm: &Replenishment) -> Vec<AgainScore> {
    let score = |again: &crate::models::affinity::Again| AgainScore {
        customer: again.customer,
        product: again.product,
        score: again.probability,
    };
    rhythm.rows.iter().map(score).filter(|again| again.score > 0.0).collect()
}

fn cross_sell(offer: &Offer, is_judged: bool) -> Row {
    Row {
        customer: offer.customer,
        list: ListNo::CrossSell,
        rank: offer.rank,
        product: offer.product,
        score: offer.score,
        score_norm: offer.score_norm.into(),
        probability: offer.probability.filter(|_| is_judged),
        method_no: method_no(offer.method),
        reason: match offer.reason {
            Reason::BecauseBought => ReasonNo::BecauseBought,
            Reason::PopularInCategory => ReasonNo::PopularInCategory,
            Reason::Popular => ReasonNo::Popular,
        },
        evidence: offer.evidence.map(|evidence| evidence.map(|evidence| (evidence.product, f64::from(evidence.share)))),
        rhythm: None,
    }
}

/// The number of a method that `affinity_ptc.sql` names.
pub(super) fn method_no(method: Method) -> i32 {
    match method {
        Method::Popularity => 1,
        Method::CustomerLlr => 2,
        Method::BasketLlr => 3,
        Method::CustomerCosine => 4,
        Method::Ease => 5,
        Method::Als => 6,
        Method::OwnFrequency => 7,
        Method::OwnDecayed => 8,
        Method::Replenishment => 9,
    }
}

/// The rows of `product_targets`.
fn target_rows(targets: &[Target], is_judged: bool) -> Rows {
    let probability = |target: &Target| target.probability.filter(|_| is_judged).unwrap_or(f64::NAN);
    vec![
        integers(targets.iter().map(|target| number(target.product)).collect()),
        integers(targets.iter().map(|target| target.rank as i32).collect()),
        integers(targets.iter().map(|target| number(target.customer)).collect()),
        doubles(targets.iter().map(|target| target.score).collect()),
        doubles(targets.iter().map(|target| probability(target)).collect()),
        bigints(targets.iter().map(|target| target.customers_before_cap as i64).collect()),
    ]
}

/// The index of a number that begins with 1.
fn index(number: i32) -> u32 {
    u32::try_from(number - 1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_holds_what_is_below_it_and_no_namesake() {
        assert!(is_within("food/alcohol", "food/alcohol") && is_within("food/alcohol/wine", "food/alcohol"));
        assert!(!is_within("food/alcohol-free", "food/alcohol") && !is_within("food", "food/alcohol"));
    }

    #[test]
    fn runs_are_of_one_customer_and_may_be_empty() {
        let rows = [(0, 'a'), (2, 'b'), (2, 'c')];
        let mut runs = Runs(&rows[..]);
        let found: Vec<usize> = (0..4).map(|customer| runs.of(customer, |row| row.0).len()).collect();
        assert_eq!(found, [1, 0, 2, 0]);
        let mut runs = Runs(&rows[..]);
        assert_eq!(runs.of(2, |row| row.0), [(2, 'b'), (2, 'c')]);
    }
}
