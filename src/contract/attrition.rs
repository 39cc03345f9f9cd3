//! Contracts of the tables about who is leaving: rhythm, lifecycle, attrition signals, retention.

use super::Table;

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    vec![]
}
