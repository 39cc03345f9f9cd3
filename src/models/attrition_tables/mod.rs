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

use self::read::{Read, Today};
use self::rows::Found;
use self::survival::Staying;
use self::uplift::Uplift;
use super::attrition::study::{StudyOptions, study};
use super::{Everybody, Frame, Inputs, Judge, Model, Pick, Rows, Sampling, Takes};
use crate::error::{Error, Result};

/// Customers by a hash of their ids.
const OF_CUSTOMER: Pick = Pick::Ids("customer_id");

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
        "attrition_survival",
        "attrition_model",
        "attrition_recalibration",
        "attrition_grades",
        "attrition_calibration",
        "attrition_uplift",
    ],
    // Earlier days are looked back at for a part, too, when all of them are too many (`pipeline::replay`): its customers are
    // picked in the same way, and what is made of them is small enough.
    takes: Takes::Sample(&Sampling {
        tables: &[("attrition_features", OF_CUSTOMER), ("attrition_trials", OF_CUSTOMER)],
        everybody: Some(Everybody {
            table: "attrition_features",
            judged: &["attrition_scores", "attrition_reasons", "attrition_survival"],
            learn: |inputs| Ok(Box::new(Learnt::of(inputs)?)),
        }),
    }),
    compute,
};

/// One night: what it was given, and what it learnt.
pub struct Night {
    today: Today,
    outcome: Found,
}

impl Night {
    /// Reads the tables and learns from them.
    ///
    /// # Errors
    /// Internal, when a table is not as contracted. Too few customers are an outcome.
    pub fn of(inputs: &Inputs<'_>) -> Result<Night> {
        let read = read::read(inputs, None)?;
        Ok(Night { today: read.today(inputs.table("attrition_features")?)?, outcome: studied(&read) })
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

fn studied(read: &Read) -> Found {
    let options = StudyOptions {
        recency: read::RECENCY,
        least_of_each: read.least_of_each,
        scorecard: Default::default(),
        trees: Default::default(),
    };
    study(&read.past, &options)
}

/// What was learnt, by which everybody is judged.
struct Learnt {
    read: Read,
    outcome: Found,
    uplift: Uplift,
    staying: Staying,
}

impl Learnt {
    fn of(inputs: &Inputs<'_>) -> Result<Learnt> {
        let mut uplift = Uplift::default();
        let read = read::read(inputs, Some(&mut uplift))?;
        let outcome = studied(&read);
        let staying = Staying::learn(&read, &outcome, inputs.table("attrition_lapses")?)?;
        Ok(Learnt { read, outcome, uplift, staying })
    }

    /// What does not depend on who is scored.
    fn evidence(&self) -> Vec<Rows> {
        let Learnt { read, outcome, uplift, .. } = self;
        vec![
            rows::model(outcome),
            recalibrations::rows(outcome),
            rows::grades(read, outcome),
            rows::calibration(read, outcome),
            uplift::rows(uplift),
        ]
    }
}

impl Judge for Learnt {
    fn judge(&mut self, table: &str, customers: &Frame) -> Result<Rows> {
        let today = self.read.today(customers)?;
        let scored = || rows::scored(&today, &self.outcome);
        match table {
            "attrition_scores" => Ok(rows::scores(&today, &scored(), &self.uplift)),
            "attrition_reasons" => Ok(rows::reasons(&today, &self.outcome, &scored())),
            "attrition_survival" => Ok(self.staying.rows(&today, &self.outcome)),
            other => Err(Error::internal(format!("`{other}` is not judged customer by customer"))),
        }
    }

    fn made(self: Box<Self>) -> Result<Vec<Rows>> {
        Ok(self.evidence())
    }
}

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let learnt = Learnt::of(inputs)?;
    let today = learnt.read.today(inputs.table("attrition_features")?)?;
    let scored = rows::scored(&today, &learnt.outcome);
    let judged = [
        rows::scores(&today, &scored, &learnt.uplift),
        rows::reasons(&today, &learnt.outcome, &scored),
        learnt.staying.rows(&today, &learnt.outcome),
    ];
    Ok(judged.into_iter().chain(learnt.evidence()).collect())
}
