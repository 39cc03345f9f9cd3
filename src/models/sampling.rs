//! Models that learn from a part of the customers, where all of them are more than this process may hold.
//!
//! The part is even and the same every night: of units with numbers from 1, those that `every` divides. What is made of it
//! says so; what has a row for each customer is made of all of them, batch by batch.

use std::fmt;

use super::{Frame, Inputs, Rows};
use crate::error::Result;

/// How a model does with a part of its units.
#[derive(Clone, Copy)]
pub struct Sampling {
    /// The tables that are taken in part, and which of their rows: a condition of SQL in which `{every}` stands for the
    /// number that divides those of the units taken.
    pub tables: &'static [(&'static str, &'static str)],
    /// What the tables of everybody are made by; none when the model makes no such table, and all that it makes is of the
    /// part.
    pub everybody: Option<Everybody>,
}

impl fmt::Debug for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sampling").field("tables", &self.tables).finish_non_exhaustive()
    }
}

/// What is said of all units by what was learnt from some.
#[derive(Clone, Copy)]
pub struct Everybody {
    /// The table with a row for each of them, one of those that are taken in part to learn from.
    pub table: &'static str,
    /// The table that is made of it, the first that the model makes.
    pub judged: &'static str,
    /// Learns.
    pub learn: fn(&Inputs<'_>) -> Result<Box<dyn Judge>>,
}

/// What was learnt.
pub trait Judge {
    /// The rows that are made of these rows of everybody.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when they are not as contracted.
    fn judge(&mut self, rows: &Frame) -> Result<Rows>;

    /// After the last of them: the other tables that the model makes, in their order.
    ///
    /// # Errors
    /// As [`Judge::judge`].
    fn made(self: Box<Self>) -> Result<Vec<Rows>>;
}

/// One of how many units has to be taken so that `most` rows remain of `rows`.
pub fn every(rows: u64, most: u64) -> u64 {
    rows.div_ceil(most.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_as_large_as_may_be() {
        assert_eq!(
            [(10, 10), (11, 10), (20, 10), (21, 10), (0, 10), (5, 0)].map(|(rows, most)| every(rows, most)),
            [1, 2, 2, 3, 1, 5]
        );
    }
}
