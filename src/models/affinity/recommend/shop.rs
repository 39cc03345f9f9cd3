//! What all customers share: the fitted methods, the best-sellers, and what may not be listed.

use super::best::{Best, Winner};
use super::calibration::Curve;
use super::customer::{Customer, Listing};
use super::fitted::{Fitted, Fitting, Takers};
use super::sheet::Sheet;
use super::targets::{Candidate, Pools};
use super::{BackTest, Filters, List, Method, Offer, Options, Snapshot};

/// A customer may be a target of so many products, the best first.
const TARGET_DEPTH: usize = 100;

/// What is the same for all customers.
pub(super) struct Shop<'a> {
    pub snapshot: &'a Snapshot<'a>,
    pub filters: &'a Filters<'a>,
    pub options: &'a Options,
    pub tested: &'a BackTest,
    pub barred: Vec<(u32, u32)>,
    pub muted: Vec<(u32, u32)>,
    /// Eligible products on offer of each category, the most bought first.
    pub popular_in: Vec<Vec<u32>>,
    /// Eligible products on offer, the most bought first.
    pub popular: Vec<u32>,
    pub new: Option<Fitted>,
    /// For customers and products that `new` knows nothing of; fitted when the first list is short.
    tail: Tail,
}

enum Tail {
    /// Nothing would be known by it either.
    None,
    Unfitted,
    Fitted(Fitted),
}

/// Lists of some customers.
#[derive(Default)]
pub(super) struct Served {
    /// Of each customer, in their order.
    pub lists: Vec<Vec<Offer>>,
    /// Products that customers may be targets of.
    pub candidates: Vec<(u32, Candidate)>,
    /// Products that are among a customer's best.
    pub scored: Vec<u32>,
}

/// What one thread needs, for whichever customers it is at.
pub(super) struct Room {
    sheet: Sheet,
    /// Of as many customers as were ever scored at once.
    best: Vec<Best>,
}

impl Room {
    pub fn new(products: usize) -> Room {
        Room { sheet: Sheet::new(products), best: Vec::new() }
    }
}

/// Takes what may be listed as new to each customer.
struct NewLists<'a, 'r> {
    customers: &'r [Customer<'a>],
    best: &'r mut [Best],
    depth: usize,
}

impl Takers for NewLists<'_, '_> {
    fn least(&self, at: usize) -> i64 {
        self.best[at].least()
    }

    fn known(&mut self, _: usize, _: Winner) {}

    fn unknown(&mut self, at: usize, winner: Winner) -> bool {
        let customer = &self.customers[at];
        self.best[at].offer(winner, || customer.may_discover(winner.product))
    }

    fn most(&self) -> usize {
        self.depth
    }
}

impl<'a> Shop<'a> {
    pub fn open(
        snapshot: &'a Snapshot<'a>,
        filters: &'a Filters<'a>,
        options: &'a Options,
        tested: &'a BackTest,
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
        let mut fitting = Fitting::new(snapshot, options, None);
        let new = fitting.fit(chosen, &[]);
        notes.append(&mut fitting.notes);
        // Products beyond the head that EASE solves have neighbours only.
        let has_tail = match &new {
            Some(_) => {
                chosen == Method::Ease
                    && super::ease::affordable(snapshot, &options.ease).products < snapshot.popular.len()
            }
            None => true,
        };
        let tail = if has_tail { Tail::Unfitted } else { Tail::None };
        let (barred, muted) = (sorted(filters.barred), sorted(filters.muted));
        Shop { snapshot, filters, options, tested, barred, muted, popular_in, popular, new, tail }
    }

    /// What scores of the chosen method are worth.
    pub fn curve(&self) -> Option<&'a Curve> {
        let new = self.new.as_ref()?;
        self.tested.curve(List::New, new.method)
    }

    /// What the chosen method lists, and the products that customers may be targets of.
    pub fn serve(&self, numbers: &[u32], pools: &Pools<'_>, room: &mut Room) -> Served {
        let mut served = Served { lists: Vec::with_capacity(numbers.len()), ..Served::default() };
        for numbers in numbers.chunks(self.new.as_ref().map_or(usize::MAX, Fitted::together)) {
            self.serve_together(numbers, pools, room, &mut served);
        }
        served
    }

    fn serve_together(&self, numbers: &[u32], pools: &Pools<'_>, room: &mut Room, served: &mut Served) {
        let customers: Vec<Customer<'_>> = numbers.iter().map(|number| Customer::new(self, *number)).collect();
        let size = self.options.list_size;
        let depth = if pools.are_wanted() { size.max(TARGET_DEPTH) } else { size };
        if let Some(new) = &self.new {
            self.score(new, &customers, depth, room);
        }
        let Room { sheet, best } = room;
        for (at, customer) in customers.iter().enumerate() {
            let mut list = Vec::with_capacity(size);
            if let Some(new) = &self.new {
                let listing = Listing::new(self, new);
                let winners = best[at].finish(self.sorted());
                if pools.are_wanted() {
                    self.add_candidates(&listing, customer, winners, pools, served);
                }
                if winners.len() == depth && customer.distinct(winners, &list).len() < size {
                    let winners = self.beyond(depth, new, customer, sheet);
                    listing.list(customer, &winners, &mut list, sheet);
                } else {
                    listing.list(customer, winners, &mut list, sheet);
                }
            }
            served.lists.push(list);
        }
    }

    fn add_candidates(
        &self,
        listing: &Listing<'_>,
        customer: &Customer<'_>,
        winners: &[Winner],
        pools: &Pools<'_>,
        served: &mut Served,
    ) {
        let band = listing.band(customer);
        for winner in winners {
            served.scored.push(winner.product);
            if pools.has_room(winner.product, winner.score, band) {
                let probability = listing.probability(customer, winner.score).unwrap_or(0.0);
                let candidate = Candidate { customer: customer.number, score: winner.score, probability };
                served.candidates.push((winner.product, candidate));
            }
        }
    }

    /// More winners, for a customer whose best are too many variants of the same.
    fn beyond(&self, depth: usize, new: &Fitted, customer: &Customer<'_>, sheet: &mut Sheet) -> Vec<Winner> {
        let (mut depth, customers) = (depth, std::slice::from_ref(customer));
        loop {
            depth = depth.saturating_mul(8);
            let mut best = [Best::new(depth)];
            let mut takers = NewLists { customers, best: &mut best, depth };
            new.score(self.snapshot, &[customer.number], sheet, &mut takers);
            let winners = best[0].finish(depth);
            if winners.len() < depth || customer.distinct(winners, &[]).len() == self.options.list_size {
                return winners.to_vec();
            }
        }
    }

    /// The best so many products for each of some customers.
    fn score(&self, fitted: &Fitted, customers: &[Customer<'_>], depth: usize, room: &mut Room) {
        let Room { sheet, best } = room;
        best.resize_with(best.len().max(customers.len()), || Best::new(depth));
        let best = &mut best[..customers.len()];
        best.iter_mut().for_each(|best| best.clear(depth));
        let numbers: Vec<u32> = customers.iter().map(|customer| customer.number).collect();
        fitted.score(self.snapshot, &numbers, sheet, &mut NewLists { customers, best, depth });
    }

    /// Fits what fills up lists that the chosen method left short, when there are such lists.
    pub fn fit_tail(&mut self, numbers: &[u32], served: &[Vec<Offer>]) {
        let is_short = |(number, list): (&u32, &Vec<Offer>)| {
            list.len() < self.options.list_size && !self.snapshot.histories.row(*number as usize).is_empty()
        };
        if matches!(self.tail, Tail::Unfitted) && numbers.iter().zip(served).any(is_short) {
            let fitted = Fitting::new(self.snapshot, self.options, None).fit(Method::CustomerLlr, &[]);
            self.tail = fitted.map_or(Tail::None, Tail::Fitted);
        }
    }

    /// Neighbours where the chosen method is silent, then the best-sellers of the customer's category, then of all.
    pub fn fill(&self, number: u32, list: &mut Vec<Offer>, room: &mut Room) {
        let size = self.options.list_size;
        if list.len() == size {
            return;
        }
        let customer = Customer::new(self, number);
        if let Tail::Fitted(tail) = &self.tail {
            // Deep enough for all that is listed already.
            self.score(tail, std::slice::from_ref(&customer), size.max(TARGET_DEPTH), room);
            let Room { sheet, best } = room;
            Listing::new(self, tail).list(&customer, best[0].finish(usize::MAX), list, sheet);
        }
        customer.add_best_sellers(list);
    }

    /// How many winners have to be in order: with variants some of them are passed over.
    fn sorted(&self) -> usize {
        if self.snapshot.market.roots.is_empty() { self.options.list_size } else { usize::MAX }
    }
}
