use std::collections::HashSet;

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::models::affinity::Incidence;

/// A small shop: purchases in any order, made distinct and sorted.
struct Small {
    customers: usize,
    products: usize,
    purchases: Vec<Purchase>,
    categories: Vec<u32>,
    roots: Vec<u32>,
    offered: Vec<bool>,
    barred: Vec<(u32, u32)>,
    muted: Vec<(u32, u32)>,
}

impl Small {
    fn new(customers: usize, products: usize, mut purchases: Vec<Purchase>) -> Small {
        purchases.sort_unstable();
        purchases.dedup();
        Small {
            customers,
            products,
            purchases,
            categories: (0u32..).take(products).map(|product| product % 3).collect(),
            roots: (0u32..).take(products).collect(),
            offered: vec![true; products],
            barred: Vec::new(),
            muted: Vec::new(),
        }
    }

    fn market(&self) -> Market<'_> {
        Market {
            customers: self.customers,
            products: self.products,
            purchases: &self.purchases,
            baskets: None,
            categories: &self.categories,
            roots: &self.roots,
        }
    }

    fn filters(&self) -> Filters<'_> {
        Filters { offered: &self.offered, barred: &self.barred, muted: &self.muted, listed: &[] }
    }

    /// Back-test and lists.
    fn run(&self, options: &Options) -> (BackTest, Made) {
        let tested = back_test(&self.market(), options, None);
        let made = Made::of(&self.market(), &self.filters(), options, &tested);
        (tested, made)
    }

    fn owned(&self) -> HashSet<(u32, u32)> {
        self.purchases.iter().map(|row| (row.customer, row.product)).collect()
    }
}

/// All lists.
#[derive(Debug, PartialEq)]
struct Made {
    cross_sell: Vec<Offer>,
    targets: Vec<Target>,
    notes: Vec<String>,
}

impl Made {
    fn of(market: &Market<'_>, filters: &Filters<'_>, options: &Options, tested: &BackTest) -> Made {
        let (mut cross_sell, mut next) = (Vec::new(), 0);
        let Offers { targets, notes } = offers(market, filters, options, tested, |customer, list| {
            assert!(customer >= next && list.iter().all(|offer| offer.customer == customer));
            next = customer + 1;
            cross_sell.extend_from_slice(list);
        });
        Made { cross_sell, targets, notes }
    }
}

fn options() -> Options {
    Options {
        as_of_day: 100,
        holdout_days: 20,
        min_buyers: 1,
        min_test_customers: 5,
        list_size: 4,
        ..Options::default()
    }
}

/// Customers of two tastes who come on five days of 100 and buy three things each time, sometimes of the other taste.
fn two_tastes(customers: u32, seed: u64) -> Small {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut purchases = Vec::new();
    for customer in 0..customers {
        for _ in 0..5 {
            let day = (random.random::<f64>() * 100.0) as i32;
            for _ in 0..3 {
                let taste = if random.random::<f64>() < 0.9 { customer % 2 } else { 1 - customer % 2 };
                let product = taste * 15 + (random.random::<f64>().powi(2) * 15.0) as u32;
                purchases.push(Purchase { customer, product, day });
            }
        }
    }
    Small::new(customers as usize, 30, purchases)
}

fn with_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

#[test]
fn a_planted_taste_is_recovered() {
    let mut small = two_tastes(400, 5);
    // One more customer who has shown only one side, and only a little of it.
    let stranger = 400;
    small.customers += 1;
    small.purchases.extend([15, 16, 18].map(|product| Purchase { customer: stranger, product, day: 60 }));
    for method in [Method::CustomerLlr, Method::BasketLlr, Method::CustomerCosine, Method::Ease, Method::Als] {
        let ease = EaseOptions { lambda: 5.0, ..Options::default().ease };
        let als = AlsOptions { factors: 4, alpha: 5.0, ..Options::default().als };
        let options = Options { methods: vec![Method::Popularity, method], ease, als, ..options() };
        let (tested, made) = small.run(&options);
        let ndcg = |method: Method| {
            let row = tested.rows.iter().find(|row| row.list == List::New && row.method == method && row.k == 10);
            row.unwrap().ndcg
        };
        let (found, blind) = (ndcg(method), ndcg(Method::Popularity));
        assert!(found > 1.2 * blind, "{}: {found} against {blind}", method.name());
        assert_eq!(tested.method(List::New), method);
        let mine: Vec<&Offer> = made.cross_sell.iter().filter(|offer| offer.customer == stranger).collect();
        assert_eq!(mine.len(), 4);
        for offer in mine {
            assert!(offer.product >= 15, "{}: {offer:?}", method.name());
            assert_eq!((offer.reason, offer.method), (Reason::BecauseBought, method));
            let first = offer.evidence[0].unwrap();
            assert!([15, 16, 18].contains(&first.product) && first.share > 0.0 && first.share <= 1.0);
            let probability = offer.probability.unwrap();
            assert!(probability > 0.0 && probability < 1.0);
        }
    }
}

#[test]
fn ease_is_the_direct_solution() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let pairs: Vec<(u32, u32)> = (0..900)
        .map(|_| ((random.random::<f64>() * 80.0) as u32, (random.random::<f64>().powi(2) * 40.0) as u32))
        .collect();
    let histories = Incidence::from_pairs(80, 40, pairs.iter().copied());
    let lambda = 20.0;
    let found = EaseWeights::solve(&histories, (0..40).collect(), lambda);
    let lines =
        nalgebra::DMatrix::from_fn(
            80,
            40,
            |customer, product| {
                if histories.row(customer).contains(&(product as u32)) { 1.0 } else { 0.0 }
            },
        );
    let gram = lines.transpose() * &lines + nalgebra::DMatrix::identity(40, 40) * lambda;
    let inverse = gram.try_inverse().unwrap();
    for source in 0..40u32 {
        assert_eq!(found.between(source, source), 0);
        for target in (0..40u32).filter(|target| *target != source) {
            let weight = f64::from(found.between(source, target)) / found.unit();
            let direct = -inverse[(source as usize, target as usize)] / inverse[(target as usize, target as usize)];
            assert!((weight - direct).abs() < 1e-6, "{source} for {target}: {weight}, {direct}");
        }
    }
    let head = EaseWeights::solve(&histories, vec![7, 3], lambda);
    assert_eq!((head.products(), head.between(4, 3), head.between(3, 4)), (&[3, 7][..], 0, 0));
    assert_ne!(head.between(7, 3), 0);
}

#[test]
fn any_threads_and_any_order_give_the_same() {
    let mut small = two_tastes(300, 8);
    small.barred = (0..60).map(|at| (at * 5, at % 30)).collect();
    small.muted = (0..60).map(|at| (at * 3, at % 3)).collect();
    let lines: Vec<(u32, u32)> =
        small.purchases.iter().map(|row| (row.customer * 100 + row.day as u32, row.product)).collect();
    let days: Vec<i32> = (0..30_000).map(|basket| basket % 100).collect();
    let options = Options { targets_per_product: 7, contact_cap: 2, ..options() };
    let run = |small: &Small, lines: &[(u32, u32)]| {
        let market = Market { baskets: Some(Baskets { lines, days: &days }), ..small.market() };
        let tested = back_test(&market, &options, None);
        let made = Made::of(&market, &small.filters(), &options, &tested);
        (tested, made)
    };
    let one = with_threads(1, || run(&small, &lines));
    for threads in [2, 4] {
        assert!(with_threads(threads, || run(&small, &lines)) == one, "{threads} threads");
    }
    let mut shuffled = lines.clone();
    shuffled.sort_unstable_by_key(|(basket, product)| (product % 7, std::cmp::Reverse(*basket)));
    small.barred.reverse();
    small.muted.reverse();
    assert!(run(&small, &shuffled) == one);
}

#[test]
fn large_ease_is_the_same_at_any_threads() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let pairs: Vec<(u32, u32)> = (0..40_000)
        .map(|_| ((random.random::<f64>() * 2_000.0) as u32, (random.random::<f64>().powi(2) * 700.0) as u32))
        .collect();
    let histories = Incidence::from_pairs(2_000, 700, pairs.iter().copied());
    let solve = || EaseWeights::solve(&histories, (0..700).collect(), 500.0);
    let one = with_threads(1, solve);
    for threads in [2, 4] {
        assert!(with_threads(threads, solve) == one, "{threads} threads");
    }
}

#[test]
fn a_head_that_is_too_dear_shrinks_and_says_so() {
    let small = two_tastes(200, 2);
    let ease = EaseOptions { memory_bytes: 8 * 100, ..Options::default().ease };
    let options = Options { methods: vec![Method::Popularity, Method::Ease], ease, ..options() };
    let (tested, made) = small.run(&options);
    assert!(
        tested.notes.iter().any(|note| note.starts_with("ease: the 10 most bought of 30 products")),
        "{:?}",
        tested.notes
    );
    let per_customer = |customer: u32| made.cross_sell.iter().filter(|offer| offer.customer == customer).count();
    assert!((0..200).all(|customer| per_customer(customer) == 4));
    if tested.method(List::New) == Method::Ease {
        assert!(made.cross_sell.iter().any(|offer| offer.method == Method::CustomerLlr));
    }
}

#[test]
fn cold_customers_get_best_sellers_that_say_so() {
    let mut small = two_tastes(200, 6);
    // 200 has nothing; 201 only a product nobody else has: its category is known.
    small.customers += 2;
    small.products += 1;
    small.categories.push(1);
    small.roots.push(30);
    small.offered.push(true);
    small.purchases.push(Purchase { customer: 201, product: 30, day: 90 });
    let options = Options { min_buyers: 2, ..options() };
    let (_, made) = small.run(&options);
    let lists =
        |customer: u32| -> Vec<&Offer> { made.cross_sell.iter().filter(|offer| offer.customer == customer).collect() };
    assert_eq!(lists(200).len(), 4);
    assert!(lists(200).iter().all(|offer| offer.reason == Reason::Popular && offer.score_norm == 0));
    assert!(lists(200).windows(2).all(|pair| pair[0].score >= pair[1].score));
    assert_eq!(lists(201).len(), 4);
    assert!(lists(201).iter().all(|offer| offer.reason == Reason::PopularInCategory && offer.product % 3 == 1));
}

#[test]
fn of_variants_one_is_listed_and_the_list_stays_full() {
    // Half of the customers buy product 0, some of its 150 companions in all sizes, and now and then 151, 152 or 153; the
    // others something else.
    let mut random = ChaCha8Rng::seed_from_u64(12);
    let mut draw = |below: u32| (random.random::<f64>() * f64::from(below)) as u32;
    let mut purchases = Vec::new();
    for customer in 0..400u32 {
        let mut buy = |product| purchases.push(Purchase { customer, product, day: 50 });
        if customer % 2 == 0 {
            buy(0);
            (0..40).for_each(|_| buy(1 + draw(150)));
            if customer % 4 == 0 {
                buy(151 + draw(3));
            }
        } else {
            (0..5).for_each(|_| buy(154 + draw(6)));
        }
    }
    let stranger = 400;
    purchases.push(Purchase { customer: stranger, product: 0, day: 60 });
    let mut small = Small::new(401, 160, purchases);
    small.roots[1..=150].fill(1);
    let options =
        Options { neighbours: usize::MAX, methods: vec![Method::CustomerLlr], min_test_customers: 1_000, ..options() };
    let lists = |small: &Small| -> Vec<Offer> {
        let made = small.run(&options).1;
        made.cross_sell.iter().filter(|offer| offer.customer == stranger).copied().collect()
    };
    let found = lists(&small);
    assert!(found.iter().all(|offer| offer.reason == Reason::BecauseBought), "{found:?}");
    let mut products: Vec<u32> = found.iter().map(|offer| small.roots[offer.product as usize]).collect();
    products.sort_unstable();
    assert_eq!(products, [1, 151, 152, 153], "deeper than the 100 best, which are all sizes of one");
    assert!(found.windows(2).all(|pair| pair[0].score >= pair[1].score && pair[0].rank < pair[1].rank));
    // The sizes as products of their own: the best of them is the one that stands for all.
    small.roots = (0..160).collect();
    assert_eq!(lists(&small)[0].product, found[0].product);
    assert!(lists(&small).iter().all(|offer| (1..=150).contains(&offer.product)));
}

#[test]
fn targets_keep_the_cap_and_the_likeliest() {
    let small = two_tastes(300, 9);
    let options = Options { targets_per_product: 6, contact_cap: 2, ..options() };
    let (_, made) = small.run(&options);
    let owned = small.owned();
    let mut contacts = vec![0; 300];
    for target in &made.targets {
        contacts[target.customer as usize] += 1;
        assert!(!owned.contains(&(target.customer, target.product)));
        assert!(target.rank >= 1 && target.rank <= 6 && target.customers_before_cap >= u64::from(target.rank));
    }
    assert_eq!(contacts.iter().max(), Some(&2));
    for pair in made.targets.windows(2).filter(|pair| pair[0].product == pair[1].product) {
        assert_eq!(pair[1].rank, pair[0].rank + 1);
        assert!(pair[0].probability >= pair[1].probability);
    }
    // Without a cap nobody who is left out is likelier than who is in.
    let free = Options { contact_cap: usize::MAX, ..options.clone() };
    let (_, all) = small.run(&Options { targets_per_product: 300, ..free.clone() });
    let (_, few) = small.run(&free);
    let expected: Vec<_> = all.targets.iter().filter(|target| target.rank <= 6).copied().collect();
    assert_eq!(few.targets, expected);
}

#[test]
fn a_repeat_model_that_knows_wins_again() {
    let small = two_tastes(300, 11);
    // It sees into the days held back: no other method can.
    let knows = |_: &[Purchase], from: i32| -> Vec<AgainScore> {
        let rows = small.purchases.iter().filter(|row| row.day >= from);
        rows.map(|row| AgainScore { customer: row.customer, product: row.product, score: 0.5 }).collect()
    };
    let tested = back_test(&small.market(), &options(), Some(&knows));
    assert_eq!(tested.method(List::Again), Method::Replenishment);
    let without = back_test(&small.market(), &options(), None);
    assert_ne!(without.method(List::Again), Method::Replenishment);
}

#[test]
fn bad_input_gives_short_lists_and_no_panic() {
    let nobody = Small::new(0, 5, Vec::new()).run(&options());
    assert!(nobody.1.cross_sell.is_empty() && nobody.0.rows.is_empty() && nobody.1.targets.is_empty());
    let nothing = Small::new(3, 0, Vec::new()).run(&options());
    assert!(nothing.1.cross_sell.is_empty());
    let one_product: Vec<Purchase> =
        (0..50).map(|at| Purchase { customer: at % 10, product: 0, day: (at * 2) as i32 }).collect();
    let (tested, made) = Small::new(11, 1, one_product).run(&options());
    assert!(tested.rows.iter().all(|row| row.ndcg.is_finite() && row.lo.is_finite() && row.popularity.is_finite()));
    // Only the customer who has not bought it can be offered it.
    assert_eq!(made.cross_sell.iter().map(|offer| (offer.customer, offer.product)).collect::<Vec<_>>(), [(10, 0)]);
    let mut giant: Vec<Purchase> = (0..10_000).map(|at| Purchase { customer: 0, product: at, day: 10 }).collect();
    giant.extend((0..200).map(|at| Purchase { customer: 1 + at % 50, product: at, day: (at % 90) as i32 }));
    let ease = EaseOptions { max_products: 200, ..Options::default().ease };
    let als = AlsOptions { factors: 8, iterations: 3, ..Options::default().als };
    let (tested, made) = Small::new(51, 10_000, giant).run(&Options { ease, als, ..options() });
    assert!(tested.rows.iter().all(|row| row.ndcg.is_finite()));
    assert!(made.cross_sell.iter().all(|offer| offer.customer != 0 && offer.score.is_finite()));
    assert_eq!(made.cross_sell.len(), 50 * 4);
}

#[test]
fn too_few_customers_are_no_reason_to_choose() {
    let small = two_tastes(40, 1);
    let tested = back_test(&small.market(), &Options { min_test_customers: 41, ..options() }, None);
    assert_eq!((tested.method(List::New), tested.method(List::Again)), (Method::CustomerLlr, Method::OwnDecayed));
    assert!(tested.choices[0].reason.contains("too few"), "{}", tested.choices[0].reason);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn lists_keep_every_filter_and_stay_full(
        rows in prop::collection::vec((0u32..12, 0u32..20, 0i32..100), 0..160),
        withdrawn in prop::collection::vec(0u32..20, 0..8),
        barred in prop::collection::vec((0u32..12, 0u32..20), 0..20),
        muted in prop::collection::vec((0u32..12, 0u32..3), 0..6),
        variants in prop::collection::vec((0u32..20, 0u32..20), 0..5),
        method in 0usize..Method::ALL.len() - 1,
    ) {
        let purchases = rows.iter().map(|(customer, product, day)| Purchase { customer: *customer, product: *product, day: *day });
        let mut small = Small::new(12, 20, purchases.collect());
        for product in withdrawn {
            small.offered[product as usize] = false;
        }
        for (variant, of) in variants {
            small.roots[variant as usize] = small.roots[of as usize];
        }
        (small.barred, small.muted) = (barred, muted);
        let ease = EaseOptions { lambda: 2.0, ..Options::default().ease };
        let als = AlsOptions { factors: 3, iterations: 2, ..Options::default().als };
        let mut options = Options { methods: vec![Method::ALL[method], Method::Popularity], ease, als, min_test_customers: 0, ..options() };
        options.targets_per_product = 5;
        let (_, made) = small.run(&options);
        let bought: HashSet<u32> = small.purchases.iter().map(|row| row.product).collect();
        for customer in 0..12u32 {
            let may = |product: u32| small.offered[product as usize]
                && bought.contains(&product)
                && !small.barred.contains(&(customer, product))
                && !small.muted.contains(&(customer, small.categories[product as usize]));
            let discover = |product: u32| may(product)
                && small.purchases.iter().all(|row| row.customer != customer || small.roots[row.product as usize] != small.roots[product as usize]);
            let list: Vec<u32> = made.cross_sell.iter().filter(|offer| offer.customer == customer).map(|offer| offer.product).collect();
            prop_assert!(list.iter().all(|product| discover(*product)));
            // Of variants of the same, one is listed.
            let root = |product: u32| small.roots[product as usize];
            let possible: HashSet<u32> = (0..20).filter(|product| discover(*product)).map(root).collect();
            prop_assert_eq!(list.len(), possible.len().min(4));
            prop_assert_eq!(list.iter().map(|product| root(*product)).collect::<HashSet<_>>().len(), list.len());
            for target in made.targets.iter().filter(|target| target.customer == customer) {
                prop_assert!(discover(target.product));
            }
        }
    }
}
