//! Faults planted in the transactions export, in known counts.
//!
//! A fault never spoils a row of the truth: it adds a spoilt copy beside it, or changes how the row is written without
//! changing what it says. So a reader that accounts for every row stages exactly what it stages from the clean export
//! of the same seed, and `truth/dirt.json` says what it must have set aside.

use std::ops::Range;

use rand::RngExt;
use serde::Serialize;

use super::streams::{Purpose, Streams};
use crate::error::{Error, Result};

/// Which faults, and how many.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dirt {
    /// Faults as a share of the clean rows, over all kinds together; each kind occurs equally often, at least once.
    pub rate: f64,
    /// The kinds; none for a clean export.
    pub kinds: Vec<DirtKind>,
}

impl Dirt {
    /// The largest rate that is taken.
    pub const MAX_RATE: f64 = 0.2;

    /// A clean export.
    pub fn none() -> Self {
        Dirt { rate: 0.0, kinds: Vec::new() }
    }

    /// Every kind of fault, `rate` of the rows in all.
    pub fn every(rate: f64) -> Self {
        Dirt { rate, kinds: DirtKind::ALL.to_vec() }
    }
}

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DirtKind {
    /// A price that is no finite number in range: `12abc`, `NaN`, `1e400`.
    BadAmount,
    /// A day that does not exist, such as 30 February.
    BadDate,
    /// A record that ends early.
    ShortRow,
    /// A record with a field too many.
    LongRow,
    /// A byte that is not UTF-8.
    InvalidUtf8,
    /// The same record again, later in the file.
    ExactDuplicate,
    /// An older state of the same line, told by its `ModifiedAt`.
    StaleVersion,
    /// Two records with one key and one `ModifiedAt` that say different things.
    Conflict,
    /// The header again in the middle of a file.
    RepeatedHeader,
    /// A NUL byte in an order number.
    NulInId,
    /// A purchase 40 days after the end of the history.
    FutureRow,
    /// A state of the order that is in no vocabulary.
    UnknownValue,
    /// An empty line.
    BlankLine,
    /// A line end inside a quoted field.
    QuotedNewline,
    /// A record that ends with CR LF, or CR alone, among records that end with LF.
    MixedLineEnd,
}

/// What a reader must do with the rows that a fault adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Reject them.
    Rejected,
    /// Count them as duplicates.
    Duplicate,
    /// Count them as out of the window of a run as of the day after the end.
    OutOfWindow,
    /// Nothing: the fault adds no record.
    Nothing,
}

impl DirtKind {
    /// All kinds.
    pub const ALL: [DirtKind; 15] = [
        DirtKind::BadAmount,
        DirtKind::BadDate,
        DirtKind::ShortRow,
        DirtKind::LongRow,
        DirtKind::InvalidUtf8,
        DirtKind::ExactDuplicate,
        DirtKind::StaleVersion,
        DirtKind::Conflict,
        DirtKind::RepeatedHeader,
        DirtKind::NulInId,
        DirtKind::FutureRow,
        DirtKind::UnknownValue,
        DirtKind::BlankLine,
        DirtKind::QuotedNewline,
        DirtKind::MixedLineEnd,
    ];

    /// What a reader must do with the added rows.
    pub fn outcome(self) -> Outcome {
        match self {
            DirtKind::ExactDuplicate | DirtKind::StaleVersion => Outcome::Duplicate,
            DirtKind::FutureRow => Outcome::OutOfWindow,
            DirtKind::BlankLine | DirtKind::QuotedNewline | DirtKind::MixedLineEnd => Outcome::Nothing,
            _ => Outcome::Rejected,
        }
    }

    /// Records that one such fault adds.
    pub fn rows_added(self) -> u64 {
        match self {
            DirtKind::Conflict => 2,
            _ if self.outcome() == Outcome::Nothing => 0,
            _ => 1,
        }
    }
}

/// All faults of one export: fault `d` of `D` falls into the `d`-th of `D` equal stretches of its rows.
pub(super) struct Faults<'a> {
    streams: &'a Streams,
    kinds: &'a [DirtKind],
    /// Faults of each kind.
    pub(super) each: u64,
    rows: u64,
    /// The day of rows from the future.
    future: [u8; 10],
}

impl<'a> Faults<'a> {
    /// The faults of `dirt` in an export of `rows` clean rows.
    ///
    /// # Errors
    /// Usage, when the rate is out of range.
    pub(super) fn plan(dirt: &'a Dirt, rows: u64, future: [u8; 10], streams: &'a Streams) -> Result<Self> {
        if !(0.0..=Dirt::MAX_RATE).contains(&dirt.rate) {
            return Err(Error::usage(format!("the share of faults must lie between 0 and {}", Dirt::MAX_RATE)));
        }
        let kinds = dirt.kinds.as_slice();
        let each = match (rows, kinds.len()) {
            (0, _) | (_, 0) => 0,
            (rows, kinds) => ((dirt.rate * rows as f64 / kinds as f64).round() as u64).max(1),
        };
        Ok(Faults { streams, kinds, each, rows, future })
    }

    /// No faults.
    pub(super) fn none(streams: &'a Streams) -> Self {
        Faults { streams, kinds: &[], each: 0, rows: 0, future: *b"0000-00-00" }
    }

    /// How many records a reader must find beside the clean ones, with this outcome.
    pub(super) fn records(&self, outcome: Outcome) -> u64 {
        let kinds = self.kinds.iter().filter(|kind| kind.outcome() == outcome);
        self.each * kinds.map(|kind| kind.rows_added()).sum::<u64>()
    }

    /// How many records a reader must find beside the clean ones.
    pub(super) fn records_added(&self) -> u64 {
        self.each * self.kinds.iter().map(|kind| kind.rows_added()).sum::<u64>()
    }

    fn count(&self) -> u64 {
        self.each * self.kinds.len() as u64
    }

    /// The row that fault `number` falls on.
    fn place(&self, number: u64) -> u64 {
        let within: f64 = self.streams.get(number, Purpose::Dirt).random();
        let place = (number as f64 + within) * self.rows as f64 / self.count() as f64;
        (place as u64).min(self.rows - 1)
    }

    /// The faults of some consecutive rows, which begin with row `rows.start` of the export.
    pub(super) fn of(&self, rows: Range<u64>, header: &'static str) -> Planting<'_> {
        let stretch = (rows.start as f64 * self.count() as f64 / self.rows.max(1) as f64) as u64;
        // The stretch that the first row is in may have begun before it, and dividing may have rounded up.
        let mut planting =
            Planting { faults: self, next: stretch.saturating_sub(1), place: None, late: Vec::new(), header };
        planting.look_up();
        while planting.place.is_some_and(|place| place < rows.start) {
            planting.advance();
        }
        planting
    }
}

/// The faults of some consecutive rows, while they are written.
pub(super) struct Planting<'a> {
    faults: &'a Faults<'a>,
    /// Next fault.
    next: u64,
    /// The row that it falls on, unless there is none.
    place: Option<u64>,
    /// Records to repeat after the last row.
    late: Vec<u8>,
    header: &'static str,
}

impl Planting<'_> {
    fn look_up(&mut self) {
        self.place = (self.next < self.faults.count()).then(|| self.faults.place(self.next));
    }

    fn advance(&mut self) {
        self.next += 1;
        self.look_up();
    }

    /// Writes row `number` with its faults.
    pub(super) fn write(&mut self, number: u64, row: &[u8], text: &mut Vec<u8>) {
        if self.place == Some(number) {
            return self.write_with_faults(number, row, text);
        }
        text.extend_from_slice(row);
        text.push(b'\n');
    }

    /// Writes what comes after the last row.
    pub(super) fn finish(self, text: &mut Vec<u8>) {
        text.extend_from_slice(&self.late);
    }

    fn write_with_faults(&mut self, number: u64, row: &[u8], text: &mut Vec<u8>) {
        let kinds = self.faults.kinds;
        let mut spoilt = Vec::new();
        let mut end: &[u8] = b"\n";
        let mut written = row.to_vec();
        while self.place == Some(number) {
            // Kinds take turns; `turn` counts the faults of one kind, so that its variants take turns too.
            let (kind, turn) = (kinds[(self.next % kinds.len() as u64) as usize], self.next / kinds.len() as u64);
            match kind {
                DirtKind::MixedLineEnd => end = if turn.is_multiple_of(2) { b"\r\n" } else { b"\r" },
                DirtKind::QuotedNewline => written = self.with(&written, &[("Note", b"\"for the\nneighbour\"")]),
                DirtKind::ExactDuplicate => {
                    self.late.extend_from_slice(row);
                    self.late.push(b'\n');
                }
                _ => self.spoil(kind, turn, row, &mut spoilt),
            }
            self.advance();
        }
        text.extend_from_slice(&written);
        text.extend_from_slice(end);
        text.extend_from_slice(&spoilt);
    }

    /// The records that `kind` adds beside `row`.
    fn spoil(&self, kind: DirtKind, turn: u64, row: &[u8], spoilt: &mut Vec<u8>) {
        let one_of = |variants: [&'static [u8]; 3]| variants[(turn % 3) as usize];
        let spoil = |changes: &[(&str, &[u8])]| self.with(row, changes);
        let record = match kind {
            DirtKind::BadAmount => spoil(&[("UnitPrice", one_of([b"12abc", b"NaN", b"1e400"]))]),
            DirtKind::BadDate => {
                let date = one_of([b"2025-02-30 10:00:00", b"2025-13-01 10:00:00", b"0000-00-00 00:00:00"]);
                spoil(&[("InvoiceDate", date)])
            }
            DirtKind::ShortRow => row.split(|&byte| byte == b',').take(5).collect::<Vec<_>>().join(&b','),
            DirtKind::LongRow => [row, b",?"].concat(),
            DirtKind::InvalidUtf8 => spoil(&[("SKU", b"A1\xff02")]),
            DirtKind::RepeatedHeader => self.header.as_bytes().to_vec(),
            DirtKind::NulInId => spoil(&[("InvoiceNo", b"12\x0034")]),
            DirtKind::UnknownValue => spoil(&[("State", b"maybe")]),
            DirtKind::FutureRow => {
                let at = [&self.faults.future[..], b" 12:00:00"].concat();
                spoil(&[("LineNo", b"9001"), ("InvoiceDate", &at), ("ModifiedAt", &at)])
            }
            // Long before the row's own, so that it is older whenever that was.
            DirtKind::StaleVersion => spoil(&[("Qty", b"99"), ("ModifiedAt", b"1999-12-31 23:59:59")]),
            DirtKind::Conflict => {
                spoilt.extend_from_slice(&spoil(&[("LineNo", b"9002"), ("Qty", b"1")]));
                spoilt.push(b'\n');
                spoil(&[("LineNo", b"9002"), ("Qty", b"2")])
            }
            DirtKind::BlankLine => Vec::new(),
            DirtKind::ExactDuplicate | DirtKind::QuotedNewline | DirtKind::MixedLineEnd => return,
        };
        spoilt.extend_from_slice(&record);
        spoilt.push(b'\n');
    }

    /// `row` with other fields under these columns of the header.
    fn with(&self, row: &[u8], changes: &[(&str, &[u8])]) -> Vec<u8> {
        let mut fields: Vec<&[u8]> = row.split(|&byte| byte == b',').collect();
        for (column, value) in changes {
            if let Some(index) = self.header.split(',').position(|name| name == *column) {
                fields[index] = value;
            }
        }
        fields.join(&b',')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "InvoiceNo,LineNo,InvoiceDate,SKU,Qty,UnitPrice,State,ModifiedAt,Note";

    fn text(faults: &Faults, cuts: &[u64]) -> Vec<u8> {
        let mut text = Vec::new();
        for cut in cuts.windows(2) {
            let mut planting = faults.of(cut[0]..cut[1], HEADER);
            for number in cut[0]..cut[1] {
                let row = format!("{number},1,2026-01-01 10:00:00,A1,3,2.50,ok,2026-01-01 23:30:00,");
                planting.write(number, row.as_bytes(), &mut text);
            }
            planting.finish(&mut text);
        }
        text
    }

    #[test]
    fn every_kind_occurs_as_often_as_planned_however_the_rows_are_cut() {
        let dirt = Dirt::every(0.06);
        let streams = Streams::new(3);
        let faults = Faults::plan(&dirt, 1_000, *b"2027-01-01", &streams).unwrap();
        assert_eq!(faults.each, 4);
        for cuts in [vec![0, 1_000], vec![0, 1, 17, 500, 999, 1_000]] {
            let text = text(&faults, &cuts);
            let count = |what: &[u8]| text.windows(what.len()).filter(|window| *window == what).count();
            assert_eq!(count(b"12abc") + count(b"NaN") + count(b"1e400"), 4);
            assert_eq!(count(b"\xff"), 4);
            assert_eq!(count(b"\x00"), 4);
            assert_eq!(count(b",9002,"), 8);
            assert_eq!(count(b"2027-01-01 12:00:00,A1"), 4);
            assert_eq!(count(b"maybe"), 4);
            assert_eq!(count(b"\nneighbour"), 4);
            assert_eq!(count(b"InvoiceNo"), 4);
            assert_eq!(count(b"\r"), 4);
            assert_eq!(count(b"\n\n"), 4);
            assert_eq!(count(b",?\n"), 4);
            assert_eq!(count(b"1999-12-31"), 4);
            // All line ends: rows, what was added, the line end in quotes, blank lines, less those that CR replaces.
            assert_eq!(count(b"\n") as u64, 1_000 + faults.records_added() + 4 + 4 - 2);
        }
    }

    #[test]
    fn a_small_export_has_each_fault_once() {
        let dirt = Dirt::every(0.001);
        let streams = Streams::new(3);
        assert_eq!(Faults::plan(&dirt, 100, *b"2027-01-01", &streams).unwrap().each, 1);
        assert_eq!(Faults::plan(&dirt, 0, *b"2027-01-01", &streams).unwrap().each, 0);
    }
}
