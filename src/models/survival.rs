//! How long customers stay silent: Kaplan-Meier curves, and what they say of somebody who is silent now.
//!
//! A spell of silence begins with a purchase day and ends with the next one (an event), or is still open at `as_of` (cut
//! off). With `S(d)` the share of spells longer than `d` days, a customer who has been silent for `d` days returns within
//! `h` more with probability `1 - S(d + h) / S(d)`. No curve is fitted and nothing is extrapolated: past the longest spell
//! nothing is known (`spec/definitions.md` 3.5 and 3.7).

use std::collections::{BTreeMap, BTreeSet};

use super::{Inputs, Model, Rows, Takes, Values};
use crate::error::{Error, Result};

/// The 97.5th percentile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Return probabilities, in millionths, whose windows are published beside the configured one.
const WINDOWS_PPM: [i64; 5] = [500_000, 330_000, 250_000, 200_000, 100_000];

/// The short horizon of `p_return_90d`.
const SHORT_DAYS: i64 = 90;

/// Strata by the purchase days that a customer had when the spell began.
const CLASSES: [&str; 4] = ["purchase_days=1", "purchase_days=2", "purchase_days=3-5", "purchase_days=6+"];

const ALL: &str = "all";

/// Reads the counts of spells; makes curves, windows and probabilities.
pub const MODEL: Model = Model {
    name: "survival",
    reads: &["run_params", "return_spells"],
    makes: &["retention_curves", "return_thresholds", "return_probabilities"],
    takes: Takes::Compact,
    compute,
};

/// Spells of one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spells {
    /// Days.
    pub t: i64,
    /// Spells that ended with a purchase after `t` days.
    pub events: i64,
    /// Spells that were cut off after `t` days.
    pub censored: i64,
}

/// One step of a Kaplan-Meier curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The spells of this length.
    pub spells: Spells,
    /// Spells at least this long.
    pub at_risk: i64,
    /// Share of spells that are longer.
    pub survival: f64,
    /// 95 % interval of `survival` by Greenwood's variance on the log-log scale; `None` where nothing or everything has
    /// ended, since the scale does not reach there.
    pub interval: Option<(f64, f64)>,
    /// Share of those at risk that ended here.
    pub hazard: f64,
}

/// The Kaplan-Meier curve of spells in the order of their length; at equal length events come before cut-offs.
///
/// # References
/// Kaplan & Meier (1958), JASA 53; the interval is that of Kalbfleisch & Prentice (1980), which lifelines gives too.
pub fn kaplan_meier(spells: &[Spells]) -> Vec<Step> {
    let mut at_risk: i64 = spells.iter().map(|spells| spells.events + spells.censored).sum();
    let (mut survival, mut variance) = (1.0, 0.0);
    let mut steps = Vec::with_capacity(spells.len());
    for &spells in spells {
        let (events, risk) = (spells.events as f64, at_risk as f64);
        let hazard = if at_risk > 0 { events / risk } else { 0.0 };
        survival *= 1.0 - hazard;
        if at_risk > spells.events {
            variance += events / (risk * (risk - events));
        }
        let interval = (survival > 0.0 && survival < 1.0).then(|| {
            let width = Z * variance.sqrt() / survival.ln();
            (survival.powf((-width).exp()), survival.powf(width.exp()))
        });
        steps.push(Step { spells, at_risk, survival, interval, hazard });
        at_risk -= spells.events + spells.censored;
    }
    steps
}

/// A curve that can be asked for any day.
struct Silence {
    /// `S(d)` for each day up to the longest spell.
    survival: Vec<f64>,
    /// Spells longer than `d` days.
    longer: Vec<i64>,
}

impl Silence {
    fn new(steps: &[Step]) -> Silence {
        let longest = steps.last().map_or(-1, |step| step.spells.t);
        let mut silence = Silence { survival: Vec::new(), longer: Vec::new() };
        let mut steps = steps.iter().peekable();
        let (mut survival, mut longer) = (1.0, steps.peek().map_or(0, |step| step.at_risk));
        for day in 0..=longest {
            while let Some(step) = steps.next_if(|step| step.spells.t <= day) {
                survival = step.survival;
                longer = step.at_risk - step.spells.events - step.spells.censored;
            }
            silence.survival.push(survival);
            silence.longer.push(longer);
        }
        silence
    }

    fn at(&self, day: i64) -> Option<usize> {
        usize::try_from(day).ok().filter(|&day| day < self.survival.len())
    }

    /// Whether at least `least` spells are known to be longer than `day`.
    fn is_known(&self, day: i64, least: i64) -> bool {
        self.at(day).is_some_and(|day| self.longer[day] >= least && self.survival[day] > 0.0)
    }

    /// Whether spells are known that could have lasted for `days` more.
    fn reaches(&self, day: i64, days: i64) -> bool {
        self.at(day + days).is_some()
    }

    /// The probability of a return within `days` more after `day` silent ones; a lower bound beyond the longest spell.
    fn returns(&self, day: i64, days: i64) -> Option<f64> {
        let now = self.survival[self.at(day)?];
        let last = self.survival.last().copied()?;
        let then = self.at(day + days).map_or(last, |day| self.survival[day]);
        (now > 0.0).then(|| 1.0 - then / now)
    }

    /// The first silent day after which a return within `days` is no likelier than `limit`, among days that enough spells
    /// have reached and after which the whole horizon has been seen.
    fn threshold(&self, days: i64, limit: f64, least: i64) -> Option<i64> {
        let mut seen = (0..).take_while(|&day| self.is_known(day, least) && self.reaches(day, days));
        seen.find(|&day| self.returns(day, days).is_some_and(|p| p <= limit))
    }
}

/// What the pipeline file says.
struct Params {
    horizon: i64,
    pool_ppm: i64,
    lost_horizon: i64,
    lost_ppm: i64,
    least: i64,
}

fn params(inputs: &Inputs<'_>) -> Result<Params> {
    let table = inputs.table("run_params")?;
    let one = |column: &str| -> Result<i64> {
        let value = table.whole(column)?.first().copied().flatten();
        value.ok_or_else(|| Error::internal(format!("`run_params.{column}` is empty")))
    };
    Ok(Params {
        horizon: one("horizon_days")?,
        pool_ppm: one("pool_return_ppm")?,
        lost_horizon: one("lost_horizon_days")?,
        lost_ppm: one("lost_return_ppm")?,
        least: one("min_cases")?,
    })
}

type Strata = BTreeMap<(String, String), Vec<Spells>>;

fn strata(inputs: &Inputs<'_>) -> Result<Strata> {
    let table = inputs.table("return_spells")?;
    let mut strata = Strata::new();
    if table.rows() == 0 {
        return Ok(strata);
    }
    let (kinds, names) = (table.text("kind")?, table.text("stratum")?);
    let (lengths, events, censored) = (table.whole("t_days")?, table.whole("events")?, table.whole("censored")?);
    for (row, (kind, name)) in kinds.into_iter().zip(names).enumerate() {
        let (Some(kind), Some(name), Some(t)) = (kind, name, lengths[row]) else { continue };
        let spells = Spells { t, events: events[row].unwrap_or(0), censored: censored[row].unwrap_or(0) };
        strata.entry((kind.to_owned(), name.to_owned())).or_default().push(spells);
    }
    for spells in strata.values_mut() {
        spells.sort_by_key(|spells| spells.t);
    }
    Ok(strata)
}

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let params = params(inputs)?;
    let curves: BTreeMap<(String, String), Vec<Step>> =
        strata(inputs)?.into_iter().map(|(stratum, spells)| (stratum, kaplan_meier(&spells))).collect();
    let silences: BTreeMap<&str, Silence> = curves
        .iter()
        .filter(|((kind, _), _)| kind == "all_spells")
        .filter(|((_, name), _)| name == ALL || CLASSES.contains(&name.as_str()))
        .map(|((_, name), steps)| (name.as_str(), Silence::new(steps)))
        .collect();
    Ok(vec![curve_rows(&curves), threshold_rows(&silences, &params), probability_rows(&silences, &params)])
}

fn curve_rows(curves: &BTreeMap<(String, String), Vec<Step>>) -> Rows {
    let steps: Vec<(&str, &str, &Step)> = curves
        .iter()
        .flat_map(|((kind, name), steps)| steps.iter().map(|step| (kind.as_str(), name.as_str(), step)))
        .collect();
    let text = |of: fn(&(&str, &str, &Step)) -> String| Values::Text(steps.iter().map(|step| Some(of(step))).collect());
    let whole = |of: fn(&Step) -> i64| Values::Whole(steps.iter().map(|(_, _, step)| Some(of(step))).collect());
    let double = |of: fn(&Step) -> Option<f64>| Values::Double(steps.iter().map(|(_, _, step)| of(step)).collect());
    vec![
        text(|(kind, _, _)| (*kind).to_owned()),
        text(|(_, name, _)| (*name).to_owned()),
        whole(|step| step.spells.t),
        whole(|step| step.at_risk),
        whole(|step| step.spells.events),
        whole(|step| step.spells.censored),
        double(|step| Some(step.survival)),
        double(|step| step.interval.map(|(lo, _)| lo)),
        double(|step| step.interval.map(|(_, hi)| hi)),
        double(|step| Some(step.hazard)),
    ]
}

fn threshold_rows(silences: &BTreeMap<&str, Silence>, params: &Params) -> Rows {
    let mut asked: Vec<(&str, i64, i64, bool)> = Vec::new();
    if silences.contains_key(ALL) {
        let windows: BTreeSet<i64> = WINDOWS_PPM.into_iter().chain([params.pool_ppm]).collect();
        asked.extend(windows.into_iter().map(|ppm| (ALL, params.horizon, ppm, true)));
    }
    asked.extend(silences.keys().map(|name| (*name, params.lost_horizon, params.lost_ppm, false)));
    let found: Vec<Option<i64>> = asked
        .iter()
        .map(|(name, days, ppm, _)| {
            let silence = silences.get(name)?;
            silence.threshold(*days, *ppm as f64 / 1e6, params.least)
        })
        .collect();
    let at = |index: usize| Some((silences.get(asked[index].0)?, asked[index].1, found[index]?));
    let rows = 0..asked.len();
    vec![
        Values::Text(asked.iter().map(|row| Some(row.0.to_owned())).collect()),
        Values::Whole(asked.iter().map(|row| Some(row.1)).collect()),
        Values::Whole(asked.iter().map(|row| Some(row.2)).collect()),
        Values::Boolean(asked.iter().map(|row| Some(row.3)).collect()),
        Values::Whole(found.clone()),
        Values::Double(
            rows.clone().map(|row| at(row).and_then(|(silence, days, day)| silence.returns(day, days))).collect(),
        ),
        Values::Whole(
            rows.map(|row| at(row).and_then(|(silence, _, day)| silence.at(day).map(|day| silence.longer[day])))
                .collect(),
        ),
        Values::Text(
            found.iter().map(|day| Some(if day.is_some() { "ok" } else { "not_reached" }.to_owned())).collect(),
        ),
    ]
}

/// What is known of a return after a number of silent days in one class.
struct Chance {
    class: &'static str,
    day: i64,
    short: Option<f64>,
    horizon: Option<f64>,
    longer: Option<i64>,
    status: &'static str,
}

/// From the class's own spells where enough of them are known for the whole horizon, else from all customers', else a lower
/// bound.
fn chance(class: &'static str, day: i64, own: Option<&Silence>, all: &Silence, params: &Params) -> Chance {
    let reach = SHORT_DAYS.max(params.horizon);
    let own = own.filter(|own| own.is_known(day, params.least));
    let pooled = Some(all).filter(|all| all.is_known(day, params.least));
    let (silence, status) = match (own, pooled) {
        (Some(own), _) if own.reaches(day, reach) => (Some(own), "ok"),
        (_, Some(all)) if all.reaches(day, reach) => (Some(all), "all_customers"),
        (Some(own), _) => (Some(own), "lower_bound"),
        (None, Some(all)) => (Some(all), "lower_bound"),
        (None, None) => (None, "few_cases"),
    };
    Chance {
        class,
        day,
        short: silence.and_then(|silence| silence.returns(day, SHORT_DAYS)),
        horizon: silence.and_then(|silence| silence.returns(day, params.horizon)),
        longer: silence.and_then(|silence| silence.at(day).map(|day| silence.longer[day])),
        status,
    }
}

fn probability_rows(silences: &BTreeMap<&str, Silence>, params: &Params) -> Rows {
    let mut chances = Vec::new();
    if let Some(all) = silences.get(ALL) {
        for class in CLASSES {
            let days = 0..all.survival.len() as i64;
            chances.extend(days.map(|day| chance(class, day, silences.get(class), all, params)));
        }
    }
    vec![
        Values::Text(chances.iter().map(|chance| Some(chance.class.to_owned())).collect()),
        Values::Whole(chances.iter().map(|chance| Some(chance.day)).collect()),
        Values::Double(chances.iter().map(|chance| chance.short).collect()),
        Values::Double(chances.iter().map(|chance| chance.horizon).collect()),
        Values::Whole(chances.iter().map(|chance| chance.longer).collect()),
        Values::Text(chances.iter().map(|chance| Some(chance.status.to_owned())).collect()),
    ]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Freireich et al. (1963), weeks of remission under 6-MP, the field's textbook example: events at 6 (3), 7, 10, 13, 16,
    /// 22, 23, cut off at 6, 9, 10, 11, 17, 19, 20, 25, 32 (2), 34, 35.
    fn remissions() -> Vec<Spells> {
        [
            (6, 3, 1),
            (7, 1, 0),
            (9, 0, 1),
            (10, 1, 1),
            (11, 0, 1),
            (13, 1, 0),
            (16, 1, 0),
            (17, 0, 1),
            (19, 0, 1),
            (20, 0, 1),
            (22, 1, 0),
            (23, 1, 0),
            (25, 0, 1),
            (32, 0, 2),
            (34, 0, 1),
            (35, 0, 1),
        ]
        .map(|(t, events, censored)| Spells { t, events, censored })
        .to_vec()
    }

    #[test]
    fn the_textbook_curve() {
        let steps = kaplan_meier(&remissions());
        // Kalbfleisch & Prentice (2002), table 1.2; R survfit(conf.type = "log-log") for the interval at 10 weeks.
        let at = |t: i64| *steps.iter().find(|step| step.spells.t == t).unwrap();
        for (t, survival, at_risk) in
            [(6, 0.857_143, 21), (7, 0.806_723, 17), (10, 0.752_941, 15), (22, 0.537_815, 7), (23, 0.448_179, 6)]
        {
            assert!((at(t).survival - survival).abs() < 1e-6, "{t}: {}", at(t).survival);
            assert_eq!(at(t).at_risk, at_risk);
        }
        let (lo, hi) = at(10).interval.unwrap();
        assert!((lo - 0.503_186).abs() < 1e-4 && (hi - 0.889_360).abs() < 1e-4, "{lo} {hi}");
        assert_eq!(at(9).survival, at(7).survival);
        assert!((at(6).hazard - 3.0 / 21.0).abs() < 1e-15);
    }

    #[test]
    fn nobody_or_everybody_gone_has_no_interval() {
        let steps = kaplan_meier(&[
            Spells { t: 1, events: 0, censored: 1 },
            Spells { t: 2, events: 1, censored: 0 },
            Spells { t: 3, events: 1, censored: 0 },
        ]);
        assert_eq!((steps[0].survival, steps[0].interval), (1.0, None));
        assert!(steps[1].interval.is_some());
        assert_eq!((steps[2].survival, steps[2].interval), (0.0, None));
        assert_eq!(kaplan_meier(&[]), []);
    }

    #[test]
    fn a_return_is_the_share_of_the_spells_left_that_end_in_time() {
        let silence = Silence::new(&kaplan_meier(&remissions()));
        assert_eq!(silence.returns(0, 6), Some(1.0 - silence.survival[6]));
        assert!((silence.returns(6, 4).unwrap() - (1.0 - 0.752_941 / 0.857_143)).abs() < 1e-6);
        assert!(silence.reaches(30, 5) && !silence.reaches(30, 6));
        assert_eq!(silence.returns(30, 100), Some(0.0), "no event was seen later: a lower bound");
        assert_eq!(silence.returns(36, 1), None);
        assert_eq!(silence.threshold(2, 0.0, 1), Some(0), "the first event comes in week 6");
        assert_eq!(silence.threshold(10, 0.0, 1), Some(23));
        assert_eq!(silence.threshold(10, 0.0, 6), None, "only five spells are longer than 23 weeks");
        assert_eq!(silence.threshold(40, 0.5, 1), None, "no spell is that long");
    }
}
