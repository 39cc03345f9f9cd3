//! One antecedent's partners: a sum for every product, and a list of those it touched (Gustavson 1978).

use super::layout::{Id, Visits};
use super::prefetch::prefetch;
use super::tally::Tally;

/// How many rows ahead of the one that is read memory is asked for. 8 to 12 are alike, 4 and 20 slower.
const AHEAD: usize = 10;

/// The sums of one thread, for whichever antecedent it is at.
pub struct Sums<T, C, E> {
    tallies: Vec<C>,
    touched: Vec<T>,
    out: Vec<E>,
}

impl<T: Id, C: Tally, E: Copy + Default> Sums<T, C, E> {
    /// For so many products.
    pub fn new(products: usize) -> Sums<T, C, E> {
        Sums { tallies: vec![C::default(); products], touched: vec![T::default(); products + 1], out: Vec::new() }
    }

    /// Partners of an antecedent that are in at least `least` units with it, all with numbers below `bound`, each as
    /// `make` has it.
    pub fn partners(
        &mut self,
        rows: &[T],
        visits: &Visits,
        (antecedent, bound): (usize, usize),
        least: u32,
        make: impl Fn(T, C) -> E,
    ) -> &[E] {
        let touched = self.add(rows, visits.of(antecedent), bound);
        self.out.resize(touched, E::default());
        let mut kept = 0;
        for id in &self.touched[..touched] {
            let tally = std::mem::take(&mut self.tallies[id.number()]);
            self.out[kept] = make(*id, tally);
            // No branch: whether a pair is frequent enough cannot be foreseen.
            kept += usize::from((tally.count() >= least) & (id.number() != antecedent));
        }
        &self.out[..kept]
    }

    /// Adds all visited rows up to the first product not below `bound`; how many products were touched.
    fn add(&mut self, rows: &[T], visits: &[u32], bound: usize) -> usize {
        let tallies = &mut self.tallies[..bound];
        let mut touched = 0;
        for (visit, start) in visits.iter().enumerate() {
            if let Some(ahead) = visits.get(visit + AHEAD) {
                prefetch(rows, *ahead as usize);
            }
            let start = *start as usize;
            let weight = C::weight_of(rows, start);
            for id in &rows[start..] {
                if id.number() >= bound {
                    break;
                }
                let tally = &mut tallies[id.number()];
                self.touched[touched] = *id;
                touched += usize::from(tally.count() == 0);
                tally.add(weight);
            }
        }
        touched
    }
}
