//! From records and changes to files, within what the consumer takes.

use super::dataset::{Body, Dataset, Delta, Format, Limits};
use super::delta::{Change, Difference};
use super::records::{Field, Records};
use super::write;
use crate::error::{Error, Result};

/// A file that was written.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Its name.
    pub name: &'a str,
    /// Rows in it, without the head.
    pub rows: u64,
    /// Its content.
    pub content: &'a [u8],
}

/// Who gets files, one after another.
pub type Sink<'a> = dyn FnMut(Part<'_>) -> Result<()> + 'a;

/// Writes the files of a dataset: what changed since `old` where there is one and the consumer takes deltas, else all of it.
/// Returns how many rows changed: added, changed, removed.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when a limit of the consumer is exceeded or a delta is not possible, and
/// what `sink` says.
pub fn write(consumer: &str, dataset: &Dataset, old: Option<&Records>, sink: &mut Sink<'_>) -> Result<[u64; 3]> {
    let (records, format, delta, limits) = match &dataset.body {
        Body::Document { extension, content, rows } => {
            sink(Part { name: &format!("{}.{extension}", dataset.name), rows: *rows, content })?;
            return Ok([*rows, 0, 0]);
        }
        Body::Records { records, format, delta, limits } => (records, *format, *delta, limits),
    };
    let name = &dataset.name;
    let mut out = Out { consumer, format, limits, sink };
    check(consumer, name, records, limits)?;
    let Some(old) = old.filter(|_| delta != Delta::None) else {
        let stem = if delta == Delta::None { name.clone() } else { format!("{name}_full") };
        let rows = (0..records.len()).map(|row| move |line: &mut Vec<u8>| full_row(format, records, row, line));
        out.file(&stem, records.fields(), rows)?;
        return Ok([records.len() as u64, 0, 0]);
    };
    let difference = Difference::new(old, records)?;
    write_delta(out, name, delta, &difference)?;
    let count = |wanted: fn(&Change) -> bool| difference.changes.iter().filter(|change| wanted(change)).count() as u64;
    Ok([
        count(|change| matches!(change, Change::Added { .. })),
        count(|change| matches!(change, Change::Changed { .. })),
        count(|change| matches!(change, Change::Removed { .. })),
    ])
}

fn full_row(format: Format, records: &Records, row: usize, line: &mut Vec<u8>) -> Result<()> {
    write::row(format, records.fields(), records.row(row).map(Some), line)
}

fn write_delta(mut out: Out<'_, '_>, name: &str, delta: Delta, difference: &Difference<'_>) -> Result<()> {
    let (format, new, old) = (out.format, difference.new, difference.old);
    let (fields, key) = (new.fields(), new.key());
    let stem = format!("{name}_delta");
    if delta == Delta::Operations {
        let fields: Vec<Field> = [Field::text("op")].into_iter().chain(fields.iter().cloned()).collect();
        let rows = difference.changes.iter().map(|change| {
            let fields = &fields;
            move |line: &mut Vec<u8>| match *change {
                Change::Added { new: row } => write::row(format, fields, with_op("add", new.row(row).map(Some)), line),
                Change::Changed { new: row, .. } => {
                    write::row(format, fields, with_op("update", new.row(row).map(Some)), line)
                }
                Change::Removed { old: row } => {
                    let cells = (0..fields.len() - 1).map(|column| (column < key).then(|| old.cell(row, column)));
                    write::row(format, fields, with_op("remove", cells), line)
                }
            }
        });
        return out.file(&stem, &fields, rows);
    }
    let present = difference.changes.iter().filter(|change| !matches!(change, Change::Removed { .. }));
    let rows = present.map(|change| {
        move |line: &mut Vec<u8>| match *change {
            Change::Changed { old: was, new: row } if delta == Delta::Cells => {
                let mut changed = vec![false; fields.len()];
                difference.changed_columns(was, row).for_each(|column| changed[column] = true);
                let cells =
                    (0..fields.len()).map(|column| (column < key || changed[column]).then(|| new.cell(row, column)));
                write::row(format, fields, cells, line)
            }
            Change::Added { new: row } | Change::Changed { new: row, .. } => full_row(format, new, row, line),
            Change::Removed { .. } => Ok(()),
        }
    });
    out.file(&stem, fields, rows)?;
    let removed = difference.changes.iter().filter_map(|change| match *change {
        Change::Removed { old: row } => Some(move |line: &mut Vec<u8>| {
            write::row(format, &fields[..key], (0..key).map(|column| Some(old.cell(row, column))), line)
        }),
        _ => None,
    });
    out.file(&format!("{name}_removed"), &fields[..key], removed)?;
    if matches!(delta, Delta::Cells | Delta::RowsAndClear) && format != Format::Ndjson {
        write_clear(out, name, difference)?;
    }
    Ok(())
}

/// The cells that became empty, as objects with `null`.
fn write_clear(mut out: Out<'_, '_>, name: &str, difference: &Difference<'_>) -> Result<()> {
    let (new, fields) = (difference.new, difference.new.fields());
    out.format = Format::Ndjson;
    let rows = difference.changes.iter().filter_map(|change| {
        let Change::Changed { old, new: row } = *change else { return None };
        let emptied: Vec<usize> =
            difference.changed_columns(old, row).filter(|column| new.cell(row, *column).is_empty()).collect();
        (!emptied.is_empty()).then_some((row, emptied))
    });
    let rows = rows.map(|(row, emptied)| {
        move |line: &mut Vec<u8>| {
            let columns = (0..new.key()).chain(emptied.iter().copied());
            write::object(columns.map(|column| (&fields[column], new.cell(row, column))), line)
        }
    });
    out.file(&format!("{name}_clear"), fields, rows)
}

fn with_op<'a>(
    op: &'static str,
    cells: impl Iterator<Item = Option<&'a str>>,
) -> impl Iterator<Item = Option<&'a str>> {
    [Some(op)].into_iter().chain(cells)
}

/// What a consumer's files go through on their way out.
struct Out<'a, 's> {
    consumer: &'a str,
    format: Format,
    limits: &'a Limits,
    sink: &'a mut Sink<'s>,
}

impl Out<'_, '_> {
    /// Writes rows into `<stem>.csv` or the like, or into numbered files where the consumer takes no larger ones.
    fn file<R: FnOnce(&mut Vec<u8>) -> Result<()>>(
        &mut self,
        stem: &str,
        fields: &[Field],
        rows: impl Iterator<Item = R>,
    ) -> Result<()> {
        let extension = match self.format {
            Format::Csv(_) => "csv",
            Format::Ndjson => "ndjson",
        };
        let numbered = |part: u32| format!("{stem}_{part:03}.{extension}");
        let (mut content, mut line, mut count, mut part) = (Vec::new(), Vec::new(), 0_u64, 1_u32);
        write::head(self.format, fields, &mut content);
        for row in rows {
            line.clear();
            row(&mut line)?;
            let size = (content.len() + line.len()) as u64;
            let full =
                self.limits.rows.is_some_and(|most| count == most) || self.limits.bytes.is_some_and(|most| size > most);
            if full && count > 0 && self.limits.split {
                (self.sink)(Part { name: &numbered(part), rows: count, content: &content })?;
                content.clear();
                write::head(self.format, fields, &mut content);
                (count, part) = (0, part + 1);
            }
            content.extend_from_slice(&line);
            count += 1;
            let size = content.len() as u64;
            if let Some(most) = self.limits.bytes.filter(|most| size > *most) {
                let what = if self.limits.split { "has a row of" } else { "is larger than" };
                let file = format!("{stem}.{extension}");
                return Err(exceeded(
                    self.consumer,
                    &file,
                    &format!("{what} {most} bytes, the most that it takes"),
                    self.limits,
                ));
            }
        }
        let name = if part == 1 { format!("{stem}.{extension}") } else { numbered(part) };
        (self.sink)(Part { name: &name, rows: count, content: &content })
    }
}

/// The limits that do not depend on how the records are cut into files.
fn check(consumer: &str, name: &str, records: &Records, limits: &Limits) -> Result<()> {
    let error = |what: String| Err(exceeded(consumer, name, &what, limits));
    let columns = records.fields().len();
    if let Some(most) = limits.columns.filter(|most| columns > *most) {
        return error(format!("has {columns} columns, and it takes {most}"));
    }
    if let Some(most) = limits.name_characters
        && let Some(field) = records.fields().iter().find(|field| field.name.chars().count() > most)
    {
        return error(format!("has a column `{}`, and names may have {most} characters", field.name));
    }
    if let Some(most) = limits.rows.filter(|most| !limits.split && records.len() as u64 > *most) {
        return error(format!("has {} rows, and it takes {most}", records.len()));
    }
    let described = |(row, column): (usize, usize), most: usize| -> Result<()> {
        // The value itself may be personal.
        let field = &records.fields()[column].name;
        error(format!("has a longer `{field}` than {most} characters in row {}", row + 1))
    };
    if let Some(most) = limits.key_characters
        && let Some(cell) = longer(records, 0..records.key(), most)
    {
        return described(cell, most);
    }
    if let Some(most) = limits.cell_characters
        && let Some(cell) = longer(records, 0..columns, most)
    {
        return described(cell, most);
    }
    Ok(())
}

/// The first cell of these columns with more than `most` characters: row and column.
fn longer(records: &Records, columns: std::ops::Range<usize>, most: usize) -> Option<(usize, usize)> {
    let is_longer = |row: usize, column: usize| {
        let cell = records.cell(row, column);
        // Characters are counted only where there are enough bytes.
        cell.len() > most && cell.chars().count() > most
    };
    (0..records.len())
        .find_map(|row| columns.clone().find(|column| is_longer(row, *column)).map(|column| (row, column)))
}

fn exceeded(consumer: &str, file: &str, what: &str, limits: &Limits) -> Error {
    Error::usage(format!("{consumer} cannot take this export: `{file}` {what}")).hint(limits.hint)
}
