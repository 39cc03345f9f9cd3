//! Scores to probabilities, learnt from customers that the model has not seen: logistic on the log-odds, or isotonic.
//!
//! Neither ever falls, so ranks stay, and neither ever says 0 or 1.

use super::calibration::{Point, both_kinds, line, logit, probability};
use super::metrics::{Group, Ranked};
use super::paired::{PairedDifference, paired_log_loss};
use super::split::fold_of;
use super::unfit::Unfit;

/// Isotonic regression is tried from so many customers of each kind on. Below it follows chance
/// (Niculescu-Mizil & Caruana, 2005, ICML: it overfits below about 1,000).
const LEAST_FOR_ISOTONIC: u64 = 1_000;

/// How a score becomes a probability.
#[derive(Debug, Clone, PartialEq)]
pub enum Recalibration {
    /// `1 / (1 + exp(-(intercept + slope logit(p))))`, `slope >= 0`.
    Logistic {
        /// Log-odds at `p` = 1/2.
        intercept: f64,
        /// By how much a unit of log-odds counts.
        slope: f64,
    },
    /// A curve that never falls.
    Isotonic(Isotonic),
}

impl Recalibration {
    /// Platt's: maximum likelihood with his targets `(left + 1) / (left + 2)` and `1 / (stayed + 2)` instead of 1 and 0, so
    /// that a score which divides the two kinds without an error has a finite slope. Where the best slope is negative, the
    /// score ranks the wrong way round and says nothing: everybody gets the overall rate.
    ///
    /// # Errors
    /// Too few of a kind when all left or none did.
    ///
    /// # References
    /// Platt (1999), Advances in Large Margin Classifiers, 61-74.
    pub fn logistic(ranked: &Ranked) -> Result<Recalibration, Unfit> {
        both_kinds(ranked)?;
        let (left, stayed) = (ranked.events() as f64, (ranked.rows() - ranked.events()) as f64);
        let (of_left, of_stayed) = ((left + 1.0) / (left + 2.0), 1.0 / (stayed + 2.0));
        let points: Vec<Point> = ranked.groups().iter().map(|group| Point::of(group, of_stayed, of_left)).collect();
        let flat = Recalibration::Logistic { intercept: logit(ranked.rate()), slope: 0.0 };
        if ranked.groups().len() == 1 {
            return Ok(flat);
        }
        let line = line(&points)?;
        Ok(if line.slope > 0.0 {
            Recalibration::Logistic { intercept: line.intercept, slope: line.slope }
        } else {
            flat
        })
    }

    /// A curve that never falls, see [`Isotonic`].
    ///
    /// # Errors
    /// Too few of a kind when all left or none did.
    pub fn isotonic(ranked: &Ranked) -> Result<Recalibration, Unfit> {
        Ok(Recalibration::Isotonic(Isotonic::bounded(ranked)?))
    }

    /// The probability that a score of `p` stands for, in 0..1 without its ends.
    pub fn apply(&self, p: f64) -> f64 {
        match self {
            Recalibration::Logistic { intercept, slope } => probability(intercept + slope * logit(p)),
            Recalibration::Isotonic(curve) => curve.at(p),
        }
    }

    /// `logistic` or `isotonic`.
    pub fn name(&self) -> &'static str {
        match self {
            Recalibration::Logistic { .. } => "logistic",
            Recalibration::Isotonic(_) => "isotonic",
        }
    }
}

/// A curve through the blocks of pool adjacent violators: level within a block, straight between two.
#[derive(Debug, Clone, PartialEq)]
pub struct Isotonic {
    /// Score and value where the curve bends, both rising.
    knots: Vec<(f64, f64)>,
}

impl Isotonic {
    /// The rates of events that never fall and are closest to those of the groups, as they are: ends of 0 and 1 included.
    ///
    /// # References
    /// Ayer et al. (1955), Annals of Mathematical Statistics 26, 641-647.
    pub fn fit(ranked: &Ranked) -> Isotonic {
        Isotonic::of(ranked.groups().iter().map(|group| (group, 0.0, 0.0)))
    }

    /// The same with one row of the overall rate more in the lowest and in the highest group. The lowest block is then above
    /// 0 and the highest below 1, and the curve still never falls.
    ///
    /// # Errors
    /// Too few of a kind when all left or none did.
    pub fn bounded(ranked: &Ranked) -> Result<Isotonic, Unfit> {
        both_kinds(ranked)?;
        let (last, rate) = (ranked.groups().len() - 1, ranked.rate());
        Ok(Isotonic::of(ranked.groups().iter().enumerate().map(|(at, group)| {
            let rows = f64::from(u8::from(at == 0)) + f64::from(u8::from(at == last));
            (group, rows, rows * rate)
        })))
    }

    /// From groups with the rows and events that are added to them.
    fn of<'a>(groups: impl Iterator<Item = (&'a Group, f64, f64)>) -> Isotonic {
        struct Block {
            lowest: f64,
            highest: f64,
            rows: f64,
            events: f64,
        }
        let mut blocks: Vec<Block> = Vec::new();
        for (group, rows, events) in groups {
            let (rows, events) = (group.rows as f64 + rows, group.events as f64 + events);
            let mut block = Block { lowest: group.score, highest: group.score, rows, events };
            while let Some(below) = blocks.pop_if(|below| below.events * block.rows >= block.events * below.rows) {
                block.lowest = below.lowest;
                block.rows += below.rows;
                block.events += below.events;
            }
            blocks.push(block);
        }
        let mut knots = Vec::with_capacity(2 * blocks.len());
        for block in blocks {
            let rate = block.events / block.rows;
            knots.push((block.lowest, rate));
            if block.highest > block.lowest {
                knots.push((block.highest, rate));
            }
        }
        Isotonic { knots }
    }

    /// The curve at a score; level beyond its ends.
    pub fn at(&self, score: f64) -> f64 {
        let above = self.knots.partition_point(|knot| knot.0 < score);
        match (above.checked_sub(1).and_then(|below| self.knots.get(below)), self.knots.get(above)) {
            (Some(below), Some(above)) => {
                let share = (score - below.0) / (above.0 - below.0);
                (below.1 + share * (above.1 - below.1)).clamp(below.1, above.1)
            }
            (None, Some(only)) | (Some(only), None) => only.1,
            // There is a knot in every curve, since there is a row in every `Ranked`.
            (None, None) => f64::NAN,
        }
    }

    /// Score and value where the curve bends, both rising.
    pub fn knots(&self) -> &[(f64, f64)] {
        &self.knots
    }
}

/// A recalibration and why it is this one.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Fitted on all rows.
    pub recalibration: Recalibration,
    /// Log loss of isotonic less that of logistic, each fitted on one half of the customers and judged on the other; none
    /// where there are too few customers to try.
    pub isotonic_less_logistic: Option<PairedDifference>,
    /// The reason in words.
    pub reason: String,
}

/// Logistic, unless there are at least 1,000 customers who left and 1,000 who stayed and isotonic has the smaller log loss by
/// more than one paired standard error, where each is fitted on one half of the customers (by hash) and judged
/// on the other.
///
/// # Errors
/// As [`Ranked::new`] and [`Recalibration::logistic`].
pub fn recalibrate(scores: &[f64], labels: &[bool], customers: &[u64]) -> Result<Chosen, Unfit> {
    let ranked = Ranked::new(scores, labels)?;
    if customers.len() != labels.len() {
        return Err(Unfit::Lengths);
    }
    let logistic = Recalibration::logistic(&ranked)?;
    if ranked.events().min(ranked.rows() - ranked.events()) < LEAST_FOR_ISOTONIC {
        let reason = format!("logistic: isotonic needs {LEAST_FOR_ISOTONIC} customers of each kind");
        return Ok(Chosen { recalibration: logistic, isotonic_less_logistic: None, reason });
    }
    let by_logistic = crossed(scores, labels, customers, Recalibration::logistic)?;
    let by_isotonic = crossed(scores, labels, customers, Recalibration::isotonic)?;
    let difference = paired_log_loss(&by_isotonic, &by_logistic, labels)?;
    let is_better = difference.mean < -difference.standard_error;
    let (word, recalibration) =
        if is_better { ("isotonic", Recalibration::isotonic(&ranked)?) } else { ("logistic", logistic) };
    let reason = format!(
        "{word}: isotonic less logistic log loss is {:.6} with a standard error of {:.6}",
        difference.mean, difference.standard_error
    );
    Ok(Chosen { recalibration, isotonic_less_logistic: Some(difference), reason })
}

/// What each half of the customers gets from a fit on the other.
pub(super) fn crossed(
    scores: &[f64],
    labels: &[bool],
    customers: &[u64],
    fit: fn(&Ranked) -> Result<Recalibration, Unfit>,
) -> Result<Vec<f64>, Unfit> {
    let half = |parity: u64| -> Result<Recalibration, Unfit> {
        let rows = || (0..scores.len()).filter(|row| fold_of(customers[*row], 2) == parity);
        let (scores, labels): (Vec<f64>, Vec<bool>) = rows().map(|row| (scores[row], labels[row])).unzip();
        fit(&Ranked::new(&scores, &labels)?)
    };
    let of_the_other = [half(1)?, half(0)?];
    let mut found = Vec::with_capacity(scores.len());
    for (score, customer) in scores.iter().zip(customers) {
        found.push(of_the_other[fold_of(*customer, 2) as usize].apply(*score));
    }
    Ok(found)
}
