//! Maximum likelihood in log parameters: damped Newton with analytic gradients, and everything that says how it ended.
//!
//! The Hessian is a difference of gradients. A step is damped (Levenberg) until it raises the likelihood, and is never
//! longer than [`LONGEST_STEP`], so that a flat ridge is walked and not leapt over. A parameter that leaves the range in
//! which it means something ends the search as [`Termination::Boundary`]: the model then is a simpler one in the limit, and
//! says which (`collapses_to`).

use nalgebra::{DMatrix, DVector};

use super::history::Histories;
use super::process::PurchaseModel;

/// A likelihood: the sum over all customers at log parameters, which adds its gradient to a slice.
pub type Likelihood<'a> = dyn Fn(&[f64], &mut [f64]) -> f64 + Sync + 'a;

/// Longest step in log parameters.
const LONGEST_STEP: f64 = 2.0;

/// Beyond this a log parameter (in units of the data) is a limit: exp(9) is 8,000.
pub const BOUNDARY: f64 = 9.0;

/// Of the gradient a customer, when a fit has converged.
const GRADIENT_TOLERANCE: f64 = 1e-9;

/// How a search is to go.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Customers behind the likelihood: tolerances are a customer.
    pub customers: f64,
    /// Most Newton steps from one start.
    pub most_iterations: u32,
    /// Which of the log parameters the boundary is for (not scales: they carry the unit of time).
    pub bounded: &'a [usize],
}

impl<'a> Options<'a> {
    /// The usual search.
    pub fn of(customers: f64, bounded: &'a [usize]) -> Self {
        Options { customers, most_iterations: 200, bounded }
    }
}

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Termination {
    /// The gradient is nothing and the Hessian is negative definite.
    Converged,
    /// A parameter went to its limit: a simpler model is as good.
    Boundary,
    /// No step raised the likelihood any more, or there were too many.
    MaxIterations,
    /// There was no search: the parameters were found with other customers.
    Frozen,
}

impl Termination {
    /// Its name in `ltv_models`.
    pub fn name(self) -> &'static str {
        match self {
            Termination::Converged => "converged",
            Termination::Boundary => "boundary",
            Termination::MaxIterations => "max_iterations",
            Termination::Frozen => "frozen",
        }
    }
}

/// Where a search ended, and how sure that is.
#[derive(Debug, Clone)]
pub struct Fit {
    /// Natural logarithms of the parameters (plain values for covariate effects).
    pub log_parameters: Vec<f64>,
    /// The log-likelihood there.
    pub log_likelihood: f64,
    /// Largest absolute element of the gradient, a customer.
    pub gradient_norm: f64,
    /// Newton steps taken.
    pub iterations: u32,
    /// Why it ended.
    pub termination: Termination,
    /// Eigenvalues of the negative Hessian, rising: all positive at a maximum.
    pub eigenvalues: Vec<f64>,
    /// Inverse of the negative Hessian in log parameters, row by row; none where that is not positive definite.
    pub covariance: Option<Vec<f64>>,
}

impl Fit {
    /// Whether the parameters mean something: a search that did not end is never used.
    pub fn is_usable(&self) -> bool {
        self.log_likelihood.is_finite() && self.termination != Termination::MaxIterations
    }

    /// The parameters themselves.
    pub fn parameters(&self) -> Vec<f64> {
        self.log_parameters.iter().map(|value| value.exp()).collect()
    }

    /// Standard errors of the log parameters.
    pub fn log_errors(&self) -> Option<Vec<f64>> {
        let size = self.log_parameters.len();
        self.covariance.as_ref().map(|covariance| (0..size).map(|row| covariance[row * size + row].sqrt()).collect())
    }

    /// Standard errors of the parameters themselves (delta method: `se(ln p) p`).
    pub fn errors(&self) -> Option<Vec<f64>> {
        let errors = self.log_errors()?;
        Some(errors.iter().zip(&self.log_parameters).map(|(error, value)| error * value.exp()).collect())
    }
}

/// The best end of the searches from all `starts`.
///
/// # Panics
/// Never with at least one start; starts must be of one length.
pub fn maximise(likelihood: &Likelihood<'_>, starts: &[Vec<f64>], options: Options<'_>) -> Fit {
    let mut best: Option<Fit> = None;
    for start in starts {
        let fit = climb(likelihood, start, options);
        let better = best.as_ref().is_none_or(|best| {
            // A likelihood that is the same to rounding is better where the search really ended.
            let same = (fit.log_likelihood - best.log_likelihood).abs() <= 1e-9 * best.log_likelihood.abs();
            let (ended, best_ended) =
                (fit.termination == Termination::Converged, best.termination == Termination::Converged);
            if same {
                ended && !best_ended
            } else {
                fit.log_likelihood > best.log_likelihood || best.log_likelihood.is_nan()
            }
        });
        if better {
            best = Some(fit);
        }
    }
    best.unwrap_or_else(|| climb(likelihood, &[], options))
}

/// Most distinct histories on which a model is searched for from all starts.
const SEARCHED: usize = 20_000;

/// The parameters of maximum likelihood of a model. Many histories are thinned first, and only the best end of the searches
/// there is climbed from on all of them: their likelihoods are so alike that this is a matter of two or three steps.
pub fn fit_model(model: &dyn PurchaseModel, histories: &Histories) -> Fit {
    let bounded: Vec<usize> = (0..model.parameters().len()).filter(|at| !model.scales().contains(at)).collect();
    let search = |histories: &Histories, starts: &[Vec<f64>]| {
        let likelihood = |at: &[f64], gradient: &mut [f64]| model.log_likelihood(histories, at, gradient);
        maximise(&likelihood, starts, Options::of(histories.total(), &bounded))
    };
    if histories.len() <= 2 * SEARCHED {
        return search(histories, &model.starts(histories));
    }
    let thinned = histories.thinned(SEARCHED);
    let fit = search(&thinned, &model.starts(&thinned));
    search(histories, &[fit.log_parameters])
}

fn climb(likelihood: &Likelihood<'_>, start: &[f64], options: Options<'_>) -> Fit {
    let size = start.len();
    let per_customer = |gradient: &[f64]| {
        gradient.iter().fold(0.0_f64, |most, value| most.max(value.abs())) / options.customers.max(1.0)
    };
    let mut at = start.to_vec();
    let mut gradient = vec![0.0; size];
    let mut value = likelihood(&at, &mut gradient);
    let mut damping = 1e-4;
    let mut iterations = 0;
    let mut stuck = false;
    while iterations < options.most_iterations && value.is_finite() && !stuck {
        if per_customer(&gradient) < GRADIENT_TOLERANCE * 1e-2 {
            break;
        }
        iterations += 1;
        let negative_hessian = hessian(likelihood, &at, &gradient, Difference::Forward);
        stuck = true;
        for _ in 0..40 {
            let step = step(&negative_hessian, &gradient, damping);
            let next: Vec<f64> = at.iter().zip(&step).map(|(at, step)| at + step).collect();
            let mut next_gradient = vec![0.0; size];
            let next_value = likelihood(&next, &mut next_gradient);
            // Near the top the likelihood is flat to rounding; there a smaller gradient is progress too.
            let level = value.abs() * 1e-13;
            let climbs = next_value > value + level;
            let settles = next_value >= value - level && per_customer(&next_gradient) < per_customer(&gradient);
            if next_value.is_finite() && (climbs || settles) {
                (at, gradient, value) = (next, next_gradient, next_value);
                damping *= 0.1;
                stuck = false;
                break;
            }
            damping = (damping * 5.0).max(1e-8);
        }
    }
    let negative_hessian = hessian(likelihood, &at, &gradient, Difference::Central);
    let mut eigenvalues: Vec<f64> = negative_hessian.clone().symmetric_eigenvalues().iter().copied().collect();
    eigenvalues.sort_by(f64::total_cmp);
    let definite = eigenvalues.iter().all(|value| *value > 0.0);
    let covariance = definite.then(|| negative_hessian.try_inverse()).flatten();
    let outside = options.bounded.iter().any(|bounded| at[*bounded].abs() > BOUNDARY);
    let gradient_norm = per_customer(&gradient);
    let termination = if outside {
        Termination::Boundary
    } else if gradient_norm < GRADIENT_TOLERANCE && definite {
        Termination::Converged
    } else {
        Termination::MaxIterations
    };
    Fit {
        log_parameters: at,
        log_likelihood: value,
        gradient_norm,
        iterations,
        termination,
        eigenvalues,
        covariance: covariance.map(|matrix| matrix.as_slice().to_vec()),
    }
}

pub(super) enum Difference {
    /// Cheap, for steps.
    Forward,
    /// Twice the work and the square of the error, for standard errors.
    Central,
}

/// The negative Hessian as differences of the gradient, made symmetric.
pub(super) fn hessian(
    likelihood: &Likelihood<'_>,
    at: &[f64],
    gradient: &[f64],
    difference: Difference,
) -> DMatrix<f64> {
    let size = at.len();
    let mut matrix = DMatrix::zeros(size, size);
    let mut beside = vec![0.0; size];
    let mut before = vec![0.0; size];
    for column in 0..size {
        let mut moved = at.to_vec();
        match difference {
            Difference::Forward => {
                let width = 1e-6;
                moved[column] += width;
                beside.fill(0.0);
                likelihood(&moved, &mut beside);
                for row in 0..size {
                    matrix[(row, column)] = -(beside[row] - gradient[row]) / width;
                }
            }
            Difference::Central => {
                let width = 1e-4;
                moved[column] += width;
                beside.fill(0.0);
                before.fill(0.0);
                likelihood(&moved, &mut beside);
                moved[column] = at[column] - width;
                likelihood(&moved, &mut before);
                for row in 0..size {
                    matrix[(row, column)] = -(beside[row] - before[row]) / (2.0 * width);
                }
            }
        }
    }
    (&matrix + matrix.transpose()) / 2.0
}

/// A damped Newton step, at most [`LONGEST_STEP`] long. Along directions in which the likelihood curves upwards it goes
/// uphill as well, since there the size of the curvature counts and not its sign.
fn step(negative_hessian: &DMatrix<f64>, gradient: &[f64], damping: f64) -> Vec<f64> {
    let eigen = negative_hessian.clone().symmetric_eigen();
    let largest = eigen.eigenvalues.iter().fold(0.0_f64, |most, value| most.max(value.abs())).max(1e-300);
    let mut along = eigen.eigenvectors.tr_mul(&DVector::from_column_slice(gradient));
    for (along, value) in along.iter_mut().zip(eigen.eigenvalues.iter()) {
        *along /= value.abs().max(1e-12 * largest) + damping * largest;
    }
    let step = &eigen.eigenvectors * along;
    let longest = step.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let shorten = if longest > LONGEST_STEP { LONGEST_STEP / longest } else { 1.0 };
    step.iter().map(|value| value * shorten).collect()
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
        assert!(histories.len() > 2 * SEARCHED);
        let model = BgNbd { regularity: 1, modified: true };
        let fit = fit_model(&model, &histories);
        assert_eq!(fit.termination, Termination::Converged, "{fit:?}");
        for ((found, error), truth) in fit.log_parameters.iter().zip(fit.log_errors().unwrap()).zip(truth) {
            assert!((found - truth.ln()).abs() < 4.0 * error, "{:?} {error}", fit.parameters());
        }
    }
}
