//! Contracts of the tables of `sql/segments/`.

use super::Table;

/// All segment tables.
pub fn segment_tables() -> Vec<Table> {
    vec![]
}
