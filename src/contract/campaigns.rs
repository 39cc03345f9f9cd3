//! Contracts of the tables about who may be contacted: consent, caps, experiments, targets, routing keys.

use super::Table;

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    vec![]
}
