//! Products that avoid each other, and substitutes (`spec/affinity.md` 7, point 9).
//!
//! A lift below 1 by itself lists noise: of Groceries' pairs 130 have p < 0.05, and 17 are left at a false discovery rate
//! of 5 %. Pairs that were never seen together are the best candidates and are in no list of counted pairs, so all pairs
//! of a category are tests. Most cannot reach a small p-value however few their units: the rarest count of their margins
//! is too likely. They count as tests and are not worked out; as only p-values up to the rate can change a q-value up to
//! the rate, every q-value that is given is exact.

use rayon::prelude::*;

use super::Incidence;
use super::fdr::FalseDiscovery;
use super::kernel::Counting;
use super::measures::PairCounts;
use super::pairs::pairs_to_test;

/// The category of a product that is in none: it is not tested.
pub const NO_CATEGORY: u32 = u32::MAX;

/// Which pairs are tested for being together less than by chance.
#[derive(Debug, Clone, Copy)]
pub struct Avoidance<'a> {
    /// Which products each unit has.
    pub incidence: &'a Incidence,
    /// All units of the level: N.
    pub n_total: u64,
    /// The fewest units of a product.
    pub min_count: u32,
    /// The category of each product, or [`NO_CATEGORY`]: only products of one category are tested against each other.
    /// Without, all are.
    pub categories: Option<&'a [u32]>,
    /// For each product the one that it is a variant of, itself if of none: two of the same are no pair.
    pub groups: Option<&'a [u32]>,
    /// The rate of false discoveries, below a half.
    pub rate: f64,
    /// The most pairs that are looked at one by one. Beyond, the rarest products are left out, and counted.
    pub max_tests: u64,
    /// The most memory counting may take.
    pub memory_bytes: Option<u64>,
}

/// Two products that are together less often than by chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AvoidedPair {
    /// The smaller number.
    pub a: u32,
    /// The larger number.
    pub b: u32,
    /// In how many units.
    pub counts: PairCounts,
    /// Fisher's test for less than chance.
    pub p_value: f64,
    /// The least rate of false discoveries at which the pair is one.
    pub q_value: f64,
}

/// What was found, and over how many tests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Avoided {
    /// Pairs with a q-value up to the rate, by both numbers.
    pub pairs: Vec<AvoidedPair>,
    /// All tests: pairs of eligible products of a category, whether ever seen together or not.
    pub hypotheses: u64,
    /// Tests that were worked out.
    pub worked_out: u64,
    /// Pairs with a p-value below the rate, before the number of tests is taken into account.
    pub nominal: u64,
    /// Products left out because of `max_tests`.
    pub products_left_out: u64,
    /// Pairs left out because of it that could have had a small p-value. They count as tests, with a p-value of 1.
    pub pairs_left_out: u64,
}

/// A pair that is a substitute: one in place of the other, by customers and by baskets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Substitute {
    /// By customers: fewer buy both than by chance.
    pub customers: AvoidedPair,
    /// In how many baskets.
    pub baskets: PairCounts,
    /// Fisher's test for less than chance, by baskets.
    pub basket_p_value: f64,
    /// The least rate of false discoveries at which both hold: of the larger p-value of the two (Berger 1982, the
    /// intersection-union test), over the tests by customers. Never below `customers.q_value`.
    pub q_value: f64,
}

/// A category's products by units, most first.
struct Shelf {
    products: Vec<u32>,
    /// For each product, up to where the later ones can have a small p-value with it.
    reach: Vec<usize>,
}

/// Where a product is: its shelf, its place there, and up to where it is tested against later ones.
#[derive(Clone, Copy)]
struct Place {
    shelf: usize,
    at: usize,
    reach: usize,
}

impl Shelf {
    /// How many products have this many units.
    fn kept(&self, degrees: &[u32], fewest: u32) -> usize {
        self.products.partition_point(|product| degrees[*product as usize] >= fewest)
    }

    /// Pairs to look at among the first few products.
    fn work(&self, kept: usize) -> u64 {
        let within = |at: usize| self.reach[at].min(kept).saturating_sub(at + 1) as u64;
        (0..kept).map(within).sum()
    }
}

impl Avoidance<'_> {
    fn same_group(&self, a: u32, b: u32) -> bool {
        self.groups.is_some_and(|groups| groups[a as usize] == groups[b as usize])
    }

    fn category(&self, product: u32) -> u32 {
        self.categories.map_or(0, |categories| categories[product as usize])
    }

    fn counts(&self, degrees: &[u32], a: u32, b: u32, count: u32) -> PairCounts {
        PairCounts {
            n_ab: u64::from(count),
            n_a: u64::from(degrees[a as usize]),
            n_b: u64::from(degrees[b as usize]),
            n_total: self.n_total,
        }
    }

    /// Whether never being together would have a p-value up to the rate, or cannot be. Once it is not so, it is not so for
    /// rarer products either.
    fn can_reach(&self, degrees: &[u32], a: u32, b: u32) -> bool {
        let never = self.counts(degrees, a, b, 0);
        never.n_a + never.n_b > self.n_total || never.fisher_less() <= self.rate
    }

    fn shelves(&self, degrees: &[u32]) -> Vec<Shelf> {
        let eligible = |product: &u32| {
            degrees[*product as usize] >= self.min_count.max(1) && self.category(*product) != NO_CATEGORY
        };
        let mut products: Vec<u32> = (0u32..).take(degrees.len()).filter(eligible).collect();
        products.sort_by_key(|product| (self.category(*product), u32::MAX - degrees[*product as usize], *product));
        let shelves: Vec<&[u32]> = products.chunk_by(|a, b| self.category(*a) == self.category(*b)).collect();
        shelves
            .par_iter()
            .map(|shelf| {
                let reach = |(at, a): (usize, &u32)| {
                    // The rarer the other, the likelier that they never meet.
                    at + 1 + shelf[at + 1..].partition_point(|b| self.can_reach(degrees, *a, *b))
                };
                Shelf { products: shelf.to_vec(), reach: shelf.iter().enumerate().map(reach).collect() }
            })
            .collect()
    }

    /// The fewest units of a product with which the work stays within the limit.
    fn limit(&self, shelves: &[Shelf], degrees: &[u32]) -> u32 {
        let work = |fewest: u32| -> u64 { shelves.iter().map(|shelf| shelf.work(shelf.kept(degrees, fewest))).sum() };
        let (mut low, mut high) = (0, degrees.iter().max().map_or(1, |most| most.saturating_add(1)));
        if work(low) <= self.max_tests {
            return low;
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if work(middle) <= self.max_tests { high = middle } else { low = middle }
        }
        high
    }

    /// Tests all pairs.
    ///
    /// # Panics
    /// When the rate is a half or more, or a list of one per product has another length.
    pub fn run(&self) -> Avoided {
        // Of a lift of 1 or more the p-value is at least a half (a hypergeometric median is next to its mean; Siegel
        // 2001), and then need not be worked out.
        assert!(self.rate < 0.5, "a rate of false discoveries of a half");
        let products = self.incidence.products();
        for list in [self.categories, self.groups].into_iter().flatten() {
            assert_eq!(list.len(), products, "one for every product");
        }
        let degrees = self.incidence.degrees();
        let shelves = self.shelves(&degrees);
        let fewest = self.limit(&shelves, &degrees);
        let mut avoided = Avoided::default();
        let mut places = vec![None; products];
        let mut wanted = vec![false; products];
        for (shelf, number) in shelves.iter().zip(0..) {
            let kept = shelf.kept(&degrees, fewest);
            avoided.hypotheses += pairs_to_test(&shelf.products, self.groups);
            avoided.worked_out += shelf.work(kept);
            avoided.products_left_out += (shelf.products.len() - kept) as u64;
            avoided.pairs_left_out += shelf.work(shelf.products.len()) - shelf.work(kept);
            for (at, product) in shelf.products[..kept].iter().enumerate() {
                let reach = shelf.reach[at].min(kept);
                places[*product as usize] = Some(Place { shelf: number, at, reach });
                if reach > at + 1 {
                    shelf.products[at..reach].iter().for_each(|other| wanted[*other as usize] = true);
                }
            }
        }
        let rows = within_categories(self.incidence, self.categories, &wanted);
        let counting = Counting { incidence: &rows, min_count: 1, weights: None, memory_bytes: self.memory_bytes };
        let found: Vec<Vec<AvoidedPair>> = counting.count(|a, partners| {
            let Some(Place { shelf, at, reach }) = places[a as usize] else { return Vec::new() };
            let later = &shelves[shelf].products[at + 1..reach];
            let mut together = vec![0_u32; later.len()];
            for partner in partners {
                let place = places[partner.product as usize].and_then(|place| place.at.checked_sub(at + 1));
                if let Some(count) = place.and_then(|place| together.get_mut(place)) {
                    *count = partner.count;
                }
            }
            later.iter().zip(together).filter_map(|(b, count)| self.avoided(&degrees, a, *b, count)).collect()
        });
        avoided.pairs = found.into_iter().flatten().collect();
        avoided.nominal = avoided.pairs.len() as u64;
        let p_values = avoided.pairs.iter().map(|pair| pair.p_value).collect();
        let discovery = FalseDiscovery::new(p_values, avoided.hypotheses);
        avoided.pairs.iter_mut().for_each(|pair| pair.q_value = discovery.q(pair.p_value));
        avoided.pairs.retain(|pair| pair.q_value <= self.rate);
        avoided.pairs.sort_unstable_by_key(|pair| (pair.a, pair.b));
        avoided
    }

    fn avoided(&self, degrees: &[u32], a: u32, b: u32, count: u32) -> Option<AvoidedPair> {
        let (a, b) = (a.min(b), a.max(b));
        let counts = self.counts(degrees, a, b, count);
        if self.same_group(a, b) || !counts.lift_below_one() {
            return None;
        }
        let p_value = counts.fisher_less();
        (p_value <= self.rate).then_some(AvoidedPair { a, b, counts, p_value, q_value: 1.0 })
    }
}

/// Substitutes: products of a category that fewer customers buy both of than by chance, and that are in fewer baskets
/// together than by chance, each by its own test, at a rate of false discoveries of both holding. `baskets` has the same
/// products. What the customers' side found is given too.
pub fn substitutes(customers: &Avoidance<'_>, baskets: &Incidence, baskets_total: u64) -> (Avoided, Vec<Substitute>) {
    let avoided = customers.run();
    let mut wanted = vec![false; baskets.products()];
    for pair in &avoided.pairs {
        wanted[pair.a as usize] = true;
        wanted[pair.b as usize] = true;
    }
    let degrees = baskets.degrees();
    let rows = within_categories(baskets, customers.categories, &wanted);
    let counting = Counting { incidence: &rows, min_count: 1, weights: None, memory_bytes: customers.memory_bytes };
    let found = counting.count(|a, partners| {
        let from = avoided.pairs.partition_point(|pair| pair.a < a);
        let of_a = avoided.pairs[from..].iter().take_while(|pair| pair.a == a);
        let candidates = of_a.filter_map(|pair| {
            let together = partners.iter().find(|partner| partner.product == pair.b);
            let baskets = PairCounts {
                n_ab: together.map_or(0, |partner| u64::from(partner.count)),
                n_a: u64::from(degrees[pair.a as usize]),
                n_b: u64::from(degrees[pair.b as usize]),
                n_total: baskets_total,
            };
            let basket_p_value = baskets.fisher_less();
            baskets.lift_below_one().then_some(Substitute { customers: *pair, baskets, basket_p_value, q_value: 1.0 })
        });
        candidates.collect::<Vec<Substitute>>()
    });
    let mut substitutes: Vec<Substitute> = found.into_iter().flatten().collect();
    let larger = |substitute: &Substitute| substitute.basket_p_value.max(substitute.customers.p_value);
    // A pair that the customers' side did not find could not be one here: its larger p-value is no smaller.
    let discovery = FalseDiscovery::new(substitutes.iter().map(larger).collect(), avoided.hypotheses);
    substitutes.iter_mut().for_each(|substitute| substitute.q_value = discovery.q(larger(substitute)));
    substitutes.retain(|substitute| substitute.q_value <= customers.rate);
    (avoided, substitutes)
}

/// Rows of one unit and one category with at least two of the wanted products: their pairs are the pairs of a category.
fn within_categories(incidence: &Incidence, categories: Option<&[u32]>, wanted: &[bool]) -> Incidence {
    let mut lines = Vec::new();
    let mut rows = 0_u32;
    let mut row: Vec<(u32, u32)> = Vec::new();
    for unit in 0..incidence.units() {
        row.clear();
        let wanted = incidence.row(unit).iter().filter(|product| wanted[**product as usize]);
        row.extend(wanted.map(|product| (categories.map_or(0, |categories| categories[*product as usize]), *product)));
        row.sort_unstable();
        for together in row.chunk_by(|a, b| a.0 == b.0).filter(|together| together.len() > 1) {
            lines.extend(together.iter().map(|(_, product)| (rows, *product)));
            rows += 1;
        }
    }
    Incidence::from_pairs(rows as usize, incidence.products(), lines.iter().copied())
}
