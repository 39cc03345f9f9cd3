//! Which model to trust: all candidates are fitted at the rolling origins and at the end, and judged by their holdouts.

use rayon::prelude::*;

use super::bg_nbd::BgNbd;
use super::fit::{Fit, Termination};
use super::holdout::{Bin, Cell, Measures, Sums, calibration, cohort_mean, predict};
use super::nbd::Nbd;
use super::population::{Population, fit, processes};
use super::process::{Process, PurchaseModel};

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
        "nbd" => Some(Box::new(Nbd)),
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
    /// Not better than the baseline.
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
    let judged: Vec<Judged> =
        models.par_iter().map(|model| judge(model.as_ref(), now, origins, &rows, baseline.as_ref())).collect();
    let (chosen, reason) = pick(&judged, baseline.as_ref(), wanted);
    Choice { judged, baseline, chosen, reason }
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
) -> Judged {
    let fitted = fit(model, now, None, None);
    let mut sums = Sums::default();
    let mut bins = Vec::new();
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
        if place == 0 {
            bins = calibration(&origin.cells, &predicted);
            latest = Some(at_origin);
        }
    }
    let holdout = if complete { sums.measures() } else { None };
    let parameters: Vec<f64> = fitted.parameters().into_iter().take(model.parameters().len()).collect();
    Judged {
        model: model.name(),
        coefficients: fitted.log_parameters.len(),
        collapses_to: model.collapses_to(&parameters),
        grade: holdout.as_ref().zip(baseline).map(|(holdout, baseline)| Grade::of(holdout, baseline)),
        holdout,
        calibration: bins,
        at_origin: latest,
        fit: fitted,
    }
}

fn pick(judged: &[Judged], baseline: Option<&Measures>, wanted: Option<&str>) -> (Option<usize>, String) {
    if let Some(wanted) = wanted {
        return match judged.iter().position(|judged| judged.model == wanted && judged.is_usable()) {
            Some(place) => (Some(place), "named, not chosen".to_owned()),
            None => (None, format!("{wanted} is named, but its fit did not end")),
        };
    }
    let usable = |place: &usize| judged[*place].is_usable();
    let by_holdout = |place: &usize| judged[*place].holdout.is_some();
    if judged.iter().any(|judged| judged.holdout.is_some()) {
        let deviance = |place: usize| judged[place].holdout.map_or(f64::INFINITY, |holdout| holdout.deviance);
        let mut places: Vec<usize> = (0..judged.len()).filter(usable).filter(by_holdout).collect();
        // Of a model and one that collapsed to it, the deviances are the same: the smaller one comes first.
        places.sort_by(|one, other| {
            let graded = |place: usize| judged[place].grade == Some(Grade::C);
            let same = (deviance(*one) - deviance(*other)).abs() <= 1e-9 * deviance(*one).abs();
            let by_deviance = if same {
                judged[*one].coefficients.cmp(&judged[*other].coefficients)
            } else {
                deviance(*one).total_cmp(&deviance(*other))
            };
            graded(*one).cmp(&graded(*other)).then(by_deviance).then(one.cmp(other))
        });
        let Some(&best) = places.first() else { return (None, "no candidate's fit ended".to_owned()) };
        let baseline = baseline.map_or(f64::NAN, |baseline| baseline.deviance);
        if judged[best].grade == Some(Grade::C) {
            let (model, deviance) = (judged[best].model, deviance(best));
            return (
                None,
                format!("no model is better than the baseline ({model} {deviance:.4}, baseline {baseline:.4})"),
            );
        }
        let next = places
            .get(1)
            .map_or_else(String::new, |next| format!(", next {} {:.4}", judged[*next].model, deviance(*next)));
        return (
            Some(best),
            format!("least deviance in the holdout: {:.4}{next}, baseline {baseline:.4}", deviance(best)),
        );
    }
    let mut places: Vec<usize> = (0..judged.len()).filter(usable).collect();
    places.sort_by(|one, other| judged[*one].aic().total_cmp(&judged[*other].aic()).then(one.cmp(other)));
    match places.first() {
        Some(&best) => (Some(best), format!("no holdout: least AIC, {:.1}", judged[best].aic())),
        None => (None, "no candidate's fit ended".to_owned()),
    }
}
