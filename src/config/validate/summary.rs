//! `[summary]`: at least one kind of period, each once, over a span that a calendar has.

use super::super::Summary;
use super::super::mistake::Mistakes;
use super::{at_least, each_once};

/// More years than this are a slip of the keyboard, and rows that nobody reads.
const MOST_YEARS: u32 = 50;

pub(super) fn validate(summary: &Summary, mistakes: &mut Mistakes<'_>) {
    if summary.periods.is_empty() {
        mistakes.value(
            &["summary", "periods"],
            "there is no kind of period",
            "write at least one of `month`, `quarter`, `year`",
        );
    }
    let periods: Vec<&str> = summary.periods.iter().map(|unit| unit.name()).collect();
    each_once(mistakes, &["summary", "periods"], &periods);
    let dimensions: Vec<&str> = summary.dimensions.iter().map(|dimension| dimension.name()).collect();
    each_once(mistakes, &["summary", "dimensions"], &dimensions);
    at_least(mistakes, &["summary", "years"], summary.years.into(), 1);
    if summary.years > MOST_YEARS {
        mistakes.value(
            &["summary", "years"],
            format!("`years` is {}", summary.years),
            format!("write {MOST_YEARS} or less"),
        );
    }
}
