//! Contracts of the tables about what a manager reads: business summary, growth, concentration, effort.

use super::Table;

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    vec![]
}
