//! Contracts of the tables about what customers are worth: peers, potential, share of wallet, value groups.

use super::Table;

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    vec![]
}
