//! Methods fitted on a snapshot, and the products each would list for a customer.

use std::collections::BTreeMap;

use super::als::{self, Factors, FoldedIn};
use super::best::Winner;
use super::closeness::Closeness;
use super::neighbours::{SpokenFor, Weights, nearest};
use super::sheet::Sheet;
use super::{AgainScore, EaseWeights, FitAgain, Method, Options, Snapshot, ease};

/// Who takes the scores of a few customers; `at` is a place among them.
pub(super) trait Takers {
    /// Whoever is not owned and scores below it would not be taken: above 0.
    fn least(&self, at: usize) -> i64;
    /// A product that the customer has.
    fn known(&mut self, at: usize, winner: Winner);
    /// A product that the customer does not have; whether it was taken.
    fn unknown(&mut self, at: usize, winner: Winner) -> bool;
    /// The most products of a customer's list.
    fn most(&self) -> usize;
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

/// Fits methods on one snapshot.
pub(super) struct Fitting<'a> {
    pub snapshot: &'a Snapshot<'a>,
    pub options: &'a Options,
    pub again: Option<FitAgain<'a>>,
    /// Every fall-back that was taken.
    pub notes: Vec<String>,
    /// Neighbours that were counted with those of another method.
    counted: BTreeMap<Method, Weights>,
}

impl<'a> Fitting<'a> {
    pub fn new(snapshot: &'a Snapshot<'a>, options: &'a Options, again: Option<FitAgain<'a>>) -> Fitting<'a> {
        Fitting { snapshot, options, again, notes: Vec::new(), counted: BTreeMap::new() }
    }

    /// Fits a method; nothing when it cannot be. Others that are wanted `later` may be prepared along with it.
    pub fn fit(&mut self, method: Method, later: &[Method]) -> Option<Fitted> {
        let (snapshot, options) = (self.snapshot, self.options);
        // Owned purchases come first by their number, then by how many customers have the product.
        let levels = f64::from(snapshot.buyers.iter().copied().max().unwrap_or(0)) + 1.0;
        let (unit, kind) = match method {
            Method::Popularity => (snapshot.market.customers.max(1) as f64, Kind::Popularity),
            Method::OwnFrequency => (levels, Kind::Own(None)),
            Method::OwnDecayed => {
                let oldest = snapshot.purchases().iter().map(|purchase| age(snapshot, purchase.day)).max().unwrap_or(0);
                let weights =
                    (0..=oldest).map(|age| (FRESH * (-(age as f64) / options.half_life_days).exp2()).round() as i64);
                (levels * FRESH, Kind::Own(Some(weights.collect())))
            }
            Method::CustomerLlr | Method::CustomerCosine | Method::BasketLlr => {
                let weights = self.neighbours(method, later);
                (weights.unit, Kind::Neighbours(weights))
            }
            Method::Ease => {
                let weights = self.ease()?;
                (weights.unit(), Kind::Ease(weights))
            }
            Method::Als => (als::UNIT, Kind::Als(als::fit(snapshot, &options.als))),
            Method::Replenishment => {
                let (rows, starts) = again_rows(snapshot, self.again?);
                (AGAIN_UNIT, Kind::Again { rows, starts })
            }
        };
        Some(Fitted { method, unit, kind })
    }

    fn neighbours(&mut self, method: Method, later: &[Method]) -> Weights {
        if let Some(weights) = self.counted.remove(&method) {
            return weights;
        }
        let (histories, most) = (&self.snapshot.histories, self.options.neighbours);
        let other = if method == Method::CustomerLlr { Method::CustomerCosine } else { Method::CustomerLlr };
        let [weights] = match method {
            Method::BasketLlr => nearest(&self.snapshot.baskets(), [Closeness::LogLikelihood], most),
            _ if later.contains(&other) => {
                let [likely, cosine] = nearest(histories, [Closeness::LogLikelihood, Closeness::Cosine], most);
                let (mine, others) = if method == Method::CustomerLlr { (likely, cosine) } else { (cosine, likely) };
                self.counted.insert(other, others);
                [mine]
            }
            Method::CustomerCosine => nearest(histories, [Closeness::Cosine], most),
            _ => nearest(histories, [Closeness::LogLikelihood], most),
        };
        weights
    }

    fn ease(&mut self) -> Option<EaseWeights> {
        let (snapshot, options) = (self.snapshot, &self.options.ease);
        let cost = ease::affordable(snapshot, options);
        if cost.products < snapshot.popular.len() {
            self.notes.push(format!(
                "ease: the {} most bought of {} products are solved (predicted {:.1} CPU s, {} MB); the others have neighbours",
                cost.products,
                snapshot.popular.len(),
                cost.seconds,
                cost.bytes >> 20,
            ));
        }
        let head = snapshot.popular[..cost.products].to_vec();
        (cost.products > 0).then(|| EaseWeights::solve(&snapshot.histories, head, options.lambda))
    }
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

/// What a customer's own products add to the score of another, positive amounts only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reasons {
    pub total: i64,
    /// The products that add most and what they add, the largest first, ties by product; nothing has 0.
    pub largest: [(u32, i64); 3],
}

impl Reasons {
    /// Products come in ascending order.
    fn add(&mut self, source: u32, amount: i64) {
        if amount <= 0 {
            return;
        }
        self.total += amount;
        let at = self.largest.partition_point(|(_, larger)| *larger >= amount);
        if let Some(smaller) = self.largest.get_mut(at..).filter(|smaller| !smaller.is_empty()) {
            smaller.rotate_right(1);
            smaller[0] = (source, amount);
        }
    }
}

impl Fitted {
    /// How many customers are best scored at once: EASE fetches all its weights for them, others only what they need.
    pub fn together(&self) -> usize {
        if matches!(self.kind, Kind::Ease(_)) { usize::MAX } else { 64 }
    }

    /// Gives out the scores of eligible products above 0: of products that the customers have all, of others at least those
    /// that would be taken. Everything is added up in whole numbers.
    pub fn score(&self, snapshot: &Snapshot<'_>, customers: &[u32], sheet: &mut Sheet, takers: &mut impl Takers) {
        if let Kind::Ease(weights) = &self.kind {
            return weights.score(&snapshot.histories, customers, takers);
        }
        let history = |at: usize| customers.get(at).map_or(&[][..], |one| snapshot.histories.row(*one as usize));
        for (at, customer) in customers.iter().enumerate() {
            match &self.kind {
                Kind::Popularity => by_popularity(snapshot, at, history(at), takers),
                Kind::Own(weights) => add_own(snapshot, *customer, weights.as_deref(), sheet),
                Kind::Neighbours(weights) => weights.add_up(history(at), history(at + 1), sheet),
                Kind::Again { rows, starts } => {
                    let rows = &rows[starts[*customer as usize]..starts[*customer as usize + 1]];
                    sheet.make_room(rows.len());
                    for (product, score) in rows.iter().filter(|(product, _)| snapshot.eligible[*product as usize]) {
                        sheet.add(*product, *score);
                    }
                }
                Kind::Als(factors) => by_factors(snapshot, factors, at, history(at), takers),
                Kind::Ease(_) => {}
            }
            sheet.hand_out(at, history(at), takers);
        }
    }

    /// What speaks for some products, in their order; nothing where a method does not score by a customer's own.
    pub fn reasons(
        &self,
        snapshot: &Snapshot<'_>,
        customer: u32,
        products: impl ExactSizeIterator<Item = u32> + Clone,
        sheet: &mut Sheet,
    ) -> Vec<Reasons> {
        let history = snapshot.histories.row(customer as usize);
        let mut reasons = vec![Reasons::default(); products.len()];
        match &self.kind {
            Kind::Neighbours(weights) => {
                for (product, place) in products.clone().zip(1..) {
                    sheet.places[product as usize] = place;
                }
                for source in history {
                    for SpokenFor { target, weight } in weights.of(*source) {
                        if let Some(at) = sheet.places[*target as usize].checked_sub(1) {
                            reasons[at as usize].add(*source, i64::from(*weight));
                        }
                    }
                }
                for product in products {
                    sheet.places[product as usize] = 0;
                }
            }
            Kind::Ease(weights) => {
                for (reasons, product) in reasons.iter_mut().zip(products) {
                    for source in history {
                        reasons.add(*source, i64::from(weights.between(*source, product)));
                    }
                }
            }
            Kind::Als(factors) => {
                let folded: FoldedIn = factors.fold_in(history);
                for (reasons, product) in reasons.iter_mut().zip(products) {
                    for (source, amount) in factors.contributions(&folded, history, product) {
                        reasons.add(source, amount);
                    }
                }
            }
            Kind::Popularity | Kind::Own(_) | Kind::Again { .. } => {}
        }
        reasons
    }
}

/// The most bought come first: what is taken of the products that the customer does not have is then as good as it gets.
fn by_popularity(snapshot: &Snapshot<'_>, at: usize, history: &[u32], takers: &mut impl Takers) {
    let winner = |product: u32| Winner { product, score: i64::from(snapshot.buyers[product as usize]) };
    for product in history {
        takers.known(at, winner(*product));
    }
    let mut taken = 0;
    for product in snapshot.popular.iter().filter(|product| history.binary_search(product).is_err()) {
        if taken == takers.most() {
            break;
        }
        taken += usize::from(takers.unknown(at, winner(*product)));
    }
}

/// A customer's purchases of eligible products, each with its weight; the same weight goes to the one more customers have.
fn add_own(snapshot: &Snapshot<'_>, customer: u32, weights: Option<&[i64]>, sheet: &mut Sheet) {
    let most = snapshot.popular.first().map_or(0, |first| snapshot.buyers[*first as usize]);
    let (purchases, history) = (snapshot.purchases_of(customer), snapshot.histories.row(customer as usize));
    sheet.make_room(purchases.len() + history.len());
    for purchase in purchases.iter().filter(|purchase| snapshot.eligible[purchase.product as usize]) {
        let weight = weights.map_or(1, |weights| weights[age(snapshot, purchase.day)]);
        sheet.add(purchase.product, weight * (i64::from(most) + 1));
    }
    for product in history {
        sheet.add(*product, i64::from(snapshot.buyers[*product as usize]));
    }
}

fn by_factors(snapshot: &Snapshot<'_>, factors: &Factors, at: usize, history: &[u32], takers: &mut impl Takers) {
    if history.is_empty() {
        return;
    }
    let folded = factors.fold_in(history);
    for product in &snapshot.popular {
        let winner = Winner { product: *product, score: factors.score(&folded, *product) };
        if winner.score <= 0 {
            continue;
        }
        if history.binary_search(product).is_ok() {
            takers.known(at, winner);
        } else {
            takers.unknown(at, winner);
        }
    }
}
