//! The catalogue: products, their prices and popularity, and the structure that is planted in baskets.
//!
//! Planted products are sold apart from the ordinary ones, each by its own independent draw in every basket. That makes
//! the truth a formula instead of an estimate: see [`Pair`].

use std::collections::BTreeMap;

use rand::{Rng, RngExt};
use rand_distr::weighted::WeightedAliasIndex;
use rand_distr::{Distribution, LogNormal};

use super::options::GenerateOptions;
use crate::error::{Error, Result};

/// Needs, their share of customers, and the categories that serve them.
pub(super) const NEEDS: [(&str, f64, [&str; 4]); 6] = [
    ("kitchen", 0.30, ["home/kitchen/baking", "home/kitchen/storage", "home/kitchen/cutlery", "food/pantry/spices"]),
    ("coffee", 0.20, ["food/drinks/coffee", "food/drinks/tea", "home/kitchen/cups", "food/sweets/biscuits"]),
    ("baby", 0.15, ["baby/care/nappies", "baby/care/wipes", "baby/food/jars", "baby/toys/soft"]),
    ("pets", 0.15, ["pets/cats/food", "pets/cats/litter", "pets/dogs/food", "pets/dogs/toys"]),
    ("garden", 0.10, ["garden/plants/seeds", "garden/plants/soil", "garden/tools/hand", "garden/care/feed"]),
    ("office", 0.10, ["office/paper/reams", "office/paper/pads", "office/writing/pens", "office/post/boxes"]),
];

/// One product.
pub(super) struct Product {
    /// Article number.
    pub(super) id: String,
    /// Index of its need in [`NEEDS`].
    pub(super) need: usize,
    /// Category path.
    pub(super) category: &'static str,
    /// List price in cents of the reporting currency.
    pub(super) price: i64,
    /// Unit cost in cents.
    pub(super) cost: i64,
    /// The product that this one is a size of.
    pub(super) variant_of: Option<u32>,
}

/// Two complementary products. Every basket holds `first` with chance [`Planted::FIRST`] and `second` with chance
/// [`Planted::SECOND`], independently; a basket with `first` is offered `second` again with chance `attach`.
pub(super) struct Pair {
    /// The product that brings the other.
    pub(super) first: u32,
    /// The product that is brought.
    pub(super) second: u32,
    /// Chance that `first` brings `second`.
    pub(super) attach: f64,
}

/// A product that is followed by another: each purchase of `first` is followed, with chance `follow`, by `second` in
/// the first order that comes `days` (give or take a fifth) later or after. `second` is also bought on its own.
pub(super) struct Sequence {
    /// The product that comes first.
    pub(super) first: u32,
    /// The product that follows.
    pub(super) second: u32,
    /// Chance that it follows, given that the customer orders again in time.
    pub(super) follow: f64,
    /// Mean days until it is wanted.
    pub(super) days: f64,
}

/// Two products for the same job. A customer prefers one for good and takes it nine times out of ten; no basket ever
/// holds both.
pub(super) struct Substitutes {
    /// One of them.
    pub(super) first: u32,
    /// The other.
    pub(super) second: u32,
}

/// A product that runs out: a customer who uses it buys it in the first order that comes `days` (give or take a fifth)
/// after the last time.
pub(super) struct Replenished {
    /// The product.
    pub(super) product: u32,
    /// Mean days that it lasts.
    pub(super) days: f64,
}

/// What is planted in baskets.
pub(super) struct Planted {
    /// Complements, by rising chance of attachment.
    pub(super) pairs: Vec<Pair>,
    /// Products that follow one another.
    pub(super) sequences: Vec<Sequence>,
    /// Substitutes.
    pub(super) substitutes: Vec<Substitutes>,
    /// Products that run out.
    pub(super) replenished: Vec<Replenished>,
    /// Chance of a basket to hold a given first product of a pair or sequence, or a given slot of substitutes.
    pub(super) first_chance: f64,
    /// Chance of a basket to hold a given second product by itself.
    pub(super) second_chance: f64,
}

impl Planted {
    /// First products a basket, over all pairs: rare enough that planted lines stay a small part of the whole.
    const FIRSTS_A_BASKET: f64 = 0.25;
    /// How much rarer a second product is by itself.
    const SECOND_TO_FIRST: f64 = 0.3;

    /// Chance that a basket with the first product of `pair` holds the second.
    pub(super) fn confidence(&self, pair: &Pair) -> f64 {
        1.0 - (1.0 - pair.attach) * (1.0 - self.second_chance)
    }

    /// Chance that any basket holds the second product of `pair`.
    pub(super) fn second_support(&self, pair: &Pair) -> f64 {
        self.second_chance + self.first_chance * pair.attach * (1.0 - self.second_chance)
    }

    /// Lift of `pair`.
    pub(super) fn lift(&self, pair: &Pair) -> f64 {
        self.confidence(pair) / self.second_support(pair)
    }
}

/// Products and how they are chosen.
pub(super) struct Catalogue {
    /// All products; planted ones have no special place among them.
    pub(super) products: Vec<Product>,
    /// What is planted.
    pub(super) planted: Planted,
    /// Ordinary products by popularity: index into `ordinary`.
    all: WeightedAliasIndex<f64>,
    ordinary: Vec<u32>,
    /// The same by need.
    by_need: Vec<(WeightedAliasIndex<f64>, Vec<u32>)>,
}

impl Catalogue {
    /// Draws the catalogue.
    ///
    /// # Errors
    /// Usage, when the model's numbers make no distribution.
    pub(super) fn new(options: &GenerateOptions, mut rng: impl Rng) -> Result<Self> {
        let mut products = products(options.products, &mut rng)?;
        let mut order: Vec<u32> = (0..options.products).collect();
        shuffle(&mut order, &mut rng);
        let mut planted_products = order.into_iter();
        let planted = plant(options.products, &mut planted_products);
        let ordinary: Vec<u32> = planted_products.collect();
        let model = &options.model;
        make_variants(&mut products, &ordinary, (model.variant_share * ordinary.len() as f64).ceil() as usize);
        let share = |rank: usize| (rank as f64 + model.popularity_offset).powf(-model.popularity_exponent);
        let popularity: Vec<f64> = (1..=ordinary.len()).map(share).collect();
        let by_need = (0..NEEDS.len())
            .map(|need| {
                let (members, weights): (Vec<u32>, Vec<f64>) = ordinary
                    .iter()
                    .zip(&popularity)
                    .filter(|(product, _)| products[**product as usize].need == need)
                    .map(|(&product, &weight)| (product, weight))
                    .unzip();
                Ok((alias(weights)?, members))
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Catalogue { all: alias(popularity)?, products, planted, ordinary, by_need })
    }

    /// An ordinary product, by popularity.
    pub(super) fn popular(&self, rng: &mut impl Rng) -> u32 {
        self.ordinary[self.all.sample(rng)]
    }

    /// An ordinary product that serves `need`, by popularity.
    pub(super) fn popular_for(&self, need: usize, rng: &mut impl Rng) -> u32 {
        let (alias, members) = &self.by_need[need];
        members[alias.sample(rng)]
    }
}

fn alias(weights: Vec<f64>) -> Result<WeightedAliasIndex<f64>> {
    WeightedAliasIndex::new(weights).map_err(|error| {
        Error::usage("the products' popularity makes no distribution")
            .because(error)
            .hint("choose a smaller `popularity_exponent`")
    })
}

/// Everyday goods: a median price of 2.50, so that an order's value is several units of most products.
fn products(count: u32, rng: &mut impl Rng) -> Result<Vec<Product>> {
    let price = LogNormal::new(2.5_f64.ln(), 0.6).map_err(|error| Error::internal("price law").because(error))?;
    Ok((0..count)
        .map(|index| {
            // Needs take turns, so that even a small catalogue serves all of them.
            let need = index as usize % NEEDS.len();
            let category = NEEDS[need].2[rng.random_range(0..4)];
            let price = ((price.sample(rng) * 100.0).round() as i64).clamp(20, 20_000);
            let cost = (price as f64 * rng.random_range(0.35..0.7)).round() as i64;
            Product { id: format!("A{:05}", 10_000 + index), need, category, price, cost, variant_of: None }
        })
        .collect())
}

/// Makes `count` products sizes of another one of their category, by popularity: one of the next rank that is none yet.
/// They sell as before, and as goods of one need they are often bought together.
fn make_variants(products: &mut [Product], by_popularity: &[u32], count: usize) {
    let mut alone: BTreeMap<&str, u32> = BTreeMap::new();
    let mut left = count;
    for &index in by_popularity {
        if left == 0 {
            break;
        }
        let product = &mut products[index as usize];
        product.variant_of = alone.remove(product.category);
        if product.variant_of.is_some() {
            left -= 1;
        } else {
            alone.insert(product.category, index);
        }
    }
}

/// Fisher-Yates, so that the order depends on this file alone and not on the version of a crate.
fn shuffle(items: &mut [u32], rng: &mut impl Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, rng.random_range(0..=last));
    }
}

/// Plants a structure that grows with the catalogue, up to 40 pairs; it takes less than a third of the products.
fn plant(products: u32, free: &mut impl Iterator<Item = u32>) -> Planted {
    let pairs = (products / 60).clamp(3, 40);
    let sequences = (products / 120).clamp(2, 20);
    let substitutes = (products / 120).clamp(2, 20);
    let replenished = (products / 120).clamp(2, 20);
    let spread = |index: u32, count: u32| f64::from(index) / f64::from(count - 1);
    // `products` is at least 60 and 16 are taken then, so `free` never runs dry; 0 stands for what cannot happen.
    let mut next = || free.next().unwrap_or_default();
    let first_chance = Planted::FIRSTS_A_BASKET / f64::from(pairs);
    Planted {
        pairs: (0..pairs)
            .map(|index| Pair { first: next(), second: next(), attach: 0.1 + 0.5 * spread(index, pairs) })
            .collect(),
        sequences: (0..sequences)
            .map(|index| Sequence {
                first: next(),
                second: next(),
                follow: 0.3 + 0.4 * spread(index, sequences),
                days: 14.0 + 46.0 * spread(index, sequences),
            })
            .collect(),
        substitutes: (0..substitutes).map(|_| Substitutes { first: next(), second: next() }).collect(),
        replenished: (0..replenished)
            .map(|index| Replenished { product: next(), days: 28.0 + 62.0 * spread(index, replenished) })
            .collect(),
        first_chance,
        second_chance: Planted::SECOND_TO_FIRST * first_chance,
    }
}
