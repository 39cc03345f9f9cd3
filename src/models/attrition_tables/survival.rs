//! How long today's customers stay, as rows.

use super::super::attrition::hazard::HazardOptions;
use super::super::attrition::study::{Finding, Kind};
use super::super::attrition::survival::{Lives, Survival};
use super::super::attrition::unfit::Unfit;
use super::super::{Frame, Rows, Values};
use super::read::{Read, Today};
use super::rows::{Found, double, text};
use crate::error::{Error, Result};

/// Days of a month.
const MONTH_DAYS: usize = 30;

/// The months whose survival has a column.
const SHOWN: [usize; 5] = [0, 1, 2, 3, 6];

/// How long customers stay by their scores of one candidate.
pub struct Staying {
    /// Which candidate, among the findings of the study.
    by: Option<usize>,
    survival: Result<Survival, Unfit>,
}

impl Staying {
    /// Learns: by the model that scores, or by recency where none does. `lapses` has the rows of `attrition_lapses`.
    ///
    /// # Errors
    /// Internal, when the rows are not those of the snapshots.
    pub fn learn(read: &Read, outcome: &Found, lapses: &Frame) -> Result<Staying> {
        let by = outcome.as_ref().ok().and_then(|outcome| {
            let recency = || outcome.findings.iter().position(|finding| finding.kind == Kind::Recency);
            outcome.choice.chosen.or_else(recency)
        });
        let survival = match (by, outcome) {
            (Some(by), Ok(outcome)) => fitted(read, &outcome.findings[by], lapses)?,
            (_, Err(unfit)) => Err(unfit.clone()),
            (None, Ok(_)) => Err(Unfit::NoFeature),
        };
        Ok(Staying { by, survival })
    }

    /// Rows of `attrition_survival`: who is eligible.
    pub fn rows(&self, today: &Today, outcome: &Found) -> Rows {
        let eligible: Vec<usize> = (0..today.ids.len()).filter(|row| today.is_eligible[*row]).collect();
        let by = self.by.and_then(|by| outcome.as_ref().ok()?.findings.get(by));
        let curves = self.survival.as_ref().map_err(Unfit::clone).and_then(|survival| {
            let scores = by.ok_or(Unfit::NoFeature)?.fitted.probabilities(&today.people.of(&eligible))?;
            Ok(scores.into_iter().map(|score| survival.curve(score)).collect::<Vec<Vec<f64>>>())
        });
        let status = curves.as_ref().err().map_or("ok", |unfit| unfit.status());
        let curve = |at: &usize| curves.as_ref().ok().map(|curves| &curves[*at]);
        let places: Vec<usize> = (0..eligible.len()).collect();
        let mut columns = vec![
            text(&eligible, |row| today.ids[*row].clone()),
            text(&eligible, |_| status.to_owned()),
            Values::Text(vec![by.map(|finding| finding.kind.name().to_owned()); eligible.len()]),
        ];
        columns.extend(SHOWN.map(|month| double(&places, |at| curve(at)?.get(month).copied())));
        let days = |months: usize| (months * MONTH_DAYS) as f64;
        columns.push(double(&places, |at| Some(curve(at)?.iter().sum::<f64>() * days(1))));
        columns.push(Values::Whole(places.iter().map(|at| Some(days(curve(at)?.len()) as i64)).collect()));
        columns
    }
}

fn fitted(read: &Read, finding: &Finding, lapses: &Frame) -> Result<Result<Survival, Unfit>> {
    let (last, lapse) = (lapses.whole("last_month")?, lapses.whole("lapse_month")?);
    if read.kept.last().is_some_and(|row| *row >= last.len()) || finding.unseen.len() != read.kept.len() {
        return Err(Error::internal("`attrition_lapses` has other rows than `attrition_snapshots`"));
    }
    let month = |month: i64| u16::try_from(month).unwrap_or(u16::MAX);
    let last_month: Vec<u16> = read.kept.iter().map(|row| month(last[*row].unwrap_or(0))).collect();
    let lapse_month: Vec<Option<u16>> = read.kept.iter().map(|row| lapse[*row].map(month)).collect();
    let lives = Lives { scores: &finding.unseen, last_month: &last_month, lapse_month: &lapse_month };
    Ok(Survival::fit(&lives, &HazardOptions::default()))
}
