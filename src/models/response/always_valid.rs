//! An interval that may be looked at every night until the campaign is over: the mixture sequential probability ratio test.
//!
//! A plain interval covers the truth with its confidence once, at the end. Whoever looks every night and stops at the first
//! that leaves out zero is wrong far more often. The likelihood ratio of "some difference, normally distributed around zero"
//! against "none" is a martingale where there is none, and passes `1 / alpha` at any time with a chance of at most `alpha`
//! (Ville): the differences whose ratio never does are an interval for all looks together. It is wider.
//!
//! # References
//! Robbins (1970), Annals of Mathematical Statistics 41(5), 1397-1409; Johari, Koomen, Pekelis & Walsh (2022), Operations
//! Research 70(3), 1806-1821. The variance is estimated: the guarantee is that of large samples (Waudby-Smith, Arbour, Sinha,
//! Kennedy & Ramdas, 2024, Annals of Statistics 52(6), 2613-2640).

use super::difference::{Difference, Interval};

/// How much difference is thought of before anybody looked: the variance of the mixture, as a share of a customer's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mixture {
    rho2: f64,
    confidence: f64,
}

impl Mixture {
    /// The mixture whose interval is about as narrow as it can be once `units` customers were seen. It has to be chosen before
    /// the first look.
    ///
    /// # References
    /// Waudby-Smith & al. (2024), section 2.4: the first two terms of the Lambert function that is the exact optimum.
    pub fn narrowest_at(units: f64, confidence: f64) -> Mixture {
        let evidence = -2.0 * (1.0 - confidence).ln();
        Mixture { rho2: (evidence + evidence.ln_1p()) / units, confidence }
    }
}

/// What may be said at any time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlwaysValid {
    /// Where the true difference may be, at all looks together.
    pub interval: Interval,
    /// Chance that any look shows as much where there is no difference, at most.
    pub p_value: f64,
}

impl AlwaysValid {
    /// What `difference`, of `units` customers in both arms, says when it may be looked at again and again.
    pub fn of(difference: &Difference, units: f64, mixture: Mixture) -> AlwaysValid {
        let Difference { effect, std_error, .. } = *difference;
        // The mixture's variance over that of the difference.
        let weight = units * mixture.rho2;
        let inflated = 1.0 + weight;
        let ln_bound = inflated.ln() / 2.0 - (1.0 - mixture.confidence).ln();
        let half = std_error * (2.0 * ln_bound * inflated / weight).sqrt();
        let z = effect / std_error;
        let ln_ratio = z * z * weight / (2.0 * inflated) - inflated.ln() / 2.0;
        AlwaysValid { interval: Interval { lo: effect - half, hi: effect + half }, p_value: (-ln_ratio).exp().min(1.0) }
    }
}
