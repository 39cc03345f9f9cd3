//! The whole way from histories to figures: choose a model, fit it to each stratum, score each customer, add up.

use rayon::prelude::*;

use super::choice::{COHORT_MEAN, Choice, Grade, Origin, choose, purchase_model};
use super::fit::Fit;
use super::gamma_gamma::{GammaGamma, SpendFit, fit_spend};
use super::history::{Histories, History};
use super::holdout::{Bin, Cell, Measures, Sums, calibration, cells, cohort_mean, predict};
use super::pooling::{Pooled, pool};
use super::population::{Group, Population, processes};
use super::process::{Process, PurchaseModel};
use super::scores::{Customer, Score, Terms, score};
use super::totals::{Draw, Estimate, Member, totals};

/// How to go about it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Models to try, by name.
    pub candidates: Vec<String>,
    /// The model to use, when it is not to be chosen.
    pub wanted: Option<String>,
    /// Fewer customers than this are too few.
    pub min_customers: f64,
    /// And fewer who bought again.
    pub min_repeaters: f64,
    /// Horizon and rate of interest.
    pub terms: Terms,
    /// Draws of the parameters, for totals.
    pub draws: usize,
    /// Their seed.
    pub seed: u64,
}

/// A customer at one origin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observed {
    /// Stratum; 0 when there are none.
    pub stratum: u32,
    /// Row of covariates.
    pub group: u32,
    /// Purchases before the origin.
    pub history: History,
    /// Purchases in the holdout, if the origin has one.
    pub bought: u32,
}

/// The customers at one origin.
#[derive(Debug, Clone)]
pub struct Observations {
    /// How long the holdout is, if there is one.
    pub horizon: Option<f64>,
    /// Who had bought before the origin.
    pub rows: Vec<Observed>,
}

impl Observations {
    /// The customers of one stratum, or all.
    fn population(&self, stratum: Option<u32>, covariates: &[Vec<f64>]) -> Population {
        let mut by_group: Vec<Vec<History>> = vec![Vec::new(); covariates.len().max(1)];
        for row in self.rows.iter().filter(|row| stratum.is_none_or(|stratum| row.stratum == stratum)) {
            by_group[row.group as usize].push(row.history);
        }
        let groups = by_group.iter().enumerate().map(|(group, histories)| Group {
            histories: Histories::new(histories),
            covariates: covariates.get(group).cloned().unwrap_or_default(),
        });
        Population { groups: groups.collect() }
    }

    fn cells(&self, stratum: Option<u32>) -> Vec<Cell> {
        let of = self.rows.iter().filter(|row| stratum.is_none_or(|stratum| row.stratum == stratum));
        cells(of.map(|row| (row.group, row.history, row.bought)))
    }

    fn origin(&self, stratum: Option<u32>, covariates: &[Vec<f64>]) -> Option<Origin> {
        self.horizon.map(|horizon| Origin {
            population: self.population(stratum, covariates),
            cells: self.cells(stratum),
            horizon,
        })
    }
}

/// What became of one stratum.
#[derive(Debug, Clone)]
pub struct Stratum {
    /// Its customers.
    pub customers: f64,
    /// Those who bought again.
    pub repeaters: f64,
    /// Distinct histories.
    pub keys: usize,
    /// Why there are no figures, if there are none.
    pub insufficient: Option<String>,
    /// What its customers are scored with.
    pub estimate: Estimate,
    /// Its own fit, and what pooling made of it; none for all customers together, and where the fit of all has to do.
    pub pooled: Option<Pooled>,
    /// Its holdouts.
    pub holdout: Option<Measures>,
    /// Those of the baseline.
    pub baseline: Option<Measures>,
    /// The one against the other.
    pub grade: Option<Grade>,
    /// The bins of the latest holdout.
    pub calibration: Vec<Bin>,
}

/// All that is found out.
pub struct Findings {
    /// The choice over all customers.
    pub choice: Choice,
    /// The name of the chosen model, or [`COHORT_MEAN`].
    pub model: &'static str,
    /// Why nobody is scored, if nobody is.
    pub insufficient: Option<String>,
    /// The spend of a purchase.
    pub spend: Option<SpendFit>,
    /// The strata, the first of which is everybody.
    pub strata: Vec<Stratum>,
    /// Figures of each customer of the first observations, in their order; none without a model.
    pub scores: Vec<Score>,
}
