//! RFM grids: which segment each cell of scores belongs to, and whether a grid is sound.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One segment of a grid of your own: listed codes, or ranges of scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GridSegment {
    /// Name of the segment.
    pub name: String,
    /// Cells by their three digits, for example `["555", "554"]`; instead of ranges.
    #[serde(default)]
    pub codes: Vec<String>,
    /// Lowest and highest recency score, for example `[4, 5]`; left out, all.
    #[serde(default)]
    pub r: Option<[u8; 2]>,
    /// Lowest and highest frequency score; left out, all.
    #[serde(default)]
    pub f: Option<[u8; 2]>,
    /// Lowest and highest monetary score; left out, all.
    #[serde(default)]
    pub m: Option<[u8; 2]>,
}

/// One cell of a grid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// Recency score.
    pub r: u8,
    /// Frequency score.
    pub f: u8,
    /// Monetary score.
    pub m: u8,
    /// Name of the segment.
    pub segment: String,
}

/// A grid, worked out: every cell once, ordered by its scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Name of the built-in grid, or `custom`.
    pub name: String,
    /// Every cell that has a segment.
    pub cells: Vec<Cell>,
    /// What was found when it was checked.
    pub verdict: GridVerdict,
}

/// What is wrong with a grid, if anything.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GridVerdict {
    /// Cells that no segment takes (they go to `rfm.other`, if there is one).
    pub holes: Vec<String>,
    /// Cells that more than one segment would take; the first one has them.
    pub overlaps: Vec<String>,
    /// Segments that can never be reached because earlier ones take all their cells.
    pub unreachable: Vec<String>,
}

impl Grid {
    /// The grids that have a name in the pipeline file; all of them need scores from 1 to 5.
    pub const NAMES: [&'static str; 4] = ["grid125", "rf25", "r-rfm-0.2", "r-rfm-0.3"];

    /// The built-in grid called `name`: one of [`Grid::NAMES`].
    pub fn built_in(name: &str) -> Option<Grid> {
        let (segments, other) = match name {
            "grid125" => (grid125(), None),
            "rf25" => (rf25(), None),
            "r-rfm-0.2" => (boxes(&R_RFM_0_2), Some("Others")),
            "r-rfm-0.3" => (boxes(&R_RFM_0_3), Some("Others")),
            _ => return None,
        };
        Some(Grid { name: name.to_owned(), ..Grid::custom(&segments, other, 5) })
    }

    /// A grid of one's own over scores from 1 to `bins`: the first segment that takes a cell has it, and cells that
    /// none takes go to `other`, if there is one.
    pub fn custom(segments: &[GridSegment], other: Option<&str>, bins: u8) -> Grid {
        let mut cells = Vec::new();
        let mut verdict = GridVerdict::default();
        let mut reached = BTreeSet::new();
        for (r, f, m) in scores(bins) {
            let takers: Vec<&str> =
                segments.iter().filter(|segment| segment.takes(r, f, m)).map(|segment| segment.name.as_str()).collect();
            let code = format!("{r}{f}{m}");
            let taker = takers.first().copied();
            if takers.iter().any(|name| Some(*name) != taker) {
                verdict.overlaps.push(code.clone());
            }
            if taker.is_none() {
                verdict.holes.push(code);
            }
            if let Some(segment) = taker.or(other) {
                reached.insert(segment);
                cells.push(Cell { r, f, m, segment: segment.to_owned() });
            }
        }
        for segment in segments {
            if !reached.contains(segment.name.as_str()) && !verdict.unreachable.contains(&segment.name) {
                verdict.unreachable.push(segment.name.clone());
            }
        }
        Grid { name: "custom".to_owned(), cells, verdict }
    }

    /// The segment of a cell; `None` for scores that the grid does not have, and for holes.
    pub fn segment(&self, r: u8, f: u8, m: u8) -> Option<&str> {
        let found = self.cells.binary_search_by_key(&(r, f, m), |cell| (cell.r, cell.f, cell.m));
        found.ok().map(|index| self.cells[index].segment.as_str())
    }
}

impl GridVerdict {
    /// Whether every cell has exactly one segment and every segment has a cell.
    pub fn is_sound(&self) -> bool {
        self.holes.is_empty() && self.overlaps.is_empty() && self.unreachable.is_empty()
    }

    /// What was found, in words, one finding a line; empty for a sound grid.
    pub fn report(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let cells = |count: usize| if count == 1 { "cell" } else { "cells" };
        if !self.holes.is_empty() {
            let count = self.holes.len();
            lines.push(format!("{count} {} without a segment: {}", cells(count), self.holes.join(" ")));
        }
        if !self.overlaps.is_empty() {
            let count = self.overlaps.len();
            lines.push(format!(
                "{count} {} that several segments would take, and the first one has: {}",
                cells(count),
                self.overlaps.join(" ")
            ));
        }
        if !self.unreachable.is_empty() {
            let noun = if self.unreachable.len() == 1 { "segment" } else { "segments" };
            lines.push(format!("{noun} that no cell reaches: {}", self.unreachable.join(", ")));
        }
        lines
    }
}

impl GridSegment {
    /// Whether this segment would take a cell, if no other one did before.
    fn takes(&self, r: u8, f: u8, m: u8) -> bool {
        if !self.codes.is_empty() {
            return self.codes.contains(&format!("{r}{f}{m}"));
        }
        let within = |range: Option<[u8; 2]>, score: u8| range.is_none_or(|[low, high]| (low..=high).contains(&score));
        within(self.r, r) && within(self.f, f) && within(self.m, m)
    }
}

/// All cells over scores from 1 to `bins`, in order.
fn scores(bins: u8) -> impl Iterator<Item = (u8, u8, u8)> {
    (1..=bins).flat_map(move |r| (1..=bins).flat_map(move |f| (1..=bins).map(move |m| (r, f, m))))
}

/// The grid of listed codes (`spec/definitions.md` 3.1): every one of the 125 codes once.
fn grid125() -> Vec<GridSegment> {
    GRID125
        .iter()
        .map(|(name, codes)| GridSegment {
            name: (*name).to_owned(),
            codes: codes.split(' ').map(str::to_owned).collect(),
            r: None,
            f: None,
            m: None,
        })
        .collect()
}

const GRID125: [(&str, &str); 11] = [
    ("Champions", "555 554 544 545 454 455 445"),
    ("Loyal", "543 444 435 355 354 345 344 335"),
    (
        "Potential Loyalist",
        "553 551 552 541 542 533 532 531 452 451 442 441 431 453 433 432 423 353 352 351 342 341 333 323",
    ),
    ("New", "512 511 422 421 412 411 311"),
    ("Promising", "525 524 523 522 521 515 514 513 425 424 413 414 415 315 314 313"),
    ("Need Attention", "535 534 443 434 343 334 325 324"),
    ("About To Sleep", "331 321 312 221 213 231 241 251"),
    ("At Risk", "255 254 245 244 253 252 243 242 235 234 225 224 153 152 145 143 142 135 134 133 125 124"),
    ("Cannot Lose", "155 154 144 214 215 115 114 113"),
    ("Hibernating", "332 322 233 232 223 222 132 123 122 212 211"),
    ("Lost", "111 112 121 131 141 151"),
];

/// The grid over recency and frequency alone (`spec/definitions.md` 3.1): ten segments, every cell once.
fn rf25() -> Vec<GridSegment> {
    RF25.iter()
        .map(|&(name, r, f)| GridSegment { name: name.to_owned(), codes: Vec::new(), r: Some(r), f: Some(f), m: None })
        .collect()
}

const RF25: [(&str, [u8; 2], [u8; 2]); 10] = [
    ("Hibernating", [1, 2], [1, 2]),
    ("At Risk", [1, 2], [3, 4]),
    ("Can't Lose", [1, 2], [5, 5]),
    ("About To Sleep", [3, 3], [1, 2]),
    ("Need Attention", [3, 3], [3, 3]),
    ("Loyal", [3, 4], [4, 5]),
    ("Promising", [4, 4], [1, 1]),
    ("New", [5, 5], [1, 1]),
    ("Potential Loyalist", [4, 5], [2, 3]),
    ("Champions", [5, 5], [4, 5]),
];

/// A named box of scores: lowest and highest R, F and M.
type ScoreBox = (&'static str, [u8; 2], [u8; 2], [u8; 2]);

/// The example segments of the R package `rfm` up to 0.2: first match wins, the rest is "Others".
const R_RFM_0_2: [ScoreBox; 10] = [
    ("Champions", [4, 5], [4, 5], [4, 5]),
    ("Loyal Customers", [2, 5], [3, 5], [3, 5]),
    ("Potential Loyalist", [3, 5], [1, 3], [1, 3]),
    ("New Customers", [4, 5], [1, 1], [1, 1]),
    ("Promising", [3, 4], [1, 1], [1, 1]),
    ("Need Attention", [2, 3], [2, 3], [2, 3]),
    ("About To Sleep", [2, 3], [1, 2], [1, 2]),
    ("At Risk", [1, 2], [2, 5], [2, 5]),
    ("Can't Lose Them", [1, 1], [4, 5], [4, 5]),
    ("Lost", [1, 2], [1, 2], [1, 2]),
];

/// The example segments of the R package `rfm` 0.3: first match wins, the rest is "Others".
const R_RFM_0_3: [ScoreBox; 10] = [
    ("Champions", [5, 5], [5, 5], [5, 5]),
    ("Potential Loyalist", [3, 5], [3, 5], [2, 5]),
    ("Loyal Customers", [2, 4], [2, 4], [2, 4]),
    ("Promising", [3, 4], [1, 3], [3, 5]),
    ("New Customers", [4, 5], [1, 3], [1, 5]),
    ("Can't Lose Them", [1, 2], [3, 4], [4, 5]),
    ("At Risk", [1, 2], [2, 5], [4, 5]),
    ("Need Attention", [1, 3], [3, 5], [3, 5]),
    ("About To Sleep", [2, 3], [1, 3], [1, 4]),
    ("Lost", [1, 1], [1, 5], [1, 5]),
];

fn boxes(boxes: &[ScoreBox]) -> Vec<GridSegment> {
    boxes
        .iter()
        .map(|&(name, r, f, m)| GridSegment {
            name: name.to_owned(),
            codes: Vec::new(),
            r: Some(r),
            f: Some(f),
            m: Some(m),
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn segment(name: &str, r: [u8; 2], f: [u8; 2]) -> GridSegment {
        GridSegment { name: name.to_owned(), codes: Vec::new(), r: Some(r), f: Some(f), m: None }
    }

    /// The verdicts of `spec/definitions.md` 3.1.
    #[test]
    fn built_in_grids_have_the_published_verdicts() {
        for name in ["grid125", "rf25"] {
            let grid = Grid::built_in(name).unwrap();
            assert_eq!(grid.cells.len(), 125, "{name}");
            assert!(grid.verdict.is_sound(), "{name}: {:?}", grid.verdict);
        }
        let grid = Grid::built_in("r-rfm-0.3").unwrap();
        assert_eq!(grid.verdict.holes, ["215", "241", "251", "252", "341", "351", "441", "451", "541", "551"]);
        assert_eq!(grid.verdict.overlaps.len(), 58);
        assert!(grid.verdict.unreachable.is_empty());
        let grid = Grid::built_in("r-rfm-0.2").unwrap();
        assert_eq!(grid.verdict.holes.len(), 36);
        assert_eq!(grid.verdict.unreachable, ["New Customers", "Promising", "Can't Lose Them"]);
        assert_eq!(Grid::built_in("putler"), None);
    }

    #[test]
    fn every_code_of_grid125_is_listed_once() {
        let mut codes: Vec<&str> = GRID125.iter().flat_map(|(_, codes)| codes.split(' ')).collect();
        codes.sort_unstable();
        let all: Vec<String> = scores(5).map(|(r, f, m)| format!("{r}{f}{m}")).collect();
        assert_eq!(codes, all);
    }

    #[test]
    fn cells_are_sorted_and_found() {
        for name in Grid::NAMES {
            let grid = Grid::built_in(name).unwrap();
            assert!(grid.cells.is_sorted_by_key(|cell| (cell.r, cell.f, cell.m)), "{name}");
        }
        let grid = Grid::built_in("grid125").unwrap();
        assert_eq!(grid.segment(5, 5, 5), Some("Champions"));
        assert_eq!(grid.segment(1, 4, 4), Some("Cannot Lose"));
        assert_eq!(grid.segment(6, 1, 1), None);
        assert_eq!(Grid::built_in("r-rfm-0.3").unwrap().segment(2, 1, 5), Some("Others"));
    }

    #[test]
    fn the_first_segment_has_a_cell_and_the_verdict_says_who_lost() {
        let segments =
            [segment("best", [2, 2], [1, 2]), segment("same", [2, 2], [2, 2]), segment("low", [1, 1], [1, 1])];
        let grid = Grid::custom(&segments, None, 2);
        assert_eq!(grid.segment(2, 2, 1), Some("best"));
        assert_eq!(grid.segment(1, 2, 1), None);
        assert_eq!(grid.verdict.holes, ["121", "122"]);
        assert_eq!(grid.verdict.overlaps, ["221", "222"]);
        assert_eq!(grid.verdict.unreachable, ["same"]);
        assert_eq!(
            grid.verdict.report(),
            [
                "2 cells without a segment: 121 122",
                "2 cells that several segments would take, and the first one has: 221 222",
                "segment that no cell reaches: same",
            ]
        );
        let filled = Grid::custom(&segments, Some("rest"), 2);
        assert_eq!(filled.segment(1, 2, 1), Some("rest"));
        assert_eq!(filled.verdict.holes, ["121", "122"]);
    }

    #[test]
    fn two_boxes_of_one_name_do_not_overlap() {
        let segments = [segment("a", [1, 2], [1, 2]), segment("a", [2, 2], [2, 2])];
        assert!(Grid::custom(&segments, None, 2).verdict.is_sound());
    }
}
