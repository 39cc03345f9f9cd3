//! BG/BB as tables: what customers do at occasions that everybody has, beside the models of purchases in continuous time
//! (`spec/lifetime-value.md` 2.3, 6.1).
//!
//! It is fitted to everybody and judged by the same holdouts as the others, by the opportunities with a purchase in them. Its
//! deviance is not comparable with theirs, which is of purchases, so that it is never chosen but by name. It knows nothing of
//! money: several purchases at one opportunity are one.

mod rows;

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::lifetime_value::bg_bb::{BgBb, Cell, fit};
use super::lifetime_value::fit::Fit;
use super::lifetime_value::history::History;
use super::lifetime_value::holdout::{self, IMPOSSIBLE, Measures, Predicted, Sums};
use super::lifetime_value::scores::YEAR_DAYS;
use super::{Frame, Inputs, Model, Rows, Takes};
use crate::error::{Error, Result};
use rows::{model_rows, parameter_rows, score_rows};

/// The model: from histories of opportunities to parameters, evidence and figures of each customer.
pub const MODEL: Model = Model {
    name: "opportunity_values",
    reads: &["run_params", "ltv_origins", "opportunity_histories"],
    makes: &["opportunity_models", "opportunity_parameters", "opportunity_scores"],
    takes: Takes::Whole,
    compute,
};

const NAME: &str = "bg_bb";
const EVERYBODY: &str = "all";

/// Fewest opportunities of somebody for a fit: with two there are fewer patterns of purchases than parameters.
const LEAST_OPPORTUNITIES: u32 = 3;

/// Most of them: who has more does not buy at occasions, and the search would take hours.
const MOST_OPPORTUNITIES: u32 = 120;

/// Most within the horizon: a century of months.
const MOST_AHEAD: u32 = 1_200;

/// What the pipeline file says.
#[derive(Debug, Clone, Copy)]
struct Params {
    is_named: bool,
    min_customers: f64,
    min_repeaters: f64,
    /// Opportunities within the horizon: those that are whole when one has just begun.
    ahead: u32,
    /// What a purchase one opportunity later is worth now.
    discount: f64,
}

impl Params {
    /// None when there are no opportunities.
    fn of(table: &Frame) -> Result<Option<Self>> {
        let empty = |column: &str| Error::internal(format!("`run_params.{column}` is empty"));
        let whole = |column: &str| table.whole(column)?.first().copied().flatten().ok_or_else(|| empty(column));
        let rate = "ltv_annual_discount_rate";
        let rate = table.double(rate)?.first().copied().flatten().ok_or_else(|| empty(rate))?;
        let days = whole("ltv_opportunity_days")?;
        let enabled = table.boolean("ltv_enabled")?.first().copied().flatten() == Some(true);
        if !enabled || days <= 0 {
            return Ok(None);
        }
        let ahead = whole("ltv_horizon_days")? / days;
        Ok(Some(Params {
            is_named: table.text("ltv_model")?.first().copied().flatten() == Some(NAME),
            min_customers: whole("ltv_min_customers")? as f64,
            min_repeaters: whole("ltv_min_repeaters")? as f64,
            ahead: u32::try_from(ahead).map_err(|_| Error::internal("a horizon is negative"))?,
            discount: (-(days as f64) / YEAR_DAYS * rate.ln_1p()).exp(),
        }))
    }
}

/// A history: opportunities with a purchase, the last of them, and opportunities there were.
type Past = (u32, u32, u32);

/// The customers at one origin: by history, opportunities in the holdout and those of them with a purchase, how many.
#[derive(Debug, Default)]
struct Observed {
    counts: BTreeMap<(Past, u32, u32), f64>,
    has_holdout: bool,
}

impl Observed {
    /// Distinct histories that say something: with at least one opportunity.
    fn cells(&self) -> Vec<Cell> {
        let mut cells: Vec<Cell> = Vec::new();
        for (&((frequency, recency, opportunities), _, _), &customers) in &self.counts {
            let cell = Cell { frequency, recency, opportunities, customers };
            match cells.last_mut() {
                Some(last) if Cell { customers, ..*last } == cell => last.customers += customers,
                _ if opportunities > 0 => cells.push(cell),
                _ => {}
            }
        }
        cells
    }

    /// What `model` measures in the holdout, over those who have an opportunity in it.
    fn sums(&self, model: &BgBb) -> Sums {
        let counts: Vec<_> = self.counts.iter().filter(|((_, ahead, _), _)| *ahead > 0).collect();
        let predicted = |&(&((x, t_x, n), ahead, bought), &customers): &(&(Past, u32, u32), &f64)| {
            let future = model.future(x, t_x, n);
            let probabilities = future.purchase_probabilities(ahead);
            let mean = future.expected_purchases(ahead);
            let squares: f64 = probabilities.iter().enumerate().map(|(n, p)| (n * n) as f64 * p).sum();
            let actual = probabilities.get(bought as usize).copied().unwrap_or(0.0);
            let predicted = Predicted {
                mean,
                variance: (squares - mean * mean).max(0.0),
                p_none: future.p_none(ahead),
                p_actual: actual.max(IMPOSSIBLE),
                interval: holdout::Interval::new(1.0, &probabilities),
            };
            // Opportunities are the unit of time here.
            let history = History::new(x, f64::from(t_x), f64::from(n));
            (holdout::Cell { group: 0, history, bought, customers }, predicted)
        };
        let (cells, predicted): (Vec<_>, Vec<_>) =
            counts.par_iter().map(predicted).collect::<Vec<_>>().into_iter().unzip();
        Sums::of(&cells, &predicted)
    }
}

/// The plain baseline: everybody keeps their own share of opportunities, drawn to the mean share `rho` by as much as an
/// average customer's own past weighs, `(x + rho m) / (n + m)` with `m` the mean number of opportunities, and nobody leaves.
/// That is BG/BB without leaving. None when nobody ever bought, or everybody always.
fn baseline(cells: &[Cell]) -> Option<BgBb> {
    let sum = |of: fn(&Cell) -> f64| cells.iter().map(of).sum::<f64>();
    let customers = sum(|cell| cell.customers);
    let opportunities = sum(|cell| cell.customers * f64::from(cell.opportunities));
    let bought = sum(|cell| cell.customers * f64::from(cell.frequency));
    let weight = opportunities / customers;
    (bought > 0.0 && bought < opportunities).then(|| BgBb {
        alpha: bought / opportunities * weight,
        beta: (1.0 - bought / opportunities) * weight,
        gamma: 0.0,
        delta: 1.0,
    })
}

/// What became of the model.
#[derive(Debug)]
struct Verdict {
    customers: f64,
    keys: usize,
    /// The fit, or why there is none.
    fit: std::result::Result<Fit, String>,
    holdout: Option<Measures>,
    baseline: Option<Measures>,
}

impl Verdict {
    fn of(params: Params, origins: &BTreeMap<i32, Observed>) -> Self {
        let cells = origins.get(&0).map(Observed::cells).unwrap_or_default();
        let fit = too_little(params, &cells).map_or_else(|| Ok(fit(&cells)), Err);
        let holdouts = || origins.values().filter(|origin| origin.has_holdout);
        // A holdout of parameters that nobody found is worth nothing.
        let judged: Option<Vec<Sums>> = fit.is_ok().then(|| holdouts().map(judge).collect()).flatten();
        let plain = || holdouts().map(|origin| Some(origin.sums(&baseline(&origin.cells())?))).collect();
        let measures = |sums: Option<Vec<Sums>>| sums?.into_iter().fold(Sums::default(), Sums::and).measures();
        let holdout = measures(judged);
        Verdict {
            customers: cells.iter().map(|cell| cell.customers).sum(),
            keys: cells.len(),
            fit,
            baseline: holdout.and_then(|_| measures(plain())),
            holdout,
        }
    }

    fn usable(&self) -> Option<&Fit> {
        self.fit.as_ref().ok().filter(|fit| fit.is_usable())
    }

    fn reason(&self, params: Params) -> String {
        match (&self.fit, self.usable().is_some(), params.is_named) {
            (Err(reason), _, _) => reason.clone(),
            (Ok(_), true, true) => "named in the pipeline file".to_owned(),
            (Ok(_), true, false) => "counts opportunities, not purchases: chosen only by name".to_owned(),
            (Ok(_), false, true) => "named in the pipeline file, but its fit did not end".to_owned(),
            (Ok(_), false, false) => "its fit did not end, and is not used".to_owned(),
        }
    }
}

/// The holdout of one origin, fitted to what was before it; none when that fit did not end.
fn judge(origin: &Observed) -> Option<Sums> {
    let cells = origin.cells();
    let fit = (!cells.is_empty()).then(|| fit(&cells)).filter(Fit::is_usable)?;
    Some(origin.sums(&BgBb::of(&fit.parameters())))
}

/// Why there is no fit, if so.
fn too_little(params: Params, cells: &[Cell]) -> Option<String> {
    let customers: f64 = cells.iter().map(|cell| cell.customers).sum();
    let repeaters: f64 = cells.iter().filter(|cell| cell.frequency > 0).map(|cell| cell.customers).sum();
    let longest = cells.iter().map(|cell| cell.opportunities).max().unwrap_or(0);
    let (least, least_again) = (params.min_customers, params.min_repeaters);
    if customers < least || repeaters < least_again {
        Some(format!(
            "{customers} customers had an opportunity, of whom {repeaters} bought at one; needed are {least} and \
             {least_again}"
        ))
    } else if longest < LEAST_OPPORTUNITIES {
        Some(format!("nobody had more than {longest} opportunities, {LEAST_OPPORTUNITIES} are needed"))
    } else if longest > MOST_OPPORTUNITIES {
        Some(format!("opportunity_days is short: {longest} opportunities, {MOST_OPPORTUNITIES} at most can be fitted"))
    } else if params.ahead > MOST_AHEAD {
        Some(format!("opportunity_days is short: {} opportunities in the horizon, {MOST_AHEAD} at most", params.ahead))
    } else {
        None
    }
}

fn origins(inputs: &Inputs<'_>) -> Result<BTreeMap<i32, Observed>> {
    let table = inputs.table("ltv_origins")?;
    let mut origins: BTreeMap<i32, Observed> = BTreeMap::new();
    if table.rows() > 0 {
        let ends = table.whole("holdout_end_day")?;
        for (number, end) in table.integers("origin_no")?.iter().zip(ends) {
            origins.insert(*number, Observed { has_holdout: end.is_some(), ..Observed::default() });
        }
    }
    let histories = inputs.table("opportunity_histories")?;
    if histories.rows() == 0 {
        return Ok(origins);
    }
    let numbers = histories.integers("origin_no")?;
    let past = pasts(histories)?;
    let ahead = histories.integers("holdout_opportunities")?;
    let bought = histories.integers("holdout_frequency")?;
    for (row, past) in past.into_iter().enumerate() {
        let origin =
            origins.get_mut(&numbers[row]).ok_or_else(|| Error::internal("a history of opportunities of no origin"))?;
        *origin.counts.entry((past, number(ahead[row].max(0))?, number(bought[row].max(0))?)).or_default() += 1.0;
    }
    Ok(origins)
}

/// A number that counts.
fn number(value: i32) -> Result<u32> {
    u32::try_from(value).map_err(|_| Error::internal("a history of opportunities has a negative number"))
}

/// The history of each row.
fn pasts(histories: &Frame) -> Result<Vec<Past>> {
    let (frequency, recency) = (histories.integers("frequency")?, histories.integers("recency")?);
    let opportunities = histories.integers("opportunities")?;
    let past = |row: usize| {
        let past = (number(frequency[row])?, number(recency[row])?, number(opportunities[row])?);
        let cell = Cell { frequency: past.0, recency: past.1, opportunities: past.2, customers: 1.0 };
        match cell.fault() {
            Some(fault) => Err(Error::internal(format!("an impossible history of opportunities: {fault}"))),
            None => Ok(past),
        }
    };
    (0..histories.rows()).map(past).collect()
}

/// The figures of one history.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Score {
    p_alive: f64,
    p_alive_horizon: f64,
    expected: f64,
    p10: u32,
    p90: u32,
    p_none: f64,
    dert: Option<f64>,
}

impl Score {
    fn of(model: &BgBb, (x, t_x, n): Past, params: Params) -> Self {
        let future = model.future(x, t_x, n);
        let probabilities = future.purchase_probabilities(params.ahead);
        // The least number that is not exceeded with such a probability.
        let quantile = |level: f64| {
            let mut sum = 0.0;
            let reaches = |probability: &f64| {
                sum += probability;
                sum >= level
            };
            probabilities.iter().position(reaches).map_or(params.ahead, |place| place as u32)
        };
        Score {
            p_alive: future.p_alive(0),
            p_alive_horizon: future.p_alive(params.ahead),
            expected: future.expected_purchases(params.ahead),
            p10: quantile(0.1),
            p90: quantile(0.9),
            p_none: future.p_none(params.ahead),
            dert: future.discounted_purchases(params.discount).filter(|value| value.is_finite()),
        }
    }
}

/// The figures of each customer of the published fit, by number.
fn scores(params: Params, model: &BgBb, histories: &Frame) -> Result<Vec<(i32, Score)>> {
    if histories.rows() == 0 {
        return Ok(Vec::new());
    }
    let past = pasts(histories)?;
    let (numbers, customers) = (histories.integers("origin_no")?, histories.integers("customer_no")?);
    let rows: Vec<usize> = (0..past.len()).filter(|row| numbers[*row] == 0).collect();
    let mut distinct: Vec<Past> = rows.iter().map(|row| past[*row]).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let scored: BTreeMap<Past, Score> =
        distinct.into_par_iter().map(|past| (past, Score::of(model, past, params))).collect();
    let mut scores: Vec<(i32, Score)> = rows.into_iter().map(|row| (customers[row], scored[&past[row]])).collect();
    scores.sort_unstable_by_key(|(customer, _)| *customer);
    Ok(scores)
}

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let Some(params) = Params::of(inputs.table("run_params")?)? else {
        return Ok(vec![model_rows(None), parameter_rows(None), score_rows(&[])]);
    };
    let origins = origins(inputs)?;
    let verdict = Verdict::of(params, &origins);
    let scores = match verdict.usable() {
        Some(fit) => scores(params, &BgBb::of(&fit.parameters()), inputs.table("opportunity_histories")?)?,
        None => Vec::new(),
    };
    // Holdouts of all origins are of one length.
    Ok(vec![
        model_rows(Some((params, &verdict, holdout_days(inputs)?))),
        parameter_rows(Some(&verdict)),
        score_rows(&scores),
    ])
}

/// Days of a holdout, if there is one.
fn holdout_days(inputs: &Inputs<'_>) -> Result<Option<i64>> {
    let table = inputs.table("ltv_origins")?;
    if table.rows() == 0 {
        return Ok(None);
    }
    let days = table.whole("origin_day")?.into_iter().zip(table.whole("holdout_end_day")?);
    Ok(days.into_iter().find_map(|(day, end)| Some(end? - day?)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
