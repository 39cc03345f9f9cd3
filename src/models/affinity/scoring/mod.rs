//! The best new products of every customer: what their products speak for, added up.
//!
//! ```text
//! score(customer, b) = sum over products a of the customer of  weight(customer, a) * neighbours(a -> b)
//! ```
//!
//! All in fixed-point integers. What a customer must not get is left out before the best are taken, so that lists stay
//! full. The same loop as the pair kernel's: sums for every product, and a list of those that were touched.

mod best;
mod neighbours;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cmp::Reverse;

use rayon::prelude::*;

use super::Incidence;
use super::kernel::ONE_UNIT;
use best::Best;
use neighbours::Neighbour;
pub use neighbours::Neighbours;

/// Customers a thread takes at a time at least.
const TOGETHER: usize = 512;

/// How many rows of neighbours ahead memory is asked for.
const AHEAD: usize = 4;

/// What is scored, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct Scoring<'a> {
    /// Customers by products they have.
    pub histories: &'a Incidence,
    /// What each line of the histories weighs, in their order, of [`ONE_UNIT`]; none when all weigh 1.
    pub line_weights: Option<&'a [u32]>,
    /// What each product speaks for.
    pub neighbours: &'a Neighbours,
    /// Which products anyone may get; none when all.
    pub allowed: Option<&'a [bool]>,
    /// Customers by products that they must not get: returned, muted.
    pub barred: Option<&'a Incidence>,
    /// Whether products of the history are left out.
    pub exclude_seen: bool,
    /// The most products of a customer.
    pub k: usize,
}

/// A product for a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Winner {
    /// The product.
    pub product: u32,
    /// Above 0; [`Scoring::unit`] of it is a score of 1.
    pub score: i64,
}

/// What a product of the history added to a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contribution {
    /// The product of the history.
    pub product: u32,
    /// Above 0, as the score.
    pub amount: i64,
}

/// The sums of one thread, for whichever customer it is at.
struct Sums {
    scores: Vec<i64>,
    touched: Vec<u32>,
    best: Best,
    /// Which winner a product is, plus 1; 0 when none.
    place: Vec<u32>,
}

impl Scoring<'_> {
    /// The integer that is a score of 1.
    pub fn unit(&self) -> f64 {
        self.neighbours.scale() * if self.line_weights.is_some() { f64::from(ONE_UNIT) } else { 1.0 }
    }

    /// Visits every customer with their best products, best first, ties by product. What visits return comes in the order
    /// of customers. Someone for whom nothing speaks has none.
    pub fn top<R: Send>(&self, visit: impl Fn(u32, &[Winner]) -> R + Sync) -> Vec<R> {
        let all: Vec<u32> = (0..self.histories.units() as u32).collect();
        self.top_of(&all, visit)
    }

    /// The same for some customers, in their order.
    pub fn top_of<R: Send>(&self, customers: &[u32], visit: impl Fn(u32, &[Winner]) -> R + Sync) -> Vec<R> {
        self.each(customers, |_, customer, winners, _| visit(customer, winners))
    }

    /// As [`Scoring::top_of`], with the reasons of each winner: the `most` largest contributions above 0, largest first,
    /// ties by product. Costs a second pass over what the histories speak for.
    pub fn top_explained<R: Send>(
        &self,
        customers: &[u32],
        most: usize,
        visit: impl Fn(u32, &[Winner], &[Vec<Contribution>]) -> R + Sync,
    ) -> Vec<R> {
        self.each(customers, |neighbours, customer, winners, place| {
            visit(customer, winners, &self.reasons(neighbours, customer, winners, most, place))
        })
    }

    fn each<R: Send>(
        &self,
        customers: &[u32],
        visit: impl Fn(&Neighbours, u32, &[Winner], &mut [u32]) -> R + Sync,
    ) -> Vec<R> {
        self.check();
        let neighbours = match self.allowed {
            Some(allowed) => Cow::Owned(self.neighbours.only(allowed)),
            None => Cow::Borrowed(self.neighbours),
        };
        let products = neighbours.products();
        let sums = || Sums {
            scores: vec![0; products],
            touched: Vec::new(),
            best: Best::new(self.k),
            place: vec![0; products],
        };
        customers
            .par_iter()
            .enumerate()
            .with_min_len(TOGETHER)
            .map_init(sums, |sums, (at, customer)| {
                self.score(&neighbours, *customer, customers.get(at + 1).copied(), sums);
                visit(&neighbours, *customer, sums.best.sorted(), &mut sums.place)
            })
            .collect()
    }

    fn check(&self) {
        assert_eq!(
            self.histories.products(),
            self.neighbours.products(),
            "histories and neighbours of the same products"
        );
        if let Some(weights) = self.line_weights {
            assert_eq!(weights.len(), self.histories.lines(), "a weight for every line");
            assert!(weights.iter().all(|weight| *weight <= ONE_UNIT), "a line weighs 1 at most");
        }
        if let Some(barred) = self.barred {
            let same = (barred.units(), barred.products()) == (self.histories.units(), self.histories.products());
            assert!(same, "barred products of the same customers");
        }
    }

    /// Each product of a customer with its weight.
    fn history(&self, customer: u32) -> impl Iterator<Item = (u32, i64)> {
        let unit = customer as usize;
        let weights = self.line_weights.map(|weights| &weights[self.histories.lines_of(unit)]);
        let weight = move |line: usize| weights.map_or(1, |weights| i64::from(weights[line]));
        self.histories.row(unit).iter().enumerate().map(move |(line, product)| (*product, weight(line)))
    }

    /// Leaves the customer's best in `sums.best` and all else as it was. Asks for what the next customer will need.
    fn score(&self, neighbours: &Neighbours, customer: u32, next: Option<u32>, sums: &mut Sums) {
        let row = self.histories.row(customer as usize);
        let most: usize = row.iter().map(|product| neighbours.row(*product).len()).sum();
        if sums.touched.len() <= most {
            sums.touched.resize(most + 1, 0);
        }
        let after = next.map_or(&[][..], |next| self.histories.row(next as usize));
        let mut ahead = row.iter().chain(after).skip(AHEAD);
        let mut touched = 0;
        for (product, weight) in self.history(customer) {
            if let Some(product) = ahead.next() {
                neighbours.prefetch(*product);
            }
            for Neighbour { product, weight: of_product } in neighbours.row(product) {
                let score = &mut sums.scores[*product as usize];
                sums.touched[touched] = *product;
                // Where weights cancel a product is listed twice; its score is taken once.
                touched += usize::from(*score == 0);
                *score = score.wrapping_add(weight.wrapping_mul(i64::from(*of_product)));
            }
        }
        let barred = self.barred.map_or(&[][..], |barred| barred.row(customer as usize));
        for product in barred.iter().chain(if self.exclude_seen { row } else { &[] }) {
            sums.scores[*product as usize] = 0;
        }
        sums.best.clear();
        for product in &sums.touched[..touched] {
            let score = std::mem::take(&mut sums.scores[*product as usize]);
            sums.best.offer(Winner { product: *product, score });
        }
    }

    /// The reasons of each winner. `place` is all 0, and is so again afterwards.
    fn reasons(
        &self,
        neighbours: &Neighbours,
        customer: u32,
        winners: &[Winner],
        most: usize,
        place: &mut [u32],
    ) -> Vec<Vec<Contribution>> {
        let mut reasons = vec![Vec::new(); winners.len()];
        for (winner, at) in winners.iter().zip(1..) {
            place[winner.product as usize] = at;
        }
        for (product, weight) in self.history(customer) {
            for entry in neighbours.row(product) {
                let at = place[entry.product as usize] as usize;
                let amount = weight * i64::from(entry.weight);
                if at > 0 && amount > 0 {
                    reasons[at - 1].push(Contribution { product, amount });
                }
            }
        }
        for winner in winners {
            place[winner.product as usize] = 0;
        }
        for reasons in &mut reasons {
            reasons.sort_unstable_by_key(|reason| (Reverse(reason.amount), reason.product));
            reasons.truncate(most);
        }
        reasons
    }
}

/// What lines weigh, from unit, product and weight in any order: repeated lines are added up, to 1 at most. One weight for
/// every line of the incidence, 0 where nothing was said.
///
/// # Panics
/// When a product is not one of its unit.
pub fn line_weights(incidence: &Incidence, lines: impl Iterator<Item = (u32, u32, u32)>) -> Vec<u32> {
    let mut weights = vec![0_u32; incidence.lines()];
    for (unit, product, weight) in lines {
        let inside = incidence.row(unit as usize).binary_search(&product);
        let Ok(at) = inside else { panic!("a line of a product that its unit does not have") };
        let sum = &mut weights[incidence.lines_of(unit as usize).start + at];
        *sum = sum.saturating_add(weight).min(ONE_UNIT);
    }
    weights
}
