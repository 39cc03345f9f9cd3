//! What came of campaigns, as a table: every wave and arm against its control, in all and by tier, region and decile
//! (`spec/definitions.md` 3.14, 3.15).
//!
//! The model reads counts of units that are alike (`campaign_cells`) and makes `campaign_response`: for each cut every metric
//! by every method, incremental beside attributed, and a verdict. Where the arms are not as large as planned, nothing is said
//! but their sizes.

mod cells;
mod compare;
mod metric;
mod rows;
#[cfg(test)]
mod tests;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};

use super::response::{Interval, SampleRatio, sample_ratio};
use super::{Inputs, Model, Rows, Takes};
use crate::contract::SCALE;
use crate::error::Result;
use cells::{Cell, Params, Sums, Wave, waves};
use compare::{Comparison, Sides};
use metric::Metric;
use rows::{Table, Value};
use verdict::{Case, verdict};

/// Reads counts of alike units; makes the response of every campaign.
pub const MODEL: Model = Model {
    name: "campaign_response",
    reads: &["response_params", "response_arms", "campaign_waves", "campaign_cells"],
    makes: &["campaign_response"],
    takes: Takes::Whole,
    compute,
};

/// The arm of those who were kept out at random, and of those whom nothing was sent by chance.
const CONTROLS: [&str; 2] = ["control", "comparison"];

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let params = Params::of(inputs)?;
    let mut table = Table::default();
    for wave in waves(inputs)? {
        respond(&wave, &params, &mut table);
    }
    Ok(vec![table.rows(no_row)])
}

/// Adds the rows of one wave.
fn respond(wave: &Wave<'_>, params: &Params, table: &mut Table) {
    let arms: BTreeSet<&str> = wave.cells.iter().map(|cell| cell.arm).collect();
    let check = wave.sample_ratio();
    for arm in arms.into_iter().filter(|arm| !CONTROLS.contains(arm)) {
        for (cut, sides) in cuts(wave, arm) {
            let head = Head { wave, arm, cut: &cut, sides: &sides, check };
            head.rows(params, table);
        }
    }
}

impl Wave<'_> {
    /// The check of the sizes of the arms, when their plan is known.
    fn sample_ratio(&self) -> Option<SampleRatio> {
        let mut units: BTreeMap<&str, i64> = self.plan.keys().map(|arm| (*arm, 0)).collect();
        for cell in self.cells.iter().filter(|_| self.is_randomised) {
            *units.entry(cell.arm).or_default() += cell.units;
        }
        let arms: Vec<(i64, f64)> =
            units.iter().map(|(arm, units)| (*units, self.plan.get(arm).copied().unwrap_or(0.0))).collect();
        sample_ratio(&arms)
    }
}

/// One arm and its control, in all and in each cut, by name.
fn cuts<'a>(wave: &'a Wave<'_>, arm: &str) -> BTreeMap<String, Sides<'a>> {
    let mut cuts: BTreeMap<String, Sides<'a>> = BTreeMap::new();
    for cell in &wave.cells {
        let is_treated = cell.arm == arm;
        if !is_treated && !CONTROLS.contains(&cell.arm) {
            continue;
        }
        let tier = match cell.tier {
            None => "tier=unknown".to_owned(),
            Some(0) => "tier=none".to_owned(),
            Some(tier) => format!("tier={tier}"),
        };
        let names = ["all".to_owned(), tier, format!("region={}", cell.region), format!("decile={}", cell.decile)];
        for name in names {
            let sides = cuts.entry(name).or_insert_with(|| Sides {
                treated: Vec::new(),
                control: Vec::new(),
                is_randomised: wave.is_randomised,
            });
            if is_treated { sides.treated.push(cell) } else { sides.control.push(cell) }
        }
    }
    cuts.retain(|_, sides| !sides.treated.is_empty());
    cuts
}

/// What the rows of one cut share.
struct Head<'a> {
    wave: &'a Wave<'a>,
    arm: &'a str,
    cut: &'a str,
    sides: &'a Sides<'a>,
    check: Option<SampleRatio>,
}

impl Head<'_> {
    fn rows(&self, params: &Params, table: &mut Table) {
        let (treated, control) = (self.sides.treated_sums(), self.sides.control_sums());
        let mut comparisons = self.sides.compare(params);
        let is_off = self.check.is_some_and(|check| check.is_off());
        let case = Case {
            units: treated.units as f64,
            cost: money(treated.cost),
            is_randomised: self.wave.is_randomised,
            is_interim: self.wave.is_interim,
            is_off,
        };
        let judged = verdict(&comparisons, &case);
        if is_off {
            comparisons.iter_mut().for_each(Comparison::withhold);
        }
        comparisons.sort_by_key(|one| (one.metric.name(), one.method));
        for one in &comparisons {
            table.push(self.row(one, &treated, &control, judged));
        }
    }

    fn row(
        &self,
        one: &Comparison,
        treated: &Sums,
        control: &Sums,
        (verdict, basis): (&'static str, &'static str),
    ) -> Vec<Value> {
        let text = |text: &str| Value::Text(text.to_owned());
        let double = Value::Double;
        let ends = |interval: Option<Interval>| (interval.map(|ends| ends.lo), interval.map(|ends| ends.hi));
        let (lo, hi) = ends(one.difference.map(|found| found.interval));
        let (always_lo, always_hi) = ends(one.always.map(|found| found.interval));
        let (lift_lo, lift_hi) = ends(one.lift.map(|found| found.interval));
        let effect = one.difference.map(|found| found.effect);
        // A quotient has no total.
        let total = |a_unit: Option<f64>| match one.metric {
            Metric::OrderValue => None,
            _ => Some(a_unit? * treated.units as f64),
        };
        let incremental = total(effect);
        let attributed = match one.metric {
            Metric::Conversion => Some(treated.attributed_orders as f64),
            Metric::Revenue => Some(money(treated.attributed_revenue)),
            Metric::Margin if treated.lines_without_cost == 0 => Some(money(treated.attributed_margin)),
            _ => None,
        };
        let cost = money(treated.cost);
        let share = |above: Option<f64>, below: Option<f64>| Some(above? / below.filter(|below| *below > 0.0)?);
        let profit = incremental.filter(|_| one.metric == Metric::Margin).map(|margin| margin - cost);
        vec![
            text(self.wave.campaign),
            text(self.wave.wave),
            text(self.arm),
            text(self.cut),
            text(one.metric.name()),
            text(one.method),
            Value::Boolean(one.is_headline),
            Value::Boolean(self.wave.is_randomised),
            Value::Boolean(self.wave.is_interim),
            Value::Whole(self.wave.first_day),
            Value::Whole(self.wave.window_days),
            text(one.status),
            Value::Whole(treated.units),
            Value::Whole(control.units),
            Value::Whole(self.wave.units_in_two_arms),
            Value::Whole(one.unmatched),
            Value::Whole(treated.sent),
            Value::Whole(treated.delivered),
            Value::Whole(treated.opened),
            Value::Whole(treated.clicked),
            Value::Whole(treated.responded),
            double(one.means.map(|means| means[0])),
            double(one.means.map(|means| means[1])),
            double(effect),
            double(one.difference.map(|found| found.std_error)),
            double(lo),
            double(hi),
            double(one.difference.map(|found| found.p_value)),
            double(always_lo),
            double(always_hi),
            double(one.always.map(|found| found.p_value)),
            double(one.lift.map(|found| found.lift)),
            double(lift_lo),
            double(lift_hi),
            double(one.theta),
            double(one.variance_removed),
            double(one.cap),
            double(self.check.map(|check| check.p_value)),
            double(incremental),
            double(total(lo)),
            double(total(hi)),
            double(attributed),
            double(share(incremental, attributed)),
            Value::Whole(treated.cost),
            double(share(Some(cost), incremental.filter(|_| one.metric.is_wanted()))),
            double(share(profit, Some(cost))),
            text(verdict),
            text(basis),
        ]
    }
}

/// The types of the columns of [`Head::row`].
fn no_row() -> Vec<Value> {
    let wave = Wave {
        campaign: "",
        wave: "",
        first_day: 0,
        window_days: 0,
        is_randomised: false,
        is_interim: false,
        units_in_two_arms: 0,
        cells: Vec::<Cell<'_>>::new(),
        plan: BTreeMap::new(),
    };
    let sides = Sides { treated: Vec::new(), control: Vec::new(), is_randomised: false };
    let head = Head { wave: &wave, arm: "", cut: "", sides: &sides, check: None };
    let nothing = Comparison::nothing(Metric::Visit, "", false, "");
    head.row(&nothing, &Sums::default(), &Sums::default(), ("", ""))
}

/// Ten-thousandths in the reporting currency.
fn money(e4: i64) -> f64 {
    e4 as f64 / SCALE as f64
}
