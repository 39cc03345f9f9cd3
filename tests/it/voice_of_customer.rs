//! What customers say, by hand: a shop of six customers whose few contacts can be counted on fingers; and the returns of a real
//! shop.

use std::fs;

use crate::run_support::{Run, real_pipeline, run_in, run_only, without_affinity};

const CONTACTS: &str = "id,customer,begun,reason,complaint,complaint_no,solved,competitor,event,promised,product
1,a,2026-06-20 10:00,delivery,true,K1,false,rival,,2026-06-25,P1
2,a,2026-06-22 10:00,delivery,true,K1,false,,baby,,P1
3,b,2026-03-01 10:00,invoice,true,K2,false,rival,moved,,P2
4,b,2026-03-06 10:00,invoice,,K2,true,,,,
5,,2026-06-30 09:00,invoice,true,,false,rival,,,
6,c,2026-05-01 10:00,,,,,,baby,,
7,c,2026-06-29 10:00,,,,,,baby,,
8,d,2025-12-01 10:00,,,,,,moved,,
9,e,2026-06-01 10:00,,,,,,wedding,,
10,f,2026-06-15 10:00,,,,,,baby,,
";

const SALES: &str = "customer,sale,at,product,paid
b,s1,2026-02-01 12:00,P2,400
c,s2,2026-05-10 12:00,P1,9
a,s3,2026-06-30 12:00,P3,5
";

const PIPELINE: &str = r#"
[project]
name = "by-hand"
currency = "EUR"
time_zone = "UTC"

[inputs.transactions]
files = ["sales.csv"]
columns = { customer_id = "customer", order_id = "sale", ts = "at", product_id = "product", amount = "paid" }

[inputs.products]
files = ["products.csv"]
columns = { product_id = "product", category = "category" }

[inputs.customers]
files = ["customers.csv"]
columns = { customer_id = "customer", profiling_opt_out = "no_profile" }

[inputs.interactions]
files = ["contacts.csv"]

[inputs.interactions.columns]
interaction_id = "id"
customer_id = "customer"
channel = { constant = "phone" }
direction = { constant = "in" }
ts_start = "begun"
agent_id = { constant = "one" }
reason_code = "reason"
complaint = "complaint"
complaint_id = "complaint_no"
resolved = "solved"
competitor_code = "competitor"
life_event_code = "event"
promise_due = "promised"
product_id = "product"

[contact_centre]
defect_reasons = ["delivery"]

[contact_centre.life_events]
baby = "food/baby"
moved = "home"
"#;

fn by_hand() -> Run {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("contacts.csv", CONTACTS);
    write("sales.csv", SALES);
    write("products.csv", "product,category\nP1,food/baby/milk\nP2,home/sofas\nP3,food/babysitters\n");
    write("customers.csv", "customer,no_profile\na,false\nb,false\nc,false\nd,false\ne,false\nf,true\n");
    run_in(folder, &without_affinity(PIPELINE.to_owned()))
}

fn rows(run: &Run, sql: &str) -> Vec<String> {
    run.ask(sql).into_iter().map(|row| row.join(" ")).collect()
}

#[test]
fn every_word_counts_once() {
    let run = by_hand();
    assert_eq!(
        rows(
            &run,
            "SELECT reason, contacts, unidentified, customers, complaints, unsolved, repeats, dissatisfied, \
             dissatisfied_customers FROM voice_of_customer WHERE scope = 'all' ORDER BY reason"
        ),
        ["delivery 2 0 1 2 2 1 2 1", "invoice 3 1 1 3 2 1 3 1", "unknown 5 0 4 0 0 0 0 0"]
    );
    assert_eq!(
        rows(
            &run,
            "SELECT name, reason, rank, contacts, complaints FROM voice_of_customer WHERE scope = 'product' ORDER BY name"
        ),
        ["P1 delivery 1 2 2", "P2 invoice 1 1 1"]
    );
    assert_eq!(
        rows(
            &run,
            "SELECT product_id, lines_sold, lines_returned, contacts, complaints, defects, defect_rate, status \
             FROM product_quality ORDER BY product_id"
        ),
        ["P1 1 0 2 2 2 2.0 too_few", "P2 1 0 1 1 0 0.0 too_few", "P3 1 0 0 0 0 0.0 too_few"]
    );
    // A complaint is one however often it is told; who paid no attention to a promise is overdue.
    assert_eq!(
        rows(
            &run,
            "SELECT reason, state, age_band, complaints, unidentified, customers, overdue, mean_days, oldest_days \
             FROM complaint_ageing ORDER BY reason, state, age_from_days"
        ),
        [
            "all open 0-1 1 1 0 0 0.0 0",
            "all open 8-14 1 0 1 1 10.0 10",
            "all solved 2-7 1 0 1 0 5.0 5",
            "delivery open 8-14 1 0 1 1 10.0 10",
            "invoice open 0-1 1 1 0 0 0.0 0",
            "invoice solved 2-7 1 0 1 0 5.0 5",
        ]
    );
    assert_eq!(
        rows(
            &run,
            "SELECT competitor_code, reason, contacts, complaints, customers, first_date, last_date \
             FROM competitor_mentions ORDER BY reason"
        ),
        [
            "rival all 3 3 2 2026-03-01 2026-06-30",
            "rival delivery 1 1 1 2026-06-20 2026-06-20",
            "rival invoice 2 2 1 2026-03-01 2026-06-30",
        ]
    );
}

#[test]
fn an_event_in_life_is_a_lead_until_it_is_not() {
    let run = by_hand();
    // P3 is of a category that only begins like the one offered; b bought a sofa before the move.
    assert_eq!(
        rows(
            &run,
            "SELECT customer_id, life_event_code, mentions, age_days, category, bought_date, status FROM life_event_leads \
             ORDER BY customer_id"
        ),
        [
            "a baby 1 8 food/baby  open_complaint",
            "b moved 1 121 home  ready",
            "c baby 2 1 food/baby 2026-05-10 bought",
            "d moved 1 211 home  stale",
            "e wedding 1 29   no_offer",
            "f baby 1 15   profiling_opt_out",
        ]
    );
    let fresh: f64 = run.value("SELECT freshness FROM life_event_leads WHERE customer_id = 'b'").parse().unwrap();
    assert!((fresh - 0.5f64.powf(121.0 / 90.0)).abs() < 1e-15);
}

/// 40,025 lines sold and 1,731 refunds of 85,338.69; both together are the shop's net (`shared/data/README.md`).
#[test]
fn returns_of_the_toy_shop() {
    let Some(text) = real_pipeline("fuzzy_factory", |text| text) else {
        eprintln!("skipped: no shared data");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let run = run_only(folder, &format!("{text}\n[contact_centre]\nwindow_days = 3660\n"), &["product_quality"]);
    let sums = "SELECT SUM(lines_sold) AS a, SUM(lines_returned) AS b, CAST(SUM(sold) AS VARCHAR) AS c, \
                CAST(SUM(returned) AS VARCHAR) AS d FROM product_quality";
    assert_eq!(rows(&run, sums), ["40025 1731 1938509.7500 85338.6900"]);
    // The third toy comes back most often: 301 of 4,985.
    assert_eq!(
        rows(&run, "SELECT product_id, lines_sold, lines_returned, status FROM product_quality ORDER BY product_id"),
        ["1 24226 1237 ok", "2 5796 129 ok", "3 4985 301 ok", "4 5018 64 ok"]
    );
    let lower: f64 = run.value("SELECT return_lo FROM product_quality WHERE product_id = '3'").parse().unwrap();
    // scipy.stats.binomtest(301, 4985).proportion_ci(method = 'wilson').
    assert!((lower - 0.054_101_397_907_9).abs() < 1e-12, "{lower}");
}
