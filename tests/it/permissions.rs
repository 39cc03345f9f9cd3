//! Consent, contact rules and targets on exports that are small enough to reason about.

use std::fs;
use std::path::Path;

use jiff::civil::{Date, date};
use patronage::pipeline::RunOptions;
use tempfile::TempDir;

use crate::run_support::{ask_run, run_file};

const PIPELINE: &str = r#"[project]
name = "shop"
currency = "EUR"
time_zone = "Europe/Berlin"

[inputs.transactions]
files = ["orders.csv"]
[inputs.transactions.columns]
customer_id = "customer"
ts = "ts"
amount = "amount"

[inputs.customers]
files = ["customers.csv"]
[inputs.customers.columns]
customer_id = "customer"
household_id = "household"
account_id = "account"
profiling_opt_out = "no_profiling"
closed = "closed"

[inputs.products]
files = ["products.csv"]
[inputs.products.columns]
product_id = "product"
stock = "stock"

[inputs.consents]
files = ["consents.csv"]
[inputs.consents.columns]
customer_id = "customer"
channel = "channel"
purpose = "purpose"
status = "status"
ts = "ts"
double_opt_in = "double"
expires_at = "expires"

[inputs.contacts_sent]
files = ["sent.csv"]
[inputs.contacts_sent.columns]
campaign_id = "campaign"
customer_id = "customer"
arm = "arm"
channel = "channel"
sent = "ts"
unsubscribed = "unsubscribed"

[inputs.interactions]
files = ["contacts.csv"]
[inputs.interactions.columns]
interaction_id = "contact"
customer_id = "customer"
channel = "channel"
direction = "direction"
ts_start = "ts"
ts_answer = "answered"
agent_id = "agent"
complaint = "complaint"
complaint_id = "complaint_id"
resolved = "resolved"
"#;

/// Lines of the exports, without their headers. Each customer named buys once, long ago.
#[derive(Default)]
struct Shop {
    /// `customer,household,account,no_profiling,closed`
    customers: Vec<&'static str>,
    /// `product,stock`
    products: Vec<&'static str>,
    /// `customer,channel,purpose,status,ts,double,expires`
    consents: Vec<&'static str>,
    /// `campaign,customer,arm,channel,ts,unsubscribed`
    sent: Vec<&'static str>,
    /// `contact,customer,channel,direction,ts,answered,agent,complaint,complaint_id,resolved`
    contacts: Vec<&'static str>,
    /// Appended to the pipeline file.
    decisions: &'static str,
}

impl Shop {
    /// The rows of an answer over these tables, made as of a day.
    fn ask(&self, as_of: Date, tables: &[&str], sql: &str) -> Vec<String> {
        let folder = TempDir::new().unwrap();
        let write = |name: &str, header: &str, lines: &[&str]| {
            let lines: Vec<&str> = std::iter::once(header).chain(lines.iter().copied()).collect();
            fs::write(folder.path().join(name), lines.join("\n") + "\n").unwrap();
        };
        let buys = |line: &&&str| format!("{},2023-01-01T12:00:00Z,10.00", line.split(',').next().unwrap());
        let orders: Vec<String> = self.customers.iter().collect::<Vec<_>>().iter().map(buys).collect();
        write("orders.csv", "customer,ts,amount", &orders.iter().map(String::as_str).collect::<Vec<_>>());
        write("customers.csv", "customer,household,account,no_profiling,closed", &self.customers);
        write("products.csv", "product,stock", &self.products);
        write("consents.csv", "customer,channel,purpose,status,ts,double,expires", &self.consents);
        write("sent.csv", "campaign,customer,arm,channel,ts,unsubscribed", &self.sent);
        write(
            "contacts.csv",
            "contact,customer,channel,direction,ts,answered,agent,complaint,complaint_id,resolved",
            &self.contacts,
        );
        let path = folder.path().join("patronage.toml");
        fs::write(&path, format!("{PIPELINE}{}", self.decisions)).unwrap();
        ask_made(&path, as_of, tables, sql)
    }
}

fn ask_made(path: &Path, as_of: Date, tables: &[&str], sql: &str) -> Vec<String> {
    let only = tables.iter().map(|table| (*table).to_owned()).collect();
    let summary = run_file(path, &RunOptions { as_of: Some(as_of), only, ..RunOptions::default() });
    ask_run(&summary.folder, sql).into_iter().map(|row| row.join(" ")).collect()
}

const MARCH: Date = date(2024, 3, 1);

#[test]
fn the_latest_statement_that_applies_holds() {
    let shop = Shop {
        customers: vec!["c01,,,,"],
        consents: vec![
            "c01,email,,granted,2024-01-01T10:00:00Z,true,",
            // Taken back; given back.
            "c02,email,,granted,2024-01-01T10:00:00Z,,",
            "c02,email,,denied,2024-01-02T10:00:00Z,,",
            "c03,email,,denied,2024-01-01T10:00:00Z,,",
            "c03,email,,granted,2024-01-02T10:00:00Z,,",
            // At one instant, the denial counts.
            "c04,email,,denied,2024-01-01T10:00:00Z,,",
            "c04,email,,granted,2024-01-01T11:00:00+01:00,,",
            // March begins in Berlin at 23:00 UTC.
            "c05,email,,granted,2024-01-01T10:00:00Z,,2024-02-29T23:00:00Z",
            "c06,email,,granted,2024-01-01T10:00:00Z,,2024-02-29T23:00:01Z",
            // A statement for one purpose says nothing of another, one without holds for all.
            "c07,email,marketing,granted,2024-01-01T10:00:00Z,,",
            "c07,email,service,denied,2024-01-02T10:00:00Z,,",
            "c08,email,marketing,granted,2024-01-01T10:00:00Z,,",
            "c08,email,,denied,2024-01-02T10:00:00Z,,",
            "c09,email,,denied,2024-01-01T10:00:00Z,,",
            "c09,email,marketing,granted,2024-01-02T10:00:00Z,,",
            // Another channel.
            "c10,sms,,denied,2024-01-01T10:00:00Z,,",
            "c11,email,,granted,2024-01-01T10:00:00Z,,",
            "c11,sms,,granted,2024-01-01T10:00:00Z,,",
            "c12,email,,granted,2024-01-06T10:00:00Z,,",
            // Said in the night that as_of begins with, and so not yet.
            "c14,email,,granted,2024-02-29T23:00:00Z,,",
            // The later grant, which ran out, and not the earlier one without an end.
            "c15,email,,granted,2024-01-01T10:00:00Z,,",
            "c15,email,,granted,2024-01-02T10:00:00Z,,2024-02-01T10:00:00Z",
            "c16,email,,granted,2024-01-05T10:00:00Z,,",
        ],
        sent: vec![
            "old,c11,treat,email,2024-01-05T10:00:00Z,true",
            "old,c12,treat,email,2024-01-05T10:00:00Z,true",
            "old,c13,treat,email,2024-01-05T10:00:00Z,false",
            // An opt-out at the very instant of the grant.
            "old,c16,treat,email,2024-01-05T10:00:00Z,true",
        ],
        decisions: "[campaigns.notice]\nwhere = \"orders > 0\"\nchannel = \"email\"\npurpose = \"service\"\n",
        ..Shop::default()
    };
    let sql = "SELECT customer_id, channel, purpose, status, consent_basis FROM customer_consents \
               ORDER BY customer_id, channel, purpose";
    let said = shop.ask(MARCH, &["customer_consents"], sql);
    let expected = [
        "c01 email marketing granted double_opt_in",
        "c01 email service granted double_opt_in",
        "c02 email marketing denied opt_out",
        "c02 email service denied opt_out",
        "c03 email marketing granted opt_in",
        "c03 email service granted opt_in",
        "c04 email marketing denied opt_out",
        "c04 email service denied opt_out",
        "c05 email marketing expired opt_in",
        "c05 email service expired opt_in",
        "c06 email marketing granted opt_in",
        "c06 email service granted opt_in",
        "c07 email marketing granted opt_in",
        "c07 email service denied opt_out",
        "c08 email marketing denied opt_out",
        "c08 email service denied opt_out",
        "c09 email marketing granted opt_in",
        "c09 email service denied opt_out",
        "c10 sms marketing denied opt_out",
        "c11 email marketing denied unsubscribed",
        "c11 email service denied unsubscribed",
        "c11 sms marketing granted opt_in",
        "c12 email marketing granted opt_in",
        "c12 email service granted opt_in",
        "c15 email marketing expired opt_in",
        "c15 email service expired opt_in",
        "c16 email marketing denied unsubscribed",
        "c16 email service denied unsubscribed",
    ];
    assert_eq!(said, expected);
}

const RULES: &str = r#"
[[contact_rules]]
name = "month"
channels = ["email"]
max = 1
calendar = "month"

[[contact_rules]]
name = "letters"
scope = "household"
channels = ["post"]
blocks = ["post", "phone"]
max = 1
window_days = 31

[[contact_rules]]
name = "accounts"
scope = "account"
channels = ["phone"]
purpose = "marketing"
max = 1
window_days = 7

[[contact_rules]]
name = "agent"
channels = ["phone", "visit"]
blocks = ["email"]
max = 0
window_days = 60
count_inbound = true

[campaigns.known_service]
where = "orders > 0"
purpose = "service"
"#;

#[test]
fn windows_are_rolling_or_of_the_calendar_and_days_say_when_they_are_free() {
    let shop = Shop {
        customers: vec![
            "e1,,,,", "e2,,,,", "e3,,,,", "h1,H,,,", "h2,H,,,", "h3,,,,", "a1,,A,,", "a2,,A,,", "a3,,B,,", "g1,,,,",
            "g2,,,,", "g3,,,,", "H,,,,",
        ],
        sent: vec![
            // The month of February is over in March, and not on its last day.
            "c,e1,treat,email,2024-02-01T10:00:00Z,",
            // Only a control: nothing was sent.
            "c,e2,control,email,2024-02-28T10:00:00Z,",
            // Sent after midnight in Berlin.
            "c,e3,treat,email,2024-02-28T23:30:00Z,",
            // A second letter to the household blocks calls too: 31 days before the first of March begin on the last of January.
            "c,h1,treat,post,2024-01-30T10:00:00Z,",
            "c,h1,treat,post,2024-01-31T10:00:00Z,",
            "c,h2,treat,post,2024-02-10T10:00:00Z,",
            "c,h3,treat,post,2024-02-10T10:00:00Z,",
            // A call to the account; one for another purpose does not count.
            "c,a1,treat,phone,2024-02-26T10:00:00Z,",
            "known_service,a3,treat,phone,2024-02-26T10:00:00Z,",
        ],
        contacts: vec![
            // A call of theirs that was answered counts for the agent's rule, one that was not does not.
            "1,g1,phone,in,2024-02-20T10:00:00Z,2024-02-20T10:01:00Z,,,,",
            "2,g2,phone,in,2024-02-20T10:00:00Z,,,,,",
            // An attempt of ours counts.
            "3,g3,visit,out,2024-01-01T10:00:00Z,,,,,",
        ],
        decisions: RULES,
        ..Shop::default()
    };
    let sql = "SELECT customer_id, CAST(next_allowed_email_date AS VARCHAR) AS e, \
               CAST(next_allowed_call_date AS VARCHAR) AS c, sends_7d, sends_30d \
               FROM customer_permissions ORDER BY customer_id";
    let expected = |lines: &str| -> Vec<String> { lines.lines().map(|line| line.trim().to_owned()).collect() };
    assert_eq!(
        shop.ask(MARCH, &["customer_permissions"], sql),
        expected(
            "H 2024-03-01 2024-03-01 0 0
             a1 2024-04-26 2024-03-04 1 1
             a2 2024-03-01 2024-03-04 0 0
             a3 2024-04-26 2024-03-01 1 1
             e1 2024-03-01 2024-03-01 0 1
             e2 2024-03-01 2024-03-01 0 0
             e3 2024-03-01 2024-03-01 1 1
             g1 2024-04-20 2024-03-01 0 0
             g2 2024-03-01 2024-03-01 0 0
             g3 2024-03-01 2024-03-01 0 0
             h1 2024-03-01 2024-03-02 0 1
             h2 2024-03-01 2024-03-02 0 1
             h3 2024-03-01 2024-03-01 0 1"
        )
    );
    // The last of February: the month is not over, and e3's mail is of that very day and not yet read.
    assert_eq!(
        shop.ask(date(2024, 2, 29), &["customer_permissions"], &format!("{sql} LIMIT 13")),
        expected(
            "H 2024-02-29 2024-02-29 0 0
             a1 2024-04-26 2024-03-04 1 1
             a2 2024-02-29 2024-03-04 0 0
             a3 2024-04-26 2024-02-29 1 1
             e1 2024-03-01 2024-02-29 0 1
             e2 2024-02-29 2024-02-29 0 0
             e3 2024-02-29 2024-02-29 0 0
             g1 2024-04-20 2024-02-29 0 0
             g2 2024-02-29 2024-02-29 0 0
             g3 2024-03-01 2024-02-29 0 0
             h1 2024-02-29 2024-03-02 0 2
             h2 2024-02-29 2024-03-02 0 1
             h3 2024-02-29 2024-02-29 0 1"
        )
    );
}

#[test]
fn everybody_has_an_arm_or_the_first_reason_against_one() {
    let shop = Shop {
        customers: vec![
            "ok,,,,",
            "closed,,,,2024-02-01T10:00:00Z",
            "later,,,,2024-06-01T10:00:00Z",
            "denied,,,,",
            "silent,,,,",
            "private,,,true,",
            "angry,,,,",
            "calmed,,,,",
            "old_anger,,,,",
            "full,,,,",
        ],
        products: vec!["none,0", "some,3", "unknown,"],
        consents: vec![
            "ok,email,,granted,2024-01-01T10:00:00Z,,",
            "closed,email,,granted,2024-01-01T10:00:00Z,,",
            "later,email,,granted,2024-01-01T10:00:00Z,,",
            "denied,email,,denied,2024-01-01T10:00:00Z,,",
            "private,email,,granted,2024-01-01T10:00:00Z,,",
            "angry,email,,granted,2024-01-01T10:00:00Z,,",
            "calmed,email,,granted,2024-01-01T10:00:00Z,,",
            "old_anger,email,,granted,2024-01-01T10:00:00Z,,",
            "full,email,,granted,2024-01-01T10:00:00Z,,",
        ],
        sent: vec!["c,full,treat,email,2024-02-29T10:00:00Z,"],
        contacts: vec![
            "1,angry,chat,in,2024-02-01T10:00:00Z,2024-02-01T10:01:00Z,,true,,false",
            "2,calmed,chat,in,2024-02-01T10:00:00Z,2024-02-01T10:01:00Z,,true,Q1,",
            "3,calmed,chat,in,2024-02-02T10:00:00Z,2024-02-02T10:01:00Z,,true,Q1,true",
            "4,old_anger,chat,in,2023-10-01T10:00:00Z,2023-10-01T10:01:00Z,,true,,false",
        ],
        decisions: r#"
[[contact_rules]]
name = "weekly"
channels = ["email"]
max = 1
window_days = 7

[campaigns.a_mail]
where = "orders > 0"
channel = "email"
product_id = "some"

[campaigns.b_legal]
where = "orders > 0"
channel = "email"
purpose = "legal"
consent = "not_required"
profiling = false
open_complaint_days = 0
priority = 1

[campaigns.c_empty_shelf]
where = "orders > 0"
channel = "email"
product_id = "none"

[campaigns.d_no_channel]
where = "customer_id = 'ok'"
"#,
        ..Shop::default()
    };
    let sql = "SELECT campaign_id, customer_id, arm, COALESCE(suppression_reason, '-') AS r, \
               CASE WHEN score IS NULL THEN 'unscored' ELSE 'scored' END AS s, COALESCE(consent_basis, '-') AS b \
               FROM campaign_targets ORDER BY campaign_id, customer_id";
    let rows = shop.ask(MARCH, &["campaign_targets"], sql);
    let of = |campaign: &str| -> Vec<&str> {
        let rows = rows.iter().filter_map(|row| row.strip_prefix(campaign)?.strip_prefix(' '));
        rows.collect()
    };
    assert_eq!(
        of("a_mail"),
        [
            "angry suppressed complaint_open scored opt_in",
            "calmed suppressed outranked:b_legal scored opt_in",
            "closed suppressed closed scored opt_in",
            "denied suppressed no_consent:denied scored opt_out",
            "full suppressed cap:weekly scored opt_in",
            "later suppressed outranked:b_legal scored opt_in",
            "ok suppressed outranked:b_legal scored opt_in",
            "old_anger suppressed outranked:b_legal scored opt_in",
            "private suppressed profiling_opt_out unscored opt_in",
            "silent suppressed no_consent:unknown scored -",
        ]
    );
    assert_eq!(
        of("b_legal"),
        [
            "angry treat - scored opt_in",
            "calmed treat - scored opt_in",
            "closed suppressed closed scored opt_in",
            "denied suppressed no_consent:denied scored opt_out",
            "full suppressed cap:weekly scored opt_in",
            "later treat - scored opt_in",
            "ok treat - scored opt_in",
            "old_anger treat - scored opt_in",
            "private treat - unscored opt_in",
            "silent treat - scored not_required",
        ]
    );
    let shelf = of("c_empty_shelf");
    assert_eq!(shelf.iter().filter(|row| row.contains("out_of_stock")).count(), 5, "{shelf:?}");
    assert_eq!(of("d_no_channel"), ["ok suppressed no_channel scored -"]);
    // Without a score, they come last.
    let sql = "SELECT rank FROM campaign_targets WHERE campaign_id = 'b_legal' AND customer_id = 'private'";
    assert_eq!(shop.ask(MARCH, &["campaign_targets"], sql), ["10"]);
}
