//! Maximum likelihood in log parameters: damped Newton with analytic gradients, and everything that says how it ended.
//!
//! The Hessian is a difference of gradients. A step is damped (Levenberg) until it raises the likelihood, and is never
//! longer than [`LONGEST_STEP`], so that a flat ridge is walked and not leapt over. A parameter that leaves the range in
//! which it means something ends the search as [`Termination::Boundary`]: the model then is a simpler one in the limit, and
//! says which (`collapses_to`).

use nalgebra::{DMatrix, DVector};

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
    /// Which of the log parameters the boundary is for, counted from 0.
    pub bounded: &'a [usize],
    /// Which of them carry the unit of time, and the longest time there is: the boundary is counted from its logarithm.
    pub scales: (&'a [usize], f64),
}

impl<'a> Options<'a> {
    /// The usual search.
    pub fn of(customers: f64, bounded: &'a [usize]) -> Self {
        Options { customers, most_iterations: 200, bounded, scales: (&[], 1.0) }
    }

    /// With parameters that carry the unit of time.
    pub fn with_scales(self, scales: &'a [usize], longest: f64) -> Self {
        Options { scales: (scales, longest), ..self }
    }

    /// Whether a parameter is beyond its boundary.
    fn outside(&self, at: &[f64]) -> bool {
        let (scales, longest) = self.scales;
        let centre = longest.max(f64::MIN_POSITIVE).ln();
        self.bounded.iter().any(|bounded| at[*bounded].abs() > BOUNDARY)
            || scales.iter().any(|scale| (at[*scale] - centre).abs() > BOUNDARY)
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
    /// There was no search: the parameters are means, which stand in for those of a model.
    Means,
}

impl Termination {
    /// Its name in `ltv_models`.
    pub fn name(self) -> &'static str {
        match self {
            Termination::Converged => "converged",
            Termination::Boundary => "boundary",
            Termination::MaxIterations => "max_iterations",
            Termination::Frozen => "frozen",
            Termination::Means => "means",
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
        // Beyond the boundary the ridge goes on for ever, and each step along it costs as much as one that matters.
        if per_customer(&gradient) < GRADIENT_TOLERANCE * 1e-2 || options.outside(&at) {
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
    let gradient_norm = per_customer(&gradient);
    let termination = if options.outside(&at) {
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
