//! Lifetime value as tables: histories out of SQL, through [`super::lifetime_value`], and back as tables of figures,
//! parameters and evidence (`spec/tables.md` 4.4).

pub mod evidence;
mod read;
pub mod scored;

pub use read::{Read, Week};

use super::{Inputs, Model, Rows, Takes};
use crate::error::Result;

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
        "ltv_groups",
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
    takes: Takes::Whole,
    compute,
};

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let read = read::read(inputs)?;
    let study = read.study();
    let findings = study.findings();
    Ok(vec![
        scored::history_scores(&read, &findings),
        evidence::choices(&read, &findings),
        evidence::models(&read, &findings),
        evidence::parameters(&read, &findings),
        evidence::calibrations(&read, &findings),
        evidence::tracking(&read, &findings),
        scored::totals(&read, &study, &findings),
    ])
}
