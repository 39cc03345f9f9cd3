//! NBD (Ehrenberg 1959): gamma purchase rates, and nobody ever leaves. What the other models are without dropout.
//!
//! ```text
//! L = ln G(r+x) - ln G(r) + r ln alpha - (r+x) ln(alpha+T)
//! ```

use statrs::function::gamma::{digamma, ln_gamma};

use super::history::{Histories, History, add_up};
use super::outlook::Counts;
use super::process::{Effects, Outlook, Process, PurchaseModel};

/// The NBD model.
#[derive(Debug, Clone, Copy)]
pub struct Nbd;

impl PurchaseModel for Nbd {
    fn name(&self) -> &'static str {
        "nbd"
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["r", "alpha"]
    }

    fn scales(&self) -> &'static [usize] {
        &[1]
    }

    fn log_likelihood(&self, histories: &Histories, log_parameters: &[f64], gradient: &mut [f64]) -> f64 {
        let [r, alpha] = [log_parameters[0].exp(), log_parameters[1].exp()];
        let of_frequency: Vec<(f64, f64)> = histories
            .frequency
            .values
            .iter()
            .map(|x| (ln_gamma(r + x) - ln_gamma(r) + r * alpha.ln(), digamma(r + x) - digamma(r) + alpha.ln()))
            .collect();
        let ln_age: Vec<f64> = histories.age.values.iter().map(|age| (alpha + age).ln()).collect();
        add_up(histories.len(), gradient, |rows, gradient| {
            let mut sum = 0.0;
            for row in rows {
                let (count, x) = (histories.customers[row], histories.frequency.get(row));
                let (of, by_r) = of_frequency[histories.frequency.at[row] as usize];
                let ln_age = ln_age[histories.age.at[row] as usize];
                sum += count * (of - (r + x) * ln_age);
                gradient[0] += count * (by_r - ln_age) * r;
                gradient[1] += count * (r / alpha - (r + x) / (alpha + histories.age.get(row))) * alpha;
            }
            sum
        })
    }

    fn starts(&self, histories: &Histories) -> Vec<Vec<f64>> {
        let longest = histories.age.values.last().copied().unwrap_or(1.0).max(f64::MIN_POSITIVE);
        vec![vec![0.0, (longest / 2.0).ln()], vec![f64::ln(0.3), (longest / 4.0).ln()]]
    }

    fn collapses_to(&self, parameters: &[f64]) -> Option<&'static str> {
        (parameters[0] > super::fit::BOUNDARY.exp()).then_some("one purchase rate for all")
    }

    fn effects(&self) -> Effects {
        Effects { rate: &[0.0, -1.0], dropout: &[] }
    }

    fn process(&self, parameters: &[f64]) -> Box<dyn Process> {
        Box::new(Buying { r: parameters[0], alpha: parameters[1] })
    }
}

struct Buying {
    r: f64,
    alpha: f64,
}

impl Process for Buying {
    fn p_alive(&self, _history: &History) -> f64 {
        1.0
    }

    fn outlook(&self, frequency: u32, age: f64, _phase: usize) -> Box<dyn Outlook> {
        Box::new(Staying { events: Counts { shape: self.r + f64::from(frequency), scale: self.alpha + age } })
    }
}

struct Staying {
    events: Counts,
}

impl Outlook for Staying {
    fn time_scale(&self) -> f64 {
        self.events.scale
    }

    fn expected(&self, t: f64) -> f64 {
        self.events.mean(t)
    }

    fn distribution(&self, t: f64) -> Vec<f64> {
        self.events.probabilities(t)
    }

    fn p_none(&self, t: f64) -> f64 {
        self.events.p_none(t)
    }

    fn p_alive_after(&self, _t: f64) -> f64 {
        1.0
    }

    fn discounted(&self, rate: f64) -> f64 {
        self.events.shape / (self.events.scale * rate)
    }
}
