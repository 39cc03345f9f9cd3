//! Contracts that are renewed or lost: the shifted beta-geometric model and the beta-discrete-Weibull.
//!
//! Every contract has a probability `p` to be lost at its next renewal, and `p ~ Beta(alpha, beta)` over contracts, so
//! that those that remain are ever more loyal: `S(n) = B(alpha, beta + n) / B(alpha, beta)` is the share renewed `n` times
//! (sBG). In the beta-discrete-Weibull (BdW) a contract's own probability changes too, `S(n) = B(alpha, beta + n^c) / B`:
//! it falls with time for `c < 1` and rises for `c > 1`; `c = 1` is the sBG.
//!
//! Both read how many contracts stood before each renewal and how many were lost at it. Cohorts of different ages add up,
//! since a contract says something of each renewal that it has come to and nothing of the later ones.
//!
//! # References
//! Fader & Hardie (2007), J. Interactive Marketing 21(1), 76-90; (2010), Marketing Science 29(1), 85-93;
//! Fader, Hardie, Liu, Davin & Steenburgh (2018), Applied Stochastic Models 34 (BdW). `spec/lifetime-value.md` 2.6, 6.1
//! and 6.5.

use super::beta_sums::{beta_discounted, digamma_rise, ln_beta_fall, ln_one_less_exp};
use super::fit::{self, Fit, Options};

/// Which model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// The shifted beta-geometric.
    Sbg,
    /// The beta-discrete-Weibull.
    Bdw,
}

impl Family {
    /// Both, the simpler first.
    pub const ALL: [Family; 2] = [Family::Sbg, Family::Bdw];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Family::Sbg => "sbg",
            Family::Bdw => "bdw",
        }
    }

    /// Names of its parameters, in the order of a fit.
    pub fn parameters(self) -> &'static [&'static str] {
        match self {
            Family::Sbg => &["alpha", "beta"],
            Family::Bdw => &["alpha", "beta", "c"],
        }
    }
}

/// How many contracts came to each renewal, and how many were lost at it: `[n - 1]` is renewal `n`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Renewals {
    /// Contracts that came to the renewal.
    pub at_risk: Vec<f64>,
    /// Of them, lost there.
    pub lost: Vec<f64>,
}

impl Renewals {
    /// Renewals of one cohort, by how many are left at its start and after each renewal.
    pub fn of_cohort(left: &[f64]) -> Self {
        let pairs = left.windows(2);
        Renewals {
            at_risk: pairs.clone().map(|pair| pair[0]).collect(),
            lost: pairs.map(|pair| pair[0] - pair[1]).collect(),
        }
    }

    /// Contracts that came to at least one renewal.
    pub fn contracts(&self) -> f64 {
        self.at_risk.first().copied().unwrap_or(0.0)
    }

    /// Contracts lost.
    pub fn losses(&self) -> f64 {
        self.lost.iter().sum()
    }

    /// Renewals at which contracts were at risk: what a curve can be fitted through.
    pub fn observed(&self) -> usize {
        self.at_risk.iter().filter(|at_risk| **at_risk > 0.0).count()
    }

    /// The share of all renewals at which the contract was lost, and the log-likelihood of one same probability for all
    /// contracts and renewals: what the models collapse to when contracts do not differ.
    pub fn constant_loss(&self) -> (f64, f64) {
        let (at_risk, lost): (f64, f64) = (self.at_risk.iter().sum(), self.losses());
        let term = |count: f64| if count > 0.0 { count * (count / at_risk).ln() } else { 0.0 };
        (if at_risk > 0.0 { lost / at_risk } else { 0.0 }, term(lost) + term(at_risk - lost))
    }
}

/// A fitted curve: its parameters. `shape` is `c`, 1 for the sBG.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// First parameter of the beta distribution of the loss probability.
    pub alpha: f64,
    /// Second parameter.
    pub beta: f64,
    /// How a contract's own loss probability changes with time.
    pub shape: f64,
}

/// Most terms of a lifetime that has no closed form.
const MOST_TERMS: u32 = 2_000_000;

impl Curve {
    /// The curve of the parameters of a fit.
    pub fn of(parameters: &[f64]) -> Self {
        let at = |index: usize| parameters.get(index).copied().unwrap_or(1.0);
        Curve { alpha: at(0), beta: at(1), shape: at(2) }
    }

    /// Logarithm of the share of contracts renewed `from` times that are renewed `more` times more.
    pub fn ln_kept(&self, from: u32, more: u32) -> f64 {
        let clock = |n: u32| if self.shape == 1.0 { f64::from(n) } else { f64::from(n).powf(self.shape) };
        let start = clock(from);
        ln_beta_fall(self.alpha, self.beta + start, clock(from + more) - start)
    }

    /// Probability that a contract renewed `from` times is there after `more` renewals more.
    pub fn kept(&self, from: u32, more: u32) -> f64 {
        self.ln_kept(from, more).exp()
    }

    /// Share of contracts that are renewed `n` times at least.
    pub fn survival(&self, n: u32) -> f64 {
        self.kept(0, n)
    }

    /// Share of the contracts before renewal `n`, from 1, that are renewed.
    pub fn retention(&self, n: u32) -> f64 {
        self.kept(n - 1, 1)
    }

    /// Expected number of renewals among the next `horizon` of a contract renewed `from` times.
    pub fn expected_renewals(&self, from: u32, horizon: u32) -> f64 {
        (1..=horizon).map(|more| self.kept(from, more)).sum()
    }

    /// The same, each discounted by `z` a term to the day of the next renewal, whose payment is due at once.
    pub fn discounted_renewals(&self, from: u32, horizon: u32, z: f64) -> f64 {
        let mut discount = 1.0;
        let mut sum = 0.0;
        for more in 1..=horizon {
            sum += self.kept(from, more) * discount;
            discount *= z;
        }
        sum
    }

    /// Probabilities of 0, 1, ... `horizon` renewals among the next `horizon` of a contract renewed `from` times.
    pub fn renewal_probabilities(&self, from: u32, horizon: u32) -> Vec<f64> {
        let lost_after = |renewed: u32| self.kept(from, renewed) * (-self.ln_kept(from + renewed, 1).exp_m1());
        (0..horizon).map(lost_after).chain([self.kept(from, horizon)]).collect()
    }

    /// Discounted expected lifetime of a new contract, in terms, the first one included: `sum of S(t) z^t over t >= 0`,
    /// with `z` the discount of one term. None where it is not finite or too long to sum.
    pub fn expected_lifetime(&self, z: f64) -> Option<f64> {
        self.residual_lifetimes(1, z).map(|residual| 1.0 + z * residual[0])
    }

    /// Discounted expected residual lifetimes just before each of the renewals 1 to `last`, in terms: the payment at the
    /// renewal itself, if it comes, is due at once. None where they are not finite or too long to sum.
    pub fn residual_lifetimes(&self, last: u32, z: f64) -> Option<Vec<f64>> {
        if !(0.0..1.0).contains(&z) {
            return None;
        }
        let residuals = if self.shape == 1.0 {
            let residual = |n: u32| {
                let renewed = self.beta + f64::from(n);
                self.retention(n) * beta_discounted(self.alpha, renewed, z)
            };
            (1..=last).map(residual).collect()
        } else {
            self.summed_residuals(last, z)?
        };
        residuals.iter().all(|value| value.is_finite()).then_some(residuals)
    }

    /// `R(n) = r(n) (1 + z R(n + 1))` from far beyond `last` downwards. Whatever is put for the furthest one lies between 0
    /// and `1 / (1 - z)`, so that `R(last)` is off by `S(T) / S(last) z^(T - last) / (1 - z)` at most; the others by less.
    fn summed_residuals(&self, last: u32, z: f64) -> Option<Vec<f64>> {
        // R(last) is at least r(last).
        let enough = 1e-16_f64.ln() + self.ln_kept(last.saturating_sub(1), 1) + (-z).ln_1p();
        let error = |more: u32| self.ln_kept(last, more) + f64::from(more) * z.ln();
        let mut more = 16;
        while error(more) > enough {
            more *= 2;
            if more > MOST_TERMS {
                return None;
            }
        }
        let mut residual = 0.0;
        let mut residuals = vec![0.0; last as usize];
        for n in (1..=last + more).rev() {
            residual = self.retention(n) * (1.0 + z * residual);
            if n <= last {
                residuals[n as usize - 1] = residual;
            }
        }
        Some(residuals)
    }
}

/// Log-likelihood of `renewals` at log parameters, writing its gradient in them; negative infinity where a parameter is
/// beyond what doubles can hold, or makes impossible what has happened.
pub fn log_likelihood(family: Family, renewals: &Renewals, log_parameters: &[f64], gradient: &mut [f64]) -> f64 {
    gradient.fill(0.0);
    let parameters: Vec<f64> = log_parameters.iter().map(|value| value.exp()).collect();
    let curve = Curve::of(&parameters);
    let Curve { alpha, beta, shape } = curve;
    let mut sum = 0.0;
    let (mut clock_before, mut ln_before) = (0.0, 0.0);
    for (index, (&at_risk, &lost)) in renewals.at_risk.iter().zip(&renewals.lost).enumerate() {
        let n = (index + 1) as f64;
        let (clock, ln_n) = if family == Family::Sbg { (n, n.ln()) } else { (n.powf(shape), n.ln()) };
        let start = beta + clock_before;
        let step = clock - clock_before;
        let ln_kept = match family {
            Family::Sbg => -(alpha / start).ln_1p(),
            Family::Bdw => ln_beta_fall(alpha, start, step),
        };
        if at_risk > lost {
            sum += (at_risk - lost) * ln_kept;
        }
        if lost > 0.0 {
            sum += lost * ln_one_less_exp(ln_kept);
        }
        // d/dx of kept ln r + lost ln(1 - r) is (kept - lost r / (1 - r)) d(ln r)/dx.
        let odds = if lost > 0.0 { 1.0 / (-ln_kept).exp_m1() } else { 0.0 };
        let weight = (at_risk - lost) - lost * odds;
        let of_both = digamma_rise(alpha + start, step);
        gradient[0] -= weight * of_both * alpha;
        gradient[1] += weight * (digamma_rise(start, step) - of_both) * beta;
        if let Some(of_shape) = gradient.get_mut(2) {
            let pull = |clock: f64, ln_n: f64| {
                if clock > 0.0 { digamma_rise(beta + clock, alpha) * clock * ln_n } else { 0.0 }
            };
            *of_shape += weight * (pull(clock_before, ln_before) - pull(clock, ln_n)) * shape;
        }
        (clock_before, ln_before) = (clock, ln_n);
    }
    if sum.is_finite() && gradient.iter().all(|value| value.is_finite()) {
        sum
    } else {
        gradient.fill(0.0);
        f64::NEG_INFINITY
    }
}

/// Fits one model: the best of searches that begin near the mean loss, with contracts that differ little, much and very
/// much; for the BdW also of one that begins at the sBG, which it contains, so that it is never the worse of the two.
pub fn fit(family: Family, renewals: &Renewals) -> Fit {
    let mean = renewals.constant_loss().0.clamp(1e-6, 1.0 - 1e-6);
    let begin = |weight: f64, shape: Option<f64>| -> Vec<f64> {
        let pair = [(mean * weight).ln(), ((1.0 - mean) * weight).ln()];
        pair.into_iter().chain(shape.map(f64::ln)).collect()
    };
    let starts: Vec<Vec<f64>> = match family {
        Family::Sbg => [0.3, 2.0, 20.0].iter().map(|weight| begin(*weight, None)).collect(),
        Family::Bdw => {
            let same_shape = [fit(Family::Sbg, renewals).log_parameters, vec![0.0]].concat();
            vec![same_shape, begin(2.0, Some(1.0)), begin(2.0, Some(1.5)), begin(20.0, Some(0.7))]
        }
    };
    let likelihood =
        |log_parameters: &[f64], gradient: &mut [f64]| log_likelihood(family, renewals, log_parameters, gradient);
    fit::maximise(&likelihood, &starts, Options::of(renewals.contracts(), &[0, 1]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
