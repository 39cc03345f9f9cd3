//! The whole way from histories to figures: choose a model, fit it to each stratum, score each customer, add up.

use rayon::prelude::*;

use super::choice::{COHORT_MEAN, Choice, Grade, Origin, choose, purchase_model};
use super::fit::Fit;
use super::gamma_gamma::{GammaGamma, Spend, Spends};
use super::history::{Histories, History};
use super::holdout::{Bin, Measures, Sums, calibration, cells, cohort_mean, predict};
use super::pooling::{self, pool};
use super::population::{Group, Population, processes};
use super::process::{Process, PurchaseModel};
use super::scores::{Customer, Score, Terms, score};
use super::totals::{self, Draw, Estimate, Member, Total, totals};

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
    /// The customers of each stratum from 1 to `strata`.
    fn by_stratum(&self, strata: u32) -> Vec<Observations> {
        let mut parts = vec![Observations { horizon: self.horizon, rows: Vec::new() }; strata as usize];
        for row in self.rows.iter().filter(|row| row.stratum > 0) {
            parts[row.stratum as usize - 1].rows.push(*row);
        }
        parts
    }

    /// The customers, by covariates.
    pub fn population(&self, covariates: &[Vec<f64>]) -> Population {
        let mut by_group: Vec<Vec<History>> = vec![Vec::new(); covariates.len().max(1)];
        for row in &self.rows {
            by_group[row.group as usize].push(row.history);
        }
        let groups = by_group.iter().enumerate().map(|(group, histories)| Group {
            histories: Histories::new(histories),
            covariates: covariates.get(group).cloned().unwrap_or_default(),
        });
        Population { groups: groups.collect() }
    }

    /// The origin that its holdout makes it; none without one.
    pub(super) fn origin(&self, covariates: &[Vec<f64>]) -> Option<Origin> {
        self.horizon.map(|horizon| Origin {
            population: self.population(covariates),
            cells: cells(self.rows.iter().map(|row| (row.group, row.history, row.bought))),
            horizon,
        })
    }
}

/// The purchases of the customers that are to be scored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Subject {
    /// Stratum; 0 when there are none.
    pub stratum: u32,
    /// What they are scored on.
    pub customer: Customer,
}

/// The spend of a purchase, and how it was found.
#[derive(Debug, Clone)]
pub struct SpendFit {
    /// The fit of Gamma-Gamma.
    pub fit: Fit,
    /// Customers whose spend it was made of.
    pub customers: f64,
    /// Distinct spends among them.
    pub keys: usize,
    /// The correlation of how often and how much they bought: the model takes it to be none.
    pub correlation: Option<f64>,
}

impl SpendFit {
    fn of(subjects: &[&Subject], least: f64) -> Option<Self> {
        let spends = spends(subjects.iter().copied());
        (spends.total() >= least.max(1.0)).then(|| SpendFit::with(&spends, spends.fit()))
    }

    /// A fit, with what `spends` say of it.
    pub(super) fn with(spends: &Spends, fit: Fit) -> Self {
        SpendFit {
            fit,
            customers: spends.total(),
            keys: spends.len(),
            correlation: spends.spend_frequency_correlation(),
        }
    }

    /// The model; none where no parameters were found.
    pub fn model(&self) -> Option<GammaGamma> {
        self.fit.is_usable().then(|| GammaGamma::new(&self.fit.parameters()))
    }
}

/// What is known of the spend of customers.
pub(super) fn spends<'s>(subjects: impl Iterator<Item = &'s Subject>) -> Spends {
    let spend = |subject: &Subject| {
        let frequency = subject.customer.spend_purchases;
        subject.customer.spend_mean.map(|mean| Spend { frequency, mean })
    };
    Spends::new(&subjects.filter_map(spend).collect::<Vec<_>>())
}

/// What became of one stratum; the first is everybody.
#[derive(Debug, Clone)]
pub struct Stratum {
    /// Its number.
    pub stratum: u32,
    /// Its customers.
    pub customers: f64,
    /// Those who bought again.
    pub repeaters: f64,
    /// Distinct histories.
    pub keys: usize,
    /// What its customers are scored with.
    pub estimate: Estimate,
    /// Its own fit, and the weight of its own data in the estimate; none for everybody.
    pub pooled: Option<pooling::Stratum>,
    /// Its spend.
    pub spend: Option<SpendFit>,
    /// Whether that is everybody's, since it has too few who spent.
    pub spend_of_everybody: bool,
    /// Its holdouts.
    pub holdout: Option<Measures>,
    /// Those of the baseline.
    pub baseline: Option<Measures>,
    /// The one against the other.
    pub grade: Option<Grade>,
    /// The bins of the latest holdout.
    pub calibration: Vec<Bin>,
    /// The log parameters at the latest origin, before its holdout.
    pub at_origin: Option<Vec<f64>>,
}

/// All that is found out.
pub struct Findings {
    /// The choice over all customers; none when they are too few.
    pub choice: Option<Choice>,
    /// Distinct histories of everybody.
    pub keys: usize,
    /// Why nobody is scored, if nobody is.
    pub insufficient: Option<String>,
    /// The strata, the first of which is everybody.
    pub strata: Vec<Stratum>,
    /// Figures of each subject, in their order; none without a model.
    pub scores: Vec<Option<Score>>,
}

impl Findings {
    /// The model that scores.
    fn model(&self) -> Option<Box<dyn PurchaseModel>> {
        let choice = self.choice.as_ref()?;
        purchase_model(choice.judged[choice.chosen?].model)
    }
}

/// What a study is given.
#[derive(Debug, Clone)]
pub struct Study<'a> {
    /// How to go about it.
    pub settings: &'a Settings,
    /// The first observations are those that are fitted for the scores; the others are earlier origins with holdouts,
    /// the latest first.
    pub observations: &'a [Observations],
    /// The customers of the first observations, whom to score.
    pub subjects: &'a [Subject],
    /// Standardised covariates by row; one empty row without.
    pub covariates: &'a [Vec<f64>],
    /// How many strata there are besides everybody.
    pub strata: u32,
}

impl Study<'_> {
    /// Does it all.
    pub fn findings(&self) -> Findings {
        let nothing = |reason: String, keys, choice| Findings {
            choice,
            keys,
            insufficient: Some(reason),
            strata: Vec::new(),
            scores: vec![None; self.subjects.len()],
        };
        let Some(first) = self.observations.first() else { return nothing("switched off".to_owned(), 0, None) };
        let now = first.population(self.covariates);
        let (customers, repeaters) = (now.customers(), now.repeaters());
        if customers < self.settings.min_customers || repeaters < self.settings.min_repeaters {
            // Whole: a sum of no numbers at all is -0.
            let [customers, repeaters] = [customers, repeaters].map(|count| count as u64);
            let (least, least_again) = (self.settings.min_customers, self.settings.min_repeaters);
            let reason =
                format!("{customers} customers of whom {repeaters} bought again; needed are {least} and {least_again}");
            return nothing(reason, now.keys(), None);
        }
        let origins: Vec<Origin> =
            self.observations.iter().filter_map(|observations| observations.origin(self.covariates)).collect();
        let names: Vec<&str> = self.settings.candidates.iter().map(String::as_str).collect();
        let choice = choose(&now, &origins, &names, self.settings.wanted.as_deref());
        let Some(chosen) = choice.chosen else { return nothing(choice.reason.clone(), now.keys(), Some(choice)) };
        let judged = &choice.judged[chosen];
        let Some(model) = purchase_model(judged.model) else {
            return nothing(choice.reason.clone(), now.keys(), Some(choice));
        };
        let everybody: Vec<&Subject> = self.subjects.iter().collect();
        let mut strata = vec![Stratum {
            stratum: 0,
            customers,
            repeaters,
            keys: now.keys(),
            estimate: Estimate { at: judged.fit.log_parameters.clone(), covariance: judged.fit.covariance.clone() },
            pooled: None,
            spend: SpendFit::of(&everybody, self.settings.min_repeaters),
            spend_of_everybody: false,
            holdout: judged.holdout,
            baseline: choice.baseline,
            grade: judged.grade,
            calibration: judged.calibration.clone(),
            at_origin: judged.at_origin.as_ref().map(|fit| fit.log_parameters.clone()),
        }];
        if judged.model == COHORT_MEAN {
            // What stands in for a model has nothing to pool.
            let everybody = strata[0].clone();
            strata.extend((1..=self.strata).map(|stratum| Stratum {
                stratum,
                spend_of_everybody: true,
                ..everybody.clone()
            }));
        } else {
            strata.extend(self.strata_of(model.as_ref(), &judged.fit, &origins, strata[0].spend.as_ref()));
        }
        let scores = self.scores(model.as_ref(), &strata);
        Findings { insufficient: None, keys: now.keys(), choice: Some(choice), strata, scores }
    }

    /// The strata besides everybody, pooled: now, and at each origin for the holdouts.
    fn strata_of(
        &self,
        model: &dyn PurchaseModel,
        all: &Fit,
        origins: &[Origin],
        spend: Option<&SpendFit>,
    ) -> Vec<Stratum> {
        if self.strata == 0 {
            return Vec::new();
        }
        let numbers: Vec<u32> = (1..=self.strata).collect();
        let now: Vec<Population> = self.observations[0]
            .by_stratum(self.strata)
            .iter()
            .map(|observations| observations.population(self.covariates))
            .collect();
        let pooled = pool(model, &now, all);
        let held: Vec<&Observations> =
            self.observations.iter().filter(|observations| observations.horizon.is_some()).collect();
        // By origin, by stratum.
        let at_origins: Vec<(Vec<pooling::Stratum>, Vec<Origin>)> = held
            .iter()
            .zip(origins)
            .map(|(observations, origin)| {
                let fit_of_all = super::population::fit(model, &origin.population, None, Some(&all.log_parameters));
                let parts = observations.by_stratum(self.strata);
                let then: Vec<Origin> = parts.iter().filter_map(|part| part.origin(self.covariates)).collect();
                let populations: Vec<Population> = then.iter().map(|origin| origin.population.clone()).collect();
                (pool(model, &populations, &fit_of_all).strata, then)
            })
            .collect();
        let mut subjects: Vec<Vec<&Subject>> = vec![Vec::new(); numbers.len()];
        for subject in self.subjects.iter().filter(|subject| subject.stratum > 0) {
            subjects[subject.stratum as usize - 1].push(subject);
        }
        let of_stratum = |(place, (population, of_pool)): (usize, (&Population, pooling::Stratum))| {
            let (mut sums, mut plain) = (Sums::default(), Sums::default());
            let (mut bins, mut at_origin) = (Vec::new(), None);
            for (pooled, origins) in &at_origins {
                let (fit, origin) = (&pooled[place], &origins[place]);
                let fitted = processes(model, &fit.coefficients, self.covariates);
                let predicted = predict(&fitted, &origin.cells, origin.horizon);
                sums = sums.and(Sums::of(&origin.cells, &predicted));
                if at_origin.is_none() {
                    bins = calibration(&origin.cells, &predicted);
                    at_origin = Some(fit.coefficients.clone());
                }
                let histories: Vec<&Histories> =
                    origin.population.groups.iter().map(|group| &group.histories).collect();
                let means: Vec<Box<dyn Process>> = histories.iter().filter_map(|_| cohort_mean(&histories)).collect();
                if means.len() == histories.len() {
                    plain = plain.and(Sums::of(&origin.cells, &predict(&means, &origin.cells, origin.horizon)));
                }
            }
            let stratum = numbers[place];
            let (holdout, baseline) = (sums.measures(), plain.measures());
            let own = SpendFit::of(&subjects[place], self.settings.min_repeaters).filter(|own| own.model().is_some());
            Stratum {
                stratum,
                customers: population.customers(),
                repeaters: population.repeaters(),
                keys: population.keys(),
                estimate: Estimate { at: of_pool.coefficients.clone(), covariance: of_pool.covariance.clone() },
                spend_of_everybody: own.is_none(),
                spend: own.or_else(|| spend.cloned()),
                pooled: Some(of_pool),
                grade: holdout.as_ref().zip(baseline.as_ref()).map(|(holdout, plain)| Grade::of(holdout, plain)),
                holdout,
                baseline,
                calibration: bins,
                at_origin,
            }
        };
        now.iter().zip(pooled.strata).enumerate().collect::<Vec<_>>().into_par_iter().map(of_stratum).collect()
    }

    /// The figures of all subjects, each with the fit of their stratum.
    fn scores(&self, model: &dyn PurchaseModel, strata: &[Stratum]) -> Vec<Option<Score>> {
        let mut scores = vec![None; self.subjects.len()];
        for (stratum, rows) in self.by_stratum(strata) {
            let fitted = processes(model, &stratum.estimate.at, self.covariates);
            let customers: Vec<Customer> = rows.iter().map(|row| self.subjects[*row].customer).collect();
            let spend = stratum.spend.as_ref().and_then(SpendFit::model);
            let scored = score(&fitted, spend.as_ref(), &customers, self.settings.terms);
            rows.into_iter().zip(scored).for_each(|(row, score)| scores[row] = Some(score));
        }
        scores
    }

    /// The subjects of each stratum, by their places; of everybody where there are no strata.
    fn by_stratum<'s>(&self, strata: &'s [Stratum]) -> Vec<(&'s Stratum, Vec<usize>)> {
        let mut rows: Vec<Vec<usize>> = vec![Vec::new(); strata.len()];
        for (row, subject) in self.subjects.iter().enumerate() {
            rows[subject.stratum as usize].push(row);
        }
        strata.iter().zip(rows).filter(|(_, rows)| !rows.is_empty()).collect()
    }

    /// The figures of the subjects by what a study found, of these subjects or of others.
    pub fn scored(&self, findings: &Findings) -> Vec<Option<Score>> {
        match findings.model() {
            Some(model) => self.scores(model.as_ref(), &findings.strata),
            None => vec![None; self.subjects.len()],
        }
    }

    /// Totals of the subjects by scope: `scopes[row]` are the totals that a subject belongs to, of `count`.
    pub fn totals(&self, findings: &Findings, scopes: &[Vec<u32>], count: usize) -> Vec<Total> {
        self.sums(findings, &findings.scores, scopes, count).iter().map(totals::Sums::total).collect()
    }

    /// What the totals are made of, when the subjects have these `scores`.
    pub fn sums(
        &self,
        findings: &Findings,
        scores: &[Option<Score>],
        scopes: &[Vec<u32>],
        count: usize,
    ) -> Vec<totals::Sums> {
        let mut sums = vec![totals::Sums::default(); count];
        let Some(model) = findings.model() else { return sums };
        for (stratum, rows) in self.by_stratum(&findings.strata) {
            let seed = self.settings.seed.wrapping_add(u64::from(stratum.stratum));
            let parameters = stratum.estimate.draws(self.settings.draws, seed);
            let spends = stratum.spend.as_ref().filter(|spend| spend.model().is_some()).map(|spend| {
                let estimate =
                    Estimate { at: spend.fit.log_parameters.clone(), covariance: spend.fit.covariance.clone() };
                // Another stream of random numbers than the purchases have.
                estimate.draws(self.settings.draws, !seed)
            });
            let draws: Vec<Draw> = parameters
                .iter()
                .enumerate()
                .map(|(draw, at)| Draw {
                    processes: processes(model.as_ref(), at, self.covariates),
                    spend: spends.as_ref().map(|spends| {
                        GammaGamma::new(&spends[draw].iter().map(|value| value.exp()).collect::<Vec<_>>())
                    }),
                })
                .collect();
            let members: Vec<Member<'_>> = rows
                .iter()
                .filter_map(|row| {
                    let score = scores[*row].as_ref()?;
                    Some(Member { customer: &self.subjects[*row].customer, score, scopes: &scopes[*row] })
                })
                .collect();
            let of_stratum = totals(&members, count, &draws, self.settings.terms.horizon);
            sums.iter_mut().zip(&of_stratum).for_each(|(sums, of_stratum)| sums.and(of_stratum));
        }
        sums
    }
}
