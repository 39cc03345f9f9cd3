//! A study of leaving: candidates learn from earlier days, are judged on the latest day whose outcome is known, and score
//! today (`spec/definitions.md` 3.8).
//!
//! Judged is what a candidate says of customers whom it has not seen, at a day later than those it has: customers are split
//! by their hash into folds, and each fold is scored by a fit on the others at the earlier days. Probabilities are then
//! recalibrated, each half of the customers by the other. What scores today has learnt from all customers of the earlier
//! days, and is recalibrated on all of the latest.

use super::Features;
use super::baselines::{CellRates, RecencyRate, from_alive};
use super::grade::{Candidate, Choice, Role, grade};
use super::recalibration::{Recalibration, crossed, recalibrate};
use super::scorecard::{Scorecard, ScorecardOptions};
use super::split::fold_of;
use super::trees::{Booster, Refusal, Settings, Training, grow};
use super::unfit::{Unfit, least_of_each};

/// With more customers to judge by than this, two folds do.
const FEW: usize = 50_000;

/// One customer in so many says when to stop growing trees.
const HELD_BACK: u64 = 10;

/// Makes other folds of the same customers: of the folds that judge, one would hold all who say when to stop.
const OTHER_FOLDS: u64 = 0x5EED_0F_7EE5;

/// Customers at one day or several: a row each.
#[derive(Debug, Clone)]
pub struct People {
    /// What is known of them.
    pub features: Features,
    /// A hash of each customer.
    pub customers: Vec<u64>,
    /// The number of their RFM cell.
    pub cells: Vec<u32>,
    /// Their probability of being alive; NaN where no model knows it.
    pub alive: Vec<f64>,
}

impl People {
    /// The rows of these numbers.
    pub fn of(&self, rows: &[usize]) -> People {
        People {
            features: self.features.of_rows(rows),
            customers: rows.iter().map(|row| self.customers[*row]).collect(),
            cells: rows.iter().map(|row| self.cells[*row]).collect(),
            alive: rows.iter().map(|row| self.alive[*row]).collect(),
        }
    }
}

/// Earlier customers and what became of them.
#[derive(Debug, Clone)]
pub struct Past {
    /// The customers.
    pub people: People,
    /// Whether each left.
    pub left: Vec<bool>,
    /// The day of each row: 0 is the latest, which judges; what is learnt comes from the others.
    pub origins: Vec<i32>,
}

/// What may foretell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The rate by days since the last purchase.
    Recency,
    /// The rate of the RFM cell.
    RfmCell,
    /// The probability of being alive.
    Alive,
    /// Points by bins of features.
    Scorecard,
    /// Boosted trees.
    Trees,
}

impl Kind {
    /// All of them, the simplest first.
    pub const ALL: [Kind; 5] = [Kind::Recency, Kind::RfmCell, Kind::Alive, Kind::Scorecard, Kind::Trees];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Recency => "recency",
            Kind::RfmCell => "rfm_cell",
            Kind::Alive => "p_alive",
            Kind::Scorecard => "scorecard",
            Kind::Trees => "trees",
        }
    }

    fn role(self) -> Role {
        match self {
            Kind::Scorecard | Kind::Trees => Role::Model,
            _ => Role::Baseline,
        }
    }
}

/// How a study is made.
#[derive(Debug, Clone)]
pub struct StudyOptions {
    /// Which feature is the days since the last purchase.
    pub recency: usize,
    /// Customers who left and who stayed that there have to be, to learn from and to judge by.
    pub least_of_each: u64,
    /// Of the scorecard.
    pub scorecard: ScorecardOptions,
    /// Of the trees.
    pub trees: Settings,
}

/// A candidate that has learnt.
#[derive(Debug, Clone)]
pub enum Fitted {
    /// By days since the last purchase.
    Recency(RecencyRate, usize),
    /// By RFM cell.
    RfmCell(CellRates),
    /// By the probability of being alive; with the overall rate for those without one.
    Alive(f64),
    /// By points.
    Scorecard(Scorecard),
    /// By trees.
    Trees(Booster),
}

impl Fitted {
    fn fit(kind: Kind, people: &People, left: &[bool], options: &StudyOptions) -> Result<Fitted, Unfit> {
        least_of_each(left, 1)?;
        Ok(match kind {
            Kind::Recency => {
                Fitted::Recency(RecencyRate::fit(people.features.column(options.recency), left)?, options.recency)
            }
            Kind::RfmCell => Fitted::RfmCell(CellRates::fit(&people.cells, left)?),
            Kind::Alive if people.alive.iter().all(|alive| alive.is_nan()) => {
                return Err(Unfit::Refused("no model of lifetimes tells customers apart on every day".to_owned()));
            }
            Kind::Alive => Fitted::Alive(left.iter().filter(|left| **left).count() as f64 / left.len() as f64),
            Kind::Scorecard => {
                Fitted::Scorecard(Scorecard::fit(&people.features, left, &people.customers, &options.scorecard)?)
            }
            Kind::Trees => {
                let held_back: Vec<bool> =
                    people.customers.iter().map(|customer| fold_of(customer ^ OTHER_FOLDS, HELD_BACK) == 0).collect();
                let training =
                    Training { features: &people.features, left, weights: None, held_back: Some(&held_back) };
                Fitted::Trees(grow(&training, &options.trees).map_err(|refusal| refused(&refusal))?)
            }
        })
    }

    /// The probabilities of rows before any recalibration.
    ///
    /// # Errors
    /// [`Unfit::NoFeature`] when a feature that it needs is not there.
    pub fn probabilities(&self, people: &People) -> Result<Vec<f64>, Unfit> {
        Ok(match self {
            Fitted::Recency(rate, at) => people.features.column(*at).iter().map(|days| rate.at(*days)).collect(),
            Fitted::RfmCell(rates) => people.cells.iter().map(|cell| rates.at(*cell)).collect(),
            Fitted::Alive(overall) => people.alive.iter().map(|alive| from_alive(*alive, *overall)).collect(),
            Fitted::Scorecard(card) => card.probabilities(&people.features),
            Fitted::Trees(booster) => {
                let coded = booster.code(&people.features).map_err(|refusal| refused(&refusal))?;
                booster.probabilities(&coded)
            }
        })
    }
}

/// What trees say in the words of all candidates.
fn refused(refusal: &Refusal) -> Unfit {
    match refusal {
        Refusal::NothingVaries => Unfit::NoFeature,
        Refusal::Shape => Unfit::Lengths,
        other => Unfit::Refused(other.to_string()),
    }
}

/// A candidate, judged.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// What it learnt from all customers of the earlier days.
    pub fitted: Fitted,
    /// What makes probabilities of its scores.
    pub recalibration: Recalibration,
    /// Why this one.
    pub recalibration_reason: String,
    /// Probabilities of the customers of the latest day, out of time and out of sample, each recalibrated by the other half.
    pub judged: Vec<f64>,
    /// Probabilities of all rows, the earlier days too, before any recalibration and by fits that have not seen the customer.
    pub unseen: Vec<f64>,
}

impl Finding {
    /// With `unseen`, which has the earlier rows before the latest, in the order of all rows.
    fn in_order(mut self, earlier: &[usize], latest: &[usize]) -> Finding {
        let mut unseen = vec![0.0; self.unseen.len()];
        for (row, p) in earlier.iter().chain(latest).zip(&self.unseen) {
            unseen[*row] = *p;
        }
        self.unseen = unseen;
        self
    }

    /// Probabilities of today.
    ///
    /// # Errors
    /// As [`Fitted::probabilities`].
    pub fn score(&self, people: &People) -> Result<Vec<f64>, Unfit> {
        let raw = self.fitted.probabilities(people)?;
        Ok(raw.into_iter().map(|p| self.recalibration.apply(p)).collect())
    }
}

/// What came of a study.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Candidates that could be judged, the simplest first.
    pub findings: Vec<Finding>,
    /// Those that could not, and why.
    pub refused: Vec<(Kind, Unfit)>,
    /// Rows that judged: those of the latest day, in their order.
    pub judged_rows: Vec<usize>,
    /// Their grades, in the order of `findings`.
    pub choice: Choice,
}

impl Outcome {
    /// The model to use; none when no model is an A or a B.
    pub fn chosen(&self) -> Option<&Finding> {
        self.choice.chosen.map(|at| &self.findings[at])
    }
}

/// Learns, judges and chooses.
///
/// # Errors
/// When there are not two days, or too few customers who left, or who stayed, to learn from or to judge by.
pub fn study(past: &Past, options: &StudyOptions) -> Result<Outcome, Unfit> {
    let rows = |is_latest: bool| -> Vec<usize> {
        (0..past.left.len()).filter(|row| (past.origins[*row] == 0) == is_latest).collect()
    };
    let (learnt, judged_rows) = (rows(false), rows(true));
    if learnt.is_empty() || judged_rows.is_empty() {
        return Err(Unfit::ShortHistory);
    }
    let left_of = |rows: &[usize]| -> Vec<bool> { rows.iter().map(|row| past.left[*row]).collect() };
    let (left, outcome) = (left_of(&learnt), left_of(&judged_rows));
    least_of_each(&left, options.least_of_each)?;
    least_of_each(&outcome, options.least_of_each)?;
    let (earlier, latest) = (past.people.of(&learnt), past.people.of(&judged_rows));
    let (mut findings, mut refused) = (Vec::new(), Vec::new());
    for kind in Kind::ALL {
        match judge(kind, (&earlier, &left), (&latest, &outcome), options) {
            Ok(finding) => findings.push(finding.in_order(&learnt, &judged_rows)),
            Err(unfit) => refused.push((kind, unfit)),
        }
    }
    let candidate = |finding: &Finding| (finding.kind, finding.judged.clone());
    let judged: Vec<(Kind, Vec<f64>)> = findings.iter().map(candidate).collect();
    let candidates: Vec<Candidate<'_>> = judged
        .iter()
        .map(|(kind, probabilities)| Candidate {
            name: kind.name(),
            role: kind.role(),
            simplicity: *kind as u32,
            probabilities,
        })
        .collect();
    let choice = grade(&candidates, &outcome, options.least_of_each)?;
    Ok(Outcome { findings, refused, judged_rows, choice })
}

fn judge(
    kind: Kind,
    (earlier, left): (&People, &[bool]),
    (latest, outcome): (&People, &[bool]),
    options: &StudyOptions,
) -> Result<Finding, Unfit> {
    let folds = if latest.customers.len() > FEW { 2 } else { 5 };
    let (mut raw, mut raw_earlier) = (vec![0.0; latest.customers.len()], vec![0.0; left.len()]);
    for fold in 0..folds {
        let others: Vec<usize> =
            (0..left.len()).filter(|row| fold_of(earlier.customers[*row], folds) != fold).collect();
        let own_of = |people: &People| -> Vec<usize> {
            (0..people.customers.len()).filter(|row| fold_of(people.customers[*row], folds) == fold).collect()
        };
        let left: Vec<bool> = others.iter().map(|row| left[*row]).collect();
        let fitted = Fitted::fit(kind, &earlier.of(&others), &left, options)?;
        for (people, raw) in [(latest, &mut raw), (earlier, &mut raw_earlier)] {
            let own = own_of(people);
            for (row, p) in own.iter().zip(fitted.probabilities(&people.of(&own))?) {
                raw[*row] = p;
            }
        }
    }
    let chosen = recalibrate(&raw, outcome, &latest.customers)?;
    let by = match chosen.recalibration {
        Recalibration::Logistic { .. } => Recalibration::logistic,
        Recalibration::Isotonic(_) => Recalibration::isotonic,
    };
    let judged = crossed(&raw, outcome, &latest.customers, by)?;
    raw_earlier.extend(raw);
    Ok(Finding {
        kind,
        fitted: Fitted::fit(kind, earlier, left, options)?,
        recalibration: chosen.recalibration,
        recalibration_reason: chosen.reason,
        judged,
        unseen: raw_earlier,
    })
}
