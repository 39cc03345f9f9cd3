//! When a customer lapses: the probability of each month, given that they have not lapsed before.
//!
//! A row is a customer-month. The log-odds of lapsing are a level a month plus what the customer's columns add, so that one
//! fit answers any horizon within the months seen (Cox, 1972, JRSS B 34, section 6; Allison, 1982, Sociological Methodology
//! 13). Without columns the hazards are plain shares, and survival is Kaplan and Meier's.

use std::ops::Range;

use super::calibration::probability;
use super::logistic::{Design, Problem};
use super::unfit::{Unfit, least_of_each};

/// Customer-months: those of a customer up to the one in which they lapsed, or the last that was seen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CustomerMonths {
    /// Months since the customer's clock began, from 0.
    pub month: Vec<u16>,
    /// Whether the customer lapsed in it.
    pub lapsed: Vec<bool>,
    /// How many such customer-months there are; one each without.
    pub weights: Option<Vec<f64>>,
    /// Numbers of the customer in that month, all known, column by column: points of a scorecard, weights of evidence.
    pub columns: Vec<Vec<f64>>,
}

/// How hazards are fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HazardOptions {
    /// Ridge penalty of the columns: half of it, times the column's variance, times the squared coefficient, is added to the
    /// negative log-likelihood of all rows.
    pub penalty: f64,
    /// Customer-months with a lapse, and without, that a level has to rest on: months are put together until they have them.
    pub least_events: f64,
}

impl Default for HazardOptions {
    fn default() -> HazardOptions {
        HazardOptions { penalty: 1.0, least_events: 20.0 }
    }
}

/// Months of one level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// The first month.
    pub first: u16,
    /// The last month.
    pub last: u16,
    /// Customer-months.
    pub at_risk: f64,
    /// Those in which the customer lapsed.
    pub lapsed: f64,
    /// Log-odds of lapsing in a month where all columns are 0; infinite where nobody or everybody lapsed.
    pub level: f64,
}

/// A fitted hazard.
#[derive(Debug, Clone, PartialEq)]
pub struct Hazard {
    bands: Vec<Band>,
    coefficients: Vec<f64>,
}

/// A column for each band, then the columns themselves.
struct ByMonth<'a> {
    band: Vec<u16>,
    bands: usize,
    columns: &'a [Vec<f64>],
}

impl Design for ByMonth<'_> {
    fn columns(&self) -> usize {
        self.bands + self.columns.len()
    }

    fn fill(&self, rows: Range<usize>, out: &mut [f64]) {
        let width = self.columns();
        out.fill(0.0);
        for (row, out) in rows.zip(out.chunks_exact_mut(width)) {
            out[usize::from(self.band[row])] = 1.0;
            for (place, column) in out[self.bands..].iter_mut().zip(self.columns) {
                *place = column[row];
            }
        }
    }
}

impl Hazard {
    /// Fits levels and coefficients by penalised maximum likelihood.
    ///
    /// # Errors
    /// [`Unfit::Lengths`]; [`Unfit::NotANumber`] where a column or weight is not finite, or a weight is negative; too few of a
    /// kind; [`Unfit::NotConverged`].
    pub fn fit(months: &CustomerMonths, options: &HazardOptions) -> Result<Hazard, Unfit> {
        let rows = months.month.len();
        let columns = months.columns.iter().map(Vec::len);
        if months.lapsed.len() != rows
            || columns.chain(months.weights.iter().map(Vec::len)).any(|length| length != rows)
        {
            return Err(Unfit::Lengths);
        }
        let is_finite = |column: &Vec<f64>| column.iter().all(|value| value.is_finite());
        let weights = months.weights.as_deref();
        if !months.columns.iter().all(is_finite)
            || weights.is_some_and(|w| w.iter().any(|w| !(*w >= 0.0 && w.is_finite())))
        {
            return Err(Unfit::NotANumber);
        }
        least_of_each(&months.lapsed, 1)?;
        // Beside columns, a level without a lapse or without a stay would be infinite.
        let least = if months.columns.is_empty() { options.least_events } else { options.least_events.max(1.0) };
        let mut bands = bands(months, least);
        if months.columns.is_empty() {
            return Ok(Hazard { bands, coefficients: Vec::new() });
        }
        let band = |month: &u16| bands.partition_point(|band| band.last < *month) as u16;
        let design =
            ByMonth { band: months.month.iter().map(band).collect(), bands: bands.len(), columns: &months.columns };
        let spreads = months.columns.iter().map(|column| options.penalty * variance(column));
        let ridge: Vec<f64> = bands.iter().map(|_| 0.0).chain(spreads).collect();
        let is_positive = vec![false; ridge.len()];
        let problem =
            Problem { design: &design, labels: &months.lapsed, weights, ridge: &ridge, is_positive: &is_positive };
        let mut found = problem.solve(&vec![0.0; ridge.len()])?.weights;
        let coefficients = found.split_off(bands.len());
        bands.iter_mut().zip(found).for_each(|(band, level)| band.level = level);
        Ok(Hazard { bands, coefficients })
    }

    /// Levels by month.
    pub fn bands(&self) -> &[Band] {
        &self.bands
    }

    /// What a unit of each column adds to the log-odds of lapsing.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// The last month of which anything is known.
    pub fn last_month(&self) -> u16 {
        self.bands.last().map_or(0, |band| band.last)
    }

    /// The probability of lapsing in a month, for who has not lapsed before. None past the last month seen: nothing is
    /// extrapolated.
    pub fn hazard(&self, month: u16, columns: &[f64]) -> Option<f64> {
        let band = self.bands.get(self.bands.partition_point(|band| band.last < month))?;
        if self.coefficients.is_empty() {
            return Some(band.lapsed / band.at_risk);
        }
        let added: f64 = self.coefficients.iter().zip(columns).map(|(coefficient, value)| coefficient * value).sum();
        Some(probability(band.level + added))
    }

    /// The probability of not lapsing in `months` months from month `from` on. None past the last month seen.
    pub fn survival(&self, from: u16, months: u16, columns: &[f64]) -> Option<f64> {
        (from..from.checked_add(months)?).try_fold(1.0, |left, month| Some(left * (1.0 - self.hazard(month, columns)?)))
    }

    /// The expected number of months until the lapse, that of the lapse included and none counted beyond `months` (the
    /// restricted mean): the sum of the survival at the beginning of each month. None past the last month seen.
    pub fn restricted_mean(&self, from: u16, months: u16, columns: &[f64]) -> Option<f64> {
        let (mut left, mut sum) = (1.0, 0.0);
        for month in from..from.checked_add(months)? {
            sum += left;
            left *= 1.0 - self.hazard(month, columns)?;
        }
        Some(sum)
    }
}

/// Months put together from the first on until each band has enough of both kinds; what is left at the end joins the last.
fn bands(months: &CustomerMonths, least: f64) -> Vec<Band> {
    let last = months.month.iter().copied().max().map_or(0, usize::from);
    let mut counts = vec![(0.0, 0.0); last + 1];
    for (row, (month, lapsed)) in months.month.iter().zip(&months.lapsed).enumerate() {
        let weight = months.weights.as_ref().map_or(1.0, |weights| weights[row]);
        let count = &mut counts[usize::from(*month)];
        count.0 += weight;
        count.1 += if *lapsed { weight } else { 0.0 };
    }
    let mut bands: Vec<Band> = Vec::new();
    let is_enough = |band: &Band| band.at_risk > 0.0 && band.lapsed.min(band.at_risk - band.lapsed) >= least;
    for (month, (at_risk, lapsed)) in counts.into_iter().enumerate() {
        let month = month as u16;
        match bands.last_mut() {
            Some(open) if !is_enough(open) => {
                *open = Band { last: month, at_risk: open.at_risk + at_risk, lapsed: open.lapsed + lapsed, ..*open };
            }
            _ => bands.push(Band { first: month, last: month, at_risk, lapsed, level: 0.0 }),
        }
    }
    if let Some(short) = bands.pop_if(|band| !is_enough(band)) {
        match bands.last_mut() {
            Some(band) => {
                let (at_risk, lapsed) = (band.at_risk + short.at_risk, band.lapsed + short.lapsed);
                *band = Band { last: short.last, at_risk, lapsed, ..*band };
            }
            None => bands.push(short),
        }
    }
    bands.iter_mut().for_each(|band| band.level = (band.lapsed / (band.at_risk - band.lapsed)).ln());
    bands
}

fn variance(column: &[f64]) -> f64 {
    let rows = column.len() as f64;
    let mean = column.iter().sum::<f64>() / rows;
    column.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / rows
}
