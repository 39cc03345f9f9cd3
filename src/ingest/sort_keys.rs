//! Comparing staged rows: sixteen bytes settle most comparisons, the columns themselves the rest.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use rayon::prelude::*;

use crate::error::{Error, Result};

/// One column of the sort order, of one chunk.
pub(super) enum SortColumn<'c> {
    Text(&'c StringArray),
    Long(&'c Int64Array),
    Int(&'c Int32Array),
    Boolean(&'c BooleanArray),
}

impl<'c> SortColumn<'c> {
    pub fn new(array: &'c ArrayRef) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Utf8 => SortColumn::Text(array.as_string()),
            DataType::Int64 => SortColumn::Long(array.as_primitive::<Int64Type>()),
            DataType::Int32 => SortColumn::Int(array.as_primitive::<Int32Type>()),
            DataType::Boolean => SortColumn::Boolean(array.as_boolean()),
            other => return Err(Error::internal(format!("a staged column of type {other} cannot be sorted"))),
        })
    }

    fn compare(&self, row: usize, other: &SortColumn, other_row: usize) -> Ordering {
        match (self, other) {
            (SortColumn::Text(a), SortColumn::Text(b)) => {
                value(*a, row, |a| a.value(row)).cmp(&value(*b, other_row, |b| b.value(other_row)))
            }
            (SortColumn::Long(a), SortColumn::Long(b)) => {
                value(*a, row, |a| a.value(row)).cmp(&value(*b, other_row, |b| b.value(other_row)))
            }
            (SortColumn::Int(a), SortColumn::Int(b)) => {
                value(*a, row, |a| a.value(row)).cmp(&value(*b, other_row, |b| b.value(other_row)))
            }
            (SortColumn::Boolean(a), SortColumn::Boolean(b)) => {
                value(*a, row, |a| a.value(row)).cmp(&value(*b, other_row, |b| b.value(other_row)))
            }
            // All chunks have one schema.
            _ => Ordering::Equal,
        }
    }
}

/// `None` for a null, which sorts first.
fn value<'c, A: Array, V>(array: &'c A, row: usize, value: impl FnOnce(&'c A) -> V) -> Option<V> {
    (!array.is_null(row)).then(|| value(array))
}

/// The columns of a chunk that sorting looks at.
pub(super) struct View<'c> {
    /// Those of the contract's order.
    pub columns: Vec<SortColumn<'c>>,
    pub hashes: &'c Int64Array,
    pub records: &'c Int64Array,
    /// What the rows add to the books, if the input has amounts.
    pub amounts: Option<&'c Int64Array>,
    /// When the rows happened, for inputs that happen in time: never null.
    pub times: Option<&'c Int64Array>,
    /// Position of its file among the input's.
    pub file: usize,
}

impl View<'_> {
    fn rows(&self) -> usize {
        self.hashes.len()
    }
}

/// A row to be sorted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    prefix: u64,
    second: i64,
    pub chunk: u32,
    pub row: u32,
}

/// What the first sixteen bytes of the rows' order are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Keys {
    /// Bytes that all values of the first column begin with.
    shared: usize,
    /// How many columns of the order `prefix` and `second` settle.
    settled: usize,
}

/// What a text column's values have in common.
#[derive(Clone, Copy)]
struct Extent<'c> {
    first: Option<&'c [u8]>,
    shared: usize,
    shortest: usize,
    longest: usize,
    nulls: bool,
}

impl<'c> Extent<'c> {
    const NONE: Extent<'static> = Extent { first: None, shared: 0, shortest: usize::MAX, longest: 0, nulls: false };

    fn of(texts: &'c StringArray) -> Extent<'c> {
        let mut extent = Extent { nulls: texts.null_count() > 0, ..Extent::NONE };
        for text in texts.iter().flatten().map(str::as_bytes) {
            let first = *extent.first.get_or_insert_with(|| {
                extent.shared = text.len();
                text
            });
            if !text.starts_with(&first[..extent.shared]) {
                extent.shared = first.iter().zip(text).take_while(|(a, b)| a == b).count();
            }
            extent.shortest = extent.shortest.min(text.len());
            extent.longest = extent.longest.max(text.len());
        }
        extent
    }

    fn merge(self, other: Extent<'c>) -> Extent<'c> {
        let (first, shared) = match (self.first, other.first) {
            (Some(a), Some(b)) => {
                let limit = self.shared.min(other.shared);
                let shared = a.iter().zip(b).take(limit).take_while(|(a, b)| a == b).count();
                (Some(a), shared)
            }
            (Some(a), None) => (Some(a), self.shared),
            (None, b) => (b, other.shared),
        };
        Extent {
            first,
            shared,
            shortest: self.shortest.min(other.shortest),
            longest: self.longest.max(other.longest),
            nulls: self.nulls || other.nulls,
        }
    }
}

impl Keys {
    pub fn new(views: &[View]) -> Keys {
        let Some(first_view) = views.first() else { return Keys { shared: 0, settled: 0 } };
        match first_view.columns.first() {
            Some(SortColumn::Text(_)) => {
                let extents: Vec<Extent> = views
                    .par_iter()
                    .map(|view| match view.columns.first() {
                        Some(SortColumn::Text(texts)) => Extent::of(texts),
                        _ => Extent::NONE,
                    })
                    .collect();
                let extent = extents.into_iter().fold(Extent::NONE, Extent::merge);
                // Ids hold no NUL, so that eight bytes padded with NUL are the whole of a shorter rest. A null is all
                // NUL too: it must not meet a value of which nothing is left.
                let exact = extent.longest <= extent.shared + 8 && !(extent.nulls && extent.shortest <= extent.shared);
                let second = views.iter().all(
                    |view| matches!(view.columns.get(1), Some(SortColumn::Long(longs)) if longs.null_count() == 0),
                );
                Keys { shared: extent.shared, settled: usize::from(exact) + usize::from(exact && second) }
            }
            Some(SortColumn::Long(_)) => {
                let nulls = views.iter().any(
                    |view| matches!(view.columns.first(), Some(SortColumn::Long(longs)) if longs.null_count() > 0),
                );
                Keys { shared: 0, settled: usize::from(!nulls) }
            }
            _ => Keys { shared: 0, settled: 0 },
        }
    }

    fn key(self, view: &View, row: usize) -> (u64, i64) {
        let prefix = match view.columns.first() {
            Some(SortColumn::Text(texts)) if !texts.is_null(row) => {
                let rest = &texts.value(row).as_bytes()[self.shared..];
                match rest.first_chunk::<8>() {
                    Some(bytes) => u64::from_be_bytes(*bytes),
                    None => rest.iter().rev().fold(0, |bits: u64, &byte| (bits >> 8) | (u64::from(byte) << 56)),
                }
            }
            Some(SortColumn::Long(longs)) if self.settled > 0 => longs.value(row) as u64 ^ (1 << 63),
            _ => 0,
        };
        let second = match view.columns.get(1) {
            Some(SortColumn::Long(longs)) if self.settled > 1 => longs.value(row),
            _ => 0,
        };
        (prefix, second)
    }

    /// Keys that part the rows into about `parts` ranges of equal size.
    pub fn splitters(self, views: &[View], parts: usize) -> Vec<(u64, i64)> {
        if parts < 2 {
            return Vec::new();
        }
        let rows: usize = views.iter().map(View::rows).sum();
        let step = (rows / (parts * 256)).max(1);
        let mut sample: Vec<(u64, i64)> =
            views.iter().flat_map(|view| (0..view.rows()).step_by(step).map(|row| self.key(view, row))).collect();
        sample.sort_unstable();
        let parts = parts.min(usize::from(u16::MAX));
        let mut splitters: Vec<(u64, i64)> = (1..parts).map(|part| sample[part * sample.len() / parts]).collect();
        splitters.dedup();
        splitters
    }

    /// The range that each row of a view belongs to.
    pub fn assign(self, view: &View, splitters: &[(u64, i64)]) -> Vec<u16> {
        (0..view.rows())
            .map(|row| {
                let key = self.key(view, row);
                splitters.partition_point(|splitter| *splitter <= key) as u16
            })
            .collect()
    }

    /// The rows of a range, or all when nothing is assigned.
    pub fn items(self, views: &[View], assigned: &[Vec<u16>], part: u16) -> Vec<Item> {
        let mut items = Vec::new();
        for (chunk, view) in views.iter().enumerate() {
            let mut push = |row: usize| {
                let (prefix, second) = self.key(view, row);
                items.push(Item { prefix, second, chunk: chunk as u32, row: row as u32 });
            };
            match assigned.get(chunk) {
                None => (0..view.rows()).for_each(&mut push),
                Some(parts) => {
                    for (row, assigned) in parts.iter().enumerate() {
                        if *assigned == part {
                            push(row);
                        }
                    }
                }
            }
        }
        items
    }

    /// How two rows compare, to the last: no two rows are equal.
    pub fn compare(self, a: &Item, b: &Item, views: &[View]) -> Ordering {
        a.prefix.cmp(&b.prefix).then_with(|| a.second.cmp(&b.second)).then_with(|| {
            let (view_a, view_b) = (&views[a.chunk as usize], &views[b.chunk as usize]);
            let (row_a, row_b) = (a.row as usize, b.row as usize);
            for (column_a, column_b) in view_a.columns.iter().zip(&view_b.columns).skip(self.settled) {
                let ordering = column_a.compare(row_a, column_b, row_b);
                if ordering.is_ne() {
                    return ordering;
                }
            }
            let hashes = view_a.hashes.value(row_a).cmp(&view_b.hashes.value(row_b));
            let records = || view_a.records.value(row_a).cmp(&view_b.records.value(row_b));
            hashes.then_with(|| view_a.file.cmp(&view_b.file)).then_with(records)
        })
    }

    /// Whether two rows are equal in every field: in the columns of the order, leaving out the one at `without`, and in
    /// the hash of all fields.
    pub fn same(a: &Item, b: &Item, views: &[View], without: Option<usize>) -> bool {
        let (view_a, view_b) = (&views[a.chunk as usize], &views[b.chunk as usize]);
        let (row_a, row_b) = (a.row as usize, b.row as usize);
        view_a.hashes.value(row_a) == view_b.hashes.value(row_b)
            && view_a.columns.iter().zip(&view_b.columns).enumerate().all(|(index, (column_a, column_b))| {
                Some(index) == without || column_a.compare(row_a, column_b, row_b).is_eq()
            })
    }
}
