//! The lists: for every customer what new thing they will want, with its reason, and for every product its likeliest
//! customers.

use rayon::prelude::*;

use super::shop::{Room, Served, Shop};
use super::targets::{Pools, Target};
use super::{BackTest, Market, Method, Options, Snapshot};

/// Customers that one thread serves together.
const TOGETHER: usize = 2_048;
/// Pieces of work for each thread between two looks at the products' candidates.
const PIECES: usize = 2;

/// What may not be listed. Applied before lists are cut, so that lists stay full.
#[derive(Debug, Clone, Copy)]
pub struct Filters<'a> {
    /// Per product: in stock, not discontinued, not recalled, its category not muted for everyone.
    pub offered: &'a [bool],
    /// A customer and a product never to be listed to them (given back), in any order.
    pub barred: &'a [(u32, u32)],
    /// A customer and a category never to be listed to them, in any order.
    pub muted: &'a [(u32, u32)],
    /// Per customer: gets lists. Empty: everyone does.
    pub listed: &'a [bool],
}

/// Why a product is in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The customer's own products speak for it.
    BecauseBought,
    /// The most bought of the category the customer buys most; nothing more personal was left.
    PopularInCategory,
    /// The most bought of all; nothing more personal was left.
    Popular,
}

impl Reason {
    /// As tables have it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::BecauseBought => "because_bought",
            Reason::PopularInCategory => "popular_in_category",
            Reason::Popular => "popular",
        }
    }
}

/// A product of the customer's that speaks for a listed one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Number of the product.
    pub product: u32,
    /// Its part of everything that speaks for the listed product.
    pub share: f32,
}

/// A product in a customer's list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offer {
    /// Number of the customer.
    pub customer: u32,
    /// From 1.
    pub rank: u32,
    /// Number of the product.
    pub product: u32,
    /// By the method's own measure.
    pub score: f64,
    /// 0 of fall-backs, else 1 to 100: the hundredth of the back-test's scores, or of the list's best without one.
    pub score_norm: u8,
    /// Of a purchase within the horizon; none without a back-test.
    pub probability: Option<f64>,
    /// What listed it.
    pub method: Method,
    /// Why it is listed.
    pub reason: Reason,
    /// The three that speak loudest for it.
    pub evidence: [Option<Evidence>; 3],
}

/// What is known once all customers have their lists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Offers {
    /// The likeliest customers of each product that is new to them, by product and rank.
    pub targets: Vec<Target>,
    /// Every fall-back that was taken.
    pub notes: Vec<String>,
}

/// Makes every list of new products with the method the back-test chose, fitted on everything before `as_of_day`, and shows
/// it to `take`: customer after customer, as they are numbered, so that no more lists than those of a few are held.
pub fn offers(
    market: &Market<'_>,
    filters: &Filters<'_>,
    options: &Options,
    tested: &BackTest,
    mut take: impl FnMut(u32, &[Offer]),
) -> Offers {
    let snapshot = Snapshot::before(options.as_of_day, market, options);
    let mut all = Offers::default();
    let mut shop = Shop::open(&snapshot, filters, options, tested, &mut all.notes);
    let unit = shop.new.as_ref().map_or(1.0, |new| new.unit);
    let mut pools = Pools::new(market.products, options, shop.curve(), unit);
    let customers: Vec<u32> = (0u32..)
        .take(market.customers)
        .filter(|customer| *filters.listed.get(*customer as usize).unwrap_or(&true))
        .collect();
    let room = || Room::new(market.products);
    for batch in customers.chunks(TOGETHER * PIECES * rayon::current_num_threads()) {
        let mut served: Vec<Served> =
            batch.par_chunks(TOGETHER).map_init(room, |room, numbers| shop.serve(numbers, &pools, room)).collect();
        for (numbers, served) in batch.chunks(TOGETHER).zip(&served) {
            shop.fit_tail(numbers, &served.lists);
        }
        let numbered = batch.par_chunks(TOGETHER).zip(&mut served);
        numbered.for_each_init(room, |room, (numbers, served)| {
            for (number, list) in numbers.iter().zip(&mut served.lists) {
                shop.fill(*number, list, room);
            }
        });
        for (numbers, served) in batch.chunks(TOGETHER).zip(served) {
            numbers.iter().zip(&served.lists).for_each(|(number, list)| take(*number, list));
            served.scored.iter().for_each(|product| pools.count(*product));
            served.candidates.into_iter().for_each(|(product, candidate)| pools.push(product, candidate));
        }
    }
    all.targets = pools.finish(market.customers, options);
    all
}
