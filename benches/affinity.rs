//! How fast products that share baskets are counted, and lists of new products made.
//!
//! `cargo bench --bench affinity` counts generated baskets: popularity as in data A of `spec/affinity.md` 4, a
//! tenth of the size. Both ways of counting are measured: with memory for the pairs, and without.
#![allow(clippy::unwrap_used)]

use criterion::{Criterion, Throughput};
use patronage::models::affinity::recommend::{Filters, Market, Method, Options, back_test, offers};
use patronage::models::affinity::{Counting, Incidence, Partner, Purchase, Scored, top_k};

const BASKETS: u32 = 100_000;
const PRODUCTS: u32 = 20_000;

/// A stream of 64-bit numbers that look random (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Baskets of 1 to 14 products, 7.5 in the mean; the r-th product is bought in proportion to 1 / (r + 5).
fn baskets() -> Incidence {
    let mut random = Random(1);
    let mut total = 0.0;
    let popularity: Vec<f64> = (1..=PRODUCTS)
        .map(|rank| {
            total += 1.0 / (f64::from(rank) + 5.0);
            total
        })
        .collect();
    let mut lines = Vec::new();
    for basket in 0..BASKETS {
        for _ in 0..1 + random.next() % 14 {
            let at = random.share() * total;
            let rank = popularity.partition_point(|sum| *sum < at) as u32;
            // A permutation, as 7,919 shares no factor with the number of products: ids are in no order of popularity.
            lines.push((basket, rank.min(PRODUCTS - 1) * 7_919 % PRODUCTS));
        }
    }
    Incidence::from_pairs(BASKETS as usize, PRODUCTS as usize, lines.iter().copied())
}

/// The 50 partners with the largest share of common baskets.
fn neighbours(degrees: &[u32], product: u32, partners: &[Partner]) -> Vec<(u32, f64)> {
    let mut scored: Vec<Scored> = partners
        .iter()
        .zip(0..)
        .map(|(partner, at)| {
            let either = degrees[product as usize] + degrees[partner.product as usize] - partner.count;
            Scored { product: partner.product, score: f64::from(partner.count) / f64::from(either), at }
        })
        .collect();
    top_k(&mut scored, 50);
    scored.iter().map(|scored| (scored.product, scored.score)).collect()
}

fn affinity(criterion: &mut Criterion) {
    let incidence = baskets();
    let degrees = incidence.degrees();
    let count = |memory_bytes| {
        let counting = Counting { incidence: &incidence, min_count: 2, weights: None, memory_bytes };
        counting.count(|product, partners| neighbours(&degrees, product, partners))
    };
    let mut group = criterion.benchmark_group("affinity");
    group.throughput(Throughput::Elements(incidence.lines() as u64)).sample_size(10);
    group.bench_function("pairs", |bencher| bencher.iter(|| count(None)));
    group.bench_function("pairs_little_memory", |bencher| bencher.iter(|| count(Some(4 << 20))));
    // The same baskets as histories: neighbours are counted, and everybody gets ten products with their reasons.
    let purchases: Vec<Purchase> = (0..BASKETS)
        .flat_map(|customer| {
            incidence.row(customer as usize).iter().map(move |product| Purchase { customer, product: *product, day: 0 })
        })
        .collect();
    let market = Market {
        customers: BASKETS as usize,
        products: PRODUCTS as usize,
        purchases: &purchases,
        baskets: None,
        categories: &[],
        roots: &[],
    };
    let filters = Filters { offered: &[true; PRODUCTS as usize], barred: &[], muted: &[], listed: &[] };
    let options = Options { as_of_day: 1, methods: vec![Method::CustomerLlr], ..Options::default() };
    let tested = back_test(&market, &options, None);
    let lists = || {
        let mut rows = 0;
        offers(&market, &filters, &options, &tested, |_, list| rows += list.len());
        rows
    };
    group.bench_function("lists", |bencher| bencher.iter(lists));
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    affinity(&mut criterion);
    criterion.final_summary();
}
