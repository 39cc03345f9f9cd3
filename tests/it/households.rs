//! Persons with several ids, households and accounts: what they are together, how they are contacted, and that nothing of a
//! customer is lost or counted twice.

use std::fmt::Write as _;
use std::fs;

use jiff::civil::date;
use patronage::pipeline::RunOptions;

use crate::run_support::{Run, ask_run, run_file, run_in, run_only, sample};

/// A pipeline file over these exports, whose columns go by their own names.
fn shop(exports: &[(&str, &str)], settings: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "[project]\nname = \"small\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n".to_owned();
    for (input, export) in exports {
        fs::write(folder.path().join(format!("{input}.csv")), export).unwrap();
        write!(text, "\n[inputs.{input}]\nfiles = [\"{input}.csv\"]\n\n[inputs.{input}.columns]\n").unwrap();
        for name in export.lines().next().unwrap().split(',') {
            writeln!(text, "{name} = \"{name}\"").unwrap();
        }
    }
    (folder, format!("{text}\n{settings}\n"))
}

const ORDERS: &str = "customer_id,order_id,ts,amount,cost
a1,o1,2025-06-01,100,60
a1,o2,2025-06-03,50,30
a2,o3,2025-06-02,30,20
a3,o4,2025-06-05,200,150
b1,o5,2025-06-04,40,
c1,o6,2025-06-07,10,5
";

/// a1 and a3 are one person; b2 decides no more.
const CUSTOMERS: &str = "customer_id,household_id,account_id,account_role,email,email_verified,profiling_opt_out,closed
a1,h1,acc,buyer,ann@x.de,true,,
a2,h1,acc,decision_maker,ben@x.de,true,,
a3,h2,,,ann@x.de,true,,
b1,h2,,,bob@x.de,true,true,
b2,,acc,decision_maker,,,,2025-01-01T00:00:00Z
c1,,,,,,,
";

const CONSENTS: &str = "customer_id,channel,status,ts
a1,email,granted,2025-01-01T00:00:00Z
a2,email,granted,2025-01-01T00:00:00Z
a3,email,granted,2025-01-01T00:00:00Z
a1,post,granted,2025-01-01T00:00:00Z
a2,post,denied,2025-01-01T00:00:00Z
";

fn groups() -> Run {
    let exports = [("transactions", ORDERS), ("customers", CUSTOMERS), ("consents", CONSENTS)];
    let (folder, text) = shop(&exports, "");
    run_in(folder, &text)
}

#[test]
fn groups_are_what_their_members_are_together() {
    let run = groups();
    let figures = "customers, buyers, CAST(first_order_date AS VARCHAR) AS f, CAST(last_order_date AS VARCHAR) AS l, orders, \
                   net_revenue, COALESCE(CAST(gross_margin AS VARCHAR), '-') AS m, margin_unknown, main_customer_id, \
                   ROUND(main_share, 4) AS share, closed, objections, consent_email, consent_post, consent_sms";
    let of = |own: &str, table: &str| -> Vec<String> {
        let rows = run.ask(&format!("SELECT {own}, {figures} FROM {table} ORDER BY main_customer_id"));
        rows.into_iter().map(|row| row.join(" ")).collect()
    };
    // h2's margin is not known, because b1's is not. a2's denial of letters is that of the household and of the account.
    assert_eq!(
        of("household_id", "households"),
        [
            "h1 2 2 2025-06-01 2025-06-03 3 180.0000 70.0000 0 a1 0.8333 0 0 granted denied unknown",
            "h2 2 2 2025-06-04 2025-06-05 2 240.0000 - 1 a3 0.8333 0 1 unknown unknown unknown",
        ]
    );
    // b2 left: nobody waits for their consent.
    assert_eq!(
        of("account_id, decision_maker_id, decision_makers", "accounts"),
        ["acc a2 1 3 2 2025-06-01 2025-06-03 3 180.0000 70.0000 0 a1 0.8333 1 0 granted denied unknown"]
    );
    assert_eq!(
        of("person_id, id_rule, households", "persons"),
        ["a1 shared_email 2 2 2 2025-06-01 2025-06-05 3 350.0000 110.0000 0 a3 0.5714 0 0 granted unknown unknown"]
    );
    let sql = "SELECT customer_id, person_id, COALESCE(id_rule, '-') AS rule, net_revenue FROM customers ORDER BY customer_id";
    let rows: Vec<String> = run.ask(sql).into_iter().map(|row| row.join(" ")).collect();
    // What each id bought stays its own.
    assert_eq!(
        rows,
        [
            "a1 a1 shared_email 150.0000",
            "a2 a2 - 30.0000",
            "a3 a1 shared_email 200.0000",
            "b1 b1 - 40.0000",
            "b2 b2 - 0.0000",
            "c1 c1 - 10.0000",
        ]
    );
    let sql = "SELECT kind, part, groups, customers, orders, net_revenue, margin_known, margin_unknown FROM group_totals \
               ORDER BY kind, part";
    let rows: Vec<String> = run.ask(sql).into_iter().map(|row| row.join(" ")).collect();
    assert_eq!(
        rows,
        [
            "account none 0 3 3 250.0000 55.0000 1",
            "account several 1 3 3 180.0000 70.0000 0",
            "household none 0 2 1 10.0000 5.0000 0",
            "household several 2 4 5 420.0000 120.0000 1",
            "person none 0 4 3 80.0000 15.0000 1",
            "person several 1 2 3 350.0000 110.0000 0",
        ]
    );
}

#[test]
fn sums_over_groups_are_sums_over_customers() {
    let folder = sample();
    let text = fs::read_to_string(folder.path().join("patronage.toml")).unwrap();
    let run = run_only(folder, &text, &["customers", "households", "group_totals"]);
    let sums = "SUM(customers) AS c, SUM(orders) AS o, SUM(net_revenue) AS r, SUM(margin_known) AS m, \
                SUM(margin_unknown) AS u, SUM(value) AS v, SUM(contacts_90d) AS k, SUM(open_complaints) AS q";
    let all = "SELECT COUNT(*) AS c, SUM(orders) AS o, SUM(net_revenue) AS r, SUM(COALESCE(gross_margin, 0)) AS m, \
               SUM(CASE WHEN margin_status = 'cost_unknown' THEN 1 ELSE 0 END) AS u, SUM(value) AS v, \
               SUM(contacts_90d) AS k, SUM(open_complaints) AS q FROM customers";
    let customers = run.ask(all);
    for kind in ["person", "household", "account"] {
        assert_eq!(run.ask(&format!("SELECT {sums} FROM group_totals WHERE kind = '{kind}'")), customers, "{kind}");
    }
    // The sample has households, so that this holds of something.
    let of = |table: &str| {
        let all = "SUM(orders) AS o, SUM(net_revenue) AS r, SUM(net_revenue_12m) AS y, SUM(value) AS v, SUM(cost_to_serve) AS s, \
                   SUM(marketing_cost) AS m, SUM(contacts_90d) AS k, SUM(sends_30d) AS t, SUM(open_complaints) AS q, \
                   MIN(first_order_date) AS f, MAX(last_order_date) AS l";
        run.ask(&format!("SELECT {all} FROM {table}"))
    };
    assert_eq!(of("households"), of("customers WHERE household_id IS NOT NULL"));
    assert_ne!(run.value("SELECT COUNT(*) AS n FROM households WHERE customers > 1"), "0");
}

/// Pairs of ids with one address: p and q; s and t, of whom the first denied e-mail; u complained; v objected. r is alone.
const PAIRS: [&str; 11] = ["p1", "p2", "q1", "q2", "s1", "s2", "t1", "t2", "u1", "u2", "v1"];

fn contacts(settings: &str) -> Vec<String> {
    let ids: Vec<&str> = PAIRS.into_iter().chain(["v2", "r"]).collect();
    let mut customers = "customer_id,household_id,email,profiling_opt_out\n".to_owned();
    let mut orders = "customer_id,ts,amount\n".to_owned();
    for (place, id) in ids.iter().enumerate() {
        let objection = if *id == "v1" { "true" } else { "" };
        writeln!(customers, "{id},home of {id},{}@x.de,{objection}", &id[..1]).unwrap();
        writeln!(orders, "{id},2025-01-01,{}", 10 + place).unwrap();
    }
    let consents = "customer_id,channel,status,ts\n\
        s1,email,denied,2025-02-01T00:00:00Z\ns2,email,granted,2025-01-01T00:00:00Z\n\
        t1,email,denied,2025-02-01T00:00:00Z\nt2,email,granted,2025-03-01T00:00:00Z\n";
    let sent = "campaign_id,customer_id,channel,sent\nold,q1,email,2025-03-08T00:00:00Z\n";
    let calls = "interaction_id,customer_id,channel,direction,ts_start,complaint,resolved\n\
        k,u1,phone,in,2025-03-01T00:00:00Z,true,false\n";
    let exports = [
        ("transactions", orders.as_str()),
        ("customers", &customers),
        ("consents", consents),
        ("contacts_sent", sent),
        ("interactions", calls),
    ];
    let campaign = "[campaigns.spring]\nwhere = \"orders > 0\"\nrank_by = \"net_revenue\"\nchannel = \"email\"\n\
        consent = \"not_required\"\n[[contact_rules]]\nname = \"weekly\"\nchannels = [\"email\"]\nmax = 1\nwindow_days = 7\n";
    let (folder, text) = shop(&exports, &format!("{campaign}{settings}"));
    fs::write(folder.path().join("patronage.toml"), text).unwrap();
    let only = vec!["campaign_targets".to_owned()];
    let options = RunOptions { as_of: Some(date(2025, 3, 10)), only, ..RunOptions::default() };
    let summary = run_file(&folder.path().join("patronage.toml"), &options);
    let sql = "SELECT customer_id, COALESCE(suppression_reason, arm) AS verdict, bucket FROM campaign_targets ORDER BY customer_id";
    ask_run(&summary.folder, sql).into_iter().map(|row| row.join(" ")).collect()
}

/// Verdicts without buckets.
fn verdicts(targets: &[String]) -> Vec<&str> {
    targets.iter().map(|row| row.rsplit_once(' ').unwrap().0).collect()
}

/// The buckets of these customers, each once.
fn buckets(targets: &[String], ids: &[&str]) -> Vec<String> {
    let of = |row: &&String| ids.iter().any(|id| row.starts_with(&format!("{id} ")));
    let mut found: Vec<String> =
        targets.iter().filter(of).map(|row| row.rsplit_once(' ').unwrap().1.to_owned()).collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn one_person_with_two_ids_is_contacted_once() {
    let together = contacts("");
    assert_eq!(
        verdicts(&together),
        [
            "p1 outranked:spring",
            "p2 treat",
            "q1 cap:weekly",
            "q2 cap:weekly",
            "r treat",
            "s1 no_consent:denied",
            "s2 no_consent:denied_by_other_id",
            "t1 no_consent:denied",
            // Granted under this id after the denial under the other.
            "t2 treat",
            "u1 complaint_open",
            "u2 complaint_open",
            "v1 profiling_opt_out",
            "v2 profiling_opt_out",
        ]
    );
    let apart = contacts("[identity]\ncount_together = false");
    assert_eq!(
        verdicts(&apart),
        [
            "p1 treat",
            "p2 treat",
            "q1 cap:weekly",
            "q2 treat",
            "r treat",
            "s1 no_consent:denied",
            "s2 treat",
            "t1 no_consent:denied",
            "t2 treat",
            "u1 complaint_open",
            "u2 treat",
            "v1 profiling_opt_out",
            "v2 treat",
        ]
    );
}

#[test]
fn one_person_has_one_arm_and_so_have_the_households_they_join() {
    for targets in [contacts(""), contacts("[identity]\ncount_together = false")] {
        assert_eq!(buckets(&targets, &["p1", "p2"]).len(), 1);
        assert_eq!(buckets(&targets, &["p1", "r"]).len(), 2);
    }
    assert_eq!(buckets(&contacts("[experiments]\nunit = \"customer\""), &["p1", "p2"]).len(), 2);
    // p1 and p2 live in two households: these share an arm, and it is that of the first of the two.
    let targets = contacts("[experiments]\nunit = \"household\"");
    assert_eq!(buckets(&targets, &["p1", "p2"]).len(), 1);
    assert_eq!(buckets(&targets, &["p1", "r"]).len(), 2);
}

#[test]
fn each_contact_of_a_row_took_its_time_and_gave_its_satisfaction() {
    let orders = "customer_id,ts,amount\na,2025-06-01,10\n";
    // Three calls of 90 seconds at 5 points and one of 30 at 1: 300 seconds, a mean of 4. The cost is the row's.
    let calls = "interaction_id,customer_id,channel,ts_start,talk_s,satisfaction,cost,count\n\
        1,a,phone,2025-06-01,90,5,6,3\n2,a,phone,2025-06-01,30,1,2,1\n";
    let (folder, text) = shop(&[("transactions", orders), ("interactions", calls)], "");
    let run = run_in(folder, &text);
    let sql = "SELECT contacts, contact_minutes, cost_to_serve FROM effort_value WHERE kind = 'all'";
    assert_eq!(run.ask(sql), [["4", "5.0000", "8.0000"]]);
    assert_eq!(run.ask("SELECT csat_n, csat_mean, cost_to_serve FROM customers"), [["4", "4.0000", "8.0000"]]);
    // As the contact centre counts them.
    let sql = "SELECT contacts, handle_s, csat_n, csat, cost FROM contact_centre_summary WHERE cut = 'all' AND period_kind = 'window'";
    assert_eq!(run.ask(sql), [["4", "300.0000", "4", "4.0", "8.0000"]]);
}
