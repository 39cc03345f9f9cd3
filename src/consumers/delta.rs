//! What changed between what a consumer was given last and what it is to know now.

use std::cmp::Ordering;

use super::records::Records;
use crate::error::{Error, Result};

/// One row that is not as it was. Rows are named by their places in the old and the new records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// There was no row of this key.
    Added {
        /// The row.
        new: usize,
    },
    /// Some cell is another.
    Changed {
        /// As it was.
        old: usize,
        /// As it is.
        new: usize,
    },
    /// There is no row of this key any more.
    Removed {
        /// As it was.
        old: usize,
    },
}

/// The change from one set of records to another.
#[derive(Debug)]
pub struct Difference<'a> {
    /// What was given.
    pub old: &'a Records,
    /// What there is now.
    pub new: &'a Records,
    /// For each column of the new records, where it was in the old ones.
    places: Vec<Option<usize>>,
    /// The changes, by key.
    pub changes: Vec<Change>,
}

impl<'a> Difference<'a> {
    /// Compares two sets of records with the same key. A column that is new was empty before.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when the key is another, or when a column is gone: no delta can
    /// tell a consumer to forget a column.
    pub fn new(old: &'a Records, new: &'a Records) -> Result<Difference<'a>> {
        let place = |name: &str| old.fields().iter().position(|field| field.name == name);
        let places: Vec<Option<usize>> = new.fields().iter().map(|field| place(&field.name)).collect();
        let gone = old.fields().iter().find(|field| new.fields().iter().all(|other| other.name != field.name));
        if let Some(field) = gone {
            return Err(needs_full(format!(
                "the last export had a column `{}`, which is not exported now",
                field.name
            )));
        }
        let same_key = old.key() == new.key() && (0..new.key()).all(|column| places[column] == Some(column));
        if !same_key {
            return Err(needs_full("rows of the last export have another key".to_owned()));
        }
        let mut difference = Difference { old, new, places, changes: Vec::new() };
        difference.changes = difference.compare();
        Ok(difference)
    }

    fn compare(&self) -> Vec<Change> {
        let (mut old, mut new, mut changes) = (0, 0, Vec::new());
        while old < self.old.len() || new < self.new.len() {
            let order = match (old < self.old.len(), new < self.new.len()) {
                (true, true) => self.old.compare_keys(old, self.new, new),
                (true, false) => Ordering::Less,
                _ => Ordering::Greater,
            };
            match order {
                Ordering::Less => changes.push(Change::Removed { old }),
                Ordering::Greater => changes.push(Change::Added { new }),
                Ordering::Equal if self.changed_columns(old, new).next().is_some() => {
                    changes.push(Change::Changed { old, new });
                }
                Ordering::Equal => {}
            }
            old += usize::from(order.is_le());
            new += usize::from(order.is_ge());
        }
        changes
    }

    /// The columns of the new records in which a row is not as it was.
    pub fn changed_columns(&self, old: usize, new: usize) -> impl Iterator<Item = usize> {
        let was = move |column: usize| self.places[column].map_or("", |place| self.old.cell(old, place));
        (0..self.places.len()).filter(move |column| was(*column) != self.new.cell(new, *column))
    }
}

fn needs_full(message: String) -> Error {
    Error::usage(message).hint("export all of it once with `--full`, and let the consumer replace what it has")
}
