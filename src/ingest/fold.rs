//! Event streams: the rows of one contact become one row.
//!
//! Events are sorted by contact, time and their place among the events of the stream, so that nothing depends on the order or
//! the file in which they arrived. Of events that agree in all of that, and say different things, the smaller value is the
//! first and the larger one the last.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray, new_null_array,
};
use arrow::compute::interleave;
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use rayon::prelude::*;

use super::mapping::{EVENT, Folding, HASH, KEY, Mapping, RECORD, Slot};
use super::order::Chunk;
use super::repair::{self, Repairs};
use crate::config::Take;
use crate::error::{Error, Result};

/// Contacts that are folded as one piece of work.
const CONTACTS_AT_ONCE: usize = 1 << 16;

/// What became of the events of one file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Contacts whose first event is of this file.
    pub staged: u64,
    /// Events of contacts whose first event is another.
    pub folded: u64,
    pub duplicate: u64,
    pub out_of_window: u64,
    /// Contacts whose first event is of this file, without a customer.
    pub anonymous: u64,
}

/// Folded contacts, in no order that matters.
#[derive(Default)]
pub(super) struct Folded {
    pub chunks: Vec<Chunk>,
    /// By position of the file.
    pub outcomes: BTreeMap<usize, Outcome>,
    pub repairs: Repairs,
    /// Contacts by completeness.
    pub completeness: BTreeMap<String, u64>,
}

impl Folded {
    /// Counts of `more`; its rows stay where they are.
    pub fn count(&mut self, more: &Folded) {
        for (file, outcome) in &more.outcomes {
            let sum = self.outcomes.entry(*file).or_default();
            sum.staged += outcome.staged;
            sum.folded += outcome.folded;
            sum.duplicate += outcome.duplicate;
            sum.out_of_window += outcome.out_of_window;
            sum.anonymous += outcome.anonymous;
        }
        repair::add(&mut self.repairs, &more.repairs);
        for (state, contacts) in &more.completeness {
            *self.completeness.entry(state.clone()).or_default() += contacts;
        }
    }
}

/// One row of the stream: what it is sorted by, and where it is.
#[derive(Debug, Clone, Copy)]
struct Event {
    key: i64,
    time: i64,
    place: i32,
    hash: i64,
    file: u32,
    record: i64,
    chunk: u32,
    row: u32,
}

/// A column of all chunks.
enum Values<'c> {
    Text(Vec<&'c StringArray>),
    Long(Vec<&'c Int64Array>),
    Int(Vec<&'c Int32Array>),
    Boolean(Vec<&'c BooleanArray>),
}

impl<'c> Values<'c> {
    fn new(chunks: &'c [Chunk], index: usize) -> Result<Self> {
        let arrays = chunks.iter().map(|chunk| chunk.batch.column(index));
        Ok(match chunks.first().map(|chunk| chunk.batch.column(index).data_type()) {
            Some(DataType::Utf8) => Values::Text(arrays.map(|array| array.as_string()).collect()),
            Some(DataType::Int64) => Values::Long(arrays.map(|array| array.as_primitive::<Int64Type>()).collect()),
            Some(DataType::Int32) => Values::Int(arrays.map(|array| array.as_primitive::<Int32Type>()).collect()),
            Some(DataType::Boolean) => Values::Boolean(arrays.map(|array| array.as_boolean()).collect()),
            other => return Err(Error::internal(format!("a staged column is of the type {other:?}"))),
        })
    }

    fn is_null(&self, event: &Event) -> bool {
        let (chunk, row) = (event.chunk as usize, event.row as usize);
        match self {
            Values::Text(arrays) => arrays[chunk].is_null(row),
            Values::Long(arrays) => arrays[chunk].is_null(row),
            Values::Int(arrays) => arrays[chunk].is_null(row),
            Values::Boolean(arrays) => arrays[chunk].is_null(row),
        }
    }

    /// The order of two values that are not null.
    fn compare(&self, a: &Event, b: &Event) -> Ordering {
        let ((a, i), (b, j)) = ((a.chunk as usize, a.row as usize), (b.chunk as usize, b.row as usize));
        match self {
            Values::Text(arrays) => arrays[a].value(i).cmp(arrays[b].value(j)),
            Values::Long(arrays) => arrays[a].value(i).cmp(&arrays[b].value(j)),
            Values::Int(arrays) => arrays[a].value(i).cmp(&arrays[b].value(j)),
            Values::Boolean(arrays) => arrays[a].value(i).cmp(&arrays[b].value(j)),
        }
    }

    fn long(&self, event: &Event) -> Option<i64> {
        match self {
            Values::Long(arrays) if !self.is_null(event) => {
                Some(arrays[event.chunk as usize].value(event.row as usize))
            }
            _ => None,
        }
    }

    /// The event whose value the contact has; `events` are in their order.
    fn taken<'e>(&self, take: Take, events: &'e [Event]) -> Option<&'e Event> {
        let mut given = events.iter().filter(|event| !self.is_null(event));
        let at_once = |first: &&'e Event, event: &&'e Event| (event.time, event.place) == (first.time, first.place);
        match take {
            Take::First => {
                let first = given.next()?;
                let rivals = given.take_while(|event| at_once(&first, event));
                std::iter::once(first).chain(rivals).min_by(|a, b| self.compare(a, b))
            }
            Take::Last => {
                let mut given = given.rev();
                let last = given.next()?;
                let rivals = given.take_while(|event| at_once(&last, event));
                std::iter::once(last).chain(rivals).max_by(|a, b| self.compare(a, b))
            }
            Take::Least => given.min_by(|a, b| self.compare(a, b)),
            Take::Most => given.max_by(|a, b| self.compare(a, b)),
            Take::Sum => None,
        }
    }
}

/// Folds the events of `chunks`, which hold all events of every contact that they hold any of.
///
/// # Errors
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) for a sum beyond 64 bits.
pub(super) fn fold(mapping: &Mapping, chunks: &[Chunk], before_us: Option<i64>) -> Result<Folded> {
    let Some(folding) = &mapping.folding else { return Ok(Folded::default()) };
    if chunks.is_empty() {
        return Ok(Folded::default());
    }
    let folder = Folder::new(mapping, folding, chunks, before_us)?;
    let events = folder.events()?;
    let mut contacts: Vec<&[Event]> =
        events.chunk_by(|a, b| a.key == b.key && folder.ids.compare(a, b).is_eq()).collect();
    contacts.shrink_to_fit();
    let pieces: Vec<Folded> =
        contacts.par_chunks(CONTACTS_AT_ONCE).map(|piece| folder.fold(piece)).collect::<Result<_>>()?;
    let mut folded = Folded::default();
    for piece in pieces {
        folded.count(&piece);
        folded.chunks.extend(piece.chunks);
    }
    Ok(folded)
}

struct Folder<'a> {
    mapping: &'a Mapping,
    folding: &'a Folding,
    chunks: &'a [Chunk],
    before_us: Option<i64>,
    /// The column that tells contacts apart.
    ids: Values<'a>,
    /// The staged columns, in the order of the schema.
    columns: Vec<Values<'a>>,
}

impl<'a> Folder<'a> {
    fn new(mapping: &'a Mapping, folding: &'a Folding, chunks: &'a [Chunk], before_us: Option<i64>) -> Result<Self> {
        let key = mapping.key.first().map(|&key| &*mapping.columns[key].contract.staged.name);
        let ids = Values::new(chunks, position(mapping, key.unwrap_or_default())?)?;
        let columns = (0..mapping.slots.len()).map(|index| Values::new(chunks, index)).collect::<Result<_>>()?;
        Ok(Folder { mapping, folding, chunks, before_us, ids, columns })
    }

    /// All events, those of a contact together and in their order.
    fn events(&self) -> Result<Vec<Event>> {
        let time = position(self.mapping, self.mapping.input.time.unwrap_or_default())?;
        let own = [KEY, HASH, RECORD].map(|name| position(self.mapping, name));
        let [key, hash, record] = own;
        let (key, hash, record, place) = (key?, hash?, record?, position(self.mapping, EVENT)?);
        let of_chunk = |(number, chunk): (usize, &Chunk)| {
            let long = |index: usize| chunk.batch.column(index).as_primitive::<Int64Type>();
            let (keys, times, hashes, records) = (long(key), long(time), long(hash), long(record));
            let places = chunk.batch.column(place).as_primitive::<Int32Type>();
            let event = |row: usize| Event {
                key: keys.value(row),
                time: times.value(row),
                place: places.value(row),
                hash: hashes.value(row),
                file: chunk.file as u32,
                record: records.value(row),
                chunk: number as u32,
                row: row as u32,
            };
            (0..chunk.batch.num_rows()).map(event).collect::<Vec<_>>()
        };
        let mut events: Vec<Event> = self.chunks.par_iter().enumerate().map(of_chunk).flatten().collect();
        events.par_sort_unstable_by(|a, b| {
            let contact = a.key.cmp(&b.key).then_with(|| self.ids.compare(a, b));
            let sorted_by = |event: &Event| (event.time, event.place, event.hash, event.file, event.record);
            contact.then_with(|| sorted_by(a).cmp(&sorted_by(b)))
        });
        Ok(events)
    }

    fn fold(&self, contacts: &[&[Event]]) -> Result<Folded> {
        let mut folded = Folded::default();
        let mut kept: Vec<Event> = Vec::new();
        // Of each contact its events that count, one contact after the other.
        let mut borders = vec![0];
        for contact in contacts {
            self.keep(contact, &mut kept, &mut folded.outcomes);
            if borders.last() != Some(&kept.len()) {
                borders.push(kept.len());
            }
        }
        let contacts: Vec<&[Event]> = borders.windows(2).map(|border| &kept[border[0]..border[1]]).collect();
        if contacts.is_empty() {
            return Ok(folded);
        }
        let batch = self.batch(&contacts, &mut folded)?;
        folded.chunks.push(Chunk { batch, file: 0 });
        Ok(folded)
    }

    /// Adds the events of a contact that count: each once, before the end of the window.
    fn keep(&self, contact: &[Event], kept: &mut Vec<Event>, outcomes: &mut BTreeMap<usize, Outcome>) {
        let mut previous: Option<&Event> = None;
        let mut first = true;
        for event in contact {
            let outcome = outcomes.entry(event.file as usize).or_default();
            let repeats = previous.is_some_and(|previous| previous.hash == event.hash && previous.time == event.time);
            previous = Some(event);
            if repeats && !self.mapping.keep_duplicates {
                outcome.duplicate += 1;
            } else if self.before_us.is_some_and(|before| event.time >= before) {
                outcome.out_of_window += 1;
            } else {
                *(if first { &mut outcome.staged } else { &mut outcome.folded }) += 1;
                first = false;
                kept.push(*event);
            }
        }
    }

    /// One row a contact.
    fn batch(&self, contacts: &[&[Event]], folded: &mut Folded) -> Result<RecordBatch> {
        let instants = self.instants(contacts, &mut folded.repairs);
        let start = self.mapping.time.and_then(|time| self.mapping.in_order.iter().position(|&index| index == time));
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.mapping.schema.fields().len());
        for (index, slot) in self.mapping.slots.iter().enumerate() {
            columns.push(match slot {
                Slot::Mapped(mapped) => match self.mapping.in_order.iter().position(|known| known == mapped) {
                    Some(place) => Arc::new(instants[place].iter().copied().collect::<Int64Array>()),
                    None => self.column(index, *mapped, contacts)?,
                },
                Slot::Day => {
                    let starts = start.map_or(&[][..], |start| &instants[start]);
                    let zone = &self.mapping.zone;
                    Arc::new(starts.iter().map(|start| start.map(|us| zone.day_of(us))).collect::<Int32Array>())
                }
                Slot::Completeness => {
                    let states: Vec<&str> = contacts.iter().map(|events| completeness(self.folding, events)).collect();
                    for state in &states {
                        *folded.completeness.entry((*state).to_owned()).or_default() += 1;
                    }
                    Arc::new(StringArray::from(states))
                }
                Slot::MadeOrder => return Err(Error::internal("orders are not folded from events")),
            });
        }
        self.count_anonymous(&columns, contacts, &mut folded.outcomes);
        let first = |events: &&[Event]| events.first().map(|event| (event.chunk as usize, event.row as usize));
        for (index, field) in self.mapping.schema.fields().iter().enumerate().skip(columns.len()) {
            columns.push(match field.name().as_str() {
                // The same for the same events, in whatever order they came.
                HASH => Arc::new(Int64Array::from_iter_values(
                    contacts.iter().map(|events| events.iter().fold(0, |sum: i64, event| sum.wrapping_add(event.hash))),
                )),
                _ => self.gathered(index, contacts.iter().map(first))?,
            });
        }
        RecordBatch::try_new(Arc::clone(&self.mapping.schema), columns)
            .map_err(|error| Error::internal("folded rows do not fit their schema").because(error))
    }

    /// The instants that follow each other, by column and contact, put in order.
    fn instants(&self, contacts: &[&[Event]], repairs: &mut Repairs) -> Vec<Vec<Option<i64>>> {
        let mapping = self.mapping;
        let slot = |mapped: usize| mapping.slots.iter().position(|slot| *slot == Slot::Mapped(mapped));
        let columns: Vec<(&Values, Take)> = mapping
            .in_order
            .iter()
            .filter_map(|&mapped| Some((&self.columns[slot(mapped)?], mapping.columns[mapped].take)))
            .collect();
        let mut instants = vec![Vec::with_capacity(contacts.len()); columns.len()];
        let mut row: Vec<Option<i64>> = Vec::with_capacity(columns.len());
        for events in contacts {
            row.clear();
            row.extend(
                columns.iter().map(|(values, take)| values.taken(*take, events).and_then(|event| values.long(event))),
            );
            repair::put_in_order(&mut row, |place, repair| {
                let column = mapping.columns[mapping.in_order[place]].contract.name;
                *repairs.entry(repair).or_default().entry(column.to_owned()).or_default() += 1;
            });
            for (column, instant) in instants.iter_mut().zip(&row) {
                column.push(*instant);
            }
        }
        instants
    }

    fn column(&self, index: usize, mapped: usize, contacts: &[&[Event]]) -> Result<ArrayRef> {
        let (values, column) = (&self.columns[index], &self.mapping.columns[mapped]);
        if column.take != Take::Sum {
            let taken = contacts.iter().map(|events| values.taken(column.take, events));
            return self
                .gathered(index, taken.map(|event| event.map(|event| (event.chunk as usize, event.row as usize))));
        }
        let sum = |events: &&[Event]| -> Result<Option<i64>> {
            let mut given = events.iter().filter_map(|event| values.long(event)).map(i128::from).peekable();
            if given.peek().is_none() {
                return Ok(None);
            }
            i64::try_from(given.sum::<i128>()).map(Some).map_err(|_| {
                let (name, input) = (column.contract.name, self.mapping.input.name);
                Error::input(format!("the values of `{name}` of one row of `inputs.{input}` add up beyond 64 bits"))
            })
        };
        Ok(Arc::new(contacts.iter().map(sum).collect::<Result<Int64Array>>()?))
    }

    /// Values of a column at places (chunk and row), or none.
    fn gathered(&self, index: usize, places: impl Iterator<Item = Option<(usize, usize)>>) -> Result<ArrayRef> {
        let nothing = new_null_array(self.mapping.schema.field(index).data_type(), 1);
        let mut arrays: Vec<&dyn Array> = self.chunks.iter().map(|chunk| chunk.batch.column(index).as_ref()).collect();
        arrays.push(nothing.as_ref());
        let none = (self.chunks.len(), 0);
        let places: Vec<(usize, usize)> = places.map(|place| place.unwrap_or(none)).collect();
        interleave(&arrays, &places).map_err(|error| Error::internal("events could not be gathered").because(error))
    }

    fn count_anonymous(&self, columns: &[ArrayRef], contacts: &[&[Event]], outcomes: &mut BTreeMap<usize, Outcome>) {
        let slot = |mapped: usize| self.mapping.slots.iter().position(|slot| *slot == Slot::Mapped(mapped));
        let customers = self.mapping.customer.and_then(slot).map(|index| &columns[index]);
        for (row, events) in contacts.iter().enumerate() {
            if customers.is_none_or(|customers| customers.is_null(row))
                && let Some(first) = events.first()
            {
                outcomes.entry(first.file as usize).or_default().anonymous += 1;
            }
        }
    }
}

fn position(mapping: &Mapping, name: &str) -> Result<usize> {
    mapping.schema.index_of(name).map_err(|error| Error::internal("a staged column is missing").because(error))
}

/// Whether the events of a contact, in their order, have its beginning and its end.
fn completeness(folding: &Folding, events: &[Event]) -> &'static str {
    let is = |listed: &[bool], event: &Event| listed.get(event.place as usize).copied().unwrap_or(false);
    let begins = events.iter().rposition(|event| is(&folding.begins, event));
    let begun = folding.begins.is_empty() || begins.is_some();
    // An end before the last beginning is that of an earlier part: the contact goes on.
    let ended = folding.ends.is_empty() || events[begins.unwrap_or(0)..].iter().any(|event| is(&folding.ends, event));
    match (begun, ended) {
        (true, true) => "whole",
        (false, true) => "no_beginning",
        (true, false) => "no_end",
        (false, false) => "part",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places: 0 begins, 1 goes on, 2 ends.
    fn state(places: &[i32]) -> &'static str {
        let listed = |place: usize| (0..3).map(|other| other == place).collect();
        let folding = Folding { event: 0, places: Default::default(), begins: listed(0), ends: listed(2) };
        let event = |(time, place): (i64, &i32)| Event {
            key: 1,
            time,
            place: *place,
            hash: 0,
            file: 0,
            record: time,
            chunk: 0,
            row: time as u32,
        };
        completeness(&folding, &(0..).zip(places).map(event).collect::<Vec<_>>())
    }

    #[test]
    fn a_contact_is_whole_when_its_last_beginning_came_to_an_end() {
        assert_eq!(state(&[0, 1, 2]), "whole");
        assert_eq!(state(&[0, 2, 0, 2, 1]), "whole");
        assert_eq!(state(&[0, 2, 0, 1]), "no_end");
        assert_eq!(state(&[1, 2]), "no_beginning");
        assert_eq!(state(&[1]), "part");
    }

    #[test]
    fn a_value_is_taken_by_time_and_of_two_at_once_by_size() {
        let texts = StringArray::from(vec![None, Some("c"), Some("b"), Some("d"), Some("a"), None]);
        let values = Values::Text(vec![&texts]);
        // Rows 1 and 2 are one event at one instant, and so are 3 and 4.
        let event = |(row, time): (u32, &i64)| Event {
            key: 1,
            time: *time,
            place: 0,
            hash: i64::from(row),
            file: 0,
            record: 0,
            chunk: 0,
            row,
        };
        let events: Vec<Event> = (0..).zip(&[1, 2, 2, 3, 3, 4]).map(event).collect();
        let taken = |take| values.taken(take, &events).map(|event| texts.value(event.row as usize));
        assert_eq!(taken(Take::First), Some("b"));
        assert_eq!(taken(Take::Last), Some("d"));
        assert_eq!(taken(Take::Least), Some("a"));
        assert_eq!(taken(Take::Most), Some("d"));
        assert!(values.taken(Take::First, &events[..1]).is_none());
    }
}
