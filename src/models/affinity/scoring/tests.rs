//! Lists against a plain oracle.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const CUSTOMERS: usize = 12;
const PRODUCTS: usize = 9;

/// Everything a customer could get, best first, with all contributions, straight from the definition.
fn oracle(scoring: &Scoring<'_>, customer: usize) -> Vec<(Winner, Vec<Contribution>)> {
    let row = scoring.histories.row(customer);
    let mut sums: BTreeMap<u32, Vec<(u32, i64)>> = BTreeMap::new();
    for (line, product) in row.iter().enumerate() {
        let at: usize = (0..customer).map(|before| scoring.histories.row(before).len()).sum::<usize>() + line;
        let weight = scoring.line_weights.map_or(1, |weights| i64::from(weights[at]));
        for entry in scoring.neighbours.row(*product) {
            sums.entry(entry.product).or_default().push((*product, weight * i64::from(entry.weight)));
        }
    }
    let may = |product: u32| {
        scoring.allowed.is_none_or(|allowed| allowed[product as usize])
            && !(scoring.exclude_seen && row.contains(&product))
            && scoring.barred.is_none_or(|barred| !barred.row(customer).contains(&product))
    };
    let mut all: Vec<(Winner, Vec<Contribution>)> = sums
        .into_iter()
        .filter(|(product, _)| may(*product))
        .map(|(product, parts)| {
            let mut reasons: Vec<Contribution> = parts
                .iter()
                .filter(|(_, amount)| *amount > 0)
                .map(|(product, amount)| Contribution { product: *product, amount: *amount })
                .collect();
            reasons.sort_by_key(|reason| (Reverse(reason.amount), reason.product));
            (Winner { product, score: parts.iter().map(|(_, amount)| amount).sum() }, reasons)
        })
        .filter(|(winner, _)| winner.score > 0)
        .collect();
    all.sort_by_key(|(winner, _)| (Reverse(winner.score), winner.product));
    all.truncate(scoring.k);
    all
}

proptest! {
    #[test]
    fn lists_and_reasons_are_the_definition_for_any_threads(
        have in prop::collection::vec((0..CUSTOMERS as u32, 0..PRODUCTS as u32), 0..60),
        bars in prop::collection::vec((0..CUSTOMERS as u32, 0..PRODUCTS as u32), 0..20),
        // Few different weights of both signs: ties and cancelling.
        speaks in prop::collection::vec(prop::collection::btree_map(0..PRODUCTS as u32, -2i32..4, 0..6), PRODUCTS),
        allowed in prop::collection::vec(any::<bool>(), PRODUCTS),
        (weighted, filtered, exclude_seen) in any::<(bool, bool, bool)>(),
        k in 0usize..5,
        most in 0usize..4,
    ) {
        let histories = Incidence::from_pairs(CUSTOMERS, PRODUCTS, have.iter().copied());
        let barred = Incidence::from_pairs(CUSTOMERS, PRODUCTS, bars.iter().copied());
        let weights: Vec<u32> = (0..histories.lines() as u32).map(|line| line * 7_919 % (ONE_UNIT + 1)).collect();
        let rows: Vec<Vec<(u32, f64)>> =
            speaks.iter().map(|row| row.iter().map(|(product, weight)| (*product, f64::from(*weight) / 4.0)).collect()).collect();
        let neighbours = Neighbours::from_rows(&rows);
        let scoring = Scoring {
            histories: &histories,
            line_weights: weighted.then_some(&weights[..]),
            neighbours: &neighbours,
            allowed: filtered.then_some(&allowed[..]),
            barred: filtered.then_some(&barred),
            exclude_seen,
            k,
        };
        let customers: Vec<u32> = (0..CUSTOMERS as u32).rev().collect();
        for threads in [1, 2, 4] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (all, some) = pool.install(|| {
                let all = scoring.top(|customer, winners| (customer, winners.to_vec()));
                let some = scoring.top_explained(&customers, most, |customer, winners, reasons| {
                    (customer, winners.iter().copied().zip(reasons.to_vec()).collect::<Vec<_>>())
                });
                (all, some)
            });
            for (customer, (found, winners)) in all.into_iter().enumerate() {
                let expected: Vec<Winner> = oracle(&scoring, customer).into_iter().map(|(winner, _)| winner).collect();
                prop_assert_eq!((found as usize, winners), (customer, expected));
            }
            for (expected, (customer, mut found)) in customers.iter().zip(some) {
                prop_assert_eq!(*expected, customer);
                let mut wanted = oracle(&scoring, customer as usize);
                wanted.iter_mut().for_each(|(_, reasons)| reasons.truncate(most));
                prop_assert_eq!(std::mem::take(&mut found), wanted);
            }
        }
    }

    #[test]
    fn the_best_of_a_stream_are_the_head_of_the_sorted(scores in prop::collection::vec(-3i64..9, 0..80), k in 0usize..9) {
        let all: Vec<Winner> = (0u32..).zip(&scores).map(|(product, score)| Winner { product: product * 37 % 101, score: *score }).collect();
        let mut best = Best::new(k);
        all.iter().for_each(|winner| best.offer(*winner));
        let mut expected: Vec<Winner> = all.iter().copied().filter(|winner| winner.score > 0).collect();
        expected.sort_by_key(|winner| (Reverse(winner.score), winner.product));
        expected.truncate(k);
        prop_assert_eq!(best.sorted(), &expected[..]);
    }
}

#[test]
fn weights_keep_their_size_and_the_unit_is_a_score_of_one() {
    let histories = Incidence::from_pairs(1, 3, [(0, 0), (0, 1)].into_iter());
    let neighbours = Neighbours::from_rows(&[vec![(2, 1234.5)], vec![(2, -0.25)], vec![]]);
    // The largest below 2^26, by a power of two: 1234.5 * 2^15.
    assert_eq!(neighbours.scale(), 32_768.0);
    let weights = [ONE_UNIT, ONE_UNIT / 2];
    let scoring = |line_weights| Scoring {
        histories: &histories,
        line_weights,
        neighbours: &neighbours,
        allowed: None,
        barred: None,
        exclude_seen: true,
        k: 1,
    };
    for (line_weights, score) in [(None, 1234.25), (Some(&weights[..]), 1234.375)] {
        let scoring = scoring(line_weights);
        let found = scoring.top(|_, winners| winners[0].score as f64 / scoring.unit());
        assert_eq!(found, [score]);
    }
}

#[test]
fn nobody_and_nothing_give_nothing() {
    let none = Neighbours::from_rows(&[]);
    let histories = Incidence::from_pairs(0, 0, std::iter::empty());
    let scoring = Scoring {
        histories: &histories,
        line_weights: None,
        neighbours: &none,
        allowed: None,
        barred: None,
        exclude_seen: true,
        k: 10,
    };
    assert!(scoring.top(|_, winners| winners.len()).is_empty());
    assert_eq!(none.scale(), 1.0);
}

#[test]
fn line_weights_follow_the_rows_whatever_the_order() {
    let incidence = Incidence::from_pairs(2, 4, [(0, 3), (0, 1), (1, 2)].into_iter());
    let lines = [(1, 2, 5), (0, 3, 40_000), (0, 1, 7), (0, 3, 40_000), (0, 1, 1)];
    assert_eq!(line_weights(&incidence, lines.into_iter()), [8, ONE_UNIT, 5]);
    assert_eq!(line_weights(&incidence, lines.into_iter().rev()), [8, ONE_UNIT, 5]);
}
