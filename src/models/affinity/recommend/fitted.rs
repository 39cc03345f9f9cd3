//! Methods fitted on a snapshot, and the products each would list for a customer.

use super::als::{self, Factors, FoldedIn};
use super::neighbours::{self, Closeness, Weights};
use super::{AgainScore, EaseWeights, FitAgain, List, Method, Options, Snapshot, ease};

/// A product and its score in whole units, the same at any number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Winner {
    pub product: u32,
    pub score: i64,
}

/// Room to add up one customer's scores: zeros between customers.
pub(super) struct Sheet {
    scores: Vec<i64>,
    is_touched: Vec<bool>,
    touched: Vec<u32>,
}

impl Sheet {
    pub fn new(products: usize) -> Sheet {
        Sheet { scores: vec![0; products], is_touched: vec![false; products], touched: Vec::new() }
    }

    fn add(&mut self, product: u32, amount: i64) {
        let at = product as usize;
        if !self.is_touched[at] {
            self.is_touched[at] = true;
            self.touched.push(product);
        }
        self.scores[at] += amount;
    }
}

/// A fitted method.
pub(super) struct Fitted {
    pub method: Method,
    /// The whole number that is a score of 1.
    pub unit: f64,
    kind: Kind,
}

enum Kind {
    Popularity,
    /// What a purchase weighs by its age in days, where it is not 1.
    Own(Option<Vec<i64>>),
    Neighbours(Weights),
    Ease(EaseWeights),
    Als(Factors),
    /// Rows of each customer begin at `starts`.
    Again {
        rows: Vec<(u32, i64)>,
        starts: Vec<usize>,
    },
}

/// A decayed purchase is worth so much at age 0.
const FRESH: f64 = 65_536.0;
/// Scores of the replenishment model are kept in units of 2^-40.
const AGAIN_UNIT: f64 = (1u64 << 40) as f64;

/// Fits a method; nothing when it cannot be. Fall-backs that were taken are added to the notes.
pub(super) fn fit(
    method: Method,
    snapshot: &Snapshot<'_>,
    options: &Options,
    again: Option<FitAgain<'_>>,
    notes: &mut Vec<String>,
) -> Option<Fitted> {
    let neighbours = |weights: Weights| Some((weights.unit, Kind::Neighbours(weights)));
    // Owned purchases come first by their number, then by how many customers have the product.
    let levels = f64::from(snapshot.buyers.iter().copied().max().unwrap_or(0)) + 1.0;
    let (unit, kind) = match method {
        Method::Popularity => Some((snapshot.market.customers.max(1) as f64, Kind::Popularity)),
        Method::OwnFrequency => Some((levels, Kind::Own(None))),
        Method::OwnDecayed => {
            let oldest = snapshot.purchases().iter().map(|purchase| age(snapshot, purchase.day)).max().unwrap_or(0);
            let weights =
                (0..=oldest).map(|age| (FRESH * (-(age as f64) / options.half_life_days).exp2()).round() as i64);
            Some((levels * FRESH, Kind::Own(Some(weights.collect()))))
        }
        Method::CustomerLlr => {
            neighbours(neighbours::of_customers(snapshot, Closeness::LogLikelihood, options.neighbours))
        }
        Method::CustomerCosine => neighbours(neighbours::of_customers(snapshot, Closeness::Cosine, options.neighbours)),
        Method::BasketLlr => {
            neighbours(neighbours::nearest(&snapshot.baskets(), Closeness::LogLikelihood, options.neighbours))
        }
        Method::Ease => {
            let cost = ease::affordable(snapshot, &options.ease);
            if cost.products < snapshot.popular.len() {
                notes.push(format!(
                    "ease: the {} most bought of {} products are solved (predicted {:.1} CPU s, {} MB); the others have neighbours",
                    cost.products,
                    snapshot.popular.len(),
                    cost.seconds,
                    cost.bytes >> 20,
                ));
            }
            if cost.products == 0 {
                return None;
            }
            let head = snapshot.popular[..cost.products].to_vec();
            let weights = EaseWeights::solve(&snapshot.histories, head, options.ease.lambda);
            Some((weights.unit(), Kind::Ease(weights)))
        }
        Method::Als => Some((als::UNIT, Kind::Als(als::fit(snapshot, &options.als)))),
        Method::Replenishment => {
            let (rows, starts) = again_rows(snapshot, again?);
            Some((AGAIN_UNIT, Kind::Again { rows, starts }))
        }
    }?;
    Some(Fitted { method, unit, kind })
}

fn age(snapshot: &Snapshot<'_>, day: i32) -> usize {
    usize::try_from(i64::from(snapshot.day) - i64::from(day)).unwrap_or(0)
}

fn again_rows(snapshot: &Snapshot<'_>, again: FitAgain<'_>) -> (Vec<(u32, i64)>, Vec<usize>) {
    let mut starts = vec![0; snapshot.market.customers + 1];
    let mut scores: Vec<AgainScore> = again(snapshot.purchases(), snapshot.day);
    scores.sort_by_key(|row| (row.customer, row.product));
    let rows = scores
        .iter()
        .map(|row| {
            starts[row.customer as usize + 1] += 1;
            (row.product, (row.score * AGAIN_UNIT) as i64)
        })
        .collect();
    for customer in 0..snapshot.market.customers {
        starts[customer + 1] += starts[customer];
    }
    (rows, starts)
}

impl Fitted {
    /// The `k` best products that are allowed and score above 0, best first, ties by product. What is allowed belongs in the
    /// list: it is not asked of products that cannot be in it.
    pub fn best(
        &self,
        snapshot: &Snapshot<'_>,
        customer: u32,
        list: List,
        allowed: impl Fn(u32) -> bool,
        k: usize,
        sheet: &mut Sheet,
    ) -> Vec<Winner> {
        if let Kind::Popularity = self.kind {
            let winner =
                |product: &u32| Winner { product: *product, score: i64::from(snapshot.buyers[*product as usize]) };
            if list == List::Again {
                let own = snapshot.histories.row(customer as usize).iter().filter(|product| allowed(**product));
                let mut winners: Vec<Winner> = own.map(winner).collect();
                winners.sort_unstable_by_key(|winner| (std::cmp::Reverse(winner.score), winner.product));
                winners.truncate(k);
                return winners;
            }
            return snapshot.popular.iter().filter(|product| allowed(**product)).take(k).map(winner).collect();
        }
        let order = |a: &Winner, b: &Winner| b.score.cmp(&a.score).then(a.product.cmp(&b.product));
        let mut winners = self.positive(snapshot, customer, sheet);
        // What the customer has is mostly what may not be listed: with so many more at hand few need to be looked at.
        let at_hand = k.saturating_add(snapshot.histories.row(customer as usize).len());
        let mut others = Vec::new();
        if winners.len() > at_hand {
            winners.select_nth_unstable_by(at_hand, order);
            others = winners.split_off(at_hand);
        }
        winners.retain(|winner| allowed(winner.product));
        if winners.len() < k {
            winners.extend(others.into_iter().filter(|winner| allowed(winner.product)));
        }
        if winners.len() > k {
            winners.select_nth_unstable_by(k, order);
            winners.truncate(k);
        }
        winners.sort_unstable_by(order);
        winners
    }

    /// All eligible products that score above 0, in no order.
    fn positive(&self, snapshot: &Snapshot<'_>, customer: u32, sheet: &mut Sheet) -> Vec<Winner> {
        let history = snapshot.histories.row(customer as usize);
        match &self.kind {
            Kind::Popularity => {}
            Kind::Own(weights) => {
                let most = snapshot.popular.first().map_or(0, |first| snapshot.buyers[*first as usize]);
                for purchase in snapshot.purchases_of(customer) {
                    let weight = weights.as_ref().map_or(1, |weights| weights[age(snapshot, purchase.day)]);
                    sheet.add(purchase.product, weight * (i64::from(most) + 1));
                }
                for product in history {
                    sheet.add(*product, i64::from(snapshot.buyers[*product as usize]));
                }
            }
            Kind::Neighbours(weights) => {
                for source in history {
                    for (target, weight) in weights.of(*source) {
                        sheet.add(target, i64::from(weight));
                    }
                }
            }
            Kind::Ease(weights) => {
                let scores = &mut sheet.scores[..weights.products().len()];
                for row in history.iter().filter_map(|source| weights.of(*source)) {
                    for (score, weight) in scores.iter_mut().zip(row) {
                        *score += i64::from(*weight);
                    }
                }
                let listed = weights.products().iter().zip(scores.iter());
                let winners = listed.filter(|(_, score)| **score > 0);
                let winners = winners.map(|(product, score)| Winner { product: *product, score: *score }).collect();
                scores.fill(0);
                return winners;
            }
            Kind::Als(factors) => {
                if history.is_empty() {
                    return Vec::new();
                }
                let folded = factors.fold_in(history);
                let listed = snapshot.popular.iter();
                return listed
                    .map(|product| Winner { product: *product, score: factors.score(&folded, *product) })
                    .filter(|winner| winner.score > 0)
                    .collect();
            }
            Kind::Again { rows, starts } => {
                let range = starts[customer as usize]..starts[customer as usize + 1];
                for (product, score) in &rows[range] {
                    sheet.add(*product, *score);
                }
            }
        }
        let mut winners = Vec::new();
        for product in sheet.touched.drain(..) {
            let score = std::mem::take(&mut sheet.scores[product as usize]);
            sheet.is_touched[product as usize] = false;
            if score > 0 && snapshot.eligible[product as usize] {
                winners.push(Winner { product, score });
            }
        }
        winners
    }

    /// What a customer's own products add to the scores of some products, positive amounts only; empty where a method does
    /// not score by them. In the order of the products asked for, the largest first.
    pub fn contributions(&self, snapshot: &Snapshot<'_>, customer: u32, products: &[u32]) -> Vec<Vec<(u32, i64)>> {
        let history = snapshot.histories.row(customer as usize);
        let folded: Option<FoldedIn> = match &self.kind {
            Kind::Als(factors) => Some(factors.fold_in(history)),
            _ => None,
        };
        let of = |product: u32| -> Vec<(u32, i64)> {
            let mut parts: Vec<(u32, i64)> = match (&self.kind, &folded) {
                (Kind::Neighbours(weights), _) => {
                    history.iter().map(|source| (*source, i64::from(weights.between(*source, product)))).collect()
                }
                (Kind::Ease(weights), _) => {
                    history.iter().map(|source| (*source, i64::from(weights.between(*source, product)))).collect()
                }
                (Kind::Als(factors), Some(folded)) => factors.contributions(folded, history, product),
                _ => Vec::new(),
            };
            parts.retain(|(_, amount)| *amount > 0);
            parts.sort_unstable_by_key(|(source, amount)| (std::cmp::Reverse(*amount), *source));
            parts
        };
        products.iter().map(|product| of(*product)).collect()
    }
}
