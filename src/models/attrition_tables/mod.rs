//! The model of attrition as tables: features of earlier nights and what became of their customers out of SQL, through
//! [`super::attrition`], and back as scores, reasons, the model itself and the evidence for it (`spec/definitions.md` 3.8).

mod alive;
mod backtest;
mod campaigns;
mod read;
mod recalibrations;
mod rows;
mod survival;
mod uplift;

pub use backtest::Top;

use self::read::Read;
use self::uplift::Uplift;
use super::attrition::Unfit;
use super::attrition::study::{Outcome, StudyOptions, study};
use super::{Inputs, Model, Rows, Takes};
use crate::error::Result;

/// Learns from `attrition_snapshots` and scores `attrition_features`; whom campaigns persuade from `attrition_trials`.
pub const MODEL: Model = Model {
    name: "attrition",
    reads: &[
        "run_params",
        "attrition_snapshots",
        "attrition_labels",
        "attrition_lapses",
        "attrition_trials",
        "attrition_features",
    ],
    makes: &[
        "attrition_scores",
        "attrition_reasons",
        "attrition_model",
        "attrition_recalibration",
        "attrition_grades",
        "attrition_calibration",
        "attrition_survival",
        "attrition_uplift",
    ],
    takes: Takes::Whole,
    compute,
};

/// One night: what it was given, and what it learnt.
pub struct Night {
    read: Read,
    outcome: Result<Outcome, Unfit>,
}

impl Night {
    /// Reads the tables and learns from them; adds past campaigns to `uplift`, if that is wanted.
    ///
    /// # Errors
    /// Internal, when a table is not as contracted. Too few customers are an outcome.
    pub fn of(inputs: &Inputs<'_>, uplift: Option<&mut Uplift>) -> Result<Night> {
        let read = read::read(inputs, uplift)?;
        let options = StudyOptions {
            recency: read::RECENCY,
            least_of_each: read.least_of_each,
            scorecard: Default::default(),
            trees: Default::default(),
        };
        let outcome = study(&read.past, &options);
        Ok(Night { read, outcome })
    }

    /// What came of it in a few words.
    pub fn summary(&self) -> String {
        match &self.outcome {
            Err(unfit) => unfit.to_string(),
            Ok(outcome) => match outcome.chosen() {
                Some(chosen) => format!("{} scores", chosen.kind.name()),
                None => "no model is as good as the baselines".to_owned(),
            },
        }
    }
}

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let mut uplift = Uplift::default();
    let Night { read, outcome } = Night::of(inputs, Some(&mut uplift))?;
    let scored = rows::scored(&read, &outcome);
    Ok(vec![
        rows::scores(&read, &scored, &uplift),
        rows::reasons(&read, &outcome, &scored),
        rows::model(&outcome),
        recalibrations::rows(&outcome),
        rows::grades(&read, &outcome),
        rows::calibration(&read, &outcome),
        survival::rows(&read, &outcome, inputs.table("attrition_lapses")?)?,
        uplift::rows(&uplift),
    ])
}
