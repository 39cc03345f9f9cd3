//! What is in a basket, and what each line costs.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Normal, Poisson};

use super::catalogue::{Catalogue, Product};
use super::model::Model;
use crate::error::{Error, Result};

/// One line of goods; money in cents of the order's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    /// Index of the product.
    pub(super) product: u32,
    /// Units, negative when they came back.
    pub(super) quantity: i64,
    /// List price of a unit.
    pub(super) unit_price: i64,
    /// Discount on the line, negative when it was paid back.
    pub(super) discount: i64,
    /// Cost of the goods, negative when they came back.
    pub(super) cost: i64,
}

impl Line {
    /// What was paid.
    pub(super) fn amount(&self) -> i64 {
        self.quantity * self.unit_price - self.discount
    }
}

/// Who fills baskets, and what they remember from one order to the next.
pub(super) struct Shopper {
    /// Index of their need.
    pub(super) need: usize,
    /// Whether they prefer the first of two substitutes.
    pub(super) prefers_first: bool,
    /// Index of the product that they use up, and the day on which it has run out.
    pub(super) replenishes: Option<(usize, f64)>,
    /// Products that they will want, and from which day on.
    pub(super) wanted: Vec<(f64, u32)>,
}

/// Fills baskets.
pub(super) struct Baskets<'a> {
    catalogue: &'a Catalogue,
    more_products: Option<Poisson<f64>>,
    need_strength: f64,
    /// Delays are this much longer or shorter, as a factor.
    delay: Normal<f64>,
    first_chance: Chance,
    second_chance: Chance,
}

impl<'a> Baskets<'a> {
    /// Baskets out of `catalogue`.
    ///
    /// # Errors
    /// Usage, when the model's numbers make no distribution.
    pub(super) fn new(catalogue: &'a Catalogue, model: &Model) -> Result<Self> {
        let more = model.basket_mean - 1.0;
        let more_products = (more > 0.0)
            .then(|| Poisson::new(more))
            .transpose()
            .map_err(|error| Error::usage("`basket_mean` is out of range").because(error))?;
        Ok(Baskets {
            catalogue,
            more_products,
            need_strength: model.need_strength,
            delay: Normal::new(1.0, 0.2).map_err(|error| Error::internal("delay law").because(error))?,
            first_chance: Chance::new(catalogue.planted.first_chance),
            second_chance: Chance::new(catalogue.planted.second_chance),
        })
    }

    /// Puts the products of an order on `day` into `basket`: each at most once.
    pub(super) fn fill(&self, shopper: &mut Shopper, day: f64, rng: &mut impl Rng, basket: &mut Vec<u32>) {
        basket.clear();
        self.planted(shopper, day, rng, basket);
        let more = self.more_products.map_or(0, |law| law.sample(rng) as usize);
        for _ in 0..=more {
            let product = if rng.random::<f64>() < self.need_strength {
                self.catalogue.popular_for(shopper.need, rng)
            } else {
                self.catalogue.popular(rng)
            };
            put(basket, product);
        }
    }

    fn planted(&self, shopper: &mut Shopper, day: f64, rng: &mut impl Rng, basket: &mut Vec<u32>) {
        let planted = &self.catalogue.planted;
        self.first_chance.hits(planted.pairs.len(), rng, |index, rng| {
            let pair = &planted.pairs[index];
            put(basket, pair.first);
            if rng.random::<f64>() < pair.attach {
                put(basket, pair.second);
            }
        });
        self.second_chance.hits(planted.pairs.len(), rng, |index, _| put(basket, planted.pairs[index].second));
        self.second_chance.hits(planted.sequences.len(), rng, |index, _| put(basket, planted.sequences[index].second));
        // What was wanted before this order, so that nothing follows itself on the same day.
        shopper.wanted.retain(|&(from, product)| {
            let due = from <= day;
            if due {
                put(basket, product);
            }
            !due
        });
        self.first_chance.hits(planted.sequences.len(), rng, |index, rng| {
            let sequence = &planted.sequences[index];
            put(basket, sequence.first);
            if rng.random::<f64>() < sequence.follow {
                shopper.wanted.push((day + sequence.days * self.delay(rng), sequence.second));
            }
        });
        self.first_chance.hits(planted.substitutes.len(), rng, |index, rng| {
            let slot = &planted.substitutes[index];
            let takes_first = shopper.prefers_first == (rng.random::<f64>() < 0.9);
            put(basket, if takes_first { slot.first } else { slot.second });
        });
        if let Some((index, runs_out)) = &mut shopper.replenishes
            && *runs_out <= day
        {
            let replenished = &planted.replenished[*index];
            put(basket, replenished.product);
            *runs_out = day + replenished.days * self.delay(rng);
        }
    }

    fn delay(&self, rng: &mut impl Rng) -> f64 {
        self.delay.sample(rng).max(0.2)
    }

    /// Turns products into lines whose amounts add up to `total` cents (at least a cent a line): each line gets a share
    /// by list price and chance, as many units as that share needs, and the rest as a discount. So list prices hold and
    /// the order's value is exactly the one that was drawn.
    pub(super) fn price(
        &self,
        basket: &[u32],
        total: i64,
        rng: &mut impl Rng,
        price_of: impl Fn(&Product) -> (i64, i64),
    ) -> Vec<Line> {
        let weights: Vec<f64> = basket
            .iter()
            .map(|&product| self.catalogue.products[product as usize].price as f64 * rng.random_range(0.6..1.4))
            .collect();
        let sum: f64 = weights.iter().sum();
        let spare = (total - basket.len() as i64).max(0);
        let mut left = spare;
        let last = basket.len() - 1;
        let mut lines = Vec::with_capacity(basket.len());
        for (index, (&product, weight)) in basket.iter().zip(&weights).enumerate() {
            let share = if index == last { left } else { ((spare as f64 * weight / sum) as i64).min(left) };
            left -= share;
            let amount = share + 1;
            let (unit_price, unit_cost) = price_of(&self.catalogue.products[product as usize]);
            let quantity = (amount + unit_price - 1) / unit_price;
            let discount = quantity * unit_price - amount;
            lines.push(Line { product, quantity, unit_price, discount, cost: quantity * unit_cost });
        }
        lines
    }
}

fn put(basket: &mut Vec<u32>, product: u32) {
    if !basket.contains(&product) {
        basket.push(product);
    }
}

/// One chance for each of many independent draws, of which few succeed.
struct Chance {
    /// Logarithm of the chance to fail.
    ln_fail: f64,
}

impl Chance {
    fn new(chance: f64) -> Self {
        Chance { ln_fail: (-chance).ln_1p() }
    }

    /// Calls `hit` for each of `count` draws that succeeds, skipping over the failures: their number is geometric.
    fn hits<R: Rng>(&self, count: usize, rng: &mut R, mut hit: impl FnMut(usize, &mut R)) {
        let mut index = 0.0;
        loop {
            index += (1.0 - rng.random::<f64>()).ln() / self.ln_fail;
            if index >= count as f64 {
                return;
            }
            hit(index as usize, rng);
            index = index.floor() + 1.0;
        }
    }
}
