//! Customers who are one person: from the export to the table, without a trace of what links them.

use std::fs;

use jiff::civil::date;
use patronage::pipeline::RunOptions;

use crate::ingest_support::Shop;
use crate::run_support::{ask_run, run_file};

const INPUTS: &str = r#"
[inputs.transactions]
files = ["tx.csv"]
columns = { customer_id = "customer", ts = "ts", amount = "amount" }

[inputs.customers]
files = ["customers.csv"]
columns = { customer_id = "id", email = "mail", email_verified = "sure", phone = "tel" }
"#;

const CUSTOMERS: &str = "id,mail,sure,tel\n\
    a,Ann@Example.com,true,030 123456\n\
    b, ann@example.COM ,true,\n\
    c,,,+49 (0) 30 123456\n\
    d,dan@example.com,true,\n\
    e,dan@example.com,false,\n\
    f,,,0800 1\n\
    g,,,0800 11\n\
    s1,,,0800 1111111\n\
    s2,,,0800 1111111\n\
    s3,,,0800 1111111\n\
    s4,,,0800 1111111\n";

#[test]
fn customers_are_linked_by_what_they_share_and_the_rest_is_for_review() {
    let shop = Shop::new(INPUTS);
    shop.write("tx.csv", "customer,ts,amount\na,2026-01-01 10:00:00,5.00\n");
    shop.write("customers.csv", CUSTOMERS);
    let text = |country: &str| format!("[project]\n{}\n{}\n[identity]\n{country}\n", shop.project, shop.inputs);
    let run = |country: &str| {
        fs::write(shop.path("patronage.toml"), text(country)).unwrap();
        let only = vec!["identity_links".to_owned()];
        let options = RunOptions { as_of: Some(date(2026, 2, 1)), only, force: true, ..RunOptions::default() };
        run_file(&shop.path("patronage.toml"), &options).folder
    };
    let sql = "SELECT customer_id, rule_id, person_id, status, reason, customers, shared_with FROM identity_links";
    let ask =
        |country: &str| -> Vec<String> { ask_run(&run(country), sql).into_iter().map(|row| row.join(" ")).collect() };
    let found = ask("default_country_code = '49'");
    assert_eq!(
        found,
        [
            "a shared_email a linked linked 2 a",
            "a shared_phone a linked linked 2 a",
            "b shared_email a linked linked 2 a",
            "c shared_phone a linked linked 2 a",
            "d shared_email d review unverified 2 d",
            "e shared_email e review unverified 2 d",
            "s1 shared_phone s1 review shared_by_many 4 s1",
            "s2 shared_phone s2 review shared_by_many 4 s1",
            "s3 shared_phone s3 review shared_by_many 4 s1",
            "s4 shared_phone s4 review shared_by_many 4 s1",
        ]
    );
    // Without a country, numbers that name none say nothing.
    assert_eq!(ask("")[..2], ["a shared_email a linked linked 2 a", "b shared_email a linked linked 2 a"]);

    // What links them is personal, and is nowhere in what the run leaves.
    let folder = run("default_country_code = '49'");
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            for secret in ["example.com", "30123456", "08001111111", "8001111111"] {
                let holds = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
                assert!(!holds, "{secret} in {}", path.display());
            }
        }
    }
}
