//! A population to fit: histories, grouped by the covariates that they share.
//!
//! A covariate acts on a log parameter: `ln p_i = ln p + factor * effect * z_i` ([`Effects`](super::process::Effects)), so
//! that a group of customers with one row of covariates is the plain model with shifted parameters. Without covariates
//! there is one group. Effects are those of standardised covariates, held near 0 by a ridge of [`RIDGE`].

use super::fit::{Fit, Options, Termination, maximise};
use super::history::Histories;
use super::process::{Process, PurchaseModel};

/// The ridge on each covariate effect: a normal prior with standard deviation 1 on the effect of one standard deviation.
const RIDGE: f64 = 1.0;

/// Searches from several starts use at most this many distinct histories; the best end is then polished on all.
const SEARCHED: usize = 20_000;

/// Customers with the same covariates.
#[derive(Debug, Clone)]
pub struct Group {
    /// Their histories.
    pub histories: Histories,
    /// Their standardised covariates.
    pub covariates: Vec<f64>,
}

/// Customers whose purchases one model describes.
#[derive(Debug, Clone)]
pub struct Population {
    /// Groups by covariates, in the order of the covariate rows. All have equally many covariates.
    pub groups: Vec<Group>,
}

/// What is known of the log parameters before a population is looked at: a normal distribution of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Prior {
    /// Its mean.
    pub mean: Vec<f64>,
    /// Its variance.
    pub variance: Vec<f64>,
}

impl Population {
    /// One group without covariates.
    pub fn plain(histories: Histories) -> Self {
        Population { groups: vec![Group { histories, covariates: Vec::new() }] }
    }

    /// How many customers there are.
    pub fn customers(&self) -> f64 {
        self.groups.iter().map(|group| group.histories.total()).sum()
    }

    /// How many of them bought again.
    pub fn repeaters(&self) -> f64 {
        self.groups.iter().map(|group| group.histories.repeaters()).sum()
    }

    /// How many distinct histories there are.
    pub fn keys(&self) -> usize {
        self.groups.iter().map(|group| group.histories.len()).sum()
    }

    /// How many covariates there are.
    pub fn covariates(&self) -> usize {
        self.groups.first().map_or(0, |group| group.covariates.len())
    }

    fn thinned(&self) -> Self {
        let share = SEARCHED as f64 / self.keys().max(1) as f64;
        let most = |keys: usize| ((keys as f64 * share).ceil() as usize).max(1);
        let thin = |group: &Group| Group {
            histories: group.histories.thinned(most(group.histories.len())),
            covariates: group.covariates.clone(),
        };
        Population { groups: self.groups.iter().map(thin).collect() }
    }

    /// A histories-only view of all groups, for starts.
    fn largest(&self) -> Option<&Histories> {
        self.groups.iter().map(|group| &group.histories).max_by_key(|histories| histories.len())
    }
}

/// Where each of a model's coefficients is: log parameters, then effects on the purchase rate, then those on dropout.
pub(super) fn shifted(model: &dyn PurchaseModel, coefficients: &[f64], covariates: &[f64]) -> Vec<f64> {
    let size = model.parameters().len();
    let effects = model.effects();
    let mut at = coefficients[..size].to_vec();
    for (kind, factors) in [effects.rate, effects.dropout].iter().enumerate() {
        let from = size + kind * covariates.len();
        let Some(of_kind) = coefficients.get(from..from + covariates.len()) else { continue };
        let effect: f64 = of_kind.iter().zip(covariates).map(|(effect, z)| effect * z).sum();
        at.iter_mut().zip(*factors).for_each(|(at, factor)| *at += factor * effect);
    }
    at
}

/// How many coefficients a model has with so many covariates.
pub fn coefficients(model: &dyn PurchaseModel, covariates: usize) -> usize {
    let kinds = if model.effects().dropout.is_empty() { 1 } else { 2 };
    model.parameters().len() + kinds * covariates
}

/// The log-likelihood of a population, penalised by the ridge and the prior, and its gradient.
pub fn objective(
    model: &dyn PurchaseModel,
    population: &Population,
    prior: Option<&Prior>,
    at: &[f64],
    gradient: &mut [f64],
) -> f64 {
    let size = model.parameters().len();
    let effects = model.effects();
    let mut sum = 0.0;
    for group in &population.groups {
        let parameters = shifted(model, at, &group.covariates);
        let mut of_group = vec![0.0; size];
        sum += model.log_likelihood(&group.histories, &parameters, &mut of_group);
        gradient.iter_mut().zip(&of_group).for_each(|(gradient, of_group)| *gradient += of_group);
        for (kind, factors) in [effects.rate, effects.dropout].iter().enumerate() {
            let by_effect: f64 = of_group.iter().zip(*factors).map(|(of_group, factor)| of_group * factor).sum();
            for (covariate, z) in group.covariates.iter().enumerate() {
                if let Some(gradient) = gradient.get_mut(size + kind * group.covariates.len() + covariate) {
                    *gradient += by_effect * z;
                }
            }
        }
    }
    for (effect, gradient) in at.iter().zip(gradient.iter_mut()).skip(size) {
        sum -= 0.5 * RIDGE * effect * effect;
        *gradient -= RIDGE * effect;
    }
    if let Some(prior) = prior {
        for (row, gradient) in gradient.iter_mut().enumerate().take(size) {
            let away = at[row] - prior.mean[row];
            sum -= 0.5 * away * away / prior.variance[row];
            *gradient -= away / prior.variance[row];
        }
    }
    sum
}

/// Fits a model: from all its starts on a part of a large population, then from the best end on all of it. `known` is an
/// end of a similar fit (an earlier origin, the whole company), which then is the one start.
pub fn fit(model: &dyn PurchaseModel, population: &Population, prior: Option<&Prior>, known: Option<&[f64]>) -> Fit {
    let size = coefficients(model, population.covariates());
    let bounded: Vec<usize> = (0..model.parameters().len()).filter(|at| !model.scales().contains(at)).collect();
    let ages = population.groups.iter().filter_map(|group| group.histories.age.values.last().copied());
    let longest = ages.fold(0.0, f64::max);
    let search = |population: &Population, starts: &[Vec<f64>]| {
        let options = Options::of(population.customers(), &bounded).with_scales(model.scales(), longest);
        maximise(&|at, gradient| objective(model, population, prior, at, gradient), starts, options)
    };
    let widened = |start: &[f64]| {
        let mut start = start.to_vec();
        start.resize(size, 0.0);
        start
    };
    if let Some(known) = known {
        let fit = search(population, &[widened(known)]);
        if fit.termination != Termination::MaxIterations {
            return fit;
        }
    }
    let Some(largest) = population.largest() else { return search(population, &[vec![0.0; size]]) };
    let starts: Vec<Vec<f64>> = model.starts(largest).iter().map(|start| widened(start)).collect();
    if population.keys() <= SEARCHED {
        return search(population, &starts);
    }
    let sketch = search(&population.thinned(), &starts);
    let fit = search(population, std::slice::from_ref(&sketch.log_parameters));
    if fit.termination == Termination::MaxIterations { search(population, &starts) } else { fit }
}

/// The process of each group of covariates at coefficients.
pub fn processes(model: &dyn PurchaseModel, coefficients: &[f64], covariates: &[Vec<f64>]) -> Vec<Box<dyn Process>> {
    covariates
        .iter()
        .map(|covariates| {
            let parameters: Vec<f64> =
                shifted(model, coefficients, covariates).iter().map(|value| value.exp()).collect();
            model.process(&parameters)
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rand::SeedableRng;
    use rand_distr::{Beta, Distribution, Exp, Gamma, Uniform};

    use super::super::bg_nbd::BgNbd;
    use super::super::history::History;
    use super::*;

    /// Customers of an MBG/NBD with known parameters, so many that they are thinned first.
    #[test]
    fn parameters_of_simulated_customers_are_found() {
        let truth = [0.8, 6.0, 0.9, 2.5];
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let rates = Gamma::new(truth[0], 1.0 / truth[1]).unwrap();
        let chances = Beta::new(truth[2], truth[3]).unwrap();
        let (ages, unit) = (Uniform::new(20.0, 60.0).unwrap(), Uniform::new(0.0, 1.0).unwrap());
        let histories: Vec<History> = (0..60_000)
            .map(|_| {
                let (rate, chance): (f64, f64) = (rates.sample(&mut random), chances.sample(&mut random));
                let (gaps, age) = (Exp::new(rate).unwrap(), ages.sample(&mut random));
                let (mut frequency, mut recency) = (0, 0.0);
                while unit.sample(&mut random) >= chance {
                    let next = recency + gaps.sample(&mut random);
                    if next > age {
                        break;
                    }
                    (frequency, recency) = (frequency + 1, next);
                }
                History::new(frequency, recency, age)
            })
            .collect();
        let histories = Histories::new(&histories);
        assert!(histories.len() > SEARCHED);
        let model = BgNbd { regularity: 1, modified: true };
        let fit = fit(&model, &Population::plain(histories), None, None);
        assert_eq!(fit.termination, Termination::Converged, "{fit:?}");
        for ((found, error), truth) in fit.log_parameters.iter().zip(fit.log_errors().unwrap()).zip(truth) {
            assert!((found - truth.ln()).abs() < 4.0 * error, "{:?} {error}", fit.parameters());
        }
    }
}
