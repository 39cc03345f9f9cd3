//! Targets of generated shops, recounted from the exports by code that knows nothing of how they were made.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jiff::civil::{Date, date};
use patronage::config;
use patronage::error::ErrorKind;
use patronage::generate::{GenerateOptions, Layout, generate};
use patronage::monitor::{Cancel, Silent};
use patronage::pipeline::{self, RunOptions};
use tempfile::TempDir;

use crate::run_support::{ask_run, run_file, run_real, sample};

const RULES: &str = include_str!("contact_rules.toml");

/// A day on which contacts of the last campaign weigh on every rule.
const AS_OF: Date = date(2026, 1, 10);

/// A run over a generated shop.
struct Shop {
    folder: TempDir,
    run: std::path::PathBuf,
}

impl Shop {
    fn new(seed: u64, change: impl Fn(String) -> String) -> Shop {
        Shop::with_sql(seed, change, &[])
    }

    /// A run with SQL files of the user's in the place of ours.
    fn with_sql(seed: u64, change: impl Fn(String) -> String, sql: &[(&str, String)]) -> Shop {
        let folder = TempDir::new().unwrap();
        let out = folder.path().join("shop");
        let options = GenerateOptions {
            out: out.clone(),
            customers: 1_500,
            products: 120,
            layout: Layout::Single,
            threads: 2,
            seed,
            ..Default::default()
        };
        generate(&options, &Silent, &Cancel::new()).unwrap();
        let pipeline = out.join("patronage.toml");
        let generated = fs::read_to_string(&pipeline).unwrap();
        // In the place of the campaigns and rules that come with a shop.
        let (inputs, _) = generated.split_once("# --- Campaigns: who is eligible").unwrap();
        let text = change(inputs.to_owned() + RULES);
        fs::write(&pipeline, text).unwrap();
        write_sql(&out, sql);
        let tables = ["campaign_targets", "campaign_counts", "campaign_suppressions", "contact_units", "customers"];
        let only = tables.map(str::to_owned).to_vec();
        let summary = run_file(&pipeline, &RunOptions { as_of: Some(AS_OF), only, ..RunOptions::default() });
        Shop { run: summary.folder, folder }
    }

    fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        ask_run(&self.run, sql)
    }

    /// These columns of an export, up to `as_of`: `time` names the column that says when.
    fn export<const N: usize>(&self, name: &str, time: Option<&str>, columns: [&str; N]) -> Vec<[String; N]> {
        let mut reader = csv::Reader::from_path(self.folder.path().join("shop").join(name)).unwrap();
        let header = reader.headers().unwrap().clone();
        let place = |column: &str| header.iter().position(|name| name == column).unwrap();
        let (time, columns) = (time.map(place), columns.map(place));
        let as_of = AS_OF.to_string();
        let rows = reader.records().map(Result::unwrap);
        let rows = rows.filter(|row| time.is_none_or(|time| row[time] < *as_of));
        rows.map(|row| columns.map(|column| row[column].to_owned())).collect()
    }

    /// What each customer last said on each channel.
    fn consents(&self) -> BTreeMap<(String, String), &'static str> {
        // The latest, and at one instant the denial: 0 is before 1.
        let mut said: BTreeMap<(String, String), (String, u8, &str)> = BTreeMap::new();
        let mut say = |customer, channel, at: String, granted: bool, status| {
            let statement = (at, u8::from(!granted), status);
            let latest = said.entry((customer, channel)).or_insert_with(|| statement.clone());
            *latest = latest.clone().max(statement);
        };
        let columns = ["CustomerNo", "Channel", "Answer", "At", "RunsOut"];
        for [customer, channel, answer, at, ends] in self.export("consents.csv", Some("At"), columns) {
            let over = !ends.is_empty() && ends <= AS_OF.to_string();
            let status = if answer == "no" {
                "denied"
            } else if over {
                "expired"
            } else {
                "granted"
            };
            say(customer, channel, at, answer == "yes", status);
        }
        let columns = ["CustomerNo", "SentAt", "Unsubscribed"];
        for [customer, at, unsubscribed] in self.export("contacts_sent.csv", Some("SentAt"), columns) {
            if unsubscribed == "Y" {
                say(customer, "email".to_owned(), at, false, "denied");
            }
        }
        said.into_iter().map(|(key, (_, _, status))| (key, status)).collect()
    }

    /// Customer, channel and day of what was sent, and of the calls and chats that somebody answered.
    fn contacts(&self) -> (Vec<[String; 3]>, Vec<[String; 3]>) {
        let sent = self.export("contacts_sent.csv", Some("SentAt"), ["CustomerNo", "SentAt", "Arm"]).into_iter();
        let sent = sent.filter(|[_, _, arm]| arm == "treat");
        let sent = sent.map(|[customer, at, _]| [customer, "email".to_owned(), at[..10].to_owned()]).collect();
        let columns = ["CustomerNo", "Channel", "Begin", "GaveUp"];
        let answered = self.export("interactions.csv", Some("Begin"), columns).into_iter();
        let answered = answered.filter(|[customer, _, _, gave_up]| !customer.is_empty() && gave_up == "N");
        let word = |channel: &str| if channel == "tel" { "phone" } else { channel }.to_owned();
        let answered = answered.map(|[customer, channel, at, _]| [customer, word(&channel), at[..10].to_owned()]);
        (sent, answered.collect())
    }
}

/// Puts SQL files into the folder beside a pipeline file.
fn write_sql(folder: &Path, files: &[(&str, String)]) {
    fs::create_dir_all(folder.join("sql")).unwrap();
    for (table, text) in files {
        fs::write(folder.join("sql").join(format!("{table}.sql")), text).unwrap();
    }
}

/// One of our SQL files, with something in it replaced.
fn changed_sql(path: &str, from: &str, to: &str) -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("sql").join(path)).unwrap();
    assert!(text.contains(from), "{path} has no {from}");
    text.replace(from, to)
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// No day of the window of a rule lies further back than this.
fn days_ago(day: Date) -> i32 {
    (AS_OF - day).get_days()
}

#[test]
fn nobody_is_contacted_without_consent_beyond_a_cap_or_by_a_profile_they_objected_to() {
    let mut capped = 0;
    for seed in 1..=4 {
        let shop = Shop::new(seed, |text| text);
        let households = shop.export("customers.csv", None, ["CustomerNo", "HouseholdNo"]);
        let households: BTreeMap<String, String> = households.into_iter().map(|[key, value]| (key, value)).collect();
        let targets: Vec<[String; 6]> = shop
            .ask(
                "SELECT campaign_id, customer_id, arm, COALESCE(channel, '') AS channel, \
                 COALESCE(CAST(score AS VARCHAR), '') AS score, COALESCE(script_vars, '') AS vars FROM campaign_targets",
            )
            .into_iter()
            .map(|row| row.try_into().unwrap())
            .collect();

        // Consent, by what the exports say.
        let consents = shop.consents();
        for [campaign, customer, arm, channel, ..] in targets.iter().filter(|row| row[2] != "suppressed") {
            let said = consents.get(&(customer.clone(), channel.clone())).copied();
            match campaign.as_str() {
                "letters" => assert_ne!(said, Some("denied"), "{campaign} {customer} {arm}"),
                _ => assert_eq!(said, Some("granted"), "{campaign} {customer} {arm}"),
            }
        }

        // Profiling.
        let objected: BTreeSet<String> = shop
            .export("customers.csv", None, ["CustomerNo", "NoProfiling"])
            .into_iter()
            .filter_map(|[customer, objects]| (objects == "Y").then_some(customer))
            .collect();
        let mut seen = 0;
        for [campaign, customer, arm, _, score, vars] in targets.iter().filter(|row| objected.contains(&row[1])) {
            assert_eq!((score.as_str(), vars.as_str()), ("", ""), "{campaign} {customer}");
            assert!(arm == "suppressed" || campaign == "newsletter", "{campaign} {customer} {arm}");
            seen += 1;
        }
        assert!(seen > 20, "seed {seed} has nobody who objected");

        // Caps: the past and the new contacts of each person and household, counted together.
        let (sent, answered) = shop.contacts();
        let of = |customer: &String| households.get(customer).cloned().unwrap_or_else(|| format!("alone {customer}"));
        let new: Vec<&[String; 6]> = targets.iter().filter(|row| row[2] != "suppressed").collect();
        let mut emails: BTreeMap<&str, usize> = BTreeMap::new();
        let mut quarter: BTreeMap<String, usize> = BTreeMap::new();
        let mut called: BTreeSet<&str> = BTreeSet::new();
        let mut calls: BTreeMap<String, usize> = BTreeMap::new();
        for [customer, _, at] in &sent {
            *emails.entry(customer).or_default() += usize::from(days_ago(day(at)) < 400);
            *quarter.entry(of(customer)).or_default() += usize::from(day(at) >= date(2026, 1, 1));
        }
        for [customer, channel, at] in &answered {
            if ["phone", "chat"].contains(&channel.as_str()) && days_ago(day(at)) < 60 {
                called.insert(customer);
            }
        }
        for [_, customer, _, channel, ..] in new.iter().copied() {
            match channel.as_str() {
                "email" => *emails.entry(customer).or_default() += 1,
                "phone" => {
                    called.insert(customer);
                    *calls.entry(of(customer)).or_default() += 1;
                }
                _ => {}
            }
            *quarter.entry(of(customer)).or_default() += 1;
        }
        for [campaign, customer, _, channel, ..] in new.iter().copied() {
            assert!(quarter[&of(customer)] <= 2, "seed {seed}: household of {customer}");
            if channel == "email" {
                assert!(emails[customer.as_str()] <= 2, "seed {seed}: e-mails to {customer}");
                assert!(!called.contains(customer.as_str()), "seed {seed}: {customer} was called, {campaign} writes");
            } else if channel == "phone" {
                assert!(calls[&of(customer)] <= 1, "seed {seed}: calls to the household of {customer}");
            }
        }
        let sql = "SELECT COUNT(*) AS n FROM campaign_targets WHERE suppression_reason LIKE 'cap:%' \
                   OR suppression_reason LIKE 'outranked:%'";
        capped += shop.ask(sql)[0][0].parse::<usize>().unwrap();
        counts_add_up(&shop);
    }
    assert!(capped > 1_000, "the rules bind too seldom to be tested: {capped}");
}

/// Everybody who is eligible is in one row, and the shares are what they were meant to be.
fn counts_add_up(shop: &Shop) {
    let number = |text: &String| text.parse::<i64>().unwrap();
    let sql = "SELECT c.campaign_id AS campaign_id, c.eligible AS eligible, \
               c.treat + c.control + c.global_holdout + c.suppressed AS arms, c.suppressed AS suppressed, \
               SUM(s.customers) AS reasons, c.srm_flag AS flag, c.verdict AS verdict FROM campaign_counts AS c \
               LEFT JOIN campaign_suppressions AS s ON c.campaign_id = s.campaign_id \
               GROUP BY c.campaign_id, c.eligible, c.treat, c.control, c.global_holdout, c.suppressed, c.srm_flag, c.verdict";
    let rows = shop.ask(sql);
    assert_eq!(rows.len(), 6);
    for row in &rows {
        assert_eq!(row[1], row[2], "{row:?}");
        assert_eq!(row[3], row[4], "{row:?}");
        assert_ne!(row[6], "mismatch", "{row:?}");
    }
    // The predicates, asked anew.
    for (campaign, predicate) in [("newsletter", "orders > 0"), ("calls", "recency_days > 90")] {
        let sql = format!("SELECT COUNT(*) AS n FROM customers WHERE {predicate}");
        let eligible = rows.iter().find(|row| row[0] == campaign).unwrap();
        assert_eq!(number(&shop.ask(&sql)[0][0]), number(&eligible[1]), "{campaign}");
    }
    // A limit bounds the treated, and the best of those who may are taken.
    let sql = "SELECT COUNT(*) AS n FROM campaign_targets WHERE campaign_id = 'texts' AND arm = 'treat'";
    assert!(number(&shop.ask(sql)[0][0]) <= 300);
    let sql = "SELECT COALESCE(MIN(rank), 999999) AS r FROM campaign_targets \
               WHERE campaign_id = 'calls' AND suppression_reason = 'over_limit'";
    let first_beyond = number(&shop.ask(sql)[0][0]);
    let sql = "SELECT MAX(rank) AS r FROM campaign_targets WHERE campaign_id = 'calls' AND arm <> 'suppressed'";
    assert!(number(&shop.ask(sql)[0][0]) < first_beyond);
    // An idempotency key is one contact.
    let sql = "SELECT COUNT(*) AS n, COUNT(DISTINCT idempotency_key) AS k FROM campaign_targets";
    let keys = &shop.ask(sql)[0];
    assert_eq!(keys[0], keys[1]);
}

#[test]
fn arms_are_households_independent_and_grow_with_their_share() {
    let small = Shop::new(11, |text| text);
    let large = Shop::new(11, |text| {
        text.replace("global_holdout_share = 0.05", "global_holdout_share = 0.15")
            .replace("control_share = 0.1", "control_share = 0.3")
    });
    let members = |shop: &Shop, arm: &str| -> BTreeSet<String> {
        let sql = format!("SELECT customer_id FROM campaign_targets WHERE campaign_id = 'newsletter' AND {arm}");
        shop.ask(&sql).into_iter().map(|mut row| row.remove(0)).collect()
    };
    // Who is kept out stays kept out: from a control at most into the holdout.
    let (holdout, kept_out) = ("arm = 'global_holdout'", "arm IN ('control', 'global_holdout')");
    let suppressed = members(&large, "arm = 'suppressed'");
    for arm in [holdout, kept_out] {
        let (before, after) = (members(&small, arm), members(&large, arm));
        let lost: Vec<&String> = before.difference(&after).filter(|customer| !suppressed.contains(*customer)).collect();
        assert!(lost.is_empty(), "{arm}: {lost:?}");
        assert!(after.len() > before.len() + 10, "{arm}: {} and {}", before.len(), after.len());
    }
    // A household shares its arm.
    let sql = "SELECT campaign_id, household_id, COUNT(DISTINCT arm) AS arms FROM campaign_targets \
               WHERE arm <> 'suppressed' GROUP BY campaign_id, household_id HAVING COUNT(DISTINCT arm) > 1";
    assert_eq!(small.ask(sql), Vec::<Vec<String>>::new());
    // Two campaigns choose apart from each other: chi-square with 1 degree of freedom over the households, at 1 in 10,000.
    let sql = "SELECT CAST(a.bucket < 3000 AS INTEGER) AS in_a, CAST(b.bucket < 3000 AS INTEGER) AS in_b, \
               COUNT(DISTINCT a.household_id) AS n FROM campaign_targets AS a \
               JOIN campaign_targets AS b ON a.customer_id = b.customer_id \
               WHERE a.campaign_id = 'newsletter' AND b.campaign_id = 'texts' AND a.seed = 'newsletter' \
               GROUP BY in_a, in_b ORDER BY in_a, in_b";
    let cells: Vec<f64> = small.ask(sql).iter().map(|row| row[2].parse().unwrap()).collect();
    let [[a, b], [c, d]] = [[cells[0], cells[1]], [cells[2], cells[3]]];
    let chi2 = (a + b + c + d) * (a * d - b * c).powi(2) / ((a + b) * (c + d) * (a + c) * (b + d));
    assert!(chi2 < 15.1, "{cells:?}: {chi2}");
}

#[test]
fn a_control_group_that_lost_members_is_flagged() {
    // Three in four of the controls are treated by mistake.
    let broken = changed_sql(
        "segments/campaign_targets.sql",
        "IS NULL THEN a.arm",
        "IS NULL THEN CASE WHEN a.arm = 'control' AND a.bucket < 1500 THEN 'treat' ELSE a.arm END",
    );
    let shop = Shop::with_sql(
        21,
        |text| text.replace("control_share = 0.1\nprofiling = false", "control_share = 0.2\nprofiling = false"),
        &[("campaign_targets", broken)],
    );
    let sql = "SELECT units_treat, units_control, srm_chi2, srm_flag, verdict FROM campaign_counts \
               WHERE campaign_id = 'newsletter'";
    let row = shop.ask(sql).remove(0);
    let [treat, control, chi2] = [0, 1, 2].map(|column| row[column].parse::<f64>().unwrap());
    let part = |seen: f64, share: f64| (seen - (treat + control) * share).powi(2) / ((treat + control) * share);
    assert!((chi2 - part(treat, 0.8) - part(control, 0.2)).abs() < 1e-9 * chi2, "{row:?}");
    assert_eq!((row[3].as_str(), row[4].as_str()), ("true", "mismatch"), "{row:?}");
}

#[test]
fn targets_that_do_not_add_up_hold_the_run() {
    let folder = sample();
    let from = "WHERE arm = 'suppressed'";
    let to = "WHERE arm = 'suppressed' AND suppression_reason <> 'no_consent:denied'";
    write_sql(
        folder.path(),
        &[("campaign_suppressions", changed_sql("summaries/campaign_suppressions.sql", from, to))],
    );
    let loaded = config::load(&folder.path().join("patronage.toml")).unwrap();
    let error = pipeline::run(&loaded, &RunOptions::default(), &Silent, &Cancel::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gate);
    assert!(error.to_string().contains("eligible customers of campaigns are in no arm"), "{error}");
}

#[test]
fn on_online_retail_nobody_gave_consent_and_only_letters_go_out() {
    // Letters need no consent there: who is written to is then a matter of the limit alone.
    let letters = "\n[campaigns.letters]\nwhere = \"rfm_segment IN ('At Risk', 'Cannot Lose')\"\nrank_by = \"net_revenue\"\n\
                   channel = \"post\"\nconsent = \"not_required\"\nlimit = 200\n";
    let Some(run) = run_real("online_retail", |text| text + letters) else { return };
    let sql = "SELECT campaign_id, eligible, treat, suppressed FROM campaign_counts ORDER BY campaign_id";
    assert_eq!(run.ask(sql), [["letters", "473", "200", "273"], ["win_back", "473", "0", "473"]]);
    let sql = "SELECT campaign_id, suppression_reason, customers FROM campaign_suppressions ORDER BY campaign_id";
    assert_eq!(run.ask(sql), [["letters", "over_limit", "273"], ["win_back", "no_consent:unknown", "473"]]);
    let sql = "SELECT arm, MIN(rank) AS first, MAX(rank) AS last FROM campaign_targets \
               WHERE campaign_id = 'letters' GROUP BY arm ORDER BY arm";
    assert_eq!(run.ask(sql), [["suppressed", "201", "473"], ["treat", "1", "200"]]);
}
