//! What came of a study, as rows.

use super::super::attrition::Unfit;
use super::super::attrition::calibration::calibration_bins;
use super::super::attrition::metrics::Ranked;
use super::super::attrition::scorecard::POINTS_A_LOGIT;
use super::super::attrition::shap::{Explainer, strongest};
use super::super::attrition::study::{Fitted, Outcome};
use super::super::{Rows, Values};
use super::read::{Read, Today};
use super::uplift::Uplift;

/// Reasons that a customer gets at most.
const REASONS: usize = 5;

/// Bins of a calibration table.
pub(super) const BINS: u64 = 10;

/// What came of the study.
pub(super) type Found = Result<Outcome, Unfit>;

/// Today's probabilities, in the order of the customers; none for those who are not scored.
pub struct Scored {
    probabilities: Vec<Option<f64>>,
    status: &'static str,
}

/// Scores today's customers by the chosen model.
pub fn scored(today: &Today, outcome: &Found) -> Scored {
    let nobody = |status| Scored { probabilities: vec![None; today.ids.len()], status };
    match outcome {
        Err(unfit) => nobody(unfit.status()),
        Ok(outcome) => match outcome.chosen() {
            None => nobody("grade_c"),
            Some(chosen) => match chosen.score(&today.people) {
                Err(unfit) => nobody(unfit.status()),
                Ok(all) => {
                    let shown = all.into_iter().zip(&today.is_eligible).map(|(p, shown)| shown.then_some(p));
                    Scored { probabilities: shown.collect(), status: "ok" }
                }
            },
        },
    }
}

/// A column of text.
pub fn text<T>(rows: &[T], of: impl Fn(&T) -> String) -> Values {
    Values::Text(rows.iter().map(|row| Some(of(row))).collect())
}

/// A column of doubles; what is not finite is not known.
pub fn double<T>(rows: &[T], of: impl Fn(&T) -> Option<f64>) -> Values {
    Values::Double(rows.iter().map(|row| of(row).filter(|value| value.is_finite())).collect())
}

/// A column of whole numbers.
pub fn whole<T>(rows: &[T], of: impl Fn(&T) -> i64) -> Values {
    Values::Whole(rows.iter().map(|row| Some(of(row))).collect())
}

/// Rows of `attrition_scores`.
pub fn scores(today: &Today, scored: &Scored, uplift: &Uplift) -> Rows {
    let uplift = uplift.scores(&today.people);
    let rows: Vec<usize> = (0..today.ids.len()).collect();
    vec![
        text(&rows, |row| today.ids[*row].clone()),
        double(&rows, |row| today.alive.as_ref().map(|alive| alive[*row])),
        double(&rows, |row| scored.probabilities[*row]),
        text(&rows, |row| if today.is_eligible[*row] { scored.status } else { "not_eligible" }.to_owned()),
        double(&rows, |row| uplift.as_ref().filter(|_| today.is_eligible[*row]).map(|uplift| uplift[*row])),
    ]
}

/// What one feature did to the score of one customer.
struct Reason {
    customer: usize,
    place: usize,
    feature: usize,
    contribution: f64,
}

/// Rows of `attrition_reasons`: of those who are scored, the features that moved their score most.
pub fn reasons(today: &Today, outcome: &Found, scored: &Scored) -> Rows {
    let mut reasons = Vec::new();
    if let Ok(Some(chosen)) = outcome.as_ref().map(Outcome::chosen) {
        let found: Vec<Vec<(usize, f64)>> = match &chosen.fitted {
            Fitted::Scorecard(card) => (0..today.ids.len())
                .map(|row| {
                    let logits =
                        card.contributions(&today.people.features, row).into_iter().map(|p| p / POINTS_A_LOGIT);
                    strongest(&logits.collect::<Vec<f64>>(), REASONS)
                })
                .collect(),
            Fitted::Trees(booster) => match booster.code(&today.people.features) {
                Ok(coded) => Explainer::new(booster).explain(&coded, |_, of| strongest(of, REASONS)),
                Err(_) => Vec::new(),
            },
            _ => Vec::new(),
        };
        for (customer, of) in found.into_iter().enumerate().filter(|(row, _)| scored.probabilities[*row].is_some()) {
            reasons.extend((1..).zip(of).map(|(place, (feature, contribution))| Reason {
                customer,
                place,
                feature,
                contribution,
            }));
        }
    }
    let features = &today.people.features;
    vec![
        text(&reasons, |reason| today.ids[reason.customer].clone()),
        whole(&reasons, |reason| reason.place as i64),
        text(&reasons, |reason| features.features()[reason.feature].name.clone()),
        double(&reasons, |reason| Some(features.column(reason.feature)[reason.customer])),
        double(&reasons, |reason| Some(reason.contribution)),
    ]
}

/// A line of a model.
#[derive(Default)]
struct Line {
    model: &'static str,
    feature: String,
    bin: i64,
    from: Option<f64>,
    below: Option<f64>,
    status: &'static str,
    weight: Option<f64>,
    woe: Option<f64>,
    points: Option<i64>,
    rows: Option<i64>,
    events: Option<i64>,
    importance: Option<f64>,
}

/// Rows of `attrition_model`: the bins of the scorecard with their points, and the importance of features in the trees.
pub fn model(outcome: &Found) -> Rows {
    let mut lines = Vec::new();
    for finding in outcome.iter().flat_map(|outcome| &outcome.findings) {
        let model = finding.kind.name();
        match &finding.fitted {
            Fitted::Scorecard(card) => {
                lines.push(Line {
                    model,
                    feature: "intercept".to_owned(),
                    status: "used",
                    points: Some(card.intercept),
                    ..Line::default()
                });
                for feature in &card.features {
                    lines.extend((1..).zip(&feature.lines).map(|(bin, line)| Line {
                        model,
                        feature: feature.name.clone(),
                        bin: if line.is_missing { 0 } else { bin },
                        from: line.from,
                        below: line.below,
                        status: feature.status.name(),
                        weight: Some(feature.weight),
                        woe: Some(line.woe),
                        points: Some(line.points),
                        rows: Some(line.count.rows as i64),
                        events: Some(line.count.events as i64),
                        importance: Some(feature.importance),
                    }));
                }
            }
            Fitted::Trees(booster) => {
                lines.extend(booster.features().iter().zip(booster.importance()).map(|(feature, importance)| Line {
                    model,
                    feature: feature.name.clone(),
                    status: if importance > 0.0 { "used" } else { "no_signal" },
                    importance: Some(importance),
                    ..Line::default()
                }));
            }
            _ => {}
        }
    }
    lines.sort_by(|one, other| (one.model, &one.feature, one.bin).cmp(&(other.model, &other.feature, other.bin)));
    vec![
        text(&lines, |line| line.model.to_owned()),
        text(&lines, |line| line.feature.clone()),
        whole(&lines, |line| line.bin),
        double(&lines, |line| line.from),
        double(&lines, |line| line.below),
        text(&lines, |line| line.status.to_owned()),
        double(&lines, |line| line.weight),
        double(&lines, |line| line.woe),
        Values::Whole(lines.iter().map(|line| line.points).collect()),
        Values::Whole(lines.iter().map(|line| line.rows).collect()),
        Values::Whole(lines.iter().map(|line| line.events).collect()),
        double(&lines, |line| Some(line.events? as f64 / line.rows.filter(|rows| *rows > 0)? as f64)),
        double(&lines, |line| line.importance),
    ]
}

/// Rows of `attrition_grades`: every candidate, judged or not.
pub fn grades(read: &Read, outcome: &Found) -> Rows {
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(unfit) => {
            let judged = read.past.origins.iter().filter(|origin| **origin == 0).count() as i64;
            return refused(&[("all", unfit.clone(), judged)]);
        }
    };
    let graded = &outcome.choice.graded;
    let mut rows = vec![
        text(graded, |of| of.name.clone()),
        text(graded, |_| "ok".to_owned()),
        Values::Boolean(graded.iter().map(|of| Some(of.is_chosen)).collect()),
        Values::Text(graded.iter().map(|of| of.grade.map(|grade| grade.name().to_owned())).collect()),
        Values::Text(graded.iter().map(|of| of.baseline.clone()).collect()),
        whole(graded, |of| of.figures.rows as i64),
        whole(graded, |of| of.figures.events as i64),
        double(graded, |of| Some(of.figures.auc)),
        double(graded, |of| of.figures.auc_interval.map(|interval| interval.0)),
        double(graded, |of| of.figures.auc_interval.map(|interval| interval.1)),
        double(graded, |of| Some(of.figures.average_precision)),
        double(graded, |of| Some(of.figures.lift_10)),
        double(graded, |of| Some(of.figures.lift_10_interval.0)),
        double(graded, |of| Some(of.figures.lift_10_interval.1)),
        double(graded, |of| Some(of.figures.brier)),
        double(graded, |of| Some(of.figures.log_loss)),
        double(graded, |of| of.figures.line.map(|line| line.0)),
        double(graded, |of| of.figures.line.map(|line| line.1)),
        double(graded, |of| Some(of.figures.calibration_error)),
        text(graded, |of| of.reason.clone()),
    ];
    let others: Vec<(&str, Unfit, i64)> = outcome
        .refused
        .iter()
        .map(|(kind, unfit)| (kind.name(), unfit.clone(), outcome.judged_rows.len() as i64))
        .collect();
    for (column, more) in rows.iter_mut().zip(refused(&others)) {
        extend(column, more);
    }
    rows
}

/// Candidates that could not be judged.
fn refused(rows: &[(&str, Unfit, i64)]) -> Rows {
    let nothing = || double(rows, |_| None);
    let no_text = || Values::Text(vec![None; rows.len()]);
    vec![
        text(rows, |row| row.0.to_owned()),
        text(rows, |row| row.1.status().to_owned()),
        Values::Boolean(vec![Some(false); rows.len()]),
        no_text(),
        no_text(),
        whole(rows, |row| row.2),
        Values::Whole(vec![None; rows.len()]),
        nothing(),
        nothing(),
        nothing(),
        nothing(),
        nothing(),
        nothing(),
        nothing(),
        nothing(),
        nothing(),
        nothing(),
        nothing(),
        nothing(),
        text(rows, |row| row.1.to_string()),
    ]
}

fn extend(column: &mut Values, more: Values) {
    match (column, more) {
        (Values::Text(column), Values::Text(more)) => column.extend(more),
        (Values::Whole(column), Values::Whole(more)) => column.extend(more),
        (Values::Double(column), Values::Double(more)) => column.extend(more),
        (Values::Boolean(column), Values::Boolean(more)) => column.extend(more),
        _ => {}
    }
}

/// Rows of `attrition_calibration`: of each candidate, what it foretold and what came, in ten bins.
pub fn calibration(read: &Read, outcome: &Found) -> Rows {
    let mut rows = Vec::new();
    if let Ok(outcome) = outcome {
        let left: Vec<bool> = outcome.judged_rows.iter().map(|row| read.past.left[*row]).collect();
        for finding in &outcome.findings {
            if let Ok(ranked) = Ranked::new(&finding.judged, &left) {
                let bins = calibration_bins(&ranked, BINS).into_iter();
                rows.extend((1_i64..).zip(bins).map(|(number, bin)| (finding.kind.name(), number, bin)));
            }
        }
    }
    rows.sort_by_key(|(model, number, _)| (*model, *number));
    vec![
        text(&rows, |row| row.0.to_owned()),
        whole(&rows, |row| row.1),
        double(&rows, |row| Some(row.2.lowest)),
        double(&rows, |row| Some(row.2.highest)),
        double(&rows, |row| Some(row.2.mean_score)),
        whole(&rows, |row| row.2.rows as i64),
        whole(&rows, |row| row.2.events as i64),
        double(&rows, |row| Some(row.2.rate)),
        double(&rows, |row| Some(row.2.interval.0)),
        double(&rows, |row| Some(row.2.interval.1)),
    ]
}
