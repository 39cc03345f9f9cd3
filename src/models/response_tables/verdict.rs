//! What to do with a campaign, by a rule that anybody can check.
//!
//! The margin decides, or the revenue where a cost is not known. All treated together brought `n d` more than they would have,
//! within `n lo` and `n hi`; the contacts cost `c`. **scale** when even `n lo` is above `c`, **stop** when even `n hi` is below
//! it, **keep** in between: it may pay, nobody knows yet. While the window is not over, `lo` and `hi` are those that may be
//! looked at at any time. A comparison without a control group proves nothing: it never says `scale`.

use super::super::response::Interval;
use super::compare::Comparison;
use super::metric::Metric;

/// What is known when a verdict is due.
pub struct Case {
    /// Treated units.
    pub units: f64,
    /// What the contacts cost, in the reporting currency.
    pub cost: f64,
    pub is_randomised: bool,
    pub is_interim: bool,
    /// Whether the arms are not as large as planned.
    pub is_off: bool,
}

/// The verdict, and what it rests on.
pub fn verdict(comparisons: &[Comparison], case: &Case) -> (&'static str, &'static str) {
    if case.is_off {
        return ("withheld", "sample_ratio");
    }
    let interval = |metric: Metric| -> Option<Interval> {
        let one = comparisons.iter().find(|one| one.metric == metric && one.is_headline)?;
        if case.is_interim { one.always.map(|always| always.interval) } else { Some(one.difference?.interval) }
    };
    let (interval, basis) = match (interval(Metric::Margin), interval(Metric::Revenue)) {
        (Some(margin), _) => (margin, "margin"),
        (None, Some(revenue)) => (revenue, "revenue"),
        (None, None) => return ("insufficient", "none"),
    };
    let verdict = if case.units * interval.lo > case.cost && case.is_randomised {
        "scale"
    } else if case.units * interval.hi < case.cost {
        "stop"
    } else {
        "keep"
    };
    (verdict, basis)
}
