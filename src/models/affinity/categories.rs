//! Categories: units by category, products with categories, and what stands in for a product that is too rare
//! (`spec/affinity.md` 7, point 8).
//!
//! The levels of one kind (product with product, category with category) are pair studies over an incidence of that kind.
//! Here is the mixed one. A product does not count for its own category: with it goes *another* product of the category,
//! or every product would go with its category by being in it. So the units of its own category are those with another
//! product of it.

use rayon::prelude::*;

use super::Incidence;
use super::avoidance::NO_CATEGORY;
use super::fdr::FalseDiscovery;
use super::kernel::{Scored, top_k};
use super::measures::PairCounts;
use super::pairs::PairRow;
use super::ranking::RankBy;

/// Units by category: which categories each unit has a product of. A product of [`NO_CATEGORY`] counts for none.
pub fn category_incidence(incidence: &Incidence, category_of: &[u32], categories: usize) -> Incidence {
    let lines = (0..incidence.units()).flat_map(|unit| {
        let of_unit = incidence.row(unit).iter().map(|product| category_of[*product as usize]);
        let number = u32::try_from(unit).unwrap_or(u32::MAX);
        of_unit.filter(|category| *category != NO_CATEGORY).map(move |category| (number, category))
    });
    Incidence::from_pairs(incidence.units(), categories, lines)
}

/// Which products go with which categories, and the other way round.
#[derive(Debug, Clone, Copy)]
pub struct CategoryStudy<'a> {
    /// Which products each unit has.
    pub incidence: &'a Incidence,
    /// All units of the level: N.
    pub n_total: u64,
    /// The category of each product, or [`NO_CATEGORY`].
    pub category_of: &'a [u32],
    /// How many categories there are.
    pub categories: usize,
    /// The fewest units of a product, of a category, and of both.
    pub min_count: u32,
    /// How many partners a product or a category gets.
    pub top: usize,
    /// What they are ranked by: lift above 1 only.
    pub rank_by: RankBy,
    /// Which products may be offered to a category.
    pub offered: Option<&'a [bool]>,
}

/// Products with categories.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryPairs {
    /// Each product's best categories: `a` is a product, `b` a category.
    pub to_categories: Vec<PairRow>,
    /// Each category's best products: `a` is a category, `b` a product. What stands in for the rare products of it.
    pub to_products: Vec<PairRow>,
    /// The tests: eligible products by eligible categories. Those with a lift of 1 or less, whose p-value is at least a
    /// half, count with 1: q-values up to a half are exact, and higher ones at most too high.
    pub discovery: FalseDiscovery,
}

/// A category with a product, with the category's units that do not have it by that product alone.
struct Met {
    product: u32,
    category: u32,
    counts: PairCounts,
    p_value: f64,
}

/// Categories of units; twice the number, and one more where the unit has several products of it.
struct Shelves {
    starts: Vec<usize>,
    codes: Vec<u32>,
}

impl Shelves {
    fn new(incidence: &Incidence, category_of: &[u32]) -> Shelves {
        let mut starts = Vec::with_capacity(incidence.units() + 1);
        let mut codes = Vec::new();
        let mut row = Vec::new();
        starts.push(0);
        for unit in 0..incidence.units() {
            row.clear();
            row.extend(incidence.row(unit).iter().map(|product| category_of[*product as usize]));
            row.retain(|category| *category != NO_CATEGORY);
            row.sort_unstable();
            codes.extend(row.chunk_by(|a, b| a == b).map(|one| 2 * one[0] + u32::from(one.len() > 1)));
            starts.push(codes.len());
        }
        Shelves { starts, codes }
    }

    fn of(&self, unit: u32) -> &[u32] {
        &self.codes[self.starts[unit as usize]..self.starts[unit as usize + 1]]
    }
}

impl CategoryStudy<'_> {
    /// Counts, tests and ranks.
    ///
    /// # Panics
    /// When there is not one category for every product, or one not below `categories`.
    pub fn run(&self) -> CategoryPairs {
        let products = self.incidence.products();
        assert_eq!(self.category_of.len(), products, "a category for every product");
        let below = |category: &u32| *category == NO_CATEGORY || (*category as usize) < self.categories;
        assert!(self.category_of.iter().all(below), "a category beyond the last");
        let shelves = Shelves::new(self.incidence, self.category_of);
        let by_product = self.incidence.transposed();
        let mut units = vec![0_u64; self.categories];
        shelves.codes.iter().for_each(|code| units[*code as usize / 2] += 1);
        let least = u64::from(self.min_count.max(1));
        let met: Vec<Vec<Met>> = (0u32..)
            .take(products)
            .collect::<Vec<u32>>()
            .into_par_iter()
            .map_init(
                || vec![0_u32; self.categories],
                |sums, product| self.met(product, &by_product, &shelves, &units, sums),
            )
            .collect();
        let met: Vec<Met> = met.into_iter().flatten().collect();
        let eligible = |n: u64| u64::from(n >= least);
        let eligible_products: u64 = (0..products).map(|product| eligible(by_product.row(product).len() as u64)).sum();
        let eligible_categories: u64 = units.iter().map(|n| eligible(*n)).sum();
        let p_values = met.iter().filter(|met| met.counts.lift_above_one()).map(|met| met.p_value).collect();
        let discovery = FalseDiscovery::new(p_values, eligible_products * eligible_categories);
        // In order of products already: counted into their categories.
        let mut starts = vec![0_usize; self.categories + 1];
        met.iter().for_each(|met| starts[met.category as usize + 1] += 1);
        (0..self.categories).for_each(|category| starts[category + 1] += starts[category]);
        let mut by_category = vec![0_u32; met.len()];
        for (at, met) in (0u32..).zip(&met) {
            let next = &mut starts[met.category as usize];
            by_category[*next] = at;
            *next += 1;
        }
        let by_product: Vec<u32> = (0u32..).take(met.len()).collect();
        CategoryPairs {
            to_categories: self.ranked(&met, &by_product, &discovery, true),
            to_products: self.ranked(&met, &by_category, &discovery, false),
            discovery,
        }
    }

    /// A product with all categories that share enough units with it.
    fn met(
        &self,
        product: u32,
        by_product: &Incidence,
        shelves: &Shelves,
        units: &[u64],
        sums: &mut [u32],
    ) -> Vec<Met> {
        let least = u64::from(self.min_count.max(1));
        let with = by_product.row(product as usize);
        if (with.len() as u64) < least {
            return Vec::new();
        }
        let own = self.category_of[product as usize];
        let mut touched = Vec::new();
        let mut alone = 0_u64;
        for code in with.iter().flat_map(|unit| shelves.of(*unit)) {
            let category = code / 2;
            if category == own && code % 2 == 0 {
                alone += 1;
                continue;
            }
            if sums[category as usize] == 0 {
                touched.push(category);
            }
            sums[category as usize] += 1;
        }
        touched.sort_unstable();
        let mut met = Vec::new();
        for category in touched {
            let n_ab = u64::from(std::mem::take(&mut sums[category as usize]));
            let n_b = units[category as usize] - if category == own { alone } else { 0 };
            if n_ab < least {
                continue;
            }
            let counts = PairCounts { n_ab, n_a: with.len() as u64, n_b, n_total: self.n_total };
            let p_value = if counts.lift_above_one() { counts.fisher_greater() } else { 1.0 };
            met.push(Met { product, category, counts, p_value });
        }
        met
    }

    /// The best of each product or of each category; `order` has them together.
    fn ranked(&self, met: &[Met], order: &[u32], discovery: &FalseDiscovery, to_categories: bool) -> Vec<PairRow> {
        let read = |at: u32| {
            let met = &met[at as usize];
            if to_categories {
                (met.product, met.category, met.counts)
            } else {
                (met.category, met.product, met.counts.swapped())
            }
        };
        let mut rows = Vec::new();
        for of_one in order.chunk_by(|one, two| read(*one).0 == read(*two).0) {
            let mut scored: Vec<Scored> = Vec::new();
            for at in of_one {
                let (_, b, counts) = read(*at);
                let offered = to_categories || self.offered.is_none_or(|offered| offered[b as usize]);
                if offered && counts.lift_above_one() {
                    scored.push(Scored { product: b, score: self.rank_by.score(&counts), at: *at });
                }
            }
            top_k(&mut scored, self.top);
            rows.extend((1u32..).zip(scored).map(|(rank, best)| {
                let (a, b, counts) = read(best.at);
                let p_value = met[best.at as usize].p_value;
                PairRow { a, b, rank, score: best.score, counts, p_value, q_value: discovery.q(p_value) }
            }));
        }
        rows
    }
}

impl CategoryPairs {
    /// What stands in for a product of this category that is too rare for partners of its own: the category's, without
    /// the product and its variants, ranked anew from 1 by who asks. To fill a list in spite of variants, study more.
    pub fn stand_ins<'a>(
        &'a self,
        product: u32,
        category: u32,
        groups: Option<&'a [u32]>,
    ) -> impl Iterator<Item = &'a PairRow> {
        let from = self.to_products.partition_point(|row| row.a < category);
        self.to_products[from..].iter().take_while(move |row| row.a == category).filter(move |row| {
            row.b != product && groups.is_none_or(|groups| groups[row.b as usize] != groups[product as usize])
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::golden::{groceries, groceries_level};
    use super::super::{PairStudy, Ratio};
    use super::*;

    fn study<'a>(incidence: &'a Incidence, category_of: &'a [u32], categories: usize) -> CategoryStudy<'a> {
        CategoryStudy {
            incidence,
            n_total: incidence.units() as u64,
            category_of,
            categories,
            min_count: 1,
            top: usize::MAX,
            rank_by: RankBy::default(),
            offered: None,
        }
    }

    proptest! {
        /// Every count is that of units looked at one by one; a product's own category needs another product.
        #[test]
        fn counts_are_those_of_the_units(
            lines in prop::collection::vec((0u32..40, 0u32..9), 0..200),
            category_of in prop::collection::vec(prop_oneof![0u32..3, Just(NO_CATEGORY)], 9),
            min_count in 1u32..6,
        ) {
            let incidence = Incidence::from_pairs(40, 9, lines.into_iter());
            let found = CategoryStudy { min_count, ..study(&incidence, &category_of, 3) }.run();
            let least = u64::from(min_count);
            let (mut tests, mut expected) = (0, Vec::new());
            for product in 0..9u32 {
                for category in 0..3u32 {
                    let a = |unit: &usize| incidence.row(*unit).contains(&product);
                    let b = |unit: &usize| {
                        let mut others = incidence.row(*unit).iter().filter(|other| **other != product);
                        others.any(|other| category_of[*other as usize] == category)
                    };
                    let any = |unit: &usize| {
                        incidence.row(*unit).iter().any(|other| category_of[*other as usize] == category)
                    };
                    let many = |test: &dyn Fn(&usize) -> bool| (0..40).filter(test).count() as u64;
                    let counts =
                        PairCounts { n_ab: many(&|unit| a(unit) && b(unit)), n_a: many(&a), n_b: many(&b), n_total: 40 };
                    // Another category has the same units with and without the product itself.
                    prop_assert!(category_of[product as usize] == category || counts.n_b == many(&any));
                    tests += u64::from(counts.n_a >= least && many(&any) >= least);
                    if counts.n_ab >= least && counts.lift_above_one() {
                        expected.push((product, category, counts));
                    }
                }
            }
            prop_assert_eq!(found.discovery.hypotheses(), tests);
            let mut rows: Vec<_> = found.to_categories.iter().map(|row| (row.a, row.b, row.counts)).collect();
            rows.sort_unstable_by_key(|row| (row.0, row.1));
            prop_assert_eq!(&rows, &expected);
            let mut rows: Vec<_> = found.to_products.iter().map(|row| (row.b, row.a, row.counts.swapped())).collect();
            rows.sort_unstable_by_key(|row| (row.0, row.1));
            prop_assert_eq!(&rows, &expected);
            for rows in [&found.to_categories, &found.to_products] {
                for pair in rows.windows(2) {
                    let follows = pair[0].a == pair[1].a && pair[0].rank + 1 == pair[1].rank && pair[0].score >= pair[1].score;
                    prop_assert!(follows || (pair[0].a < pair[1].a && pair[1].rank == 1));
                }
            }
        }
    }

    #[test]
    fn a_rare_product_has_its_category_s_partners() {
        // Category 0 has products 0, 1 and 2; 3 and 4 are of category 1. Product 2 is in one unit; 1 is a variant of it.
        let mut lines = Vec::new();
        for unit in 0..40 {
            lines.extend(if unit < 20 { [(unit, 0), (unit, 3)] } else { [(unit, 4), (unit, 4)] });
            if unit % 5 == 0 && unit < 20 {
                lines.push((unit, 1));
            }
        }
        lines.push((1, 2));
        let incidence = Incidence::from_pairs(40, 5, lines.into_iter());
        let found = CategoryStudy { min_count: 3, ..study(&incidence, &[0, 0, 0, 1, 1], 2) }.run();
        let names = |groups| found.stand_ins(2, 0, groups).map(|row| row.b).collect::<Vec<u32>>();
        assert_eq!(names(None), [3, 0, 1]);
        assert_eq!(names(Some(&[0, 1, 1, 3, 4])), [3, 0]);
        let own = found.stand_ins(2, 0, None).find(|row| row.b == 0).unwrap();
        // Of the 20 units of the category 5 have another product than 0 of it.
        assert_eq!(own.counts, PairCounts { n_ab: 5, n_a: 5, n_b: 20, n_total: 40 });
    }

    /// `spec/affinity.md` 2.2: both levels of the hierarchy of Groceries.
    #[test]
    fn groceries_hierarchy() {
        let Some((baskets, items)) = groceries() else { return };
        for (level, categories, lines, pairs, rules, top_lift, top) in [
            ("level2", 55, 37_101, &[("0.01", 214), ("0.001", 871)][..], 38, 1.630199, "cheese => fruit"),
            ("level1", 10, 27_855, &[("0.01", 43)][..], 44, 1.509369, ""),
        ] {
            let Some((category_of, names)) = groceries_level(&items, level) else { return };
            let by_category = category_incidence(&baskets, &category_of, names.len());
            assert_eq!((by_category.products(), by_category.lines()), (categories, lines), "{level}");
            let mut found = Vec::new();
            let counting =
                super::super::Counting { incidence: &by_category, min_count: 1, weights: None, memory_bytes: None };
            let degrees = by_category.degrees();
            for (a, partners) in counting.count(|a, partners| (a, partners.to_vec())) {
                found.extend(partners.iter().map(|partner| {
                    let [n_a, n_b] = [a, partner.product].map(|product| u64::from(degrees[product as usize]));
                    let counts = PairCounts { n_ab: u64::from(partner.count), n_a, n_b, n_total: 9835 };
                    (a, partner.product, counts)
                }));
            }
            for (support, wanted) in pairs {
                let support: Ratio = support.parse().unwrap();
                let frequent = found.iter().filter(|(a, b, pair)| a < b && support.is_reached_by(pair.n_ab, 9835));
                assert_eq!(frequent.count(), *wanted, "{level} at {support}");
            }
            let (support, confidence) = (Ratio::new(1, 20), Ratio::new(1, 4));
            found.retain(|(.., pair)| {
                support.is_reached_by(pair.n_ab, 9835) && confidence.is_reached_by(pair.n_ab, pair.n_a)
            });
            assert_eq!(found.len(), rules, "{level}");
            let best = found.iter().max_by(|one, two| one.2.lift().total_cmp(&two.2.lift())).unwrap();
            assert!((best.2.lift() - top_lift).abs() < 5e-7, "{level}: {}", best.2.lift());
            let rule = format!("{} => {}", names[best.0 as usize], names[best.1 as usize]);
            assert!(top.is_empty() || rule == top, "{rule}");
            // The study of categories ranks what was counted here.
            let study = PairStudy {
                incidence: &by_category,
                n_total: 9835,
                min_count: 5,
                top: 3,
                rank_by: RankBy::default(),
                groups: None,
                offered: None,
                weights: None,
                tests: true,
                memory_bytes: None,
            };
            let rows = study.run().rows;
            assert!(rows.len() <= 3 * categories && rows.iter().all(|row| row.counts.n_total == 9835));
        }
    }
}
