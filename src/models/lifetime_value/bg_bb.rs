//! Purchases at occasions that everybody has: the beta-geometric/beta-binomial model (BG/BB).
//!
//! At each of `n` opportunities (a yearly appeal, a fair, a flight season) a customer who is alive buys with probability
//! `p`, and before each one leaves for ever with probability `theta`; over customers `p ~ Beta(alpha, beta)` and
//! `theta ~ Beta(gamma, delta)`. Who bought at `x` opportunities, the last of them number `t_x`, may have left after any
//! later one or be alive still. There are no more than a few dozen such cells, however many customers there are.
//!
//! # References
//! Fader, Hardie & Shang (2010), Marketing Science 29(6), 1086-1108. `spec/lifetime-value.md` 2.3 and 6.1.

use super::beta_sums::beta_discounted;
use super::fit::{self, Fit, Options};

/// Names of the parameters, in the order of a fit.
pub const PARAMETERS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];

/// Customers with one history of opportunities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Opportunities at which they bought, `x`.
    pub frequency: u32,
    /// Number of the last of them, from 1, `t_x`; 0 for who bought at none.
    pub recency: u32,
    /// Opportunities there were, `n`.
    pub opportunities: u32,
    /// How many customers.
    pub customers: f64,
}

impl Cell {
    /// Why no model can be right about this history, if it is impossible.
    pub fn fault(&self) -> Option<&'static str> {
        if self.frequency > self.recency {
            Some("more purchases than opportunities up to the last of them")
        } else if self.recency > self.opportunities {
            Some("the last purchase is after the last opportunity")
        } else if self.frequency == 0 && self.recency > 0 {
            Some("a last purchase, but no purchase")
        } else {
            None
        }
    }
}

/// For whole numbers `k` up to a longest: `ln (a)_k`, the rising factorial, and `psi(a + k) - psi(a)`.
struct Rise {
    ln: Vec<f64>,
    digamma: Vec<f64>,
}

impl Rise {
    fn new(a: f64, longest: u32) -> Self {
        let (mut ln, mut digamma) = (0.0, 0.0);
        let mut rise = Rise { ln: Vec::new(), digamma: Vec::new() };
        for k in 0..=longest {
            rise.ln.push(ln);
            rise.digamma.push(digamma);
            ln += (a + f64::from(k)).ln();
            digamma += 1.0 / (a + f64::from(k));
        }
        rise
    }
}

/// A fitted model: its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BgBb {
    /// Of the distribution of the purchase probability.
    pub alpha: f64,
    /// Of the same.
    pub beta: f64,
    /// Of the distribution of the probability to leave.
    pub gamma: f64,
    /// Of the same.
    pub delta: f64,
}

/// Rising factorials of all that the likelihood is made of.
struct Rises {
    alpha: Rise,
    beta: Rise,
    bought: Rise,
    delta: Rise,
    left: Rise,
    ln_gamma: f64,
    inverse_gamma: f64,
}

impl Rises {
    fn new(model: &BgBb, longest: u32) -> Self {
        let rise = |a: f64| Rise::new(a, longest + 1);
        Rises {
            alpha: rise(model.alpha),
            beta: rise(model.beta),
            bought: rise(model.alpha + model.beta),
            delta: rise(model.delta),
            left: rise(model.gamma + model.delta),
            ln_gamma: model.gamma.ln(),
            inverse_gamma: 1.0 / model.gamma,
        }
    }

    /// `x` purchases at certain ones of `n` opportunities, for somebody alive at all of them.
    fn ln_bought(&self, x: usize, n: usize) -> f64 {
        self.alpha.ln[x] + self.beta.ln[n - x] - self.bought.ln[n]
    }

    /// Having let `n` chances to leave pass.
    fn ln_stayed(&self, n: usize) -> f64 {
        self.delta.ln[n] - self.left.ln[n]
    }

    /// Leaving at the chance after `n` that were let pass.
    fn ln_left(&self, n: usize) -> f64 {
        self.ln_gamma + self.delta.ln[n] - self.left.ln[n + 1]
    }

    /// Log-likelihood of one history, with the share of it in which the customer is alive at all opportunities; `each` is
    /// told the share of every way in which the history can have come about: opportunities lived through, and whether the
    /// customer left then.
    fn history(&self, x: usize, t_x: usize, n: usize, mut each: impl FnMut(f64, usize, bool)) -> (f64, f64) {
        let alive = self.ln_bought(x, n) + self.ln_stayed(n);
        let dead = |lived: usize| self.ln_bought(x, lived) + self.ln_left(lived);
        let most = (t_x..n).map(dead).fold(alive, f64::max);
        let sum: f64 = (t_x..n).map(|lived| (dead(lived) - most).exp()).sum::<f64>() + (alive - most).exp();
        let value = most + sum.ln();
        let share = (alive - value).exp().min(1.0);
        each(share, n, false);
        (t_x..n).for_each(|lived| each((dead(lived) - value).exp(), lived, true));
        (value, share)
    }
}

/// Log-likelihood of `cells` at log parameters, writing its gradient in them; negative infinity where a parameter is beyond
/// what doubles can hold.
pub fn log_likelihood(cells: &[Cell], log_parameters: &[f64], gradient: &mut [f64]) -> f64 {
    let model = BgBb::of(&log_parameters.iter().map(|value| value.exp()).collect::<Vec<f64>>());
    let longest = cells.iter().map(|cell| cell.opportunities).max().unwrap_or(0);
    let rises = Rises::new(&model, longest);
    let (mut sum, mut slopes) = (0.0, [0.0; 4]);
    for cell in cells {
        let (x, t_x, n) = (cell.frequency as usize, cell.recency as usize, cell.opportunities as usize);
        let mut of_cell = [0.0; 4];
        let (value, _) = rises.history(x, t_x, n, |share, lived, left| {
            let both = rises.bought.digamma[lived];
            of_cell[0] += share * (rises.alpha.digamma[x] - both);
            of_cell[1] += share * (rises.beta.digamma[lived - x] - both);
            let chances = rises.left.digamma[lived + usize::from(left)];
            of_cell[2] += share * (if left { rises.inverse_gamma } else { 0.0 } - chances);
            of_cell[3] += share * (rises.delta.digamma[lived] - chances);
        });
        sum += cell.customers * value;
        slopes.iter_mut().zip(of_cell).for_each(|(slope, of_cell)| *slope += cell.customers * of_cell);
    }
    for ((slope, of_model), parameter) in gradient.iter_mut().zip(slopes).zip(model.parameters()) {
        *slope = of_model * parameter;
    }
    if sum.is_finite() && gradient.iter().all(|slope| slope.is_finite()) {
        sum
    } else {
        gradient.fill(0.0);
        f64::NEG_INFINITY
    }
}

/// Fits the model to histories that are possible ([`Cell::fault`]).
pub fn fit(cells: &[Cell]) -> Fit {
    let starts = [[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 0.5, 3.0], [0.5, 4.0, 0.5, 10.0]];
    let starts: Vec<Vec<f64>> = starts.iter().map(|start: &[f64; 4]| start.iter().map(|p| p.ln()).collect()).collect();
    let likelihood = |log_parameters: &[f64], gradient: &mut [f64]| log_likelihood(cells, log_parameters, gradient);
    fit::maximise(&likelihood, &starts, Options::of(cells.iter().map(|cell| cell.customers).sum(), &[0, 1, 2, 3]))
}

/// What a fitted model says of the future of one history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Future {
    /// Probability to be alive at the last opportunity there was.
    alive: f64,
    /// The purchase probability of somebody with this history who is alive: Beta(a, b).
    bought: (f64, f64),
    /// The probability to leave of somebody with this history who is alive: Beta(gamma, delta + n).
    left: (f64, f64),
}

impl BgBb {
    /// The model of the parameters of a fit.
    pub fn of(parameters: &[f64]) -> Self {
        let at = |index: usize| parameters.get(index).copied().unwrap_or(1.0);
        BgBb { alpha: at(0), beta: at(1), gamma: at(2), delta: at(3) }
    }

    /// Its parameters, in the order of [`PARAMETERS`].
    pub fn parameters(&self) -> [f64; 4] {
        [self.alpha, self.beta, self.gamma, self.delta]
    }

    /// What the model says of a customer who bought at `x` of `n` opportunities, the last time at number `t_x`. The history
    /// has to be possible ([`Cell::fault`]).
    pub fn future(&self, x: u32, t_x: u32, n: u32) -> Future {
        let rises = Rises::new(self, n);
        let (_, alive) = rises.history(x as usize, t_x as usize, n as usize, |_, _, _| {});
        Future {
            alive,
            bought: (self.alpha + f64::from(x), self.beta + f64::from(n - x)),
            left: (self.gamma, self.delta + f64::from(n)),
        }
    }
}

impl Future {
    /// Probability to be alive at the opportunity `ahead` from now: 0 is the last there was, 1 the next.
    pub fn p_alive(&self, ahead: u32) -> f64 {
        self.alive * self.stayed().take(ahead as usize + 1).last().unwrap_or(1.0)
    }

    /// Expected purchases at the next `ahead` opportunities.
    pub fn expected_purchases(&self, ahead: u32) -> f64 {
        self.alive * self.rate() * self.stayed().skip(1).take(ahead as usize).sum::<f64>()
    }

    /// Probabilities of 0, 1, ... `ahead` purchases at the next `ahead` opportunities.
    pub fn purchase_probabilities(&self, ahead: u32) -> Vec<f64> {
        let most = ahead as usize;
        let stayed: Vec<f64> = self.stayed().take(most + 1).collect();
        let (a, b) = self.bought;
        let rise = |a: f64| Rise::new(a, ahead).ln;
        let (of_a, of_b, of_both, factorials) = (rise(a), rise(b), rise(a + b), rise(1.0));
        let bought = |purchases: usize, lived: usize| {
            let missed = lived - purchases;
            let ways = factorials[lived] - factorials[purchases] - factorials[missed];
            (ways + of_a[purchases] + of_b[missed] - of_both[lived]).exp()
        };
        let leaves = self.leaves(&stayed);
        let mut probabilities: Vec<f64> = (0..=most)
            .map(|purchases| {
                let left: f64 = (purchases..most).map(|lived| bought(purchases, lived) * leaves[lived]).sum();
                self.alive * (left + bought(purchases, most) * stayed[most])
            })
            .collect();
        probabilities[0] += 1.0 - self.alive;
        probabilities.iter_mut().for_each(|probability| *probability = probability.min(1.0));
        probabilities
    }

    /// Probability of no purchase at the next `ahead` opportunities.
    pub fn p_none(&self, ahead: u32) -> f64 {
        let stayed: Vec<f64> = self.stayed().take(ahead as usize + 1).collect();
        let leaves = self.leaves(&stayed);
        let (a, b) = self.bought;
        let (mut missed, mut left) = (1.0, 0.0);
        for lived in 0..ahead {
            left += missed * leaves[lived as usize];
            missed *= (b + f64::from(lived)) / (a + b + f64::from(lived));
        }
        (1.0 - self.alive + self.alive * (left + missed * stayed[ahead as usize])).min(1.0)
    }

    /// Discounted expected residual transactions: expected purchases at all opportunities to come, the next one discounted
    /// once, with `z` the discount from one opportunity to the next. None where it need not be finite, without discount.
    pub fn discounted_purchases(&self, z: f64) -> Option<f64> {
        if !(0.0..1.0).contains(&z) {
            return None;
        }
        let (gamma, delta) = self.left;
        let next = delta / (gamma + delta);
        Some(self.alive * self.rate() * next * z * beta_discounted(gamma, delta + 1.0, z))
    }

    /// Expected purchase probability of somebody with this history who is alive.
    fn rate(&self) -> f64 {
        let (a, b) = self.bought;
        a / (a + b)
    }

    /// Probability that somebody alive now is alive at 0, 1, ... opportunities from now.
    fn stayed(&self) -> impl Iterator<Item = f64> {
        let (gamma, delta) = self.left;
        let stay = move |ahead: u32| (delta + f64::from(ahead)) / (gamma + delta + f64::from(ahead));
        (0..).scan(1.0, move |stayed, ahead| {
            let now = *stayed;
            *stayed *= stay(ahead);
            Some(now)
        })
    }

    /// Probability to leave after living through 0, 1, ... opportunities from now.
    fn leaves(&self, stayed: &[f64]) -> Vec<f64> {
        let (gamma, delta) = self.left;
        (0_u32..).zip(stayed).map(|(ahead, stayed)| stayed * (gamma / (gamma + delta + f64::from(ahead)))).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
