//! One block of records to one typed Arrow batch: the same code for all formats.

mod values;

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Int32Builder, Int64Builder, RecordBatch, StringBuilder};
use twox_hash::XxHash3_64;

use super::cell::Cell;
use super::mapping::{Kind, Mapping, Reads, Slot};
use super::moment::Assumed;
use super::record::{Fields, Layout, Position};
use super::reject::{Reject, RejectReason, kept_value};
use super::repair::{Repair, Repairs, put_in_order};
use crate::error::{Error, Result};

/// What became of one block.
pub(super) struct BlockRows {
    pub batch: RecordBatch,
    pub rejects: Vec<Reject>,
    pub repairs: Repairs,
    pub read: u64,
    pub skipped: u64,
    pub anonymous: u64,
    pub amount_read_e4: i128,
    pub amount_rejected_e4: i128,
    pub min_ts_us: Option<i64>,
    pub max_ts_us: Option<i64>,
}

/// Grows the columns of one block.
enum Builder {
    Text(StringBuilder),
    Long(Int64Builder),
    Int(Int32Builder),
    Boolean(BooleanBuilder),
}

/// Converts the records of one block.
pub(super) struct RowReader<'m> {
    mapping: &'m Mapping,
    layout: &'m Layout,
    show_personal: bool,
    cells: Vec<Cell>,
    /// The row's amount before it was exchanged, if it was.
    foreign_amount_e4: Option<i64>,
    scratch: String,
    identity: Vec<u8>,
    instants: Vec<Option<i64>>,
    /// What the row's instants assume, by mapped column.
    assumed: Vec<(usize, Assumed)>,
    /// How many instants of each mapped column had no zone, and how many of these a clock change makes unsure.
    zones: Vec<[u64; 2]>,
    builders: Vec<Builder>,
    records: Int64Builder,
    hashes: Int64Builder,
    keys: Int64Builder,
    lines: Int64Builder,
    offsets: Int64Builder,
    events: Int32Builder,
    /// The place of the row's event, in an event stream.
    event: i32,
    out: BlockCounts,
    rejects: Vec<Reject>,
    repairs: Repairs,
}

#[derive(Default)]
struct BlockCounts {
    read: u64,
    skipped: u64,
    anonymous: u64,
    amount_read_e4: i128,
    amount_rejected_e4: i128,
    min_ts_us: Option<i64>,
    max_ts_us: Option<i64>,
}

impl<'m> RowReader<'m> {
    /// A reader of a block of about `rows` records.
    pub fn new(mapping: &'m Mapping, layout: &'m Layout, show_personal: bool, rows: usize) -> Self {
        let builder = |slot: &Slot| match slot {
            Slot::Mapped(index) => match &mapping.columns[*index].kind {
                Kind::Text { .. } => Builder::Text(StringBuilder::with_capacity(rows, rows * 8)),
                Kind::Boolean => Builder::Boolean(BooleanBuilder::with_capacity(rows)),
                Kind::Day(_) => Builder::Int(Int32Builder::with_capacity(rows)),
                Kind::Whole | Kind::Scaled { .. } | Kind::Instant(_) => {
                    Builder::Long(Int64Builder::with_capacity(rows))
                }
            },
            Slot::MadeOrder => Builder::Text(StringBuilder::with_capacity(rows, rows * 32)),
            Slot::Completeness => Builder::Text(StringBuilder::new()),
            Slot::Day => Builder::Int(Int32Builder::with_capacity(rows)),
            Slot::ForeignAmount => Builder::Long(Int64Builder::with_capacity(rows)),
        };
        RowReader {
            builders: mapping.slots.iter().map(builder).collect(),
            cells: vec![Cell::Null; mapping.columns.len()],
            foreign_amount_e4: None,
            scratch: String::new(),
            identity: Vec::new(),
            instants: Vec::new(),
            assumed: Vec::new(),
            zones: vec![[0; 2]; mapping.columns.len()],
            records: Int64Builder::with_capacity(rows),
            hashes: Int64Builder::with_capacity(rows),
            keys: Int64Builder::new(),
            lines: Int64Builder::new(),
            offsets: Int64Builder::new(),
            events: Int32Builder::new(),
            event: 0,
            out: BlockCounts::default(),
            rejects: Vec::new(),
            repairs: Repairs::new(),
            mapping,
            layout,
            show_personal,
        }
    }

    /// How many records there were so far.
    pub fn read(&self) -> u64 {
        self.out.read
    }

    /// Names of the columns that the mapping reads.
    pub fn raw_names(&self) -> &'m [String] {
        &self.mapping.raw_names
    }

    /// Whether rows need their line: only rejects do, and rows that a key may reject later.
    pub fn needs_lines(&self) -> bool {
        !self.mapping.key.is_empty()
    }

    /// Refuses a record as a whole.
    pub fn refuse(&mut self, position: Position, reason: RejectReason) {
        self.out.read += 1;
        self.rejects.push(Reject {
            record: position.record,
            line: position.line,
            byte_offset: position.offset,
            column: None,
            value: None,
            reason,
        });
    }

    /// Converts a record: to a row, or to a reject. `position` is only asked for where it is kept.
    pub fn push<F: Fields>(&mut self, fields: &F, position: impl FnOnce() -> Position) {
        self.out.read += 1;
        if self.skips(fields) {
            self.out.skipped += 1;
            return;
        }
        if let Some(folding) = &self.mapping.folding {
            let name = fields.get(self.layout.fields[folding.event]);
            match name.and_then(|name| folding.places.get(name)) {
                Some(place) => self.event = *place,
                None => return self.refuse_event(name, position()),
            }
        }
        self.scratch.clear();
        self.assumed.clear();
        let mut failure: Option<(usize, RejectReason)> = None;
        for &index in &self.mapping.order {
            // After a failure the rest is still read, because the books want the row's amount.
            self.cells[index] = match self.convert(index, fields) {
                Ok(cell) => cell,
                Err(reason) => {
                    failure.get_or_insert((index, reason));
                    Cell::Null
                }
            };
        }
        self.foreign_amount_e4 = None;
        if self.mapping.currency.is_some()
            && let Err(reason) = self.exchange(fields)
        {
            failure.get_or_insert((self.mapping.currency.unwrap_or_default(), reason));
        }
        if self.mapping.folding.is_some()
            && let Some(&key) = self.mapping.key.iter().find(|&&key| self.cells[key] == Cell::Null)
        {
            // An event of nothing cannot be folded.
            failure.get_or_insert((key, RejectReason::MissingRequired));
        }
        if let Some((first, last)) = self.mapping.span
            && let (Cell::Whole(first), Cell::Whole(end)) = (self.cells[first], self.cells[last])
            && end < first
        {
            failure.get_or_insert((last, RejectReason::EndBeforeStart));
        }
        let amount = match self.mapping.amount.map(|index| self.cells[index]) {
            Some(Cell::Whole(amount)) => i128::from(amount),
            _ => 0,
        };
        self.out.amount_read_e4 += amount;
        match failure {
            Some((column, reason)) => {
                self.out.amount_rejected_e4 += amount;
                self.reject(fields, position(), column, reason);
            }
            None => {
                self.repair();
                self.append(fields, position);
            }
        }
    }

    /// Whether the pipeline file says to leave the row out.
    fn skips<F: Fields>(&self, fields: &F) -> bool {
        let value = |raw: usize| fields.get(self.layout.fields[raw]).unwrap_or_default();
        self.mapping.skip.iter().any(|(raw, values)| values.contains(value(*raw)))
    }

    /// Refuses a row whose event nobody described.
    fn refuse_event(&mut self, name: Option<&str>, position: Position) {
        self.rejects.push(Reject {
            record: position.record,
            line: position.line,
            byte_offset: position.offset,
            column: Some("fold.event".to_owned()),
            value: name.map(|name| kept_value(name, false)),
            reason: RejectReason::UnknownEvent,
        });
    }

    /// Values that cannot be are moved or emptied; the row stays.
    fn repair(&mut self) {
        let mapping = self.mapping;
        for &(index, assumed) in &self.assumed {
            let [zone, clock] = &mut self.zones[index];
            *zone += 1;
            *clock += u64::from(assumed == Assumed::ZoneAndClock);
        }
        for &index in &mapping.never_negative {
            if let Cell::Whole(..0) = self.cells[index] {
                self.cells[index] = Cell::Null;
                self.count_repair(Repair::Negative, index);
            }
        }
        if mapping.folding.is_some() {
            // The instants of one event say little: those of the folded row are put in order.
            return;
        }
        let mut instants = std::mem::take(&mut self.instants);
        instants.clear();
        instants.extend(mapping.in_order.iter().map(|&index| match self.cells[index] {
            Cell::Whole(instant) => Some(instant),
            _ => None,
        }));
        put_in_order(&mut instants, |place, repair| self.count_repair(repair, mapping.in_order[place]));
        for (&index, instant) in mapping.in_order.iter().zip(&instants) {
            self.cells[index] = instant.map_or(Cell::Null, Cell::Whole);
        }
        self.instants = instants;
    }

    fn count_repair(&mut self, repair: Repair, index: usize) {
        let column = self.mapping.columns[index].contract.name;
        *self.repairs.entry(repair).or_default().entry(column.to_owned()).or_default() += 1;
    }

    fn reject<F: Fields>(&mut self, fields: &F, position: Position, column: usize, reason: RejectReason) {
        let column = &self.mapping.columns[column];
        let value = match &column.reads {
            Reads::Field(raw) => fields.get(self.layout.fields[*raw]),
            Reads::Constant(text) => Some(text.as_str()),
            Reads::Expression(_) => None,
        };
        let masked = column.masked && !self.show_personal;
        self.rejects.push(Reject {
            record: position.record,
            line: position.line,
            byte_offset: position.offset,
            column: Some(column.contract.name.to_owned()),
            value: value.map(|value| kept_value(value, masked)),
            reason,
        });
    }

    fn append<F: Fields>(&mut self, fields: &F, position: impl FnOnce() -> Position) {
        let mapping = self.mapping;
        let hash = fields.identity(&self.layout.seeds);
        let time = match mapping.time.map(|time| self.cells[time]) {
            Some(Cell::Whole(time)) => Some(time),
            _ => None,
        };
        if let Some(time) = time {
            self.out.min_ts_us = Some(self.out.min_ts_us.map_or(time, |min| min.min(time)));
            self.out.max_ts_us = Some(self.out.max_ts_us.map_or(time, |max| max.max(time)));
        }
        if mapping.customer.is_some_and(|customer| self.cells[customer] == Cell::Null) || mapping.customer.is_none() {
            self.out.anonymous += 1;
        }
        if mapping.key.is_empty() {
            self.records.append_value(self.out.read as i64);
        } else {
            let position = position();
            self.records.append_value(position.record as i64);
            self.lines.append_value(position.line as i64);
            self.offsets.append_option(position.offset.map(|offset| offset as i64));
            let key = self.key_hash(fields);
            self.keys.append_option(key);
        }
        if mapping.folding.is_some() {
            self.events.append_value(self.event);
        }
        self.hashes.append_value(hash as i64);
        let mut builders = std::mem::take(&mut self.builders);
        for (slot, builder) in mapping.slots.iter().zip(&mut builders) {
            match (slot, builder) {
                (Slot::Mapped(index), builder) => self.append_cell(self.cells[*index], fields, builder),
                (Slot::MadeOrder, Builder::Text(builder)) => {
                    // To tell rows apart that agree in the whole sort order, 64 bits are plenty; an id needs them twice.
                    let more = fields.identity(&self.layout.more_seeds);
                    builder.append_value(format!("{hash:016x}{more:016x}"));
                }
                (Slot::Day, Builder::Int(builder)) => builder.append_option(time.map(|time| mapping.zone.day_of(time))),
                (Slot::ForeignAmount, Builder::Long(builder)) => builder.append_option(self.foreign_amount_e4),
                // Only all events of a contact together tell it.
                (Slot::Completeness, Builder::Text(builder)) => builder.append_null(),
                (Slot::MadeOrder | Slot::Day | Slot::ForeignAmount | Slot::Completeness, _) => {}
            }
        }
        self.builders = builders;
    }

    fn append_cell<F: Fields>(&self, cell: Cell, fields: &F, builder: &mut Builder) {
        match builder {
            Builder::Text(builder) => builder.append_option(self.text(cell, fields)),
            Builder::Long(builder) => match cell {
                Cell::Whole(value) => builder.append_value(value),
                _ => builder.append_null(),
            },
            Builder::Int(builder) => match cell {
                // Days are parsed as such, so they fit.
                Cell::Whole(value) => builder.append_value(value as i32),
                _ => builder.append_null(),
            },
            Builder::Boolean(builder) => match cell {
                Cell::Boolean(value) => builder.append_value(value),
                _ => builder.append_null(),
            },
        }
    }

    /// A hash of the row's key; `None` when a part of it is empty.
    fn key_hash<F: Fields>(&mut self, fields: &F) -> Option<i64> {
        let mut identity = std::mem::take(&mut self.identity);
        identity.clear();
        let mut complete = true;
        for &index in &self.mapping.key {
            match self.cells[index] {
                Cell::Null => complete = false,
                Cell::Whole(value) => identity.extend_from_slice(&value.to_le_bytes()),
                Cell::Boolean(value) => identity.push(u8::from(value)),
                cell => {
                    let text = self.text(cell, fields).unwrap_or_default();
                    identity.extend_from_slice(&(text.len() as u32).to_le_bytes());
                    identity.extend_from_slice(text.as_bytes());
                }
            }
        }
        let hash = XxHash3_64::oneshot(&identity) as i64;
        self.identity = identity;
        complete.then_some(hash)
    }

    /// The block's rows, in their order.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) if the columns do not fit the schema.
    pub fn finish(mut self) -> Result<BlockRows> {
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.builders.len() + 5);
        for builder in &mut self.builders {
            columns.push(match builder {
                Builder::Text(builder) => Arc::new(builder.finish()),
                Builder::Long(builder) => Arc::new(builder.finish()),
                Builder::Int(builder) => Arc::new(builder.finish()),
                Builder::Boolean(builder) => Arc::new(builder.finish()),
            });
        }
        columns.push(Arc::new(self.records.finish()));
        columns.push(Arc::new(self.hashes.finish()));
        if !self.mapping.key.is_empty() {
            columns.push(Arc::new(self.keys.finish()));
            columns.push(Arc::new(self.lines.finish()));
            columns.push(Arc::new(self.offsets.finish()));
        }
        if self.mapping.folding.is_some() {
            columns.push(Arc::new(self.events.finish()));
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.mapping.schema), columns)
            .map_err(|error| Error::internal("staged columns do not fit their schema").because(error))?;
        for (index, [zone, clock]) in self.zones.iter().copied().enumerate() {
            let column = self.mapping.columns[index].contract.name;
            for (repair, rows) in [(Repair::Zone, zone), (Repair::ClockChange, clock)] {
                if rows > 0 {
                    self.repairs.entry(repair).or_default().insert(column.to_owned(), rows);
                }
            }
        }
        Ok(BlockRows {
            batch,
            rejects: self.rejects,
            repairs: self.repairs,
            read: self.out.read,
            skipped: self.out.skipped,
            anonymous: self.out.anonymous,
            amount_read_e4: self.out.amount_read_e4,
            amount_rejected_e4: self.out.amount_rejected_e4,
            min_ts_us: self.out.min_ts_us,
            max_ts_us: self.out.max_ts_us,
        })
    }
}
