//! Two models on the same customers: by how much one is better, and how far that may be chance.

use super::metrics::{Sum, loss, shares_in_top};
use super::unfit::Unfit;

/// A difference of two models on the same rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedDifference {
    /// The first model's figure less the second's.
    pub mean: f64,
    /// Its standard error; 0 when all differences are equal. Rows count as independent: one a customer.
    pub standard_error: f64,
}

impl PairedDifference {
    /// The mean of one difference a customer.
    fn of(differences: &[f64]) -> PairedDifference {
        let rows = differences.len() as f64;
        let mean = differences.iter().copied().collect::<Sum>().value() / rows;
        let squares = differences.iter().map(|difference| (difference - mean).powi(2)).collect::<Sum>().value();
        let standard_error = if rows > 1.0 { (squares / (rows - 1.0) / rows).sqrt() } else { 0.0 };
        PairedDifference { mean, standard_error }
    }
}

/// How much larger the log loss of probabilities `a` is than that of `b` on the same rows.
///
/// # Errors
/// [`Unfit::Lengths`], [`Unfit::NotANumber`] and [`Unfit::NoRows`].
pub fn paired_log_loss(a: &[f64], b: &[f64], labels: &[bool]) -> Result<PairedDifference, Unfit> {
    if a.len() != labels.len() || b.len() != labels.len() {
        return Err(Unfit::Lengths);
    }
    if a.iter().chain(b).any(|probability| !probability.is_finite()) {
        return Err(Unfit::NotANumber);
    }
    if labels.is_empty() {
        return Err(Unfit::NoRows);
    }
    let differences: Vec<f64> =
        a.iter().zip(b).zip(labels).map(|((a, b), left)| loss(*a, *left) - loss(*b, *left)).collect();
    Ok(PairedDifference::of(&differences))
}

/// How much larger the lift of scores `a` in their top `percent` per cent is than that of `b` in theirs. Customers in both tops
/// say nothing; of the others those who left count for the one that has them.
///
/// # Errors
/// As [`paired_log_loss`]; too few of a kind when nobody left.
pub fn paired_lift(a: &[f64], b: &[f64], labels: &[bool], percent: u64) -> Result<PairedDifference, Unfit> {
    if a.len() != labels.len() || b.len() != labels.len() {
        return Err(Unfit::Lengths);
    }
    let rows = labels.len() as u64;
    let events = labels.iter().filter(|left| **left).count() as f64;
    if rows == 0 {
        return Err(Unfit::NoRows);
    }
    if events == 0.0 {
        return Err(Unfit::TooFewLeft { found: 0, least: 1 });
    }
    let top = (rows * percent).div_ceil(100);
    let (of_a, of_b) = (shares_in_top(a, top)?, shares_in_top(b, top)?);
    // Of one customer: what they add to the lift of one and not of the other.
    let worth = rows as f64 / top as f64 * (rows as f64 / events);
    let differences = of_a.iter().zip(&of_b).zip(labels);
    let differences: Vec<f64> = differences.map(|((a, b), left)| if *left { (a - b) * worth } else { 0.0 }).collect();
    Ok(PairedDifference::of(&differences))
}
