//! Serving one customer: filters first, then scores, then fall-backs until the list is full.

use super::fitted::{Fitted, Sheet, Winner, fit};
use super::snapshot::NEVER;
use super::targets::{Candidate, Pools};
use super::{BackTest, Evidence, Filters, FitAgain, List, Method, Offer, Options, Reason, Snapshot};

/// A customer may be a target of so many products, the best first.
const TARGET_DEPTH: usize = 100;

/// What is the same for all customers.
pub(super) struct Shop<'a> {
    snapshot: &'a Snapshot<'a>,
    filters: &'a Filters<'a>,
    options: &'a Options,
    tested: &'a BackTest,
    barred: Vec<(u32, u32)>,
    muted: Vec<(u32, u32)>,
    /// Eligible products on offer of each category, the most bought first.
    popular_in: Vec<Vec<u32>>,
    /// Eligible products on offer, the most bought first.
    popular: Vec<u32>,
    pub new: Option<Fitted>,
    /// For customers and products that `new` knows nothing of.
    tail: Option<Fitted>,
    again: Option<Fitted>,
}

/// One customer's lists.
pub(super) struct Served {
    pub cross_sell: Vec<Offer>,
    pub again: Vec<Offer>,
    /// Products that the customer may be a target of.
    pub candidates: Vec<(u32, Candidate)>,
    /// Products that are among the customer's best.
    pub scored: Vec<u32>,
}

/// What one customer may be listed.
struct Customer<'a> {
    shop: &'a Shop<'a>,
    number: u32,
    idle_days: u32,
    barred: &'a [(u32, u32)],
    muted: &'a [(u32, u32)],
    /// What the customer's products are variants of, ascending; empty where there are no variants.
    roots: Vec<u32>,
}

impl<'a> Shop<'a> {
    pub fn open(
        snapshot: &'a Snapshot<'a>,
        filters: &'a Filters<'a>,
        options: &'a Options,
        tested: &'a BackTest,
        again: Option<FitAgain<'_>>,
        notes: &mut Vec<String>,
    ) -> Shop<'a> {
        let sorted = |pairs: &[(u32, u32)]| {
            let mut pairs = pairs.to_vec();
            pairs.sort_unstable();
            pairs
        };
        let offered = |product: &u32| filters.offered[*product as usize];
        let popular: Vec<u32> = snapshot.popular.iter().copied().filter(offered).collect();
        let categories = snapshot.market.categories;
        let known = categories.iter().filter(|category| **category != super::NO_CATEGORY).max();
        let mut popular_in = vec![Vec::new(); known.map_or(0, |most| *most as usize + 1)];
        for product in &popular {
            if let Some(category) = snapshot.market.category(*product) {
                popular_in[category as usize].push(*product);
            }
        }
        let chosen = tested.method(List::New);
        let new = fit(chosen, snapshot, options, again, notes);
        // Products beyond the head that EASE solves have neighbours only.
        let has_tail = match &new {
            Some(_) => {
                chosen == Method::Ease
                    && super::ease::affordable(snapshot, &options.ease).products < snapshot.popular.len()
            }
            None => true,
        };
        let tail = if has_tail { fit(Method::CustomerLlr, snapshot, options, None, notes) } else { None };
        let again = fit(tested.method(List::Again), snapshot, options, again, notes);
        let (barred, muted) = (sorted(filters.barred), sorted(filters.muted));
        Shop { snapshot, filters, options, tested, barred, muted, popular_in, popular, new, tail, again }
    }

    /// Both lists of a customer, and the products the customer may be a target of.
    pub fn serve(&self, number: u32, pools: &Pools, sheet: &mut Sheet) -> Served {
        let customer = self.customer(number);
        let mut served = Served {
            cross_sell: Vec::with_capacity(self.options.list_size),
            again: Vec::new(),
            candidates: Vec::new(),
            scored: Vec::new(),
        };
        if let Some(new) = &self.new {
            let depth = self.options.list_size.max(TARGET_DEPTH);
            let allowed = |product: u32| customer.may_discover(product);
            let mut winners = new.best(self.snapshot, number, List::New, allowed, depth, sheet);
            for winner in &winners {
                served.scored.push(winner.product);
                let probability = customer.probability(new, List::New, winner.score).unwrap_or(0.0);
                let candidate = Candidate { customer: number, score: winner.score, probability };
                if pools.has_room(winner.product, &candidate) {
                    served.candidates.push((winner.product, candidate));
                }
            }
            winners.truncate(self.options.list_size);
            customer.list(new, List::New, &winners, &mut served.cross_sell);
        }
        self.fill(&customer, sheet, &mut served.cross_sell);
        if let Some(again) = &self.again {
            let allowed = |product: u32| customer.may_have(product) && self.snapshot.has(number, product);
            let winners = again.best(self.snapshot, number, List::Again, allowed, self.options.list_size, sheet);
            customer.list(again, List::Again, &winners, &mut served.again);
        }
        served
    }

    fn customer(&self, number: u32) -> Customer<'_> {
        let all_roots = self.snapshot.market.roots;
        let mut roots: Vec<u32> = Vec::new();
        if !all_roots.is_empty() {
            // Also of what is no longer eligible: a new variant of it is not a new thing.
            roots.extend(self.snapshot.purchases_of(number).iter().map(|row| all_roots[row.product as usize]));
            roots.sort_unstable();
            roots.dedup();
        }
        let last = self.snapshot.last_day[number as usize];
        let idle_days = if last == NEVER { u32::MAX } else { self.snapshot.day.abs_diff(last) };
        Customer {
            shop: self,
            number,
            idle_days,
            barred: of(&self.barred, number),
            muted: of(&self.muted, number),
            roots,
        }
    }

    /// Neighbours where the chosen method is silent, then the best-sellers of the customer's category, then of all.
    fn fill(&self, customer: &Customer<'_>, sheet: &mut Sheet, list: &mut Vec<Offer>) {
        let size = self.options.list_size;
        if let Some(tail) = self.tail.as_ref().filter(|_| list.len() < size) {
            let listed: Vec<u32> = list.iter().map(|offer| offer.product).collect();
            let allowed = |product: u32| customer.may_discover(product) && !listed.contains(&product);
            let winners = tail.best(self.snapshot, customer.number, List::New, allowed, size - listed.len(), sheet);
            customer.list(tail, List::New, &winners, list);
        }
        if list.len() < size {
            let category = customer.main_category().and_then(|category| self.popular_in.get(category as usize));
            let own = category.map_or(&[][..], Vec::as_slice);
            for (products, reason) in [(own, Reason::PopularInCategory), (&self.popular[..], Reason::Popular)] {
                for product in products {
                    if list.len() == size {
                        return;
                    }
                    if customer.may_discover(*product) && list.iter().all(|offer| offer.product != *product) {
                        list.push(customer.best_seller(*product, reason, list.len()));
                    }
                }
            }
        }
    }
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

impl Customer<'_> {
    /// Whether a product may be listed to the customer at all.
    fn may_have(&self, product: u32) -> bool {
        self.shop.filters.offered[product as usize]
            && self.barred.binary_search(&(self.number, product)).is_err()
            && (self.muted.is_empty()
                || self
                    .shop
                    .snapshot
                    .market
                    .category(product)
                    .is_none_or(|category| self.muted.binary_search(&(self.number, category)).is_err()))
    }

    /// Whether a product may be listed as new to the customer: neither it nor a variant of it was bought.
    fn may_discover(&self, product: u32) -> bool {
        let market = self.shop.snapshot.market;
        !self.shop.snapshot.has(self.number, product)
            && self.may_have(product)
            && (self.roots.is_empty() || self.roots.binary_search(&market.roots[product as usize]).is_err())
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

    fn probability(&self, fitted: &Fitted, list: List, score: i64) -> Option<f64> {
        let curve = self.shop.tested.curve(list, fitted.method)?;
        curve.probability(score as f64 / fitted.unit, self.idle_days)
    }

    /// Adds winners, best first, to a list.
    fn list(&self, fitted: &Fitted, list: List, winners: &[Winner], to: &mut Vec<Offer>) {
        let products: Vec<u32> = winners.iter().map(|winner| winner.product).collect();
        let reasons = if list == List::New {
            fitted.contributions(self.shop.snapshot, self.number, &products)
        } else {
            Vec::new()
        };
        let best = winners.first().map_or(1.0, |winner| winner.score as f64);
        for (at, winner) in winners.iter().enumerate() {
            let score = winner.score as f64 / fitted.unit;
            let parts = reasons.get(at).map_or(&[][..], Vec::as_slice);
            let total: i64 = parts.iter().map(|(_, amount)| amount).sum();
            let mut evidence = [None; 3];
            for (place, (product, amount)) in evidence.iter_mut().zip(parts) {
                *place = Some(Evidence { product: *product, share: (*amount as f64 / total as f64) as f32 });
            }
            let reason = match list {
                List::New if parts.is_empty() => Reason::Popular,
                List::New => Reason::BecauseBought,
                List::Again | List::All => Reason::OwnPurchases,
            };
            let hundredth = self.shop.tested.curve(list, fitted.method).and_then(|curve| curve.hundredth(score));
            let alone = (100.0 * winner.score as f64 / best).round() as u8;
            to.push(Offer {
                customer: self.number,
                rank: rank(to.len()),
                product: winner.product,
                score,
                score_norm: if reason == Reason::Popular { 0 } else { hundredth.unwrap_or(alone).max(1) },
                probability: self.probability(fitted, list, winner.score),
                method: fitted.method,
                reason,
                evidence,
            });
        }
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
