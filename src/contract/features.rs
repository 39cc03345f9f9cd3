//! Contracts of the tables of `sql/features/`.

use super::Table;

/// All feature tables.
pub fn feature_tables() -> Vec<Table> {
    vec![]
}
