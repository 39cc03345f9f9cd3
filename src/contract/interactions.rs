//! Contracts of the tables about interactions.

mod identity;
mod sessions;

use super::Table;

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    [identity::tables(), sessions::tables()].concat()
}
