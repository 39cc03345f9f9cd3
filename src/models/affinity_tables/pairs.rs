//! `affinity_pair_rows`: what is bought together, at every level and granularity, and what is bought instead.

use rayon::prelude::*;

use super::super::affinity::{
    Avoidance, Counting, Incidence, PairCounts, PairRow, PairStudy, Pairs, Substitute, Tamed, substitutes,
};
use super::super::{Inputs, Rows};
use super::arrays::{bigint, boolean, double, integer, maybe, text};
use super::figures::Figures;
use super::names::{Grouping, Names};
use super::read::Catalogue;
use super::settings::{Level, Settings};
use crate::rule_files::rule_id;

/// Pairs of products within categories that are tested for avoidance; beyond, the rarest products are left out.
const MOST_AVOIDANCE_TESTS: u64 = 20_000_000;

const COMPLEMENT: &str = "complement";
const SUBSTITUTE: &str = "substitute";

/// A row of `affinity_pair_rows`, without what follows from its counts.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    level: Level,
    granularity: &'a str,
    relation: &'static str,
    /// Name numbers.
    a: u32,
    b: u32,
    rank: u32,
    score: f64,
    score_name: &'a str,
    counts: PairCounts,
    p_value: f64,
    q_value: f64,
    backed_off: bool,
}

/// What all studies share.
pub struct Study<'a> {
    pub inputs: &'a Inputs<'a>,
    pub catalogue: &'a Catalogue<'a>,
    pub names: &'a Names,
    pub settings: &'a Settings,
}

impl<'a> Study<'a> {
    /// All complements of one level.
    pub fn complements(&self, level: Level, units: &Tamed<'_>, figures: &mut Figures) -> Vec<Row<'a>> {
        let mut rows = Vec::new();
        if self.settings.pairs("product") {
            rows.extend(self.products(level, units, figures));
        }
        for grouping in &self.names.groupings {
            if grouping.granularity != "category" || self.settings.pairs("category") {
                rows.extend(self.groups(level, units, grouping, figures));
            }
        }
        rows
    }

    fn products(&self, level: Level, units: &Tamed<'_>, figures: &mut Figures) -> Vec<Row<'a>> {
        self.say_estimate(level, units, figures);
        let study =
            self.pair_study(units, &units.incidence, Some(&self.catalogue.roots), Some(&self.catalogue.eligible));
        self.rows(level, "product", 0, &study, figures)
    }

    fn groups(&self, level: Level, units: &Tamed<'_>, grouping: &'a Grouping, figures: &mut Figures) -> Vec<Row<'a>> {
        let incidence = grouping.incidence(&units.incidence);
        let study = self.pair_study(units, &incidence, None, None);
        self.rows(level, &grouping.granularity, grouping.first, &study, figures)
    }

    fn pair_study<'s>(
        &'s self,
        units: &'s Tamed<'_>,
        incidence: &'s Incidence,
        groups: Option<&'s [u32]>,
        offered: Option<&'s [bool]>,
    ) -> PairStudy<'s> {
        PairStudy {
            incidence,
            n_total: units.n_total,
            min_count: self.settings.min_count,
            top: self.settings.top_k,
            rank_by: self.settings.rank_by,
            groups,
            offered,
            weights: units.weights.as_deref(),
            memory_bytes: self.inputs.memory(),
        }
    }

    fn rows(
        &self,
        level: Level,
        granularity: &'a str,
        first: u32,
        study: &PairStudy<'_>,
        figures: &mut Figures,
    ) -> Vec<Row<'a>> {
        let Pairs { rows, discovery, eligible } = study.run();
        let subject = format!("{} {granularity}", level.name());
        let kept = format!("{granularity} in enough {}", level.units());
        figures.count(&subject, "eligible", eligible, &kept);
        figures.count(&subject, "pairs", discovery.tested(), "pairs with enough of both that go together");
        figures.count(&subject, "tests", discovery.hypotheses(), "pairs that could have been found: m of the q-values");
        figures.count(&subject, "found", discovery.rejected(self.settings.max_q), "pairs at [affinity] max_q");
        let row = |row: PairRow| Row {
            level,
            granularity,
            relation: COMPLEMENT,
            a: first + row.a,
            b: first + row.b,
            rank: row.rank,
            score: row.score,
            score_name: &self.settings.rank_name,
            counts: row.counts,
            p_value: row.p_value,
            q_value: row.q_value,
            backed_off: false,
        };
        rows.into_iter().map(row).collect()
    }

    /// Products that customers buy instead of each other, in both directions.
    pub fn substitutes(&self, customers: &Tamed<'_>, baskets: &Tamed<'_>, figures: &mut Figures) -> Vec<Row<'a>> {
        let settings = self.settings;
        let avoidance = Avoidance {
            incidence: &customers.incidence,
            n_total: customers.n_total,
            min_count: settings.min_count,
            categories: Some(&self.catalogue.categories),
            groups: Some(&self.catalogue.roots),
            rate: settings.max_q,
            max_tests: MOST_AVOIDANCE_TESTS,
            memory_bytes: self.inputs.memory(),
        };
        let (avoided, found) = substitutes(&avoidance, &baskets.incidence, baskets.n_total);
        let subject = "substitute product";
        figures.count(subject, "tests", avoided.hypotheses, "pairs within a category that could have been found");
        figures.count(subject, "nominal", avoided.nominal, "pairs with a p-value up to [affinity] max_q, by customers");
        figures.count(subject, "avoided", avoided.pairs.len() as u64, "pairs with such a q-value, by customers");
        figures.count(subject, "found", found.len() as u64, "of these, pairs that baskets avoid too");
        let rarest = "the rarest products were not tested: there are more pairs than anybody waits for";
        figures.limit(subject, "products_left_out", avoided.products_left_out, rarest);
        figures.limit(subject, "pairs_left_out", avoided.pairs_left_out, "pairs of these that could have been found");
        let mut rows: Vec<Row<'a>> = found.iter().flat_map(|found| self.both_ways(found)).collect();
        rows.sort_by(|a, b| a.a.cmp(&b.a).then(b.score.total_cmp(&a.score)).then(a.b.cmp(&b.b)));
        let mut kept = Vec::with_capacity(rows.len());
        for of_product in rows.chunk_by_mut(|a, b| a.a == b.a) {
            let offered = |row: &Row<'_>| self.catalogue.eligible[row.b as usize];
            let (first, last): (Vec<Row<'a>>, Vec<Row<'a>>) = of_product.iter().partition(|row| offered(row));
            let first = first.into_iter().take(settings.top_k);
            let ranked = (1..).zip(first.chain(last.into_iter().take(settings.top_k)));
            kept.extend(ranked.map(|(rank, row)| Row { rank, ..row }));
        }
        kept
    }

    fn both_ways(&self, found: &Substitute) -> [Row<'a>; 2] {
        let row = |a: u32, b: u32, counts: PairCounts| Row {
            level: Level::Customer,
            granularity: "product",
            relation: SUBSTITUTE,
            a,
            b,
            rank: 0,
            score: counts.log_likelihood_ratio(),
            score_name: "llr",
            counts,
            p_value: found.basket_p_value.max(found.customers.p_value),
            q_value: found.q_value,
            backed_off: false,
        };
        let pair = &found.customers;
        [row(pair.a, pair.b, pair.counts), row(pair.b, pair.a, pair.counts.swapped())]
    }

    /// What counting the pairs of products will take, for who waits and for the manifest.
    fn say_estimate(&self, level: Level, units: &Tamed<'_>, figures: &mut Figures) {
        let counting = Counting {
            incidence: &units.incidence,
            min_count: self.settings.min_count,
            weights: units.weights.as_deref(),
            memory_bytes: self.inputs.memory(),
        };
        let estimate = counting.estimate();
        let subject = format!("{} product", level.name());
        let events = "pairs of products within one unit, which is what counting takes time for";
        figures.count(&subject, "pair_events", estimate.pair_events, events);
        self.inputs.note(format!(
            "affinity of {} {}: {} products in enough of them, {} pair events, about {:.1} s on one core and {} MB ({}, {} \
             partitions{})",
            units.n_total,
            level.units(),
            estimate.products,
            estimate.pair_events,
            estimate.seconds,
            estimate.bytes.div_ceil(1_000_000),
            estimate.variant.name(),
            estimate.partitions,
            if estimate.fits { "" } else { "; more than --memory allows, which cannot be helped" },
        ));
    }
}

/// The columns of `affinity_pair_rows`.
pub fn table(rows: &[Row<'_>], names: &Names) -> Rows {
    let rule_ids: Vec<String> = rows
        .par_iter()
        .map(|row| rule_id(row.level.name(), row.granularity, row.relation, names.name(row.a), names.name(row.b)))
        .collect();
    let of = |measure: fn(&PairCounts) -> f64| double(rows, |row| measure(&row.counts));
    vec![
        text(rows, |row| row.level.name()),
        text(rows, |row| row.granularity),
        text(rows, |row| row.relation),
        integer(rows, |row| row.a),
        integer(rows, |row| row.b),
        integer(rows, |row| row.rank),
        double(rows, |row| row.score),
        text(rows, |row| row.score_name),
        bigint(rows, |row| row.counts.n_a),
        bigint(rows, |row| row.counts.n_b),
        bigint(rows, |row| row.counts.n_ab),
        bigint(rows, |row| row.counts.n_total),
        of(PairCounts::support),
        of(PairCounts::confidence),
        of(PairCounts::confidence_reverse),
        of(PairCounts::lift),
        of(PairCounts::lift_lower),
        of(PairCounts::leverage),
        maybe(rows, |row| row.counts.conviction()),
        boolean(rows, |row| row.counts.conviction_infinite()),
        of(PairCounts::jaccard),
        of(PairCounts::cosine),
        of(PairCounts::npmi),
        of(PairCounts::log_likelihood_ratio),
        of(PairCounts::phi),
        of(PairCounts::kulczynski),
        of(PairCounts::imbalance),
        of(PairCounts::certainty),
        of(PairCounts::zhang),
        double(rows, |row| row.p_value),
        double(rows, |row| row.q_value),
        boolean(rows, |row| row.backed_off),
        text(&rule_ids, String::as_str),
    ]
}
