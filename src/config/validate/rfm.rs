//! `[rfm]`: bins, thresholds and the grid.

use super::super::decimal::decimal_e4;
use super::super::mistake::Mistakes;
use super::super::{Grid, GridSegment, Rfm, RfmMethod, Thresholds};
use crate::names::suggest;

/// A cell's code has one digit a score.
const MOST_BINS: u8 = 9;

/// How many holes of a grid a message lists.
const LISTED: usize = 12;

pub(super) fn validate(rfm: &Rfm, mistakes: &mut Mistakes<'_>) {
    if !(2..=MOST_BINS).contains(&rfm.bins) {
        mistakes.value(&["rfm", "bins"], format!("{} bins cannot be scored", rfm.bins), "write a number from 2 to 9");
        return;
    }
    thresholds(rfm, mistakes);
    if rfm.segments.is_empty() {
        named_grid(rfm, mistakes);
    } else {
        own_grid(rfm, mistakes);
    }
}

fn named_grid(rfm: &Rfm, mistakes: &mut Mistakes<'_>) {
    if !Grid::NAMES.contains(&rfm.grid.as_str()) {
        mistakes.value(&["rfm", "grid"], format!("unknown grid `{}`", rfm.grid), suggest(&rfm.grid, &Grid::NAMES));
    } else if rfm.bins != 5 {
        mistakes.value(
            &["rfm", "bins"],
            format!("the grid `{}` needs 5 bins, not {}", rfm.grid, rfm.bins),
            "use `bins = 5`, or write a grid of your own with `[[rfm.segments]]`",
        );
    }
}

fn own_grid(rfm: &Rfm, mistakes: &mut Mistakes<'_>) {
    let before = mistakes.count();
    for (index, segment) in rfm.segments.iter().enumerate() {
        grid_segment(segment, &index.to_string(), rfm.bins, mistakes);
    }
    if mistakes.count() > before {
        return; // A verdict on mistyped cells would only hide the mistake.
    }
    let verdict = Grid::custom(&rfm.segments, rfm.other.as_deref(), rfm.bins).verdict;
    if rfm.other.is_none() && !verdict.holes.is_empty() {
        let count = verdict.holes.len();
        let listed = verdict.holes[..count.min(LISTED)].join(" ");
        let more = if count > LISTED { " ..." } else { "" };
        let cells = if count == 1 { "cell" } else { "cells" };
        mistakes.key(
            &["rfm", "segments"],
            format!("the grid leaves {count} {cells} without a segment: {listed}{more}"),
            "give them to a segment, or name what is left with `other = \"Others\"` in `[rfm]`",
        );
    }
    // A segment in several boxes is named once in the verdict, and pointed at where it is written first.
    for name in verdict.unreachable {
        if let Some(index) = rfm.segments.iter().position(|segment| segment.name == name) {
            mistakes.value(
                &["rfm", "segments", &index.to_string(), "name"],
                format!("no cell reaches the segment `{name}`: earlier ones take all of its cells"),
                "move it up, narrow an earlier segment, or remove it",
            );
        }
    }
}

fn grid_segment(segment: &GridSegment, index: &str, bins: u8, mistakes: &mut Mistakes<'_>) {
    let path = |key| ["rfm", "segments", index, key];
    if segment.name.trim().is_empty() {
        mistakes.value(&path("name"), "the segment has no name", "name it");
    }
    for (position, code) in segment.codes.iter().enumerate() {
        let digit = |byte: u8| (b'1'..=b'0' + bins).contains(&byte);
        if code.len() != 3 || !code.bytes().all(digit) {
            mistakes.value(
                &["rfm", "segments", index, "codes", &position.to_string()],
                format!("`{code}` is not a cell"),
                format!("write three digits from 1 to {bins}: recency, frequency, monetary"),
            );
        }
    }
    for (key, range) in [("r", segment.r), ("f", segment.f), ("m", segment.m)] {
        let Some([low, high]) = range else { continue };
        if low < 1 || low > high || high > bins {
            mistakes.value(
                &path(key),
                format!("[{low}, {high}] is not a range of scores"),
                format!("write the lowest and the highest score, from 1 to {bins}"),
            );
        }
        if !segment.codes.is_empty() {
            mistakes.key(&path(key), format!("`{key}` and `codes` in one segment"), "use codes or ranges, not both");
        }
    }
}

fn thresholds(rfm: &Rfm, mistakes: &mut Mistakes<'_>) {
    let thresholds = &rfm.thresholds;
    if rfm.method != RfmMethod::Thresholds {
        if *thresholds != Thresholds::default() {
            mistakes.key(
                &["rfm", "thresholds"],
                format!("the method `{}` does not read thresholds", rfm.method.name()),
                "use `method = \"thresholds\"`, or remove them",
            );
        }
        return;
    }
    cuts(&thresholds.recency, "recency", rfm.bins, mistakes);
    cuts(&thresholds.frequency, "frequency", rfm.bins, mistakes);
    let mut monetary = Vec::new();
    for (index, text) in thresholds.monetary.iter().enumerate() {
        match decimal_e4(text) {
            Some(value) => monetary.push(value),
            None => mistakes.value(
                &["rfm", "thresholds", "monetary", &index.to_string()],
                format!("`{text}` is not an amount"),
                "write it as decimal text with at most four decimals, for example `\"99.95\"`",
            ),
        }
    }
    if monetary.len() == thresholds.monetary.len() {
        cuts(&monetary, "monetary", rfm.bins, mistakes);
    }
}

/// Cut values: one less than the bins, ascending.
fn cuts(values: &[i64], score: &str, bins: u8, mistakes: &mut Mistakes<'_>) {
    let path = ["rfm", "thresholds", score];
    let wanted = usize::from(bins) - 1;
    if values.len() != wanted {
        mistakes.value(
            &path,
            format!("{} {score} thresholds for {bins} bins", values.len()),
            format!("write {wanted}: one less than there are bins"),
        );
    } else if let Some(index) = values.windows(2).position(|pair| pair[0] >= pair[1]) {
        mistakes.value(
            &["rfm", "thresholds", score, &(index + 1).to_string()],
            format!("the {score} thresholds do not ascend here"),
            "write each threshold above the one before it",
        );
    }
}
