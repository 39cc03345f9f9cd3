//! The rows that the model reads.

use std::collections::BTreeMap;

use super::super::{Frame, Inputs};
use crate::error::{Error, Result};

/// Units of one arm of one wave that are alike in all that is compared. Money is in ten-thousandths.
pub struct Cell<'a> {
    pub arm: &'a str,
    pub tier: Option<i64>,
    pub region: &'a str,
    pub decile: i64,
    pub is_new: bool,
    pub visited: bool,
    pub converted: bool,
    pub opted_out: bool,
    pub complained: bool,
    pub orders: i64,
    pub revenue: i64,
    pub margin: i64,
    pub visited_before: bool,
    pub converted_before: bool,
    pub revenue_before: i64,
    pub margin_before: i64,
    pub units: i64,
    pub sums: Sums,
}

/// Sums over the units of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    pub units: i64,
    pub sent: i64,
    pub delivered: i64,
    pub opened: i64,
    pub clicked: i64,
    pub responded: i64,
    pub cost: i64,
    pub lines_without_cost: i64,
    pub lines_without_cost_before: i64,
    pub attributed_orders: i64,
    pub attributed_revenue: i64,
    pub attributed_margin: i64,
}

impl Sums {
    /// Adds others.
    pub fn add(&mut self, other: &Sums) {
        self.units += other.units;
        self.sent += other.sent;
        self.delivered += other.delivered;
        self.opened += other.opened;
        self.clicked += other.clicked;
        self.responded += other.responded;
        self.cost += other.cost;
        self.lines_without_cost += other.lines_without_cost;
        self.lines_without_cost_before += other.lines_without_cost_before;
        self.attributed_orders += other.attributed_orders;
        self.attributed_revenue += other.attributed_revenue;
        self.attributed_margin += other.attributed_margin;
    }
}

/// A wave and what is known of it.
pub struct Wave<'a> {
    pub campaign: &'a str,
    pub wave: &'a str,
    pub first_day: i64,
    pub window_days: i64,
    pub is_randomised: bool,
    pub is_interim: bool,
    pub units_in_two_arms: i64,
    pub cells: Vec<Cell<'a>>,
    /// Planned shares of its arms; none are known when empty.
    pub plan: BTreeMap<&'a str, f64>,
}

/// What the pipeline file says.
#[derive(Debug, Clone, Copy)]
pub struct Params {
    pub confidence: f64,
    /// Fewest units of an arm for an estimate.
    pub min_units: i64,
    /// Units at which an interval for any time is narrowest.
    pub narrowest_at: f64,
}

impl Params {
    /// From the one row of `response_params`.
    pub fn of(inputs: &Inputs<'_>) -> Result<Params> {
        let table = inputs.table("response_params")?;
        let whole = |column: &str| first(table.whole(column)?, column);
        Ok(Params {
            confidence: first(table.double("confidence")?, "confidence")?,
            min_units: whole("min_units")?,
            narrowest_at: whole("narrowest_at_units")? as f64,
        })
    }
}

fn first<T: Copy>(column: Vec<Option<T>>, name: &str) -> Result<T> {
    column.first().copied().flatten().ok_or_else(|| Error::internal(format!("`response_params.{name}` is empty")))
}

/// A column in which nothing may be missing.
fn full<T>(column: Vec<Option<T>>, name: &str) -> Result<Vec<T>> {
    column.into_iter().collect::<Option<Vec<T>>>().ok_or_else(|| Error::internal(format!("`{name}` is empty in a row")))
}

fn texts<'a>(frame: &'a Frame, name: &str) -> Result<Vec<&'a str>> {
    full(frame.text(name)?, name)
}

fn wholes(frame: &Frame, name: &str) -> Result<Vec<i64>> {
    full(frame.whole(name)?, name)
}

fn truths(frame: &Frame, name: &str) -> Result<Vec<bool>> {
    full(frame.boolean(name)?, name)
}

/// All waves by campaign and wave, each with its cells.
pub fn waves<'a>(inputs: &'a Inputs<'_>) -> Result<Vec<Wave<'a>>> {
    let table = inputs.table("campaign_waves")?;
    if table.rows() == 0 {
        return Ok(Vec::new());
    }
    let (campaign, wave) = (texts(table, "campaign_id")?, texts(table, "wave")?);
    let (first_day, window) = (wholes(table, "first_day")?, wholes(table, "window_days")?);
    let (randomised, interim) = (truths(table, "is_randomised")?, truths(table, "is_interim")?);
    let in_two_arms = wholes(table, "units_in_two_arms")?;
    let mut waves: BTreeMap<(&str, &str), Wave<'a>> = BTreeMap::new();
    for row in 0..table.rows() {
        let one = Wave {
            campaign: campaign[row],
            wave: wave[row],
            first_day: first_day[row],
            window_days: window[row],
            is_randomised: randomised[row],
            is_interim: interim[row],
            units_in_two_arms: in_two_arms[row],
            cells: Vec::new(),
            plan: BTreeMap::new(),
        };
        waves.insert((campaign[row], wave[row]), one);
    }

    let plans = inputs.table("response_arms")?;
    if plans.rows() > 0 {
        let (planned, arm, share) = (texts(plans, "campaign_id")?, texts(plans, "arm")?, plans.double("share")?);
        for one in waves.values_mut() {
            let of_campaign = (0..plans.rows()).filter(|row| planned[*row] == one.campaign);
            one.plan = of_campaign.map(|row| (arm[row], share[row].unwrap_or_default())).collect();
        }
    }
    for (key, cell) in cells(inputs.table("campaign_cells")?)? {
        let unknown = || Error::internal("a row of `campaign_cells` is of no wave");
        waves.get_mut(&key).ok_or_else(unknown)?.cells.push(cell);
    }
    Ok(waves.into_values().collect())
}

/// Each row of `campaign_cells` with its wave.
fn cells(table: &Frame) -> Result<Vec<((&str, &str), Cell<'_>)>> {
    let (campaign, wave) = (texts(table, "campaign_id")?, texts(table, "wave")?);
    let (arm, tier, region) = (texts(table, "arm")?, table.whole("tier")?, texts(table, "region")?);
    let decile = wholes(table, "decile")?;
    let flag = |name: &str| truths(table, name);
    let (is_new, visited, converted) = (flag("is_new")?, flag("has_visited")?, flag("has_converted")?);
    let (opted_out, complained) = (flag("has_opted_out")?, flag("has_complained")?);
    let (visited_before, converted_before) = (flag("has_visited_before")?, flag("has_converted_before")?);
    let number = |name: &str| wholes(table, name);
    let (orders, revenue, margin) = (number("orders")?, number("revenue_e4")?, number("margin_e4")?);
    let (revenue_before, margin_before) = (number("revenue_before_e4")?, number("margin_before_e4")?);
    let (units, sent, delivered) = (number("units")?, number("messages")?, number("delivered")?);
    let (opened, clicked, responded) = (number("opened")?, number("clicked")?, number("responded")?);
    let (cost, without_cost) = (number("cost_e4")?, number("lines_without_cost")?);
    let without_cost_before = number("lines_without_cost_before")?;
    let attributed = [number("attributed_orders")?, number("attributed_revenue_e4")?, number("attributed_margin_e4")?];
    let cell = |row: usize| Cell {
        arm: arm[row],
        tier: tier[row],
        region: region[row],
        decile: decile[row],
        is_new: is_new[row],
        visited: visited[row],
        converted: converted[row],
        opted_out: opted_out[row],
        complained: complained[row],
        orders: orders[row],
        revenue: revenue[row],
        margin: margin[row],
        visited_before: visited_before[row],
        converted_before: converted_before[row],
        revenue_before: revenue_before[row],
        margin_before: margin_before[row],
        units: units[row],
        sums: Sums {
            units: units[row],
            sent: sent[row],
            delivered: delivered[row],
            opened: opened[row],
            clicked: clicked[row],
            responded: responded[row],
            cost: cost[row],
            lines_without_cost: without_cost[row],
            lines_without_cost_before: without_cost_before[row],
            attributed_orders: attributed[0][row],
            attributed_revenue: attributed[1][row],
            attributed_margin: attributed[2][row],
        },
    };
    Ok((0..table.rows()).map(|row| ((campaign[row], wave[row]), cell(row))).collect())
}
