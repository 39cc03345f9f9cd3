//! The seam of the purchase models: what each of them can say.
//!
//! A [`PurchaseModel`] is a likelihood. With parameters it is a [`Process`], which says how likely a customer with a
//! history is still alive, and in which phase. Given that, the past matters only through `x` and `T` in all of these models
//! (not through `t_x`), so that the [`Outlook`] of the living is made once for all customers who share both, and each
//! customer's figures are `P(alive)` times it.

use super::history::{Histories, History};

/// A family of purchase processes with unknown parameters.
pub trait PurchaseModel: Sync + Send {
    /// Its name in `ltv_models`.
    fn name(&self) -> &'static str;

    /// The letters of its parameters, as the papers have them, in the order of all slices of parameters.
    fn parameters(&self) -> &'static [&'static str];

    /// Which of the parameters are scales, in the unit of time.
    fn scales(&self) -> &'static [usize];

    /// The log-likelihood of all histories, and its gradient in the log parameters, which is added to `gradient`. The
    /// convention is that of Fader, Hardie and Lee (2005): factors that no parameter touches are left out, so likelihoods
    /// are compared only among these models.
    fn log_likelihood(&self, histories: &Histories, log_parameters: &[f64], gradient: &mut [f64]) -> f64;

    /// Log parameters to search from.
    fn starts(&self, histories: &Histories) -> Vec<Vec<f64>>;

    /// The simpler model that parameters at their limits are.
    fn collapses_to(&self, parameters: &[f64]) -> Option<&'static str>;

    /// What a covariate moves. A rate effect `g` means purchases `e^(g z)` times as often, a dropout effect the same for leaving.
    fn effects(&self) -> Effects;

    /// The model with these parameters.
    fn process(&self, parameters: &[f64]) -> Box<dyn Process>;
}

/// How covariate effects enter the log parameters: `ln p_i = ln p + factor * effect * z`.
#[derive(Debug, Clone, Copy)]
pub struct Effects {
    /// Of the effect on the purchase rate, by parameter.
    pub rate: &'static [f64],
    /// Of the effect on dropout, by parameter; empty where the model knows no dropout.
    pub dropout: &'static [f64],
}

/// A purchase process with known parameters.
pub trait Process: Sync + Send {
    /// The probability that a customer with this history is alive at the end of observation.
    fn p_alive(&self, history: &History) -> f64;

    /// How many phases a living customer may be in.
    fn phases(&self) -> usize {
        1
    }

    /// The probability of each phase of a living customer.
    fn phase_weights(&self, _history: &History, weights: &mut [f64]) {
        weights[0] = 1.0;
    }

    /// The future of a living customer with `x` repeat purchases at age `T` in a phase.
    fn outlook(&self, frequency: u32, age: f64, phase: usize) -> Box<dyn Outlook>;

    /// Expected repeat purchases of a new customer by the age `t`.
    fn expected_of_new(&self, t: f64) -> f64 {
        let new = History::new(0, 0.0, 0.0);
        self.p_alive(&new) * self.outlook(0, 0.0, 0).expected(t)
    }
}

/// The future of a living customer.
pub trait Outlook: Sync + Send {
    /// How long ago what it knows began, in the sense in which the future flattens: `alpha + T`.
    fn time_scale(&self) -> f64;

    /// Expected purchases within `t` from now.
    fn expected(&self, t: f64) -> f64;

    /// Probabilities of 0, 1, 2, ... purchases within `t`, until what is left is below 1e-12.
    fn distribution(&self, t: f64) -> Vec<f64>;

    /// Probability of no purchase within `t`. Falls with `t`.
    fn p_none(&self, t: f64) -> f64;

    /// Probability of being alive still after `t`.
    fn p_alive_after(&self, t: f64) -> f64;

    /// Discounted expected residual transactions over an infinite horizon, at the continuous rate `rate` (above 0) for a
    /// unit of time.
    fn discounted(&self, rate: f64) -> f64;

    /// Expected purchases within `t`, discounted: by parts, `e^(-rate t) E(t) + rate times the integral of
    /// e^(-rate u) E(u)`, on Gauss-Legendre panels that grow with time as the curve flattens.
    fn discounted_within(&self, t: f64, rate: f64) -> f64 {
        if rate == 0.0 {
            return self.expected(t);
        }
        let integral = super::special::integrate(t, self.time_scale(), |u| (-rate * u).exp() * self.expected(u));
        (-rate * t).exp() * self.expected(t) + rate * integral
    }
}
