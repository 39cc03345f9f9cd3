//! One cut of one arm against its control: every metric by every method.

use std::collections::BTreeMap;

use super::super::response::{
    AlwaysValid, Cap, Difference, Joint, Lift, Mixture, Moments, cuped, lift, matched, newcombe, ratio, welch,
};
use super::cells::{Cell, Params, Sums};
use super::metric::Metric;

/// The treated and the control of one cut.
pub struct Sides<'a> {
    pub treated: Vec<&'a Cell<'a>>,
    pub control: Vec<&'a Cell<'a>>,
    pub is_randomised: bool,
}

/// What one method says of one metric.
pub struct Comparison {
    pub metric: Metric,
    pub method: &'static str,
    /// Whether it is the one to read.
    pub is_headline: bool,
    /// `ok`, or why there is no estimate.
    pub status: &'static str,
    pub means: Option<[f64; 2]>,
    pub difference: Option<Difference>,
    pub always: Option<AlwaysValid>,
    pub lift: Option<Lift>,
    pub theta: Option<f64>,
    pub variance_removed: Option<f64>,
    pub cap: Option<f64>,
    pub unmatched: i64,
}

impl Comparison {
    /// No estimate, and why.
    pub fn nothing(metric: Metric, method: &'static str, is_headline: bool, status: &'static str) -> Comparison {
        Comparison {
            metric,
            method,
            is_headline,
            status,
            means: None,
            difference: None,
            always: None,
            lift: None,
            theta: None,
            variance_removed: None,
            cap: None,
            unmatched: 0,
        }
    }

    /// Takes the estimate back: the arms are not what was planned.
    pub fn withhold(&mut self) {
        *self = Comparison::nothing(self.metric, self.method, self.is_headline, "sample_ratio_mismatch");
    }
}

/// Outcomes of one metric, perhaps capped.
struct Outcomes {
    /// Units whose window before is known, treated and control.
    known: [Joint; 2],
    /// Outcomes of the others.
    new: [Moments; 2],
}

impl Outcomes {
    fn of(sides: &Sides<'_>, metric: Metric, cap: Option<Cap>) -> Outcomes {
        let mut outcomes = Outcomes { known: Default::default(), new: Default::default() };
        for (arm, cells) in [&sides.treated, &sides.control].into_iter().enumerate() {
            for cell in cells {
                let (x, y) = capped(metric.pair(cell), cap);
                if cell.is_new {
                    outcomes.new[arm].add(y, cell.units);
                } else {
                    outcomes.known[arm].add(x, y, cell.units);
                }
            }
        }
        outcomes
    }

    fn all(&self) -> [Moments; 2] {
        [0, 1].map(|arm| self.known[arm].y.plus(&self.new[arm]))
    }
}

fn capped((x, y): (i64, i64), cap: Option<Cap>) -> (i64, i64) {
    cap.map_or((x, y), |cap| (cap.clip(x), cap.clip(y)))
}

impl Sides<'_> {
    /// Sums over the treated.
    pub fn treated_sums(&self) -> Sums {
        total(&self.treated)
    }

    /// Sums over the control.
    pub fn control_sums(&self) -> Sums {
        total(&self.control)
    }

    fn cells(&self) -> impl Iterator<Item = &Cell<'_>> {
        self.treated.iter().chain(&self.control).copied()
    }

    /// All metrics by all methods.
    pub fn compare(&self, params: &Params) -> Vec<Comparison> {
        Metric::ALL.into_iter().flat_map(|metric| self.metric(metric, params)).collect()
    }

    fn metric(&self, metric: Metric, params: &Params) -> Vec<Comparison> {
        let judge = Judge { metric, params };
        let (treated, control) = (self.treated_sums(), self.control_sums());
        let without_cost = treated.lines_without_cost + control.lines_without_cost;
        let without_cost_before = treated.lines_without_cost_before + control.lines_without_cost_before;
        let is_known_before = metric.has_before() && !(metric == Metric::Margin && without_cost_before > 0);

        let refusal = if control.units == 0 {
            Some("nobody_to_compare")
        } else if treated.units.min(control.units) < params.min_units {
            Some("too_few_units")
        } else if metric == Metric::Margin && without_cost > 0 {
            Some("cost_unknown")
        } else {
            None
        };
        if let Some(status) = refusal {
            let method = if self.is_randomised { judge.headline() } else { "matched" };
            return vec![judge.nothing(method, true, status)];
        }
        if !self.is_randomised {
            return if metric == Metric::OrderValue { Vec::new() } else { vec![judge.matched(self, is_known_before)] };
        }
        if metric == Metric::OrderValue {
            return vec![judge.ratio(self)];
        }
        let mut comparisons = judge.plain_and_cuped(self, None, is_known_before);
        if metric.is_money() && is_known_before {
            let before: Vec<(i64, i64)> = self.cells().map(|cell| (metric.pair(cell).0, cell.units)).collect();
            if let Some(cap) = Cap::of(&before) {
                comparisons.extend(judge.plain_and_cuped(self, Some(cap), is_known_before));
            }
        }
        if let Some(first) = comparisons.first_mut()
            && !is_known_before
        {
            first.is_headline = true;
        }
        comparisons
    }
}

fn total(cells: &[&Cell<'_>]) -> Sums {
    let mut sums = Sums::default();
    cells.iter().for_each(|cell| sums.add(&cell.sums));
    sums
}

/// Makes comparisons of one metric.
struct Judge<'a> {
    metric: Metric,
    params: &'a Params,
}

impl Judge<'_> {
    /// The method to read where there was a control group.
    fn headline(&self) -> &'static str {
        match self.metric {
            Metric::OrderValue => "ratio",
            Metric::Margin | Metric::Revenue => "cuped",
            _ => "newcombe",
        }
    }

    fn nothing(&self, method: &'static str, is_headline: bool, status: &'static str) -> Comparison {
        Comparison::nothing(self.metric, method, is_headline, status)
    }

    /// A comparison in the unit of the metric.
    fn found(
        &self,
        method: &'static str,
        difference: Option<Difference>,
        [treated, control]: [f64; 2],
        units: f64,
    ) -> Comparison {
        let unit = self.metric.unit();
        let mixture = Mixture::narrowest_at(self.params.narrowest_at, self.params.confidence);
        let difference = difference.map(|difference| difference.in_units_of(unit));
        let status = if difference.is_some() { "ok" } else { "nothing_varies" };
        Comparison {
            means: Some([treated / unit, control / unit]),
            always: difference
                .filter(|difference| difference.std_error > 0.0)
                .map(|difference| AlwaysValid::of(&difference, units, mixture)),
            difference,
            ..self.nothing(method, method == self.headline(), status)
        }
    }

    /// The plain difference, and the one after the window before is allowed for.
    fn plain_and_cuped(&self, sides: &Sides<'_>, cap: Option<Cap>, is_known_before: bool) -> Vec<Comparison> {
        let confidence = self.params.confidence;
        let outcomes = Outcomes::of(sides, self.metric, cap);
        let [treated, control] = outcomes.all();
        let (means, units) = ([treated.mean(), control.mean()], treated.n() + control.n());
        let (name, adjusted) = match (self.metric.is_share(), cap) {
            (true, _) => ("newcombe", "cuped"),
            (false, None) => ("welch", "cuped"),
            (false, Some(_)) => ("welch_winsorised", "cuped_winsorised"),
        };
        let plain = if self.metric.is_share() { newcombe } else { welch };
        let cap = cap.map(|cap| cap.value() as f64 / self.metric.unit());
        let mut comparisons = vec![Comparison {
            lift: lift(&treated, &control, confidence),
            cap,
            ..self.found(name, plain(&treated, &control, confidence), means, units)
        }];
        if is_known_before {
            let [a, b] = &outcomes.known;
            let found = cuped([a, b], [&outcomes.new[0], &outcomes.new[1]], confidence);
            comparisons.push(Comparison {
                theta: found.map(|found| found.theta),
                variance_removed: found.map(|found| found.variance_removed),
                cap,
                ..self.found(adjusted, found.map(|found| found.difference), means, units)
            });
        }
        comparisons
    }

    fn ratio(&self, sides: &Sides<'_>) -> Comparison {
        let arm = |cells: &[&Cell<'_>]| {
            let mut joint = Joint::default();
            for cell in cells {
                let (x, y) = self.metric.pair(cell);
                joint.add(x, y, cell.units);
            }
            joint
        };
        let (treated, control) = (arm(&sides.treated), arm(&sides.control));
        let quotient = |arm: &Joint| if arm.x.sum() > 0.0 { arm.y.sum() / arm.x.sum() } else { 0.0 };
        let means = [quotient(&treated), quotient(&control)];
        let found = ratio(&treated, &control, self.params.confidence);
        self.found("ratio", found, means, treated.x.n() + control.x.n())
    }

    /// With those who were not contacted and were alike before, by decile of value and whether they were new.
    fn matched(&self, sides: &Sides<'_>, is_known_before: bool) -> Comparison {
        let mut strata: BTreeMap<(i64, bool), [Joint; 2]> = BTreeMap::new();
        for (arm, cells) in [&sides.treated, &sides.control].into_iter().enumerate() {
            for cell in cells {
                let (x, y) = self.metric.pair(cell);
                let x = if is_known_before { x } else { 0 };
                strata.entry((cell.decile, cell.is_new)).or_default()[arm].add(x, y, cell.units);
            }
        }
        let strata: Vec<[Joint; 2]> = strata.into_values().collect();
        let Some(found) = matched(&strata, self.params.confidence) else {
            return self.nothing("matched", true, "nothing_varies");
        };
        let means = [found.mean_treated, found.mean_control];
        let comparison = self.found("matched", Some(found.difference), means, found.treated + found.control);
        Comparison { is_headline: true, theta: Some(found.theta), unmatched: found.unmatched as i64, ..comparison }
    }
}
