//! The BG/NBD family: gamma rates, and a chance to leave after each purchase.
//!
//! - BG/NBD (Fader, Hardie, Lee 2005): nobody leaves before the first repeat purchase.
//! - MBG/NBD (Batislam, Denizel, Filiztekin 2007): one may leave right after the first purchase.
//! - (M)BG/CNBD-k (Platzer, Reutterer 2016): purchases are every k-th event of a Poisson process, so their timing is the
//!   more regular the larger k is.
//!
//! Likelihood and expectations are written for all k at once (`spec/lifetime-value.md` 6.1 and 6.4); k = 1 is the Poisson
//! case. With `n = r + k x` and `m = 1` for the M variants:
//!
//! ```text
//! L = r ln a - ln G(r) - x ln G(k) + (k-1) sum ln gaps + logaddexp(alive, dead)
//! alive = ln B(a, b+x+m)/B(a,b) + ln G(n) - n ln(alpha+T) + ln S,  S = sum_{j<k} G(n+j)/(G(n) j!) ((T-t_x)/(alpha+T))^j
//! dead  = ln B(a+1, b+x-1+m)/B(a,b) + ln G(n) - n ln(alpha+t_x)    (for x > 0 or m = 1)
//! ```
//!
//! The future of the living is in `living`.

mod living;

use living::Living;
use statrs::function::beta::ln_beta;
use statrs::function::gamma::{digamma, ln_gamma};

use super::history::{Histories, History, add_up};
use super::outlook::Counts;
use super::process::{Effects, Outlook, Process, PurchaseModel};
use super::special::log_odds;

/// BG/NBD, MBG/NBD and their relatives with regular timing.
#[derive(Debug, Clone, Copy)]
pub struct BgNbd {
    /// Events for one purchase, 1 to 4: the regularity of timing.
    pub regularity: u32,
    /// Whether one may leave right after the first purchase.
    pub modified: bool,
}

const R: usize = 0;
const ALPHA: usize = 1;
const A: usize = 2;
const B: usize = 3;

impl BgNbd {
    fn m(self) -> f64 {
        if self.modified { 1.0 } else { 0.0 }
    }

    fn k(self) -> f64 {
        f64::from(self.regularity)
    }

    fn of_frequency(self, x: f64, [r, alpha, a, b]: [f64; 4]) -> OfFrequency {
        let (k, m) = (self.k(), self.m());
        let n = r + k * x;
        let both = digamma(a + b) - digamma(a + b + x + m);
        let ln_alive = ln_beta(a, b + x + m) - ln_beta(a, b);
        OfFrequency {
            n,
            alive: ln_gamma(n) - ln_gamma(r) + r * alpha.ln() - x * ln_gamma(k) + ln_alive,
            // B(a+1, b+x-1+m) / B(a, b+x+m) = a / (b+x-1+m)
            odds: (x > 0.0 || self.modified).then(|| a.ln() - (b + x - 1.0 + m).ln()),
            by_r: digamma(n) - digamma(r) + alpha.ln(),
            by_a: both,
            by_b: both + digamma(b + x + m) - digamma(b),
            dead_by_a: 1.0 / a,
            dead_by_b: -1.0 / (b + x - 1.0 + m),
        }
    }
}

/// Terms of one number of repeat purchases.
struct OfFrequency {
    /// `n = r + k x`
    n: f64,
    /// All of the likelihood of the living that no time touches.
    alive: f64,
    /// `ln B(a+1, b+x-1+m) - ln B(a, b+x+m)`; none where nobody can have left.
    odds: Option<f64>,
    /// The gradient in r that no time touches.
    by_r: f64,
    /// The gradient in a and b given alive, and what is added to it given dead.
    by_a: f64,
    by_b: f64,
    dead_by_a: f64,
    dead_by_b: f64,
}

/// `S`, and its derivatives in `n` and `q`.
fn phases(regularity: u32, n: f64, q: f64) -> (f64, f64, f64) {
    let (mut sum, mut by_n, mut by_q) = (1.0, 0.0, 0.0);
    // term_j = term_{j-1} (n + j - 1) q / j
    let (mut term, mut ln_by_n) = (1.0, 0.0);
    for j in 1..regularity {
        let j = f64::from(j);
        term *= (n + j - 1.0) * q / j;
        ln_by_n += 1.0 / (n + j - 1.0);
        sum += term;
        by_n += term * ln_by_n;
        by_q += if q > 0.0 {
            j * term / q
        } else if j == 1.0 {
            n
        } else {
            0.0
        };
    }
    (sum, by_n, by_q)
}

impl PurchaseModel for BgNbd {
    fn name(&self) -> &'static str {
        match (self.modified, self.regularity) {
            (false, 1) => "bg_nbd",
            (false, 2) => "bg_cnbd_2",
            (false, 3) => "bg_cnbd_3",
            (false, _) => "bg_cnbd_4",
            (true, 1) => "mbg_nbd",
            (true, 2) => "mbg_cnbd_2",
            (true, 3) => "mbg_cnbd_3",
            (true, _) => "mbg_cnbd_4",
        }
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["r", "alpha", "a", "b"]
    }

    fn scales(&self) -> &'static [usize] {
        &[ALPHA]
    }

    fn log_likelihood(&self, histories: &Histories, log_parameters: &[f64], gradient: &mut [f64]) -> f64 {
        let [r, alpha, a, b] = [R, ALPHA, A, B].map(|at| log_parameters[at].exp());
        let of_frequency: Vec<OfFrequency> =
            histories.frequency.values.iter().map(|x| self.of_frequency(*x, [r, alpha, a, b])).collect();
        let ln_age: Vec<f64> = histories.age.values.iter().map(|age| (alpha + age).ln()).collect();
        let ln_recency: Vec<f64> = histories.recency.values.iter().map(|recency| (alpha + recency).ln()).collect();
        let sum = add_up(histories.len(), gradient, |rows, gradient| {
            let (mut sum, mut by) = (0.0, [0.0; 4]);
            for row in rows {
                let count = histories.customers[row];
                let of = &of_frequency[histories.frequency.at[row] as usize];
                let (age_at, recency_at) = (histories.age.at[row] as usize, histories.recency.at[row] as usize);
                let (age, recency) = (histories.age.values[age_at], histories.recency.values[recency_at]);
                let (ln_age, ln_recency) = (ln_age[age_at], ln_recency[recency_at]);
                let mut value = of.alive - of.n * ln_age;
                let (mut by_r, mut by_alpha, mut ln_phases) = (-ln_age, -of.n / (alpha + age), 0.0);
                if self.regularity > 1 {
                    let q = (age - recency) / (alpha + age);
                    let (sum, by_n, by_q) = phases(self.regularity, of.n, q);
                    ln_phases = sum.ln();
                    value += ln_phases;
                    by_r += by_n / sum;
                    by_alpha -= by_q / sum * q / (alpha + age);
                }
                let mut w_dead = 0.0;
                if let Some(odds) = of.odds {
                    let (added, weight) = log_odds(odds + of.n * (ln_age - ln_recency) - ln_phases);
                    value += added;
                    w_dead = weight;
                }
                let w_alive = 1.0 - w_dead;
                sum += count * value;
                by[R] += count * (of.by_r + w_alive * by_r - w_dead * ln_recency);
                by[ALPHA] += count * (r / alpha + w_alive * by_alpha - w_dead * of.n / (alpha + recency));
                by[A] += count * (of.by_a + w_dead * of.dead_by_a);
                by[B] += count * (of.by_b + w_dead * of.dead_by_b);
            }
            for (gradient, (by, parameter)) in gradient.iter_mut().zip(by.iter().zip([r, alpha, a, b])) {
                *gradient += by * parameter;
            }
            sum
        });
        sum + (self.k() - 1.0) * histories.sum_ln_gaps
    }

    fn starts(&self, histories: &Histories) -> Vec<Vec<f64>> {
        let longest = histories.age.values.last().copied().unwrap_or(1.0).max(f64::MIN_POSITIVE);
        let k = self.k();
        [(1.0, longest / 10.0, 1.0, 2.5), (0.3, longest / 8.0, 0.8, 2.5), (2.0, longest / 3.0, 0.3, 3.0)]
            .iter()
            .map(|(r, alpha, a, b): &(f64, f64, f64, f64)| vec![r.ln(), (alpha / k).ln(), a.ln(), b.ln()])
            .collect()
    }

    fn collapses_to(&self, parameters: &[f64]) -> Option<&'static str> {
        let limit = super::fit::BOUNDARY.exp();
        let [r, a, b] = [parameters[R], parameters[A], parameters[B]];
        let dropout = a / (a + b);
        if dropout < 1.0 / limit {
            Some(if self.regularity == 1 { "nbd" } else { "cnbd without dropout" })
        } else if a > limit || b > limit || a + b > limit {
            Some("one dropout probability for all")
        } else if r > limit {
            Some("one purchase rate for all")
        } else if r < 1.0 / limit || a < 1.0 / limit || b < 1.0 / limit {
            Some("two kinds of customers")
        } else {
            None
        }
    }

    fn effects(&self) -> Effects {
        Effects { rate: &[0.0, -1.0, 0.0, 0.0], dropout: &[0.0, 0.0, 1.0, -1.0] }
    }

    fn process(&self, parameters: &[f64]) -> Box<dyn Process> {
        let [r, alpha, a, b] = [parameters[R], parameters[ALPHA], parameters[A], parameters[B]];
        Box::new(Leaving { model: *self, r, alpha, a, b })
    }
}

/// A model of the family with parameters.
struct Leaving {
    model: BgNbd,
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
}

impl Process for Leaving {
    fn p_alive(&self, history: &History) -> f64 {
        let (k, m, x) = (self.model.k(), self.model.m(), f64::from(history.frequency));
        if history.frequency == 0 && !self.model.modified {
            return 1.0;
        }
        let n = self.r + k * x;
        let age = self.alpha + history.age;
        let (phases, _, _) = phases(self.model.regularity, n, (history.age - history.recency) / age);
        let ratio = ((history.age - history.recency) / (self.alpha + history.recency)).ln_1p();
        let odds = self.a.ln() - (self.b + x - 1.0 + m).ln() + n * ratio - phases.ln();
        1.0 / (1.0 + odds.exp())
    }

    fn phases(&self) -> usize {
        self.model.regularity as usize
    }

    fn phase_weights(&self, history: &History, weights: &mut [f64]) {
        let n = self.r + self.model.k() * f64::from(history.frequency);
        let q = (history.age - history.recency) / (self.alpha + history.age);
        let mut term = 1.0;
        for (j, weight) in weights.iter_mut().enumerate() {
            if j > 0 {
                term *= (n + j as f64 - 1.0) * q / j as f64;
            }
            *weight = term;
        }
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
    }

    fn outlook(&self, frequency: u32, age: f64, phase: usize) -> Box<dyn Outlook> {
        let x = f64::from(frequency);
        Box::new(Living {
            k: self.model.regularity as usize,
            phase,
            events: Counts { shape: self.r + self.model.k() * x + phase as f64, scale: self.alpha + age },
            a: self.a,
            b: self.b + x + self.model.m(),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::special::log_add;
    use super::*;

    /// The likelihood's own sum of the living and the dead, for tests of the odds form.
    fn by_the_book(model: BgNbd, [r, alpha, a, b]: [f64; 4], history: &History) -> f64 {
        let (k, m, x) = (model.k(), model.m(), f64::from(history.frequency));
        let n = r + k * x;
        let alive = ln_beta(a, b + x + m) - ln_beta(a, b);
        let phases: Vec<f64> = (0..model.regularity)
            .map(|j| {
                let j = f64::from(j);
                let passed = if j == 0.0 { 0.0 } else { j * (history.age - history.recency).ln() };
                ln_gamma(n + j) - ln_gamma(j + 1.0) - (n + j) * (alpha + history.age).ln() + passed
            })
            .collect();
        let alive = alive + phases.into_iter().fold(f64::NEG_INFINITY, log_add);
        let dead = if history.frequency > 0 || model.modified {
            ln_beta(a + 1.0, b + x - 1.0 + m) - ln_beta(a, b) + ln_gamma(n) - n * (alpha + history.recency).ln()
        } else {
            f64::NEG_INFINITY
        };
        r * alpha.ln() - ln_gamma(r) - x * ln_gamma(k) + log_add(alive, dead)
    }

    #[test]
    fn the_odds_form_is_the_sum_of_the_living_and_the_dead() {
        for regularity in 1..=4 {
            for modified in [false, true] {
                let model = BgNbd { regularity, modified };
                for history in [
                    History::new(0, 0.0, 38.9),
                    History::new(2, 30.4, 38.9),
                    History::new(7, 20.0, 20.0),
                    History::new(120, 300.0, 700.0),
                ] {
                    let parameters = [0.24, 4.4, 0.8, 2.4];
                    let mut gradient = [0.0; 4];
                    let found =
                        model.log_likelihood(&Histories::new(&[history]), &parameters.map(f64::ln), &mut gradient);
                    let wanted = by_the_book(model, parameters, &history);
                    assert!(
                        (found - wanted).abs() < 1e-10 * wanted.abs().max(1.0),
                        "{model:?} {history:?}: {found} {wanted}"
                    );
                    // The gradient against differences.
                    for at in 0..4 {
                        let beside = |by: f64| {
                            let mut moved = parameters.map(f64::ln);
                            moved[at] += by;
                            model.log_likelihood(&Histories::new(&[history]), &moved, &mut [0.0; 4])
                        };
                        let difference = (beside(1e-5) - beside(-1e-5)) / 2e-5;
                        assert!(
                            (difference - gradient[at]).abs() < 1e-5 * gradient[at].abs().max(1.0),
                            "{model:?} {history:?} {at}: {difference} {}",
                            gradient[at]
                        );
                    }
                }
            }
        }
    }
}
