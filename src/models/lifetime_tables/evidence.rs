//! Why a model was chosen, its parameters, and how it did in the holdouts.

use super::super::lifetime_value::choice::{Choice, Grade, Judged, purchase_model};
use super::super::lifetime_value::fit::Fit;
use super::super::lifetime_value::gamma_gamma::GammaGamma;
use super::super::lifetime_value::holdout::{Bin, Measures};
use super::super::lifetime_value::population::processes;
use super::super::lifetime_value::study::{Findings, SpendFit, Stratum};
use super::super::lifetime_value::tracking::{Acquired, expected};
use super::super::{Rows, Values};
use super::read::Read;

/// The name of the spend model.
const GAMMA_GAMMA: &str = "gamma_gamma";

/// Where there is no model.
const INSUFFICIENT: &str = "insufficient_data";

fn text<T>(rows: &[T], of: impl Fn(&T) -> String) -> Values {
    Values::Text(rows.iter().map(|row| Some(of(row))).collect())
}

fn double<T>(rows: &[T], of: impl Fn(&T) -> Option<f64>) -> Values {
    Values::Double(rows.iter().map(|row| of(row).filter(|value| value.is_finite())).collect())
}

fn whole<T>(rows: &[T], of: impl Fn(&T) -> Option<i64>) -> Values {
    Values::Whole(rows.iter().map(of).collect())
}

fn judged(findings: &Findings) -> Option<(&Choice, &Judged)> {
    let choice = findings.choice.as_ref()?;
    Some((choice, &choice.judged[choice.chosen?]))
}

fn has_spend(stratum: &Stratum) -> bool {
    stratum.spend.as_ref().is_some_and(|spend| spend.model().is_some())
}

/// `ltv_choices`: one row a stratum.
pub fn choices(read: &Read, findings: &Findings) -> Rows {
    let numbers: Vec<usize> = (0..read.strata.len()).collect();
    let chosen = judged(findings).map(|(_, judged)| judged.model);
    let stratum = |number: &usize| findings.strata.iter().find(|stratum| stratum.stratum as usize == *number);
    let reason = |number: &usize| match (&findings.insufficient, stratum(number)) {
        (Some(reason), _) => reason.clone(),
        (None, Some(stratum)) => reason_of(findings, stratum),
        (None, None) => String::new(),
    };
    vec![
        whole(&numbers, |number| i64::try_from(*number).ok()),
        Values::Text(numbers.iter().map(|_| chosen.map(str::to_owned)).collect()),
        Values::Text(
            numbers
                .iter()
                .map(|number| stratum(number).filter(|s| has_spend(s)).map(|_| GAMMA_GAMMA.to_owned()))
                .collect(),
        ),
        text(&numbers, |_| if findings.insufficient.is_some() { INSUFFICIENT } else { "ok" }.to_owned()),
        text(&numbers, reason),
    ]
}

/// Why a stratum has the model that it has.
fn reason_of(findings: &Findings, stratum: &Stratum) -> String {
    match &stratum.pooled {
        None => findings.choice.as_ref().map(|choice| choice.reason.clone()).unwrap_or_default(),
        Some(pooled) => format!(
            "the model of everybody; {:.0} % of its parameters are the group's own, the rest is drawn from all groups",
            100.0 * pooled.weight
        ),
    }
}

/// One row of `ltv_models`.
struct ModelRow<'a> {
    stratum: &'a str,
    model: &'a str,
    customers: f64,
    keys: usize,
    fit: Option<&'a Fit>,
    coefficients: usize,
    collapses_to: Option<&'static str>,
    holdout: Option<Measures>,
    baseline: Option<Measures>,
    correlation: Option<f64>,
    grade: Option<Grade>,
    chosen: bool,
    reason: String,
}

fn spend_row<'a>(stratum: &'a str, spend: &'a SpendFit) -> ModelRow<'a> {
    let usable = spend.model().is_some();
    let correlated = spend.correlation.is_some_and(|correlation| correlation.abs() > 0.3);
    let warning = "how often and how much customers buy go together, which the model does not know";
    ModelRow {
        stratum,
        model: GAMMA_GAMMA,
        customers: spend.customers,
        keys: spend.keys,
        fit: Some(&spend.fit),
        coefficients: 3,
        collapses_to: None,
        holdout: None,
        baseline: None,
        correlation: spend.correlation,
        grade: None,
        chosen: usable,
        reason: if !usable {
            "its fit did not end".to_owned()
        } else if correlated {
            format!("the model of spend; {warning}")
        } else {
            "the model of spend".to_owned()
        },
    }
}

/// `ltv_models`: all candidates for everybody, the chosen one for each stratum, and the spend.
pub fn models(read: &Read, findings: &Findings) -> Rows {
    let mut rows: Vec<ModelRow<'_>> = Vec::new();
    let everybody = read.strata.first().map_or("all", String::as_str);
    let population = read.observations.first().map_or(0, |first| first.rows.len()) as f64;
    if let Some(choice) = &findings.choice {
        for (place, judged) in choice.judged.iter().enumerate() {
            let chosen = choice.chosen == Some(place);
            rows.push(ModelRow {
                stratum: everybody,
                model: judged.model,
                customers: population,
                keys: findings.keys,
                fit: Some(&judged.fit),
                coefficients: judged.coefficients,
                collapses_to: judged.collapses_to,
                holdout: judged.holdout,
                baseline: choice.baseline,
                correlation: None,
                grade: judged.grade,
                chosen,
                reason: if chosen || choice.chosen.is_none() { choice.reason.clone() } else { why_not(choice, judged) },
            });
        }
    } else {
        rows.extend(read.settings.candidates.iter().map(|name| ModelRow {
            stratum: everybody,
            model: name,
            customers: population,
            keys: findings.keys,
            fit: None,
            coefficients: 0,
            collapses_to: None,
            holdout: None,
            baseline: None,
            correlation: None,
            grade: None,
            chosen: false,
            reason: findings.insufficient.clone().unwrap_or_default(),
        }));
    }
    for stratum in &findings.strata {
        let name = read.strata.get(stratum.stratum as usize).map_or("", String::as_str);
        if let (Some(pooled), Some((_, judged))) = (&stratum.pooled, judged(findings)) {
            rows.push(ModelRow {
                stratum: name,
                model: judged.model,
                customers: stratum.customers,
                keys: stratum.keys,
                fit: pooled.own.as_ref(),
                coefficients: judged.coefficients,
                collapses_to: None,
                holdout: stratum.holdout,
                baseline: stratum.baseline,
                correlation: None,
                grade: stratum.grade,
                chosen: true,
                reason: reason_of(findings, stratum),
            });
        }
        if let Some(spend) = stratum.spend.as_ref().filter(|_| stratum.stratum == 0 || !stratum.spend_of_everybody) {
            rows.push(spend_row(name, spend));
        }
    }
    rows.sort_by(|one, other| (one.stratum, one.model).cmp(&(other.stratum, other.model)));
    let comparable = |row: &ModelRow<'_>| read.knows_gaps || !row.model.contains("_cnbd_");
    let measure = |of: fn(&Measures) -> Option<f64>| double(&rows, move |row| row.holdout.as_ref().and_then(of));
    vec![
        text(&rows, |row| row.stratum.to_owned()),
        text(&rows, |row| row.model.to_owned()),
        whole(&rows, |row| Some(row.customers as i64)),
        whole(&rows, |row| i64::try_from(row.keys).ok()),
        double(&rows, |row| row.fit.filter(|_| comparable(row)).map(|fit| fit.log_likelihood)),
        double(&rows, |row| {
            let fit = row.fit.filter(|_| comparable(row));
            fit.map(|fit| 2.0 * row.coefficients as f64 - 2.0 * fit.log_likelihood)
        }),
        double(&rows, |row| row.fit.map(|fit| fit.gradient_norm)),
        whole(&rows, |row| Some(row.fit.map_or(0, |fit| i64::from(fit.iterations)))),
        text(&rows, |row| row.fit.map_or(INSUFFICIENT, |fit| fit.termination.name()).to_owned()),
        Values::Text(rows.iter().map(|row| row.collapses_to.map(str::to_owned)).collect()),
        double(&rows, |row| row.fit.and_then(|fit| fit.eigenvalues.first().copied())),
        double(&rows, |row| row.fit.and_then(|fit| fit.eigenvalues.last().copied())),
        whole(&rows, |row| row.holdout.and(read.holdout_days)),
        measure(|measures| Some(measures.mae)),
        measure(|measures| Some(measures.rmse)),
        measure(|measures| measures.bias),
        measure(|measures| measures.correlation),
        measure(|measures| Some(measures.brier)),
        measure(|measures| Some(measures.deviance)),
        measure(|measures| Some(measures.coverage)),
        measure(|measures| Some(measures.coverage_nominal)),
        double(&rows, |row| row.baseline.map(|baseline| baseline.mae)),
        double(&rows, |row| row.baseline.map(|baseline| baseline.deviance)),
        double(&rows, |row| row.correlation),
        double(&rows, |row| read.drift.filter(|_| row.chosen && row.model != GAMMA_GAMMA)),
        Values::Text(rows.iter().map(|row| row.grade.map(|grade| grade.name().to_owned())).collect()),
        Values::Boolean(rows.iter().map(|row| Some(row.chosen)).collect()),
        text(&rows, |row| row.reason.clone()),
    ]
}

/// Why a candidate was not chosen.
fn why_not(choice: &Choice, judged: &Judged) -> String {
    let chosen = choice.chosen.map(|chosen| &choice.judged[chosen]);
    if !judged.is_usable() {
        return "its fit did not end, and is not used".to_owned();
    }
    let collapsed = judged.collapses_to.map_or_else(String::new, |to| format!("; it collapses to {to}"));
    match (judged.holdout, chosen.and_then(|chosen| Some((chosen.model, chosen.holdout?)))) {
        (Some(own), Some((model, best))) => {
            format!("deviance in the holdout {:.4}, {model} {:.4}{collapsed}", own.deviance, best.deviance)
        }
        (None, Some(_)) => format!("its fit before a holdout did not end{collapsed}"),
        _ => format!("AIC {:.1}{collapsed}", judged.aic()),
    }
}

/// One row of `ltv_parameters`.
struct ParameterRow<'a> {
    stratum: &'a str,
    model: &'a str,
    parameter: String,
    value: f64,
    error: Option<f64>,
    pooled: Option<f64>,
}

/// The rows of one fit. `pooled` are the coefficients that score, where they are others.
fn parameter_rows<'a>(
    read: &Read,
    stratum: &'a str,
    name: &'a str,
    fit: &Fit,
    pooled: Option<&[f64]>,
) -> Vec<ParameterRow<'a>> {
    let Some(model) = purchase_model(name) else { return Vec::new() };
    let letters = model.parameters();
    let errors = fit.log_errors();
    let of_letter = letters.iter().enumerate().map(|(at, letter)| {
        let value = fit.log_parameters[at].exp();
        ParameterRow {
            stratum,
            model: name,
            parameter: (*letter).to_owned(),
            value,
            // se(p) = p se(ln p)
            error: errors.as_ref().map(|errors| errors[at] * value),
            pooled: pooled.map(|pooled| pooled[at].exp()),
        }
    });
    let effects = read.covariates.effects(model.as_ref(), fit);
    let of_effect = effects.into_iter().map(|effect| ParameterRow {
        stratum,
        model: name,
        parameter: effect.parameter,
        value: effect.value,
        error: effect.std_error,
        pooled: None,
    });
    of_letter.chain(of_effect).collect()
}

/// `ltv_parameters`.
pub fn parameters(read: &Read, findings: &Findings) -> Rows {
    let mut rows: Vec<ParameterRow<'_>> = Vec::new();
    let everybody = read.strata.first().map_or("all", String::as_str);
    for judged in findings.choice.iter().flat_map(|choice| &choice.judged) {
        rows.extend(parameter_rows(read, everybody, judged.model, &judged.fit, None));
    }
    for stratum in &findings.strata {
        let name = read.strata.get(stratum.stratum as usize).map_or("", String::as_str);
        if let (Some(pooled), Some((_, judged))) = (&stratum.pooled, judged(findings)) {
            // A group in which nobody bought again has no fit of its own: what scores it is all there is.
            let own = pooled.own.as_ref().unwrap_or(&judged.fit);
            rows.extend(parameter_rows(read, name, judged.model, own, Some(&pooled.coefficients)));
        }
        if let Some(spend) = stratum.spend.as_ref().filter(|_| stratum.stratum == 0 || !stratum.spend_of_everybody) {
            let errors = spend.fit.errors();
            for (at, letter) in GammaGamma::PARAMETERS.iter().enumerate() {
                rows.push(ParameterRow {
                    stratum: name,
                    model: GAMMA_GAMMA,
                    parameter: (*letter).to_owned(),
                    value: spend.fit.log_parameters[at].exp(),
                    error: errors.as_ref().map(|errors| errors[at]),
                    pooled: None,
                });
            }
        }
    }
    rows.retain(|row| row.value.is_finite());
    rows.sort_by(|one, other| {
        (one.stratum, one.model, &one.parameter).cmp(&(other.stratum, other.model, &other.parameter))
    });
    vec![
        text(&rows, |row| row.stratum.to_owned()),
        text(&rows, |row| row.model.to_owned()),
        text(&rows, |row| row.parameter.clone()),
        double(&rows, |row| Some(row.value)),
        double(&rows, |row| row.error),
        double(&rows, |row| row.pooled),
    ]
}

/// `ltv_calibration`: the latest holdout of every candidate, and of every stratum.
pub fn calibrations(read: &Read, findings: &Findings) -> Rows {
    let everybody = read.strata.first().map_or("all", String::as_str);
    let mut rows: Vec<(&str, &str, &Bin)> = Vec::new();
    for judged in findings.choice.iter().flat_map(|choice| &choice.judged) {
        rows.extend(judged.calibration.iter().map(|bin| (everybody, judged.model, bin)));
    }
    if let Some((_, judged)) = judged(findings) {
        for stratum in findings.strata.iter().filter(|stratum| stratum.pooled.is_some()) {
            let name = read.strata.get(stratum.stratum as usize).map_or("", String::as_str);
            rows.extend(stratum.calibration.iter().map(|bin| (name, judged.model, bin)));
        }
    }
    rows.sort_by_key(|(stratum, model, bin)| (*stratum, *model, bin.by.name(), bin.bin));
    vec![
        text(&rows, |(stratum, _, _)| (*stratum).to_owned()),
        text(&rows, |(_, model, _)| (*model).to_owned()),
        text(&rows, |(_, _, bin)| bin.by.name().to_owned()),
        whole(&rows, |(_, _, bin)| Some(i64::from(bin.bin))),
        whole(&rows, |(_, _, bin)| Some(bin.customers as i64)),
        double(&rows, |(_, _, bin)| Some(bin.predicted)),
        double(&rows, |(_, _, bin)| Some(bin.actual)),
        double(&rows, |(_, _, bin)| Some(bin.lo)),
        double(&rows, |(_, _, bin)| Some(bin.hi)),
    ]
}

/// `ltv_tracking`: every candidate for everybody, the chosen one for each stratum.
pub fn tracking(read: &Read, findings: &Findings) -> Rows {
    let mut rows: Vec<(String, &str, i64, [f64; 4])> = Vec::new();
    let mut track = |stratum: u32, model: &'static str, coefficients: &[f64]| {
        let Some(fitted) = purchase_model(model) else { return };
        let weeks: Vec<_> = read.weeks.iter().filter(|week| week.stratum == stratum).collect();
        let of_stratum = |other: u32| stratum == 0 || other == stratum;
        let acquired: Vec<Acquired> =
            read.acquired.iter().filter(|(other, _)| of_stratum(*other)).map(|(_, acquired)| *acquired).collect();
        let ends: Vec<i64> = weeks.iter().map(|week| week.end_day).collect();
        let curve = expected(&processes(fitted.as_ref(), coefficients, &read.rows), &acquired, &ends, read.unit_days);
        let (mut bought, mut before) = (0.0, 0.0);
        for (week, expected) in weeks.iter().zip(curve) {
            let made = week.repeat_purchases as f64;
            bought += made;
            let name = read.strata.get(stratum as usize).cloned().unwrap_or_default();
            rows.push((name, model, week.end_day - 1, [made, expected - before, bought, expected]));
            before = expected;
        }
    };
    for judged in findings.choice.iter().flat_map(|choice| &choice.judged).filter(|judged| judged.is_usable()) {
        let fit = if read.tracks_published { Some(&judged.fit) } else { judged.at_origin.as_ref() };
        if let Some(fit) = fit {
            track(0, judged.model, &fit.log_parameters);
        }
    }
    if let Some((_, judged)) = judged(findings) {
        for stratum in findings.strata.iter().filter(|stratum| stratum.pooled.is_some()) {
            let at = if read.tracks_published { Some(&stratum.estimate.at) } else { stratum.at_origin.as_ref() };
            if let Some(at) = at {
                track(stratum.stratum, judged.model, at);
            }
        }
    }
    rows.sort_by(|one, other| (&one.0, one.1, one.2).cmp(&(&other.0, other.1, other.2)));
    let column = |at: usize| double(&rows, move |(_, _, _, values)| Some(values[at]));
    vec![
        text(&rows, |(stratum, _, _, _)| stratum.clone()),
        text(&rows, |(_, model, _, _)| (*model).to_owned()),
        whole(&rows, |(_, _, end, _)| Some(*end)),
        column(0),
        column(1),
        column(2),
        column(3),
    ]
}
