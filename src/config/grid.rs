//! RFM grids: which segment each cell of scores belongs to, and whether a grid is sound.

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
