//! Gamma-Gamma spend (Fader and Hardie 2013, note 025): what a purchase of a customer is worth.
//!
//! Purchases of a customer are gamma distributed with shape `p` and a rate that is itself gamma distributed over customers
//! with shape `q` and inverse scale `gamma`; how often somebody buys has nothing to do with it
//! ([`spend_frequency_correlation`] says whether that is so). With the mean `m` of `x` repeat purchases:
//!
//! ```text
//! L = ln G(px+q) - ln G(px) - ln G(q) + q ln gamma + (px-1) ln m + px ln x - (px+q) ln(gamma+xm)
//! E(mean | x, m) = p (gamma+xm) / (px+q-1)
//! ```
//!
//! The textbook writes the expectation as a weighted average with `q - 1` below a fraction, which is infinite at `q = 1` and
//! negative below, though it exists whenever `px + q > 1`.

use std::collections::BTreeMap;

use statrs::function::gamma::{digamma, ln_gamma};

use super::fit::{Fit, Options, maximise};
use super::history::add_up;

/// What the spend of a customer is read from: repeat purchases, and the mean of their values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spend {
    /// Repeat purchases, `x`.
    pub frequency: u32,
    /// Mean value of a repeat purchase, `m`.
    pub mean: f64,
}

impl Spend {
    /// Whether it says something of the distribution of spend: somebody who never bought again has no repeat purchase, and
    /// values that are not positive are not gamma distributed.
    pub fn is_eligible(&self) -> bool {
        self.frequency > 0 && self.mean.is_finite() && self.mean > 0.0
    }
}

/// Distinct eligible spends with counts.
#[derive(Debug, Clone)]
pub struct Spends {
    distinct: Vec<(Spend, f64)>,
}

impl Spends {
    /// The eligible ones among `spends`.
    pub fn new(spends: &[Spend]) -> Self {
        let mut counts: BTreeMap<(u32, u64), f64> = BTreeMap::new();
        for spend in spends.iter().filter(|spend| spend.is_eligible()) {
            *counts.entry((spend.frequency, spend.mean.to_bits())).or_default() += 1.0;
        }
        let distinct = counts
            .into_iter()
            .map(|((frequency, mean), count)| (Spend { frequency, mean: f64::from_bits(mean) }, count))
            .collect();
        Spends { distinct }
    }

    /// How many customers there are.
    pub fn total(&self) -> f64 {
        self.distinct.iter().map(|(_, count)| count).sum()
    }

    /// How many distinct ones there are.
    pub fn len(&self) -> usize {
        self.distinct.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.distinct.is_empty()
    }

    /// The log-likelihood at the log parameters p, q, gamma; its gradient in them is added to `gradient`.
    pub fn log_likelihood(&self, log_parameters: &[f64], gradient: &mut [f64]) -> f64 {
        let [p, q, gamma] = [P, Q, GAMMA].map(|at| log_parameters[at].exp());
        let (of_q, ln_gamma_q) = (digamma(q), ln_gamma(q));
        let of_frequency: BTreeMap<u32, (f64, f64, f64)> = {
            let mut last = None;
            self.distinct
                .iter()
                .map(|(spend, _)| spend.frequency)
                .filter(|x| last.replace(*x) != Some(*x))
                .map(|frequency| {
                    let x = f64::from(frequency);
                    let value = ln_gamma(p * x + q) - ln_gamma(p * x) - ln_gamma_q + p * x * x.ln();
                    let both = digamma(p * x + q);
                    (frequency, (value, x * (both - digamma(p * x) + x.ln()), both - of_q))
                })
                .collect()
        };
        add_up(self.distinct.len(), gradient, |rows, gradient| {
            let (mut sum, mut by) = (0.0, [0.0; 3]);
            let mut of = (0, (0.0, 0.0, 0.0));
            for (Spend { frequency, mean }, count) in &self.distinct[rows] {
                if of.0 != *frequency {
                    of = (*frequency, of_frequency[frequency]);
                }
                let (value, by_p, by_q) = of.1;
                let x = f64::from(*frequency);
                let (ln_mean, all) = (mean.ln(), gamma + x * mean);
                // Both logarithms are large where spend is; their difference is not.
                let (ln_all, ln_gamma) = (all.ln(), log_parameters[GAMMA]);
                sum += count * (value + q * (ln_gamma - ln_all) + p * x * (ln_mean - ln_all) - ln_mean);
                by[P] += count * (by_p + x * (ln_mean - ln_all));
                by[Q] += count * (by_q + ln_gamma - ln_all);
                by[GAMMA] += count * (q / gamma - (p * x + q) / all);
            }
            for (gradient, (by, parameter)) in gradient.iter_mut().zip(by.iter().zip([p, q, gamma])) {
                *gradient += by * parameter;
            }
            sum
        })
    }

    /// Log parameters to search from, in the unit of money of the mean spend.
    pub fn starts(&self) -> Vec<Vec<f64>> {
        let spent: f64 = self.distinct.iter().map(|(spend, count)| spend.mean * count).sum();
        let mean = spent / self.total().max(1.0);
        [(6.0, 4.0), (1.0, 2.0), (30.0, 3.0)]
            .iter()
            .map(|(p, q): &(f64, f64)| vec![p.ln(), q.ln(), (mean * (q - 1.0) / p).ln()])
            .collect()
    }

    /// The parameters of maximum likelihood, from all starts.
    pub fn fit(&self) -> Fit {
        let options = Options::of(self.total(), &[P, Q]);
        maximise(&|at, gradient| self.log_likelihood(at, gradient), &self.starts(), options)
    }

    /// The mean of the means of customers: what is expected of a customer about whom nothing is known, where the model has
    /// no mean.
    pub fn mean(&self) -> Option<f64> {
        let spent: f64 = self.distinct.iter().map(|(spend, count)| spend.mean * count).sum();
        (!self.is_empty()).then(|| spent / self.total())
    }

    /// Pearson's correlation of the number of repeat purchases and their mean value among the eligible; none where either
    /// is the same for all.
    pub fn spend_frequency_correlation(&self) -> Option<f64> {
        let total = self.total();
        let moment = |of: &dyn Fn(&Spend) -> f64| {
            self.distinct.iter().map(|(spend, count)| of(spend) * count).sum::<f64>() / total
        };
        let x = moment(&|spend| f64::from(spend.frequency));
        let m = moment(&|spend| spend.mean);
        let xx = moment(&|spend| (f64::from(spend.frequency) - x).powi(2));
        let mm = moment(&|spend| (spend.mean - m).powi(2));
        let xm = moment(&|spend| (f64::from(spend.frequency) - x) * (spend.mean - m));
        (xx > 0.0 && mm > 0.0).then(|| xm / (xx * mm).sqrt())
    }
}

const P: usize = 0;
const Q: usize = 1;
const GAMMA: usize = 2;

/// The model with parameters.
#[derive(Debug, Clone, Copy)]
pub struct GammaGamma {
    /// Shape of the values of one customer.
    pub p: f64,
    /// Shape of the distribution of rates over customers.
    pub q: f64,
    /// Its inverse scale, in money.
    pub gamma: f64,
}

impl GammaGamma {
    /// The letters of its parameters.
    pub const PARAMETERS: [&'static str; 3] = ["p", "q", "gamma"];

    /// Of parameters in that order.
    pub fn new(parameters: &[f64]) -> Self {
        GammaGamma { p: parameters[P], q: parameters[Q], gamma: parameters[GAMMA] }
    }

    /// Expected value of a further purchase of a customer with `x` repeat purchases of the mean `mean` (of any value
    /// where there are none). None where the distribution has no mean: without repeat purchases and with `q <= 1`, and
    /// where returns left less than nothing of what was spent.
    pub fn expected_spend(&self, frequency: u32, mean: f64) -> Option<f64> {
        let spent = self.spent(frequency, mean)?;
        let degrees = self.p * f64::from(frequency) + self.q - 1.0;
        (degrees > 0.0).then(|| self.p * spent / degrees)
    }

    /// `gamma + xm`, the inverse scale of the customer's rate; none where it would not be positive.
    pub fn spent(&self, frequency: u32, mean: f64) -> Option<f64> {
        let spent = self.gamma + if frequency > 0 { f64::from(frequency) * mean } else { 0.0 };
        (spent > 0.0 && spent.is_finite()).then_some(spent)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::fit::Termination;
    use super::super::golden::{close, number, reference};
    use super::super::golden_purchases::rows_of_full_cdnow;
    use super::*;

    fn tenth() -> Option<Vec<Spend>> {
        let rows = reference("cdnowSummary_cbs.csv")?;
        Some(rows.iter().map(|row| Spend { frequency: number(row, 1) as u32, mean: number(row, 5) }).collect())
    }

    /// reference_mle.json, "GG CDNOW1/10 (Hardie m.x)": parameters, standard errors, likelihood.
    #[test]
    fn cdnow() {
        let Some(spends) = tenth() else { return };
        let spends = Spends::new(&spends);
        assert_eq!(spends.total(), 946.0);
        let fit = spends.fit();
        assert_eq!(fit.termination, Termination::Converged, "{fit:?}");
        close(fit.log_likelihood, -4055.917694801875, 1e-12, "likelihood");
        let wanted = [6.249572271529306, 3.74422466708722, 15.44352096183719];
        let errors = [1.190088377426949, 0.29013843061432804, 4.1595429600075065];
        for at in 0..3 {
            close(fit.parameters()[at], wanted[at], 2e-6, GammaGamma::PARAMETERS[at]);
            close(fit.errors().unwrap()[at], errors[at], 1e-4, GammaGamma::PARAMETERS[at]);
        }
    }

    /// reference_mle.json, "GG CDNOW full (m>0)"; one repeater has spent nothing. The correlation is from 2.2.
    #[test]
    fn full_cdnow() {
        let Some(rows) = rows_of_full_cdnow() else { return };
        let spends: Vec<Spend> =
            rows.iter().map(|row| Spend { frequency: number(row, 1) as u32, mean: number(row, 4) }).collect();
        let repeaters = spends.iter().filter(|spend| spend.frequency > 0).count();
        let spends = Spends::new(&spends);
        assert_eq!((repeaters, spends.total()), (9451, 9450.0));
        let fit = spends.fit();
        assert_eq!(fit.termination, Termination::Converged, "{fit:?}");
        close(fit.log_likelihood, -40763.47626139078, 1e-12, "likelihood");
        for (found, wanted) in fit.parameters().iter().zip([6.275359068173472, 3.6244500228125607, 14.983687030196322])
        {
            close(*found, wanted, 2e-6, "parameter");
        }
        assert!((spends.spend_frequency_correlation().unwrap() - 0.080).abs() < 5e-4);
    }

    /// cdnow_sample_predictions.csv, gg_expected_spend: all customers, at the study's own parameters.
    #[test]
    fn expected_spend_of_each_customer() {
        let Some(rows) = reference("cdnow_sample_predictions.csv") else { return };
        let model = GammaGamma::new(&[6.249572271529306, 3.74422466708722, 15.44352096183719]);
        for row in rows {
            let found = model.expected_spend(number(&row, 1) as u32, number(&row, 20)).unwrap();
            close(found, number(&row, 21), 1e-9, &row[0]);
        }
    }

    /// Hardie's note 025 (2.1): the first ten customers of CDNOW; customers with a mean of 22.35 and of 40.
    #[test]
    fn single_values() {
        let Some(spends) = tenth() else { return };
        let model = GammaGamma::new(&[6.249572271529306, 3.74422466708722, 15.44352096183719]);
        let wanted = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17];
        for (spend, wanted) in spends.iter().zip(wanted) {
            let found = model.expected_spend(spend.frequency, spend.mean).unwrap();
            assert!((found - wanted).abs() < 0.0051, "{spend:?}: {found} {wanted}");
        }
        close(model.expected_spend(2, 22.35).unwrap(), 24.65802, 1e-6, "22.35");
        close(model.expected_spend(2, 40.0).unwrap(), 39.130534, 1e-6, "40");
    }

    /// Peers have -400 without repeat purchases at q = 0.8, and divide by 0 at q = 1.
    #[test]
    fn no_mean_is_no_number() {
        for q in [0.8, 1.0] {
            let model = GammaGamma::new(&[6.0, q, 15.0]);
            assert_eq!(model.expected_spend(0, 0.0), None);
            close(model.expected_spend(1, 20.0).unwrap(), 6.0 * 35.0 / (5.0 + q), 1e-14, "q");
        }
        assert_eq!(GammaGamma::new(&[6.0, 3.0, 15.0]).expected_spend(2, -8.0), None);
        assert!(GammaGamma::new(&[6.0, 3.0, 15.0]).expected_spend(2, -7.0).unwrap() > 0.0);
        assert_eq!(Spends::new(&[Spend { frequency: 1, mean: -3.0 }, Spend { frequency: 0, mean: 0.0 }]).mean(), None);
    }

    #[test]
    fn the_gradient_is_that_of_the_likelihood() {
        let spends =
            [(1, 10.0), (1, 30.0), (4, 22.0), (300, 1e6), (2, 0.01)].map(|(frequency, mean)| Spend { frequency, mean });
        let spends = Spends::new(&spends);
        let at = [2.0_f64, 1.5, 30.0].map(f64::ln);
        let mut gradient = [0.0; 3];
        spends.log_likelihood(&at, &mut gradient);
        for place in 0..3 {
            let beside = |by: f64| {
                let mut moved = at;
                moved[place] += by;
                spends.log_likelihood(&moved, &mut [0.0; 3])
            };
            let difference = (beside(1e-5) - beside(-1e-5)) / 2e-5;
            assert!(
                (difference - gradient[place]).abs() < 1e-6 * difference.abs(),
                "{place}: {difference} {gradient:?}"
            );
        }
    }
}
