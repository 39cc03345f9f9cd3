//! The search against trying every set, and at the ends of what it is given.

use proptest::prelude::*;

use super::{Incidence, Itemsets, Limits, Mining, mine};

/// Units as masks of at most 16 products.
fn incidence(units: &[u16]) -> Incidence {
    let pairs: Vec<(u32, u32)> = (0..)
        .zip(units)
        .flat_map(|(unit, mask)| {
            (0..16).filter(move |product| mask >> product & 1 == 1).map(move |product| (unit, product))
        })
        .collect();
    Incidence::from_pairs(units.len(), 16, pairs.into_iter())
}

/// Every set with its count, whether it is closed and whether it is maximal; by length, then by products.
fn by_hand(units: &[u16], min_count: u32) -> Vec<(Vec<u32>, u32, bool, bool)> {
    let count = |set: u32| units.iter().filter(|unit| u32::from(**unit) & set == set).count() as u32;
    let mut all = Vec::new();
    for set in 1u32..1 << 9 {
        let own = count(set);
        if own >= min_count {
            let larger: Vec<u32> =
                (0..9).filter(|product| set >> product & 1 == 0).map(|product| count(set | 1 << product)).collect();
            let products: Vec<u32> = (0..9).filter(|product| set >> product & 1 == 1).collect();
            all.push((
                products,
                own,
                larger.iter().all(|other| *other < own),
                larger.iter().all(|other| *other < min_count),
            ));
        }
    }
    all.sort_by(|a, b| (a.0.len(), &a.0).cmp(&(b.0.len(), &b.0)));
    all
}

fn on_threads(threads: usize, incidence: &Incidence, mining: &Mining) -> Itemsets {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    pool.install(|| mine(incidence, mining))
}

proptest! {
    #[test]
    fn it_is_every_frequent_set(units in prop::collection::vec(0u16..512, 0..60), min_count in 1u32..6) {
        let mining = Mining { min_count, max_length: None, max_sets: 10_000 };
        let found = mine(&incidence(&units), &mining);
        let found: Vec<(Vec<u32>, u32, bool, bool)> = found
            .sets()
            .map(|set| (set.products.to_vec(), set.count, set.closed.expect("known"), set.maximal.expect("known")))
            .collect();
        prop_assert_eq!(found, by_hand(&units, min_count));
    }

    /// Whatever binds, what remains are all sets of up to a length, and what is said of them is so.
    #[test]
    fn a_limit_leaves_whole_lengths_and_says_so(
        units in prop::collection::vec(0u16..512, 0..60),
        min_count in 1u32..6,
        max_length in prop::option::of(1usize..6),
        max_sets in 0usize..300,
    ) {
        let incidence = incidence(&units);
        let found = on_threads(2, &incidence, &Mining { min_count, max_length, max_sets });
        let all = by_hand(&units, min_count);
        let longest = all.iter().map(|set| set.0.len()).max().unwrap_or(0);
        let up_to = |length: usize| all.iter().filter(|set| set.0.len() <= length).count();
        let wanted = longest.min(max_length.unwrap_or(usize::MAX));
        let length = (0..=wanted).rev().find(|length| up_to(*length) <= max_sets).unwrap_or(0);
        prop_assert_eq!(found.limits(), Limits {
            complete_length: length,
            max_length_bound: length == wanted && wanted < longest,
            max_sets_bound: length < wanted,
            left_out_at_least: if length < wanted { max_sets + 1 - up_to(length) } else { 0 },
        });
        prop_assert_eq!(found.len(), up_to(length));
        let limited = length < longest;
        for (set, expected) in found.sets().zip(&all) {
            prop_assert_eq!((set.products, set.count), (&expected.0[..], expected.1));
            let known = !(limited && set.products.len() == length);
            prop_assert_eq!(set.closed, known.then_some(expected.2));
            prop_assert_eq!(set.maximal, known.then_some(expected.3));
        }
        let alone = on_threads(1, &incidence, &Mining { min_count, max_length, max_sets });
        prop_assert_eq!(alone, found);
    }
}

#[test]
fn twenty_twins_are_a_million_sets_and_the_limit_holds() {
    let pairs: Vec<(u32, u32)> = (0..50_000).flat_map(|unit| (0..20).map(move |product| (unit, product))).collect();
    let incidence = Incidence::from_pairs(50_000, 20, pairs.into_iter());
    let mining = Mining { min_count: 5, max_length: None, max_sets: 100_000 };
    let found = on_threads(2, &incidence, &mining);
    // 20 + 190 + 1,140 + 4,845 + 15,504 + 38,760 of up to six products; with the 77,520 of seven it would be too many.
    assert_eq!(found.by_length(), [20, 190, 1140, 4845, 15504, 38760]);
    let limits = Limits {
        complete_length: 6,
        max_length_bound: false,
        max_sets_bound: true,
        left_out_at_least: 100_001 - 60_459,
    };
    assert_eq!(found.limits(), limits);
    assert!(found.sets().all(|set| set.count == 50_000));

    let all = mine(&incidence, &Mining { max_sets: 1 << 20, ..mining });
    assert_eq!((all.len(), all.closed(), all.maximal()), ((1 << 20) - 1, 1, 1));
}

#[test]
fn one_basket_with_a_hundred_thousand_products() {
    // Products 0 to 9 are in other baskets too.
    let pairs =
        (0..100_000).map(|product| (0, product)).chain((1..9).flat_map(|unit| (0..10).map(move |at| (unit, at))));
    let incidence = Incidence::from_pairs(9, 100_000, pairs);
    let found = mine(&incidence, &Mining { min_count: 2, max_length: None, max_sets: 1 << 20 });
    assert_eq!((found.len(), found.closed()), (1023, 1));
    // All are frequent: single ones fit, the five thousand million pairs do not.
    let found = on_threads(2, &incidence, &Mining { min_count: 1, max_length: None, max_sets: 200_000 });
    assert_eq!(found.by_length(), [100_000]);
    assert!(found.limits().max_sets_bound && !found.limits().max_length_bound);
    assert!(found.sets().all(|set| set.closed.is_none()));
}

#[test]
fn a_product_in_every_basket_goes_with_all() {
    let pairs = (0..1000u32).flat_map(|unit| [(unit, 7), (unit, unit % 5)]);
    let found = mine(&Incidence::from_pairs(1000, 8, pairs), &Mining::default());
    assert_eq!(found.by_length(), [6, 5]);
    // The five others are never without it.
    assert_eq!((found.closed(), found.maximal()), (6, 5));
}

#[test]
fn nothing_and_one_product_only() {
    let empty = mine(&Incidence::from_pairs(0, 0, std::iter::empty()), &Mining::default());
    assert!(empty.is_empty() && empty.by_length().is_empty());
    let one = mine(&Incidence::from_pairs(6, 1, (0..6).map(|unit| (unit, 0))), &Mining::default());
    assert_eq!((one.len(), one.closed(), one.maximal()), (1, 1, 1));
    // Far more length than there are products, and no minimum at all.
    let one = mine(
        &Incidence::from_pairs(6, 1, (0..6).map(|unit| (unit, 0))),
        &Mining { min_count: 0, max_length: Some(100), max_sets: 1 },
    );
    assert_eq!((one.len(), one.limits().max_length_bound, one.limits().max_sets_bound), (1, false, false));
}
