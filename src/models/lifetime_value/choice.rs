//! Which model to trust: all candidates are fitted at the rolling origins and at the end, and judged by their holdouts.

use rayon::prelude::*;

use super::bg_nbd::BgNbd;
use super::fit::{Fit, Termination};
use super::history::History;
use super::holdout::{Bin, Cell, Measures, Sums, calibration, cohort_mean, means_of, predict};
use super::nbd::Nbd;
use super::population::{Population, fit, processes};
use super::process::{Process, PurchaseModel};

/// Deviances as near as this are the same but for rounding.
const SAME: f64 = 1e-6;

/// A model in which fewer new customers than this leave within the longest history is one in which nobody leaves.
const LEAVE: f64 = 0.01;

/// The name of the baseline, where it has to stand in for a model.
pub const COHORT_MEAN: &str = "cohort_mean";

/// A bias of more than this share of the purchases keeps a model from grade A.
const GOOD_BIAS: f64 = 0.10;

/// And of more than this, from grade B.
const BAD_BIAS: f64 = 0.25;

/// The model called `name`.
pub fn purchase_model(name: &str) -> Option<Box<dyn PurchaseModel>> {
    let bg = |regularity, modified| Some(Box::new(BgNbd { regularity, modified }) as Box<dyn PurchaseModel>);
    match name {
        "nbd" | COHORT_MEAN => Some(Box::new(Nbd)),
        "pareto_nbd" => Some(Box::new(super::pareto_nbd::ParetoNbd)),
        "bg_nbd" => bg(1, false),
        "mbg_nbd" => bg(1, true),
        "bg_cnbd_2" => bg(2, false),
        "bg_cnbd_3" => bg(3, false),
        "bg_cnbd_4" => bg(4, false),
        "mbg_cnbd_2" => bg(2, true),
        "mbg_cnbd_3" => bg(3, true),
        "mbg_cnbd_4" => bg(4, true),
        _ => None,
    }
}

/// What is known at one origin, and what came after it.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Who had bought before the origin.
    pub population: Population,
    /// The same customers by what they did in the holdout.
    pub cells: Vec<Cell>,
    /// How long the holdout is.
    pub horizon: f64,
}

/// How far a model is to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Better than the baseline in error and in deviance, and off in total by at most a tenth.
    A,
    /// Better than the baseline in deviance, and off in total by at most a quarter.
    B,
    /// Not better than the baseline in deviance, or off in total by more than a quarter.
    C,
}

impl Grade {
    /// Its name in `ltv_models`.
    pub fn name(self) -> &'static str {
        match self {
            Grade::A => "A",
            Grade::B => "B",
            Grade::C => "C",
        }
    }

    /// The grade of a model's measures beside the baseline's.
    pub fn of(model: &Measures, baseline: &Measures) -> Self {
        let bias = model.bias.map_or(f64::INFINITY, f64::abs);
        let likelier = model.deviance < baseline.deviance;
        if likelier && model.mae < baseline.mae && bias <= GOOD_BIAS {
            Grade::A
        } else if likelier && bias <= BAD_BIAS {
            Grade::B
        } else {
            Grade::C
        }
    }
}

/// A model, what became of its fits, and how it did.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Its name.
    pub model: &'static str,
    /// The fit on everything that may be read.
    pub fit: Fit,
    /// How many coefficients it has.
    pub coefficients: usize,
    /// The simpler model that it collapsed to, if it did.
    pub collapses_to: Option<&'static str>,
    /// Over all holdouts.
    pub holdout: Option<Measures>,
    /// Against the baseline.
    pub grade: Option<Grade>,
    /// The bins of the latest holdout.
    pub calibration: Vec<Bin>,
    /// The fit at the latest origin, before its holdout.
    pub at_origin: Option<Fit>,
    /// Whether customers leave: at least 1 in 100 new ones (with mean covariates) within the longest history. Where they do
    /// not, everybody buys on for ever, and what is expected beyond the horizon is a sum that only discount ends.
    pub leaves: bool,
}

impl Judged {
    /// Akaike's information criterion.
    pub fn aic(&self) -> f64 {
        2.0 * self.coefficients as f64 - 2.0 * self.fit.log_likelihood
    }

    /// Whether its parameters mean something: a fit that did not end is never used.
    pub fn is_usable(&self) -> bool {
        self.fit.is_usable()
    }
}

/// What was chosen, and why.
#[derive(Debug, Clone)]
pub struct Choice {
    /// All candidates, in the order in which they were named.
    pub judged: Vec<Judged>,
    /// The baseline's measures.
    pub baseline: Option<Measures>,
    /// Which of the candidates; none when the baseline has to do.
    pub chosen: Option<usize>,
    /// Why.
    pub reason: String,
}

/// Fits all candidates to `now` and at each origin (whose fits begin where the first ended), judges them, and chooses.
/// `wanted` is a model that is named: then it is chosen if it can be.
pub fn choose(now: &Population, origins: &[Origin], names: &[&str], wanted: Option<&str>) -> Choice {
    let rows: Vec<Vec<f64>> = now.groups.iter().map(|group| group.covariates.clone()).collect();
    let models: Vec<Box<dyn PurchaseModel>> = names.iter().filter_map(|name| purchase_model(name)).collect();
    let baseline = baseline(origins);
    let (judged, surprises): (Vec<Judged>, Vec<Surprises>) =
        models.par_iter().map(|model| judge(model.as_ref(), now, origins, &rows, baseline.as_ref())).unzip();
    let error = |one: usize, other: usize| error_of_difference(origins, &surprises[one], &surprises[other]);
    let (chosen, reason) = pick(&judged, baseline.as_ref(), wanted, &error);
    let mut choice = Choice { judged, baseline, chosen, reason };
    // The end of the chain of fallbacks.
    if choice.chosen.is_none()
        && let Some(means) = means(now, origins, choice.baseline)
    {
        choice.chosen = Some(choice.judged.len());
        choice.judged.push(means);
        choice.reason.push_str("; so everybody keeps their own rate, drawn to the mean");
    }
    choice
}

/// The baseline as what scores; none where nobody bought again.
fn means(now: &Population, origins: &[Origin], baseline: Option<Measures>) -> Option<Judged> {
    let of = |population: &Population| {
        let histories: Vec<_> = population.groups.iter().map(|group| &group.histories).collect();
        let at: Vec<f64> = means_of(&histories)?.iter().map(|parameter| parameter.ln()).collect();
        let mut gradient = vec![0.0; at.len()];
        let log_likelihood = histories.iter().map(|histories| Nbd.log_likelihood(histories, &at, &mut gradient)).sum();
        let largest = gradient.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        Some(Fit {
            log_parameters: at,
            log_likelihood,
            gradient_norm: largest / population.customers().max(1.0),
            iterations: 0,
            termination: Termination::Means,
            eigenvalues: Vec::new(),
            covariance: None,
        })
    };
    let fit = of(now)?;
    let latest = origins.first();
    let bins = latest.and_then(|origin| {
        let histories: Vec<_> = origin.population.groups.iter().map(|group| &group.histories).collect();
        let processes: Vec<Box<dyn Process>> = histories.iter().filter_map(|_| cohort_mean(&histories)).collect();
        let complete = processes.len() == histories.len();
        complete.then(|| calibration(&origin.cells, &predict(&processes, &origin.cells, origin.horizon)))
    });
    Some(Judged {
        model: COHORT_MEAN,
        coefficients: fit.log_parameters.len(),
        collapses_to: None,
        leaves: false,
        grade: None,
        holdout: baseline,
        calibration: bins.unwrap_or_default(),
        at_origin: latest.and_then(|origin| of(&origin.population)),
        fit,
    })
}

/// The deviance of a customer in each cell, by origin.
type Surprises = Vec<Vec<f32>>;

/// The standard error of the difference of two models' mean deviances: paired, since both are judged by the same customers
/// in the same holdouts. The errors of the origins are added up as if they were one error, for most customers are in all.
fn error_of_difference(origins: &[Origin], one: &Surprises, other: &Surprises) -> f64 {
    let (mut customers, mut error) = (0.0, 0.0);
    for (origin, (one, other)) in origins.iter().zip(one.iter().zip(other)) {
        let differences = || {
            let pairs = origin.cells.iter().zip(one.iter().zip(other));
            pairs.map(|(cell, (one, other))| (cell.customers, f64::from(*one) - f64::from(*other)))
        };
        let n: f64 = differences().map(|(count, _)| count).sum();
        let mean = differences().map(|(count, difference)| count * difference).sum::<f64>() / n.max(1.0);
        let squares = differences().map(|(count, difference)| count * (difference - mean).powi(2));
        customers += n;
        error += squares.sum::<f64>().sqrt();
    }
    error / f64::max(customers, 1.0)
}

/// What the baseline measures over all origins.
pub(super) fn baseline(origins: &[Origin]) -> Option<Measures> {
    let mut sums = Sums::default();
    for origin in origins {
        let histories: Vec<_> = origin.population.groups.iter().map(|group| &group.histories).collect();
        let processes: Vec<Box<dyn Process>> = histories.iter().filter_map(|_| cohort_mean(&histories)).collect();
        if processes.len() < histories.len() {
            return None;
        }
        sums = sums.and(Sums::of(&origin.cells, &predict(&processes, &origin.cells, origin.horizon)));
    }
    sums.measures()
}

fn judge(
    model: &dyn PurchaseModel,
    now: &Population,
    origins: &[Origin],
    rows: &[Vec<f64>],
    baseline: Option<&Measures>,
) -> (Judged, Surprises) {
    let fitted = fit(model, now, None, None);
    let mut sums = Sums::default();
    let (mut bins, mut surprises) = (Vec::new(), Surprises::new());
    let (mut complete, mut latest) = (true, None);
    for (place, origin) in origins.iter().enumerate() {
        let at_origin = fit(model, &origin.population, None, Some(&fitted.log_parameters));
        // A holdout of parameters that nobody found is worth nothing.
        if at_origin.termination == Termination::MaxIterations {
            complete = false;
            break;
        }
        let predicted = predict(&processes(model, &at_origin.log_parameters, rows), &origin.cells, origin.horizon);
        sums = sums.and(Sums::of(&origin.cells, &predicted));
        surprises.push(predicted.iter().map(|predicted| predicted.deviance() as f32).collect());
        if place == 0 {
            bins = calibration(&origin.cells, &predicted);
            latest = Some(at_origin);
        }
    }
    let holdout = if complete { sums.measures() } else { None };
    let parameters: Vec<f64> = fitted.parameters().into_iter().take(model.parameters().len()).collect();
    let judged = Judged {
        model: model.name(),
        leaves: fitted.is_usable() && leaves(model, &parameters, now),
        coefficients: fitted.log_parameters.len(),
        collapses_to: model.collapses_to(&parameters),
        grade: holdout.as_ref().zip(baseline).map(|(holdout, baseline)| Grade::of(holdout, baseline)),
        holdout,
        calibration: bins,
        at_origin: latest,
        fit: fitted,
    };
    (judged, surprises)
}

/// See [`Judged::leaves`].
pub(super) fn leaves(model: &dyn PurchaseModel, parameters: &[f64], population: &Population) -> bool {
    let ages = population.groups.iter().filter_map(|group| group.histories.age.values.last().copied());
    let process = model.process(parameters);
    let new = History::new(0, 0.0, 0.0);
    let alive = process.p_alive(&new) * process.outlook(0, 0.0, 0).p_alive_after(ages.fold(0.0, f64::max));
    alive <= 1.0 - LEAVE
}

/// Why one of the candidates, and which; `error` is that of the difference of two candidates' deviances.
///
/// By the holdout: candidates that are not better than the baseline, or off in total by more than a
/// quarter, are out. What is left differs in what the holdout can
/// tell (the deviance) and in what it cannot: whether customers who bought on through a holdout of some months would have
/// bought on for ever. So of the candidates within one standard error of the least deviance, and with no worse a grade,
/// those come first in which customers leave; a model in which nobody does has to be better by more than chance. Among
/// these the least deviance decides; among candidates in which nobody leaves, which are one model with more or fewer
/// coefficients, the fewest coefficients do.
fn pick(
    judged: &[Judged],
    baseline: Option<&Measures>,
    wanted: Option<&str>,
    error: &dyn Fn(usize, usize) -> f64,
) -> (Option<usize>, String) {
    if let Some(wanted) = wanted {
        return match judged.iter().position(|judged| judged.model == wanted && judged.is_usable()) {
            Some(place) => {
                let never = if judged[place].leaves { "" } else { NEVER };
                (Some(place), format!("named, not chosen{never}"))
            }
            None => (None, format!("{wanted} is named, but its fit did not end")),
        };
    }
    if judged.iter().any(|judged| judged.holdout.is_some()) {
        return by_holdout(judged, baseline, error);
    }
    let usable = (0..judged.len()).filter(|place| judged[*place].is_usable());
    match usable.min_by(|one, other| judged[*one].aic().total_cmp(&judged[*other].aic())) {
        Some(best) => {
            let never = if judged[best].leaves { "" } else { NEVER };
            (Some(best), format!("no holdout: least AIC, {:.1}{never}", judged[best].aic()))
        }
        None => (None, "no candidate's fit ended".to_owned()),
    }
}

/// What a reader has to know of a model without dropout.
const NEVER: &str = "; in it nobody leaves: beyond the horizon its values count on everybody buying for ever";

fn by_holdout(
    judged: &[Judged],
    baseline: Option<&Measures>,
    error: &dyn Fn(usize, usize) -> f64,
) -> (Option<usize>, String) {
    let plain = baseline.map_or_else(
        || "no baseline, since nobody had bought again".to_owned(),
        |baseline| format!("baseline {:.4}", baseline.deviance),
    );
    let mut places: Vec<(usize, Measures)> = judged
        .iter()
        .enumerate()
        .filter(|(_, judged)| judged.is_usable())
        .filter_map(|(place, judged)| Some((place, judged.holdout?)))
        .collect();
    let is_c = |place: usize| judged[place].grade == Some(Grade::C);
    places.sort_by(|(one, of_one), (other, of_other)| {
        is_c(*one).cmp(&is_c(*other)).then(of_one.deviance.total_cmp(&of_other.deviance)).then(one.cmp(other))
    });
    let Some(&(best, least)) = places.first() else { return (None, "no candidate's fit ended".to_owned()) };
    let named = |(place, measures): &(usize, Measures)| format!("{} {:.4}", judged[*place].model, measures.deviance);
    if is_c(best) {
        let best = named(&places[0]);
        let reason = match (baseline.filter(|baseline| least.deviance < baseline.deviance), least.bias) {
            (None, _) => format!("no model is better than the baseline ({best}; {plain})"),
            (_, None) => format!("nobody bought in the holdout, so that no model is right in total ({best}; {plain})"),
            (_, Some(bias)) => {
                format!("all models are off in total by more than a quarter ({best}: {:+.0} %; {plain})", 100.0 * bias)
            }
        };
        return (None, reason);
    }
    let as_good = |(place, measures): &&(usize, Measures)| {
        let tolerance = error(best, *place).max(SAME * least.deviance.abs());
        measures.deviance - least.deviance <= tolerance && judged[*place].grade <= judged[best].grade
    };
    let equals: Vec<&(usize, Measures)> = places.iter().filter(as_good).collect();
    let next = |chosen: usize| {
        let next = places.iter().find(|(place, _)| *place != chosen);
        next.map_or_else(String::new, |next| format!(", next {}", named(next)))
    };
    let leaving = equals.iter().find(|(place, _)| judged[*place].leaves);
    let (chosen, reason) = match leaving {
        Some((place, of)) if *place == best => {
            (best, format!("least deviance in the holdout: {:.4}{}", of.deviance, next(best)))
        }
        Some((place, of)) => (
            *place,
            format!(
                "deviance in the holdout {:.4}, no more than chance from the least ({}), in which nobody leaves",
                of.deviance,
                named(&places[0])
            ),
        ),
        None => {
            let fewest = equals.iter().min_by_key(|(place, _)| judged[*place].coefficients);
            let (place, of) = fewest.map_or((best, least), |of| **of);
            (place, format!("least deviance in the holdout: {:.4}{}{NEVER}", of.deviance, next(place)))
        }
    };
    (Some(chosen), format!("{reason}; {plain}"))
}
