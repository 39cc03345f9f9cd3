//! What is planted in the exports of `patronage generate` is found by whole runs over them, and little else: pairs and
//! sequences at the stated rate of false discoveries, with their strength, their direction and their gap; and cycles.
//!
//! # What is true
//! A finding is false when the two products have nothing to do with each other, or avoid each other. From
//! `src/generate/basket.rs`: the first and second products of pairs and the first ones of sequences are in a basket by a
//! chance of their own, whoever fills it and whatever else is in it. So they are independent of all but their partner, and
//! exactly so for the test: were their baskets shuffled, nothing else would change. Beside what is planted on purpose,
//! these are bought together by more than chance, and are no false findings:
//!
//! - **ordinary products of one need**: half of a basket is drawn from what serves the customer's need. Those of different
//!   needs avoid each other. (With a `need_strength` of 0 there is neither, and all such findings are false.)
//! - **substitutes on the same side**: who prefers the first of two, does so in all slots.
//! - **followers and refills**, but not two refills: both come with the first order after they are due, so that an order
//!   after a long silence has more of each. Whoever uses a product up uses no other one up.
//!
//! Need, preference and use are drawn apart from each other, so pairs across these are independent, and counted as false.
//! They are the harder test: baskets of one customer are alike, which Fisher's test does not know. Shoppers without a number
//! know no sequences, use nothing up and have each need as often; that moves a lift by at most 2 %, which is not allowed for.
//!
//! At customer level there is nothing to be false: who orders often has more of everything, so any two products are with one
//! customer by more than chance. There only the planted ones are asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use patronage::generate::{GenerateOptions, Layout, Model, generate};
use patronage::monitor::{Cancel, Silent};
use patronage::pipeline::RunOptions;
use statrs::distribution::{Binomial, DiscreteCDF};

use crate::run_support::{ask_run, run_file};

const DAYS: u32 = 365;

/// The rate at which a finding is taken for one.
const RATE: f64 = 0.05;

/// How a product comes into a basket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// By a chance of its own.
    Alone,
    /// By itself, and some days after another one.
    Follower,
    /// When it has run out.
    Refill,
    /// Instead of another one: the first of the two, or the second.
    Substitute(bool),
    /// By popularity, more often for customers of this need.
    Ordinary(&'static str),
}

/// The need that the products of a category serve, as in `src/generate/catalogue.rs`.
fn need(category: &str) -> &'static str {
    let needs: [(&str, &[&str]); 6] = [
        ("coffee", &["food/drinks/", "food/sweets/", "home/kitchen/cups"]),
        ("kitchen", &["home/kitchen/", "food/pantry/"]),
        ("baby", &["baby/"]),
        ("pets", &["pets/"]),
        ("garden", &["garden/"]),
        ("office", &["office/"]),
    ];
    let serves = |(_, prefixes): &&(&str, &[&str])| prefixes.iter().any(|prefix| category.starts_with(prefix));
    needs.iter().find(serves).unwrap_or_else(|| panic!("no need for {category}")).0
}

/// Columns of a CSV file.
fn columns<const N: usize>(path: &Path, names: [&str; N]) -> Vec<[String; N]> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = names.map(|name| header.iter().position(|column| column == name).unwrap());
    reader.records().map(Result::unwrap).map(|record| at.map(|at| record[at].to_owned())).collect()
}

/// A generated shop.
struct Shop {
    _folder: tempfile::TempDir,
    dir: PathBuf,
    needs_matter: bool,
}

/// Two products and what is planted between them.
struct Planted {
    first: String,
    second: String,
    /// Confidence of a pair; mean days of a sequence.
    strength: f64,
}

impl Shop {
    /// Customers who order every ten days and seldom leave, so that what follows has time to.
    fn new(seed: u64, model: Model) -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("shop");
        let needs_matter = model.need_strength > 0.0;
        let model = Model { rate_shape: 3.0, rate_days: 30.0, dropout_a: 0.3, dropout_b: 30.0, ..model };
        let options = GenerateOptions {
            out: dir.clone(),
            customers: 2_000,
            products: 480,
            days: DAYS,
            seed,
            layout: Layout::Single,
            threads: 2,
            model: Model { campaigns: 0, contacts_per_order: 0.0, ..model },
            ..GenerateOptions::default()
        };
        generate(&options, &Silent, &Cancel::new()).unwrap();
        let pipeline = dir.join("patronage.toml");
        let text = std::fs::read_to_string(&pipeline).unwrap();
        // All that is significant is listed, and a window that the slowest sequence fits in.
        let asked = "\n[affinity]\ntop_k = 480\nsequence_window_days = 90\ngranularities = [\"product\"]\n";
        std::fs::write(&pipeline, text + asked).unwrap();
        Shop { _folder: folder, dir, needs_matter }
    }

    fn run(&self, tables: &[&str]) -> PathBuf {
        let only = tables.iter().map(ToString::to_string).collect();
        run_file(&self.dir.join("patronage.toml"), &RunOptions { only, ..RunOptions::default() }).folder
    }

    fn planted(&self, file: &str, strength: &str) -> Vec<Planted> {
        let rows = columns(&self.dir.join("truth").join(file), ["first", "second", strength]);
        let planted =
            |[first, second, strength]: [String; 3]| Planted { first, second, strength: strength.parse().unwrap() };
        rows.into_iter().map(planted).collect()
    }

    fn pairs(&self) -> Vec<Planted> {
        self.planted("pairs.csv", "confidence")
    }

    fn sequences(&self) -> Vec<Planted> {
        self.planted("sequences.csv", "mean_days")
    }

    fn roles(&self) -> BTreeMap<String, Role> {
        let products = columns(&self.dir.join("products.csv"), ["SKU", "Category"]);
        let goods = products.into_iter().filter(|[_, category]| category != "services");
        let mut roles: BTreeMap<String, Role> =
            goods.map(|[product, category]| (product, Role::Ordinary(need(&category)))).collect();
        for planted in self.pairs() {
            roles.extend([(planted.first, Role::Alone), (planted.second, Role::Alone)]);
        }
        for planted in self.sequences() {
            roles.extend([(planted.first, Role::Alone), (planted.second, Role::Follower)]);
        }
        for planted in self.planted("substitutes.csv", "support_either") {
            roles.extend([(planted.first, Role::Substitute(true)), (planted.second, Role::Substitute(false))]);
        }
        for [product] in columns(&self.dir.join("truth/replenished.csv"), ["product"]) {
            roles.insert(product, Role::Refill);
        }
        roles
    }

    /// Whether customers buy both by more than chance, without a plan of the generator's (see the head of this file).
    fn depend(&self, a: Role, b: Role) -> bool {
        match (a, b) {
            (Role::Ordinary(a), Role::Ordinary(b)) => self.needs_matter && a == b,
            (Role::Substitute(a), Role::Substitute(b)) => a == b,
            (Role::Follower, Role::Follower | Role::Refill) | (Role::Refill, Role::Follower) => true,
            _ => false,
        }
    }

    /// Whether some customers buy the one and others the other. Runs find it in few shops: who orders often has both in
    /// time, and two substitutes are seldom of one category.
    fn replace(a: Role, b: Role) -> bool {
        match (a, b) {
            (Role::Substitute(a), Role::Substitute(b)) => a != b,
            (Role::Refill, Role::Refill) => true,
            _ => false,
        }
    }
}

/// Findings of a kind over all shops.
#[derive(Debug, Default)]
struct Findings {
    planted: usize,
    /// True, though nobody planted them.
    dependent: usize,
    falsely: usize,
}

impl Findings {
    fn add(
        &mut self,
        shop: &Shop,
        roles: &BTreeMap<String, Role>,
        planted: &BTreeSet<(&str, &str)>,
        found: &[Vec<String>],
    ) {
        for row in found {
            let (a, b) = (row[0].as_str(), row[1].as_str());
            if planted.contains(&(a, b)) {
                self.planted += 1;
            } else if shop.depend(roles[a], roles[b]) {
                self.dependent += 1;
            } else {
                self.falsely += 1;
            }
        }
    }

    /// The rate bounds the expected share. One right method in a thousand has more false findings by chance than this.
    fn is_within_the_rate(&self) -> bool {
        let all = (self.planted + self.dependent + self.falsely) as u64;
        self.falsely as u64 <= Binomial::new(RATE, all).unwrap().inverse_cdf(0.999)
    }
}

/// What the shops of some seeds come to.
#[derive(Debug, Default)]
struct All {
    pairs: Findings,
    sequences: Findings,
}

impl All {
    fn add(&mut self, seed: u64, needs_matter: bool) {
        let defaults = Model::default();
        let need_strength = if needs_matter { defaults.need_strength } else { 0.0 };
        let shop = Shop::new(seed, Model { need_strength, ..defaults });
        let run = shop.run(&["affinity_ptp", "affinity_sequence"]);
        let roles = shop.roles();
        self.pairs(&shop, &run, &roles);
        self.sequences(&shop, &run, &roles);
    }

    fn pairs(&mut self, shop: &Shop, run: &Path, roles: &BTreeMap<String, Role>) {
        let pairs = shop.pairs();
        let of = |level: &str| {
            let sql = format!(
                "SELECT product_a, product_b, n_a, n_ab FROM affinity_ptp WHERE relation = 'complement' \
                 AND NOT backed_off AND level = '{level}' AND q_value <= {RATE}"
            );
            ask_run(run, &sql)
        };
        let (baskets, customers) = (of("basket"), of("customer"));
        let is = |pair: &Planted, row: &[String]| row[0] == pair.first && row[1] == pair.second;
        for pair in &pairs {
            let row = baskets.iter().find(|row| is(pair, row)).expect("a planted pair is found in baskets");
            assert!(customers.iter().any(|row| is(pair, row)), "and with customers: {row:?}");
            let [n_a, n_ab] = [2, 3].map(|column| row[column].parse::<f64>().unwrap());
            let confidence = pair.strength;
            let error = (n_a * confidence * (1.0 - confidence)).sqrt();
            assert!((n_ab - n_a * confidence).abs() < 4.5 * error, "{row:?} {confidence}");
        }
        // Each pair is there from both sides.
        let one_side: Vec<Vec<String>> = baskets.into_iter().filter(|row| row[0] < row[1]).collect();
        let planted =
            pairs.iter().flat_map(|pair| [(&*pair.first, &*pair.second), (&*pair.second, &*pair.first)]).collect();
        self.pairs.add(shop, roles, &planted, &one_side);
        for row in ask_run(run, "SELECT product_a, product_b FROM affinity_ptp WHERE relation = 'substitute'") {
            assert!(Shop::replace(roles[&row[0]], roles[&row[1]]), "neither is bought instead of the other: {row:?}");
        }
    }

    fn sequences(&mut self, shop: &Shop, run: &Path, roles: &BTreeMap<String, Role>) {
        let sequences = shop.sequences();
        let sql = format!(
            "SELECT product_a, product_b, rank, asymmetry_p, median_gap_days, window_days, customers_ab, customers_ba \
             FROM affinity_sequence WHERE q_value <= {RATE}"
        );
        let found = ask_run(run, &sql);
        for sequence in &sequences {
            let is = |row: &&Vec<String>| row[0] == sequence.first && row[1] == sequence.second;
            let row = found.iter().find(is).expect("a planted sequence is found");
            let [rank, asymmetry_p, gap, window, there, back] =
                [2, 3, 4, 5, 6, 7].map(|column| row[column].parse::<f64>().unwrap());
            assert!(rank < 2.0 && asymmetry_p < 1e-9 && there > back, "first, and in its direction: {row:?}");
            assert!(comes_after(gap, sequence.strength) && gap < window, "{row:?} {}", sequence.strength);
        }
        let planted = sequences.iter().map(|sequence| (&*sequence.first, &*sequence.second)).collect();
        self.sequences.add(shop, roles, &planted, &found);
    }
}

/// Whether a median gap is that of something wanted after so many days, which comes with the next order: customers order
/// every ten days.
fn comes_after(gap: f64, days: f64) -> bool {
    (0.0..=15.0).contains(&(gap - days))
}

/// Forty seeds of each kind, run once: 640 of 640 pairs and 320 of 320 sequences found. With needs, 15 of 4,044 pairs found
/// are false and 311 of 142,335 sequences; without, 6 of 333 and 1 of 268. These are the first of them.
#[test]
fn planted_pairs_and_sequences_are_found_at_the_stated_rate() {
    for (needs_matter, seeds) in [(true, 1..=3), (false, 1..=5)] {
        let mut all = All::default();
        for seed in seeds {
            all.add(seed, needs_matter);
        }
        assert!(all.pairs.is_within_the_rate() && all.sequences.is_within_the_rate(), "{all:?}");
        // What is true beside what is planted is found as well, where there is any.
        assert_eq!(all.pairs.dependent > 200 && all.sequences.dependent > 3_000, needs_matter, "{all:?}");
    }
}

#[test]
fn what_runs_out_comes_back_after_its_time() {
    let shop = Shop::new(1, Model::default());
    let run = shop.run(&["affinity_cycles"]);
    let planted = columns(&shop.dir.join("truth/replenished.csv"), ["product", "mean_days"]);
    assert_eq!(planted.len(), 4);
    for [product, days] in planted {
        let days: f64 = days.parse().unwrap();
        let sql = format!(
            "SELECT q1_days, median_gap_days, expected_gap_days, late_gap_days, source, gaps FROM affinity_cycles \
             WHERE product_id = '{product}'"
        );
        let row = ask_run(&run, &sql).remove(0);
        let [q1, median, expected, late] = [0, 1, 2, 3].map(|column| row[column].parse::<f64>().unwrap());
        assert!(comes_after(median, days) && comes_after(expected, days), "{days}: {row:?}");
        assert!(q1 > 0.8 * days && late > 1.2 * days && row[4] == "product", "{days}: {row:?}");
    }
}

#[test]
fn sizes_of_one_product_are_never_a_pair() {
    let shop = Shop::new(1, Model { variant_share: 0.3, ..Model::default() });
    let known = shop.run(&["affinity_ptp", "affinity_sequence"]);
    let pipeline = shop.dir.join("patronage.toml");
    let text = std::fs::read_to_string(&pipeline).unwrap();
    let without: Vec<&str> = text.lines().filter(|line| !line.starts_with("variant_of")).collect();
    std::fs::write(&pipeline, without.join("\n")).unwrap();
    let unknown = shop.run(&["affinity_ptp", "affinity_sequence"]);
    let sizes: BTreeSet<[String; 2]> =
        columns(&shop.dir.join("products.csv"), ["SKU", "VariantOf"]).into_iter().collect();
    for (table, least) in [("affinity_ptp", 100), ("affinity_sequence", 100)] {
        let of = |run: &Path| {
            let rows = ask_run(run, &format!("SELECT product_a, product_b FROM {table}"));
            let are_sizes = |row: &&Vec<String>| {
                let [a, b] = [&row[0], &row[1]].map(String::clone);
                sizes.contains(&[a.clone(), b.clone()]) || sizes.contains(&[b, a])
            };
            (rows.len(), rows.iter().filter(are_sizes).count())
        };
        let ((rows, pairs), (rows_before, pairs_before)) = (of(&known), of(&unknown));
        // They go well together, so without the column they would be listed.
        assert!(pairs == 0 && pairs_before > least && rows > rows_before / 2, "{table}: {pairs} {pairs_before}");
    }
}
