//! Customers drawn from the models themselves, with known parameters and a seed: what tests compare fits with, and what a
//! frozen model expects to see (`frozen`).
//!
//! Everybody has a purchase rate from a gamma distribution, and every k-th event of a Poisson process at that rate is a
//! purchase (k = 1 but for regular timing). In the BG family each purchase may be the last, with a probability from a beta
//! distribution; in Pareto/NBD lifetimes are exponential, with a rate from a gamma distribution of their own.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution, Exp1, Gamma, StandardUniform};

use super::bg_nbd::BgNbd;
use super::history::History;

/// Nobody buys more often: rates of a distribution without meaning would else never end.
const MOST_PURCHASES: usize = 100_000;

/// A purchase process with known parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Law {
    /// Shape of the distribution of purchase rates.
    pub r: f64,
    /// Its inverse scale, in time.
    pub alpha: f64,
    /// Events for one purchase.
    pub regularity: u32,
    /// How customers leave.
    pub leaving: Leaving,
}

/// How customers leave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Leaving {
    /// Never.
    Never,
    /// After a purchase, with a probability from a beta distribution.
    AfterPurchase {
        /// Its first parameter.
        a: f64,
        /// Its second.
        b: f64,
        /// Whether the first purchase can be the last.
        first: bool,
    },
    /// At any time, at a rate from a gamma distribution.
    AnyTime {
        /// Its shape.
        s: f64,
        /// Its inverse scale, in time.
        beta: f64,
    },
}

/// Gamma-Gamma spend of a purchase: gamma distributed with shape `p`, at an inverse scale that is gamma distributed over
/// customers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spend {
    /// Shape of the spend of one purchase.
    pub p: f64,
    /// Shape of the distribution over customers.
    pub q: f64,
    /// Its inverse scale, in money.
    pub gamma: f64,
}

/// One customer drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// What is seen at the end of observation.
    pub history: History,
    /// Whether the customer is alive then, which nobody sees.
    pub alive: bool,
    /// Purchases in the holdout, which follows.
    pub holdout: u32,
    /// Mean spend of the repeat purchases seen; none without spend or repeat purchases.
    pub mean_spend: Option<f64>,
    /// Spend in the holdout; 0 without spend.
    pub holdout_spend: f64,
}

impl Law {
    /// The law of a model of `ltv_models` with its parameters, in their order; none for other models.
    pub fn of(model: &str, parameters: &[f64]) -> Option<Law> {
        let family = [1, 2, 3, 4].into_iter().flat_map(|k| [false, true].map(|m| BgNbd { regularity: k, modified: m }));
        let (regularity, leaving) = match (model, parameters) {
            ("nbd", [_, _]) => (1, Leaving::Never),
            ("pareto_nbd", [_, _, s, beta]) => (1, Leaving::AnyTime { s: *s, beta: *beta }),
            (_, [_, _, a, b]) => {
                let member = family.into_iter().find(|member| super::process::PurchaseModel::name(member) == model)?;
                (member.regularity, Leaving::AfterPurchase { a: *a, b: *b, first: member.modified })
            }
            _ => return None,
        };
        Some(Law { r: parameters[0], alpha: parameters[1], regularity, leaving })
    }

    /// One customer, seen for `age` since the first purchase and then for `holdout`. Parameters have to be positive; none
    /// comes for others.
    pub fn draw(&self, spend: Option<Spend>, age: f64, holdout: f64, random: &mut ChaCha8Rng) -> Option<Drawn> {
        let rate = gamma(self.r, self.alpha, random)?;
        let (mut leaves_at, p_leave) = match self.leaving {
            Leaving::Never => (f64::INFINITY, 0.0),
            Leaving::AfterPurchase { a, b, first } => {
                let p: f64 = Beta::new(a, b).ok()?.sample(random);
                (if first && chance(p, random) { 0.0 } else { f64::INFINITY }, p)
            }
            Leaving::AnyTime { s, beta } => (exponential(random) / gamma(s, beta, random)?, 0.0),
        };
        let mut drawn =
            Drawn { history: History::new(0, 0.0, age), alive: true, holdout: 0, mean_spend: None, holdout_spend: 0.0 };
        let spend = match spend {
            Some(Spend { p, q, gamma: scale }) => Some((p, gamma(q, scale, random)?)),
            None => None,
        };
        let (mut now, mut spent) = (0.0, 0.0);
        for _ in 0..MOST_PURCHASES {
            let gap = (0..self.regularity).map(|_| exponential(random)).sum::<f64>() / rate;
            now += gap;
            // The clock can stand still only for rates without meaning.
            if now > leaves_at || now > age + holdout || gap <= 0.0 {
                break;
            }
            let value = match spend {
                Some((p, scale)) => gamma(p, scale, random)?,
                None => 0.0,
            };
            if now <= age {
                drawn.history.frequency += 1;
                drawn.history.recency = now;
                drawn.history.sum_ln_gaps += gap.ln();
                spent += value;
            } else {
                drawn.holdout += 1;
                drawn.holdout_spend += value;
            }
            if p_leave > 0.0 && chance(p_leave, random) {
                leaves_at = now;
                break;
            }
        }
        drawn.alive = leaves_at > age;
        drawn.mean_spend =
            (spend.is_some() && drawn.history.frequency > 0).then(|| spent / f64::from(drawn.history.frequency));
        Some(drawn)
    }

    /// Customers with these ages, each seen for its age and then for `holdout`.
    pub fn customers(&self, spend: Option<Spend>, ages: &[f64], holdout: f64, seed: u64) -> Vec<Drawn> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        ages.iter().filter_map(|age| self.draw(spend, *age, holdout, &mut random)).collect()
    }
}

/// Ages of customers who came evenly over time: between `youngest` and `oldest`.
pub fn ages(customers: usize, youngest: f64, oldest: f64, seed: u64) -> Vec<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..customers).map(|_| youngest + (oldest - youngest) * uniform(&mut random)).collect()
}

fn gamma(shape: f64, inverse_scale: f64, random: &mut ChaCha8Rng) -> Option<f64> {
    Some(Gamma::new(shape, 1.0 / inverse_scale).ok()?.sample(random))
}

fn exponential(random: &mut ChaCha8Rng) -> f64 {
    Exp1.sample(random)
}

fn uniform(random: &mut ChaCha8Rng) -> f64 {
    StandardUniform.sample(random)
}

fn chance(p: f64, random: &mut ChaCha8Rng) -> bool {
    uniform(random) < p
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rayon::prelude::*;

    use super::super::fit::Termination;
    use super::super::history::Histories;
    use super::super::nbd::Nbd;
    use super::super::pareto_nbd::ParetoNbd;
    use super::super::population::{Population, fit};
    use super::super::process::PurchaseModel;
    use super::*;

    /// Every model, with parameters in days to draw from.
    fn models() -> Vec<(Box<dyn PurchaseModel>, Vec<f64>)> {
        let mut models: Vec<(Box<dyn PurchaseModel>, Vec<f64>)> = vec![(Box::new(Nbd), vec![0.6, 50.0])];
        for regularity in 1..=4 {
            for modified in [false, true] {
                let alpha = 40.0 / f64::from(regularity);
                models.push((Box::new(BgNbd { regularity, modified }), vec![0.7, alpha, 0.8, 2.5]));
            }
        }
        models.push((Box::new(ParetoNbd), vec![0.7, 30.0, 0.6, 90.0]));
        models
    }

    fn population(model: &dyn PurchaseModel, parameters: &[f64], customers: usize, seed: u64) -> Population {
        let law = Law::of(model.name(), parameters).unwrap();
        let drawn = law.customers(None, &ages(customers, 100.0, 500.0, seed + 1), 0.0, seed);
        Population::plain(Histories::new(&drawn.iter().map(|drawn| drawn.history).collect::<Vec<_>>()))
    }

    /// How many standard errors each log parameter of a fit is from the truth.
    fn away(model: &dyn PurchaseModel, parameters: &[f64], customers: usize, seed: u64, known: bool) -> Vec<f64> {
        let truth: Vec<f64> = parameters.iter().map(|value| value.ln()).collect();
        let fit = fit(model, &population(model, parameters, customers, seed), None, known.then_some(truth.as_slice()));
        assert_eq!(fit.termination, Termination::Converged, "{} {seed}: {fit:?}", model.name());
        let errors = fit.log_errors().unwrap();
        (0..truth.len()).map(|at| (fit.log_parameters[at] - truth[at]) / errors[at]).collect()
    }

    #[test]
    fn fits_find_the_parameters_of_20_000_customers() {
        for (model, parameters) in models() {
            let z = away(model.as_ref(), &parameters, 20_000, 7, false);
            assert!(z.iter().all(|z| z.abs() < 3.0), "{}: {z:?}", model.name());
        }
    }

    /// Over 40 draws the errors are as large as the fits say: the bounds are four standard deviations of what 40 normal
    /// numbers give, as there are some 70 of them, and three for the coverage of all.
    ///
    /// Over 1,000 draws of 10,000 customers (three minutes, not kept as a test; Pareto/NBD was not among them) no mean was
    /// beyond 0.05 and no variance beyond 0.90 and 1.14; 79.9 % were within 80 % bounds and 94.7 % within 95 % bounds.
    #[test]
    fn standard_errors_are_right_over_40_draws() {
        let (mut within_80, mut within_95, mut all) = (0, 0, 0);
        for (model, parameters) in models() {
            let of_model = 1_000 * all as u64;
            let draws: Vec<Vec<f64>> = (0..40_u64)
                .into_par_iter()
                .map(|seed| away(model.as_ref(), &parameters, 4_000, of_model + 10 * seed, true))
                .collect();
            for at in 0..parameters.len() {
                let z: Vec<f64> = draws.iter().map(|draw| draw[at]).collect();
                let mean = z.iter().sum::<f64>() / 40.0;
                let variance = z.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / 39.0;
                let what = format!("{} {}: mean {mean}, variance {variance}", model.name(), model.parameters()[at]);
                assert!(mean.abs() < 4.0 / 40_f64.sqrt(), "{what}");
                assert!((variance - 1.0).abs() < 4.0 * (2.0 / 39.0_f64).sqrt(), "{what}");
                within_80 += z.iter().filter(|z| z.abs() < 1.2816).count();
                within_95 += z.iter().filter(|z| z.abs() < 1.9600).count();
                all += z.len();
            }
        }
        // Parameters of one fit are not independent: about half as many numbers as there are.
        for (within, nominal) in [(within_80, 0.80), (within_95, 0.95)] {
            let share = within as f64 / f64::from(all as u32);
            let deviation = (nominal * (1.0 - nominal) / (all as f64 / 2.0)).sqrt();
            assert!((share - nominal).abs() < 3.0 * deviation, "{share} of {all} is not {nominal}");
        }
    }

    /// What customers buy in the holdout is what the process with the same parameters expects of their histories, and the
    /// living are as many as it says.
    #[test]
    fn the_future_is_what_the_process_expects() {
        for (model, parameters) in models() {
            let law = Law::of(model.name(), &parameters).unwrap();
            let process = model.process(&parameters);
            let drawn = law.customers(None, &ages(20_000, 100.0, 101.0, 5), 90.0, 6);
            let mut weights = vec![0.0; process.phases()];
            let (mut alive, mut p_alive, mut bought, mut expected, mut squares) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for drawn in &drawn {
                let p = process.p_alive(&drawn.history);
                process.phase_weights(&drawn.history, &mut weights);
                alive += if drawn.alive { 1.0 } else { 0.0 };
                p_alive += p;
                for (phase, weight) in weights.iter().enumerate() {
                    expected +=
                        p * weight * process.outlook(drawn.history.frequency, drawn.history.age, phase).expected(90.0);
                }
                bought += f64::from(drawn.holdout);
                squares += f64::from(drawn.holdout).powi(2);
            }
            let name = model.name();
            // The variances are at most a quarter a customer, and the mean square.
            assert!((alive - p_alive).abs() < 3.0 * (20_000.0_f64 / 4.0).sqrt(), "{name}: {alive} of {p_alive} live");
            assert!((bought - expected).abs() < 3.0 * squares.sqrt(), "{name}: {bought} bought, not {expected}");
        }
    }

    /// E X(t) = r beta / (alpha (s-1)) (1 - (beta / (beta+t))^(s-1)) of Pareto/NBD, and E of the spend p gamma / (q-1).
    #[test]
    fn means_of_closed_form() {
        let law = Law::of("pareto_nbd", &[0.6, 20.0, 1.6, 90.0]).unwrap();
        let spend = Spend { p: 6.0, q: 4.0, gamma: 15.0 };
        let drawn = law.customers(Some(spend), &vec![200.0; 40_000], 100.0, 3);
        assert_eq!(drawn, law.customers(Some(spend), &vec![200.0; 40_000], 100.0, 3));
        let expected = |t: f64| 0.6 * 90.0 / (20.0 * 0.6) * (1.0 - (90.0_f64 / (90.0 + t)).powf(0.6));
        let mean = |of: &dyn Fn(&Drawn) -> f64| drawn.iter().map(of).sum::<f64>() / 40_000.0;
        let near = |of: &dyn Fn(&Drawn) -> f64, wanted: f64| {
            let found = mean(of);
            let error = (mean(&|drawn| of(drawn).powi(2)) / 40_000.0).sqrt();
            assert!((found - wanted).abs() < 3.0 * error, "{found} is not {wanted} ({error})");
        };
        near(&|drawn| f64::from(drawn.history.frequency), expected(200.0));
        near(&|drawn| f64::from(drawn.holdout), expected(300.0) - expected(200.0));
        near(&|drawn| drawn.holdout_spend, (expected(300.0) - expected(200.0)) * 6.0 * 15.0 / 3.0);
        near(&|drawn| if drawn.alive { 1.0 } else { 0.0 }, (90.0_f64 / 290.0).powf(1.6));
        near(
            &|drawn| drawn.mean_spend.unwrap_or(0.0) * f64::from(drawn.history.frequency),
            expected(200.0) * 6.0 * 15.0 / 3.0,
        );
        assert!(drawn.iter().all(|drawn| drawn.mean_spend.is_some() == (drawn.history.frequency > 0)));
        assert!(drawn.iter().all(|drawn| drawn.history.fault().is_none()));
    }

    #[test]
    fn models_without_a_law() {
        assert_eq!(Law::of("bg_bb", &[1.0; 4]), None);
        assert_eq!(Law::of("nbd", &[1.0; 4]), None);
        assert_eq!(Law::of("pareto_nbd", &[1.0; 2]), None);
        // A law without meaning draws nobody.
        assert!(Law::of("nbd", &[-1.0, 2.0]).unwrap().customers(None, &[5.0], 1.0, 1).is_empty());
    }
}
