//! What was known before a day.

use std::borrow::Cow;
use std::ops::Range;

use super::{Market, Options};
use crate::models::affinity::{Incidence, Purchase};

/// A customer who bought nothing yet.
pub(super) const NEVER: i32 = i32::MIN;

/// The purchases before a day, and what follows from them.
pub(super) struct Snapshot<'a> {
    pub market: &'a Market<'a>,
    /// The first day that is not known.
    pub day: i32,
    purchases: Cow<'a, [Purchase]>,
    starts: Vec<usize>,
    /// Customers of each product.
    pub buyers: Vec<u32>,
    /// Products with enough customers.
    pub eligible: Vec<bool>,
    /// Eligible products, the most bought first.
    pub popular: Vec<u32>,
    /// Customers by eligible products.
    pub histories: Incidence,
    /// The last day on which each customer bought anything, or [`NEVER`].
    pub last_day: Vec<i32>,
}

impl<'a> Snapshot<'a> {
    pub fn before(day: i32, market: &'a Market<'a>, options: &Options) -> Snapshot<'a> {
        let purchases = if market.purchases.iter().all(|purchase| purchase.day < day) {
            Cow::Borrowed(market.purchases)
        } else {
            Cow::Owned(market.purchases.iter().copied().filter(|purchase| purchase.day < day).collect())
        };
        let mut starts = vec![0; market.customers + 1];
        let mut buyers = vec![0u32; market.products];
        let mut last_day = vec![NEVER; market.customers];
        let mut before = None;
        for purchase in purchases.iter() {
            let customer = purchase.customer as usize;
            starts[customer + 1] += 1;
            last_day[customer] = last_day[customer].max(purchase.day);
            if before != Some((purchase.customer, purchase.product)) {
                buyers[purchase.product as usize] += 1;
                before = Some((purchase.customer, purchase.product));
            }
        }
        for customer in 0..market.customers {
            starts[customer + 1] += starts[customer];
        }
        let least = options.min_buyers.max(1);
        let eligible: Vec<bool> = buyers.iter().map(|buyers| *buyers >= least).collect();
        let mut popular: Vec<u32> =
            (0u32..).take(market.products).filter(|product| eligible[*product as usize]).collect();
        popular.sort_by_key(|product| (std::cmp::Reverse(buyers[*product as usize]), *product));
        let histories = Incidence::from_pairs(
            market.customers,
            market.products,
            purchases
                .iter()
                .filter(|purchase| eligible[purchase.product as usize])
                .map(|purchase| (purchase.customer, purchase.product)),
        );
        Snapshot { market, day, purchases, starts, buyers, eligible, popular, histories, last_day }
    }

    /// The purchases of a customer, in order of product and day.
    pub fn purchases_of(&self, customer: u32) -> &[Purchase] {
        &self.purchases[self.range(customer)]
    }

    /// All purchases before the day.
    pub fn purchases(&self) -> &[Purchase] {
        &self.purchases
    }

    fn range(&self, customer: u32) -> Range<usize> {
        self.starts[customer as usize]..self.starts[customer as usize + 1]
    }

    /// Baskets by eligible products; a basket without any is an empty row.
    pub fn baskets(&self) -> Incidence {
        let eligible = |product: u32| self.eligible[product as usize];
        if let Some(baskets) = self.market.baskets {
            let kept = baskets
                .lines
                .iter()
                .copied()
                .filter(|(basket, product)| eligible(*product) && baskets.days[*basket as usize] < self.day);
            return Incidence::from_pairs(baskets.days.len(), self.market.products, kept);
        }
        let mut lines = Vec::with_capacity(self.purchases.len());
        let mut baskets = 0u32;
        let mut days = Vec::new();
        for customer in (0u32..).take(self.market.customers) {
            let own = self.purchases_of(customer);
            days.clear();
            days.extend(own.iter().map(|purchase| purchase.day));
            days.sort_unstable();
            days.dedup();
            for purchase in own.iter().filter(|purchase| eligible(purchase.product)) {
                // Every day is there: it was taken from the same rows.
                let at = days.partition_point(|day| *day < purchase.day);
                lines.push((baskets + u32::try_from(at).unwrap_or(u32::MAX), purchase.product));
            }
            baskets += u32::try_from(days.len()).unwrap_or(u32::MAX);
        }
        Incidence::from_pairs(baskets as usize, self.market.products, lines.iter().copied())
    }

    /// Whether the customer has bought the product, when it is eligible.
    pub fn has(&self, customer: u32, product: u32) -> bool {
        self.histories.row(customer as usize).binary_search(&product).is_ok()
    }
}
