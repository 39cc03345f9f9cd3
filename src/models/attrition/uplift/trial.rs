//! A past campaign with a control group.

use super::super::trees::Refusal;

/// Who was treated, and who did what the campaign is for.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// What the campaign is for, by customer: `true` for who stayed, where it is to keep customers.
    pub outcome: &'a [bool],
    /// Whether the customer was assigned to treatment; contacted or not (intention to treat).
    pub treated: &'a [bool],
    /// The probability with which the customer was assigned to treatment, above 0 and below 1, where it was not the same
    /// for all. `None`: the share of the treated among the rows learned from.
    pub chance: Option<&'a [f64]>,
}

/// A side of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arm {
    /// Assigned to treatment.
    Treated,
    /// Kept out.
    Control,
}

/// The least that a trial has to have, where one learns from it and where one judges by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// Customers of each arm.
    pub of_each_arm: usize,
    /// Customers of each arm with the outcome, and without it.
    pub of_each_outcome: usize,
}

impl Default for Needs {
    /// An uplift is a difference of two rates, each with the noise of its own arm. With 500 and 50 its standard error over a
    /// whole arm is about 0.02, of the order of what campaigns do: less cannot rank.
    fn default() -> Needs {
        Needs { of_each_arm: 500, of_each_outcome: 50 }
    }
}

/// Why there is no uplift.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Insufficient {
    /// Scores, outcomes, arms or features are not of the same number of customers.
    #[error("scores, outcomes and arms are not of the same number of customers")]
    Shape,
    /// A probability of treatment is not above 0 and below 1.
    #[error("probabilities of treatment have to be above 0 and below 1")]
    BadChance,
    /// A score is not a number.
    #[error("scores have to be numbers")]
    BadScore,
    /// Too few customers in an arm.
    #[error("{have} customers are {}, {needed} are needed", side(*arm))]
    Customers {
        /// Which arm.
        arm: Arm,
        /// There are.
        have: usize,
        /// There have to be.
        needed: usize,
    },
    /// Too few customers of an arm with, or without, the outcome.
    #[error("{have} of those who are {} {} the outcome, {needed} are needed", side(*arm), if *outcome { "have" } else { "do not have" })]
    Outcomes {
        /// Which arm.
        arm: Arm,
        /// With or without it.
        outcome: bool,
        /// There are.
        have: usize,
        /// There have to be.
        needed: usize,
    },
    /// The learner refused.
    #[error("{0}")]
    Refused(#[from] Refusal),
}

impl Insufficient {
    /// Its name in a `status` column.
    pub fn status(&self) -> &'static str {
        match self {
            Insufficient::Shape | Insufficient::BadChance | Insufficient::BadScore => "bad_input",
            Insufficient::Customers { .. } | Insufficient::Outcomes { .. } => "insufficient_data",
            Insufficient::Refused(refusal) => refusal.status(),
        }
    }
}

fn side(arm: Arm) -> &'static str {
    match arm {
        Arm::Treated => "treated",
        Arm::Control => "in control",
    }
}

impl Trial<'_> {
    pub(super) fn check_shape(&self, rows: usize) -> Result<(), Insufficient> {
        let fits = self.outcome.len() == rows
            && self.treated.len() == rows
            && self.chance.is_none_or(|chance| chance.len() == rows);
        if fits { Ok(()) } else { Err(Insufficient::Shape) }
    }

    /// Whether there are enough customers of each kind among those that `counts` says count.
    pub(super) fn check_needs(&self, needs: &Needs, counts: impl Fn(usize) -> bool) -> Result<(), Insufficient> {
        for (arm, treated) in [(Arm::Treated, true), (Arm::Control, false)] {
            let of_arm = (0..self.treated.len()).filter(|row| counts(*row) && self.treated[*row] == treated);
            let (with, without): (Vec<usize>, Vec<usize>) = of_arm.partition(|row| self.outcome[*row]);
            let have = with.len() + without.len();
            if have < needs.of_each_arm {
                return Err(Insufficient::Customers { arm, have, needed: needs.of_each_arm });
            }
            for (outcome, have) in [(true, with.len()), (false, without.len())] {
                if have < needs.of_each_outcome {
                    return Err(Insufficient::Outcomes { arm, outcome, have, needed: needs.of_each_outcome });
                }
            }
        }
        Ok(())
    }
}
