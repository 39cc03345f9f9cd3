//! From rows to tables: a study of one stratum, in which all customers are subjects.

use arrow::array::RecordBatch;

use super::tables::{self, customer_ltv};
use super::{Options, Summary, epoch_day};
use crate::contract::made_tables;
use crate::error::{Error, Result};
use crate::models::lifetime_tables::{Read, Scopes, Subjects, evidence, scored};
use crate::models::lifetime_value::choice::purchase_model;
use crate::models::lifetime_value::covariates::Design;
use crate::models::lifetime_value::drift::{Drift, drift};
use crate::models::lifetime_value::frozen::{ALL, Frozen, FrozenSpend, Part, Setting, freeze};
use crate::models::lifetime_value::scores::{Customer, Terms, YEAR_DAYS};
use crate::models::lifetime_value::study::{Findings, Observations, Observed, Settings, Subject};
use crate::models::{Rows, batch};
use crate::monitor::{Event, Monitor};

/// All models that a summary file can be fitted with, in the order in which they are tried.
pub const CANDIDATES: [&str; 10] = [
    "nbd",
    "bg_nbd",
    "mbg_nbd",
    "pareto_nbd",
    "bg_cnbd_2",
    "bg_cnbd_3",
    "bg_cnbd_4",
    "mbg_cnbd_2",
    "mbg_cnbd_3",
    "mbg_cnbd_4",
];

/// What came of a summary file.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// The tables by name.
    pub tables: Vec<(&'static str, RecordBatch)>,
    /// Which model it is, or why none, in words.
    pub outcome: String,
    /// The chosen model, to score with later; none without one, or when it scored here.
    pub frozen: Option<Frozen>,
    /// How far the customers have moved from those of a frozen model.
    pub drift: Option<Drift>,
}

impl Analysis {
    /// The table `name`.
    pub fn table(&self, name: &str) -> Option<&RecordBatch> {
        self.tables.iter().find(|(table, _)| *table == name).map(|(_, rows)| rows)
    }
}

/// Whether the likelihood of a model needs the times between purchases to be compared with others.
fn is_regular(model: &str) -> bool {
    model.contains("_cnbd_")
}

/// The models to fit: the file may not have what comparing them takes.
fn candidates(options: &Options, monitor: &dyn Monitor) -> Result<Vec<String>> {
    let comparable = options.columns.ln_gaps.is_some() || options.columns.holdout.is_some();
    let needed =
        "name `ln_gaps` (the sum of the logarithms of the times between purchases) or `holdout` in `--columns`";
    if options.models.is_empty() {
        let (fitted, left): (Vec<&str>, Vec<&str>) =
            CANDIDATES.into_iter().partition(|model| comparable || !is_regular(model));
        if !left.is_empty() && options.frozen.is_none() {
            let message =
                format!("{} are left out, since nothing compares them with others: {needed}", left.join(", "));
            monitor.event(Event::Note { message });
        }
        return Ok(fitted.into_iter().map(str::to_owned).collect());
    }
    let regular = options.models.iter().find(|model| is_regular(model));
    if let Some(model) = regular.filter(|_| !comparable && options.models.len() > 1) {
        return Err(Error::usage(format!("nothing compares `{model}` with other models")).hint(needed));
    }
    Ok(options.models.clone())
}

fn study(summary: &Summary, options: &Options, models: Vec<String>) -> Read {
    let rows = &summary.rows;
    let observed = rows.iter().map(|row| Observed { stratum: 0, group: 0, history: row.history, bought: row.bought });
    let has_holdout = options.columns.holdout.is_some();
    let has_value = options.columns.value.is_some();
    let subjects = rows.iter().map(|row| Subject {
        stratum: 0,
        customer: Customer {
            group: 0,
            history: row.history,
            spend_purchases: row.spend_purchases,
            spend_mean: row.mean_value.filter(|_| has_value),
        },
    });
    let horizon_days = tables::horizon_days(options);
    Read {
        settings: Settings {
            wanted: models.first().filter(|_| options.models.len() == 1).cloned(),
            candidates: models,
            min_customers: f64::from(options.min_customers),
            min_repeaters: f64::from(options.min_repeaters),
            terms: Terms {
                horizon: options.horizon,
                rate: options.annual_discount_rate.ln_1p() * options.unit_days / YEAR_DAYS,
                unit_days: options.unit_days,
            },
            draws: options.draws as usize,
            seed: options.seed,
        },
        unit_days: options.unit_days,
        holdout_days: has_holdout.then_some(horizon_days),
        tracks_published: false,
        strata: vec![ALL.to_owned()],
        observations: vec![Observations { horizon: has_holdout.then_some(options.horizon), rows: observed.collect() }],
        subjects: Subjects {
            rows: subjects.collect(),
            customer_no: (1..=rows.len() as i64).collect(),
            scopes_of: vec![vec![0]; rows.len()],
        },
        covariates: Design { covariates: Vec::new() },
        rows: vec![Vec::new()],
        acquired: Vec::new(),
        weeks: Vec::new(),
        scopes: Scopes::everybody(ALL),
        knows_gaps: options.columns.ln_gaps.is_some(),
        drift: None,
    }
}

/// Fits and scores, or only scores.
///
/// # Errors
/// Usage, when models or a frozen model do not go with the file.
pub(super) fn analyse(summary: &Summary, options: &Options, monitor: &dyn Monitor) -> Result<Analysis> {
    let mut read = study(summary, options, candidates(options, monitor)?);
    let (findings, drift) = match &options.frozen {
        None => (read.study().findings(), None),
        Some(frozen) => {
            let (findings, drift) = rescored(&read, options, frozen)?;
            (findings, Some(drift))
        }
    };
    read.drift = drift.as_ref().map(|drift| drift.stability_index);
    let totals = read.study().totals(&findings, &read.subjects.scopes_of, read.scopes.names.len());
    let made: [(&'static str, Rows); 5] = [
        ("customer_ltv", customer_ltv(summary, options, &read, &findings)),
        ("ltv_models", evidence::models(&read, &findings)),
        ("ltv_parameters", evidence::parameters(&read, &findings)),
        ("ltv_calibration", evidence::calibrations(&read, &findings)),
        ("ltv_totals", scored::totals(&read.scopes.names, &totals, scored::has_value(&findings.scores))),
    ];
    let contracts = made_tables();
    let tables = made.into_iter().map(|(name, rows)| {
        let contract = contracts.iter().find(|table| table.name == name);
        let contract = contract.ok_or_else(|| Error::internal(format!("`{name}` has no contract")))?;
        Ok((name, batch(contract, rows)?))
    });
    Ok(Analysis {
        tables: tables.collect::<Result<_>>()?,
        outcome: outcome(&findings),
        frozen: if options.frozen.is_some() { None } else { frozen(&read, options, &findings) },
        drift,
    })
}

fn outcome(findings: &Findings) -> String {
    let chosen = findings.choice.as_ref().and_then(|choice| Some((choice, &choice.judged[choice.chosen?])));
    match (chosen, &findings.insufficient) {
        (Some((choice, judged)), None) => format!("{}, {}", judged.model, choice.reason),
        (_, Some(reason)) => format!("no model, {reason}"),
        (None, None) => "no model".to_owned(),
    }
}

/// Scores with a frozen model, and how far its customers have moved.
fn rescored(read: &Read, options: &Options, frozen: &Frozen) -> Result<(Findings, Drift)> {
    if !frozen.covariates.is_empty() {
        return Err(Error::usage("the saved model has covariates, which a summary file has not")
            .hint("save one with `patronage ltv --save-model`"));
    }
    if frozen.time_unit_days != options.unit_days {
        let (of_model, of_file) = (frozen.time_unit_days, options.unit_days);
        return Err(Error::usage(format!(
            "the saved model counts in units of {of_model} days, and this file of {of_file}"
        ))
        .hint(format!("if the file has the unit of the model, add `--unit-days {of_model}`")));
    }
    let now = read.observations[0].population(&read.rows);
    let drifted = drift(frozen, &[(ALL, &now)]).pop();
    let drifted = drifted.ok_or_else(|| Error::internal("a saved model has no drift"))?;
    let reason = format!(
        "a saved model, {}: purchases {:.3} times as many as expected, likelihood {:+.1} standard deviations, stability \
         index {:.3}",
        drifted.verdict.name(),
        drifted.purchase_ratio,
        drifted.z,
        drifted.stability_index
    );
    let findings = read.study().rescored(frozen, &reason);
    Ok((findings.ok_or_else(|| Error::internal("a saved model lacks a parameter"))?, drifted))
}

/// The chosen model, to score with later.
fn frozen(read: &Read, options: &Options, findings: &Findings) -> Option<Frozen> {
    let choice = findings.choice.as_ref().filter(|_| findings.insufficient.is_none())?;
    let judged = &choice.judged[choice.chosen?];
    let model = purchase_model(judged.model)?;
    let of_spend = findings.strata.first()?.spend.as_ref().and_then(|spend| spend.model());
    let spend = of_spend.map(|spend| FrozenSpend { p: spend.p, q: spend.q, gamma: spend.gamma });
    let setting = Setting {
        time_unit_days: options.unit_days,
        as_of_day: options.as_of.map(epoch_day)?,
        horizon_days: i32::try_from(tables::horizon_days(options)).ok()?,
    };
    let population = read.observations[0].population(&read.rows);
    freeze(model.as_ref(), &read.covariates, setting, &[Part::of(ALL, &judged.fit, spend, &population)])
}
