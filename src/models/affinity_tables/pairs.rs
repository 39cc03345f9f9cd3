//! `affinity_pair_rows`: what is bought together, at every level and granularity, and what is bought instead.

use rayon::prelude::*;

use super::super::affinity::{
    Avoidance, CategoryStudy, Incidence, Level, PairCounts, PairRow, PairStudy, Pairs, Substitute, Tamed,
    category_incidence, rule_id, substitutes,
};
use super::super::{Inputs, Rows};
use super::arrays::{bigint, boolean, double, integer, maybe, text};
use super::figures::Figures;
use super::names::{Grouping, Names};
use super::read::{Catalogue, NONE};
use super::settings::Settings;

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
        rows.extend(self.across(level, units, &rows, figures));
        rows
    }

    /// Products with categories, and what stands in for partners of products that have none in `own`.
    fn across(&self, level: Level, units: &Tamed<'_>, own: &[Row<'a>], figures: &mut Figures) -> Vec<Row<'a>> {
        let (settings, categories) = (self.settings, self.names.categories());
        let (to_categories, to_products) = (settings.pairs("product_to_category"), settings.pairs("product"));
        if !to_categories && !to_products {
            return Vec::new();
        }
        let study = CategoryStudy {
            incidence: &units.incidence,
            n_total: units.n_total,
            category_of: &categories.of,
            categories: categories.names.len(),
            min_count: settings.min_count,
            // Variants take places of a category's list and are no stand-ins for each other.
            top: settings.top_k.max(settings.category_top_k),
            rank_by: settings.rank_by,
            offered: Some(&self.catalogue.eligible),
        };
        let found = study.run();
        let mut rows = Vec::new();
        if to_categories {
            let subject = format!("{} product_to_category", level.name());
            figures.count(
                &subject,
                "tests",
                found.discovery.hypotheses(),
                "products with categories: m of the q-values",
            );
            let most = u32::try_from(settings.category_top_k).unwrap_or(u32::MAX);
            let kept = found.to_categories.iter().filter(|row| row.rank <= most);
            let row = |row: &PairRow| self.row(level, "product_to_category", (0, categories.first), row);
            rows.extend(kept.map(row));
        }
        if to_products {
            let mut has_own = vec![false; self.catalogue.ids.len()];
            own.iter().filter(|row| row.granularity == "product").for_each(|row| has_own[row.a as usize] = true);
            let mut stood_in = 0;
            for (product, has_own) in (0..).zip(has_own) {
                if has_own || categories.of[product as usize] == NONE {
                    continue;
                }
                let found = found.stand_ins(product, categories.of[product as usize], Some(&self.catalogue.roots));
                let ranked = (1..).zip(found.take(settings.category_top_k));
                let before = rows.len();
                rows.extend(ranked.map(|(rank, found)| {
                    let row = self.row(level, "product", (0, 0), found);
                    Row { a: product, rank, backed_off: true, ..row }
                }));
                stood_in += u64::from(rows.len() > before);
            }
            let subject = format!("{} product", level.name());
            let standing = "products in too few of them for partners, which have those of their category";
            figures.count(&subject, "backed_off", stood_in, standing);
        }
        rows
    }

    /// A row as found, whose numbers begin at these name numbers.
    fn row(&self, level: Level, granularity: &'a str, first: (u32, u32), found: &PairRow) -> Row<'a> {
        Row {
            level,
            granularity,
            relation: COMPLEMENT,
            a: first.0 + found.a,
            b: first.1 + found.b,
            rank: found.rank,
            score: found.score,
            score_name: &self.settings.rank_name,
            counts: found.counts,
            p_value: found.p_value,
            q_value: found.q_value,
            backed_off: false,
        }
    }

    fn products(&self, level: Level, units: &Tamed<'_>, figures: &mut Figures) -> Vec<Row<'a>> {
        let (groups, offered) = (Some(&self.catalogue.roots[..]), Some(&self.catalogue.eligible[..]));
        let study = self.pair_study(units, &units.incidence, groups, offered);
        self.say_estimate(level, &study, figures);
        self.rows(level, "product", 0, &study, figures)
    }

    fn groups(&self, level: Level, units: &Tamed<'_>, grouping: &'a Grouping, figures: &mut Figures) -> Vec<Row<'a>> {
        let incidence = category_incidence(&units.incidence, &grouping.of, grouping.names.len());
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
            tests: true,
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
        let Pairs { rows, discovery, eligible, tested } = study.run();
        let subject = format!("{} {granularity}", level.name());
        let kept = format!("{granularity} in enough {}", level.units());
        figures.count(&subject, "eligible", eligible, &kept);
        figures.count(&subject, "pairs", tested, "pairs in enough of them");
        figures.count(&subject, "tests", discovery.hypotheses(), "pairs that could have been found: m of the q-values");
        figures.count(&subject, "found", discovery.rejected(self.settings.max_q), "pairs at [affinity] max_q");
        rows.iter().map(|row| self.row(level, granularity, (first, first), row)).collect()
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

    /// What counting and testing the pairs of products will take, for who waits; and how much of it there is, for the
    /// manifest, which says nothing of machines.
    fn say_estimate(&self, level: Level, study: &PairStudy<'_>, figures: &mut Figures) {
        let estimate = study.estimate();
        let subject = format!("{} product", level.name());
        let events = "pairs of products within one unit, which is what counting takes time for";
        figures.count(&subject, "pair_events", estimate.pair_events, events);
        self.inputs.note(format!(
            "affinity of {} {}: {} products in enough of them and {} pair events, about {:.1} s on one core and {} MB ({}, \
             {} partitions{})",
            study.n_total,
            level.units(),
            estimate.products,
            estimate.pair_events,
            estimate.seconds,
            estimate.bytes.div_ceil(1_000_000),
            estimate.variant.name(),
            estimate.partitions,
            if estimate.fits { "" } else { "; more than --memory, in the smallest way there is" },
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
