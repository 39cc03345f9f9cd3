//! Whether a frozen model still describes the customers that it scores.
//!
//! How likely histories are depends on how old customers are, so their mean log-likelihood says nothing by itself. It is held
//! against what the model expects of customers of the same ages and covariates, who are drawn from it ([`simulate`]
//! (super::simulate)), and that difference against the same difference at the fit: a model that never fitted has not
//! drifted. The same is done for the shares of customers by frequency and recency.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::frozen::Frozen;
use super::history::{Histories, History};
use super::population::{Group, Population, objective, shifted};
use super::process::PurchaseModel;
use super::simulate::Law;

/// Ages and covariates that stand for a population, each for as many customers.
const POINTS: usize = 250;

/// How often customers are drawn at all points.
const BATCHES: u64 = 256;

/// The seed of the draws: the same everywhere, so that the same customers always look the same.
const SEED: u64 = 20_040;

/// From this frequency on, a class; the first is of those without repeat purchases.
const CLASSES: [f64; 6] = [1.0, 2.0, 3.0, 5.0, 9.0, 17.0];

/// Classes of repeat purchases by three thirds of `t_x / T`, and those who bought once.
pub const CELLS: usize = 1 + 3 * CLASSES.len();

/// Purchases that are off by this factor are a drift, if they are surprising.
const FEWER: f64 = 1.1;

/// Beyond this many standard deviations, a likelihood is not what the model expects.
const SURPRISING: f64 = 3.0;

/// Population stability indexes of scorecards (Siddiqi 2006): below the first nothing, above the second a shift.
const SOME_SHIFT: f64 = 0.1;
const SHIFT: f64 = 0.25;

/// How customers look to a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Look {
    /// How many they are.
    pub customers: f64,
    /// Their mean log-likelihood.
    pub log_likelihood: f64,
    /// What the model expects that to be, at their ages and covariates.
    pub expected: f64,
    /// The variance of one customer's log-likelihood that the model expects.
    pub variance: f64,
    /// Its covariance with the gradient: how far the expectation moves with each coefficient of the law.
    pub slopes: Vec<f64>,
    /// Their mean repeat purchases.
    pub purchases: f64,
    /// What the model expects these to be.
    pub expected_purchases: f64,
    /// Their shares by class of frequency and recency, smoothed by half a customer.
    pub shares: Vec<f64>,
    /// What the model expects these to be.
    pub expected_shares: Vec<f64>,
}

/// Whether a model still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Customers are as the model expects.
    Stable,
    /// More than chance, but little; or much, but perhaps chance.
    Watch,
    /// Fit it again.
    Drifted,
}

impl Verdict {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Stable => "stable",
            Verdict::Watch => "watch",
            Verdict::Drifted => "drifted",
        }
    }
}

/// Customers of one stratum against a frozen model.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// The stratum, and the one of the model that it was scored with.
    pub stratum: String,
    /// That is `all` where the model does not know it.
    pub scored_with: String,
    /// Its customers.
    pub customers: f64,
    /// Their mean log-likelihood.
    pub log_likelihood: f64,
    /// What it would be had nothing changed: what the model expects at their ages, and by how much it was wrong at the fit.
    pub expected: f64,
    /// The difference in standard deviations. Those of customers of the fit who are scored again are counted as if they were
    /// others, which makes it too small rather than too large.
    pub z: f64,
    /// Repeat purchases as a multiple of what they would be had nothing changed.
    pub purchase_ratio: f64,
    /// Population stability index of their frequency and recency, less what chance alone would give.
    pub stability_index: f64,
    /// What follows.
    pub verdict: Verdict,
}

/// How customers look to a model with these coefficients. None for nobody, and for a model without a law.
pub fn look(model: &dyn PurchaseModel, coefficients: &[f64], population: &Population) -> Option<Look> {
    let customers = population.customers();
    if customers <= 0.0 {
        return None;
    }
    let laws = population.groups.iter().map(|group| {
        let parameters: Vec<f64> =
            shifted(model, coefficients, &group.covariates).iter().map(|value| value.exp()).collect();
        Law::of(model.name(), &parameters)
    });
    let laws: Vec<Law> = laws.collect::<Option<_>>()?;
    let points = points(population);
    let batches: Vec<Batch> = (0..BATCHES)
        .into_par_iter()
        .map(|batch| {
            let mut random = ChaCha8Rng::seed_from_u64(SEED + batch);
            let mut drawn: Vec<Vec<History>> = vec![Vec::new(); laws.len()];
            for (group, age) in &points {
                drawn[*group].extend(laws[*group].draw(None, *age, 0.0, &mut random).map(|drawn| drawn.history));
            }
            let group = |(drawn, group): (&Vec<History>, &Group)| Group {
                histories: Histories::new(drawn),
                covariates: group.covariates.clone(),
            };
            Batch::of(
                model,
                coefficients,
                &Population { groups: drawn.iter().zip(&population.groups).map(group).collect() },
            )
        })
        .collect();
    let mean = |of: &dyn Fn(&Batch) -> f64| batches.iter().map(of).sum::<f64>() / BATCHES as f64;
    let expected = mean(&|batch| batch.log_likelihood);
    // Of one customer: the mean of a batch varies as many times less as it has customers.
    let covariance = |of: &dyn Fn(&Batch) -> f64| {
        let middle = mean(of);
        mean(&|batch| (batch.log_likelihood - expected) * (of(batch) - middle)) * POINTS as f64 * BATCHES as f64
            / (BATCHES - 1) as f64
    };
    let counts: Vec<f64> = (0..CELLS).map(|cell| batches.iter().map(|batch| batch.counts[cell]).sum::<f64>()).collect();
    let seen = Batch::of(model, coefficients, population);
    Some(Look {
        customers,
        log_likelihood: seen.log_likelihood,
        expected,
        variance: covariance(&|batch| batch.log_likelihood),
        slopes: (0..coefficients.len()).map(|at| covariance(&|batch| batch.gradient[at])).collect(),
        purchases: seen.purchases,
        expected_purchases: mean(&|batch| batch.purchases),
        shares: smoothed(&seen.counts),
        expected_shares: smoothed(&counts),
    })
}

/// Means of some customers, and their numbers by cell.
struct Batch {
    log_likelihood: f64,
    gradient: Vec<f64>,
    purchases: f64,
    counts: Vec<f64>,
}

impl Batch {
    fn of(model: &dyn PurchaseModel, coefficients: &[f64], population: &Population) -> Self {
        // The likelihood alone: nobody's objective is the ridge.
        let nobody = Population { groups: Vec::new() };
        let (mut gradient, mut of_ridge) = (vec![0.0; coefficients.len()], vec![0.0; coefficients.len()]);
        let value = objective(model, population, None, coefficients, &mut gradient);
        let ridge = objective(model, &nobody, None, coefficients, &mut of_ridge);
        let customers = population.customers();
        let histories = population.groups.iter().map(|group| &group.histories);
        let purchases: f64 = histories
            .flat_map(|histories| {
                (0..histories.len()).map(|row| histories.frequency.get(row) * histories.customers[row])
            })
            .sum();
        Batch {
            log_likelihood: (value - ridge) / customers,
            gradient: gradient.iter().zip(of_ridge).map(|(all, ridge)| (all - ridge) / customers).collect(),
            purchases: purchases / customers,
            counts: counts(population),
        }
    }
}

/// Groups and ages that stand for a population: each for as many customers, in the order of groups and ages.
fn points(population: &Population) -> Vec<(usize, f64)> {
    let mut ages: Vec<(usize, f64, f64)> = Vec::new();
    for (group, of) in population.groups.iter().enumerate() {
        let mut counts = vec![0.0; of.histories.age.values.len()];
        for (row, count) in of.histories.customers.iter().enumerate() {
            counts[of.histories.age.at[row] as usize] += count;
        }
        ages.extend(of.histories.age.values.iter().zip(counts).map(|(age, count)| (group, *age, count)));
    }
    let total: f64 = ages.iter().map(|(_, _, count)| count).sum();
    let (mut points, mut passed) = (Vec::with_capacity(POINTS), 0.0);
    for (group, age, count) in ages {
        passed += count;
        while points.len() < POINTS && (points.len() as f64 + 0.5) * total < passed * POINTS as f64 {
            points.push((group, age));
        }
    }
    points
}

/// Customers by class of frequency and third of `t_x / T`.
fn counts(population: &Population) -> Vec<f64> {
    let mut counts = vec![0.0; CELLS];
    for histories in population.groups.iter().map(|group| &group.histories) {
        for row in 0..histories.len() {
            let class = CLASSES.iter().filter(|from| histories.frequency.get(row) >= **from).count();
            let third = (3.0 * histories.recency.get(row) / histories.age.get(row)).min(2.0) as usize;
            counts[if class == 0 { 0 } else { 3 * (class - 1) + third + 1 }] += histories.customers[row];
        }
    }
    counts
}

fn smoothed(counts: &[f64]) -> Vec<f64> {
    let total = counts.iter().sum::<f64>() + 0.5 * counts.len() as f64;
    counts.iter().map(|count| (count + 0.5) / total).collect()
}

/// Customers of strata against a frozen model, whose covariates have to be standardised by its design.
pub fn drift(frozen: &Frozen, strata: &[(&str, &Population)]) -> Vec<Drift> {
    strata.iter().filter_map(|(name, population)| drift_of(frozen, name, population)).collect()
}

fn drift_of(frozen: &Frozen, name: &str, population: &Population) -> Option<Drift> {
    let stratum = frozen.stratum(name)?;
    let (then, now) = (&stratum.at_fit, look(frozen.model()?.as_ref(), &frozen.coefficients(stratum)?, population)?);
    let expected = now.expected + then.log_likelihood - then.expected;
    let z = (now.log_likelihood - expected) / noise(then, &now, stratum.covariance.as_deref()).sqrt();
    let purchase_ratio = now.purchases / now.expected_purchases * then.expected_purchases / then.purchases;
    let ratio = |cell: usize| now.expected_shares[cell] * then.shares[cell] / then.expected_shares[cell];
    let total: f64 = (0..CELLS).map(ratio).sum();
    let index: f64 = (0..CELLS)
        .map(|cell| (now.shares[cell] - ratio(cell) / total) * (now.shares[cell] * total / ratio(cell)).ln())
        .sum();
    let by_chance = (CELLS - 1) as f64 * (1.0 / now.customers + 1.0 / then.customers);
    let stability_index = (index - by_chance).max(0.0);
    let surprising = z.abs() > SURPRISING;
    let much = stability_index > SOME_SHIFT || purchase_ratio.ln().abs() > FEWER.ln();
    let verdict = if stability_index > SHIFT || surprising && much {
        Verdict::Drifted
    } else if surprising || stability_index > SOME_SHIFT {
        Verdict::Watch
    } else {
        Verdict::Stable
    };
    Some(Drift {
        stratum: name.to_owned(),
        scored_with: stratum.stratum.clone(),
        customers: now.customers,
        log_likelihood: now.log_likelihood,
        expected,
        z,
        purchase_ratio,
        stability_index,
        verdict,
    })
}
/// The variance of the difference between how customers look now and then, had nothing changed: of the customers, of those
/// drawn, and of the coefficients `c`, which were found from the customers then. To first order the difference is
/// `now - then - (d_now - d_then)'(c - truth)` with the slopes `d`, and `then` and `c` have the covariance `C d_then`.
fn noise(then: &Look, now: &Look, covariance: Option<&[f64]>) -> f64 {
    let drawn = POINTS as f64 * BATCHES as f64;
    let of = |look: &Look| look.variance * (1.0 / look.customers + 1.0 / drawn);
    let moved: Vec<f64> = now.slopes.iter().zip(&then.slopes).map(|(now, then)| now - then).collect();
    let width = moved.len();
    let of_coefficients: f64 = covariance.map_or(0.0, |covariance| {
        let cells = (0..width).flat_map(|row| (0..width).map(move |column| (row, column)));
        cells
            .map(|(row, column)| {
                covariance[row * width + column] * moved[row] * (moved[column] + 2.0 * then.slopes[column])
            })
            .sum()
    });
    // The slopes are drawn themselves: what they take away is never more than what the customers then add.
    of(now) + (of(then) + of_coefficients).max(0.0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::bg_nbd::BgNbd;
    use super::super::covariates::Design;
    use super::super::frozen::{ALL, Part, Setting, freeze};
    use super::super::population::fit;
    use super::super::simulate::ages;
    use super::*;

    const MODEL: BgNbd = BgNbd { regularity: 1, modified: true };
    const TRUTH: [f64; 4] = [0.7, 30.0, 0.7, 2.0];

    /// Customers of a law of some model, who came at some time in the last `oldest` days.
    fn customers(model: &str, truth: &[f64], customers: usize, oldest: f64, seed: u64) -> Population {
        let drawn = Law::of(model, truth).unwrap().customers(None, &ages(customers, 30.0, oldest, seed), 0.0, seed);
        Population::plain(Histories::new(&drawn.iter().map(|drawn| drawn.history).collect::<Vec<_>>()))
    }

    fn frozen(population: &Population) -> Frozen {
        let fit = fit(&MODEL, population, None, None);
        let setting = Setting { time_unit_days: 1.0, as_of_day: 20_000, horizon_days: 90 };
        freeze(&MODEL, &Design::new(&[], &[]), setting, &[Part::of(ALL, &fit, None, population)]).unwrap()
    }

    fn only(frozen: &Frozen, population: &Population) -> Drift {
        let mut found = drift(frozen, &[("north", population)]);
        assert_eq!(found.len(), 1);
        found.remove(0)
    }

    #[test]
    fn the_same_customers_have_not_drifted() {
        let population = customers("mbg_nbd", &TRUTH, 5_000, 400.0, 1);
        let frozen = frozen(&population);
        let found = only(&frozen, &population);
        assert!(found.z.abs() < 1e-9 && found.stability_index == 0.0, "{found:?}");
        assert_eq!((found.verdict, found.scored_with.as_str()), (Verdict::Stable, ALL));
        // And nobody has no drift.
        assert!(drift(&frozen, &[(ALL, &Population::plain(Histories::new(&[])))]).is_empty());
    }

    /// Other customers of the same parameters, who are older as well: the likelihood differs, and is what the model expects.
    /// Bounds are four standard deviations of what 40 normal numbers give. Seen over 400 pairs: mean -0.09, mean square 0.97,
    /// 381 stable.
    #[test]
    fn other_ages_are_no_drift() {
        let pairs: Vec<(Drift, f64)> = (0..40_u64)
            .into_par_iter()
            .map(|seed| {
                let frozen = frozen(&customers("mbg_nbd", &TRUTH, 4_000, 300.0, 100 + seed));
                let found = only(&frozen, &customers("mbg_nbd", &TRUTH, 3_000, 900.0, 50_000 + seed));
                // Taken by itself, the likelihood is a surprise.
                let at_fit = &frozen.strata[0].at_fit;
                let naive = (found.log_likelihood - at_fit.log_likelihood) / (at_fit.variance / 3_000.0).sqrt();
                assert!(naive.abs() > 5.0, "{naive}");
                (found, naive)
            })
            .collect();
        let mean =
            |of: &dyn Fn(&Drift) -> f64| pairs.iter().map(|(found, _)| of(found)).sum::<f64>() / pairs.len() as f64;
        let (z, squares) = (mean(&|found| found.z), mean(&|found| found.z.powi(2)));
        let stable = pairs.iter().filter(|(found, _)| found.verdict == Verdict::Stable).count();
        assert!(z.abs() < 4.0 / 40.0_f64.sqrt() && (squares - 1.0).abs() < 4.0 * 0.05_f64.sqrt(), "{z} {squares}");
        assert!(stable >= 36, "{stable} of 40");
    }

    #[test]
    fn other_parameters_are_drift() {
        let frozen = frozen(&customers("mbg_nbd", &TRUTH, 10_000, 400.0, 1));
        // Purchases half as often; twice as many leave; and both.
        for (truth, least) in [
            ([0.7, 60.0, 0.7, 2.0], Verdict::Drifted),
            ([0.7, 30.0, 1.4, 2.0], Verdict::Watch),
            ([0.7, 60.0, 1.4, 2.0], Verdict::Drifted),
        ] {
            let found = only(&frozen, &customers("mbg_nbd", &truth, 3_000, 400.0, 2));
            assert!(found.z.abs() > SURPRISING, "{found:?}");
            assert!(found.verdict == least || found.verdict == Verdict::Drifted, "{found:?}");
        }
    }

    /// A model that never fitted has not drifted when its customers stay what they are.
    #[test]
    fn a_bad_fit_is_no_drift() {
        let others = |seed| customers("mbg_nbd", &[0.7, 60.0, 1.4, 2.0], 5_000, 400.0, seed);
        let population = others(1);
        let wrong = TRUTH.map(f64::ln);
        let part = Part { stratum: ALL, coefficients: &wrong, covariance: None, spend: None, population: &population };
        let setting = Setting { time_unit_days: 1.0, as_of_day: 20_000, horizon_days: 90 };
        let frozen = freeze(&MODEL, &Design::new(&[], &[]), setting, &[part]).unwrap();
        let at_fit = &frozen.strata[0].at_fit;
        let surprise = (at_fit.log_likelihood - at_fit.expected) / (at_fit.variance / at_fit.customers).sqrt();
        assert!(surprise.abs() > 10.0, "{surprise}");
        let found = only(&frozen, &others(2));
        assert!(found.z.abs() < 3.0 && found.verdict == Verdict::Stable, "{found:?}");
    }

    #[test]
    fn threads_do_not_matter() {
        let population = customers("mbg_nbd", &TRUTH, 2_000, 400.0, 1);
        let with = |threads: usize| {
            let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            threads.install(|| look(&MODEL, &TRUTH.map(f64::ln), &population).unwrap())
        };
        let (one, two) = (with(1), with(2));
        assert_eq!(one.expected.to_bits(), two.expected.to_bits());
        assert_eq!(one, two);
    }
}
