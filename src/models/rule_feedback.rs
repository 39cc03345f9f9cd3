//! Whether a rule should stay (`spec/definitions.md` 3.14, last part): how often what it showed was taken, against a control
//! group or else against the default in the same tiers, and how that changes over weeks.
//!
//! Without a control group the comparison is observational: a rule is shown to whom it was written for, and they may take more
//! of anything. It can say that a rule is worse than the default; that one is better should be tried with a control.

use std::collections::{BTreeMap, BTreeSet};

use super::response::{Difference, Joint, Moments, matched, newcombe, trend, wilson};
use super::{Frame, Inputs, Model, Rows, Takes, Values};
use crate::error::{Error, Result};

/// Reads counts by rule, arm, week and tier; makes the feedback of every rule and version.
pub const MODEL: Model = Model {
    name: "rule_feedback",
    reads: &["rule_params", "default_rules", "rule_cells"],
    makes: &["rule_feedback"],
    takes: Takes::Compact,
    compute,
};

/// Weeks that a rule needs to have been shown in before its halves are compared.
const LEAST_WEEKS: usize = 4;

/// Below this a fall or a difference of complaints is no chance.
const LEVEL: f64 = 0.05;

#[derive(Debug, Clone, Copy)]
struct Params {
    confidence: f64,
    min_shown: i64,
}

/// What came of some matches of a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    matched: i64,
    shown: i64,
    accepted: i64,
    complaints: i64,
    revenue: i64,
    margin: i64,
    lines_without_cost: i64,
}

impl Count {
    fn add(&mut self, other: &Count) {
        self.matched += other.matched;
        self.shown += other.shown;
        self.accepted += other.accepted;
        self.complaints += other.complaints;
        self.revenue += other.revenue;
        self.margin += other.margin;
        self.lines_without_cost += other.lines_without_cost;
    }
}

/// One rule and version.
#[derive(Debug, Default)]
struct Rule {
    on: Count,
    off: Count,
    weeks: BTreeMap<i64, Count>,
    tiers: BTreeMap<Option<i64>, Count>,
}

/// What a rule is held against.
struct Baseline {
    name: &'static str,
    n: i64,
    rate: f64,
    difference: Option<Difference>,
    complaint_rate: Option<f64>,
    /// Chance of as many more complaints as the rule has, when it has more.
    complaint_p: Option<f64>,
}

/// Noughts and ones: `events` of `n`.
fn share(events: i64, n: i64) -> Moments {
    let mut moments = Moments::default();
    moments.add(1, events);
    moments.add(0, n - events);
    moments
}

fn joint(events: i64, n: i64) -> Joint {
    let mut joint = Joint::default();
    joint.add(0, 1, events);
    joint.add(0, 0, n - events);
    joint
}

fn rate(events: i64, n: i64) -> Option<f64> {
    (n > 0).then(|| events as f64 / n as f64)
}

/// The chance of more complaints where there are more; none otherwise.
fn more_complaints(rule: &Count, events: i64, n: i64, confidence: f64) -> Option<f64> {
    let found = newcombe(&share(rule.complaints, rule.matched), &share(events, n), confidence)?;
    (found.effect > 0.0).then_some(found.p_value)
}

impl Rule {
    /// Against its control group: all that it matched, shown or not.
    fn against_control(&self, params: &Params) -> Option<Baseline> {
        let off = &self.off;
        Some(Baseline {
            name: "control",
            n: off.matched,
            rate: rate(off.accepted, off.matched)?,
            difference: newcombe(
                &share(self.on.accepted, self.on.matched),
                &share(off.accepted, off.matched),
                params.confidence,
            ),
            complaint_rate: rate(off.complaints, off.matched),
            complaint_p: more_complaints(&self.on, off.complaints, off.matched, params.confidence),
        })
    }

    /// Against the defaults, tier by tier.
    fn against_default(&self, defaults: &BTreeMap<Option<i64>, Count>, params: &Params) -> Option<Baseline> {
        let none = Count::default();
        let others = |tier: &Option<i64>| defaults.get(tier).unwrap_or(&none);
        let strata: Vec<[Joint; 2]> = self
            .tiers
            .iter()
            .map(|(tier, count)| {
                let other = others(tier);
                [joint(count.accepted, count.shown), joint(other.accepted, other.shown)]
            })
            .collect();
        let found = matched(&strata, params.confidence)?;
        let mut all = Count::default();
        self.tiers.keys().for_each(|tier| all.add(others(tier)));
        Some(Baseline {
            name: "default",
            n: found.control as i64,
            rate: found.mean_control,
            difference: Some(found.difference),
            complaint_rate: rate(all.complaints, all.matched),
            complaint_p: more_complaints(&self.on, all.complaints, all.matched, params.confidence),
        })
    }

    /// Accept rates by week, the oldest first, as times, how often shown, how often taken.
    fn steps(&self) -> Vec<(f64, f64, f64)> {
        let weeks = self.weeks.iter().rev().filter(|(_, count)| count.shown > 0);
        weeks.map(|(week, count)| (-(*week as f64), count.shown as f64, count.accepted as f64)).collect()
    }

    /// Accept rate of the later half of the weeks over that of the earlier one, less one.
    fn decay(&self) -> Option<f64> {
        let steps = self.steps();
        if steps.len() < LEAST_WEEKS {
            return None;
        }
        let rate = |half: &[(f64, f64, f64)]| -> f64 {
            half.iter().map(|step| step.2).sum::<f64>() / half.iter().map(|step| step.1).sum::<f64>()
        };
        let (early, late) = steps.split_at(steps.len() / 2);
        let before = rate(early);
        (before > 0.0).then(|| rate(late) / before - 1.0)
    }

    /// Tiers in which the rule is surely better than the default, for a suggestion.
    fn good_tiers(&self, defaults: &BTreeMap<Option<i64>, Count>, params: &Params) -> Vec<String> {
        let is_better = |(tier, count): (&Option<i64>, &Count)| {
            let other = defaults.get(tier)?;
            let found =
                newcombe(&share(count.accepted, count.shown), &share(other.accepted, other.shown), params.confidence)?;
            (found.interval.lo > 0.0).then(|| (*tier).map_or("unknown".to_owned(), |tier| tier.to_string()))
        };
        self.tiers.iter().filter_map(is_better).collect()
    }
}

/// Verdict, reason and the change that follows.
fn judge(
    rule: &Rule,
    baseline: Option<&Baseline>,
    slope: Option<(f64, f64)>,
    good_tiers: &[String],
    params: &Params,
) -> (&'static str, &'static str, String) {
    let plain = |verdict, reason, change: &str| (verdict, reason, change.to_owned());
    if rule.on.shown < params.min_shown {
        return plain("insufficient", "shown_too_seldom", "wait");
    }
    let Some(baseline) = baseline else {
        return plain("insufficient", "no_baseline", "add_control_group");
    };
    if baseline.n < params.min_shown {
        return plain("insufficient", "baseline_shown_too_seldom", "add_control_group");
    }
    let Some(found) = baseline.difference else {
        return plain("insufficient", "nothing_varies", "wait");
    };
    let is_falling = slope.is_some_and(|(slope, p_value)| slope < 0.0 && p_value < LEVEL);
    if found.interval.hi < 0.0 {
        if good_tiers.is_empty() {
            plain("retire", "worse_than_baseline", "switch_off")
        } else {
            ("revise", "worse_than_baseline", format!("limit_to_tiers {}", good_tiers.join(" ")))
        }
    } else if baseline.complaint_p.is_some_and(|p_value| p_value < LEVEL) {
        plain("revise", "more_complaints", "show_less_often")
    } else if is_falling {
        plain("revise", "wears_out", "renew_content")
    } else if found.interval.lo > 0.0 {
        plain("keep", "better_than_baseline", if baseline.name == "control" { "none" } else { "add_control_group" })
    } else if good_tiers.is_empty() {
        plain("revise", "no_better_than_baseline", "replace_content")
    } else {
        ("revise", "no_better_than_baseline", format!("limit_to_tiers {}", good_tiers.join(" ")))
    }
}

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let params = params(inputs.table("rule_params")?)?;
    let defaults = inputs.table("default_rules")?;
    let default_rules: BTreeSet<&str> =
        if defaults.rows() == 0 { BTreeSet::new() } else { defaults.text("rule_id")?.into_iter().flatten().collect() };
    let rules = rules(inputs.table("rule_cells")?)?;
    let mut of_defaults: BTreeMap<Option<i64>, Count> = BTreeMap::new();
    for (_, rule) in rules.iter().filter(|((name, _), _)| default_rules.contains(name)) {
        rule.tiers.iter().for_each(|(tier, count)| of_defaults.entry(*tier).or_default().add(count));
    }
    let mut made = Feedback::default();
    for ((name, version), rule) in &rules {
        let baseline = if rule.off.matched > 0 {
            rule.against_control(&params)
        } else if default_rules.contains(name) {
            None
        } else {
            rule.against_default(&of_defaults, &params)
        };
        made.push((name, version), rule, baseline.as_ref(), default_rules.contains(name), &of_defaults, &params);
    }
    Ok(vec![made.rows()])
}

fn params(table: &Frame) -> Result<Params> {
    let empty = || Error::internal("`rule_params` is empty");
    Ok(Params {
        confidence: table.double("confidence")?.first().copied().flatten().ok_or_else(empty)?,
        min_shown: table.whole("min_shown")?.first().copied().flatten().ok_or_else(empty)?,
    })
}

/// All rules by name and version.
fn rules(table: &Frame) -> Result<BTreeMap<(&str, &str), Rule>> {
    let mut rules: BTreeMap<(&str, &str), Rule> = BTreeMap::new();
    if table.rows() == 0 {
        return Ok(rules);
    }
    let text = |column: &str| table.text(column);
    let whole = |column: &str| table.whole(column);
    let (names, versions, arms) = (text("rule_id")?, text("rule_version")?, text("arm")?);
    let (weeks, tiers) = (whole("week_no")?, whole("tier")?);
    let (matched, shown, accepted) = (whole("matched")?, whole("shown")?, whole("accepted")?);
    let (complaints, revenue, margin) = (whole("complaints")?, whole("revenue_e4")?, whole("margin_e4")?);
    let without_cost = whole("lines_without_cost")?;
    for row in 0..table.rows() {
        let (Some(name), Some(version), Some(week)) = (names[row], versions[row], weeks[row]) else {
            return Err(Error::internal("a row of `rule_cells` has no rule, version or week"));
        };
        let of = |column: &[Option<i64>]| column[row].unwrap_or_default();
        let count = Count {
            matched: of(&matched),
            shown: of(&shown),
            accepted: of(&accepted),
            complaints: of(&complaints),
            revenue: of(&revenue),
            margin: of(&margin),
            lines_without_cost: of(&without_cost),
        };
        let rule = rules.entry((name, version)).or_default();
        if arms[row] == Some("control") {
            rule.off.add(&count);
        } else {
            rule.on.add(&count);
            rule.weeks.entry(week).or_default().add(&count);
            rule.tiers.entry(tiers[row]).or_default().add(&count);
        }
    }
    Ok(rules)
}

/// The columns of `rule_feedback`, in the order of its contract.
#[derive(Default)]
struct Feedback {
    names: [Vec<Option<String>>; 2],
    counts: [Vec<Option<i64>>; 3],
    rates: [Vec<Option<f64>>; 3],
    baseline: Vec<Option<String>>,
    randomised: Vec<Option<bool>>,
    baseline_n: Vec<Option<i64>>,
    effects: [Vec<Option<f64>>; 6],
    money: [Vec<Option<i64>>; 2],
    complaints: [Vec<Option<f64>>; 2],
    weeks: Vec<Option<i64>>,
    trends: [Vec<Option<f64>>; 3],
    words: [Vec<Option<String>>; 3],
}

fn push<T, const N: usize>(columns: &mut [Vec<Option<T>>; N], values: [Option<T>; N]) {
    columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
}

impl Feedback {
    fn push(
        &mut self,
        (name, version): (&str, &str),
        rule: &Rule,
        baseline: Option<&Baseline>,
        is_default: bool,
        defaults: &BTreeMap<Option<i64>, Count>,
        params: &Params,
    ) {
        let on = &rule.on;
        let interval = (on.shown > 0).then(|| wilson(on.accepted as f64, on.shown as f64, params.confidence));
        let difference = baseline.and_then(|baseline| baseline.difference);
        let base = baseline.map(|baseline| baseline.rate);
        let steps = rule.steps();
        let slope = trend(&steps).map(|found| (found.slope, found.p_value));
        let good_tiers = if is_default { Vec::new() } else { rule.good_tiers(defaults, params) };
        let (verdict, reason, change) = match baseline {
            None if is_default => ("keep", "is_the_default", "none".to_owned()),
            _ => judge(rule, baseline, slope, &good_tiers, params),
        };
        push(&mut self.names, [Some(name.to_owned()), Some(version.to_owned())]);
        push(&mut self.counts, [Some(on.matched), Some(on.shown), Some(on.accepted)]);
        push(
            &mut self.rates,
            [rate(on.accepted, on.shown), interval.map(|ends| ends.lo), interval.map(|ends| ends.hi)],
        );
        self.baseline.push(Some(baseline.map_or("none", |baseline| baseline.name).to_owned()));
        self.randomised.push(Some(baseline.is_some_and(|baseline| baseline.name == "control")));
        self.baseline_n.push(Some(baseline.map_or(0, |baseline| baseline.n)));
        let effect = difference.map(|found| found.effect);
        push(
            &mut self.effects,
            [
                base,
                effect,
                difference.map(|found| found.interval.lo),
                difference.map(|found| found.interval.hi),
                difference.map(|found| found.p_value),
                base.filter(|base| *base > 0.0).and_then(|base| Some(effect? / base)),
            ],
        );
        push(&mut self.money, [Some(on.revenue), (on.lines_without_cost == 0).then_some(on.margin)]);
        push(
            &mut self.complaints,
            [rate(on.complaints, on.matched), baseline.and_then(|baseline| baseline.complaint_rate)],
        );
        self.weeks.push(Some(steps.len() as i64));
        push(&mut self.trends, [slope.map(|slope| slope.0), slope.map(|slope| slope.1), rule.decay()]);
        push(&mut self.words, [Some(verdict.to_owned()), Some(reason.to_owned()), Some(change)]);
    }

    fn rows(self) -> Rows {
        let mut rows: Rows = self.names.into_iter().map(Values::Text).collect();
        rows.extend(self.counts.into_iter().map(Values::Whole));
        rows.extend(self.rates.into_iter().map(Values::Double));
        rows.extend([Values::Text(self.baseline), Values::Boolean(self.randomised), Values::Whole(self.baseline_n)]);
        rows.extend(self.effects.into_iter().map(Values::Double));
        rows.extend(self.money.into_iter().map(Values::Whole));
        rows.extend(self.complaints.into_iter().map(Values::Double));
        rows.push(Values::Whole(self.weeks));
        rows.extend(self.trends.into_iter().map(Values::Double));
        rows.extend(self.words.into_iter().map(Values::Text));
        rows
    }
}

#[cfg(test)]
#[path = "rule_feedback_tests.rs"]
mod tests;
