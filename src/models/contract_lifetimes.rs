//! How long contracts last: the sBG and the BdW for all contracts, each plan and each length of a term, the choice between
//! them, and what they say of a contract by the number of its renewals (`spec/lifetime-value.md` 2.6, 6.5).
//!
//! What is used, from the first that there is:
//!
//! 1. the sBG or the BdW of the stratum, whichever has the lower AIC (the simpler one, sBG, when they are equal), unless its
//!    contracts have terms of several lengths: the renewals of a month and of a year are not points of one curve;
//! 2. the same of all contracts with a term of the same length, for a plan with too few;
//! 3. one probability of loss for all these and every renewal, with the uncertainty of its estimate: with `l` losses in `n`
//!    renewals it is Beta(l + 1, n - l + 1).

use std::collections::BTreeMap;

use super::lifetime_value::contractual::{Curve, Family, Renewals, fit};
use super::lifetime_value::fit::{BOUNDARY, Fit, Termination};
use super::{Inputs, Model, Rows, Takes, Values};
use crate::error::{Error, Result};

/// The model: from cohorts to parameters, the choice of a model, and values.
pub const MODEL: Model = Model {
    name: "contract_lifetimes",
    reads: &["run_params", "contract_cohorts"],
    makes: &["contract_parameters", "contract_models", "contract_values"],
    takes: Takes::Compact,
    compute,
};

/// Fewest contracts that came to a renewal, for a fit.
const LEAST_CONTRACTS: f64 = 30.0;

/// Fewest renewals that happened, and fewest losses, for a fit.
const LEAST_OF_EACH: f64 = 10.0;

/// How the names of strata of one length of a term begin.
const OF_TERM: &str = "term=";
const MEAN: &str = "mean";

/// Days of a year, and months.
const YEAR_DAYS: f64 = 365.25;
const YEAR_MONTHS: f64 = 12.0;

/// What the pipeline file says.
#[derive(Debug, Clone, Copy)]
struct Params {
    enabled: bool,
    horizon_days: i64,
    annual_rate: f64,
}

impl Params {
    /// Renewals within the horizon when a term of so many months has just begun: the horizon in whole months, rounded, so
    /// that 365 days are a year.
    fn renewals(self, term_months: i64) -> u32 {
        let months = (self.horizon_days as f64 * YEAR_MONTHS / YEAR_DAYS).round();
        (months / term_months.max(1) as f64).floor() as u32
    }

    /// What a payment one term later is worth now.
    fn discount(self, term_months: i64) -> f64 {
        (-(term_months as f64) / YEAR_MONTHS * self.annual_rate.ln_1p()).exp()
    }
}

/// The contracts of one stratum: renewals of all terms together, and the last renewal that contracts of each term met.
#[derive(Debug, Default)]
struct Stratum {
    renewals: Renewals,
    last: BTreeMap<i64, u32>,
}

impl Stratum {
    /// Adds the contracts of one term: `(renewal, at risk, lost)`, rising, where some history ends.
    fn add(&mut self, term_months: i64, cohort: &[(u32, f64, f64)]) {
        let mut number = 0;
        for &(renewal, at_risk, lost) in cohort {
            while number < renewal {
                if self.renewals.at_risk.len() <= number as usize {
                    self.renewals.at_risk.push(0.0);
                    self.renewals.lost.push(0.0);
                }
                self.renewals.at_risk[number as usize] += at_risk;
                number += 1;
            }
            self.renewals.lost[renewal as usize - 1] += lost;
        }
        self.last.insert(term_months, number);
    }

    /// Terms of which lengths its contracts have, when there are several.
    fn terms(&self) -> Option<String> {
        let terms: Vec<String> = self.last.keys().map(i64::to_string).collect();
        (terms.len() > 1).then(|| terms.join(", "))
    }

    /// Why a model cannot be fitted, if so.
    fn too_little(&self, family: Family) -> Option<String> {
        let renewals = &self.renewals;
        let (contracts, lost) = (renewals.contracts(), renewals.losses());
        let kept = renewals.at_risk.iter().sum::<f64>() - lost;
        let points = family.parameters().len();
        if contracts < LEAST_CONTRACTS {
            Some(format!("{contracts} contracts came to a renewal, {LEAST_CONTRACTS} are needed"))
        } else if lost < LEAST_OF_EACH {
            Some(format!("{lost} contracts were lost, {LEAST_OF_EACH} are needed"))
        } else if kept < LEAST_OF_EACH {
            Some(format!("{kept} renewals happened, {LEAST_OF_EACH} are needed"))
        } else if renewals.observed() < points {
            Some(format!("contracts came to {} renewals, {points} are needed", renewals.observed()))
        } else {
            None
        }
    }
}

/// One model in one stratum.
#[derive(Debug)]
struct Candidate {
    family: Family,
    /// The fit, or why there is none.
    fit: std::result::Result<Fit, String>,
}

impl Candidate {
    fn of(family: Family, stratum: &Stratum) -> Self {
        let fit = stratum.too_little(family).map_or_else(|| Ok(fit(family, &stratum.renewals)), Err);
        Candidate { family, fit }
    }

    /// Akaike's criterion of a fit that may be used: one that ended, at a maximum or at a limit.
    fn aic(&self) -> Option<f64> {
        let fit = self.fit.as_ref().ok().filter(|fit| fit.termination != Termination::MaxIterations)?;
        Some(2.0 * self.family.parameters().len() as f64 - 2.0 * fit.log_likelihood)
    }

    fn curve(&self) -> Option<Curve> {
        self.fit.as_ref().ok().map(|fit| Curve::of(&fit.parameters()))
    }

    /// What a fit at a boundary is.
    fn collapses_to(&self) -> Option<&'static str> {
        let fit = self.fit.as_ref().ok().filter(|fit| fit.termination == Termination::Boundary)?;
        let grows = fit.log_parameters.iter().take(2).any(|value| *value > BOUNDARY);
        Some(match (grows, self.family) {
            // Contracts do not differ.
            (true, Family::Sbg) => "geometric",
            (true, Family::Bdw) => "discrete_weibull",
            // Some are lost at once, and the others never.
            (false, _) => "split",
        })
    }
}

/// What is known of a stratum.
#[derive(Debug)]
struct Verdict {
    candidates: Vec<Candidate>,
    /// Place of the chosen one.
    chosen: Option<usize>,
}

impl Verdict {
    fn of(stratum: &Stratum) -> Self {
        let candidates: Vec<Candidate> = Family::ALL.into_iter().map(|family| Candidate::of(family, stratum)).collect();
        let mut chosen: Option<(usize, f64)> = None;
        for (index, candidate) in candidates.iter().enumerate() {
            if let Some(aic) = candidate.aic()
                && chosen.is_none_or(|(_, best)| aic < best)
            {
                chosen = Some((index, aic));
            }
        }
        Verdict { candidates, chosen: chosen.map(|(index, _)| index) }
    }

    /// Why the candidate at `index` was chosen, or not.
    fn reason(&self, index: usize) -> String {
        let candidate = &self.candidates[index];
        let Some(aic) = candidate.aic() else {
            return match &candidate.fit {
                Err(reason) => reason.clone(),
                Ok(_) => "the search did not end".to_owned(),
            };
        };
        let others = self.candidates.iter().filter(|other| other.family != candidate.family);
        let other = others.filter_map(|other| Some((other.family.name(), other.aic()?))).next();
        match (self.chosen == Some(index), other) {
            (true, Some((name, other))) => format!("AIC {aic:.2}, {name} {other:.2}"),
            (true, None) => "the only model that can be fitted".to_owned(),
            (false, Some((name, other))) => format!("AIC {aic:.2}, not below {name} {other:.2}"),
            (false, None) => "not chosen".to_owned(),
        }
    }
}

/// The curve that a stratum's values come from.
#[derive(Debug, Clone, Copy)]
struct Source<'a> {
    curve: Curve,
    model: &'static str,
    fitted_on: &'a str,
}

impl Source<'_> {
    /// The number of renewals at which to read the curve: one probability of loss does not know how old a contract is.
    fn from(&self, renewals: u32) -> u32 {
        if self.model == MEAN { 0 } else { renewals }
    }
}

fn mean(renewals: &Renewals) -> Curve {
    let lost = renewals.losses();
    let kept = renewals.at_risk.iter().sum::<f64>() - lost;
    Curve { alpha: lost + 1.0, beta: kept + 1.0, shape: 1.0 }
}

fn params(inputs: &Inputs<'_>) -> Result<Params> {
    let table = inputs.table("run_params")?;
    let empty = |column: &str| Error::internal(format!("`run_params.{column}` is empty"));
    let (days, rate) = ("ltv_horizon_days", "ltv_annual_discount_rate");
    Ok(Params {
        enabled: table.boolean("ltv_enabled")?.first().copied().flatten() == Some(true),
        horizon_days: table.whole(days)?.first().copied().flatten().ok_or_else(|| empty(days))?,
        annual_rate: table.double(rate)?.first().copied().flatten().ok_or_else(|| empty(rate))?,
    })
}

/// Of one stratum and length of a term: number of the renewal, contracts that came to it, and those lost at it.
type Cohort = Vec<(u32, f64, f64)>;

fn strata(inputs: &Inputs<'_>) -> Result<BTreeMap<String, Stratum>> {
    let table = inputs.table("contract_cohorts")?;
    let mut cohorts: BTreeMap<(String, i64), Cohort> = BTreeMap::new();
    if table.rows() > 0 {
        let (names, terms, numbers) = (table.text("stratum")?, table.whole("term_months")?, table.whole("renewal_no")?);
        let (at_risk, lost) = (table.whole("at_risk")?, table.whole("lost")?);
        for (row, name) in names.into_iter().enumerate() {
            let (Some(name), Some(term), Some(number)) = (name, terms[row], numbers[row]) else { continue };
            let count = |column: &[Option<i64>]| column[row].unwrap_or(0) as f64;
            let number = u32::try_from(number).map_err(|_| Error::internal("a renewal has a negative number"))?;
            cohorts.entry((name.to_owned(), term)).or_default().push((number, count(&at_risk), count(&lost)));
        }
    }
    let mut strata: BTreeMap<String, Stratum> = BTreeMap::new();
    for ((name, term), mut cohort) in cohorts {
        cohort.sort_by_key(|(number, ..)| *number);
        strata.entry(name).or_default().add(term, &cohort);
    }
    Ok(strata)
}

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let params = params(inputs)?;
    let strata = if params.enabled { strata(inputs)? } else { BTreeMap::new() };
    let verdicts: BTreeMap<&str, Verdict> =
        strata.iter().map(|(name, stratum)| (name.as_str(), Verdict::of(stratum))).collect();
    Ok(vec![parameter_rows(&verdicts), model_rows(&strata, &verdicts), value_rows(params, &strata, &verdicts)])
}

fn text(of: impl IntoIterator<Item = impl Into<String>>) -> Values {
    Values::Text(of.into_iter().map(|text| Some(text.into())).collect())
}

fn parameter_rows(verdicts: &BTreeMap<&str, Verdict>) -> Rows {
    let mut rows: Vec<(&str, &str, &str, f64, Option<f64>)> = Vec::new();
    for (stratum, verdict) in verdicts {
        for candidate in &verdict.candidates {
            let Ok(fit) = &candidate.fit else { continue };
            // At a boundary there is no maximum that an error could be about.
            let errors = fit.errors().filter(|_| fit.termination == Termination::Converged);
            for (index, (name, value)) in candidate.family.parameters().iter().zip(fit.parameters()).enumerate() {
                let error = errors.as_ref().map(|errors| errors[index]);
                rows.push((stratum, candidate.family.name(), name, value, error));
            }
        }
    }
    rows.sort_by_key(|(stratum, model, parameter, ..)| (*stratum, *model, *parameter));
    vec![
        text(rows.iter().map(|row| row.0)),
        text(rows.iter().map(|row| row.1)),
        text(rows.iter().map(|row| row.2)),
        Values::Double(rows.iter().map(|row| Some(row.3)).collect()),
        Values::Double(rows.iter().map(|row| row.4).collect()),
        Values::Double(vec![None; rows.len()]),
    ]
}

/// One row of `contract_models`.
struct ModelRow<'a> {
    stratum: &'a str,
    model: &'static str,
    renewals: &'a Renewals,
    fit: Option<&'a Fit>,
    aic: Option<f64>,
    termination: &'static str,
    collapses_to: Option<&'static str>,
    chosen: bool,
    reason: String,
}

fn model_rows(strata: &BTreeMap<String, Stratum>, verdicts: &BTreeMap<&str, Verdict>) -> Rows {
    let mut rows: Vec<ModelRow<'_>> = Vec::new();
    for (stratum, of_stratum) in strata {
        let Some(verdict) = verdicts.get(stratum.as_str()) else { continue };
        let several = of_stratum.terms().map(|terms| {
            format!("; one curve for several lengths: values are those of contracts with one length of term ({terms} months)")
        });
        for (index, candidate) in verdict.candidates.iter().enumerate() {
            let fit = candidate.fit.as_ref().ok();
            rows.push(ModelRow {
                stratum,
                model: candidate.family.name(),
                renewals: &of_stratum.renewals,
                fit,
                aic: candidate.aic(),
                termination: fit.map_or("insufficient_data", |fit| fit.termination.name()),
                collapses_to: candidate.collapses_to(),
                chosen: verdict.chosen == Some(index) && several.is_none(),
                reason: verdict.reason(index) + several.as_deref().filter(|_| fit.is_some()).unwrap_or_default(),
            });
        }
        if verdict.chosen.is_none() && stratum.starts_with(OF_TERM) {
            rows.push(ModelRow {
                stratum,
                model: MEAN,
                renewals: &of_stratum.renewals,
                fit: None,
                aic: None,
                termination: Termination::Converged.name(),
                collapses_to: None,
                chosen: true,
                reason: "no model can be fitted: one probability of loss for all".to_owned(),
            });
        }
    }
    rows.sort_by_key(|row| (row.stratum, row.model));
    let fit = |of: fn(&Fit) -> f64| Values::Double(rows.iter().map(|row| row.fit.map(of)).collect());
    let none = || Values::Double(vec![None; rows.len()]);
    let eigenvalue = |of: fn(&[f64]) -> Option<&f64>| {
        Values::Double(rows.iter().map(|row| of(&row.fit?.eigenvalues).copied()).collect())
    };
    vec![
        text(rows.iter().map(|row| row.stratum)),
        text(rows.iter().map(|row| row.model)),
        Values::Whole(rows.iter().map(|row| Some(row.renewals.contracts() as i64)).collect()),
        Values::Whole(rows.iter().map(|row| Some(row.renewals.observed() as i64)).collect()),
        fit(|fit| fit.log_likelihood),
        Values::Double(rows.iter().map(|row| row.aic).collect()),
        fit(|fit| fit.gradient_norm),
        Values::Whole(rows.iter().map(|row| row.fit.map(|fit| i64::from(fit.iterations))).collect()),
        text(rows.iter().map(|row| row.termination)),
        Values::Text(rows.iter().map(|row| row.collapses_to.map(str::to_owned)).collect()),
        Values::Whole(vec![None; rows.len()]),
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        Values::Text(vec![None; rows.len()]),
        Values::Boolean(rows.iter().map(|row| Some(row.chosen)).collect()),
        text(rows.iter().map(|row| row.reason.as_str())),
        eigenvalue(|values| values.first()),
        eigenvalue(|values| values.last()),
    ]
}

/// Where the values of contracts of one stratum and length of term come from.
fn source<'a>(
    name: &'a str,
    term_months: i64,
    strata: &'a BTreeMap<String, Stratum>,
    verdicts: &BTreeMap<&'a str, Verdict>,
) -> Option<Source<'a>> {
    let fitted = |fitted_on: &'a str| {
        let verdict = verdicts.get(fitted_on)?;
        let candidate = &verdict.candidates[verdict.chosen?];
        Some(Source { curve: candidate.curve()?, model: candidate.family.name(), fitted_on })
    };
    let (of_term, stratum) = strata.get_key_value(&format!("{OF_TERM}{term_months}"))?;
    let own = fitted(name).filter(|_| strata.get(name).is_some_and(|stratum| stratum.terms().is_none()));
    let mean = || Source { curve: mean(&stratum.renewals), model: MEAN, fitted_on: of_term };
    own.or_else(|| fitted(of_term)).or_else(|| Some(mean()))
}

fn value_rows(params: Params, strata: &BTreeMap<String, Stratum>, verdicts: &BTreeMap<&str, Verdict>) -> Rows {
    let (mut names, mut terms, mut numbers) = (vec![], vec![], vec![]);
    let (mut models, mut fitted_on, mut horizons) = (vec![], vec![], vec![]);
    let (mut next, mut expected, mut alive, mut residual) = (vec![], vec![], vec![], vec![]);
    let (mut discounted, mut beyond, mut discount_beyond) = (vec![], vec![], vec![]);
    for (name, stratum) in strata {
        for (&term, &last) in &stratum.last {
            let Some(source) = source(name, term, strata, verdicts) else { continue };
            let curve = source.curve;
            let (horizon, discount) = (params.renewals(term), params.discount(term));
            // The residual lifetime before the renewal after `renewals` is that of renewal `renewals + 1`.
            let residuals = curve.residual_lifetimes(source.from(last) + 1, discount);
            for renewals in 0..=last {
                let from = source.from(renewals);
                names.push(name.as_str());
                terms.push(Some(term));
                numbers.push(Some(i64::from(renewals)));
                models.push(source.model);
                fitted_on.push(source.fitted_on);
                horizons.push(Some(i64::from(horizon)));
                next.push(Some(curve.kept(from, 1)));
                expected.push(Some(curve.expected_renewals(from, horizon)));
                alive.push(Some(curve.kept(from, horizon)));
                residual.push(residuals.as_ref().map(|residuals| residuals[from as usize]));
                discounted.push(Some(curve.discounted_renewals(from, horizon, discount)));
                beyond.push(Some(curve.kept(from, horizon + 1)));
                discount_beyond.push(Some(discount.powf(f64::from(horizon))));
            }
        }
    }
    let rows = names.len();
    vec![
        text(names),
        Values::Whole(terms),
        Values::Whole(numbers),
        text(models),
        text(fitted_on),
        Values::Double(next),
        Values::Whole(vec![Some(params.horizon_days); rows]),
        Values::Whole(horizons),
        Values::Double(expected),
        Values::Double(alive),
        Values::Double(vec![Some(params.annual_rate); rows]),
        Values::Double(residual),
        Values::Double(discounted),
        Values::Double(beyond),
        Values::Double(discount_beyond),
    ]
}

#[cfg(test)]
mod tests;
