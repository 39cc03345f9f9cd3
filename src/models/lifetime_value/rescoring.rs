//! Scores of a frozen model: nothing is fitted, and all else is as with a fit.

use super::choice::{Choice, Grade, Judged, baseline, leaves};
use super::fit::{Fit, Termination};
use super::frozen::{Frozen, FrozenSpend};
use super::gamma_gamma::{GammaGamma, Spends};
use super::holdout::{Sums, calibration, predict};
use super::population::{Population, objective};
use super::process::PurchaseModel;
use super::scores::{Customer, score};
use super::study::{Findings, SpendFit, Stratum, Study, spends};
use super::totals::Estimate;

impl Study<'_> {
    /// What the stratum `all` of a frozen model says of the subjects, and how it did in the holdout of the first
    /// observations, if there is one. None for a model with covariates, which would have to be standardised by its design.
    pub fn rescored(&self, frozen: &Frozen, reason: &str) -> Option<Findings> {
        let (model, stratum, first) = (frozen.model()?, frozen.strata.first()?, self.observations.first()?);
        if !frozen.covariates.is_empty() {
            return None;
        }
        // As they were written: through their logarithms, they would change in the last bit.
        let letters = model.parameters().iter();
        let parameters: Vec<f64> =
            letters.map(|letter| stratum.parameters.get(*letter).copied()).collect::<Option<_>>()?;
        let processes = vec![model.process(&parameters)];
        let now = first.population(self.covariates);
        let fit = fit_of(model.as_ref(), &parameters, stratum.covariance.clone(), &now);

        let origin = first.origin(self.covariates);
        let predicted = origin.as_ref().map(|origin| predict(&processes, &origin.cells, origin.horizon));
        let judged_by = origin.as_ref().zip(predicted.as_ref());
        let holdout = judged_by.and_then(|(origin, predicted)| Sums::of(&origin.cells, predicted).measures());
        let bins = judged_by.map_or_else(Vec::new, |(origin, predicted)| calibration(&origin.cells, predicted));
        let plain = baseline(origin.as_slice());
        let grade = holdout.as_ref().zip(plain.as_ref()).map(|(holdout, plain)| Grade::of(holdout, plain));

        let spend = stratum.spend.map(|spend| spend_of(spend, &spends(self.subjects.iter())));
        let spend_model = stratum.spend.map(|spend| GammaGamma { p: spend.p, q: spend.q, gamma: spend.gamma });
        let customers: Vec<Customer> = self.subjects.iter().map(|subject| subject.customer).collect();
        let scores = score(&processes, spend_model.as_ref(), &customers, self.settings.terms);
        let judged = Judged {
            model: model.name(),
            // None of them was fitted to these customers.
            coefficients: 0,
            collapses_to: model.collapses_to(&parameters),
            leaves: leaves(model.as_ref(), &parameters, &now),
            grade,
            holdout,
            calibration: bins.clone(),
            at_origin: None,
            fit: fit.clone(),
        };
        let choice = Choice { judged: vec![judged], baseline: plain, chosen: Some(0), reason: reason.to_owned() };
        let everybody = Stratum {
            stratum: 0,
            customers: now.customers(),
            repeaters: now.repeaters(),
            keys: now.keys(),
            estimate: Estimate { at: fit.log_parameters, covariance: fit.covariance },
            pooled: None,
            spend,
            spend_of_everybody: false,
            holdout,
            baseline: plain,
            grade,
            calibration: bins,
            at_origin: None,
        };
        Some(Findings {
            choice: Some(choice),
            keys: now.keys(),
            insufficient: None,
            strata: vec![everybody],
            scores: scores.into_iter().map(Some).collect(),
        })
    }
}

/// Known parameters, with the likelihood of these customers and how steep it is.
fn fit_of(model: &dyn PurchaseModel, parameters: &[f64], covariance: Option<Vec<f64>>, population: &Population) -> Fit {
    let at: Vec<f64> = parameters.iter().map(|value| value.ln()).collect();
    let mut gradient = vec![0.0; at.len()];
    let log_likelihood = objective(model, population, None, &at, &mut gradient);
    frozen_fit(at, log_likelihood, &gradient, population.customers(), covariance)
}

/// The same of spend.
fn spend_of(spend: FrozenSpend, spends: &Spends) -> SpendFit {
    let at = vec![spend.p.ln(), spend.q.ln(), spend.gamma.ln()];
    let mut gradient = vec![0.0; at.len()];
    let log_likelihood = spends.log_likelihood(&at, &mut gradient);
    SpendFit::with(spends, frozen_fit(at, log_likelihood, &gradient, spends.total(), None))
}

fn frozen_fit(
    log_parameters: Vec<f64>,
    log_likelihood: f64,
    gradient: &[f64],
    customers: f64,
    covariance: Option<Vec<f64>>,
) -> Fit {
    let steepest = gradient.iter().map(|by| by.abs()).fold(0.0, f64::max);
    Fit {
        log_parameters,
        log_likelihood,
        gradient_norm: steepest / customers.max(1.0),
        iterations: 0,
        termination: Termination::Frozen,
        eigenvalues: Vec::new(),
        covariance,
    }
}
