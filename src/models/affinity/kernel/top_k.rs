//! The best few of many by a total order.

use std::cmp::Ordering;

/// A product with its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// The product, which decides between equal scores.
    pub product: u32,
    /// More is better. Not a number is worse or better than everything by its sign: let none in.
    pub score: f64,
    /// The caller's own, such as where the partner with the counts is.
    pub at: u32,
}

/// Better first: score descending, then product ascending.
fn better(a: &Scored, b: &Scored) -> Ordering {
    b.score.total_cmp(&a.score).then(a.product.cmp(&b.product))
}

/// Keeps the `k` best, best first, by quick-select: which they are does not depend on the order they came in.
pub fn top_k(scored: &mut Vec<Scored>, k: usize) {
    if k == 0 {
        scored.clear();
        return;
    }
    if scored.len() > k {
        scored.select_nth_unstable_by(k - 1, better);
        scored.truncate(k);
    }
    scored.sort_unstable_by(better);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_the_head_of_the_sorted_list(scores in prop::collection::vec(-3i32..3, 0..60), k in 0usize..70, turn in 0usize..60) {
            let all: Vec<Scored> =
                (0u32..).zip(&scores).map(|(product, score)| Scored { product, score: f64::from(*score), at: product }).collect();
            let mut expected = all.clone();
            expected.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.product.cmp(&b.product)));
            expected.truncate(k);
            let mut found = all;
            let turn = turn.min(found.len());
            found.rotate_left(turn);
            top_k(&mut found, k);
            prop_assert_eq!(found, expected);
        }
    }
}
