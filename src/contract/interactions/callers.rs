//! Contracts of the tables about contacts that named nobody.

use crate::contract::{Column, Table, bigint, day, instant, text};

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    vec![caller_points(), caller_matches(), caller_contacts(), customer_callers(), caller_links(), caller_counts()]
}

/// The column that `customers` has of them, at its end.
pub(super) fn customers_columns() -> Vec<Column> {
    vec![bigint(
        "unnamed_contacts_90d",
        "contacts of the last 90 days from a verified number or address of theirs that named nobody; not in contacts_90d",
    )]
}

fn point() -> Column {
    text("contact_point", "the number or address as the export has it")
}

fn caller_points() -> Table {
    let columns = vec![point()];
    Table::new("caller_points", "one number or address of an unknown caller", &["contact_point"], columns).internal()
}

fn caller_matches() -> Table {
    Table::new(
        "caller_matches",
        "whose one number or address of an unknown caller is",
        &["contact_point"],
        vec![
            point(),
            text("status", "matched, several, unverified, nobody or unreadable"),
            text("customer_id", "whose it is, when matched").optional(),
            text("rule_id", "verified_email or verified_phone").optional(),
        ],
    )
    .internal()
}

fn caller_contacts() -> Table {
    Table::new(
        "caller_contacts",
        "one contact of an unknown caller",
        &[],
        vec![
            text("interaction_id", "the contact").optional(),
            text("channel", "the channel").optional(),
            instant("ts_us", "when it began"),
            day("day", "the day"),
            bigint("contacts", "contacts that the row stands for"),
            text("status", "linked, not_known_then, several, unverified, nobody, unreadable or no_number"),
            text("customer_id", "whose it is, when linked").optional(),
            text("rule_id", "verified_email or verified_phone, when linked").optional(),
        ],
    )
    .internal()
}

fn customer_callers() -> Table {
    let mut columns = customers_columns();
    columns.insert(0, text("customer_id", "the customer"));
    let row = "the contacts from one customer's numbers and addresses that did not name them";
    Table::new("customer_callers", row, &["customer_id"], columns).internal()
}

fn caller_links() -> Table {
    Table::new(
        "caller_links",
        "one contact that named nobody, with the customer whose number or address was used",
        &["interaction_id"],
        vec![
            text("interaction_id", "the contact"),
            text("customer_id", "whose verified number or address was used"),
            text("rule_id", "verified_email or verified_phone"),
            text("channel", "the channel").optional(),
            instant("ts_us", "when it began").published_as("started_at"),
        ],
    )
}

fn caller_counts() -> Table {
    Table::new(
        "caller_counts",
        "the contacts of unknown callers of one status",
        &["status"],
        vec![
            text("status", "linked, not_known_then, several, unverified, nobody, unreadable or no_number"),
            bigint("contacts", "contacts"),
            bigint("customers", "different customers they are linked to"),
        ],
    )
}
