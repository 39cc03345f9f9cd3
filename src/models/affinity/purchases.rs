//! On which days each customer bought each product.

use std::borrow::Cow;

/// One day on which a customer bought a product, however often and however much on that day. Order: customer, product,
/// day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purchase {
    /// Number of the customer.
    pub customer: u32,
    /// Number of the product.
    pub product: u32,
    /// Days since 1970-01-01.
    pub day: i32,
}

/// In order, each once: as they came when they already are.
pub(super) fn distinct(purchases: &[Purchase]) -> Cow<'_, [Purchase]> {
    if purchases.is_sorted_by(|a, b| a < b) {
        return Cow::Borrowed(purchases);
    }
    let mut sorted = purchases.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    Cow::Owned(sorted)
}
