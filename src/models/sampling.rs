//! Models that learn from a part of the customers, where all of them are more than this process may hold.
//!
//! The part is even and the same every night: of units with numbers from 1, those that `every` divides; of units with ids,
//! those with a low hash. What is made of it says so; what has a row for each customer is made of all of them, batch by batch.

use std::fmt;

use super::{Frame, Inputs, Rows};
use crate::error::Result;

/// How a model does with a part of its units.
#[derive(Clone, Copy)]
pub struct Sampling {
    /// The tables that are taken in part, and which of their rows.
    pub tables: &'static [(&'static str, Pick)],
    /// What the tables of everybody are made by; none when the model makes no such table, and all that it makes is of the
    /// part.
    pub everybody: Option<Everybody>,
}

/// Which rows of a table are those of one of so many units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// A condition of SQL, in which `{every}` stands for the number that divides those of the units taken.
    Where(&'static str),
    /// Units whose id stands in this column: those [taken](takes).
    Ids(&'static str),
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
    /// The tables that are made of it, the first that the model makes.
    pub judged: &'static [&'static str],
    /// Learns.
    pub learn: fn(&Inputs<'_>) -> Result<Box<dyn Judge>>,
}

/// What was learnt.
pub trait Judge {
    /// The rows of `table`, one of the [judged](Everybody::judged), that are made of these rows of everybody. All of them
    /// come once for each such table.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when they are not as contracted.
    fn judge(&mut self, table: &str, rows: &Frame) -> Result<Rows>;

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

/// Makes other parts than the folds of a model do, which hash the same ids.
const SEED: u64 = 0x0A11_C0DE;

/// Whether the unit with this id is among one of `every`. Who is among one of many is among one of fewer, too.
pub fn takes(id: &str, every: u64) -> bool {
    twox_hash::XxHash3_64::oneshot_with_seed(SEED, id.as_bytes()) <= u64::MAX / every.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_even_and_within_each_other() {
        let ids: Vec<String> = (0..60_000).map(|id| format!("C{id}")).collect();
        let part = |every| -> Vec<&String> { ids.iter().filter(|id| takes(id, every)).collect() };
        assert_eq!(part(1).len(), ids.len());
        for every in [2, 3, 7, 20] {
            let (taken, expected) = (part(every).len() as f64, ids.len() as f64 / every as f64);
            assert!((taken - expected).abs() < 4.0 * expected.sqrt(), "{every}: {taken}");
            assert!(part(every + 1).iter().all(|id| takes(id, every)));
        }
        // Of one part, the folds of a model have equal shares.
        let fold = |id: &str| twox_hash::XxHash3_64::oneshot(id.as_bytes()) % 2;
        let first = part(20).iter().filter(|id| fold(id) == 0).count() as f64;
        assert!((first - 1_500.0).abs() < 4.0 * 750_f64.sqrt(), "{first}");
    }

    #[test]
    fn a_part_is_as_large_as_may_be() {
        assert_eq!(
            [(10, 10), (11, 10), (20, 10), (21, 10), (0, 10), (5, 0)].map(|(rows, most)| every(rows, most)),
            [1, 2, 2, 3, 1, 5]
        );
    }
}
