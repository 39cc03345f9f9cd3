//! Counts against a plain oracle: for any threads, partition, way of counting, order of units, and weights.

mod real;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const UNITS: usize = 24;
const PRODUCTS: usize = 11;

/// Partners of each product, by product.
type Partners = Vec<Vec<Partner>>;

/// Straight from the definition: every ordered pair of every unit.
fn oracle(counting: &Counting<'_>) -> Partners {
    let incidence = counting.incidence;
    let mut sums: BTreeMap<(u32, u32), (u32, u64)> = BTreeMap::new();
    for unit in 0..incidence.units() {
        let weight = counting.weights.map_or(ONE_UNIT, |weights| weights[unit]);
        for a in incidence.row(unit) {
            for b in incidence.row(unit).iter().filter(|b| *b != a) {
                let sum = sums.entry((*a, *b)).or_default();
                *sum = (sum.0 + 1, sum.1 + u64::from(weight));
            }
        }
    }
    let mut partners = vec![Vec::new(); incidence.products()];
    for ((a, product), (count, weight)) in sums {
        if count >= counting.min_count.max(1) {
            partners[a as usize].push(Partner { product, count, weight });
        }
    }
    partners
}

fn sorted(product: u32, partners: &[Partner]) -> (u32, Vec<Partner>) {
    let mut partners = partners.to_vec();
    partners.sort_by_key(|partner| partner.product);
    (product, partners)
}

/// Partners by product of what visits saw; each product was visited once and in its place.
fn in_order(visits: Vec<(u32, Vec<Partner>)>) -> Partners {
    visits
        .into_iter()
        .enumerate()
        .map(|(at, (product, partners))| {
            assert_eq!(at, product as usize);
            partners
        })
        .collect()
}

fn counted(counting: &Counting<'_>) -> Partners {
    in_order(counting.count(sorted))
}

/// By a plan that a test changes.
fn counted_by(counting: &Counting<'_>, change: impl Fn(&mut Plan)) -> Partners {
    let mut plan = Plan::new(counting, false);
    change(&mut plan);
    in_order(counting.planned(&plan, sorted))
}

fn on<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

proptest! {
    #[test]
    fn counts_are_the_definition(
        lines in prop::collection::vec((0..UNITS as u32, 0..PRODUCTS as u32), 0..160),
        min_count in 0u32..5,
        weights in prop::option::of(prop::collection::vec(0..=ONE_UNIT, UNITS)),
        partitions in 1u32..6,
        memory in 0u64..4_000,
        most_pairs in 0u64..20,
    ) {
        let incidence = Incidence::from_pairs(UNITS, PRODUCTS, lines.iter().copied());
        let weights = weights.as_deref();
        let counting = Counting { incidence: &incidence, min_count, weights, memory_bytes: None };
        let expected = oracle(&counting);
        for threads in [1, 2, 4] {
            on(threads, || {
                assert_eq!(counted(&counting), expected);
                assert_eq!(counted(&Counting { memory_bytes: Some(memory), ..counting }), expected);
                let row_wise = |plan: &mut Plan| {
                    plan.estimate.variant = Variant::RowWise;
                    plan.estimate.partitions = partitions;
                };
                assert_eq!(counted_by(&counting, row_wise), expected);
                // Also where more pairs come up than were foreseen, and counting begins anew.
                for most_pairs in [u64::MAX, most_pairs] {
                    let triangular = |plan: &mut Plan| {
                        plan.estimate.variant = Variant::Triangular;
                        plan.most_pairs = most_pairs;
                    };
                    assert_eq!(counted_by(&counting, triangular), expected);
                }
            });
        }
    }

    #[test]
    fn the_order_of_units_does_not_matter(
        lines in prop::collection::vec((0..UNITS as u32, 0..PRODUCTS as u32), 0..160),
        order in Just((0..UNITS as u32).collect::<Vec<u32>>()).prop_shuffle(),
        weights in prop::collection::vec(0..=ONE_UNIT, UNITS),
    ) {
        let incidence = Incidence::from_pairs(UNITS, PRODUCTS, lines.iter().copied());
        let shuffled = Incidence::from_pairs(UNITS, PRODUCTS, lines.iter().map(|(unit, product)| (order[*unit as usize], *product)));
        let mut moved = vec![0; UNITS];
        for (unit, place) in order.iter().enumerate() {
            moved[*place as usize] = weights[unit];
        }
        let plain = Counting { incidence: &incidence, min_count: 2, weights: Some(&weights), memory_bytes: None };
        let other = Counting { incidence: &shuffled, weights: Some(&moved), ..plain };
        prop_assert_eq!(counted(&plain), counted(&other));
        prop_assert_eq!(plain.estimate(), other.estimate());
    }

    #[test]
    fn the_estimate_is_exact_where_it_says_so(
        lines in prop::collection::vec((0..UNITS as u32, 0..PRODUCTS as u32), 0..160),
        min_count in 1u32..5,
        memory in prop::option::of(0u64..8_000),
    ) {
        let incidence = Incidence::from_pairs(UNITS, PRODUCTS, lines.iter().copied());
        let counting = Counting { incidence: &incidence, min_count, weights: None, memory_bytes: memory };
        let estimate = counting.estimate();
        let kept: BTreeSet<u32> = (0u32..).zip(incidence.degrees()).filter(|(_, n)| *n >= min_count).map(|(a, _)| a).collect();
        prop_assert_eq!(estimate.products, kept.len() as u64);
        let sizes = (0..UNITS).map(|unit| incidence.row(unit).iter().filter(|product| kept.contains(product)).count() as u64);
        prop_assert_eq!(estimate.pair_events, sizes.map(|size| size * size.saturating_sub(1) / 2).sum::<u64>());
        // Every product is in the sample here.
        let pairs = oracle(&counting).iter().map(Vec::len).sum::<usize>() as u64 / 2;
        prop_assert_eq!(estimate.pairs, pairs);
        prop_assert_eq!(estimate.fits, memory.is_none_or(|memory| estimate.bytes <= memory));
    }

    #[test]
    fn ranges_cut_all_products_once(degrees in prop::collection::vec(0u32..50, 0..40), partitions in 1u32..9) {
        let ranges = ranges(&degrees, partitions);
        prop_assert_eq!(ranges.iter().cloned().flatten().collect::<Vec<_>>(), (0..degrees.len()).collect::<Vec<_>>());
        let total: u32 = degrees.iter().sum();
        let share = u64::from(total).div_ceil(u64::from(partitions));
        let lines = |range: &Range<usize>| degrees[range.clone()].iter().map(|degree| u64::from(*degree)).sum::<u64>();
        let largest = degrees.iter().map(|degree| u64::from(*degree)).max().unwrap_or(0);
        prop_assert!(ranges.iter().all(|range| lines(range) <= share.max(largest)));
    }
}

#[test]
fn more_products_than_16_bits_number() {
    // A ring: each product is in two units with the next one.
    let products = 70_000_u32;
    let lines = (0..2 * products).flat_map(|unit| [(unit, unit % products), (unit, (unit + 1) % products)]);
    let incidence = Incidence::from_pairs(2 * products as usize, products as usize, lines);
    let weights: Vec<u32> = (0..2 * products).map(|unit| unit % 1_000).collect();
    for weights in [None, Some(&weights[..])] {
        let counting = Counting { incidence: &incidence, min_count: 2, weights, memory_bytes: None };
        let expected = |a: u32| {
            let weight = |unit: u32| weights.map_or(u64::from(ONE_UNIT), |weights| u64::from(weights[unit as usize]));
            let with =
                |product: u32, unit: u32| Partner { product, count: 2, weight: weight(unit) + weight(unit + products) };
            let before = (a + products - 1) % products;
            sorted(a, &[with(before, before), with((a + 1) % products, a)]).1
        };
        for variant in [Variant::RowWise, Variant::Triangular] {
            let found = counted_by(&counting, |plan| plan.estimate.variant = variant);
            assert!((0..products).all(|a| found[a as usize] == expected(a)), "{}", variant.name());
        }
    }
}

#[test]
fn one_basket_of_100_000_lines_among_small_ones() {
    let width = 100_000;
    let small = (1..2_001_u32).flat_map(|unit| (0..3).map(move |line| (unit, unit * 37 % 40 + line * 40)));
    let lines: Vec<(u32, u32)> = (0..width).map(|product| (0, product)).chain(small).collect();
    let incidence = Incidence::from_pairs(2_001, width as usize, lines.into_iter());
    let counting = Counting { incidence: &incidence, min_count: 5, weights: None, memory_bytes: None };
    let estimate = counting.estimate();
    // Of the huge one only the 120 products of the small ones are left.
    assert_eq!((estimate.products, estimate.pair_events), (120, 120 * 119 / 2 + 2_000 * 3));
    assert!(estimate.bytes < 1 << 20, "{} bytes", estimate.bytes);
    assert_eq!(counted(&counting), oracle_without_the_rare(&counting));

    let tamed = super::super::Megabaskets::default().apply(&incidence);
    assert_eq!((tamed.affected.units, tamed.affected.lines, tamed.affected.pair_events), (1, 100_000, 4_999_950_000));
    let counting = Counting { incidence: &tamed.incidence, ..counting };
    assert_eq!(counting.estimate().pair_events, 6_000);
}

/// The oracle, over kept products only: the plain one would make every pair of a huge unit.
fn oracle_without_the_rare(counting: &Counting<'_>) -> Partners {
    let incidence = counting.incidence;
    let degrees = incidence.degrees();
    let rows =
        (0..incidence.units()).flat_map(|unit| incidence.row(unit).iter().map(move |product| (unit as u32, *product)));
    let kept = rows.filter(|(_, product)| degrees[*product as usize] >= counting.min_count);
    let kept = Incidence::from_pairs(incidence.units(), incidence.products(), kept);
    oracle(&Counting { incidence: &kept, ..*counting })
}

#[test]
fn one_product_in_every_basket() {
    let lines = (0..5_000_u32).flat_map(|unit| [(unit, 0), (unit, 1 + unit % 50)]);
    let incidence = Incidence::from_pairs(5_000, 51, lines);
    let counting = Counting { incidence: &incidence, min_count: 5, weights: None, memory_bytes: None };
    let found = counted(&counting);
    assert_eq!(found[0].len(), 50);
    assert!(found[1..].iter().all(|row| *row == [Partner { product: 0, count: 100, weight: 100 << 16 }]));
}

#[test]
fn one_product_only_and_nothing_at_all() {
    for (units, products, lines) in [(3, 1, vec![(0, 0), (1, 0), (2, 0)]), (3, 4, vec![]), (0, 0, vec![])] {
        let incidence = Incidence::from_pairs(units, products, lines.into_iter());
        for memory_bytes in [None, Some(0)] {
            let counting = Counting { incidence: &incidence, min_count: 0, weights: None, memory_bytes };
            assert_eq!(counted(&counting), vec![Vec::new(); products]);
            let estimate = counting.estimate();
            assert_eq!((estimate.pair_events, estimate.pairs), (0, 0));
        }
    }
}

#[test]
fn little_memory_means_more_passes_and_fewer_threads() {
    let lines = (0..4_000_u32).flat_map(|unit| (0..10).map(move |line| (unit, (unit * 13 + line * line * 7) % 300)));
    let incidence = Incidence::from_pairs(4_000, 300, lines);
    let plain = Counting { incidence: &incidence, min_count: 1, weights: None, memory_bytes: None };
    on(4, || {
        let free = plain.estimate();
        assert!(free.fits && free.partitions == 1);
        let tight = Counting { memory_bytes: Some(120_000), ..plain };
        let estimate = tight.estimate();
        assert_eq!(estimate.variant, Variant::RowWise);
        assert!(estimate.fits && estimate.partitions > 1 && estimate.bytes <= 120_000, "{estimate:?}");
        let hopeless = Counting { memory_bytes: Some(1_000), ..plain };
        assert!(!hopeless.estimate().fits);
        assert_eq!(counted(&tight), counted(&plain));
        assert_eq!(counted(&hopeless), counted(&plain));
    });
}

#[test]
#[should_panic(expected = "a unit weighs 1 at most")]
fn a_weight_above_one_is_refused() {
    let incidence = Incidence::from_pairs(1, 2, [(0, 0), (0, 1)].into_iter());
    let weights = [ONE_UNIT + 1];
    let counting = Counting { incidence: &incidence, min_count: 1, weights: Some(&weights), memory_bytes: None };
    counting.count(|_, _| ());
}
