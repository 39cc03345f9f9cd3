//! Contracts of the tables about which customers are one person.

use crate::contract::{Column, Table, bigint, boolean, text};

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    vec![identity_keys(), identity_links(), customer_persons(), household_bridges(), household_groups()]
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
            text("shared_with", "the first of them: rows of one rule with the same are of one identifier"),
        ],
    )
}

/// The columns that `customers` has of identity, at its end.
pub(super) fn customers_columns() -> Vec<Column> {
    vec![
        text("person_id", "the first id of the person: their own, unless identity_links links it to another"),
        text("id_rule", "the rules that link the id to others of the person, separated by a blank: see identity_links")
            .optional(),
    ]
}

fn customer_persons() -> Table {
    let mut columns = customers_columns();
    columns.insert(0, text("customer_id", "the customer"));
    columns.push(text("household_id", "household").optional());
    columns.push(text("account_id", "account").optional());
    Table::new("customer_persons", "which person one known customer is", &["customer_id"], columns).internal()
}

fn household_bridges() -> Table {
    Table::new(
        "household_bridges",
        "one household of a person who has ids in several",
        &["person_id", "household_id"],
        vec![text("person_id", "the person"), text("household_id", "the household")],
    )
    .internal()
}

fn household_groups() -> Table {
    Table::new(
        "household_groups",
        "one household that persons join to others",
        &["household_id"],
        vec![
            text("household_id", "the household"),
            text("group_id", "the first of the households that are joined: they share an arm"),
        ],
    )
    .internal()
}
