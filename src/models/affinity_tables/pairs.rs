//! `affinity_pair_rows`: what is bought together, at every level and granularity, and what is bought instead.

use rayon::prelude::*;

use super::super::affinity::{
    Avoidance, CategoryStudy, Counting, Incidence, PairCounts, PairStudy, Pairs, Tamed, category_incidence, substitutes,
};
use super::super::{Inputs, Rows};
use super::arrays::{bigint, boolean, double, integer, maybe, text};
use super::figures::Figures;
use super::names::{Grouping, Names};
use super::read::Catalogue;
use super::settings::{Level, Settings};
use crate::rule_files::rule_id;

/// Pairs of products within categories that are tested for avoidance: beyond, the rarest products are left out.
const MOST_AVOIDANCE_TESTS: u64 = 20_000_000;

/// A row of `affinity_pair_rows`, without what its counts say.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    level: Level,
    granularity: &'a str,
    relation: &'static str,
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
    /// All rows of complements of one level.
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
        if self.settings.pairs("product_to_category") {
            rows.extend(self.categories_of_products(level, units, figures));
        }
        rows
    }
}
