//! Lifetime value as tables: histories out of SQL, through [`super::lifetime_value`], and back as tables of figures,
//! parameters and evidence (`spec/tables.md` 4.4).

pub mod evidence;
mod read;
pub mod scored;

pub use read::{Read, Scopes, Subjects, Week};

use self::read::subjects;
use super::lifetime_value::study::Findings;
use super::lifetime_value::totals::{Sums, Total};
use super::{Everybody, Frame, Inputs, Judge, Model, Pick, Rows, Sampling, Takes};
use crate::error::Result;

/// Customers whose number it divides.
const OF_NUMBER: Pick = Pick::Where("customer_no % {every} = 0");

/// Reads histories at the origins of all fits; makes figures by customer, and everything that says how far to trust them.
pub const MODEL: Model = Model {
    name: "lifetime_value",
    reads: &[
        "run_params",
        "ltv_origins",
        "ltv_strata",
        "ltv_covariates",
        "purchase_histories",
        "acquisitions",
        "purchase_weeks",
        "ltv_subjects",
        "ltv_scopes",
    ],
    makes: &[
        "history_scores",
        "ltv_choices",
        "purchase_models",
        "purchase_parameters",
        "ltv_calibration",
        "ltv_tracking",
        "ltv_totals",
    ],
    takes: Takes::Sample(&Sampling {
        tables: &[("purchase_histories", OF_NUMBER), ("ltv_subjects", OF_NUMBER)],
        everybody: Some(Everybody { table: "ltv_subjects", judged: &["history_scores"], learn }),
    }),
    compute,
};

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let read = read::read(inputs)?;
    let study = read.study();
    let findings = study.findings();
    let totals = study.totals(&findings, &read.subjects.scopes_of, read.scopes.names.len());
    let scores = scored::history_scores(&read.subjects.customer_no, &findings.scores);
    let has_value = scored::has_value(&findings.scores);
    Ok(std::iter::once(scores).chain(evidence(&read, &findings, &totals, has_value)).collect())
}

/// All that the model makes besides the scores.
fn evidence(read: &Read, findings: &Findings, totals: &[Total], has_value: bool) -> Vec<Rows> {
    vec![
        evidence::choices(read, findings),
        evidence::models(read, findings),
        evidence::parameters(read, findings),
        evidence::calibrations(read, findings),
        evidence::tracking(read, findings),
        scored::totals(&read.scopes.names, totals, has_value),
    ]
}

/// Fits to a part of the customers, to score all.
fn learn(inputs: &Inputs<'_>) -> Result<Box<dyn Judge>> {
    let read = read::read(inputs)?;
    let findings = read.study().findings();
    let sums = vec![Sums::default(); read.scopes.names.len()];
    Ok(Box::new(Learnt { read, findings, sums, has_value: false }))
}

/// A fit, and what was added up of those scored with it.
struct Learnt {
    read: Read,
    findings: Findings,
    sums: Vec<Sums>,
    has_value: bool,
}

impl Judge for Learnt {
    fn judge(&mut self, _: &str, rows: &Frame) -> Result<Rows> {
        let subjects = subjects(rows, self.read.unit_days, &self.read.scopes)?;
        let study = self.read.study_of(&subjects);
        let scores = study.scored(&self.findings);
        let sums = study.sums(&self.findings, &scores, &subjects.scopes_of, self.sums.len());
        self.sums.iter_mut().zip(&sums).for_each(|(all, of_rows)| all.and(of_rows));
        self.has_value |= scored::has_value(&scores);
        Ok(scored::history_scores(&subjects.customer_no, &scores))
    }

    fn made(self: Box<Self>) -> Result<Vec<Rows>> {
        let totals: Vec<Total> = self.sums.iter().map(Sums::total).collect();
        Ok(evidence(&self.read, &self.findings, &totals, self.has_value))
    }
}
