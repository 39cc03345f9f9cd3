//! Unknown callers: whose number they used, from when on that may be said, and that all of them are counted.

use std::fs;

use jiff::civil::date;
use patronage::pipeline::RunOptions;

use crate::ingest_support::Shop;
use crate::run_support::{ask_run, run_file};

const PIPELINE: &str = r#"
[inputs.transactions]
files = ["orders.csv"]
columns = { customer_id = "customer", ts = "ts", amount = "amount" }

[inputs.customers]
files = ["customers.csv"]
columns = { customer_id = "id", phone = "tel", phone_verified = "sure", email = "mail", signup = "since" }

[inputs.interactions]
files = ["calls.csv"]
[inputs.interactions.columns]
interaction_id = "id"
customer_id = "customer"
channel = "channel"
direction = "direction"
ts_start = "ts"
contact_point = "number"
count = "n"

[identity]
default_country_code = "49"
"#;

/// e1 and e2 are one person; the desk's number is of four.
const CUSTOMERS: &str = "id,tel,sure,mail,since\n\
    a,030 1234567,true,a@x.de,2025-01-01T00:00:00Z\n\
    d,030 333333,false,,2025-01-01T00:00:00Z\n\
    e1,030 444444,true,,\n\
    e2,030 444444,true,,\n\
    f1,030 555555,true,,2025-01-01T00:00:00Z\n\
    f2,030 555555,true,,2025-01-01T00:00:00Z\n\
    f3,030 555555,true,,2025-01-01T00:00:00Z\n\
    f4,030 555555,true,,2025-01-01T00:00:00Z\n";

const CALLS: &str = "id,customer,channel,direction,ts,number,n\n\
    k01,,phone,in,2025-06-01T00:00:00Z,+49 30 1234567,2\n\
    k02,,phone,in,2024-06-01T00:00:00Z,030 1234567,1\n\
    k03,,email,in,2025-06-01T00:00:00Z,A@X.de,1\n\
    k04,,phone,in,2025-06-01T00:00:00Z,030 555555,1\n\
    k05,,phone,in,2025-06-01T00:00:00Z,030 333333,1\n\
    k06,,phone,in,2025-06-01T00:00:00Z,030 999999,1\n\
    k07,,phone,in,2025-06-01T00:00:00Z,anonymous,1\n\
    k08,,phone,in,2025-06-01T00:00:00Z,,1\n\
    k09,,phone,in,2025-03-01T12:00:00Z,030 444444,1\n\
    k10,,phone,in,2025-02-28T12:00:00Z,030 444444,1\n\
    k11,a,phone,in,2025-06-01T00:00:00Z,030 1234567,1\n\
    k12,,phone,out,2025-06-01T00:00:00Z,030 1234567,1\n";

#[test]
fn unknown_callers_are_who_has_the_number_from_when_on_they_were_known() {
    let shop = Shop::new(PIPELINE);
    shop.write("orders.csv", "customer,ts,amount\ne1,2025-03-01T10:00:00Z,5\na,2025-05-01T10:00:00Z,5\n");
    shop.write("customers.csv", CUSTOMERS);
    shop.write("calls.csv", CALLS);
    fs::write(shop.path("patronage.toml"), format!("[project]\n{}\n{}", shop.project, shop.inputs)).unwrap();
    let options = RunOptions { as_of: Some(date(2025, 6, 10)), ..RunOptions::default() };
    let run = run_file(&shop.path("patronage.toml"), &options);
    let ask = |sql: &str| -> Vec<String> { ask_run(&run.folder, sql).into_iter().map(|row| row.join(" ")).collect() };
    assert_eq!(
        ask("SELECT interaction_id, customer_id, rule_id, channel FROM caller_links ORDER BY interaction_id"),
        ["k01 a verified_phone phone", "k03 a verified_email email", "k09 e1 verified_phone phone"]
    );
    // k02 is before a signed up, k10 on the day before e1 first bought. k11 has a name, k12 is ours.
    assert_eq!(
        ask("SELECT status, contacts, customers FROM caller_counts ORDER BY status"),
        [
            "linked 4 2",
            "no_number 1 0",
            "nobody 1 0",
            "not_known_then 2 0",
            "several 1 0",
            "unreadable 1 0",
            "unverified 1 0",
        ]
    );
    // They are told beside the customer's own contacts, and are not among them.
    let sql = "SELECT customer_id, contacts_90d, unnamed_contacts_90d FROM customers WHERE unnamed_contacts_90d + contacts_90d > 0";
    assert_eq!(ask(sql), ["a 1 3"]);
}
