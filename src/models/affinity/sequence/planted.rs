//! Show 4: planted sequences are found with their gap, and independent products are not significant beyond the stated
//! rate; and small cases by hand.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma};

use super::*;

const PRODUCTS: u32 = 60;
const DAYS: i32 = 365;

/// Customers of very different zeal with baskets of very different size, who draw products by popularity, which changes
/// over the year for half of them. Product 0 is followed by 1, and 2 by 3, after about 12 days, by `follow` of the
/// purchases, on a visit of its own.
fn shop(seed: u64, follow: f64) -> Vec<Purchase> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let gaps = Gamma::new(0.7, 60.0).unwrap();
    let sizes = Gamma::new(1.2, 3.0).unwrap();
    let mut lines = Vec::new();
    for customer in 0..800 {
        let (gap, size): (f64, f64) = (gaps.sample(&mut rng) + 4.0, sizes.sample(&mut rng));
        let mut day = rng.random_range(0.0..gap);
        while (day as i32) < DAYS {
            let today = day as i32;
            for _ in 0..1 + (size * rng.random_range(0.5..1.5)) as u32 {
                // Popularity falls with the number; odd products are three times as popular in the second half-year.
                let product = loop {
                    let product = (f64::from(PRODUCTS) * rng.random::<f64>().powf(1.5)) as u32;
                    let season = if product % 2 == 1 && today < DAYS / 2 { 1.0 / 3.0 } else { 1.0 };
                    if rng.random::<f64>() < season {
                        break product;
                    }
                };
                lines.push(Purchase { customer, product, day: today });
                if product < 4 && product % 2 == 0 && rng.random::<f64>() < follow {
                    let then = today + rng.random_range(9..=15);
                    if then < DAYS {
                        lines.push(Purchase { customer, product: product + 1, day: then });
                    }
                }
            }
            day += -gap * (1.0 - rng.random::<f64>()).ln();
        }
    }
    lines
}

#[test]
fn independent_products_are_not_significant_beyond_the_rate() {
    let (mut seeds_with_any, mut directed, mut pairs) = (0, 0, 0);
    for seed in 0..25 {
        for following in [Following::AnyToAny, Following::FirstToFirst] {
            let options = SequenceOptions { following, top: 60, ..SequenceOptions::default() };
            let found = sequences(&shop(seed, 0.0), PRODUCTS as usize, &options);
            assert_eq!(found.tests, u64::from(PRODUCTS) * u64::from(PRODUCTS - 1));
            seeds_with_any += usize::from(found.rows.iter().any(|row| row.q_value <= 0.05));
            if following == Following::AnyToAny {
                pairs += found.rows.len();
                directed += found.rows.iter().filter(|row| row.asymmetry_p <= 0.05).count();
            }
        }
    }
    // With nothing to find, the rate of false discoveries is the chance of any: 2.5 of 50 are expected at most.
    assert!(seeds_with_any <= 5, "{seeds_with_any} of 50");
    assert!((0.03..=0.06).contains(&(directed as f64 / pairs as f64)), "direction: {directed} of {pairs}");
}

#[test]
fn planted_sequences_are_found_with_their_gap_and_direction() {
    let (mut false_ones, mut all) = (0, 0);
    for seed in 100..120 {
        let found =
            sequences(&shop(seed, 0.3), PRODUCTS as usize, &SequenceOptions { top: 60, ..SequenceOptions::default() });
        let significant = |row: &&Sequence| row.q_value <= 0.05;
        for (a, b) in [(0, 1), (2, 3)] {
            let row = found.rows.iter().find(|row| row.product_a == a && row.product_b == b).unwrap();
            assert!(row.rank == 1 && row.q_value < 1e-6 && row.asymmetry_p < 1e-4, "{seed}: {row:?}");
            assert!((9.0..=15.0).contains(&row.median_gap_days), "{seed}: {row:?}");
        }
        all += found.rows.iter().filter(significant).count();
        false_ones +=
            found.rows.iter().filter(significant).filter(|row| !(row.product_a < 4 && row.product_b < 4)).count();
    }
    // Products that share customers with a planted one are not independent of it; beyond them little may be found.
    assert!(false_ones * 10 <= all, "{false_ones} of {all}");
}

fn lines(of: &[(u32, u32, i32)]) -> Vec<Purchase> {
    of.iter().map(|&(customer, product, day)| Purchase { customer, product, day }).collect()
}

#[test]
fn a_window_ends_after_its_last_day_and_the_same_day_does_not_count() {
    let bought =
        lines(&[(0, 0, 10), (0, 1, 10), (1, 0, 10), (1, 1, 40), (2, 0, 10), (2, 1, 41), (3, 0, 10), (3, 1, 11)]);
    let counts = follow_counts(&bought, 2, &SequenceOptions::default());
    assert_eq!(counts, [FollowCount { product_a: 0, product_b: 1, ab: 2, ba: 0, both: 0 }]);
    let bounded = SequenceOptions { until_day: Some(39), ..SequenceOptions::default() };
    assert_eq!(follow_counts(&bought, 2, &bounded)[0].ab, 1);
    let variants = SequenceOptions { groups: Some(&[0, 0]), ..SequenceOptions::default() };
    assert!(follow_counts(&bought, 2, &variants).is_empty());
}

#[test]
fn gaps_are_from_the_earliest_purchase_that_the_first_follower_is_near() {
    // A on days 0, 50 and 60, B on days 70 and 75: the first B follows, and 50 is the earliest A within 30 days of it.
    let mut bought = Vec::new();
    for customer in 0..6 {
        bought.extend(lines(&[
            (customer, 0, 0),
            (customer, 0, 50),
            (customer, 0, 60),
            (customer, 1, 70),
            (customer, 1, 75),
        ]));
    }
    // Others buy other things, so that B is not what everybody buys next.
    for customer in 6..60 {
        bought.extend(lines(&[(customer, 0, 0), (customer, 2, 5), (customer, 2, 70)]));
    }
    for customer in 60..90 {
        bought.extend(lines(&[(customer, 3, 0), (customer, 2, 5), (customer, 3, 60), (customer, 2, 75)]));
    }
    let found = sequences(&bought, 4, &SequenceOptions::default());
    let row = found.rows.iter().find(|row| (row.product_a, row.product_b) == (0, 1)).unwrap();
    assert_eq!((row.customers_a, row.customers_b, row.customers_ab, row.median_gap_days), (60, 6, 6, 20.0));
}

#[test]
fn nothing_and_one_product_give_no_rows() {
    let nothing = sequences(&[], 0, &SequenceOptions::default());
    assert_eq!((nothing.rows.len(), nothing.tests), (0, 0));
    let bought: Vec<Purchase> = (0..100).map(|day| Purchase { customer: 0, product: 0, day }).collect();
    let one = sequences(&bought, 1, &SequenceOptions { min_count: 1, ..SequenceOptions::default() });
    assert_eq!((one.rows.len(), one.tests, one.customers), (0, 0, 1));
    let empty = SequenceOptions { from_day: Some(1_000), ..SequenceOptions::default() };
    assert_eq!(sequences(&bought, 1, &empty).customers, 0);
    let limited = SequenceOptions { max_lines_per_customer: Some(99), ..SequenceOptions::default() };
    assert_eq!(sequences(&bought, 1, &limited).customers_left_out, 1);
}

#[test]
fn tails_and_q_values_are_exact() {
    // Against the sum of all terms.
    let term =
        |i: u64| statrs::function::factorial::binomial(20, i) * 0.3_f64.powi(i as i32) * 0.7_f64.powi(20 - i as i32);
    for k in 0..=20 {
        let direct: f64 = (k..=20).map(term).sum();
        assert!((upper_tail(k, 20, 0.3) / direct - 1.0).abs() < 1e-10, "{k}");
    }
    // 13 against 3: twice the 697 of 65,536 ways to have 13 or more of 16.
    assert!((mcnemar(13, 3) - 2.0 * 697.0 / 65_536.0).abs() < 1e-12);
    assert!((mcnemar(5, 5) - 1.0).abs() < 1e-12 && mcnemar(0, 0) >= 1.0);
    let p_values = PValues::new();
    for p in [0.01, 0.02, 0.03, 0.5, 0.0] {
        p_values.add(p);
    }
    let q = p_values.q_values(10);
    for (p, exact) in [(0.0, 0.0), (0.01, 0.05), (0.02, 0.2 / 3.0), (0.03, 0.075), (0.5, 1.0)] {
        assert!(q.of(p) >= exact && q.of(p) <= exact * 1.001 + 1e-70, "{p}: {}", q.of(p));
    }
}

fn brute(bought: &[Purchase], products: u32, window: i32) -> Vec<FollowCount> {
    let follows = |customer: u32, a: u32, b: u32| {
        let days = |product: u32| {
            bought.iter().filter(move |line| line.customer == customer && line.product == product).map(|line| line.day)
        };
        days(a).any(|from| days(b).any(|to| to > from && to - from <= window))
    };
    let mut counts = Vec::new();
    for a in 0..products {
        for b in (0..products).filter(|&b| b != a) {
            let (mut ab, mut ba, mut both) = (0, 0, 0);
            for customer in 0..10 {
                let (there, back) = (follows(customer, a, b), follows(customer, b, a));
                ab += u32::from(there);
                ba += u32::from(back);
                both += u32::from(there && back);
            }
            if ab > 0 {
                counts.push(FollowCount { product_a: a, product_b: b, ab, ba, both });
            }
        }
    }
    counts
}

proptest! {
    #[test]
    fn counts_are_the_definition_whatever_the_order_and_the_threads(
        bought in prop::collection::vec((0u32..6, 0u32..5, 0i32..60), 0..120), window in 1u32..25, shuffle in any::<u64>(),
    ) {
        let mut bought = lines(&bought);
        let options = SequenceOptions { window_days: window, min_count: 1, ..SequenceOptions::default() };
        let counts = follow_counts(&bought, 5, &options);
        prop_assert_eq!(&counts, &brute(&bought, 5, window as i32));
        let rows = sequences(&bought, 5, &options);
        let mut rng = ChaCha8Rng::seed_from_u64(shuffle);
        for index in (1..bought.len()).rev() {
            bought.swap(index, rng.random_range(0..=index));
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        prop_assert_eq!(&rows, &pool.install(|| sequences(&bought, 5, &options)));
        for row in &rows.rows {
            prop_assert!(row.lift > 1.0 && row.lift.is_finite() && row.q_value <= 1.0 && row.p_value <= row.q_value);
            prop_assert!(row.median_gap_days >= 1.0 && row.median_gap_days <= f64::from(window));
        }
    }
}

#[test]
fn a_customer_with_ten_thousand_orders_is_one_customer() {
    let bought: Vec<Purchase> =
        (0..10_000).flat_map(|day| (0..20).map(move |product| Purchase { customer: 7, product, day })).collect();
    let counts = follow_counts(&bought, 20, &SequenceOptions::default());
    assert_eq!(counts.len(), 20 * 19);
    assert!(counts.iter().all(|pair| (pair.ab, pair.ba, pair.both) == (1, 1, 1)));
    let rows = sequences(&bought, 20, &SequenceOptions { min_count: 1, ..SequenceOptions::default() }).rows;
    assert!(rows.iter().all(|row| row.lift.is_finite() && row.p_value > 0.05));
}
