//! The lists: for every customer what new thing they will want and what they will buy again, each with its reason.

use rayon::prelude::*;

use super::fitted::Sheet;
use super::shop::{Served, Shop};
use super::targets::{Pools, Target};
use super::{BackTest, FitAgain, List, Market, Method, Options, Snapshot};

/// Customers between two looks at the products' candidates.
const BATCH: usize = 2_048;

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
    /// The customer bought it before.
    OwnPurchases,
}

impl Reason {
    /// As tables have it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::BecauseBought => "because_bought",
            Reason::PopularInCategory => "popular_in_category",
            Reason::Popular => "popular",
            Reason::OwnPurchases => "own_purchases",
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

/// All lists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Offers {
    /// Products new to the customer, by customer and rank.
    pub cross_sell: Vec<Offer>,
    /// Products bought before, by customer and rank.
    pub again: Vec<Offer>,
    /// The likeliest customers of each product that is new to them, by product and rank.
    pub targets: Vec<Target>,
    /// Every fall-back that was taken.
    pub notes: Vec<String>,
}

/// Makes every list with the methods the back-test chose, fitted on everything before `as_of_day`.
pub fn offers(
    market: &Market<'_>,
    filters: &Filters<'_>,
    options: &Options,
    tested: &BackTest,
    again: Option<FitAgain<'_>>,
) -> Offers {
    let snapshot = Snapshot::before(options.as_of_day, market, options);
    let mut all = Offers::default();
    let shop = Shop::open(&snapshot, filters, options, tested, again, &mut all.notes);
    let mut pools = Pools::new(market.products, options);
    let customers: Vec<u32> = (0u32..)
        .take(market.customers)
        .filter(|customer| *filters.listed.get(*customer as usize).unwrap_or(&true))
        .collect();
    for batch in customers.chunks(BATCH) {
        let served: Vec<Served> = batch
            .par_iter()
            .map_init(|| Sheet::new(market.products), |sheet, customer| shop.serve(*customer, &pools, sheet))
            .collect();
        for one in served {
            all.cross_sell.extend(one.cross_sell);
            all.again.extend(one.again);
            for product in one.scored {
                pools.count(product);
            }
            for (product, candidate) in one.candidates {
                pools.push(product, candidate);
            }
        }
    }
    if let Some(new) = &shop.new {
        let has_curve = tested.curve(List::New, new.method).is_some();
        all.targets = pools.finish(market.customers, options, new.unit, has_curve);
    }
    all
}
