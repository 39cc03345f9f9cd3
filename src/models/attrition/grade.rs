//! Grades of models against the baselines, and which of them is used (`spec/definitions.md` 3.8).

use std::cmp::Reverse;

use super::calibration::{calibration_bins, calibration_line, expected_calibration_error};
use super::metrics::{Ranked, paired_log_loss};
use super::unfit::{Unfit, least_of_each};

/// The share of customers whose lift is compared.
const LIFT_PERCENT: u64 = 10;

/// Bins of the expected calibration error.
const BINS: u64 = 10;

/// An A has the baseline's lift and so much of it more.
const BETTER_BY: f64 = 0.05;

/// An A has a calibration slope at most so far from 1.
const SLOPE_OFF_BY: f64 = 0.2;

/// Whether a candidate is judged, or what it is judged against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What a model has to beat.
    Baseline,
    /// A model.
    Model,
}

/// Probabilities for customers that the candidate has not seen, at a later time than those it has.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it is judged.
    pub role: Role,
    /// 0 for the simplest: of models that chance cannot tell apart, the simplest is used.
    pub simplicity: u32,
    /// One a customer.
    pub probabilities: &'a [f64],
}

/// How good probabilities are, out of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Customers.
    pub rows: u64,
    /// Those of them that left.
    pub events: u64,
    /// Area under the ROC curve.
    pub auc: f64,
    /// DeLong's 95 % interval.
    pub auc_interval: Option<(f64, f64)>,
    /// Average precision.
    pub average_precision: f64,
    /// Rate of the top tenth over the overall rate.
    pub lift_10: f64,
    /// Wilson's 95 % interval of it.
    pub lift_10_interval: (f64, f64),
    /// Brier score.
    pub brier: f64,
    /// Log loss.
    pub log_loss: f64,
    /// Slope and intercept of calibration; none where no line fits, as for one probability for all.
    pub line: Option<(f64, f64)>,
    /// Expected calibration error over 10 bins.
    pub calibration_error: f64,
}

/// What a model is worth against the baselines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Lift better than the best baseline's by 5 % of it, and a calibration slope of 0.8 to 1.2.
    A,
    /// Not worse.
    B,
    /// Worse: not used.
    C,
}

impl Grade {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Grade::A => "A",
            Grade::B => "B",
            Grade::C => "C",
        }
    }
}

/// A candidate with its figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Graded {
    /// Its name.
    pub name: String,
    /// Its figures.
    pub figures: Figures,
    /// The baseline that a model was judged against: the one with the highest lift.
    pub baseline: Option<String>,
    /// A model's grade; none for baselines, and for models without a baseline.
    pub grade: Option<Grade>,
    /// Whether it is the one to use.
    pub is_chosen: bool,
    /// The grade's reason in words.
    pub reason: String,
}

/// All candidates in their order, and the one to use.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// As they were given.
    pub graded: Vec<Graded>,
    /// The number of the one to use; none when no model is an A or a B.
    pub chosen: Option<usize>,
    /// The choice's reason in words.
    pub reason: String,
}

/// The figures of probabilities.
///
/// # Errors
/// As [`Ranked::new`]; too few of a kind when all left or none did.
pub fn figures(probabilities: &[f64], labels: &[bool]) -> Result<Figures, Unfit> {
    let ranked = Ranked::new(probabilities, labels)?;
    least_of_each(labels, 1)?;
    let bins = calibration_bins(&ranked, BINS);
    let (Some(auc), Some(average_precision), Some(top), Some(calibration_error)) =
        (ranked.roc_auc(), ranked.average_precision(), ranked.top(LIFT_PERCENT), expected_calibration_error(&bins))
    else {
        return Err(Unfit::NoRows);
    };
    Ok(Figures {
        rows: ranked.rows(),
        events: ranked.events(),
        auc,
        auc_interval: ranked.roc_auc_interval(),
        average_precision,
        lift_10: top.lift,
        lift_10_interval: top.lift_interval,
        brier: ranked.brier(),
        log_loss: ranked.log_loss(),
        line: calibration_line(&ranked).ok().map(|line| (line.slope, line.intercept)),
        calibration_error,
    })
}

/// Grades the models and chooses one.
///
/// A model is worse, and a C, when its lift is below that of the baseline with the highest lift, or when its log loss is above
/// that baseline's by more than one paired standard error. Among A and B the smallest log loss is the best; the simplest model
/// whose log loss is within one paired standard error of it is used.
///
/// # Errors
/// As [`figures`]; too few of a kind below `least_of_each`.
pub fn grade(candidates: &[Candidate<'_>], labels: &[bool], least: u64) -> Result<Choice, Unfit> {
    least_of_each(labels, least)?;
    let figures: Vec<Figures> =
        candidates.iter().map(|candidate| figures(candidate.probabilities, labels)).collect::<Result<_, _>>()?;
    let of_role = |role: Role| (0..candidates.len()).filter(move |at| candidates[*at].role == role);
    // Of equal lifts, the baseline that is harder to beat by log loss, and then the first.
    let baseline = of_role(Role::Baseline).max_by(|a, b| {
        let (of_a, of_b) = (&figures[*a], &figures[*b]);
        of_a.lift_10.total_cmp(&of_b.lift_10).then(of_b.log_loss.total_cmp(&of_a.log_loss)).then(b.cmp(a))
    });
    let mut graded = Vec::with_capacity(candidates.len());
    for (candidate, figures_of) in candidates.iter().zip(&figures) {
        let against = baseline.filter(|_| candidate.role == Role::Model);
        let (grade, reason) = match against {
            None if candidate.role == Role::Baseline => (None, "a baseline".to_owned()),
            None => (None, "there is no baseline to judge it against".to_owned()),
            Some(baseline) => {
                let paired = paired_log_loss(candidate.probabilities, candidates[baseline].probabilities, labels)?;
                let is_worse = paired.mean > paired.standard_error;
                let (grade, reason) = judge(figures_of, &figures[baseline], candidates[baseline].name, is_worse);
                (Some(grade), reason)
            }
        };
        graded.push(Graded {
            name: candidate.name.to_owned(),
            figures: figures_of.clone(),
            baseline: against.map(|baseline| candidates[baseline].name.to_owned()),
            grade,
            is_chosen: false,
            reason,
        });
    }
    let is_good = |at: &usize| graded[*at].grade.is_some_and(|grade| grade != Grade::C);
    let good: Vec<usize> = of_role(Role::Model).filter(is_good).collect();
    let best = good.iter().copied().min_by(|a, b| figures[*a].log_loss.total_cmp(&figures[*b].log_loss));
    let Some(best) = best else {
        let reason = "no model is better than, or as good as, the best baseline: none is used".to_owned();
        return Ok(Choice { graded, chosen: None, reason });
    };
    let mut chosen =
        (Reverse(candidates[best].simplicity), best, format!("{} has the smallest log loss", candidates[best].name));
    for at in good {
        let candidate = &candidates[at];
        let paired = paired_log_loss(candidate.probabilities, candidates[best].probabilities, labels)?;
        if Reverse(candidate.simplicity) > chosen.0 && paired.mean <= paired.standard_error {
            let reason = format!(
                "{} is simpler than {}, whose log loss is smaller by {:.6} with a standard error of {:.6}",
                candidate.name, candidates[best].name, paired.mean, paired.standard_error
            );
            chosen = (Reverse(candidate.simplicity), at, reason);
        }
    }
    graded[chosen.1].is_chosen = true;
    Ok(Choice { graded, chosen: Some(chosen.1), reason: chosen.2 })
}

fn judge(model: &Figures, baseline: &Figures, name: &str, has_worse_loss: bool) -> (Grade, String) {
    let lifts = format!("lift {:.3} against {:.3} of {name}", model.lift_10, baseline.lift_10);
    let slope = model.line.map_or_else(|| "no calibration slope".to_owned(), |(slope, _)| format!("slope {slope:.3}"));
    let is_calibrated = model.line.is_some_and(|(slope, _)| (slope - 1.0).abs() <= SLOPE_OFF_BY);
    if model.lift_10 < baseline.lift_10 {
        (Grade::C, format!("worse: {lifts}"))
    } else if has_worse_loss {
        (Grade::C, format!("worse: log loss {:.4} against {:.4} of {name}", model.log_loss, baseline.log_loss))
    } else if model.lift_10 < baseline.lift_10 * (1.0 + BETTER_BY) {
        (Grade::B, format!("not better by 5 %: {lifts}"))
    } else if !is_calibrated {
        (Grade::B, format!("better, but not calibrated: {lifts}, {slope}"))
    } else {
        (Grade::A, format!("better: {lifts}, {slope}"))
    }
}
