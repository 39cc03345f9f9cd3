//! One customer: what may be listed to them, and their list.

use super::best::Winner;
use super::calibration::Curve;
use super::fitted::Fitted;
use super::sheet::Sheet;
use super::shop::Shop;
use super::snapshot::NEVER;
use super::{Evidence, List, Method, Offer, Reason};

/// What one customer may be listed.
pub(super) struct Customer<'a> {
    shop: &'a Shop<'a>,
    pub number: u32,
    idle_days: u32,
    barred: &'a [(u32, u32)],
    muted: &'a [(u32, u32)],
    /// What the customer's products are variants of, ascending; empty where there are no variants.
    roots: Vec<u32>,
    /// Whether nothing of all this is.
    is_free: bool,
}

/// A fitted method, and what its scores are worth in lists of new products.
pub(super) struct Listing<'a> {
    shop: &'a Shop<'a>,
    fitted: &'a Fitted,
    curve: Option<&'a Curve>,
}

/// The pairs of one customer.
fn of(pairs: &[(u32, u32)], number: u32) -> &[(u32, u32)] {
    let from = pairs.partition_point(|(customer, _)| *customer < number);
    let to = pairs.partition_point(|(customer, _)| *customer <= number);
    &pairs[from..to]
}

/// Ranks count from 1.
fn rank(listed: usize) -> u32 {
    u32::try_from(listed + 1).unwrap_or(u32::MAX)
}

impl<'a> Customer<'a> {
    pub fn new(shop: &'a Shop<'a>, number: u32) -> Customer<'a> {
        let all_roots = shop.snapshot.market.roots;
        let mut roots: Vec<u32> = Vec::new();
        if !all_roots.is_empty() {
            // Also of what is no longer eligible: a new variant of it is not a new thing.
            roots.extend(shop.snapshot.purchases_of(number).iter().map(|row| all_roots[row.product as usize]));
            roots.sort_unstable();
            roots.dedup();
        }
        let last = shop.snapshot.last_day[number as usize];
        let idle_days = if last == NEVER { u32::MAX } else { shop.snapshot.day.abs_diff(last) };
        let (barred, muted) = (of(&shop.barred, number), of(&shop.muted, number));
        let is_free = barred.is_empty() && muted.is_empty() && roots.is_empty();
        Customer { shop, number, idle_days, barred, muted, roots, is_free }
    }

    /// Whether a product that was not bought may be listed as new: no variant of it was bought either.
    #[inline]
    pub fn may_discover(&self, product: u32) -> bool {
        self.shop.filters.offered[product as usize] && (self.is_free || !self.is_kept_from(product))
    }

    /// Whether this customer may not have a product on offer.
    fn is_kept_from(&self, product: u32) -> bool {
        let market = self.shop.snapshot.market;
        let is_in = |pairs: &[(u32, u32)], number: u32| pairs.binary_search(&(self.number, number)).is_ok();
        is_in(self.barred, product)
            || market.category(product).is_some_and(|category| is_in(self.muted, category))
            || (!self.roots.is_empty() && self.roots.binary_search(&market.roots[product as usize]).is_ok())
    }

    /// What a product is a variant of.
    fn root(&self, product: u32) -> u32 {
        self.shop.snapshot.market.roots.get(product as usize).copied().unwrap_or(product)
    }

    /// Whether neither the product nor a variant of it is in the list.
    fn is_distinct(&self, product: u32, mut listed: impl Iterator<Item = u32>) -> bool {
        let root = self.root(product);
        listed.all(|other| self.root(other) != root)
    }

    /// Those that fill up a list, of winners in their order: of variants only the first.
    pub fn distinct(&self, winners: &[Winner], list: &[Offer]) -> Vec<Winner> {
        let room = self.shop.options.list_size.saturating_sub(list.len());
        let mut distinct: Vec<Winner> = Vec::with_capacity(room.min(winners.len()));
        for winner in winners {
            if distinct.len() == room {
                break;
            }
            let listed = list.iter().map(|offer| offer.product).chain(distinct.iter().map(|winner| winner.product));
            if self.is_distinct(winner.product, listed) {
                distinct.push(*winner);
            }
        }
        distinct
    }

    /// Fills up a list: best-sellers of the customer's category, then of all.
    pub fn add_best_sellers(&self, list: &mut Vec<Offer>) {
        let category = self.main_category().and_then(|category| self.shop.popular_in.get(category as usize));
        let own = category.map_or(&[][..], Vec::as_slice);
        for (products, reason) in [(own, Reason::PopularInCategory), (&self.shop.popular[..], Reason::Popular)] {
            for product in products {
                if list.len() == self.shop.options.list_size {
                    return;
                }
                if !self.shop.snapshot.has(self.number, *product)
                    && self.may_discover(*product)
                    && self.is_distinct(*product, list.iter().map(|offer| offer.product))
                {
                    list.push(self.best_seller(*product, reason, list.len()));
                }
            }
        }
    }

    /// The category of most of the customer's purchases, the lowest number of equals.
    fn main_category(&self) -> Option<u32> {
        let snapshot = self.shop.snapshot;
        let own = snapshot.purchases_of(self.number).iter();
        let mut categories: Vec<u32> = own.filter_map(|row| snapshot.market.category(row.product)).collect();
        categories.sort_unstable();
        let runs = categories.chunk_by(|a, b| a == b);
        runs.reduce(|best, run| if run.len() > best.len() { run } else { best }).map(|run| run[0])
    }

    fn best_seller(&self, product: u32, reason: Reason, listed: usize) -> Offer {
        let snapshot = self.shop.snapshot;
        let score = f64::from(snapshot.buyers[product as usize]) / snapshot.market.customers as f64;
        let curve = self.shop.tested.curve(List::New, Method::Popularity);
        Offer {
            customer: self.number,
            rank: rank(listed),
            product,
            score,
            score_norm: 0,
            probability: curve.and_then(|curve| curve.probability(score, self.idle_days)),
            method: Method::Popularity,
            reason,
            evidence: [None; 3],
        }
    }
}

impl<'a> Listing<'a> {
    pub fn new(shop: &'a Shop<'a>, fitted: &'a Fitted) -> Listing<'a> {
        Listing { shop, fitted, curve: shop.tested.curve(List::New, fitted.method) }
    }

    /// Which of the curve's groups a customer is of; any without a curve.
    pub fn band(&self, customer: &Customer<'_>) -> usize {
        self.curve.map_or(0, |curve| curve.band(customer.idle_days))
    }

    /// How likely the customer is to buy a product of this score.
    pub fn probability(&self, customer: &Customer<'_>, score: i64) -> Option<f64> {
        self.curve?.probability(score as f64 / self.fitted.unit, customer.idle_days)
    }

    /// Fills up a list with winners, best first.
    pub fn list(&self, customer: &Customer<'_>, winners: &[Winner], to: &mut Vec<Offer>, sheet: &mut Sheet) {
        let distinct = customer.distinct(winners, to);
        let products = distinct.iter().map(|winner| winner.product);
        let reasons = self.fitted.reasons(self.shop.snapshot, customer.number, products, sheet);
        let best = distinct.first().map_or(1.0, |winner| winner.score as f64);
        for (winner, reasons) in distinct.iter().zip(reasons) {
            let score = winner.score as f64 / self.fitted.unit;
            let evidence = reasons.largest.map(|(product, amount)| {
                let share = (amount as f64 / reasons.total as f64) as f32;
                (amount > 0).then_some(Evidence { product, share })
            });
            let reason = if reasons.total > 0 { Reason::BecauseBought } else { Reason::Popular };
            let hundredth = self.curve.and_then(|curve| curve.hundredth(score));
            let alone = (100.0 * winner.score as f64 / best).round() as u8;
            to.push(Offer {
                customer: customer.number,
                rank: rank(to.len()),
                product: winner.product,
                score,
                score_norm: if reason == Reason::Popular { 0 } else { hundredth.unwrap_or(alone).max(1) },
                probability: self.probability(customer, winner.score),
                method: self.fitted.method,
                reason,
                evidence,
            });
        }
    }
}
