//! Contracts of the tables about which customers are one person.

use crate::contract::{Table, bigint, boolean, text};

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    vec![identity_keys(), identity_links()]
}

fn identity_keys() -> Table {
    Table::new(
        "identity_keys",
        "the addresses of one customer",
        &["customer_id"],
        vec![
            text("customer_id", "the customer"),
            text("email", "e-mail address as the export has it").optional(),
            boolean("email_verified", "whether it was verified; null where the export does not say").optional(),
            text("phone", "telephone number as the export has it").optional(),
            boolean("phone_verified", "whether it was verified; null where the export does not say").optional(),
        ],
    )
    .internal()
}

fn identity_links() -> Table {
    Table::new(
        "identity_links",
        "one customer who shares an identifier with others",
        &["customer_id", "rule_id"],
        vec![
            text("customer_id", "the customer"),
            text("rule_id", "shared_email or shared_phone"),
            text("person_id", "the first of the customers who are one person; the customer, when nothing links"),
            text("status", "linked or review"),
            text("reason", "linked, or why a person should look: shared_by_many, unverified or large_group"),
            bigint("customers", "customers with the identifier"),
        ],
    )
}
