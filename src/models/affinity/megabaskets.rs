//! What one basket may weigh: rules for huge baskets, and weights by age.
//!
//! A basket of n products makes n(n-1)/2 pairs. Thirty of 5,000 products among a million ordinary ones make thirteen in
//! fourteen of all pairs (`spec/affinity.md` 4), and say that everything goes with everything.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Incidence;
use super::kernel::ONE_UNIT;

/// What is done with units of very many products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Megabaskets {
    /// Units of more than `above` products are left out: of pairs, of how often a product comes, and of how many units
    /// there are.
    Exclude {
        /// The most distinct products a unit may have.
        above: u32,
    },
    /// Units of n > `above` products weigh 1/(n-1): each of their products meets the others, together, as often as the
    /// two products of a pair meet. Counts still count them, weights do not.
    Weight {
        /// The most distinct products of a unit that weighs 1.
        above: u32,
    },
}

impl Default for Megabaskets {
    /// Out above 500 distinct products: Mahout's number for what it reads of a user.
    fn default() -> Megabaskets {
        Megabaskets::Exclude { above: 500 }
    }
}

/// How much a rule for huge units touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Affected {
    /// Units with more products than allowed.
    pub units: u64,
    /// Their pairs of unit and product.
    pub lines: u64,
    /// Their pairs of products: the sum of n(n-1)/2.
    pub pair_events: u64,
    /// Products of the largest unit there is, affected or not.
    pub largest: u64,
}

/// Units after the rule.
#[derive(Debug)]
pub struct Tamed<'a> {
    /// All units with their numbers; those left out have no products.
    pub incidence: Cow<'a, Incidence>,
    /// What each unit weighs, of [`ONE_UNIT`]; none when all weigh 1.
    pub weights: Option<Vec<u32>>,
    /// What the rule did.
    pub affected: Affected,
    /// Units that have a product after the rule: N.
    pub n_total: u64,
}

impl Megabaskets {
    /// The rule applied. Copies the units only when some are left out.
    pub fn apply(self, incidence: &Incidence) -> Tamed<'_> {
        let (Megabaskets::Exclude { above } | Megabaskets::Weight { above }) = self;
        let huge = |unit: usize| incidence.row(unit).len() > above as usize;
        let mut affected = Affected::default();
        let mut n_total = 0;
        for unit in 0..incidence.units() {
            let size = incidence.row(unit).len() as u64;
            affected.largest = affected.largest.max(size);
            n_total += u64::from(size > 0);
            if huge(unit) {
                affected.units += 1;
                affected.lines += size;
                affected.pair_events += size * (size - 1) / 2;
            }
        }
        if affected.units == 0 {
            return Tamed { incidence: Cow::Borrowed(incidence), weights: None, affected, n_total };
        }
        match self {
            Megabaskets::Exclude { .. } => Tamed {
                incidence: Cow::Owned(incidence.without(huge)),
                weights: None,
                affected,
                n_total: n_total - affected.units,
            },
            Megabaskets::Weight { .. } => {
                let weight = |unit: usize| {
                    let others = u32::try_from(incidence.row(unit).len()).unwrap_or(u32::MAX).saturating_sub(1);
                    // Above 131,072 products a weight rounds to nothing; what was bought keeps a trace.
                    if huge(unit) && others > 0 { ((ONE_UNIT + others / 2) / others).max(1) } else { ONE_UNIT }
                };
                let weights = (0..incidence.units()).map(weight).collect();
                Tamed { incidence: Cow::Borrowed(incidence), weights: Some(weights), affected, n_total }
            }
        }
    }
}

/// What units weigh by their age: 2^(-age / half-life), of [`ONE_UNIT`], to the nearest. Units of the future weigh 1.
///
/// # Panics
/// When the half-life is not above 0.
pub fn decay_weights(ages_days: &[i32], half_life_days: f64) -> Vec<u32> {
    assert!(half_life_days > 0.0, "a half-life of {half_life_days} days");
    let mut of_age: BTreeMap<i32, u32> = BTreeMap::new();
    let weight = |age: i32| (f64::from(ONE_UNIT) * (-f64::from(age.max(0)) / half_life_days).exp2()).round() as u32;
    ages_days.iter().map(|age| *of_age.entry(*age).or_insert_with(|| weight(*age))).collect()
}

/// Two weights of each unit as one: their product, to the nearest.
///
/// # Panics
/// When there is not one of each for every unit.
pub fn multiply_weights(a: &[u32], b: &[u32]) -> Vec<u32> {
    assert_eq!(a.len(), b.len(), "weights of different units");
    let half = u64::from(ONE_UNIT) / 2;
    let product = |(a, b): (&u32, &u32)| ((u64::from(*a) * u64::from(*b) + half) / u64::from(ONE_UNIT)) as u32;
    a.iter().zip(b).map(product).collect()
}

/// In how many units each product is, by weight: in 1/65,536 units, as the kernel's weights of pairs.
///
/// # Panics
/// When there is not one weight for every unit.
pub fn weighted_degrees(incidence: &Incidence, weights: &[u32]) -> Vec<u64> {
    assert_eq!(incidence.units(), weights.len(), "a weight for every unit");
    let mut degrees = vec![0; incidence.products()];
    for (unit, weight) in weights.iter().enumerate() {
        for product in incidence.row(unit) {
            degrees[*product as usize] += u64::from(*weight);
        }
    }
    degrees
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Units of 3, 0, 6 and 2 products.
    fn units() -> Incidence {
        let sizes = [3u32, 0, 6, 2];
        let pairs: Vec<(u32, u32)> =
            (0u32..).zip(sizes).flat_map(|(unit, size)| (0..size).map(move |product| (unit, product))).collect();
        Incidence::from_pairs(4, 6, pairs.into_iter())
    }

    #[test]
    fn an_excluded_unit_is_empty_and_not_counted() {
        let all = units();
        let tamed = Megabaskets::Exclude { above: 3 }.apply(&all);
        assert_eq!(tamed.affected, Affected { units: 1, lines: 6, pair_events: 15, largest: 6 });
        assert_eq!((tamed.n_total, tamed.incidence.units()), (2, 4));
        let sizes: Vec<usize> = (0..4).map(|unit| tamed.incidence.row(unit).len()).collect();
        assert_eq!(sizes, [3, 0, 0, 2]);
        assert_eq!(tamed.incidence.row(0), all.row(0));
        assert!(tamed.weights.is_none());
    }

    #[test]
    fn a_weighted_unit_stays_and_weighs_one_over_its_size_less_one() {
        let all = units();
        let tamed = Megabaskets::Weight { above: 3 }.apply(&all);
        assert_eq!(tamed.affected, Affected { units: 1, lines: 6, pair_events: 15, largest: 6 });
        // 65,536 / 5 = 13,107.2
        assert_eq!(tamed.weights, Some(vec![ONE_UNIT, ONE_UNIT, 13_107, ONE_UNIT]));
        assert_eq!(tamed.n_total, 3);
        assert_eq!(&*tamed.incidence, &all);
    }

    #[test]
    fn nothing_is_copied_or_weighed_when_no_unit_is_huge() {
        let all = units();
        for rule in [Megabaskets::default(), Megabaskets::Weight { above: 6 }] {
            let tamed = rule.apply(&all);
            assert!(matches!(tamed.incidence, Cow::Borrowed(_)) && tamed.weights.is_none());
            assert_eq!((tamed.affected.units, tamed.affected.largest, tamed.n_total), (0, 6, 3));
        }
    }

    #[test]
    fn weights_halve_with_age_and_multiply() {
        let decay = decay_weights(&[0, 90, 180, -5, 45, 90 * 40], 90.0);
        // 65,536 / sqrt(2) = 46,340.95
        assert_eq!(decay, [65_536, 32_768, 16_384, 65_536, 46_341, 0]);
        assert_eq!(
            multiply_weights(&decay, &[65_536, 32_768, 1, 13_107, 46_341, 65_536]),
            [65_536, 16_384, 0, 13_107, 32_768, 0]
        );
    }

    #[test]
    fn weighted_degrees_are_degrees_when_all_weigh_one() {
        let all = units();
        let ones = vec![ONE_UNIT; 4];
        let expected: Vec<u64> = all.degrees().iter().map(|degree| u64::from(*degree) << 16).collect();
        assert_eq!(weighted_degrees(&all, &ones), expected);
        assert_eq!(weighted_degrees(&all, &[1, 9, 10, 100]), [111, 111, 11, 10, 10, 10]);
    }
}
