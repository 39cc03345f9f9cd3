//! Whether probabilities are what they say: bins, expected error, slope and intercept (`spec/definitions.md` 3.8).

use super::metrics::{Group, Ranked, Sum, wilson};
use super::unfit::Unfit;

/// Probabilities are this far from 0 and 1 at least when their log-odds are taken. A rank of 0 or 1 that a baseline gives
/// would have infinite leverage otherwise.
const LEAST_FOR_LOGIT: f64 = 1e-6;

/// Most Newton steps; from the middle of the data it takes five to ten.
const MOST_STEPS: usize = 60;

/// Log-odds of a probability, which is kept 1e-6 from 0 and 1.
pub fn logit(probability: f64) -> f64 {
    let probability = probability.clamp(LEAST_FOR_LOGIT, 1.0 - LEAST_FOR_LOGIT);
    probability.ln() - (-probability).ln_1p()
}

/// The probability of log-odds.
pub fn probability(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// Neighbours in the order of their scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationBin {
    /// The lowest score in it.
    pub lowest: f64,
    /// The highest.
    pub highest: f64,
    /// The mean score: what was promised.
    pub mean_score: f64,
    /// How many rows.
    pub rows: u64,
    /// How many of them left.
    pub events: u64,
    /// `events / rows`: what came.
    pub rate: f64,
    /// Wilson's 95 % interval of `rate`.
    pub interval: (f64, f64),
}

/// At most `bins` bins of about equal size from the lowest score up. Ties stay together: a bin ends with the first group
/// that reaches its share of all rows, so that large groups make fewer bins.
pub fn calibration_bins(ranked: &Ranked, bins: u64) -> Vec<CalibrationBin> {
    let mut made = Vec::new();
    let (mut seen, mut begin) = (0, 0);
    for (at, group) in ranked.groups().iter().enumerate() {
        let bin = seen * bins / ranked.rows();
        seen += group.rows;
        if seen * bins / ranked.rows() > bin || at + 1 == ranked.groups().len() {
            made.extend(calibration_bin(&ranked.groups()[begin..=at]));
            begin = at + 1;
        }
    }
    made
}

fn calibration_bin(groups: &[Group]) -> Option<CalibrationBin> {
    let (rows, events) = groups.iter().fold((0, 0), |(rows, events), g| (rows + g.rows, events + g.events));
    let promised = groups.iter().map(|group| group.score * group.rows as f64).collect::<Sum>().value();
    Some(CalibrationBin {
        lowest: groups.first()?.score,
        highest: groups.last()?.score,
        mean_score: promised / rows as f64,
        rows,
        events,
        rate: events as f64 / rows as f64,
        interval: wilson(events as f64, rows)?,
    })
}

/// The mean distance of promise and rate over the bins, by rows. None without bins.
pub fn expected_calibration_error(bins: &[CalibrationBin]) -> Option<f64> {
    let rows: u64 = bins.iter().map(|bin| bin.rows).sum();
    let terms = bins.iter().map(|bin| bin.rows as f64 * (bin.mean_score - bin.rate).abs());
    (rows > 0).then(|| terms.collect::<Sum>().value() / rows as f64)
}

/// The logistic regression of the outcome on the log-odds of the probability: 1 and 0 where it is what it says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationLine {
    /// Below 1 where the probabilities are too far apart, above where they are too close.
    pub slope: f64,
    /// Log-odds of leaving at a promised probability of one half.
    pub intercept: f64,
    /// Standard error of the slope.
    pub slope_error: f64,
    /// Standard error of the intercept.
    pub intercept_error: f64,
}

/// Slope and intercept of calibration, by maximum likelihood.
///
/// # Errors
/// Too few of a kind when all left or none did; [`Unfit::NotConverged`] when all probabilities are equal, or divide those who
/// left from the others without an error, so that no slope is the best.
///
/// # References
/// Cox (1958), Biometrika 45, 562-565.
pub fn calibration_line(ranked: &Ranked) -> Result<CalibrationLine, Unfit> {
    let points: Vec<Point> = ranked.groups().iter().map(|group| Point::of(group, 0.0, 1.0)).collect();
    both_kinds(ranked)?;
    line(&points)
}

pub(super) fn both_kinds(ranked: &Ranked) -> Result<(), Unfit> {
    match (ranked.events(), ranked.rows() - ranked.events()) {
        (0, _) => Err(Unfit::TooFewLeft { found: 0, least: 1 }),
        (_, 0) => Err(Unfit::TooFewStayed { found: 0, least: 1 }),
        _ => Ok(()),
    }
}

/// Rows of one log-odds, of which a possibly fractional number left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    logit: f64,
    rows: f64,
    events: f64,
}

impl Point {
    /// A group in which those who stayed count as leaving with probability `of_stayed`, and the others with `of_left`.
    pub(super) fn of(group: &Group, of_stayed: f64, of_left: f64) -> Point {
        let (left, stayed) = (group.events as f64, (group.rows - group.events) as f64);
        Point { logit: logit(group.score), rows: group.rows as f64, events: left * of_left + stayed * of_stayed }
    }
}

/// Logistic regression on one column by Newton's method, with steps halved until the likelihood does not fall.
pub(super) fn line(points: &[Point]) -> Result<CalibrationLine, Unfit> {
    let likelihood = |intercept: f64, slope: f64| {
        let terms = points.iter().map(|point| {
            let at = intercept + slope * point.logit;
            point.events * at - point.rows * softplus(at)
        });
        terms.collect::<Sum>().value()
    };
    let (mut intercept, mut slope) = (0.0, 1.0);
    let mut reached = likelihood(intercept, slope);
    for _ in 0..MOST_STEPS {
        // The gradient, and the elements of the negative Hessian.
        let (mut g0, mut g1) = (Sum::default(), Sum::default());
        let (mut h00, mut h01, mut h11) = (Sum::default(), Sum::default(), Sum::default());
        for point in points {
            let p = probability(intercept + slope * point.logit);
            let (miss, weight) = (point.events - point.rows * p, point.rows * p * (1.0 - p));
            g0.add(miss);
            g1.add(miss * point.logit);
            h00.add(weight);
            h01.add(weight * point.logit);
            h11.add(weight * point.logit * point.logit);
        }
        let (g0, g1) = (g0.value(), g1.value());
        let (h00, h01, h11) = (h00.value(), h01.value(), h11.value());
        let determinant = h00 * h11 - h01 * h01;
        // One score for all, or a perfect division, whose slope runs away while the weights vanish.
        if !(determinant > 1e-12 * h00 * h11 && slope.abs() < 1e4) {
            return Err(Unfit::NotConverged);
        }
        let (step0, step1) = ((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant);
        if step0.abs() <= 1e-13 * intercept.abs().max(1.0) && step1.abs() <= 1e-13 * slope.abs().max(1.0) {
            let errors = (h00 / determinant, h11 / determinant);
            return Ok(CalibrationLine {
                slope,
                intercept,
                slope_error: errors.0.sqrt(),
                intercept_error: errors.1.sqrt(),
            });
        }
        let mut length = 1.0;
        let tried = loop {
            let tried = likelihood(intercept + length * step0, slope + length * step1);
            // At the top the likelihood only moves by rounding; a Newton step there is right without its leave.
            if tried >= reached - 1e-12 * reached.abs() || length < 1e-6 {
                break tried;
            }
            length /= 2.0;
        };
        (intercept, slope, reached) = (intercept + length * step0, slope + length * step1, tried);
    }
    Err(Unfit::NotConverged)
}

/// `ln(1 + exp(x))` without overflow.
pub(super) fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
