//! The sets that were found, by length and in order, each knowing its subsets.

use rayon::prelude::*;

use super::Limits;
use super::search::Found;

/// All sets of one length, in order of their products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Level {
    /// Products of a set.
    pub(crate) length: usize,
    /// The products of each set, ascending, one set after another.
    pub(crate) products: Vec<u32>,
    /// In how many units each set is.
    pub(crate) counts: Vec<u32>,
    /// For each set and each of its products, where the set without it is on the level below. Empty for single products.
    pub(crate) without: Vec<u32>,
}

impl Level {
    /// In canonical order.
    fn new(length: usize, found: Found) -> Level {
        let mut order: Vec<u32> = (0..found.counts.len() as u32).collect();
        let set = |at: u32| &found.products[at as usize * length..(at as usize + 1) * length];
        order.par_sort_unstable_by(|a, b| set(*a).cmp(set(*b)));
        let products = order.iter().flat_map(|at| set(*at).iter().copied()).collect();
        let counts = order.iter().map(|at| found.counts[*at as usize]).collect();
        Level { length, products, counts, without: Vec::new() }
    }

    pub(crate) fn set(&self, at: usize) -> &[u32] {
        &self.products[at * self.length..(at + 1) * self.length]
    }

    pub(crate) fn position(&self, set: &[u32]) -> Option<usize> {
        let (mut low, mut high) = (0, self.counts.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.set(middle).cmp(set) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Where each set's subsets are. All are there: what is frequent has only frequent subsets, and lengths are complete.
    fn find_subsets(&mut self, below: &Level) {
        let length = self.length;
        let found: Vec<u32> = (0..self.counts.len())
            .into_par_iter()
            .flat_map_iter(|at| {
                let set = self.set(at);
                (0..length).map(move |left_out| {
                    let subset: Vec<u32> = set[..left_out].iter().chain(&set[left_out + 1..]).copied().collect();
                    below.position(&subset).map_or(u32::MAX, |place| place as u32)
                })
            })
            .collect();
        debug_assert!(found.iter().all(|place| (*place as usize) < below.counts.len()));
        self.without = found;
    }
}

/// Frequent sets, shortest first, then in order of their products (numbers ascending).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Itemsets {
    levels: Vec<Level>,
    /// By level and set: whether a larger set has the same count, whether a larger set is frequent.
    covered: Vec<Vec<(bool, bool)>>,
    limits: Limits,
}

/// A frequent set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Itemset<'a> {
    /// Its products, ascending.
    pub products: &'a [u32],
    /// In how many units it is.
    pub count: u32,
    /// Whether every larger set is in fewer units. Not known of the longest sets where a limit left out longer ones.
    pub closed: Option<bool>,
    /// Whether no larger set is frequent. Known when `closed` is.
    pub maximal: Option<bool>,
}

impl Itemsets {
    pub(super) fn new(store: Vec<Found>, limits: Limits) -> Itemsets {
        let mut levels: Vec<Level> =
            store.into_iter().enumerate().map(|(place, found)| Level::new(place + 1, found)).collect();
        for place in 1..levels.len() {
            let (below, above) = levels.split_at_mut(place);
            above[0].find_subsets(&below[place - 1]);
        }
        let mut covered: Vec<Vec<(bool, bool)>> =
            levels.iter().map(|level| vec![(false, false); level.counts.len()]).collect();
        for place in 1..levels.len() {
            let (above, below) = (&levels[place], &levels[place - 1]);
            for (at, subset) in above.without.iter().enumerate() {
                let covered = &mut covered[place - 1][*subset as usize];
                covered.0 |= above.counts[at / above.length] == below.counts[*subset as usize];
                covered.1 = true;
            }
        }
        Itemsets { levels, covered, limits }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.levels.iter().map(|level| level.counts.len()).sum()
    }

    /// Whether nothing is frequent.
    pub fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// How many there are of one product, of two, of three and so on.
    pub fn by_length(&self) -> Vec<usize> {
        self.levels.iter().map(|level| level.counts.len()).collect()
    }

    /// What limits left out.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// All sets.
    pub fn sets(&self) -> impl Iterator<Item = Itemset<'_>> {
        let limited = self.limits.max_sets_bound || self.limits.max_length_bound;
        self.levels.iter().zip(&self.covered).flat_map(move |(level, covered)| {
            let known = !(limited && level.length == self.levels.len());
            (0..level.counts.len()).map(move |at| Itemset {
                products: level.set(at),
                count: level.counts[at],
                closed: known.then_some(!covered[at].0),
                maximal: known.then_some(!covered[at].1),
            })
        })
    }

    /// How many are known to be closed.
    pub fn closed(&self) -> usize {
        self.sets().filter(|set| set.closed == Some(true)).count()
    }

    /// How many are known to be maximal.
    pub fn maximal(&self) -> usize {
        self.sets().filter(|set| set.maximal == Some(true)).count()
    }

    pub(crate) fn levels(&self) -> &[Level] {
        &self.levels
    }
}
