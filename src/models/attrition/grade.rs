//! Grades of models against the baselines, and which of them is used (`spec/definitions.md` 3.8).

use super::calibration::{calibration_bins, calibration_line, expected_calibration_error};
use super::metrics::Ranked;
use super::paired::{PairedDifference, paired_lift, paired_log_loss};
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
    /// Not worse, as far as can be told.
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
    /// The baseline whose lift a model was judged against: the highest.
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
/// A model is worse, and a C, when its lift is below the highest of the baselines, or its log loss above the smallest of them,
/// by more than one paired standard error: a tenth of some thousand customers is few, and a model that is as good as a
/// baseline would else come and go from night to night. Among A and B the smallest log loss is the best; the simplest
/// model whose log loss is within one paired standard error of it is used.
///
/// # Errors
/// As [`figures`]; too few of a kind below `least` of each.
pub fn grade(candidates: &[Candidate<'_>], labels: &[bool], least: u64) -> Result<Choice, Unfit> {
    least_of_each(labels, least)?;
    let figures: Vec<Figures> =
        candidates.iter().map(|candidate| figures(candidate.probabilities, labels)).collect::<Result<_, _>>()?;
    let panel = Panel { candidates, figures: &figures, labels };
    let mut graded = Vec::with_capacity(candidates.len());
    for at in 0..candidates.len() {
        graded.push(panel.graded(at)?);
    }
    let is_good = |at: &usize| graded[*at].grade.is_some_and(|grade| grade != Grade::C);
    let good: Vec<usize> = (0..candidates.len()).filter(is_good).collect();
    let Some((chosen, reason)) = panel.choose(&good)? else {
        let reason = "no model is as good as the baselines: none is used".to_owned();
        return Ok(Choice { graded, chosen: None, reason });
    };
    graded[chosen].is_chosen = true;
    Ok(Choice { graded, chosen: Some(chosen), reason })
}

/// All that a judgement looks at.
struct Panel<'a> {
    candidates: &'a [Candidate<'a>],
    figures: &'a [Figures],
    labels: &'a [bool],
}

impl Panel<'_> {
    fn baselines(&self) -> impl Iterator<Item = usize> {
        (0..self.candidates.len()).filter(|at| self.candidates[*at].role == Role::Baseline)
    }

    /// The log loss of a candidate less that of another, and its standard error.
    fn paired(&self, a: usize, b: usize) -> Result<PairedDifference, Unfit> {
        paired_log_loss(self.candidates[a].probabilities, self.candidates[b].probabilities, self.labels)
    }

    fn graded(&self, at: usize) -> Result<Graded, Unfit> {
        // Of equal ones the first.
        let by_lift = self.baselines().min_by(|a, b| self.figures[*b].lift_10.total_cmp(&self.figures[*a].lift_10));
        let by_loss = self.baselines().min_by(|a, b| self.figures[*a].log_loss.total_cmp(&self.figures[*b].log_loss));
        let (baseline, grade, reason) = match (self.candidates[at].role, by_lift, by_loss) {
            (Role::Baseline, ..) => (None, None, "a baseline".to_owned()),
            (Role::Model, Some(by_lift), Some(by_loss)) => {
                let (grade, reason) = self.judge(at, by_lift, by_loss)?;
                (Some(by_lift), Some(grade), reason)
            }
            (Role::Model, ..) => (None, None, "there is no baseline to judge it against".to_owned()),
        };
        Ok(Graded {
            name: self.candidates[at].name.to_owned(),
            figures: self.figures[at].clone(),
            baseline: baseline.map(|baseline| self.candidates[baseline].name.to_owned()),
            grade,
            is_chosen: false,
            reason,
        })
    }

    /// The grade of a model against the baseline with the highest lift and the one with the smallest log loss.
    fn judge(&self, model: usize, by_lift: usize, by_loss: usize) -> Result<(Grade, String), Unfit> {
        let (own, theirs) = (&self.figures[model], &self.figures[by_lift]);
        let paired = self.paired(model, by_loss)?;
        let probabilities = |at: usize| self.candidates[at].probabilities;
        let lift = paired_lift(probabilities(model), probabilities(by_lift), self.labels, LIFT_PERCENT)?;
        let lifts =
            format!("lift {:.3} against {:.3} of {}", own.lift_10, theirs.lift_10, self.candidates[by_lift].name);
        let slope =
            own.line.map_or_else(|| "no calibration slope".to_owned(), |(slope, _)| format!("slope {slope:.3}"));
        let is_calibrated = own.line.is_some_and(|(slope, _)| (slope - 1.0).abs() <= SLOPE_OFF_BY);
        Ok(if lift.mean < -lift.standard_error {
            (Grade::C, format!("worse: {lifts}, with a standard error of {:.3}", lift.standard_error))
        } else if paired.mean > paired.standard_error {
            let (other, name) = (self.figures[by_loss].log_loss, self.candidates[by_loss].name);
            (Grade::C, format!("worse: log loss {:.4} against {other:.4} of {name}", own.log_loss))
        } else if own.lift_10 < theirs.lift_10 * (1.0 + BETTER_BY) {
            (Grade::B, format!("not better by 5 %: {lifts}"))
        } else if !is_calibrated {
            (Grade::B, format!("better, but not calibrated: {lifts}, {slope}"))
        } else {
            (Grade::A, format!("better: {lifts}, {slope}"))
        })
    }

    /// The simplest of `good` whose log loss is within one paired standard error of the smallest, and why.
    fn choose(&self, good: &[usize]) -> Result<Option<(usize, String)>, Unfit> {
        let smallest =
            good.iter().copied().min_by(|a, b| self.figures[*a].log_loss.total_cmp(&self.figures[*b].log_loss));
        let Some(best) = smallest else { return Ok(None) };
        let (mut chosen, mut reason) = (best, format!("{} has the smallest log loss", self.candidates[best].name));
        for at in good.iter().copied() {
            let paired = self.paired(at, best)?;
            if self.candidates[at].simplicity < self.candidates[chosen].simplicity
                && paired.mean <= paired.standard_error
            {
                chosen = at;
                reason = format!(
                    "{} is simpler than {}, whose log loss is smaller by {:.6} with a standard error of {:.6}",
                    self.candidates[at].name, self.candidates[best].name, paired.mean, paired.standard_error
                );
            }
        }
        Ok(Some((chosen, reason)))
    }
}
