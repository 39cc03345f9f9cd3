//! Two ways to learn an uplift from a trial.

use super::super::Features;
use super::super::trees::{Refusal, Settings, Training, grow};
use super::trial::{Insufficient, Needs, Trial};

/// Probabilities of what was learned, one a customer.
pub type Scorer = Box<dyn Fn(&Features) -> Result<Vec<f64>, Refusal> + Send + Sync>;

/// Something that learns a probability: features, what happened, and weights, of which 0 leaves a customer out.
pub type Learner<'a> = &'a (dyn Fn(&Features, &[bool], &[f64]) -> Result<Scorer, Refusal> + Sync);

/// How an uplift is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A model of each arm; the uplift is the difference of their probabilities ("T-learner": Künzel et al. 2019, PNAS
    /// 116(10)). Each is good at its own arm's main effects, and the difference has the noise of both.
    TwoModels,
    /// One model of "treated with the outcome, or in control without it" (Jaskowski & Jaroszewicz 2012, ICML workshop on
    /// clinical data). With weights of one by the probability of one's own arm, the arms are as if of equal size, and then
    /// `P(outcome | treated) - P(outcome | control) = 2 P(class) - 1`.
    ClassTransformation,
}

/// What was learned of a trial.
pub struct UpliftModel {
    scorers: Scorers,
}

enum Scorers {
    Two { treated: Scorer, control: Scorer },
    Class(Scorer),
}

impl std::fmt::Debug for UpliftModel {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("UpliftModel").finish_non_exhaustive()
    }
}

impl UpliftModel {
    /// How much more probable the outcome is with treatment than without, -1 to 1, one a customer.
    ///
    /// # Errors
    /// What the learner's scorers refuse.
    pub fn score(&self, features: &Features) -> Result<Vec<f64>, Refusal> {
        match &self.scorers {
            Scorers::Two { treated, control } => {
                let (treated, control) = (treated(features)?, control(features)?);
                Ok(treated.iter().zip(&control).map(|(treated, control)| treated - control).collect())
            }
            Scorers::Class(class) => Ok(class(features)?.iter().map(|class| 2.0 * class - 1.0).collect()),
        }
    }
}

/// Learns from the customers that `learn_from` marks, or from all. Judge it by others.
///
/// # Errors
/// See [`Insufficient`].
pub fn learn(
    method: Method,
    features: &Features,
    trial: &Trial<'_>,
    learn_from: Option<&[bool]>,
    needs: &Needs,
    learner: Learner<'_>,
) -> Result<UpliftModel, Insufficient> {
    let rows = features.rows();
    trial.check_shape(rows)?;
    if learn_from.is_some_and(|marks| marks.len() != rows) {
        return Err(Insufficient::Shape);
    }
    let counts = |row: usize| learn_from.is_none_or(|marks| marks[row]);
    trial.check_needs(needs, counts)?;
    if trial.chance.is_some_and(|chances| chances.iter().any(|chance| !(*chance > 0.0 && *chance < 1.0))) {
        return Err(Insufficient::BadChance);
    }
    let weights = |weight: &dyn Fn(usize) -> f64| -> Vec<f64> {
        (0..rows).map(|row| if counts(row) { weight(row) } else { 0.0 }).collect()
    };
    let scorers = match method {
        Method::TwoModels => {
            let of_arm = |treated: bool| {
                let weights = weights(&|row| f64::from(u8::from(trial.treated[row] == treated)));
                learner(features, trial.outcome, &weights)
            };
            Scorers::Two { treated: of_arm(true)?, control: of_arm(false)? }
        }
        Method::ClassTransformation => {
            let (learned, treated) = (0..rows)
                .filter(|row| counts(*row))
                .fold((0_usize, 0_usize), |sums, row| (sums.0 + 1, sums.1 + usize::from(trial.treated[row])));
            let share = treated as f64 / learned as f64;
            let weights = weights(&|row| {
                let chance = trial.chance.map_or(share, |chances| chances[row]);
                // Halved, so that equal arms have weights of 1 and settings of Hessians mean the same.
                0.5 / if trial.treated[row] { chance } else { 1.0 - chance }
            });
            let class: Vec<bool> =
                trial.outcome.iter().zip(trial.treated).map(|(outcome, treated)| outcome == treated).collect();
            Scorers::Class(learner(features, &class, &weights)?)
        }
    };
    Ok(UpliftModel { scorers })
}

/// Boosted trees as a learner. All trees of `settings` are grown: nothing is held back.
pub fn booster_learner(settings: Settings) -> impl Fn(&Features, &[bool], &[f64]) -> Result<Scorer, Refusal> + Sync {
    move |features, happened, weights| {
        let training = Training { features, left: happened, weights: Some(weights), held_back: None };
        let booster = grow(&training, &settings)?;
        Ok(Box::new(move |features: &Features| Ok(booster.probabilities(&booster.code(features)?))))
    }
}
