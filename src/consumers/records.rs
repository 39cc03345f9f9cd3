//! What a consumer is to know: rows with a key, each cell in the one way in which it is written.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::value::Value;
use crate::error::{Error, Result};

/// What a column holds, as far as a writer must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An id or an address, which no guard may change where a machine reads it.
    Id,
    /// Text for people.
    Text,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// JSON.
    Json,
}

/// A column of [`Records`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name in the file.
    pub name: Cow<'static, str>,
    /// What it holds.
    pub kind: Kind,
}

impl Field {
    /// A column.
    pub fn new(name: impl Into<Cow<'static, str>>, kind: Kind) -> Field {
        Field { name: name.into(), kind }
    }

    /// A column of ids or addresses.
    pub fn id(name: &'static str) -> Field {
        Field::new(name, Kind::Id)
    }

    /// A column of text; dates and times, too.
    pub fn text(name: &'static str) -> Field {
        Field::new(name, Kind::Text)
    }

    /// A column of numbers.
    pub fn number(name: &'static str) -> Field {
        Field::new(name, Kind::Number)
    }

    /// A column of truth values.
    pub fn boolean(name: &'static str) -> Field {
        Field::new(name, Kind::Boolean)
    }

    /// A column of JSON.
    pub fn json(name: &'static str) -> Field {
        Field::new(name, Kind::Json)
    }
}

/// Rows by key. The first `key` columns identify a row, and rows are in the order of their bytes.
///
/// All cells are one text with the ends of the cells beside it, so that a million customers take what their text takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    fields: Vec<Field>,
    key: usize,
    text: String,
    ends: Vec<usize>,
    /// Row numbers in the order of keys.
    order: Vec<u32>,
}

impl Records {
    /// No rows yet.
    pub fn new(fields: Vec<Field>, key: usize) -> Records {
        Records { fields, key, text: String::new(), ends: Vec::new(), order: Vec::new() }
    }

    /// Adds a row, a value for each column.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when the row has another number of cells or an empty key.
    pub fn push(&mut self, row: &[Value<'_>]) -> Result<()> {
        let before = self.ends.len();
        for value in row {
            value.append_to(&mut self.text);
            self.ends.push(self.text.len());
        }
        self.check_row(before)
    }

    /// The same for cells that are text already.
    ///
    /// # Errors
    /// As [`Records::push`].
    pub(super) fn push_text<'a>(&mut self, row: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let before = self.ends.len();
        for cell in row {
            self.text.push_str(cell);
            self.ends.push(self.text.len());
        }
        self.check_row(before)
    }

    fn check_row(&mut self, before: usize) -> Result<()> {
        let row = self.order.len();
        if self.ends.len() - before != self.fields.len() {
            return Err(Error::internal(format!("a row of an export has {} cells", self.ends.len() - before)));
        }
        self.order.push(u32::try_from(row).map_err(|error| Error::internal("too many rows").because(error))?);
        match (0..self.key).find(|column| self.raw(row, *column).is_empty()) {
            Some(column) => Err(Error::internal(format!("`{}` is empty in a row", self.fields[column].name))),
            None => Ok(()),
        }
    }

    /// The rows in the order of their keys.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when two rows have one key.
    pub fn sorted(mut self) -> Result<Records> {
        let mut order = std::mem::take(&mut self.order);
        order.sort_unstable_by(|a, b| self.compare(*a as usize, &self, *b as usize));
        let doubled = order.windows(2).any(|pair| self.compare(pair[0] as usize, &self, pair[1] as usize).is_eq());
        if doubled {
            let names: Vec<&str> = self.fields[..self.key].iter().map(|field| &*field.name).collect();
            return Err(Error::internal(format!("two rows of an export have one key ({})", names.join(", "))));
        }
        self.order = order;
        Ok(self)
    }

    /// The columns.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// How many columns identify a row.
    pub fn key(&self) -> usize {
        self.key
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The cell of a row, by its place in the order of keys; empty when there is no value.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        self.raw(self.order[row] as usize, column)
    }

    /// The cells of a row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = &str> {
        (0..self.fields.len()).map(move |column| self.cell(row, column))
    }

    /// How the keys of a row here and of a row there compare, both by their places.
    pub(super) fn compare_keys(&self, row: usize, other: &Records, other_row: usize) -> Ordering {
        self.compare(self.order[row] as usize, other, other.order[other_row] as usize)
    }

    fn compare(&self, row: usize, other: &Records, other_row: usize) -> Ordering {
        let columns = 0..self.key;
        columns
            .map(|column| self.raw(row, column).cmp(other.raw(other_row, column)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    fn raw(&self, row: usize, column: usize) -> &str {
        let cell = row * self.fields.len() + column;
        let start = if cell == 0 { 0 } else { self.ends[cell - 1] };
        &self.text[start..self.ends[cell]]
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn records(rows: &[[&str; 2]]) -> Result<Records> {
        let mut records = Records::new(vec![Field::id("id"), Field::text("name")], 1);
        for [id, name] in rows {
            records.push(&[(*id).into(), (*name).into()])?;
        }
        records.sorted()
    }

    #[test]
    fn rows_are_found_by_the_order_of_their_keys() {
        let records = records(&[["b", "2"], ["a", ""], ["B", "1"], ["é", "3"]]).unwrap();
        let ids: Vec<&str> = (0..records.len()).map(|row| records.cell(row, 0)).collect();
        assert_eq!(ids, ["B", "a", "b", "é"]);
        assert_eq!(records.row(1).collect::<Vec<_>>(), ["a", ""]);
    }

    #[test]
    fn a_key_is_there_once() {
        assert!(records(&[["a", "1"], ["a", "2"]]).is_err());
        assert!(records(&[["", "1"]]).is_err());
    }

    #[test]
    fn a_row_has_as_many_cells_as_there_are_columns() {
        let mut records = Records::new(vec![Field::id("id"), Field::text("name")], 1);
        assert!(records.push(&["a".into()]).is_err());
    }
}
