//! What became of BG/BB, as rows of its tables.

use super::super::lifetime_value::bg_bb::PARAMETERS;
use super::super::lifetime_value::choice::Grade;
use super::super::lifetime_value::fit::{BOUNDARY, Fit, Termination};
use super::super::{Rows, Values};
use super::{EVERYBODY, NAME, Params, Score, Verdict};

/// What a fit at a boundary is: `beta_binomial` when nobody leaves, `beta_bernoulli` when all buy with one probability, and
/// `geometric` when all leave with one; anything else is split into extremes.
fn collapses_to(fit: &Fit) -> Option<&'static str> {
    let at = |index: usize| fit.log_parameters.get(index).copied().unwrap_or(0.0);
    let grows = |index: usize| at(index) > BOUNDARY;
    (fit.termination == Termination::Boundary).then(|| {
        if at(2) < -BOUNDARY || (grows(3) && !grows(2)) {
            "beta_binomial"
        } else if grows(0) && grows(1) {
            "beta_bernoulli"
        } else if grows(2) && grows(3) {
            "geometric"
        } else {
            "split"
        }
    })
}

/// `opportunity_models`: one row, or none when there are no opportunities.
pub(super) fn model_rows(of: Option<(Params, &Verdict, Option<i64>)>) -> Rows {
    let fit = || of.and_then(|(_, verdict, _)| verdict.fit.as_ref().ok());
    let text = |value: Option<String>| Values::Text(of.iter().map(|_| value.clone()).collect());
    let whole = |value: Option<i64>| Values::Whole(of.iter().map(|_| value).collect());
    let double = |value: Option<f64>| Values::Double(of.iter().map(|_| value.filter(|v| v.is_finite())).collect());
    let verdict = of.map(|(_, verdict, _)| verdict);
    let holdout = verdict.and_then(|verdict| verdict.holdout);
    let plain = verdict.and_then(|verdict| verdict.baseline);
    let grade = holdout.zip(plain).map(|(holdout, plain)| Grade::of(&holdout, &plain).name().to_owned());
    let chosen = of.iter().map(|(params, verdict, _)| Some(params.is_named && verdict.usable().is_some())).collect();
    vec![
        text(Some(EVERYBODY.to_owned())),
        text(Some(NAME.to_owned())),
        whole(verdict.map(|verdict| verdict.customers as i64)),
        whole(verdict.map(|verdict| verdict.keys as i64)),
        double(fit().map(|fit| fit.log_likelihood)),
        double(fit().map(|fit| 2.0 * PARAMETERS.len() as f64 - 2.0 * fit.log_likelihood)),
        double(fit().map(|fit| fit.gradient_norm)),
        whole(Some(fit().map_or(0, |fit| i64::from(fit.iterations)))),
        text(Some(fit().map_or("insufficient_data", |fit| fit.termination.name()).to_owned())),
        text(fit().and_then(collapses_to).map(str::to_owned)),
        double(fit().and_then(|fit| fit.eigenvalues.first().copied())),
        double(fit().and_then(|fit| fit.eigenvalues.last().copied())),
        whole(holdout.and(of).and_then(|(_, _, days)| days)),
        double(holdout.map(|holdout| holdout.mae)),
        double(holdout.map(|holdout| holdout.rmse)),
        double(holdout.and_then(|holdout| holdout.bias)),
        double(holdout.and_then(|holdout| holdout.correlation)),
        double(holdout.map(|holdout| holdout.brier)),
        double(holdout.map(|holdout| holdout.deviance)),
        double(holdout.map(|holdout| holdout.coverage)),
        double(holdout.map(|holdout| holdout.coverage_nominal)),
        double(plain.map(|plain| plain.mae)),
        double(plain.map(|plain| plain.deviance)),
        double(None),
        double(None),
        text(grade),
        Values::Boolean(chosen),
        text(of.map(|(params, verdict, _)| verdict.reason(params))),
    ]
}

/// `opportunity_parameters`.
pub(super) fn parameter_rows(verdict: Option<&Verdict>) -> Rows {
    let fit = verdict.and_then(|verdict| verdict.fit.as_ref().ok());
    // At a boundary there is no maximum that an error could be about.
    let errors = fit.filter(|fit| fit.termination == Termination::Converged).and_then(Fit::errors);
    let parameters = fit.map(Fit::parameters).unwrap_or_default();
    let rows = parameters.len();
    let text = |of: fn(usize) -> &'static str| Values::Text((0..rows).map(|row| Some(of(row).to_owned())).collect());
    vec![
        text(|_| EVERYBODY),
        text(|_| NAME),
        // Their names are in the order of the alphabet.
        text(|row| PARAMETERS[row]),
        Values::Double((0..rows).map(|row| Some(parameters[row])).collect()),
        Values::Double((0..rows).map(|row| errors.as_ref().map(|errors| errors[row])).collect()),
        Values::Double(vec![None; rows]),
    ]
}

/// `opportunity_scores`.
pub(super) fn score_rows(scores: &[(i32, Score)]) -> Rows {
    let whole = |of: fn(&(i32, Score)) -> i64| Values::Whole(scores.iter().map(|row| Some(of(row))).collect());
    let double = |of: fn(&Score) -> f64| Values::Double(scores.iter().map(|(_, score)| Some(of(score))).collect());
    vec![
        whole(|(customer, _)| i64::from(*customer)),
        double(|score| score.p_alive),
        double(|score| score.p_alive_horizon),
        double(|score| score.expected),
        whole(|(_, score)| i64::from(score.p10)),
        whole(|(_, score)| i64::from(score.p90)),
        double(|score| score.p_none),
        Values::Double(scores.iter().map(|(_, score)| score.dert).collect()),
    ]
}
