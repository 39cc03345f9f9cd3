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
    /// Confidence and lift of a pair; mean days of a sequence.
    strength: Vec<f64>,
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

    fn planted(&self, file: &str, strength: &[&str]) -> Vec<Planted> {
        let path = self.dir.join("truth").join(file);
        let figures: Vec<Vec<f64>> = strength
            .iter()
            .map(|name| columns(&path, [name]).iter().map(|[value]| value.parse().unwrap()).collect())
            .collect();
        let products = columns(&path, ["first", "second"]).into_iter().enumerate();
        products
            .map(|(row, [first, second])| {
                let strength = figures.iter().map(|column| column[row]).collect();
                Planted { first, second, strength }
            })
            .collect()
    }

    fn pairs(&self) -> Vec<Planted> {
        self.planted("pairs.csv", &["confidence", "lift"])
    }

    fn sequences(&self) -> Vec<Planted> {
        self.planted("sequences.csv", &["mean_days"])
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
        for planted in self.planted("substitutes.csv", &[]) {
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
    fn add(&mut self, shop: &Shop, roles: &BTreeMap<String, Role>, planted: &[Planted], found: &[Vec<String>]) {
        let planted: BTreeSet<(&str, &str)> =
            planted.iter().map(|pair| (pair.first.as_str(), pair.second.as_str())).collect();
        for row in found {
            let (a, b) = (row[0].as_str(), row[1].as_str());
            if planted.contains(&(a, b)) {
                self.planted += 1;
            } else if shop.depend(roles[a], roles[b]) {
                self.dependent += 1;
            } else {
                println!("  false: {:?} {:?} {row:?}", roles[a], roles[b]);
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
    /// Planted pairs, and how many of them have a true lift that is not below `lift_lo`.
    bounds: usize,
    bounds_held: usize,
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
                "SELECT product_a, product_b, n_a, n_ab, lift_lo, lift FROM affinity_ptp WHERE relation = 'complement' \
                 AND NOT backed_off AND level = '{level}' AND q_value <= {RATE}"
            );
            ask_run(run, &sql)
        };
        let (baskets, customers) = (of("basket"), of("customer"));
        let is = |pair: &Planted, row: &[String]| row[0] == pair.first && row[1] == pair.second;
        for pair in &pairs {
            let row = baskets.iter().find(|row| is(pair, row)).expect("a planted pair is found in baskets");
            assert!(customers.iter().any(|row| is(pair, row)), "and with customers: {row:?}");
            let [n_a, n_ab, lift_lo] = [2, 3, 4].map(|column| row[column].parse::<f64>().unwrap());
            let (confidence, lift) = (pair.strength[0], pair.strength[1]);
            let error = (n_a * confidence * (1.0 - confidence)).sqrt();
            assert!((n_ab - n_a * confidence).abs() < 4.5 * error, "{row:?} {confidence}");
            self.bounds += 1;
            self.bounds_held += usize::from(lift_lo <= lift);
        }
        // Each pair is there from both sides.
        let one_side: Vec<Vec<String>> = baskets
            .into_iter()
            .filter(|row| row[0] < row[1] || pairs.iter().any(|pair| is(pair, row)))
            .filter(|row| !pairs.iter().any(|pair| pair.first == row[1] && pair.second == row[0]))
            .collect();
        self.pairs.add(shop, roles, &pairs, &one_side);
        let instead = ask_run(run, "SELECT product_a, product_b FROM affinity_ptp WHERE relation = 'substitute'");
        assert!(instead.is_empty(), "nobody has to choose between these: {instead:?}");
    }

    fn sequences(&mut self, shop: &Shop, run: &Path, roles: &BTreeMap<String, Role>) {
        let sequences = shop.sequences();
        let sql = format!(
            "SELECT product_a, product_b, rank, asymmetry_p, median_gap_days, window_days, customers_ab, customers_ba, lift \
             FROM affinity_sequence WHERE q_value <= {RATE}"
        );
        let found = ask_run(run, &sql);
        for sequence in &sequences {
            let is = |row: &&Vec<String>| row[0] == sequence.first && row[1] == sequence.second;
            let row = found.iter().find(is).expect("a planted sequence is found");
            println!("  {:.1} days: {row:?}", sequence.strength[0]);
        }
        self.sequences.add(shop, roles, &sequences, &found);
    }
}

#[test]
fn planted_pairs_and_sequences_are_found_at_the_stated_rate() {
    let seeds: u64 = std::env::var("SEEDS").map_or(4, |seeds| seeds.parse().unwrap());
    for needs_matter in [true, false] {
        let mut all = All::default();
        for seed in 1..=seeds {
            all.add(seed, needs_matter);
        }
        println!("needs matter: {needs_matter}: {all:?}");
        assert!(all.pairs.is_within_the_rate() && all.sequences.is_within_the_rate(), "{all:?}");
    }
}
