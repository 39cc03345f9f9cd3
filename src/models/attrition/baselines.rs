//! What a model has to beat: recency alone, the rate of an RFM cell, and the probability of being alive.

use std::collections::BTreeMap;

use super::binning::Count;
use super::metrics::Ranked;
use super::recalibration::Isotonic;
use super::unfit::{Unfit, least_of_each};

/// Rows of the average that a cell's rate is drawn to, the same as for bins of a scorecard.
const SHRINKAGE_ROWS: f64 = 20.0;

/// The rate of leaving by days since the last order: it never falls, by pool adjacent violators, and is never 0 or 1.
#[derive(Debug, Clone, PartialEq)]
pub struct RecencyRate {
    curve: Isotonic,
    overall: f64,
}

impl RecencyRate {
    /// Days that are not known are left out.
    ///
    /// # Errors
    /// [`Unfit::Lengths`]; too few of a kind when of the customers with known days all left, or none did.
    pub fn fit(days: &[f64], labels: &[bool]) -> Result<RecencyRate, Unfit> {
        if days.len() != labels.len() {
            return Err(Unfit::Lengths);
        }
        let known = days.iter().zip(labels).filter(|(days, _)| days.is_finite());
        let (days, labels): (Vec<f64>, Vec<bool>) = known.unzip();
        let ranked = Ranked::new(&days, &labels)?;
        Ok(RecencyRate { curve: Isotonic::bounded(&ranked)?, overall: ranked.rate() })
    }

    /// The probability of leaving after so many days; the overall rate where they are not known.
    pub fn at(&self, days: f64) -> f64 {
        if days.is_finite() { self.curve.at(days) } else { self.overall }
    }
}

/// The rate of leaving of each RFM cell, drawn to the overall rate by 20 rows of it.
#[derive(Debug, Clone, PartialEq)]
pub struct CellRates {
    cells: BTreeMap<u32, Count>,
    overall: Count,
}

impl CellRates {
    /// `cells` has a number a row, the same for rows of one cell.
    ///
    /// # Errors
    /// [`Unfit::Lengths`]; too few of a kind when all left or none did.
    pub fn fit(cells: &[u32], labels: &[bool]) -> Result<CellRates, Unfit> {
        if cells.len() != labels.len() {
            return Err(Unfit::Lengths);
        }
        least_of_each(labels, 1)?;
        let mut rates = CellRates { cells: BTreeMap::new(), overall: Count::default() };
        for (cell, left) in cells.iter().zip(labels) {
            let row = Count { rows: 1, events: u64::from(*left) };
            let count = rates.cells.entry(*cell).or_default();
            *count = count.with(row);
            rates.overall = rates.overall.with(row);
        }
        Ok(rates)
    }

    /// The probability of leaving in a cell; the overall rate in one that was never seen.
    pub fn at(&self, cell: u32) -> f64 {
        let own = self.cells.get(&cell).copied().unwrap_or_default();
        let rate = self.overall.events as f64 / self.overall.rows as f64;
        (own.events as f64 + SHRINKAGE_ROWS * rate) / (own.rows as f64 + SHRINKAGE_ROWS)
    }
}

/// One less the probability of being alive, as it is: it speaks of ever, not of a horizon, and has to be recalibrated.
/// `overall` where it is not known.
pub fn from_alive(probability_alive: f64, overall: f64) -> f64 {
    if probability_alive.is_finite() { (1.0 - probability_alive).clamp(0.0, 1.0) } else { overall }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::golden_rows::assert_near;
    use super::*;

    #[test]
    fn the_rate_by_recency_never_falls_and_is_never_certain() {
        let days = [1.0, 1.0, 5.0, 5.0, 9.0, 9.0, 30.0, 30.0, f64::NAN];
        let labels = [false, false, true, false, false, false, true, true, true];
        let rate = RecencyRate::fit(&days, &labels).unwrap();
        // By hand: 3 of 8 left. The lowest day with one row of that is 0.375 / 3; days 5 and 9 are pooled to 1 of 4; the
        // highest with one row is 2.375 / 3.
        for (days, expected) in [(0.0, 0.125), (1.0, 0.125), (5.0, 0.25), (7.0, 0.25), (9.0, 0.25), (99.0, 2.375 / 3.0)]
        {
            assert_near(rate.at(days), expected, 1e-15);
        }
        assert_eq!(rate.at(f64::NAN), 0.375);
        assert_eq!(RecencyRate::fit(&[f64::NAN], &[true]), Err(Unfit::NoRows));
    }

    #[test]
    fn a_cell_is_drawn_to_all() {
        let cells: Vec<u32> = (0..100).map(|row| u32::from(row >= 60)).collect();
        let labels: Vec<bool> = (0..100).map(|row| row % 10 == 0 || row >= 80).collect();
        let rates = CellRates::fit(&cells, &labels).unwrap();
        // Overall 28 of 100; 6 of 60 in cell 0, 22 of 40 in cell 1.
        assert_near(rates.at(0), (6.0 + 5.6) / 80.0, 1e-15);
        assert_near(rates.at(1), (22.0 + 5.6) / 60.0, 1e-15);
        assert_near(rates.at(9), 0.28, 1e-15);
        assert_eq!(CellRates::fit(&[1], &[true]), Err(Unfit::TooFewStayed { found: 0, least: 1 }));
    }

    #[test]
    fn alive_is_not_leaving() {
        assert_eq!((from_alive(0.75, 0.3), from_alive(1.0, 0.3), from_alive(f64::NAN, 0.3)), (0.25, 0.0, 0.3));
    }
}
