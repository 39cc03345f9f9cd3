//! The model of attrition as tables: features of earlier nights and what became of their customers out of SQL, through
//! [`super::attrition`], and back as scores, reasons, the model itself and the evidence for it (`spec/definitions.md` 3.8).

mod alive;
mod campaigns;
mod read;
mod rows;
mod uplift;

use super::attrition::study::{StudyOptions, study};
use super::{Inputs, Model, Rows};
use crate::error::Result;

/// Learns from `attrition_snapshots` and scores `attrition_features`; whom campaigns persuade from `attrition_trials`.
pub const MODEL: Model = Model {
    name: "attrition",
    reads: &["run_params", "attrition_snapshots", "attrition_labels", "attrition_trials", "attrition_features"],
    makes: &[
        "attrition_scores",
        "attrition_reasons",
        "attrition_model",
        "attrition_grades",
        "attrition_calibration",
        "attrition_uplift",
    ],
    compute,
};

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let read = read::read(inputs)?;
    let options = StudyOptions {
        recency: read::RECENCY,
        least_of_each: read.least_of_each,
        scorecard: Default::default(),
        trees: Default::default(),
    };
    let outcome = study(&read.past, &options);
    let scored = rows::scored(&read, &outcome);
    Ok(vec![
        rows::scores(&read, &scored),
        rows::reasons(&read, &outcome, &scored),
        rows::model(&outcome),
        rows::grades(&read, &outcome),
        rows::calibration(&read, &outcome),
        uplift::rows(&read.uplift),
    ])
}
