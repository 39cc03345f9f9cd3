//! What the model reads, as a study.

use std::collections::BTreeMap;

use super::super::lifetime_value::choice::purchase_model;
use super::super::lifetime_value::covariates::Design;
use super::super::lifetime_value::history::History;
use super::super::lifetime_value::scores::{Customer, Terms};
use super::super::lifetime_value::study::{Observations, Observed, Settings, Study, Subject};
use super::super::lifetime_value::tracking::Acquired;
use super::super::{Frame, Inputs};
use crate::contract::SCALE;
use crate::error::{Error, Result};

/// A logarithm of 1 in `ln_gaps_pico`.
const PICO: f64 = 1e12;

/// A week of the customers that are tracked, in one stratum.
#[derive(Debug, Clone, Copy)]
pub struct Week {
    /// The stratum; 0 is everybody.
    pub stratum: u32,
    /// The day after it.
    pub end_day: i64,
    /// Repeat purchases in it.
    pub repeat_purchases: i64,
}

/// Customers to score.
pub struct Subjects {
    /// What they are scored on.
    pub rows: Vec<Subject>,
    /// The number of each one's customer.
    pub customer_no: Vec<i64>,
    /// The totals that each belongs to.
    pub scopes_of: Vec<Vec<u32>>,
}

/// Everything read: a study, and the names of what is in it.
pub struct Read {
    /// How to go about it.
    pub settings: Settings,
    /// Days in the unit of parameters.
    pub unit_days: f64,
    /// Days of a holdout, if there is one.
    pub holdout_days: Option<i64>,
    /// Whether the published fit is itself the one that is tracked.
    pub tracks_published: bool,
    /// Names of the strata by number; the first is everybody.
    pub strata: Vec<String>,
    /// Histories by origin.
    pub observations: Vec<Observations>,
    /// Whom to score.
    pub subjects: Subjects,
    /// The covariates.
    pub covariates: Design,
    /// The covariates by row.
    pub rows: Vec<Vec<f64>>,
    /// Who was acquired when, by stratum.
    pub acquired: Vec<(u32, Acquired)>,
    /// Purchases week by week.
    pub weeks: Vec<Week>,
    /// The totals.
    pub scopes: Scopes,
    /// Whether the times between purchases are known. The likelihoods of models with regular timing lack a constant
    /// otherwise, and are not comparable with others.
    pub knows_gaps: bool,
    /// How far the histories have moved from those of a frozen fit, when one scores.
    pub drift: Option<f64>,
}

impl Read {
    /// As a study.
    pub fn study(&self) -> Study<'_> {
        self.study_of(&self.subjects)
    }

    /// As a study of other customers to score.
    pub fn study_of<'s>(&'s self, subjects: &'s Subjects) -> Study<'s> {
        Study {
            settings: &self.settings,
            observations: &self.observations,
            subjects: &subjects.rows,
            covariates: &self.rows,
            strata: u32::try_from(self.strata.len().saturating_sub(1)).unwrap_or(u32::MAX),
        }
    }
}

fn one<T>(values: Vec<Option<T>>, column: &str) -> Result<T> {
    let value = values.into_iter().next().flatten();
    value.ok_or_else(|| Error::internal(format!("`run_params.{column}` has no value")))
}

fn number(params: &Frame, column: &str) -> Result<i64> {
    one(params.whole(column)?, column)
}

fn words(params: &Frame, column: &str) -> Result<Vec<String>> {
    Ok(one(params.text(column)?, column)?.split_whitespace().map(str::to_owned).collect())
}

/// A number that counts or places.
fn index(value: i32) -> Result<u32> {
    u32::try_from(value).map_err(|_| Error::internal("a history has a negative number"))
}

/// Reads all inputs.
///
/// # Errors
/// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when a table is not as contracted, or a history is impossible.
pub fn read(inputs: &Inputs<'_>) -> Result<Read> {
    let params = inputs.table("run_params")?;
    let unit_days = number(params, "ltv_unit_days")? as f64;
    let horizon_days = number(params, "ltv_horizon_days")? as f64;
    let annual_rate = one(params.double("ltv_annual_discount_rate")?, "ltv_annual_discount_rate")?;
    let wanted = one(params.text("ltv_model")?, "ltv_model")?;
    let mut settings = Settings {
        candidates: words(params, "ltv_candidates")?,
        // `auto`, or a model of opportunities, whose scores are made elsewhere.
        wanted: purchase_model(wanted).map(|_| wanted.to_owned()),
        min_customers: number(params, "ltv_min_customers")? as f64,
        min_repeaters: number(params, "ltv_min_repeaters")? as f64,
        terms: Terms::new(horizon_days, annual_rate, unit_days),
        draws: usize::try_from(number(params, "ltv_draws")?).unwrap_or(0),
        seed: number(params, "ltv_seed")?.unsigned_abs(),
    };
    if let Some(wanted) = settings.wanted.clone().filter(|wanted| !settings.candidates.contains(wanted)) {
        settings.candidates.push(wanted);
    }

    let origins = inputs.table("ltv_origins")?;
    let (numbers, days) = (origins.integers("origin_no")?, origins.integers("origin_day")?);
    let ends = origins.whole("holdout_end_day")?;
    let tracked = origins.boolean("is_tracked")?;
    let holdout = |row: usize| ends[row].map(|end| end - i64::from(days[row]));

    let (rows, covariates) = covariates(inputs.table("ltv_covariates")?)?;
    let histories = inputs.table("purchase_histories")?;
    let mut observations: Vec<Observations> = (0..numbers.len())
        .map(|row| Observations { horizon: holdout(row).map(|days| days as f64 / unit_days), rows: Vec::new() })
        .collect();
    let origin_no = histories.integers("origin_no")?;
    let stratum_no = histories.integers("stratum_no")?;
    let covariate_no = histories.integers("covariate_no")?;
    let past = Past::of_table(histories, unit_days)?;
    let bought = histories.integers("holdout_frequency")?;
    for row in 0..histories.rows() {
        let history = past.of(row)?;
        let (stratum, group) = (index(stratum_no[row])?, index(covariate_no[row])?);
        let place = numbers.iter().position(|number| *number == origin_no[row]);
        let place = place.ok_or_else(|| Error::internal("a history of no origin"))?;
        observations[place].rows.push(Observed { stratum, group, history, bought: index(bought[row].max(0))? });
    }
    let strata = inputs.table("ltv_strata")?;
    let scopes = Scopes::of_table(inputs.table("ltv_scopes")?)?;
    let subjects = subjects(inputs.table("ltv_subjects")?, unit_days, &scopes)?;
    Ok(Read {
        settings,
        unit_days,
        holdout_days: (0..numbers.len()).find_map(holdout),
        tracks_published: (0..numbers.len()).any(|row| numbers[row] == 0 && tracked[row] == Some(true)),
        strata: strata.text("stratum")?.into_iter().flatten().map(str::to_owned).collect(),
        observations,
        subjects,
        covariates,
        rows,
        acquired: acquired(inputs.table("acquisitions")?)?,
        weeks: weeks(inputs.table("purchase_weeks")?)?,
        scopes,
        knows_gaps: true,
        drift: None,
    })
}

fn covariates(table: &Frame) -> Result<(Vec<Vec<f64>>, Design)> {
    const NAMES: [&str; 3] = ["region", "channel", "category"];
    let columns = [table.text(NAMES[0])?, table.text(NAMES[1])?, table.text(NAMES[2])?];
    let customers = table.bigints("customers")?;
    let levels = |row: usize| -> Vec<Option<String>> {
        columns.iter().map(|column| column[row].filter(|value| !value.is_empty()).map(str::to_owned)).collect()
    };
    let rows: Vec<(Vec<Option<String>>, f64)> =
        (0..table.rows()).map(|row| (levels(row), customers[row] as f64)).collect();
    let covariates = Design::new(&NAMES, &rows);
    let standardised = rows.iter().map(|(levels, _)| covariates.standardised(levels)).collect();
    Ok((standardised, covariates))
}

fn acquired(table: &Frame) -> Result<Vec<(u32, Acquired)>> {
    let (strata, groups) = (table.integers("stratum_no")?, table.integers("covariate_no")?);
    let (days, customers) = (table.integers("day")?, table.bigints("customers")?);
    (0..table.rows())
        .map(|row| {
            let (day, customers) = (i64::from(days[row]), customers[row] as f64);
            Ok((index(strata[row])?, Acquired { group: index(groups[row])?, day, customers }))
        })
        .collect()
}

fn weeks(table: &Frame) -> Result<Vec<Week>> {
    let (strata, ends) = (table.integers("stratum_no")?, table.integers("end_day")?);
    let purchases = table.bigints("repeat_purchases")?;
    (0..table.rows())
        .map(|row| {
            Ok(Week { stratum: index(strata[row])?, end_day: i64::from(ends[row]), repeat_purchases: purchases[row] })
        })
        .collect()
}

/// The purchases of customers, column by column.
struct Past<'a> {
    frequency: &'a [i32],
    recency: &'a [i32],
    age: &'a [i32],
    ln_gaps: &'a [i64],
    unit_days: f64,
}

impl<'a> Past<'a> {
    fn of_table(table: &'a Frame, unit_days: f64) -> Result<Past<'a>> {
        Ok(Past {
            frequency: table.integers("frequency")?,
            recency: table.integers("recency_days")?,
            age: table.integers("age_days")?,
            ln_gaps: table.bigints("ln_gaps_pico")?,
            unit_days,
        })
    }

    fn of(&self, row: usize) -> Result<History> {
        let x = index(self.frequency[row])?;
        let history = History {
            frequency: x,
            recency: f64::from(self.recency[row]) / self.unit_days,
            age: f64::from(self.age[row]) / self.unit_days,
            sum_ln_gaps: self.ln_gaps[row] as f64 / PICO - f64::from(x) * self.unit_days.ln(),
        };
        match history.fault() {
            Some(fault) => Err(Error::internal(format!("an impossible history: {fault}"))),
            None => Ok(history),
        }
    }
}

/// Rows of `ltv_subjects`.
///
/// # Errors
/// As [`read`].
pub fn subjects(table: &Frame, unit_days: f64, scopes: &Scopes) -> Result<Subjects> {
    let past = Past::of_table(table, unit_days)?;
    let (stratum_no, covariate_no) = (table.integers("stratum_no")?, table.integers("covariate_no")?);
    let (purchases, spend) = (table.integers("spend_purchases")?, table.whole("spend_e4")?);
    let ids = table.integers("customer_no")?;
    let groups = GROUPS.iter().map(|(kind, column)| Ok((*kind, table.integers(column)?)));
    let groups = groups.collect::<Result<Vec<_>>>()?;
    let mut rows = Vec::with_capacity(table.rows());
    for row in 0..table.rows() {
        let spend_purchases = index(purchases[row])?;
        let spend_mean = spend[row].map(|e4| e4 as f64 / SCALE as f64 / f64::from(spend_purchases.max(1)));
        let group = index(covariate_no[row])?;
        let customer = Customer { group, history: past.of(row)?, spend_purchases, spend_mean };
        rows.push(Subject { stratum: index(stratum_no[row])?, customer });
    }
    let of = |row: usize| scopes.of(groups.iter().map(|(kind, numbers)| (*kind, numbers[row])));
    Ok(Subjects {
        scopes_of: (0..rows.len()).map(of).collect(),
        rows,
        customer_no: ids.iter().map(|id| i64::from(*id)).collect(),
    })
}

/// Kinds of groups that are summed up, and where their numbers stand.
const GROUPS: [(&str, &str); 3] = [("tier", "tier_no"), ("region", "region_no"), ("cohort", "cohort_no")];

/// The kind of everybody.
const ALL: &str = "all";

/// The groups that are summed up.
pub struct Scopes {
    /// Their names.
    pub names: Vec<String>,
    /// Their places, by kind and number within it.
    places: BTreeMap<(&'static str, i32), u32>,
}

impl Scopes {
    /// Everybody, under this name.
    pub fn everybody(name: &str) -> Scopes {
        Scopes { names: vec![name.to_owned()], places: BTreeMap::from([((ALL, 0), 0)]) }
    }

    fn of_table(table: &Frame) -> Result<Scopes> {
        let names = table.text("scope")?.into_iter().flatten().map(str::to_owned).collect();
        let (kinds, numbers) = (table.text("kind")?, table.integers("scope_no")?);
        let known = || GROUPS.iter().map(|(kind, _)| *kind).chain([ALL]);
        let place = |row: usize| {
            let kind = known().find(|kind| kinds[row] == Some(*kind))?;
            Some(((kind, numbers[row]), u32::try_from(row).ok()?))
        };
        Ok(Scopes { names, places: (0..table.rows()).filter_map(place).collect() })
    }

    /// The places of the total of all, and of these groups.
    fn of(&self, groups: impl Iterator<Item = (&'static str, i32)>) -> Vec<u32> {
        std::iter::once((ALL, 0)).chain(groups).filter_map(|group| self.places.get(&group).copied()).collect()
    }
}
