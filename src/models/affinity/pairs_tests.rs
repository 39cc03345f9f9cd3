//! Studies of pairs: against plain counting, against the reference numbers of Groceries, and on products that have nothing
//! to do with each other.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rand::prelude::*;

use super::golden::{groceries, shared};
use super::{
    Avoidance, CategoryStudy, FalseDiscovery, Incidence, ONE_UNIT, PairCounts, PairRow, PairStudy, RankBy, substitutes,
};

/// Tests everything, ranks everything.
fn study(incidence: &Incidence, min_count: u32) -> PairStudy<'_> {
    PairStudy {
        incidence,
        n_total: incidence.units() as u64,
        min_count,
        top: usize::MAX,
        rank_by: RankBy::default(),
        groups: None,
        offered: None,
        weights: None,
        tests: true,
        memory_bytes: None,
    }
}

fn avoidance(incidence: &Incidence) -> Avoidance<'_> {
    Avoidance {
        incidence,
        n_total: incidence.units() as u64,
        min_count: 1,
        categories: None,
        groups: None,
        rate: 0.05,
        max_tests: u64::MAX,
        memory_bytes: None,
    }
}

/// Counts of every pair a < b, seen or not, one by one.
fn plainly(incidence: &Incidence) -> BTreeMap<(u32, u32), PairCounts> {
    let degrees = incidence.degrees();
    let products = incidence.products() as u32;
    let mut pairs = BTreeMap::new();
    for (a, b) in (0..products).flat_map(|a| (a + 1..products).map(move |b| (a, b))) {
        let both = |unit: &usize| incidence.row(*unit).contains(&a) && incidence.row(*unit).contains(&b);
        let counts = PairCounts {
            n_ab: (0..incidence.units()).filter(both).count() as u64,
            n_a: u64::from(degrees[a as usize]),
            n_b: u64::from(degrees[b as usize]),
            n_total: incidence.units() as u64,
        };
        pairs.insert((a, b), counts);
    }
    pairs
}

fn any_incidence() -> impl Strategy<Value = Incidence> {
    prop::collection::vec((0u32..60, 0u32..9), 0..260).prop_map(|lines| Incidence::from_pairs(60, 9, lines.into_iter()))
}

proptest! {
    /// Rows, ranks, tests and q-values of a study are those of all pairs looked at one by one.
    #[test]
    fn a_study_is_what_plain_counting_gives(
        incidence in any_incidence(),
        min_count in 1u32..8,
        top in 0usize..5,
        measure in 0..RankBy::ALL.len(),
        groups in prop::collection::vec(0u32..20, 9),
        offered in prop::collection::vec(prop::bool::weighted(0.8), 9),
    ) {
        let rank_by = RankBy::ALL[measure];
        let study = PairStudy {
            top, rank_by, groups: Some(&groups), offered: Some(&offered), ..study(&incidence, min_count)
        };
        let pairs = study.run();
        let least = u64::from(min_count);
        let mut tests = plainly(&incidence);
        tests.retain(|(a, b), pair| groups[*a as usize] != groups[*b as usize] && pair.n_a.min(pair.n_b) >= least);
        let p_values: Vec<f64> =
            tests.values().filter(|pair| pair.n_ab >= least).map(PairCounts::fisher_greater).collect();
        prop_assert_eq!(pairs.tested, p_values.len() as u64);
        prop_assert_eq!(pairs.discovery.hypotheses(), tests.len() as u64);
        let discovery = FalseDiscovery::new(p_values, tests.len() as u64);
        let mut expected = Vec::new();
        for a in 0..9u32 {
            let mut partners: Vec<(f64, u32, PairCounts)> = tests
                .iter()
                .filter(|((one, two), _)| *one == a || *two == a)
                .map(|((one, two), pair)| if *one == a { (*two, *pair) } else { (*one, pair.swapped()) })
                .filter(|(_, pair)| pair.n_ab >= least && pair.lift_above_one())
                .map(|(b, pair)| (rank_by.score(&pair), b, pair))
                .collect();
            partners.sort_by(|one, two| two.0.total_cmp(&one.0).then(one.1.cmp(&two.1)));
            // Those that may be offered, and then the others that come before the last of them.
            let may = |partner: &(f64, u32, PairCounts)| offered[partner.1 as usize];
            let enough = partners.iter().enumerate().filter(|(_, partner)| may(partner)).nth(top.wrapping_sub(1));
            let end = enough.map_or(if top == 0 { 0 } else { partners.len() }, |(at, _)| at);
            let held: Vec<_> = partners[..end].iter().copied().filter(|partner| !may(partner)).take(top).collect();
            partners.retain(may);
            partners.truncate(top);
            partners.extend(held);
            expected.extend((1u32..).zip(partners).map(|(rank, (score, b, pair))| (a, b, rank, score, pair)));
        }
        let found: Vec<_> = pairs.rows.iter().map(|row| (row.a, row.b, row.rank, row.score, row.counts)).collect();
        prop_assert_eq!(found, expected);
        for row in &pairs.rows {
            prop_assert_eq!(row.p_value, row.counts.fisher_greater());
            prop_assert_eq!(row.q_value, discovery.q(row.p_value));
        }
        // The same pairs without their tests.
        let untested = PairStudy { tests: false, ..study }.run();
        let untested_rows = pairs.rows.iter().map(|row| PairRow { p_value: 1.0, q_value: 1.0, ..*row });
        prop_assert_eq!(&untested.rows, &untested_rows.collect::<Vec<_>>());
        prop_assert_eq!((untested.tested, untested.discovery.rejected(1.0)), (pairs.tested, 0));
    }

    /// Whole weights of 1 change nothing, and half of it halves what grows with the number of units.
    #[test]
    fn weights_weigh(lines in prop::collection::vec((0u32..60, 0u32..9), 0..200), half in any::<bool>()) {
        // Units without a product weigh nothing: all have one.
        let all = lines.into_iter().chain((0..60).map(|unit| (unit, unit % 9)));
        let incidence = Incidence::from_pairs(60, 9, all.collect::<Vec<_>>().into_iter());
        let weights = vec![if half { ONE_UNIT / 2 } else { ONE_UNIT }; incidence.units()];
        let plain = study(&incidence, 2).run();
        let weighted = PairStudy { weights: Some(&weights), ..study(&incidence, 2) }.run();
        prop_assert_eq!(plain.rows.len(), weighted.rows.len());
        for (one, two) in plain.rows.iter().zip(&weighted.rows) {
            prop_assert_eq!((one.a, one.b, one.counts, one.q_value), (two.a, two.b, two.counts, two.q_value));
            let wanted = if half { one.score / 2.0 } else { one.score };
            prop_assert!((two.score / wanted - 1.0).abs() < 1e-9);
        }
    }

    /// The same bits for any number of threads and any order of units.
    #[test]
    fn neither_threads_nor_order_matter(lines in prop::collection::vec((0u32..60, 0u32..9), 0..260), turn in 0u32..60) {
        let turned = lines.iter().map(|(unit, product)| ((unit + turn) % 60, *product)).rev();
        let turned = Incidence::from_pairs(60, 9, turned.collect::<Vec<_>>().into_iter());
        let incidence = Incidence::from_pairs(60, 9, lines.into_iter());
        let of = [0, 0, 0, 1, 1, 1, 2, 2, 2];
        let all = |incidence: &Incidence, threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let categories = CategoryStudy {
                incidence,
                n_total: 60,
                category_of: &of,
                categories: 3,
                min_count: 2,
                top: 2,
                rank_by: RankBy::default(),
                offered: None,
            };
            let avoidance = Avoidance { rate: 0.4, ..avoidance(incidence) };
            pool.install(|| (study(incidence, 2).run(), avoidance.run(), categories.run()))
        };
        let one = all(&incidence, 1);
        prop_assert_eq!(&one, &all(&incidence, 3));
        prop_assert_eq!(&one, &all(&turned, 2));
    }

    /// Pairs that avoid each other are those of all pairs looked at one by one, whatever was not worked out.
    #[test]
    fn avoidance_is_what_plain_counting_gives(
        lines in prop::collection::vec((0u32..200, 0u32..8), 300..900),
        min_count in 1u32..40,
        categories in prop::collection::vec(0u32..3, 8),
        rate in 0.05f64..0.45,
        often in 2u32..30,
    ) {
        // Products 0 and 1, and 2 and 3, stay apart more often than not.
        let apart = lines.into_iter().filter(|(unit, product)| *product > 3 || (unit + product) % 2 == 0 || unit % 7 == 0);
        // Products 6 and 7 are in nearly all units.
        let common = (0..200).flat_map(|unit| [(unit, 6, unit % often), (unit, 7, (unit + 1) % (often + 3))]);
        let common = common.filter(|line| line.2 != 0).map(|line| (line.0, line.1));
        let incidence = Incidence::from_pairs(200, 8, apart.chain(common).collect::<Vec<_>>().into_iter());
        let groups = [0, 1, 2, 3, 4, 4, 6, 7];
        let avoidance = Avoidance {
            min_count, rate, categories: Some(&categories), groups: Some(&groups), ..avoidance(&incidence)
        };
        let mut tests = plainly(&incidence);
        tests.retain(|(a, b), pair| {
            let (a, b) = (*a as usize, *b as usize);
            categories[a] == categories[b] && groups[a] != groups[b] && pair.n_a.min(pair.n_b) >= u64::from(min_count)
        });
        let discovery = FalseDiscovery::new(tests.values().map(PairCounts::fisher_less).collect(), tests.len() as u64);
        let expected: Vec<_> = tests
            .iter()
            .map(|((a, b), pair)| (*a, *b, *pair, discovery.q(pair.fisher_less())))
            .filter(|(.., q)| *q <= rate)
            .collect();
        let found = avoidance.run();
        prop_assert_eq!(found.hypotheses, tests.len() as u64);
        prop_assert_eq!((found.products_left_out, found.pairs_left_out), (0, 0));
        prop_assert_eq!(found.nominal, tests.values().filter(|pair| pair.fisher_less() <= rate).count() as u64);
        let pairs: Vec<_> = found.pairs.iter().map(|pair| (pair.a, pair.b, pair.counts, pair.q_value)).collect();
        prop_assert_eq!(pairs, expected);
        // A limit leaves the rarest out and says so; what is left is no more significant than it was.
        let limited = Avoidance { max_tests: found.worked_out / 2, ..avoidance }.run();
        prop_assert!(limited.worked_out <= found.worked_out / 2);
        prop_assert_eq!(limited.worked_out + limited.pairs_left_out, found.worked_out);
        prop_assert_eq!(limited.products_left_out > 0, found.worked_out > 0);
        prop_assert_eq!(limited.hypotheses, found.hypotheses);
        for pair in limited.pairs {
            let before = found.pairs.iter().find(|other| (other.a, other.b) == (pair.a, pair.b)).unwrap();
            prop_assert!(pair.q_value >= before.q_value);
        }
    }
}

/// `spec/affinity.md` 2.2: 9,636 pairs, 8,082 with lift above 1, 1,591 of 14,196 at q < 0.05.
#[test]
fn groceries_complements() {
    let Some((baskets, items)) = groceries() else { return };
    assert_eq!((baskets.units(), baskets.products(), baskets.lines()), (9835, 169, 43_367));
    let pairs = study(&baskets, 1).run();
    assert_eq!((pairs.tested, pairs.discovery.hypotheses()), (9636, 14_196));
    assert_eq!(pairs.rows.len(), 2 * 8082);
    assert_eq!(pairs.discovery.rejected(0.05), 1591);
    assert_eq!(pairs.rows.iter().filter(|row| row.q_value < 0.05).count(), 2 * 1591);
    // Of the hundred highest lifts 19 survive; with at least 10 baskets all do.
    let survive = |least: u64| {
        let mut best: Vec<_> = pairs.rows.iter().filter(|row| row.a < row.b && row.counts.n_ab >= least).collect();
        best.sort_by(|one, two| two.counts.lift().total_cmp(&one.counts.lift()));
        best[..100].iter().filter(|row| row.q_value < 0.05).count()
    };
    assert_eq!((survive(1), survive(10)), (19, 100));
    let milk = items.iter().position(|item| item == "whole milk").unwrap() as u32;
    let best = pairs.rows.iter().find(|row| row.a == milk).unwrap();
    assert_eq!(best.rank, 1);
    assert!(pairs.rows.iter().all(|row| row.score <= 1e4 && row.counts.lift_above_one()));
}

/// `spec/affinity.md` 2.2: 130 pairs with p < 0.05 for less than chance, 17 of them at q < 0.05; canned beer and whole milk
/// first.
#[test]
fn groceries_avoidance() {
    let Some((baskets, items)) = groceries() else { return };
    let avoided = avoidance(&baskets).run();
    assert_eq!((avoided.hypotheses, avoided.nominal, avoided.pairs.len()), (14_196, 130, 17));
    assert!(avoided.worked_out < 14_196);
    let first = avoided.pairs.iter().min_by(|one, two| one.q_value.total_cmp(&two.q_value)).unwrap();
    let names = [first.a, first.b].map(|item| items[item as usize].as_str());
    assert_eq!((names, first.counts.n_ab), (["canned beer", "whole milk"], 87));
    assert!((first.counts.lift() - 0.4457).abs() < 5e-5 && (first.q_value / 7.5e-20 - 1.0).abs() < 0.01);
}

/// Customers who have either of two products, in baskets of one product and sometimes a third.
#[test]
fn substitutes_need_both_tests_and_a_category() {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let (mut by_customer, mut by_basket) = (Vec::new(), Vec::new());
    for customer in 0..3000u32 {
        // 0 and 1 stand in for each other; 2 and 3 are bought by the same customers, never in the same basket;
        // 4 is bought at random. 0, 1 and 4 are of one category; 2 and 3 of another.
        let brand = u32::from(random.random_bool(0.5));
        for visit in 0..4u32 {
            let basket = customer * 4 + visit;
            let mut have = vec![2 + visit % 2];
            if random.random_bool(0.4) {
                have.push(if random.random_bool(0.03) { 1 - brand } else { brand });
            }
            if random.random_bool(0.3) {
                have.push(4);
            }
            by_basket.extend(have.iter().map(|product| (basket, *product)));
            by_customer.extend(have.iter().map(|product| (customer, *product)));
        }
    }
    let customers = Incidence::from_pairs(3000, 5, by_customer.into_iter());
    let baskets = Incidence::from_pairs(12_000, 5, by_basket.into_iter());
    let categories = [0, 0, 1, 1, 0];
    let of = |categories| Avoidance { categories: Some(categories), ..avoidance(&customers) };
    let (avoided, found) = substitutes(&of(&categories), &baskets, 12_000);
    assert_eq!(avoided.hypotheses, 4);
    let pairs: Vec<_> = found.iter().map(|pair| (pair.customers.a, pair.customers.b)).collect();
    assert_eq!(pairs, [(0, 1)]);
    assert!(found[0].q_value >= found[0].customers.q_value && found[0].basket_p_value < 1e-9);
    assert!(found[0].baskets.lift() < 0.3);
    // Of two categories they are no substitutes.
    let (avoided, found) = substitutes(&of(&[0, 1, 1, 1, 0]), &baskets, 12_000);
    assert!(avoided.pairs.is_empty() && found.is_empty());
}

/// `spec/affinity.md` 2.7: customers of Online Retail, items of 200 customers or more, pairs of 20 or more.
#[test]
fn online_retail_by_customer() {
    let Some((names, rows)) = shared("reference/affinity/online_retail_pairs_customer.csv.gz") else { return };
    let Some((_, sales)) = shared("data/online_retail/transactions.csv.gz") else { return };
    assert_eq!(names, ["a", "b", "c_cust"][..]);
    // Clean: a customer, a positive quantity, no cancellation; free items too.
    let kept = |row: &&csv::StringRecord| {
        !row[1].is_empty() && !row[0].starts_with('C') && row[4].parse::<f64>().is_ok_and(|quantity| quantity > 0.0)
    };
    let sales: Vec<(&str, &str)> = sales.iter().filter(kept).map(|row| (&row[1], &row[3])).collect();
    let customers = numbered(sales.iter().map(|sale| sale.0));
    let items = numbered(sales.iter().map(|sale| sale.1));
    assert_eq!((customers.len(), items.len()), (4339, 3665));
    let lines: Vec<(u32, u32)> = sales.iter().map(|sale| (customers[sale.0], items[sale.1])).collect();
    let incidence = Incidence::from_pairs(customers.len(), items.len(), lines.into_iter());
    let degrees = incidence.degrees();
    let counting = super::Counting { incidence: &incidence, min_count: 20, weights: None, memory_bytes: None };
    let often = |item: u32| degrees[item as usize] >= 200;
    assert_eq!((0..items.len() as u32).filter(|item| often(*item)).count(), 321);
    let found: Vec<Vec<(u32, u32, u32)>> = counting.count(|a, partners| {
        let pairs = partners.iter().filter(|partner| partner.product > a && often(a) && often(partner.product));
        pairs.map(|partner| (a, partner.product, partner.count)).collect()
    });
    let mut found: Vec<_> = found.into_iter().flatten().collect();
    found.sort_unstable();
    let mut wanted: Vec<(u32, u32, u32)> = rows
        .iter()
        .map(|row| {
            let (a, b) = (items[&row[0]], items[&row[1]]);
            (a.min(b), a.max(b), row[2].parse().unwrap())
        })
        .collect();
    wanted.sort_unstable();
    assert_eq!((found.len(), wanted.len()), (49_492, 49_492));
    assert_eq!(found, wanted);
}

/// Numbers in order of the texts.
fn numbered<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, u32> {
    let names: std::collections::BTreeSet<&str> = texts.collect();
    names.into_iter().zip(0u32..).collect()
}

/// Baskets whose products come independently, but for planted pairs: the second of each comes with the first more often.
fn planted(seed: u64, planted: u32) -> Incidence {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let (units, products) = (3000u32, 60u32);
    let mut lines = Vec::new();
    for unit in 0..units {
        let mut has = vec![false; products as usize];
        for product in 0..products {
            has[product as usize] = random.random_bool(0.12 / f64::from(1 + product / 10));
        }
        for pair in 0..planted as usize {
            if has[2 * pair] && random.random_bool(0.3) {
                has[2 * pair + 1] = true;
            }
        }
        lines.extend((0..products).filter(|product| has[*product as usize]).map(|product| (unit, product)));
    }
    Incidence::from_pairs(units as usize, products as usize, lines.into_iter())
}

/// `spec/affinity.md` 7, point 2: nothing among products that have nothing to do with each other, and planted pairs found,
/// at the stated rate, over 200 seeds.
#[test]
fn false_discoveries_are_at_the_stated_rate() {
    let (mut seeds_with_any, mut seeds_with_avoided) = (0, 0);
    let (mut share_false, mut found_planted) = (0.0, 0);
    for seed in 0..200 {
        let independent = planted(seed, 0);
        seeds_with_any += u32::from(study(&independent, 5).run().discovery.rejected(0.05) > 0);
        seeds_with_avoided += u32::from(!avoidance(&independent).run().pairs.is_empty());
        let pairs = study(&planted(seed + 1000, 10), 5).run();
        let found: Vec<_> = pairs.rows.iter().filter(|row| row.a < row.b && row.q_value <= 0.05).collect();
        let right = found.iter().filter(|row| row.a % 2 == 0 && row.b == row.a + 1 && row.a < 20).count();
        found_planted += right;
        share_false += (found.len() - right) as f64 / found.len().max(1) as f64 / 200.0;
    }
    eprintln!(
        "independent: any found in {seeds_with_any}, avoided in {seeds_with_avoided} of 200; planted: {found_planted} of 2000, false {share_false:.4}"
    );
    // Where no hypothesis is wrong, the chance of any discovery is the rate: 0.05, and 3.1 deviations of 200 seeds.
    assert!(seeds_with_any <= 20 && seeds_with_avoided <= 20);
    assert!(share_false <= 0.06);
    assert!(found_planted >= 1990);
}
