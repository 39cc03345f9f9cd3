//! Contracts of the tables about interactions.

mod sessions;

use super::Table;

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    [sessions::tables()].concat()
}
