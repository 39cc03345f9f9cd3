//! What came of campaigns: a public randomised test against scipy and statsmodels, a public set of mailings without a control
//! group, a generated shop whose campaigns bring a known number of orders, and rules by hand.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use jiff::civil::date;
use patronage::generate::{GenerateOptions, Layout, generate};
use patronage::monitor::{Cancel, Silent};
use patronage::pipeline::RunOptions;

use crate::ingest_support::shared_data;
use crate::run_support::{ask_run, real_pipeline, run_file, run_only};

/// MineThatData's e-mail test. The export has no dates: the messages are of 20 March 2008, what came of them of the 25th, and
/// what customers spent in the year before is dated on the day before, so that it is the window before.
const HILLSTROM: &str = r#"
[project]
name = "hillstrom"
currency = "USD"
time_zone = "America/New_York"

[inputs.transactions]
files = ["history.csv"]
duplicates = "keep"
columns = { customer_id = "customer_id", ts = "ts", amount = "amount" }

[inputs.interactions]
files = ["DATA/hillstrom/campaign_results.csv.gz"]
[inputs.interactions.columns]
customer_id = "customer_id"
channel = { constant = "web" }
direction = { constant = "in" }
ts_start = { constant = "2008-03-25" }
count = "visit"

[inputs.customers]
files = ["DATA/hillstrom/customers.csv.gz"]
[inputs.customers.columns]
customer_id = "customer_id"
region = "zip_type"
signup = { expr = "CASE WHEN newbie = '1' THEN '2007-09-20' ELSE '2006-03-20' END" }

[inputs.contacts_sent]
files = ["DATA/hillstrom/campaign_results.csv.gz"]
[inputs.contacts_sent.columns]
campaign_id = { constant = "hillstrom" }
customer_id = "customer_id"
arm = { column = "campaign_id", map = { CONTROL = "control", MENS = "mens", WOMENS = "womens" } }
channel = { constant = "email" }
sent = { constant = "2008-03-20" }

[campaign_response.campaigns.hillstrom]
arms = { control = 1.0, mens = 1.0, womens = 1.0 }
"#;

fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

/// What was spent before and after, one line each: two exports in one.
fn history(data: &Path) -> String {
    let mut text = "customer_id,ts,amount\n".to_owned();
    for (file, day, column) in [("customers", "2008-03-19", 2), ("campaign_results", "2008-03-25", 5)] {
        for line in unpacked(&data.join(format!("hillstrom/{file}.csv.gz"))).lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            text += &format!("{},{day},{}\n", fields[0], fields[column]);
        }
    }
    text
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

#[test]
fn hillstrom_is_what_scipy_and_statsmodels_say() {
    let Some(data) = shared_data() else {
        eprintln!("skipped: no ../shared/data");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("history.csv"), history(&data)).unwrap();
    let path = folder.path().join("patronage.toml");
    fs::write(&path, HILLSTROM.replace("DATA", data.to_str().unwrap())).unwrap();
    let options = RunOptions {
        as_of: Some(date(2008, 4, 10)),
        only: vec!["campaign_response".to_owned()],
        ..RunOptions::default()
    };
    let run = run_file(&path, &options).folder;

    // statsmodels 0.15.0: confint_proportions_2indep(method="newcomb") and proportions_ztest; scipy 1.17.1:
    // ttest_ind(equal_var=False), also on spend less theta times the spend of the year before (theta from numpy.cov).
    // Means are those of ../shared/data/README.md: visit 18.276, 15.140, 10.617 %, spend 1.4226, 1.0772, 0.6528.
    let expected: [(&str, [f64; 6]); 8] = [
        (
            "mens visit newcombe",
            [
                0.18275684047496127,
                0.10616727682343002,
                0.07658956365153125,
                0.06995330808373154,
                0.08322674127411137,
                5.685165482802317e-112,
            ],
        ),
        (
            "mens conversion newcombe",
            [
                0.01253109306800582,
                0.005726086548390125,
                0.006805006519615695,
                0.005014344671481532,
                0.008640723396917826,
                1.5232235005955427e-13,
            ],
        ),
        (
            "mens revenue welch",
            [
                1.422616511005773,
                0.6527893551112361,
                0.7698271558945368,
                0.4851397325684076,
                1.0545145792206658,
                1.163814968225482e-07,
            ],
        ),
        (
            "mens revenue cuped",
            [
                1.422616511005773,
                0.6527893551112361,
                0.7674384994278022,
                0.4828128537957845,
                1.0520641450598198,
                1.2653144672519566e-07,
            ],
        ),
        (
            "womens visit newcombe",
            [
                0.151400383410483,
                0.10616727682343002,
                0.045233106587052985,
                0.03889409535998813,
                0.051574342962213596,
                3.1824031593349214e-44,
            ],
        ),
        (
            "womens conversion newcombe",
            [
                0.008837144059475383,
                0.005726086548390125,
                0.003111057511085258,
                0.001501657131877008,
                0.004745471313672931,
                0.00015710512910668448,
            ],
        ),
        (
            "womens revenue welch",
            [
                1.0772015710478329,
                0.6527893551112361,
                0.4244122159365967,
                0.1689567898837787,
                0.6798676419894147,
                0.0011293971023632495,
            ],
        ),
        (
            "womens revenue cuped",
            [
                1.0772015710478329,
                0.6527893551112361,
                0.42270092315649777,
                0.16729379164008568,
                0.6781080546729099,
                0.0011802047342596507,
            ],
        ),
    ];
    let rows = ask_run(
        &run,
        "SELECT CONCAT(arm, ' ', metric, ' ', method), mean_treat, mean_control, effect, lo, hi, p_value, theta, \
         variance_removed, srm_p, interim, randomised, verdict FROM campaign_response WHERE cut = 'all'",
    );
    let found: BTreeMap<&str, &Vec<String>> = rows.iter().map(|row| (row[0].as_str(), row)).collect();
    for (name, figures) in expected {
        for (text, expected) in found[name][1..].iter().zip(figures) {
            let off = (number(text) - expected).abs() / expected;
            assert!(off < 1e-9, "{name}: {text} {expected}");
        }
    }
    // Spend of the year before says next to nothing of the two weeks after: what is removed is honest, not impressive.
    for (name, theta, removed) in [
        ("mens revenue cuped", 0.0012228965198244435, 0.00043394672972674186),
        ("womens revenue cuped", 0.001034651293586205, 0.00037806483119418033),
    ] {
        assert!((number(&found[name][7]) / theta - 1.0).abs() < 1e-9);
        assert!((number(&found[name][8]) / removed - 1.0).abs() < 1e-9);
    }
    for row in &rows {
        // scipy.stats.chisquare([21307, 21387, 21306]).
        assert!((number(&row[9]) - 0.9036929575604196).abs() < 1e-9);
        assert_eq!((row[10].as_str(), row[11].as_str(), row[12].as_str()), ("false", "true", "scale"));
    }
}

#[test]
fn mailings_without_a_control_group_are_compared_and_marked() {
    let Some(text) = real_pipeline("complete_journey", |text| text) else {
        eprintln!("skipped: no ../shared/data");
        return;
    };
    let run = run_only(tempfile::tempdir().unwrap(), &text, &["campaign_response"]);
    // ../shared/data/README.md: 6,589 contacts, 792 of them redeemed, 12.02 %.
    let contacts = run.ask(
        "SELECT SUM(n_treat), SUM(responded), COUNT(*) FROM campaign_response WHERE cut = 'all' AND metric = 'revenue'",
    );
    assert_eq!(contacts[0], ["6589", "792", "27"]);
    assert_eq!(run.value("SELECT COUNT(*) FROM campaign_response WHERE randomised OR verdict = 'scale'"), "0");
    // The three campaigns that went to everybody claim a quarter of a million each by last touch; next to households that
    // were alike before they show nothing.
    let large = run.ask(
        "SELECT attributed_total, lo, hi FROM campaign_response WHERE cut = 'all' AND metric = 'revenue' AND n_treat > 1000",
    );
    assert_eq!(large.len(), 3);
    for row in large {
        assert!(number(&row[0]) > 250_000.0 && number(&row[1]) < 0.0 && number(&row[2]) > 0.0, "{row:?}");
    }
    // Mailed before the first basket: there is nobody whose time before is known.
    let early = run.value("SELECT COUNT(*) FROM campaign_response WHERE cut = 'all' AND metric = 'revenue' AND status = 'nobody_to_compare'");
    assert_eq!(early, "3");
}

#[test]
fn planted_effects_are_within_their_intervals() {
    let (mut campaigns, mut held) = (0, [0, 0]);
    for seed in 1..=4 {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("shop");
        let options = GenerateOptions {
            out: dir.clone(),
            customers: 8_000,
            seed,
            layout: Layout::Single,
            threads: 2,
            ..GenerateOptions::default()
        };
        generate(&options, &Silent, &Cancel::new()).unwrap();
        let path = dir.join("patronage.toml");
        // The generator chooses customers, not households.
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replacen("[experiments]\n", "[experiments]\nunit = \"customer\"\n", 1);
        assert!(text.contains("unit = \"customer\""));
        let plan = |campaign: &str, control: f64| {
            let treat = 1.0 - control;
            format!("\n[campaign_response.campaigns.{campaign}]\narms = {{ treat = {treat}, control = {control} }}\n")
        };
        fs::write(&path, text + &plan("K01-kitchen", 0.2) + &plan("K02-coffee", 0.5)).unwrap();
        let only = vec!["campaign_response".to_owned()];
        let run = run_file(&path, &RunOptions { only, ..RunOptions::default() }).folder;

        let truth = fs::read_to_string(dir.join("truth/campaigns.csv")).unwrap();
        for line in truth.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let (id, treated, planted) = (fields[0], fields[6], number(fields[10]));
            let rows = ask_run(
                &run,
                &format!(
                    "SELECT method, n_treat, incremental_lo, incremental_hi, status, attributed_total, verdict \
                     FROM campaign_response WHERE cut = 'all' AND metric = 'conversion' AND campaign_id = '{id}' \
                     ORDER BY method DESC"
                ),
            );
            assert_eq!((rows.len(), rows[0][1].as_str()), (2, treated), "{id}");
            if id == "K02-coffee" {
                // A plan that was not kept: one in five was kept out, and not every other one.
                assert_eq!((rows[0][4].as_str(), rows[0][6].as_str()), ("sample_ratio_mismatch", "withheld"));
                assert_eq!(rows[0][2], "");
                continue;
            }
            campaigns += 1;
            for (held, row) in held.iter_mut().zip(&rows) {
                *held += i32::from(number(&row[2]) <= planted && planted <= number(&row[3]));
            }
        }
    }
    // Twelve intervals of 95 %: more than two of them wrong is chance once in fifty times, and the seeds are fixed. (The
    // simulations in src/models/response hold the rate over a thousand.)
    println!("{held:?} of {campaigns}");
    assert_eq!(campaigns, 12);
    assert!(held.iter().all(|held| *held >= 10), "{held:?}");
}

const RULES: &str = r#"
[project]
name = "rules"
currency = "EUR"
time_zone = "UTC"

[inputs.transactions]
files = ["transactions.csv"]
columns = { customer_id = "customer", order_id = "order", ts = "ts", amount = "amount" }

[inputs.rule_log]
files = ["rules.csv"]
duplicates = "keep"
[inputs.rule_log.columns]
ts = "ts"
rule_id = "rule"
customer_id = "customer"
shown = "shown"
accepted = "accepted"
order_id = "order"
arm = "arm"

[rule_feedback]
default_rules = ["default"]
"#;

#[test]
fn rules_are_judged_against_control_or_default() {
    let mut transactions = "customer,order,ts,amount\n".to_owned();
    let mut log = "ts,rule,customer,shown,accepted,order,arm\n".to_owned();
    for n in 0..400 {
        transactions += &format!("C{n:03},O{n:03},2026-03-10,10.00\n");
    }
    let mut add = |rule: &str, arm: &str, shown: &str, every: usize, names_order: bool| {
        for n in 0..400 {
            let accepted = if n % every == 0 { "true" } else { "false" };
            let order = if names_order && n % every == 0 { format!("O{n:03}") } else { String::new() };
            let day = 1 + n % 28;
            log += &format!("2026-02-{day:02},{rule},C{n:03},{shown},{accepted},{order},{arm}\n");
        }
    };
    // One in two takes it, one in five of its control does; one in four takes the default; one in ten takes a bad one.
    add("good", "treat", "true", 2, true);
    add("good", "control", "false", 5, false);
    add("default", "", "true", 4, false);
    add("bad", "", "true", 10, false);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("transactions.csv"), transactions).unwrap();
    fs::write(folder.path().join("rules.csv"), log).unwrap();
    let run = run_only(folder, RULES, &["rule_feedback"]);
    let rows = run.ask(
        "SELECT rule_id, matched, shown, accepted, accept_rate, baseline, randomised, baseline_rate, revenue, verdict, reason, \
         suggested_change FROM rule_feedback ORDER BY rule_id",
    );
    let expected = [
        "bad 400 400 40 0.1 default false 0.25 0.0000 retire worse_than_baseline switch_off",
        "default 400 400 100 0.25 none false  0.0000 keep is_the_default none",
        "good 400 400 200 0.5 control true 0.2 2000.0000 keep better_than_baseline none",
    ];
    assert_eq!(rows.iter().map(|row| row.join(" ")).collect::<Vec<String>>(), expected);
}

#[test]
fn mistakes_in_the_sections_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("patronage.toml");
    for (section, message) in [
        ("[campaign_response]\nwindow_days = 0", "`window_days` is 0"),
        ("[campaign_response]\nhistory_days = 5000", "`history_days` is 5000"),
        ("[campaign_response]\nconfidence = 1.0", "1 is not a confidence"),
        ("[campaign_response]\nmin_units = 1", "`min_units` is 1"),
        ("[campaign_response.campaigns.spring]\narms = { treat = 1.0 }", "these are no planned shares"),
        ("[campaign_response.campaigns.spring]\narms = { treat = 0.9, control = 0.0 }", "these are no planned shares"),
        ("[campaign_response.attribution.emil]\nclick_hours = 4", "unknown value `emil`"),
        ("[campaign_response.attribution.email]\nclick_hours = 0", "`click_hours` is 0"),
        ("[rule_feedback]\ndefault_rules = [\"a\", \"a\"]", "a second `a`"),
        ("[rule_feedback]\nmin_shown = 1", "`min_shown` is 1"),
        ("[rule_feedback]\nconfidence = 0.2", "0.2 is not a confidence"),
    ] {
        fs::write(&path, RULES.split("\n[rule_feedback]").next().unwrap().to_owned() + "\n" + section + "\n").unwrap();
        let error = patronage::config::load(&path).unwrap_err();
        assert_eq!(error.message(), message, "{section}");
        assert!(error.place().is_some() && error.hint_text().is_some(), "{section}");
    }
}
