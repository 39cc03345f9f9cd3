//! Product to customer: which methods find what customers will buy, judged on purchases that were held back, and the lists
//! of new things the best of them makes (`spec/affinity.md` 2.6, 6 and 7). New things and things bought before are two
//! lists, never one score: those of the latter come from the customer's own rhythm
//! ([`replenishment`](crate::models::affinity::replenishment)).
//!
//! ```text
//! score(customer, b) = sum over products a of the customer of  weight(a -> b)
//! ```
//!
//! All sums are of whole numbers, so that they do not depend on order or threads, and a few sums a thread are all the memory
//! there is: customers times products never exists.

mod als;
mod back_test;
mod best;
mod calibration;
mod closeness;
mod customer;
mod ease;
mod fitted;
mod metrics;
mod neighbours;
mod offers;
mod options;
mod sheet;
mod shop;
mod snapshot;
mod targets;

#[cfg(test)]
mod goldens;
#[cfg(test)]
mod scoring_tests;
#[cfg(test)]
mod tests;

pub use back_test::{BackTest, Choice, EvaluationRow, back_test};
pub use calibration::Curve;
pub use ease::{EaseCost, EaseWeights};
pub use offers::{Evidence, Filters, Offer, Offers, Reason, offers};
pub use options::{AlsOptions, EaseOptions, List, Method, Options};
pub use targets::Target;

pub use super::{NO_CATEGORY, Purchase};
use snapshot::Snapshot;

/// What is known: who bought what when, and what the products are. Numbers are below the counts and follow the order of
/// ids, so that ties end the same way everywhere.
#[derive(Debug, Clone, Copy)]
pub struct Market<'a> {
    /// Customers, with purchases or without.
    pub customers: usize,
    /// Products, bought or not.
    pub products: usize,
    /// In order of customer, product, day, each once.
    pub purchases: &'a [Purchase],
    /// What was bought together; none: a basket is what a customer bought in a day.
    pub baskets: Option<Baskets<'a>>,
    /// The category of each product, [`NO_CATEGORY`] when not known; empty when none is.
    pub categories: &'a [u32],
    /// What a product is a variant of, itself when of nothing; empty when there are no variants.
    pub roots: &'a [u32],
}

impl Market<'_> {
    /// The category of a product.
    fn category(&self, product: u32) -> Option<u32> {
        self.categories.get(product as usize).copied().filter(|category| *category != NO_CATEGORY)
    }
}

/// Baskets by number.
#[derive(Debug, Clone, Copy)]
pub struct Baskets<'a> {
    /// A basket and a product in it, in any order.
    pub lines: &'a [(u32, u32)],
    /// The day of each basket.
    pub days: &'a [i32],
}

/// What a model of repeat buying says of a product a customer has bought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgainScore {
    /// Number of the customer.
    pub customer: u32,
    /// Number of the product.
    pub product: u32,
    /// More is likelier; nothing at 0 or below is listed.
    pub score: f64,
}

/// A model of repeat buying (replenishment): fitted on the purchases before a day, scores in order of customer and product.
/// The back-test asks it at its cut.
pub type FitAgain<'a> = &'a (dyn Fn(&[Purchase], i32) -> Vec<AgainScore> + Sync);
