//! Sorting staged rows, finding equal ones, and writing them in order.
//!
//! Rows are sorted by the columns of the contract's order, nulls first, then by a hash of all their fields, then by
//! where they come from. So the order depends on what the rows say and not on how they arrived, and rows that are equal
//! in every field stand side by side, the first of the input first.
//!
//! Most comparisons are settled by sixteen bytes: the first eight of the first column behind what all its values share,
//! and the instant.

use std::collections::{BTreeMap, HashMap};
use std::ops::AddAssign;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::interleave;
use arrow::datatypes::Int64Type;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::mapping::{HASH, Mapping, RECORD};
use super::parts::{GROUP_ROWS, Part, PartWriter};
use super::sort_keys::{Item, Keys, SortColumn, View};
use crate::error::{Error, Result};
use crate::monitor::Cancel;

/// Rows that are sorted and written as one file, about.
const PART_ROWS: usize = 1 << 20;

/// A place in the sort order, as far as its first column (when it is text) and a second one that is a number tell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Place(pub Option<String>, pub i64);

/// Rows of one file of the input.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    pub batch: RecordBatch,
    /// Position of the file among the input's.
    pub file: usize,
}

/// What is done with a row beside writing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// An older version of its key.
    Superseded,
    /// It conflicts with others of its key.
    Conflict,
}

/// What to leave out while writing.
#[derive(Debug, Default)]
pub(super) struct Filter {
    /// Rows at or after this instant.
    pub before_us: Option<i64>,
    /// Rows of keys in conflict, by file and record.
    pub fates: HashMap<(usize, i64), Fate>,
}

/// What became of the rows of one file while writing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub staged: Tally,
    pub duplicate: Tally,
    pub superseded: Tally,
    pub conflict: Tally,
    pub out_of_window: Tally,
}

/// Rows and the sum of their amounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub rows: u64,
    pub amount_e4: i128,
}

impl Tally {
    fn add(&mut self, amount_e4: i64) {
        self.rows += 1;
        self.amount_e4 += i128::from(amount_e4);
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.rows += other.rows;
        self.amount_e4 += other.amount_e4;
    }
}

impl AddAssign for Outcome {
    fn add_assign(&mut self, other: Outcome) {
        self.staged += other.staged;
        self.duplicate += other.duplicate;
        self.superseded += other.superseded;
        self.conflict += other.conflict;
        self.out_of_window += other.out_of_window;
    }
}

/// Files written, and what became of the rows of each file of the input, by its position.
pub(super) struct Written {
    pub parts: Vec<Part>,
    pub outcomes: BTreeMap<usize, Outcome>,
}

/// How the rows of an input are sorted.
pub(super) struct Order<'m> {
    mapping: &'m Mapping,
    /// Positions in the schema of the columns of the order.
    columns: Vec<usize>,
    hash: usize,
    record: usize,
    amount: Option<usize>,
    time: Option<usize>,
    /// Position in the schema of an order id that is made from the row's content.
    made: Option<usize>,
}

/// Rows of one part, sorted, without those that are left out.
struct Selected {
    items: Vec<Item>,
    /// How many equal rows came before each, when rows get their order id from their content and may repeat.
    ordinals: Vec<u32>,
    outcomes: BTreeMap<usize, Outcome>,
}

impl<'m> Order<'m> {
    pub fn new(mapping: &'m Mapping) -> Result<Self> {
        let position = |name: &str| mapping.schema.index_of(name).ok();
        let own = |name: &str| {
            mapping.schema.index_of(name).map_err(|error| Error::internal("a staged column is missing").because(error))
        };
        Ok(Order {
            columns: mapping.input.table.sort.iter().filter_map(|name| position(name)).collect(),
            hash: own(HASH)?,
            record: own(RECORD)?,
            amount: position("amount_e4"),
            time: mapping.input.time.and_then(position),
            made: if mapping.makes_orders() { position("order_id") } else { None },
            mapping,
        })
    }

    fn view<'c>(&self, chunk: &'c Chunk) -> Result<View<'c>> {
        let columns = self.columns.iter().map(|&index| SortColumn::new(chunk.batch.column(index)));
        Ok(View {
            columns: columns.collect::<Result<_>>()?,
            hashes: chunk.batch.column(self.hash).as_primitive(),
            records: chunk.batch.column(self.record).as_primitive(),
            amounts: self.amount.map(|index| chunk.batch.column(index).as_primitive()),
            times: self.time.map(|index| chunk.batch.column(index).as_primitive()),
            file: chunk.file,
        })
    }

    /// The place of a row.
    pub fn place(&self, batch: &RecordBatch, row: usize) -> Place {
        let long = |index: usize| match batch.column(index).as_primitive_opt::<Int64Type>() {
            Some(longs) if !longs.is_null(row) => longs.value(row),
            _ => i64::MIN,
        };
        let Some(&first) = self.columns.first() else { return Place(None, i64::MIN) };
        match batch.column(first).as_string_opt::<i32>() {
            Some(texts) => {
                let text = (!texts.is_null(row)).then(|| texts.value(row).to_owned());
                Place(text, self.columns.get(1).map_or(i64::MIN, |&second| long(second)))
            }
            None => Place(None, long(first)),
        }
    }

    /// Sorts `chunks`, drops equal rows (unless the input keeps them) and those of `filter`, and writes the rest to
    /// files in `dir`, numbered from `first_part` on.
    pub fn write(
        &self,
        chunks: &[Chunk],
        filter: &Filter,
        dir: &Path,
        first_part: usize,
        cancel: &Cancel,
    ) -> Result<Written> {
        let views: Vec<View> = chunks.iter().map(|chunk| self.view(chunk)).collect::<Result<_>>()?;
        let keys = Keys::new(&views);
        let rows: usize = chunks.iter().map(|chunk| chunk.batch.num_rows()).sum();
        let splitters = keys.splitters(&views, rows.div_ceil(PART_ROWS));
        let assigned: Vec<Vec<u16>> = if splitters.is_empty() {
            Vec::new()
        } else {
            views.par_iter().map(|view| keys.assign(view, &splitters)).collect()
        };
        let ranges: Vec<(Option<Part>, BTreeMap<usize, Outcome>)> = (0..=splitters.len())
            .into_par_iter()
            .map(|range| {
                cancel.check()?;
                let mut items = keys.items(&views, &assigned, range as u16);
                items.sort_unstable_by(|a, b| keys.compare(a, b, &views));
                let selected = self.select(&views, items, filter);
                let part = self.write_part(chunks, &selected, dir, first_part + range)?;
                Ok((part, selected.outcomes))
            })
            .collect::<Result<_>>()?;
        let mut written = Written { parts: Vec::new(), outcomes: BTreeMap::new() };
        for (part, outcomes) in ranges {
            written.parts.extend(part);
            for (file, outcome) in outcomes {
                *written.outcomes.entry(file).or_default() += outcome;
            }
        }
        Ok(written)
    }

    /// Walks sorted rows and decides what becomes of each.
    fn select(&self, views: &[View], sorted: Vec<Item>, filter: &Filter) -> Selected {
        let numbered = self.mapping.keep_duplicates && self.made.is_some();
        let made = self.columns.iter().position(|&column| Some(column) == self.made);
        let mut selected =
            Selected { items: Vec::with_capacity(sorted.len()), ordinals: Vec::new(), outcomes: BTreeMap::new() };
        let mut previous: Option<Item> = None;
        let mut repeated = 0;
        let mut outcomes = vec![Outcome::default(); views.iter().map(|view| view.file + 1).max().unwrap_or(0)];
        for item in sorted {
            let view = &views[item.chunk as usize];
            let row = item.row as usize;
            // The amount of a null is zero in the array too.
            let amount = view.amounts.map_or(0, |amounts| amounts.value(row));
            let repeats = previous.is_some_and(|previous| Keys::same(&previous, &item, views, made));
            previous = Some(item);
            repeated = if repeats { repeated + 1 } else { 0 };
            let outcome = &mut outcomes[view.file];
            if repeats && !self.mapping.keep_duplicates {
                outcome.duplicate.add(amount);
                continue;
            }
            if let (Some(before), Some(times)) = (filter.before_us, view.times)
                && times.value(row) >= before
            {
                outcome.out_of_window.add(amount);
                continue;
            }
            if !filter.fates.is_empty() {
                match filter.fates.get(&(view.file, view.records.value(row))) {
                    Some(Fate::Superseded) => {
                        outcome.superseded.add(amount);
                        continue;
                    }
                    Some(Fate::Conflict) => {
                        outcome.conflict.add(amount);
                        continue;
                    }
                    None => {}
                }
            }
            outcome.staged.add(amount);
            selected.items.push(item);
            if numbered {
                selected.ordinals.push(repeated);
            }
        }
        selected.outcomes =
            outcomes.into_iter().enumerate().filter(|(_, outcome)| *outcome != Outcome::default()).collect();
        selected
    }

    fn write_part(&self, chunks: &[Chunk], selected: &Selected, dir: &Path, number: usize) -> Result<Option<Part>> {
        let items = &selected.items;
        let Some(last) = items.last() else { return Ok(None) };
        let place = |item: &Item| self.place(&chunks[item.chunk as usize].batch, item.row as usize);
        let name = format!("part-{number:05}.parquet");
        let path = dir.join(&name);
        let mut writer = PartWriter::create(&path, &self.mapping.schema)?;
        let (mut groups, mut memory_bytes, mut line_types) = (Vec::new(), 0, BTreeMap::new());
        for (index, group) in items.chunks(GROUP_ROWS).enumerate() {
            let ordinals = selected.ordinals.get(index * GROUP_ROWS..).unwrap_or_default();
            let batch = self.gather(chunks, group, ordinals)?;
            memory_bytes += batch.get_array_memory_size() as u64;
            count_line_types(&batch, &mut line_types);
            groups.push(place(&group[0]));
            writer.write(&batch)?;
        }
        let (blake3, rows, last) = (writer.finish()?, items.len() as u64, place(last));
        Ok(Some(Part { name, rows, blake3, memory_bytes, groups, last, line_types }))
    }

    /// The rows of `items`, in that order.
    fn gather(&self, chunks: &[Chunk], items: &[Item], ordinals: &[u32]) -> Result<RecordBatch> {
        let failed =
            |error: arrow::error::ArrowError| Error::internal("sorted rows could not be gathered").because(error);
        let indices: Vec<(usize, usize)> = items.iter().map(|item| (item.chunk as usize, item.row as usize)).collect();
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.mapping.schema.fields().len());
        for index in 0..self.mapping.schema.fields().len() {
            let arrays: Vec<&dyn Array> = chunks.iter().map(|chunk| chunk.batch.column(index).as_ref()).collect();
            let gathered = interleave(&arrays, &indices).map_err(failed)?;
            columns.push(match self.made {
                Some(made) if made == index && !ordinals.is_empty() => number_orders(gathered.as_string(), ordinals),
                _ => gathered,
            });
        }
        RecordBatch::try_new(Arc::clone(&self.mapping.schema), columns).map_err(failed)
    }
}

/// Length of an order id that is made from a row's content.
const MADE_ID_BYTES: usize = 32;

/// Tells equal rows apart: the second and later ones get their number behind the id.
fn number_orders(ids: &StringArray, ordinals: &[u32]) -> ArrayRef {
    let numbered = ids.iter().zip(ordinals).map(|(id, ordinal)| {
        let base = id.map(|id| &id[..id.len().min(MADE_ID_BYTES)]);
        base.map(|base| if *ordinal == 0 { base.to_owned() } else { format!("{base}-{ordinal:08}") })
    });
    Arc::new(numbered.collect::<StringArray>())
}

fn count_line_types(batch: &RecordBatch, counts: &mut BTreeMap<String, u64>) {
    let Some(types) = batch.column_by_name("line_type") else { return };
    for line_type in types.as_string::<i32>() {
        let line_type = line_type.unwrap_or_default();
        match counts.get_mut(line_type) {
            Some(count) => *count += 1,
            None => {
                counts.insert(line_type.to_owned(), 1);
            }
        }
    }
}
