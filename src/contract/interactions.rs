//! Contracts of the tables about interactions.

mod response;
mod rules;

use super::Table;

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    [response::tables(), rules::tables()].concat()
}

/// What the pipeline itself makes for them.
pub(super) fn parameter_tables() -> Vec<Table> {
    [response::parameter_tables(), rules::parameter_tables()].concat()
}
