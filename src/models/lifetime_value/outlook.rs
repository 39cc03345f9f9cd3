//! Counts of events to come, when the rate of a customer is gamma distributed: negative binomial.

use statrs::function::gamma::ln_gamma;

/// Events beyond which a series is too long.
pub const MOST_EVENTS: usize = 200_000;

/// Where the rest of a distribution is nothing.
const REST: f64 = 1e-17;

/// Logarithm of a probability from which products of ratios begin with all digits of a double.
const LN_LEAST: f64 = -600.0;

/// Events of a Poisson process whose rate has a gamma distribution.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    /// Shape of the distribution of the rate.
    pub shape: f64,
    /// Its inverse scale, in time.
    pub scale: f64,
}

impl Counts {
    /// Expected events within `t`.
    pub fn mean(self, t: f64) -> f64 {
        self.shape * t / self.scale
    }

    /// Probability of no event within `t`.
    pub fn p_none(self, t: f64) -> f64 {
        (-self.shape * (t / self.scale).ln_1p()).exp()
    }

    /// Whether [`Counts::probabilities`] is a series of bearable length.
    pub fn is_short(self, t: f64) -> bool {
        // Beyond the mean, terms fall at least like z^i.
        self.mean(t) + 60.0 * (1.0 + t / self.scale) * (1.0 + self.shape.sqrt()) < MOST_EVENTS as f64
    }

    /// Probabilities of 0, 1, 2, ... events within `t`, until what is left is below 1e-17. Begins at the mode and works
    /// outwards where no event at all is too unlikely for a double.
    pub fn probabilities(self, t: f64) -> Vec<f64> {
        let z = t / (self.scale + t);
        let none = self.p_none(t);
        let mut events = if none > 1e-290 { vec![none] } else { self.up_to_the_mode(z) };
        let mean = self.mean(t);
        let mut probability = events[events.len() - 1];
        while events.len() < MOST_EVENTS {
            let i = events.len() as f64;
            let ratio = z * (self.shape + i - 1.0) / i;
            probability *= ratio;
            events.push(probability);
            // From here terms fall at least by the ratio.
            if i > mean && ratio < 1.0 && probability * ratio / (1.0 - ratio) < REST {
                break;
            }
        }
        events
    }

    /// The probabilities of 0, 1, 2, ... events without end, which begin as zeros where they are too small for a double.
    pub fn series(self, t: f64) -> impl Iterator<Item = f64> {
        let z = t / (self.scale + t);
        let ln_none = -self.shape * (t / self.scale).ln_1p();
        // (events, logarithm while that is far below what a product could climb back from, probability)
        let first = (0.0, ln_none, ln_none.exp());
        std::iter::successors(Some(first), move |(i, ln, probability)| {
            let ratio = z * (self.shape + i) / (i + 1.0);
            Some(if *ln < LN_LEAST {
                let ln = ln + ratio.ln();
                (i + 1.0, ln, ln.exp())
            } else {
                (i + 1.0, *ln, probability * ratio)
            })
        })
        .map(|(_, _, probability)| probability)
    }

    fn up_to_the_mode(self, z: f64) -> Vec<f64> {
        let mode = ((self.shape - 1.0).max(0.0) * z / (1.0 - z)).floor().min(MOST_EVENTS as f64 / 2.0);
        let ln = ln_gamma(self.shape + mode) - ln_gamma(self.shape) - ln_gamma(mode + 1.0)
            + self.shape * (-z).ln_1p()
            + mode * z.ln();
        let middle = mode as usize;
        let mut events = vec![0.0; middle + 1];
        events[middle] = ln.exp();
        for i in (0..middle).rev() {
            let above = (i + 1) as f64;
            events[i] = events[i + 1] * above / (z * (self.shape + above - 1.0));
            if events[i] == 0.0 {
                break;
            }
        }
        events
    }
}

/// Probabilities of at least 0, 1, 2, ... events: sums of positive terms, smallest first.
pub fn at_least(probabilities: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; probabilities.len() + 1];
    for i in (0..probabilities.len()).rev() {
        sums[i] = sums[i + 1] + probabilities[i];
    }
    sums
}
