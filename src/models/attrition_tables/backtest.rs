//! A past night against what came of its customers.

use jiff::civil::{Date, date};

use super::super::attrition::calibration::{CalibrationBin, calibration_bins};
use super::super::attrition::grade::{Figures, figures};
use super::super::attrition::metrics::{Ranked, Z, sum_in_top};
use super::super::attrition::paired::paired_log_loss;
use super::super::attrition::study::{Kind, Outcome};
use super::super::attrition::unfit::{Unfit, least_of_each};
use super::super::{Frame, Rows, Values};
use super::Night;
use super::read::REVENUE;
use super::rows::{BINS, double, text, whole};
use crate::error::{Error, Result};

/// Customers who left, and who stayed, that a stratum needs for figures: below it an interval says nothing.
const LEAST: u64 = 10;

/// All eligible customers.
const ALL: &str = "all";

/// Whom a campaign would have reached: so many of those with the highest value at risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Top {
    /// A share of the eligible customers in per cent, rounded up.
    Percent(u64),
    /// A number.
    Customers(u64),
}

impl Default for Top {
    fn default() -> Top {
        Top::Percent(10)
    }
}

impl Top {
    fn of(self, eligible: usize) -> u64 {
        let eligible = eligible as u64;
        match self {
            Top::Percent(percent) => (eligible * percent).div_ceil(100).min(eligible),
            Top::Customers(customers) => customers.min(eligible),
        }
    }
}

/// Eligible customers of one night, with what a model said and what came.
struct Panel {
    probabilities: Vec<f64>,
    /// What days since the last purchase said, where that could be learnt.
    recency: Option<Vec<f64>>,
    left: Vec<bool>,
    value_e4: Vec<i64>,
}

impl Panel {
    fn of(&self, rows: &[usize]) -> Panel {
        let pick = |values: &[f64]| rows.iter().map(|row| values[*row]).collect();
        Panel {
            probabilities: pick(&self.probabilities),
            recency: self.recency.as_deref().map(pick),
            left: rows.iter().map(|row| self.left[*row]).collect(),
            value_e4: rows.iter().map(|row| self.value_e4[*row]).collect(),
        }
    }

    fn judged(&self, top: u64) -> Result<Judged, Unfit> {
        least_of_each(&self.left, LEAST)?;
        let value = |row: usize| self.value_e4[row] as f64;
        let at_risk: Vec<f64> = self.probabilities.iter().enumerate().map(|(row, p)| p * value(row)).collect();
        let lost: Vec<i64> =
            self.left.iter().zip(&self.value_e4).map(|(left, e4)| if *left { *e4 } else { 0 }).collect();
        let against = self.recency.as_ref().map(|recency| paired_log_loss(&self.probabilities, recency, &self.left));
        let less = against.transpose()?;
        Ok(Judged {
            figures: figures(&self.probabilities, &self.left)?,
            less_recency: less.map(|less| {
                let width = Z * less.standard_error;
                (less.mean, less.mean - width, less.mean + width)
            }),
            top,
            value_at_risk_e4: at_risk.iter().sum::<f64>().round() as i64,
            value_lost_e4: lost.iter().sum(),
            value_lost_top_e4: sum_in_top(&at_risk, &lost, top)?.round() as i64,
            bins: calibration_bins(&Ranked::new(&self.probabilities, &self.left)?, BINS),
        })
    }
}

/// How good one model was on one night for one stratum.
struct Judged {
    figures: Figures,
    /// Log loss less that of recency, with the ends of the 95 % interval.
    less_recency: Option<(f64, f64, f64)>,
    top: u64,
    value_at_risk_e4: i64,
    value_lost_e4: i64,
    value_lost_top_e4: i64,
    bins: Vec<CalibrationBin>,
}

struct Line {
    stratum: String,
    model: &'static str,
    eligible: usize,
    events: usize,
    chosen: bool,
    grade: Option<&'static str>,
    judged: Result<Judged, Unfit>,
}

impl Night {
    /// Rows of `attrition_backtest` and of `attrition_backtest_bins`: `outcomes` has the rows of `attrition_labels` of the
    /// night's own day, `customers` those of `customer_numbers`.
    ///
    /// # Errors
    /// Internal, when the tables are not of the same customers.
    pub fn judge(&self, day: Date, outcomes: &Frame, customers: &Frame, top: Top) -> Result<[Rows; 2]> {
        let ids = outcomes.text("customer_id")?;
        if ids.len() != self.today.ids.len() || ids.iter().zip(&self.today.ids).any(|(one, other)| *one != Some(other))
        {
            return Err(Error::internal("the outcomes are not of the customers who were scored"));
        }
        let eligible: Vec<usize> = (0..ids.len()).filter(|row| self.today.is_eligible[*row]).collect();
        let has_left = outcomes.boolean("has_left")?;
        let left: Vec<bool> = eligible.iter().map(|row| has_left[*row] == Some(true)).collect();
        let lines = match &self.outcome {
            Err(unfit) => vec![Line {
                stratum: ALL.to_owned(),
                model: ALL,
                eligible: eligible.len(),
                events: left.iter().filter(|left| **left).count(),
                chosen: false,
                grade: None,
                judged: Err(unfit.clone()),
            }],
            Ok(outcome) => self.lines(outcome, &eligible, left, &self.strata(&eligible, customers)?, top),
        };
        let as_of = i64::from((day - date(1970, 1, 1)).get_days());
        Ok([summary(as_of, &lines), bins(as_of, &lines)])
    }

    /// Names of strata, and which of `eligible` are in each, in the order of their names: all, tiers, regions.
    fn strata(&self, eligible: &[usize], customers: &Frame) -> Result<Vec<(String, Vec<usize>)>> {
        let known = customers.text("customer_id")?;
        let (regions, tiers) = (customers.text("region")?, customers.whole("tier")?);
        let mut named: Vec<(String, usize)> = Vec::new();
        for (at, row) in eligible.iter().enumerate() {
            // Both are sorted by the id.
            let Ok(found) = known.binary_search(&Some(self.today.ids[*row].as_str())) else { continue };
            if let Some(tier) = tiers[found].filter(|tier| *tier > 0) {
                named.push((format!("tier={tier}"), at));
            }
            if let Some(region) = regions[found] {
                named.push((format!("region={region}"), at));
            }
        }
        named.sort();
        let strata = named.chunk_by(|one, other| one.0 == other.0);
        let strata = strata.map(|of| (of[0].0.clone(), of.iter().map(|(_, at)| *at).collect()));
        Ok(std::iter::once((ALL.to_owned(), (0..eligible.len()).collect())).chain(strata).collect())
    }

    fn lines(
        &self,
        outcome: &Outcome,
        eligible: &[usize],
        left: Vec<bool>,
        strata: &[(String, Vec<usize>)],
        top: Top,
    ) -> Vec<Line> {
        let today = self.today.people.of(eligible);
        let value = today.features.column(REVENUE);
        // Cents of a double that came of ten-thousandths are these ten-thousandths again.
        let value_e4: Vec<i64> = value.iter().map(|value| (value.max(0.0) * 10_000.0).round() as i64).collect();
        let recency = outcome.findings.iter().find(|finding| finding.kind == Kind::Recency);
        let recency = recency.and_then(|finding| finding.score(&today).ok());
        let mut lines = Vec::new();
        let chosen = outcome.chosen().map(|chosen| chosen.kind);
        for (finding, graded) in outcome.findings.iter().zip(&outcome.choice.graded) {
            let panel = finding.score(&today).map(|probabilities| Panel {
                probabilities,
                recency: recency.clone().filter(|_| finding.kind != Kind::Recency),
                left: left.clone(),
                value_e4: value_e4.clone(),
            });
            for (stratum, rows) in strata {
                let of = |panel: &Panel| panel.of(rows).judged(top.of(rows.len()));
                lines.push(Line {
                    stratum: stratum.clone(),
                    model: finding.kind.name(),
                    eligible: rows.len(),
                    events: rows.iter().filter(|row| left[**row]).count(),
                    chosen: chosen == Some(finding.kind),
                    grade: graded.grade.map(|grade| grade.name()),
                    judged: panel.as_ref().map_err(Unfit::clone).and_then(of),
                });
            }
        }
        lines.extend(outcome.refused.iter().map(|(kind, unfit)| Line {
            stratum: ALL.to_owned(),
            model: kind.name(),
            eligible: eligible.len(),
            events: left.iter().filter(|left| **left).count(),
            chosen: false,
            grade: None,
            judged: Err(unfit.clone()),
        }));
        lines.sort_by(|one, other| (&one.stratum, one.model).cmp(&(&other.stratum, other.model)));
        lines
    }
}

fn summary(as_of: i64, lines: &[Line]) -> Rows {
    let figure = |of: fn(&Judged) -> Option<f64>| double(lines, |line| line.judged.as_ref().ok().and_then(of));
    let amount =
        |of: fn(&Judged) -> i64| Values::Whole(lines.iter().map(|line| line.judged.as_ref().ok().map(of)).collect());
    vec![
        whole(lines, |_| as_of),
        text(lines, |line| line.stratum.clone()),
        text(lines, |line| line.model.to_owned()),
        text(lines, |line| line.judged.as_ref().err().map_or("ok", |unfit| unfit.status()).to_owned()),
        Values::Boolean(lines.iter().map(|line| Some(line.chosen)).collect()),
        Values::Text(lines.iter().map(|line| line.grade.map(str::to_owned)).collect()),
        whole(lines, |line| line.eligible as i64),
        whole(lines, |line| line.events as i64),
        figure(|of| Some(of.figures.auc)),
        figure(|of| of.figures.auc_interval.map(|interval| interval.0)),
        figure(|of| of.figures.auc_interval.map(|interval| interval.1)),
        figure(|of| Some(of.figures.average_precision)),
        figure(|of| Some(of.figures.lift_10)),
        figure(|of| Some(of.figures.lift_10_interval.0)),
        figure(|of| Some(of.figures.lift_10_interval.1)),
        figure(|of| Some(of.figures.brier)),
        figure(|of| of.figures.line.map(|line| line.0)),
        figure(|of| of.figures.line.map(|line| line.1)),
        figure(|of| Some(of.figures.calibration_error)),
        figure(|of| Some(of.figures.log_loss)),
        figure(|of| of.less_recency.map(|less| less.0)),
        figure(|of| of.less_recency.map(|less| less.1)),
        figure(|of| of.less_recency.map(|less| less.2)),
        amount(|of| of.value_at_risk_e4),
        amount(|of| of.value_lost_e4),
        amount(|of| of.top as i64),
        amount(|of| of.value_lost_top_e4),
        Values::Text(lines.iter().map(|line| line.judged.as_ref().err().map(ToString::to_string)).collect()),
    ]
}

fn bins(as_of: i64, lines: &[Line]) -> Rows {
    let mut rows: Vec<(&Line, i64, CalibrationBin)> = Vec::new();
    for line in lines {
        let bins = line.judged.as_ref().map_or(&[][..], |judged| &judged.bins);
        rows.extend((1_i64..).zip(bins).map(|(number, bin)| (line, number, *bin)));
    }
    vec![
        whole(&rows, |_| as_of),
        text(&rows, |row| row.0.stratum.clone()),
        text(&rows, |row| row.0.model.to_owned()),
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_top_is_a_share_rounded_up_or_a_number_and_never_more_than_all() {
        assert_eq!([Top::Percent(10).of(101), Top::Percent(100).of(7), Top::Customers(9).of(7)], [11, 7, 7]);
    }

    #[test]
    fn value_is_counted_by_value_at_risk_and_the_interval_is_that_of_pairs() {
        // Forty customers, every second of whom left. The ten with the highest probabilities are poor, and the ten before
        // them rich: a campaign goes to the rich.
        let probabilities: Vec<f64> = (0..40).map(|row| 0.2 + 0.015 * f64::from(row)).collect();
        let value_e4: Vec<i64> = (0..40).map(|row| if (20..30).contains(&row) { 1_000_000 } else { 10_000 }).collect();
        let left: Vec<bool> = (0..40).map(|row| row % 2 == 0).collect();
        let constant = vec![0.5; 40];
        let panel = Panel { probabilities, recency: Some(constant), left, value_e4 };
        let judged = panel.judged(10).unwrap();
        assert_eq!(judged.value_lost_e4, 5 * 1_000_000 + 15 * 10_000);
        assert_eq!(judged.value_lost_top_e4, 5 * 1_000_000);
        let at_risk: f64 =
            (0..40).map(|row| (0.2 + 0.015 * f64::from(row)) * if (20..30).contains(&row) { 1e6 } else { 1e4 }).sum();
        assert_eq!(judged.value_at_risk_e4, at_risk.round() as i64);
        let (mean, low, high) = judged.less_recency.unwrap();
        assert!((mean - (judged.figures.log_loss - 2_f64.ln())).abs() < 1e-12 && low < mean && mean < high);
        // A stratum with too few of a kind has a status.
        let few: Vec<usize> = (0..18).collect();
        assert_eq!(panel.of(&few).judged(2).err(), Some(Unfit::TooFewLeft { found: 9, least: 10 }));
    }
}
