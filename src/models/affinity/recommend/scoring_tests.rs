//! Scores and reasons against their definition.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::best::Winner;
use super::closeness::Closeness;
use super::fitted::{Fitting, Takers};
use super::neighbours::nearest;
use super::sheet::Sheet;
use super::*;

const CUSTOMERS: usize = 14;
/// More than two tiles of EASE, and not a whole number of them.
const PRODUCTS: usize = 37;

/// Takes everything.
#[derive(Default)]
struct Everything {
    known: Vec<BTreeMap<u32, i64>>,
    unknown: Vec<BTreeMap<u32, i64>>,
}

impl Takers for Everything {
    fn least(&self, _: usize) -> i64 {
        1
    }

    fn known(&mut self, at: usize, winner: Winner) {
        assert_eq!(self.known[at].insert(winner.product, winner.score), None);
    }

    fn unknown(&mut self, at: usize, winner: Winner) -> bool {
        assert_eq!(self.unknown[at].insert(winner.product, winner.score), None);
        true
    }

    fn most(&self) -> usize {
        usize::MAX
    }
}

proptest! {
    #[test]
    fn scores_and_reasons_are_sums_of_weights(
        rows in prop::collection::vec((0..CUSTOMERS as u32, 0..PRODUCTS as u32), 0..200),
        method in prop::sample::select(vec![Method::CustomerLlr, Method::CustomerCosine, Method::Ease]),
        head in 1usize..60,
    ) {
        let mut purchases: Vec<Purchase> =
            rows.iter().map(|(customer, product)| Purchase { customer: *customer, product: *product, day: 1 }).collect();
        purchases.sort_unstable();
        purchases.dedup();
        let market =
            Market { customers: CUSTOMERS, products: PRODUCTS, purchases: &purchases, baskets: None, categories: &[], roots: &[] };
        let ease = EaseOptions { lambda: 1.0, max_products: head, ..Options::default().ease };
        let options = Options { as_of_day: 2, min_buyers: 1, neighbours: 4, ease, ..Options::default() };
        let snapshot = Snapshot::before(2, &market, &options);
        let histories = &snapshot.histories;
        // From a source to a target, as the methods keep it.
        let between: Box<dyn Fn(u32, u32) -> i64> = if method == Method::Ease {
            let products = snapshot.popular[..head.min(snapshot.popular.len())].to_vec();
            let weights = EaseWeights::solve(histories, products, 1.0);
            Box::new(move |source, target| weights.between(source, target).into())
        } else {
            let way = if method == Method::CustomerLlr { Closeness::LogLikelihood } else { Closeness::Cosine };
            let [weights] = nearest(histories, [way], 4);
            Box::new(move |source, target| {
                weights.of(source).iter().filter(|to| to.target == target).map(|to| i64::from(to.weight)).sum()
            })
        };
        let mut fitting = Fitting::new(&snapshot, &options, None);
        // Alone, and counted along with the other.
        for later in [vec![], vec![Method::CustomerLlr, Method::CustomerCosine]] {
            let Some(fitted) = fitting.fit(method, &later) else { continue };
            let mut sheet = Sheet::new(PRODUCTS);
            for together in [1, 5, CUSTOMERS] {
                for customers in (0..CUSTOMERS as u32).collect::<Vec<_>>().chunks(together) {
                    let nothing = vec![BTreeMap::new(); customers.len()];
                    let mut found = Everything { known: nothing.clone(), unknown: nothing };
                    fitted.score(&snapshot, customers, &mut sheet, &mut found);
                    for (at, customer) in customers.iter().enumerate() {
                        let history = histories.row(*customer as usize);
                        for product in 0..PRODUCTS as u32 {
                            let parts = || history.iter().map(|source| (*source, between(*source, product)));
                            let score: i64 = parts().map(|(_, amount)| amount).sum();
                            let (mine, others) = (found.known[at].get(&product), found.unknown[at].get(&product));
                            let (mine, others) = if history.contains(&product) { (mine, others) } else { (others, mine) };
                            prop_assert_eq!((mine.copied(), others), ((score > 0).then_some(score), None));
                            let reasons = fitted.reasons(&snapshot, *customer, [product].into_iter(), &mut sheet)[0];
                            let mut positive: Vec<(u32, i64)> = parts().filter(|(_, amount)| *amount > 0).collect();
                            prop_assert_eq!(reasons.total, positive.iter().map(|(_, amount)| amount).sum::<i64>());
                            positive.sort_by_key(|(source, amount)| (std::cmp::Reverse(*amount), *source));
                            positive.truncate(3);
                            let largest: Vec<(u32, i64)> =
                                reasons.largest.into_iter().filter(|(_, amount)| *amount > 0).collect();
                            prop_assert_eq!(largest, positive);
                        }
                    }
                }
            }
        }
    }
}
