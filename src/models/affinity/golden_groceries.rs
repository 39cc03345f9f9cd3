//! Sets and rules of Groceries against arules, mlxtend and own code (`spec/affinity.md` 2.2), and of the example in
//! mlxtend's documentation (2.4).

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use super::{Incidence, Itemsets, Mining, PairCounts, Ratio, Rule, RuleOptions, mine, rules};

/// Baskets of Groceries and the names of products, or nothing where the file is missing.
fn groceries() -> Option<(Incidence, Vec<String>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/groceries_arules/transactions.csv.gz");
    let Ok(file) = std::fs::File::open(&path) else {
        eprintln!("SKIPPED: {} is missing", path.display());
        return None;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzip of text");
    let lines: Vec<(u32, &str)> = text
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[0].parse().expect("a number"), cells[3])
        })
        .collect();
    let mut numbers: BTreeMap<&str, u32> = lines.iter().map(|(_, product)| (*product, 0)).collect();
    for (number, product) in (0..).zip(numbers.values_mut()) {
        *product = number;
    }
    let baskets: BTreeMap<u32, u32> = lines.iter().map(|(basket, _)| *basket).zip(0..).collect();
    let baskets: BTreeMap<u32, u32> = baskets.into_keys().zip(0..).collect();
    let pairs = lines.iter().map(|(basket, product)| (baskets[basket], numbers[product]));
    let incidence = Incidence::from_pairs(baskets.len(), numbers.len(), pairs);
    assert_eq!((incidence.units(), incidence.products(), incidence.lines()), (9835, 169, 43_367));
    Some((incidence, numbers.keys().map(|name| (*name).to_owned()).collect()))
}

fn sets(incidence: &Incidence, support: &str) -> Itemsets {
    let support: Ratio = support.parse().expect("a ratio");
    let min_count = u32::try_from(support.count_of(incidence.units() as u64)).expect("a count");
    let found = mine(incidence, &Mining { min_count, max_length: None, max_sets: 1_000_000 });
    assert!(!found.limits().max_sets_bound && !found.limits().max_length_bound);
    found
}

fn options(confidence: &str, empty_antecedent: bool) -> RuleOptions {
    RuleOptions {
        min_confidence: confidence.parse().expect("a ratio"),
        empty_antecedent,
        max_q: None,
        drop_redundant: false,
        max_rules: usize::MAX,
    }
}

#[test]
fn frequent_closed_and_maximal_sets() {
    let Some((incidence, _)) = groceries() else { return };
    let expected: [(&str, &[usize], usize, usize); 5] = [
        ("0.001", &[157, 2981, 6831, 3137, 376, 10], 13_464, 7794),
        ("0.005", &[120, 605, 264, 12], 1001, 708),
        ("0.01", &[88, 213, 32], 333, 243),
        ("0.02", &[59, 61, 2], 122, 91),
        ("0.05", &[28, 3], 31, 27),
    ];
    for (support, by_length, closed, maximal) in expected {
        let found = sets(&incidence, support);
        assert_eq!(found.by_length(), by_length, "{support}");
        assert_eq!((found.closed(), found.maximal()), (closed, maximal), "{support}");
    }
}

#[test]
fn numbers_of_rules() {
    let Some((incidence, _)) = groceries() else { return };
    // With nothing on the left allowed, and without; 39 rules at .8 are 4 in 5 exactly, four of them 16 in 20, which
    // floating point takes for less.
    let expected = [
        ("0.001", "0.5", 5668, 5668),
        ("0.001", "0.8", 410, 410),
        ("0.001", "0.9", 129, 129),
        ("0.01", "0.5", 15, 15),
        ("0.005", "0.5", 120, 120),
        ("0.006", "0.25", 464, 463),
        ("0.01", "0.25", 171, 170),
        ("0.001", "0.25", 17_392, 17_391),
        ("0.01", "0.2", 232, 231),
    ];
    for (support, confidence, with_empty, without) in expected {
        let found = sets(&incidence, support);
        let count = |empty| rules(&found, 9835, &options(confidence, empty)).tested;
        assert_eq!((count(true), count(false)), (with_empty, without), "({support}, {confidence})");
    }
    let exactly = rules(&sets(&incidence, "0.001"), 9835, &options("0.8", false));
    let exactly: Vec<&Rule> = exactly.rules.iter().filter(|rule| rule.counts.n_ab * 5 == rule.counts.n_a * 4).collect();
    assert_eq!(exactly.len(), 39);
    assert_eq!(exactly.iter().filter(|rule| rule.counts.n_a == 20).count(), 4);
}

#[test]
fn redundant_and_significant_rules() {
    let Some((incidence, names)) = groceries() else { return };
    let found = sets(&incidence, "0.001");
    let all = rules(&found, 9835, &options("0.5", true));
    assert_eq!((all.tested, all.redundant, all.significant, all.dropped, all.over_limit), (5668, 572, 5668, 0, 0));
    let count = |of: &dyn Fn(&Rule) -> bool| all.rules.iter().filter(|rule| of(rule)).count();
    assert_eq!(count(&|rule| rule.p_value <= 0.01), 5594);
    assert_eq!(count(&|rule| rule.q_value <= 0.01), 5594);
    assert_eq!(count(&|rule| rule.p_value * 5668.0 <= 0.01), 1815);
    assert_eq!(count(&|rule| rule.is_redundant), 572);

    let top = all.rules.iter().max_by(|a, b| a.counts.lift().total_cmp(&b.counts.lift())).expect("a rule");
    let left: Vec<&str> = top.antecedent.iter().map(|product| &*names[*product as usize]).collect();
    assert_eq!(left, ["Instant food products", "soda"]);
    assert_eq!(names[top.consequent as usize], "hamburger meat");
    assert_eq!((top.counts.n_ab, top.counts.n_a), (12, 19));
    assert!((top.counts.lift() - 18.99565).abs() < 5e-6, "{}", top.counts.lift());
    assert!((top.counts.confidence() - 0.631_578_9).abs() < 5e-8);

    let some = RuleOptions { max_q: Some(0.01), drop_redundant: true, max_rules: 1000, ..options("0.5", true) };
    let kept = rules(&found, 9835, &some);
    assert_eq!((kept.tested, kept.redundant, kept.significant), (5668, 572, 5594));
    assert_eq!(kept.tested, kept.rules.len() + kept.dropped + kept.over_limit);
    assert_eq!(kept.rules.len(), 1000);
    let best: Vec<&Rule> =
        all.rules.iter().filter(|rule| rule.q_value <= 0.01 && !rule.is_redundant).take(1000).collect();
    assert!(kept.rules.iter().eq(best), "the limit leaves out the worst, and p and q do not depend on it");
}

/// The example in the documentation of mlxtend: five baskets.
#[test]
fn the_example_of_mlxtend() {
    let names =
        ["Apple", "Corn", "Dill", "Eggs", "Ice cream", "Kidney Beans", "Milk", "Nutmeg", "Onion", "Unicorn", "Yogurt"];
    let baskets: [&[usize]; 5] =
        [&[6, 8, 7, 5, 3, 10], &[2, 8, 7, 5, 3, 10], &[6, 0, 5, 3], &[6, 9, 1, 5, 10], &[1, 8, 8, 5, 4, 3]];
    let pairs = (0..).zip(baskets).flat_map(|(unit, basket)| basket.iter().map(move |product| (unit, *product as u32)));
    let incidence = Incidence::from_pairs(5, names.len(), pairs);
    let found = mine(&incidence, &Mining { min_count: 3, max_length: None, max_sets: 100 });
    assert_eq!(found.len(), 11);

    // mlxtend's rules have several products on the right too: every split of a set.
    let count =
        |products: &[u32]| found.sets().find(|set| set.products == products).map_or(0, |set| u64::from(set.count));
    let splits: Vec<PairCounts> = found
        .sets()
        .flat_map(|set| {
            (1..(1u32 << set.products.len()) - 1).map(move |left| {
                let part = |side: bool| -> Vec<u32> {
                    let of = |(place, _): &(u32, &u32)| (left >> place & 1 == 1) == side;
                    (0..).zip(set.products).filter(of).map(|(_, product)| *product).collect()
                };
                PairCounts { n_ab: u64::from(set.count), n_a: count(&part(true)), n_b: count(&part(false)), n_total: 5 }
            })
        })
        .collect();
    let confident = Ratio::new(7, 10);
    assert_eq!(splits.iter().filter(|rule| confident.is_reached_by(rule.n_ab, rule.n_a)).count(), 12);
    let lifted = splits.iter().filter(|rule| Ratio::new(6, 5).is_reached_by(rule.n_ab * 5, rule.n_a * rule.n_b));
    assert_eq!(lifted.count(), 6);

    // Of the twelve, ten have one product on the right.
    let all = rules(&found, 5, &options("0.7", false));
    assert_eq!(all.tested, 10);
    let rule = |left: u32, right: u32| {
        let is = |rule: &&Rule| rule.antecedent == [left] && rule.consequent == right;
        all.rules.iter().find(is).expect("a rule").counts
    };
    assert_eq!(rule(8, 3), PairCounts { n_ab: 3, n_a: 3, n_b: 4, n_total: 5 });
    assert_eq!(rule(3, 8), PairCounts { n_ab: 3, n_a: 4, n_b: 3, n_total: 5 });
}
