//! Each product's best partners with their tests: complements (`spec/affinity.md` 0, facts 1, 2; 7, points 1, 2).

use super::Incidence;
use super::fdr::{self, FalseDiscovery, PValues};
use super::kernel::{Counting, Estimate, ONE_UNIT, Partner, Scored, top_k};
use super::measures::PairCounts;
use super::megabaskets::weighted_degrees;
use super::ranking::RankBy;

/// Which pairs are counted, tested and ranked.
#[derive(Debug, Clone, Copy)]
pub struct PairStudy<'a> {
    /// Which products each basket or customer has.
    pub incidence: &'a Incidence,
    /// All units of the level: N. At least those that have a product here.
    pub n_total: u64,
    /// The fewest units of a product, and of a pair: 5 unless there is a reason.
    pub min_count: u32,
    /// How many partners a product gets.
    pub top: usize,
    /// What they are ranked by. Only lift above 1 is ranked, whatever the measure.
    pub rank_by: RankBy,
    /// For each product the one that it is a variant of, itself if of none: two of the same are never a pair.
    pub groups: Option<&'a [u32]>,
    /// Which products may be offered as partners. The others are tested as all are, and rank after all that may: no list is
    /// shorter for them. Only those are given that would have been among the first `top`.
    pub offered: Option<&'a [bool]>,
    /// What each unit weighs, of [`ONE_UNIT`]. Only the score is of weighted counts: counts and tests are of whole units.
    pub weights: Option<&'a [u32]>,
    /// Whether pairs are tested. Who reads no p-values need not wait for them.
    pub tests: bool,
    /// The most memory counting may take.
    pub memory_bytes: Option<u64>,
}

/// A product's partner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairRow {
    /// The product that has the partner.
    pub a: u32,
    /// The partner.
    pub b: u32,
    /// From 1, without gaps: by score, equal scores by number of the partner.
    pub rank: u32,
    /// What it is ranked by.
    pub score: f64,
    /// In how many units.
    pub counts: PairCounts,
    /// Fisher's test for more than chance. 1 when nothing was tested.
    pub p_value: f64,
    /// The least rate of false discoveries at which the pair is one. 1 when nothing was tested.
    pub q_value: f64,
}

/// Partners of all products.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    /// By product, then by rank.
    pub rows: Vec<PairRow>,
    /// The hypotheses: one for each pair of eligible products, except variants of one. A pair in fewer than `min_count`
    /// units counts with a p-value of 1. Its own count of tests is of the p-values that could matter. Where there can be more
    /// than 4,194,304 of them, q-values are rounded up, by 1 in 32,768 at most (1 in 16 below 5e-20).
    pub discovery: FalseDiscovery,
    /// Pairs in at least `min_count` units: those that are tested if any is.
    pub tested: u64,
    /// Products in at least `min_count` units.
    pub eligible: u64,
}

/// A row before its q-value is known.
struct Found {
    partner: u32,
    count: u32,
    score: f64,
    p_value: f64,
}

/// What a study works with.
struct Bench<'a> {
    study: &'a PairStudy<'a>,
    degrees: Vec<u32>,
    weighted: Option<Weighted>,
    /// A p-value of this or more gives no q-value below 1, so it need not be worked out.
    limit: f64,
    p_values: PValues,
}

/// What is found of one product.
struct OfProduct {
    best: Vec<Found>,
    /// Pairs with later products.
    tested: u64,
}

impl PairStudy<'_> {
    fn counting(&self) -> Counting<'_> {
        Counting {
            incidence: self.incidence,
            min_count: self.min_count,
            weights: self.weights,
            memory_bytes: self.memory_bytes,
        }
    }

    /// What it will take: counting, and at most the p-values and the rows.
    pub fn estimate(&self) -> Estimate {
        let mut estimate = self.counting().estimate();
        let products = estimate.products;
        // A pair takes `min_count` events at least.
        let pairs =
            (estimate.pair_events / u64::from(self.min_count.max(1))).min(products * products.saturating_sub(1) / 2);
        let row = (size_of::<PairRow>() + size_of::<Found>()) as u64;
        let p_values = if self.tests { fdr::bytes(pairs) } else { 0 };
        estimate.bytes += p_values + (products * self.top as u64).min(2 * pairs) * row;
        estimate
    }

    /// Counts, tests and ranks.
    ///
    /// # Panics
    /// When a list of one per product or unit has another length.
    pub fn run(&self) -> Pairs {
        let products = self.incidence.products();
        assert!(self.groups.is_none_or(|groups| groups.len() == products), "a group for every product");
        assert!(self.offered.is_none_or(|offered| offered.len() == products), "each product offered or not");
        let degrees = self.incidence.degrees();
        let eligible: Vec<u32> =
            (0u32..).zip(&degrees).filter(|(_, n)| **n >= self.min_count.max(1)).map(|(product, _)| product).collect();
        let hypotheses = pairs_to_test(&eligible, self.groups);
        let weighted = self.weights.map(|weights| Weighted::new(self.incidence, weights));
        // The q-value of the n-th p-value is at least p m / n, and n is at most the number of tests.
        let most_tests = self.most_tests();
        let limit = most_tests as f64 / hypotheses.max(1) as f64;
        let bench = Bench { study: self, degrees, weighted, limit, p_values: PValues::new(most_tests) };
        let found = self.counting().count(|a, partners| bench.visit(a, partners));
        let tested = found.iter().map(|of| of.tested).sum();
        let mut rows = Vec::with_capacity(found.iter().map(|of| of.best.len()).sum());
        for (a, of) in (0u32..).zip(found) {
            rows.extend((1u32..).zip(of.best).map(|(rank, found)| PairRow {
                a,
                b: found.partner,
                rank,
                score: found.score,
                counts: bench.counts(a, found.partner, found.count),
                p_value: found.p_value,
                q_value: 1.0,
            }));
        }
        let discovery = bench.p_values.discovery(hypotheses);
        if self.tests {
            for row in &mut rows {
                row.q_value = discovery.q(row.p_value);
            }
        }
        Pairs { rows, discovery, tested, eligible: eligible.len() as u64 }
    }

    /// Tests there can be at most: each takes `min_count` of the units' pairs.
    fn most_tests(&self) -> u64 {
        let pairs = |unit: usize| {
            let products = self.incidence.row(unit).len() as u64;
            products * products.saturating_sub(1) / 2
        };
        (0..self.incidence.units()).map(pairs).sum::<u64>() / u64::from(self.min_count.max(1))
    }
}

impl Bench<'_> {
    fn counts(&self, a: u32, b: u32, count: u32) -> PairCounts {
        PairCounts {
            n_ab: u64::from(count),
            n_a: u64::from(self.degrees[a as usize]),
            n_b: u64::from(self.degrees[b as usize]),
            n_total: self.study.n_total,
        }
    }

    /// The best partners of a product, and its tests with later products: each pair is tested once.
    fn visit(&self, a: u32, partners: &[Partner]) -> OfProduct {
        let PairStudy { rank_by, groups, offered, top, tests, .. } = *self.study;
        let mut of = OfProduct { best: Vec::new(), tested: 0 };
        let (mut scored, mut held, mut p_values) = (Leaders::new(top), Leaders::new(top), Vec::new());
        // Both want it, so it is worked out once.
        let evidence = rank_by == RankBy::LogLikelihoodRatio && self.weighted.is_none();
        for (at, partner) in (0u32..).zip(partners) {
            let b = partner.product;
            if groups.is_some_and(|groups| groups[a as usize] == groups[b as usize]) {
                continue;
            }
            let counts = self.counts(a, b, partner.count);
            let above = counts.lift_above_one();
            // Of a lift of 1 or less the p-value is at least a half: the median is next to the mean (Siegel 2001).
            let matters = tests && b > a && (above || self.limit > 0.5);
            of.tested += u64::from(b > a);
            let list = if offered.is_none_or(|offered| offered[b as usize]) { &mut scored } else { &mut held };
            let leads = above && !(evidence && list.is_beyond(|least| counts.log_likelihood_ratio_is_below(least)));
            let ratio = if matters || (evidence && leads) { counts.log_likelihood_ratio() } else { 0.0 };
            if matters {
                p_values.extend(counts.fisher_greater_below(ratio, self.limit));
            }
            if !leads {
                continue;
            }
            let score = match &self.weighted {
                None if evidence => ratio,
                None => rank_by.score(&counts),
                Some(weighted) => {
                    let counts = weighted.counts(a, partner);
                    if !counts.lift_above_one() {
                        continue;
                    }
                    rank_by.score_of_parts(&counts, f64::from(ONE_UNIT))
                }
            };
            list.push(Scored { product: b, score, at });
        }
        self.p_values.extend(&p_values);
        let (mut scored, mut held) = (scored.best(), held.best());
        if let Some(last) = scored.last().filter(|_| scored.len() == top) {
            held.retain(|held| held.score.total_cmp(&last.score).then(last.product.cmp(&held.product)).is_gt());
        }
        scored.append(&mut held);
        of.best.extend(scored.iter().map(|best| {
            let count = partners[best.at as usize].count;
            let p_value = if tests { self.counts(a, best.product, count).fisher_greater() } else { 1.0 };
            Found { partner: best.product, count, score: best.score, p_value }
        }));
        of
    }
}

/// The best of those that came so far, in a list that is cut back now and then.
struct Leaders {
    top: usize,
    list: Vec<Scored>,
    /// The score of the last of the best, once there are so many.
    least: Option<f64>,
}

impl Leaders {
    fn new(top: usize) -> Leaders {
        Leaders { top, list: Vec::new(), least: None }
    }

    /// Whether something is certainly not among the best: `is_below` tells of the least score among them.
    fn is_beyond(&self, is_below: impl FnOnce(f64) -> bool) -> bool {
        self.least.is_some_and(is_below)
    }

    fn push(&mut self, scored: Scored) {
        self.list.push(scored);
        if self.list.len() >= self.top.saturating_mul(2).max(32) {
            top_k(&mut self.list, self.top);
            self.least = self.list.last().map(|last| last.score).filter(|_| self.list.len() == self.top);
        }
    }

    fn best(mut self) -> Vec<Scored> {
        top_k(&mut self.list, self.top);
        self.list
    }
}

/// Sums of weights in place of counts.
struct Weighted {
    degrees: Vec<u64>,
    total: u64,
}

impl Weighted {
    fn new(incidence: &Incidence, weights: &[u32]) -> Weighted {
        let units = (0..incidence.units()).filter(|unit| !incidence.row(*unit).is_empty());
        Weighted {
            degrees: weighted_degrees(incidence, weights),
            total: units.map(|unit| u64::from(weights[unit])).sum(),
        }
    }

    fn counts(&self, a: u32, partner: &Partner) -> PairCounts {
        PairCounts {
            n_ab: partner.weight,
            n_a: self.degrees[a as usize],
            n_b: self.degrees[partner.product as usize],
            n_total: self.total,
        }
    }
}

/// Pairs of these products, except those of one group.
pub(super) fn pairs_to_test(products: &[u32], groups: Option<&[u32]>) -> u64 {
    let pairs = |n: usize| n as u64 * (n as u64).saturating_sub(1) / 2;
    let Some(groups) = groups else { return pairs(products.len()) };
    let mut of: Vec<u32> = products.iter().map(|product| groups[*product as usize]).collect();
    of.sort_unstable();
    pairs(products.len()) - of.chunk_by(|a, b| a == b).map(|group| pairs(group.len())).sum::<u64>()
}
