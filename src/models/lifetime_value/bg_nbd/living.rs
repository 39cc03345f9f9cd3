//! The future of a living customer of the BG/NBD family.
//!
//! Given alive, the count of the future is a series of positive terms: nothing cancels, whatever the parameters. The
//! textbook form with 2F1 is singular at a = 1 and negative for x = 0 and a + b < 1.

use super::super::outlook::{Counts, at_least};
use super::super::process::Outlook;
use super::super::special::{beta_expectation, gamma_expectation, geometric_beta};

/// Purchases whose phases matter in the long run.
const FIRST_PURCHASES: usize = 1_000;

/// Relative error of the expectation over dropout probabilities in the long run.
const LONG_RUN_ERROR: f64 = 1e-9;

/// A living customer: events come at a gamma distributed rate, and `phase` of them came since the last purchase.
pub(super) struct Living {
    /// Events for one purchase.
    pub k: usize,
    /// Events since the last purchase.
    pub phase: usize,
    /// Events to come.
    pub events: Counts,
    /// The distribution of the dropout probability, after all purchases so far.
    pub a: f64,
    /// The other shape of it.
    pub b: f64,
}

impl Living {
    /// The chance of no dropout at the next purchase, after `purchases` more.
    fn stays(&self, purchases: usize) -> f64 {
        (self.b + purchases as f64) / (self.a + self.b + purchases as f64)
    }

    /// Events to the `purchase`th purchase from now.
    fn events_to(&self, purchase: usize) -> usize {
        (self.k * purchase).saturating_sub(self.phase)
    }

    /// Where the series of events is too long, time is so long that phases do not matter: purchases then come like
    /// Poisson events at a k-th of the rate. Given the dropout probability `p`, that is an integral over it.
    fn in_the_long_run(&self, t: f64, p: f64) -> f64 {
        -self.events.shape * (p * t / (self.k as f64 * self.events.scale)).ln_1p()
    }

    /// Over the first purchases, the probability of not having reached each by `t`, times `of` the probabilities to have
    /// stayed before and after it: with phases, and as [`Living::in_the_long_run`] has it. Those who buy hardly ever are
    /// never in the long run.
    fn not_yet(&self, t: f64, of: impl Fn(f64, f64) -> f64) -> (f64, f64) {
        let slow = Counts { shape: self.events.shape, scale: self.k as f64 * self.events.scale };
        let (mut events, purchases) = (self.events.series(t), slow.series(t));
        let (mut with_phases, mut without) = (0.0, 0.0);
        let (mut stayed, mut not_by_events, mut not_by_purchases) = (1.0, 0.0, 0.0);
        for (purchase, exactly) in purchases.take(FIRST_PURCHASES).enumerate() {
            not_by_purchases += exactly;
            let more = self.events_to(purchase + 1) - self.events_to(purchase);
            not_by_events += events.by_ref().take(more).sum::<f64>();
            let stays = stayed * self.stays(purchase);
            with_phases += not_by_events * of(stayed, stays);
            without += not_by_purchases * of(stayed, stays);
            stayed = stays;
        }
        (with_phases, without)
    }
}

impl Outlook for Living {
    /// Purchases are expected every `k scale / shape`, which regular timing shows in the curve; without, only that people
    /// leave does, after so many of them.
    fn time_scale(&self) -> f64 {
        let gap = self.k as f64 * self.events.scale / self.events.shape;
        let bend = if self.k > 1 { gap } else { gap * (self.a + self.b) / self.a };
        bend.min(self.events.scale)
    }

    fn expected(&self, t: f64) -> f64 {
        if t <= 0.0 {
            return 0.0;
        }
        if !self.events.is_short(t) {
            let long_run = beta_expectation(self.a, self.b, |p| -self.in_the_long_run(t, p).exp_m1() / p);
            let (with_phases, without) = self.not_yet(t, |before, _| before);
            return (long_run - (with_phases - without)).max(0.0);
        }
        let reached = at_least(&self.events.probabilities(t));
        let (mut sum, mut stayed) = (0.0, 1.0);
        for purchase in 1.. {
            let Some(reached) = reached.get(self.events_to(purchase)) else { break };
            sum += reached * stayed;
            stayed *= self.stays(purchase - 1);
        }
        sum
    }

    fn distribution(&self, t: f64) -> Vec<f64> {
        let events = self.events.probabilities(t);
        let at_least = at_least(&events);
        let reached = |purchase: usize| at_least.get(self.events_to(purchase)).copied().unwrap_or(0.0);
        // From the front: a complement would lose the digits of a small probability.
        let mut counts = vec![events.iter().take(self.events_to(1)).sum()];
        // Probability to have stayed after each of the purchases so far.
        let mut stayed = 1.0;
        for purchase in 1.. {
            let stays = self.stays(purchase - 1);
            let exactly: f64 = events.iter().take(self.events_to(purchase + 1)).skip(self.events_to(purchase)).sum();
            let left = reached(purchase) * stayed * (1.0 - stays);
            stayed *= stays;
            counts.push(exactly * stayed + left);
            if reached(purchase + 1) * stayed < 1e-12 {
                break;
            }
        }
        counts
    }

    fn p_none(&self, t: f64) -> f64 {
        let z = t / (self.events.scale + t);
        let mut term = self.events.p_none(t);
        let mut sum = term;
        for i in 1..self.events_to(1) {
            term *= z * (self.events.shape + i as f64 - 1.0) / i as f64;
            sum += term;
        }
        sum.min(1.0)
    }

    fn p_alive_after(&self, t: f64) -> f64 {
        if !self.events.is_short(t) {
            let long_run = beta_expectation(self.a, self.b, |p| self.in_the_long_run(t, p).exp());
            let (with_phases, without) = self.not_yet(t, |before, after| before - after);
            // Those with few purchases may be all who are left, and phases may make them rarer by many orders than the long
            // run has them. What is then left of the difference is its rounding.
            let later = long_run - without;
            return if later > LONG_RUN_ERROR * long_run { with_phases + later } else { with_phases }.min(1.0);
        }
        let (mut sum, mut stayed, mut purchases) = (0.0, 1.0, 0);
        for (i, probability) in self.events.probabilities(t).iter().enumerate() {
            while self.events_to(purchases + 1) <= i {
                stayed *= self.stays(purchases);
                purchases += 1;
            }
            sum += probability * stayed;
        }
        sum.min(1.0)
    }

    /// Given a rate, the n-th purchase comes after `k n - phase` events, each of which discounts by `w = rate / (rate +
    /// discount)`: the sum over n is `w^(k - phase) 2F1(1, b; a+b; w^k)`, whose expectation over the gamma distribution of
    /// rates is one integral of a smooth function.
    fn discounted(&self, rate: f64) -> f64 {
        gamma_expectation(self.events.shape, self.events.scale, |purchase_rate| {
            let ln_w = -(rate / purchase_rate).ln_1p();
            (ln_w * self.events_to(1) as f64).exp() * geometric_beta(self.b, self.a + self.b, ln_w * self.k as f64)
        })
    }
}

#[cfg(test)]
mod tests {
    use statrs::function::gamma::ln_gamma;

    use super::*;

    /// Where nearly everybody leaves at the first purchase, those without one are who is left, and a phase makes them rarer
    /// by up to `k^shape` than Poisson purchases at a k-th of the rate would. Against the sum over purchases, each from its
    /// own logarithm.
    #[test]
    fn the_few_who_are_left_in_the_long_run_have_their_phases() {
        let (shape, scale, a, b) = (74.9, 4.2, 159.2, 18.0);
        for k in 1..=4 {
            let living = Living { k, phase: 0, events: Counts { shape, scale }, a, b };
            let mut before = 1.0;
            for t in [2e4, 3e4, 4e4, 6e4, 1e5, 1e6] {
                assert!(!living.events.is_short(t));
                let ln_of = |events: usize| {
                    let i = events as f64;
                    ln_gamma(shape + i) - ln_gamma(shape) - ln_gamma(i + 1.0) - shape * (t / scale).ln_1p()
                        + i * (t / (scale + t)).ln()
                };
                let (mut stayed, mut wanted) = (1.0, 0.0);
                for purchase in 0..2_000 {
                    wanted +=
                        (k * purchase..k * (purchase + 1)).map(|events| ln_of(events).exp()).sum::<f64>() * stayed;
                    stayed *= living.stays(purchase);
                }
                let found = living.p_alive_after(t);
                let error = (found - wanted).abs();
                assert!(error <= 1e-9 * wanted + f64::MIN_POSITIVE, "k {k}, t {t}: {found:e} is not {wanted:e}");
                assert!(found <= before, "k {k}, t {t}: {before:e} then {found:e}");
                before = found;
            }
        }
    }
}
