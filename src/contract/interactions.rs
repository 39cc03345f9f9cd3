//! Contracts of the tables about interactions.

mod callers;
mod contact_centre;
mod contact_centre_summary;
mod groups;
mod identity;
mod response;
mod rules;
mod sessions;
mod voice_of_customer;

use super::{Column, Table};

/// The columns that `customers` has of them, at its end.
pub(super) fn customers_columns() -> Vec<Column> {
    [identity::customers_columns(), callers::customers_columns()].concat()
}

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    [
        callers::tables(),
        contact_centre::tables(),
        contact_centre_summary::tables(),
        groups::tables(),
        identity::tables(),
        response::tables(),
        rules::tables(),
        sessions::tables(),
        voice_of_customer::tables(),
    ]
    .concat()
}

/// What the pipeline itself makes for them.
pub(super) fn parameter_tables() -> Vec<Table> {
    [
        contact_centre::parameter_tables(),
        groups::parameter_tables(),
        response::parameter_tables(),
        rules::parameter_tables(),
    ]
    .concat()
}
