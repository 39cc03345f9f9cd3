//! What a ranking by uplift is worth, measured on a trial.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson};
use rayon::prelude::*;

use super::curves::{Point, Step, coarse, difference_among_first, points, qini, steps, uplift};
use super::trial::{Insufficient, Needs, Trial};

/// Any fixed number: the same trial has the same intervals every night.
const SEED: u64 = 20_120_626;

/// Steps of the curves that are drawn: what is between two of so many is straight enough for an interval.
const MOST_STEPS: usize = 2_000;

/// How good a ranking is. A measure that does not exist is `None`: an arm without a customer among the first, or outcomes
/// that no ranking could sort.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Customers of the trial.
    pub customers: usize,
    /// How many of them were treated.
    pub treated: usize,
    /// The difference of the arms' rates, over all: what treating everybody does.
    pub effect: f64,
    /// The area between the Qini curve and chance, as a share of that of the best ranking.
    pub qini: Option<Measured>,
    /// The same of the uplift curve (AUUC).
    pub auuc: Option<Measured>,
    /// The difference of the arms' rates among the tenth ranked first.
    pub at_10_percent: Option<Measured>,
    /// The Qini curve, in at most 101 points.
    pub curve: Vec<Point>,
}

/// A measure with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Of the trial.
    pub value: f64,
    /// The 2.5 % quantile of the bootstrap.
    pub low: f64,
    /// The 97.5 % quantile of the bootstrap.
    pub high: f64,
}

/// Judges scores (uplifts, larger is better to treat) by a trial whose customers the model has not seen.
///
/// All customers have to have had the same chance of treatment: where they had not, judge each stratum by itself.
///
/// Intervals are those of a Poisson bootstrap with a fixed seed: each of `rounds` draws customers anew, every one so many
/// times as a Poisson variate of mean 1 says. Customers of neighbouring scores, one arm and one outcome are drawn together,
/// so that the order of rows cannot matter.
///
/// # Errors
/// See [`Insufficient`].
pub fn judge(scores: &[f64], trial: &Trial<'_>, needs: &Needs, rounds: usize) -> Result<Judgement, Insufficient> {
    trial.check_shape(scores.len())?;
    if scores.iter().any(|score| score.is_nan()) {
        return Err(Insufficient::BadScore);
    }
    trial.check_needs(needs, |_| true)?;
    let steps = steps(scores, trial.outcome, trial.treated);
    let coarse = coarse(&steps, MOST_STEPS);
    let drawn: Vec<[Option<f64>; 3]> = (0..rounds as u64)
        .into_par_iter()
        .map(|round| {
            let mut random = ChaCha8Rng::seed_from_u64(SEED);
            random.set_stream(round);
            measures(&coarse.iter().map(|step| draw(*step, &mut random)).collect::<Vec<Step>>())
        })
        .collect();
    let measured = |place: usize| {
        let value = measures(&steps)[place]?;
        let mut values: Vec<f64> = drawn.iter().filter_map(|measures| measures[place]).collect();
        values.sort_unstable_by(f64::total_cmp);
        Some(Measured { value, low: quantile(&values, 0.025)?, high: quantile(&values, 0.975)? })
    };
    let all = steps.iter().fold(Step::default(), |sum, step| sum.plus(*step));
    Ok(Judgement {
        customers: scores.len(),
        treated: all.treated as usize,
        effect: all.difference().unwrap_or(0.0),
        qini: measured(0),
        auuc: measured(1),
        at_10_percent: measured(2),
        curve: points(&steps),
    })
}

/// Qini, AUUC and the difference at a tenth.
fn measures(steps: &[Step]) -> [Option<f64>; 3] {
    let customers: f64 = steps.iter().map(|step| step.rows()).sum();
    [qini(steps), uplift(steps), difference_among_first(steps, (customers / 10.0).ceil())]
}

fn draw(step: Step, random: &mut ChaCha8Rng) -> Step {
    let (treated_with, treated_without) =
        (times(step.treated_with, random), times(step.treated - step.treated_with, random));
    let (control_with, control_without) =
        (times(step.control_with, random), times(step.control - step.control_with, random));
    Step {
        treated: treated_with + treated_without,
        treated_with,
        control: control_with + control_without,
        control_with,
    }
}

/// The sum of `count` Poisson variates of mean 1, which is one of mean `count`.
fn times(count: f64, random: &mut ChaCha8Rng) -> f64 {
    Poisson::new(count).map_or(0.0, |poisson| poisson.sample(random))
}

/// Type 7 of sorted values, as everywhere (`spec/definitions.md` 3.0). `None` of none.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = (sorted.len().checked_sub(1)?) as f64 * share;
    let low = sorted[place as usize];
    let high = sorted[(place as usize + 1).min(sorted.len() - 1)];
    Some(low + place.fract() * (high - low))
}
