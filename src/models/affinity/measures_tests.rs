//! Measures, tests and bounds against their definitions and against arules.

use proptest::prelude::*;

use super::golden::{close, column, number, shared};
use super::{FalseDiscovery, PairCounts, RankBy};

fn pair(n_ab: u64, n_a: u64, n_b: u64, n_total: u64) -> PairCounts {
    PairCounts { n_ab, n_a, n_b, n_total }
}

/// Any counts with `n_ab` at most `n_a` and `n_b`, and those at most `n_total`: impossible tables too.
fn any_counts(most: u64) -> impl Strategy<Value = PairCounts> {
    (0..=most)
        .prop_flat_map(|n_total| (0..=n_total, 0..=n_total, Just(n_total)))
        .prop_flat_map(|(n_a, n_b, n_total)| (0..=n_a.min(n_b), Just(n_a), Just(n_b), Just(n_total)))
        .prop_map(|(n_ab, n_a, n_b, n_total)| pair(n_ab, n_a, n_b, n_total))
}

fn possible(pair: &PairCounts) -> bool {
    pair.n_a + pair.n_b - pair.n_ab <= pair.n_total
}

fn all(pair: &PairCounts) -> Vec<(&'static str, Option<f64>)> {
    vec![
        ("support", Some(pair.support())),
        ("confidence", Some(pair.confidence())),
        ("confidence_reverse", Some(pair.confidence_reverse())),
        ("expected", Some(pair.expected())),
        ("lift", Some(pair.lift())),
        ("lift_lower", Some(pair.lift_lower())),
        ("leverage", Some(pair.leverage())),
        ("conviction", pair.conviction()),
        ("zhang", Some(pair.zhang())),
        ("jaccard", Some(pair.jaccard())),
        ("cosine", Some(pair.cosine())),
        ("kulczynski", Some(pair.kulczynski())),
        ("imbalance", Some(pair.imbalance())),
        ("certainty", Some(pair.certainty())),
        ("pmi", pair.pmi()),
        ("npmi", Some(pair.npmi())),
        ("chi_squared", Some(pair.chi_squared())),
        ("phi", Some(pair.phi())),
        ("odds_ratio", pair.odds_ratio()),
        ("log_likelihood_ratio", Some(pair.log_likelihood_ratio())),
        ("hyper_lift", pair.hyper_lift()),
        ("fisher_greater", Some(pair.fisher_greater())),
        ("fisher_less", Some(pair.fisher_less())),
    ]
}

fn check_limits(pair: &PairCounts) -> Result<(), TestCaseError> {
    for (name, value) in all(pair) {
        prop_assert!(value.is_none_or(f64::is_finite), "{} of {:?} is {:?}", name, pair, value);
    }
    for measure in RankBy::ALL {
        prop_assert!(measure.score(pair).is_finite());
    }
    prop_assert_eq!(pair.conviction().is_none(), pair.conviction_infinite());
    for share in [pair.support(), pair.confidence(), pair.jaccard(), pair.cosine(), pair.kulczynski(), pair.imbalance()]
    {
        prop_assert!((0.0..=1.0 + 1e-15).contains(&share));
    }
    prop_assert!(pair.log_likelihood_ratio() >= 0.0);
    for tail in [pair.fisher_greater(), pair.fisher_less()] {
        prop_assert!(tail > 0.0 && tail <= 1.0);
    }
    // The other way round: the same bits, with confidences changed.
    let other = pair.swapped();
    prop_assert_eq!(pair.confidence().to_bits(), other.confidence_reverse().to_bits());
    let directed = ["confidence", "confidence_reverse", "conviction", "zhang", "certainty"];
    for ((name, one), (_, two)) in all(pair).into_iter().zip(all(&other)) {
        if !directed.contains(&name) {
            prop_assert_eq!(one.map(f64::to_bits), two.map(f64::to_bits), "{} of {:?}", name, pair);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn small_counts_have_limits(pair in any_counts(12)) {
        check_limits(&pair)?;
    }

    #[test]
    fn large_counts_have_limits(pair in any_counts(50_000_000)) {
        check_limits(&pair)?;
    }

    /// The cheap bound never leaves out what is not below, and is near enough to tell the others.
    #[test]
    fn the_bound_of_the_ratio_holds(pair in any_counts(50_000_000), rare in any_counts(3_000), share in 0.0f64..2.0) {
        for pair in [pair, PairCounts { n_total: 1_000_000, ..rare }] {
            prop_assume!(possible(&pair));
            if pair.lift_above_one() {
                let ratio = pair.log_likelihood_ratio();
                prop_assert!(!pair.log_likelihood_ratio_is_below(ratio), "{:?}", pair);
                if pair.log_likelihood_ratio_is_below(ratio * share) {
                    prop_assert!(share > 1.0, "{:?}", pair);
                }
            }
        }
        // Of rare products it is wide by what the units with one of them alone have to tell.
        if rare.lift_above_one() && 2 * rare.n_ab <= rare.n_a.min(rare.n_b) {
            let pair = PairCounts { n_total: 1_000_000, ..rare };
            let alone = (pair.n_ab * pair.n_ab) as f64 * (1.0 / pair.n_a as f64 + 1.0 / pair.n_b as f64);
            prop_assert!(pair.log_likelihood_ratio_is_below(pair.log_likelihood_ratio() + 3.0 * alone), "{:?}", pair);
        }
    }

    /// Tails against sums over exact binomials, for every table that is small enough for them.
    #[test]
    fn tails_are_those_of_the_hypergeometric_distribution(pair in any_counts(60)) {
        prop_assume!(possible(&pair));
        let choose = |n: u64, k: u64| (0..k).fold(1u128, |product, i| product * u128::from(n - i) / u128::from(i + 1));
        let ways = |count: u64| {
            if count > pair.n_b || pair.n_b - count > pair.n_total - pair.n_a {
                return 0.0;
            }
            choose(pair.n_a, count) as f64 * choose(pair.n_total - pair.n_a, pair.n_b - count) as f64
        };
        let all = choose(pair.n_total, pair.n_b) as f64;
        let greater: f64 = (pair.n_ab..=pair.n_a).map(ways).sum::<f64>() / all;
        let less: f64 = (0..=pair.n_ab).map(ways).sum::<f64>() / all;
        prop_assert!((pair.fisher_greater() / greater - 1.0).abs() < 1e-12, "{:?} {} {}", pair, pair.fisher_greater(), greater);
        prop_assert!((pair.fisher_less() / less - 1.0).abs() < 1e-12, "{:?} {} {}", pair, pair.fisher_less(), less);
    }

    /// Hyper-lift's point, the bound's odds and its agreement with the test, by their definitions.
    #[test]
    fn the_bound_of_lift_agrees_with_the_test(pair in any_counts(3000)) {
        prop_assume!(possible(&pair) && pair.n_ab > 0);
        let bound = pair.lift_lower();
        prop_assert!(bound >= 0.0 && bound <= pair.lift());
        let p = pair.fisher_greater();
        if (p - 0.05).abs() > 1e-9 && (bound - 1.0).abs() > 1e-9 {
            prop_assert_eq!(bound > 1.0, p < 0.05, "{:?} {} {}", pair, bound, p);
        }
        if let Some(lift) = pair.hyper_lift() {
            let point = (pair.n_ab as f64 / lift).round() as u64;
            let at_most = |count: u64| PairCounts { n_ab: count, ..pair }.fisher_less();
            prop_assert!(at_most(point) >= 0.99);
            prop_assert!(at_most(point - 1) < 0.99 || point + pair.n_total == pair.n_a + pair.n_b);
        }
    }

    /// The log-likelihood ratio by its formula, where that keeps its digits.
    #[test]
    fn the_log_likelihood_ratio_is_its_formula(pair in any_counts(2000)) {
        prop_assume!(possible(&pair));
        let term = |count: u64| if count == 0 { 0.0 } else { count as f64 * (count as f64).ln() };
        let cells: f64 = [pair.n_ab, pair.only_a(), pair.only_b(), pair.neither()].map(term).iter().sum();
        let margins: f64 = [pair.n_a, pair.n_b, pair.n_total - pair.n_a, pair.n_total - pair.n_b].map(term).iter().sum();
        let wanted = 2.0 * (cells - margins + term(pair.n_total));
        prop_assert!((pair.log_likelihood_ratio() - wanted).abs() < 1e-9 * (1.0 + wanted.abs()), "{:?}", pair);
    }
}

/// The bound against `scipy.stats.contingency.odds_ratio(table).confidence_interval(0.95, "greater").low` (scipy 1.17.1),
/// and the lift of the table with those odds.
#[test]
fn the_bound_has_the_odds_of_scipy() {
    for (n_ab, n_a, n_b, n_total, odds) in SCIPY_ODDS {
        let bound = pair(n_ab, n_a, n_b, n_total).lift_lower();
        // The odds of the table whose lift is the bound.
        let together = bound * (n_a * n_b) as f64 / n_total as f64;
        let neither = n_total as f64 - (n_a + n_b) as f64 + together;
        let found = together * neither / ((n_a as f64 - together) * (n_b as f64 - together));
        assert!((found / odds - 1.0).abs() < 1e-6, "{n_ab} {n_a} {n_b} {n_total}: {found} is not {odds}");
    }
}

/// Both, a, b, all; lower limit of the odds ratio.
const SCIPY_ODDS: [(u64, u64, u64, u64, f64); 11] = [
    (5, 20, 30, 1000, 4.108676667473253),
    (1, 1, 1, 100, 5.210526315789575),
    (1, 10, 12, 10000, 4.28464964360757),
    (736, 2513, 1903, 9835, 1.9948011920593696),
    (16, 35, 1903, 9835, 1.8948614041897527),
    (5, 400, 900, 1000000, 5.525006632537266),
    (40, 2000, 30000, 1000000, 0.49632973963411414),
    (3, 4, 5, 9, 0.21983770823838114),
    (87, 788, 2513, 9835, 0.277090052577863),
    (935, 950, 980, 1000, 2.309108317089265),
    (12, 5000, 6000, 1000000, 0.2290225915955492),
];

/// Tails for millions of units, against sums of 60 digits from exact binomial coefficients (Python).
#[test]
fn tails_of_large_tables_keep_their_digits() {
    for (n_ab, n_a, n_b, n_total, greater, less) in EXACT_TAILS {
        let pair = pair(n_ab, n_a, n_b, n_total);
        assert!((pair.fisher_greater() / greater - 1.0).abs() < 1e-12, "{pair:?} {} {greater}", pair.fisher_greater());
        assert!((pair.fisher_less() / less - 1.0).abs() < 1e-12, "{pair:?} {} {less}", pair.fisher_less());
    }
}

/// Both, a, b, all; probability of as many or more, and of as many or fewer.
const EXACT_TAILS: [(u64, u64, u64, u64, f64, f64); 9] = [
    (5, 400, 900, 1000000, 3.623578430315123e-05, 0.999997881148895),
    (40, 2000, 30000, 1000000, 0.9977611767117444, 0.0035384154929937613),
    (300, 2000, 30000, 1000000, 7.23038447133434e-115, 1.0),
    (12, 5000, 6000, 1000000, 0.9999403463408448, 0.0001576615092896941),
    (2600, 50000, 50000, 1000000, 0.018521337819327542, 0.9824021738514925),
    (2500, 50000, 50000, 1000000, 0.5030655473745745, 0.5053329560457939),
    (2510, 50000, 50000, 1000000, 0.4196743834811678, 0.5885255697980714),
    (7, 100, 200000, 3000000, 0.503110127355221, 0.6500388205703317),
    // Really 1e-2854.
    (800, 1000, 900, 3000000, f64::MIN_POSITIVE, 1.0),
];

#[test]
fn limits_are_as_stated() {
    let never = pair(0, 10, 20, 100);
    assert_eq!((never.npmi(), never.pmi(), never.lift(), never.zhang()), (-1.0, None, 0.0, -1.0));
    let always = pair(10, 10, 20, 100);
    assert_eq!((always.conviction(), always.conviction_infinite()), (None, true));
    assert_eq!((always.certainty(), always.zhang(), always.odds_ratio()), (1.0, 8.0 / 9.0, None));
    // Everyone has b: a says nothing of it.
    let common = pair(10, 10, 100, 100);
    assert_eq!((common.conviction(), common.certainty(), common.zhang(), common.phi()), (Some(1.0), 0.0, 0.0, 0.0));
    assert_eq!((common.lift_lower(), common.fisher_greater(), common.fisher_less()), (1.0, 1.0, 1.0));
    let all = pair(100, 100, 100, 100);
    assert_eq!((all.npmi(), all.chi_squared(), all.log_likelihood_ratio()), (0.0, 0.0, 0.0));
    let nothing = pair(0, 0, 0, 0);
    assert_eq!((nothing.lift(), nothing.confidence(), nothing.fisher_greater()), (1.0, 0.0, 1.0));
    let alike = pair(7, 7, 7, 100);
    assert_eq!((alike.npmi(), alike.jaccard(), alike.imbalance()), (1.0, 1.0, 0.0));
    // Independent to the last unit: exactly 1 and exactly 0.
    let independent = pair(200, 1000, 2000, 10_000);
    assert_eq!((independent.lift(), independent.leverage(), independent.log_likelihood_ratio()), (1.0, 0.0, 0.0));
    assert!(!independent.lift_above_one() && !independent.lift_below_one());
}

/// `spec/affinity.md` 2.1: negative values of certainty are not divided by the share of `b`.
#[test]
fn certainty_has_one_branch() {
    let pair = pair(5, 100, 200, 1000);
    assert!((pair.certainty() - (0.05 - 0.2) / 0.8).abs() < 1e-15);
}

/// `spec/affinity.md` 2.4: mlxtend's documentation, five baskets.
#[test]
fn five_baskets_of_mlxtend() {
    let onion_eggs = pair(3, 3, 4, 5);
    for (found, wanted) in [
        (onion_eggs.support(), 0.6),
        (onion_eggs.confidence(), 1.0),
        (onion_eggs.lift(), 1.25),
        (onion_eggs.leverage(), 0.12),
        (onion_eggs.zhang(), 0.5),
        (onion_eggs.jaccard(), 0.75),
        (onion_eggs.certainty(), 1.0),
        (onion_eggs.kulczynski(), 0.875),
        (onion_eggs.swapped().confidence(), 0.75),
        (onion_eggs.swapped().conviction().unwrap(), 1.6),
        (onion_eggs.swapped().zhang(), 1.0),
        (onion_eggs.swapped().certainty(), 0.375),
    ] {
        assert!((found - wanted).abs() < 1e-14, "{found} is not {wanted}");
    }
    assert!(onion_eggs.conviction_infinite());
}

/// Whole milk and other vegetables, `spec/affinity.md` 2.2, to the digits there.
#[test]
fn whole_milk_and_other_vegetables() {
    let pair = pair(736, 2513, 1903, 9835);
    for (found, wanted, within) in [
        (pair.log_likelihood_ratio(), 200.070160, 5e-7),
        (pair.npmi(), 0.159891, 5e-7),
        (pair.chi_squared(), 213.649, 5e-4),
        (pair.phi(), 0.1473884, 5e-8),
        (pair.odds_ratio().unwrap(), 2.184478, 5e-7),
        (pair.hyper_lift().unwrap(), 1.39924, 5e-6),
        (pair.fisher_greater() * 1e45, 1.443892, 5e-7),
        (pair.zhang(), 0.455803, 5e-7),
    ] {
        assert!((found - wanted).abs() <= within, "{found} is not {wanted}");
    }
}

/// Every column of arules 1.7.13 that is one of ours, for all 5,962 rules of one item to one item.
#[test]
fn groceries_measures_are_those_of_arules() {
    let Some((names, rows)) = shared("reference/affinity/groceries_1to1_allmeasures_supp001.csv.gz") else { return };
    assert_eq!(rows.len(), 5962);
    let at = |name: &str| column(&names, name);
    let cells = ["table.n11", "table.n10", "table.n01", "table.n00"].map(at);
    type Measure = fn(&PairCounts) -> Option<f64>;
    let measures: [(&str, Measure); 17] = [
        ("support", |pair| Some(pair.support())),
        ("confidence", |pair| Some(pair.confidence())),
        ("lift", |pair| Some(pair.lift())),
        ("leverage", |pair| Some(pair.leverage())),
        ("conviction", PairCounts::conviction),
        ("jaccard", |pair| Some(pair.jaccard())),
        ("cosine", |pair| Some(pair.cosine())),
        ("kulczynski", |pair| Some(pair.kulczynski())),
        ("imbalance", |pair| Some(pair.imbalance())),
        ("certainty", |pair| Some(pair.certainty())),
        ("chiSquared", |pair| Some(pair.chi_squared())),
        ("phi", |pair| Some(pair.phi())),
        ("oddsRatio", PairCounts::odds_ratio),
        ("hyperLift", PairCounts::hyper_lift),
        ("fishersExactTest", |pair| Some(pair.fisher_greater())),
        ("count", |pair| Some(pair.n_ab as f64)),
        ("maxconfidence", |pair| Some(pair.confidence().max(pair.confidence_reverse()))),
    ];
    for row in &rows {
        let [both, only_a, only_b, neither] = cells.map(|cell| row[cell].parse::<u64>().unwrap());
        let pair = pair(both, both + only_a, both + only_b, both + only_a + only_b + neither);
        for (name, measure) in measures {
            let wanted = number(row, at(name));
            match measure(&pair) {
                Some(found) => close(found, wanted, &format!("{name} of {} and {}", &row[0], &row[1])),
                None => assert!(wanted.is_infinite(), "{name} is none and {wanted}"),
            }
        }
    }
}

/// All 14,196 pairs of Groceries: measures, both tails and both q-values, and the counts of `spec/affinity.md` 2.2.
#[test]
fn groceries_pairs_are_those_of_the_reference() {
    let Some((names, rows)) = shared("reference/affinity/groceries_pairs_llr_npmi_fisher_fdr.csv.gz") else { return };
    assert_eq!(rows.len(), 14_196);
    let at = |name: &str| column(&names, name);
    let counts: Vec<PairCounts> = rows
        .iter()
        .map(|row| {
            let [n_ab, n_a, n_b, n_total] = ["c", "na", "nb", "n"].map(|name| row[at(name)].parse().unwrap());
            pair(n_ab, n_a, n_b, n_total)
        })
        .collect();
    let greater: Vec<f64> = counts.iter().map(PairCounts::fisher_greater).collect();
    let less: Vec<f64> = counts.iter().map(PairCounts::fisher_less).collect();
    let positive = FalseDiscovery::new(greater.clone(), 14_196);
    let negative = FalseDiscovery::new(less.clone(), 14_196);
    for (index, (row, pair)) in rows.iter().zip(&counts).enumerate() {
        let what = |name: &str| format!("{name} of {} and {}", &row[0], &row[1]);
        for (name, found) in [
            ("lift", pair.lift()),
            ("npmi", pair.npmi()),
            ("zhang_ab", pair.zhang()),
            ("cosine", pair.cosine()),
            ("jaccard", pair.jaccard()),
            ("kulc", pair.kulczynski()),
            ("imbalance", pair.imbalance()),
            ("fisher_greater", greater[index]),
            ("fisher_less", less[index]),
            ("q_greater_bh", positive.q(greater[index])),
            ("q_less_bh", negative.q(less[index])),
        ] {
            close(found, number(row, at(name)), &what(name));
        }
        // The reference takes differences of large sums: near independence it has 1e-10 of absolute error, we have none.
        for (name, found) in [("llr", pair.log_likelihood_ratio()), ("chi2", pair.chi_squared())] {
            let wanted = number(row, at(name));
            assert!((found - wanted).abs() <= 1e-9 * wanted.max(0.2), "{}: {found} is not {wanted}", what(name));
        }
        match pair.pmi() {
            Some(pmi) => close(pmi, number(row, at("pmi")), &what("pmi")),
            None => assert_eq!(number(row, at("pmi")), f64::NEG_INFINITY),
        }
    }
    let many = |test: &dyn Fn(usize) -> bool| (0..counts.len()).filter(|index| test(*index)).count();
    assert_eq!(many(&|index| counts[index].lift_above_one()), 8082);
    assert_eq!(many(&|index| greater[index] < 0.05), 3100);
    assert_eq!(positive.rejected(0.05), 1591);
    assert_eq!(many(&|index| greater[index] * 14_196.0 < 0.05), 413);
    assert_eq!(many(&|index| counts[index].lift_above_one() && counts[index].log_likelihood_ratio() > 10.83), 1006);
    assert_eq!(many(&|index| less[index] < 0.05), 130);
    assert_eq!(negative.rejected(0.05), 17);
}

/// The bound of lift is below the true lift at least 95 % of the time, though shares are drawn too: over 2,000 draws of
/// each of four tables.
#[test]
fn the_bound_of_lift_holds_as_often_as_stated() {
    use rand::prelude::*;
    for (seed, (units, a, b, lift)) in
        [(800, 0.03, 0.05, 1.0), (800, 0.03, 0.05, 4.0), (800, 0.2, 0.3, 1.4), (800, 0.01, 0.02, 10.0)]
            .into_iter()
            .enumerate()
    {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed as u64);
        let both = a * b * lift;
        let holds = (0..2000).filter(|_| {
            let mut drawn = pair(0, 0, 0, units);
            for _ in 0..units {
                let at: f64 = random.random();
                drawn.n_ab += u64::from(at < both);
                drawn.n_a += u64::from(at < a);
                drawn.n_b += u64::from(at < both || (at >= a && at < a + b - both));
            }
            drawn.lift_lower() <= lift
        });
        let share = holds.count() as f64 / 2000.0;
        eprintln!("bound of a lift of {lift}: holds in {share} of 2,000 draws");
        // 0.95 less three deviations of 2,000 draws.
        assert!(share >= 0.935, "{lift}: {share}");
    }
}
