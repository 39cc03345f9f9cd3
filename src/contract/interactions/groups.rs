//! Contracts of the tables about persons with several ids, households and accounts.

use crate::contract::{Column, Table, bigint, day, double, instant, integer, money, text};

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    vec![group_members(), group_sums(), group_permissions(), persons(), households(), accounts(), group_totals()]
}

/// What the pipeline itself makes for them.
pub(super) fn parameter_tables() -> Vec<Table> {
    let columns = vec![text("role", "a role in an account whose holder decides")];
    vec![Table::new("decision_roles", "one role that decides for an account", &["role"], columns).internal()]
}

fn keys() -> Vec<Column> {
    vec![text("kind", "person, household or account"), text("group_id", "which one")]
}

fn group_members() -> Table {
    let mut columns = keys();
    columns.push(text("customer_id", "the customer"));
    Table::new("group_members", "one customer in one group", &["kind", "customer_id"], columns).internal()
}

fn group_sums() -> Table {
    let mut columns = keys();
    for column in figures() {
        if column.name == "gross_margin_e4" {
            columns.push(money("margin_known_e4", "gross margin of the members whose costs are known"));
        } else {
            columns.push(column);
        }
    }
    Table::new("group_sums", "what the members of one group are together", &["kind", "group_id"], columns).internal()
}

fn group_permissions() -> Table {
    let columns = [keys(), permissions()].concat();
    Table::new("group_permissions", "what we may do with one group as a whole", &["kind", "group_id"], columns)
        .internal()
}

/// What members are together.
fn figures() -> Vec<Column> {
    vec![
        bigint("customers", "members"),
        bigint("buyers", "members with an order"),
        day("first_order_day", "day of the first order of any").optional(),
        day("last_order_day", "day of the last order of any").optional(),
        bigint("orders", "qualifying orders"),
        money("net_revenue_e4", "goods sold less what came back, over all that was read"),
        money("gross_margin_e4", "net revenue less the cost of the goods; null when a member's is not known")
            .optional(),
        bigint("margin_unknown", "members whose costs are not known"),
        money("net_revenue_12m_e4", "net revenue of the last 365 days"),
        money("value_e4", "the measure of value, over the value window"),
        money("cost_to_serve_e4", "what contacts cost us"),
        money("marketing_cost_e4", "what campaigns cost us"),
        text("main_customer_id", "the member with the most net revenue"),
        double("main_share", "that member's share of the net revenue; null where there is none").optional(),
        integer("best_tier", "best actual tier of a member, 0 without value; null when none may be profiled")
            .optional(),
        text("worst_band", "worst attrition band of a member: lost, high_risk, at_risk, cooling, new or active")
            .optional(),
        bigint("leaving", "members who are dormant or lost"),
        money("value_at_risk_e4", "value at risk of the members"),
        bigint("contacts_90d", "contacts of the last 90 days"),
        bigint("sends_30d", "our contacts of the last 30 days"),
        instant("last_contact_us", "when the last contact with any began").optional(),
        bigint("open_complaints", "complaints that are not solved"),
        integer("oldest_complaint_days", "age of the oldest of them").optional(),
    ]
}

/// What may be done with members as a whole.
fn permissions() -> Vec<Column> {
    vec![
        bigint("closed", "members who left us formally"),
        bigint("objections", "members who may not be profiled"),
        text(
            "consent_email",
            "the most restrictive member's, for marketing: denied, expired, unknown, granted; closed",
        ),
        text("consent_sms", "the same for text messages"),
        text("consent_phone", "the same for calls"),
        text("consent_post", "the same for letters"),
        text("consent_push", "the same for push messages"),
    ]
}

fn group(name: &'static str, row: &'static str, key: &'static str, own: Vec<Column>) -> Table {
    Table::new(name, row, &[key], [own, figures(), permissions()].concat())
}

fn persons() -> Table {
    let own = vec![
        text("person_id", "the first id of the person, as customers has it"),
        text("id_rule", "the rules that link the ids, separated by a blank"),
        bigint("households", "households that the ids are in; more than one is worth a look"),
    ];
    group("persons", "one person with several ids", "person_id", own)
}

fn households() -> Table {
    group("households", "one household", "household_id", vec![text("household_id", "the household")])
}

fn accounts() -> Table {
    let own = vec![
        text("account_id", "the account"),
        text("decision_maker_id", "the member who decides; of several, who buys most").optional(),
        bigint("decision_makers", "members who decide and have not left us"),
    ];
    group("accounts", "one account", "account_id", own)
}

fn group_totals() -> Table {
    Table::new(
        "group_totals",
        "all customers who are alike in being in a group with others or not",
        &["kind", "part"],
        vec![
            text("kind", "person, household or account"),
            text("part", "several (groups of two and more), one (of a single member) or none (in no group)"),
            bigint("groups", "groups"),
            bigint("customers", "customers"),
            bigint("orders", "qualifying orders"),
            money("net_revenue_e4", "net revenue"),
            money("margin_known_e4", "gross margin of the customers whose costs are known"),
            bigint("margin_unknown", "customers whose costs are not known"),
            money("value_e4", "the measure of value, over the value window"),
            bigint("contacts_90d", "contacts of the last 90 days"),
            bigint("open_complaints", "complaints that are not solved"),
        ],
    )
}
