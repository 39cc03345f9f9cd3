//! Going back in time: nothing after a night reaches its features, its model or its scores, and a backtest is what those
//! nights said, against what came.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::civil::{Date, date};
use patronage::config;
use patronage::error::ErrorKind;
use patronage::monitor::{Cancel, Silent};
use patronage::pipeline::{self, BacktestOptions, RunOptions};
use tempfile::TempDir;

use crate::cli::{patronage, said};
use crate::run_support::{ask_run, run_file};

const PIPELINE: &str = r#"
[project]
name = "past"
currency = "EUR"
time_zone = "UTC"
[inputs.transactions]
files = ["transactions.csv"]
[inputs.transactions.columns]
customer_id = "customer"
order_id = "order"
original_order_id = "refund_of"
ts = { column = "date", format = "%Y-%m-%d" }
product_id = "product"
amount = "amount"
[inputs.interactions]
files = ["interactions.csv"]
[inputs.interactions.columns]
interaction_id = "id"
customer_id = "customer"
ts_start = { column = "date", format = "%Y-%m-%d" }
channel = "channel"
direction = "direction"
complaint = "complaint"
wait_s = "wait"
[inputs.customers]
files = ["customers.csv"]
[inputs.customers.columns]
customer_id = "customer"
region = "region"
[attrition.model]
horizon_days = 60
eligible_days = 120
step_days = 30
min_of_each = 20
"#;

/// The first day of the exports.
const FIRST: Date = date(2023, 1, 1);

/// Days that they cover.
const DAYS: u64 = 460;

const CUSTOMERS: u64 = 700;

/// Knuth's generator of MMIX, its upper bits.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A line of a file with its day, counted from the first.
type Line = (u64, String);

/// A shop whose customers come every 5 to 60 days until they stay away; who complains stays away sooner.
struct Shop {
    transactions: Vec<Line>,
    interactions: Vec<Line>,
}

fn day(number: u64) -> Date {
    FIRST + jiff::Span::new().days(number as i64)
}

impl Shop {
    fn new() -> Shop {
        let (mut lcg, mut shop) = (Lcg(3), Shop { transactions: Vec::new(), interactions: Vec::new() });
        for customer in 0..CUSTOMERS {
            let gap = 5 + lcg.below(56);
            let (mut now, mut number) = (lcg.below(120), 0);
            while now < DAYS {
                let amount = 5 + lcg.below(90);
                let product = lcg.below(12);
                shop.sell(now, customer, number, product, amount);
                let complains = lcg.below(6) == 0;
                if complains {
                    let wait = 60 + lcg.below(600);
                    shop.complain(now, customer, number, wait);
                }
                if lcg.below(if complains { 4 } else { 14 }) == 0 {
                    break;
                }
                (now, number) = (now + 1 + lcg.below(2 * gap), number + 1);
            }
        }
        shop
    }

    fn sell(&mut self, now: u64, customer: u64, number: u64, product: u64, amount: u64) {
        let line = format!("c{customer:04},c{customer}-{number},,{},p{product},{amount}", day(now));
        self.transactions.push((now, line));
    }

    fn complain(&mut self, now: u64, customer: u64, number: u64, wait: u64) {
        let line = format!("i{customer}-{number},c{customer:04},{},phone,in,true,{wait}", day(now));
        self.interactions.push((now, line));
    }

    /// Rows from `t0` on in another order, more of them, and those before as they were, the new ones in between.
    fn with_another_future(&self, t0: u64) -> Shop {
        let mut lcg = Lcg(11);
        let mut more = Shop { transactions: self.transactions.clone(), interactions: self.interactions.clone() };
        for extra in 0..600 {
            let (now, customer) = (t0 + lcg.below(DAYS - t0), lcg.below(CUSTOMERS + 50));
            more.sell(now, customer, 1_000 + extra, lcg.below(20), 1 + lcg.below(5_000));
            more.complain(now, customer, 1_000 + extra, lcg.below(9_000));
            // Given back, what was bought before.
            let refund = format!("c{customer:04},g{extra},c{customer}-0,{},p1,-3", day(now));
            more.transactions.push((now, refund));
        }
        for lines in [&mut more.transactions, &mut more.interactions] {
            let (past, mut future): (Vec<Line>, Vec<Line>) = lines.drain(..).partition(|line| line.0 < t0);
            for place in (1..future.len()).rev() {
                future.swap(place, lcg.below(place as u64 + 1) as usize);
            }
            let mut past = past.into_iter().peekable();
            for line in future {
                lines.extend(past.by_ref().take(lcg.below(4) as usize));
                lines.push(line);
            }
            lines.extend(past);
        }
        more
    }

    /// The shop's folder with a pipeline file.
    fn folder(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let text = |head: &str, lines: &[Line]| {
            lines.iter().fold(format!("{head}\n"), |mut text, line| {
                writeln!(text, "{}", line.1).unwrap();
                text
            })
        };
        let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
        write("patronage.toml", PIPELINE.to_owned());
        write("transactions.csv", text("customer,order,refund_of,date,product,amount", &self.transactions));
        write("interactions.csv", text("id,customer,date,channel,direction,complaint,wait", &self.interactions));
        let customers = (0..CUSTOMERS + 50).map(|customer| (0, format!("c{customer:04},r{}", customer % 3)));
        write("customers.csv", text("customer,region", &customers.collect::<Vec<_>>()));
        folder
    }
}

fn run_of(folder: &Path, as_of: Date, tables: &[&str]) -> std::path::PathBuf {
    let only = tables.iter().map(ToString::to_string).collect();
    let options = RunOptions { as_of: Some(as_of), only, ..RunOptions::default() };
    run_file(&folder.join("patronage.toml"), &options).folder
}

#[test]
fn rows_after_a_night_change_no_byte_of_its_features_model_and_scores() {
    let (shop, t0) = (Shop::new(), 400);
    let tables = [
        "attrition_features",
        "attrition_snapshots",
        "attrition_labels",
        "attrition_model",
        "attrition_grades",
        "attrition_scores",
        "attrition_reasons",
        "attrition_survival",
    ];
    let (one, other) = (shop.folder(), shop.with_another_future(t0).folder());
    let before = run_of(one.path(), day(t0), &tables);
    let after = run_of(other.path(), day(t0), &tables);
    for table in tables {
        let file = format!("tables/{table}.parquet");
        assert!(fs::read(before.join(&file)).unwrap() == fs::read(after.join(&file)).unwrap(), "{table}");
    }
    // The tables say something, and the other future is another.
    let scored = ask_run(&before, "SELECT COUNT(*) FROM attrition_scores WHERE score > 0");
    assert!(scored[0][0].parse::<u32>().unwrap() > 100, "{scored:?}");
    let later = ["attrition_features"];
    let (one, other) = (run_of(one.path(), day(DAYS), &later), run_of(other.path(), day(DAYS), &later));
    let rows = "SELECT * FROM attrition_features";
    assert!(ask_run(&one, rows) != ask_run(&other, rows));
}

#[test]
fn a_replayed_night_has_the_features_of_a_run_of_that_night() {
    let folder = Shop::new().folder();
    let run = run_of(folder.path(), day(DAYS), &["attrition_snapshots", "attrition_origins"]);
    let origins = ask_run(&run, "SELECT origin_no, origin_date FROM attrition_origins ORDER BY origin_no");
    assert_eq!(origins.len(), 4);
    for origin in origins {
        let night = run_of(folder.path(), origin[1].parse().unwrap(), &["attrition_features"]);
        let alone = ask_run(&night, "SELECT * FROM attrition_features ORDER BY customer_id");
        let sql = format!("SELECT * FROM attrition_snapshots WHERE origin_no = {} ORDER BY customer_id", origin[0]);
        let replayed: Vec<Vec<String>> = ask_run(&run, &sql).into_iter().map(|row| row[1..].to_vec()).collect();
        assert!(alone.len() > 300 && alone == replayed, "origin {}", origin[0]);
    }
}

#[test]
fn a_backtest_is_what_the_nights_said_against_what_came() {
    let shop = Shop::new();
    let folder = shop.folder();
    let loaded = config::load(&folder.path().join("patronage.toml")).unwrap();
    let (from, night, out) = (310, 370, folder.path().join("tested"));
    let options = BacktestOptions {
        from: Some(day(from)),
        to: Some(day(night)),
        out: Some(out.clone()),
        ..BacktestOptions::default()
    };
    pipeline::backtest(&loaded, &options, &Silent, &Cancel::new()).unwrap();
    let ask = |sql: &str| tables(&out, sql);
    let days = ask("SELECT DISTINCT as_of FROM attrition_backtest ORDER BY as_of");
    assert_eq!(days.concat(), [310, 340, 370].map(|number| day(number).to_string()));

    // Who was eligible and who left, from the file alone.
    let mut bought: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for (now, line) in &shop.transactions {
        bought.entry(line.split(',').next().unwrap()).or_default().insert(*now);
    }
    let within = |days: &BTreeSet<u64>, from: u64, until: u64| days.range(from..until).next().is_some();
    // The night itself is not known yet: the 120 days before it.
    let eligible: Vec<_> = bought.values().filter(|days| within(days, night - 120, night)).collect();
    let left = eligible.iter().filter(|days| !within(days, night, night + 60)).count();
    let of_night = format!("as_of = DATE '{}'", day(night));
    let counted =
        ask(&format!("SELECT DISTINCT eligible, events FROM attrition_backtest WHERE stratum = 'all' AND {of_night}"));
    assert_eq!(counted, [[eligible.len().to_string(), left.to_string()]]);

    // Regions and tiers are the same customers again.
    for kind in ["region", "tier"] {
        let sum = ask(&format!(
            "SELECT SUM(eligible), SUM(events) FROM attrition_backtest WHERE stratum LIKE '{kind}=%' AND model = 'recency' \
             AND {of_night}"
        ));
        assert_eq!(sum, counted, "{kind}");
    }
    let in_bins = ask(&format!(
        "SELECT SUM(rows), SUM(events) FROM attrition_backtest_bins WHERE stratum = 'all' AND model = 'trees' AND {of_night}"
    ));
    assert_eq!(in_bins, counted);

    // The run of that night says the same of its models, and its scores bring the same value at risk.
    let run = run_of(folder.path(), day(night), &["attrition_grades", "attrition_scores", "attrition_features"]);
    let graded = "SELECT model, chosen, grade FROM attrition_grades ORDER BY model";
    let told = format!(
        "SELECT model, chosen, grade FROM attrition_backtest WHERE stratum = 'all' AND {of_night} ORDER BY model"
    );
    assert_eq!(ask_run(&run, graded), ask(&told));
    let at_risk = ask_run(
        &run,
        "SELECT SUM(s.score * f.revenue_365d) AS at_risk FROM attrition_scores AS s JOIN attrition_features AS f ON \
         s.customer_id = f.customer_id WHERE s.score > 0",
    );
    let chosen =
        ask(&format!("SELECT value_at_risk FROM attrition_backtest WHERE stratum = 'all' AND chosen AND {of_night}"));
    let (here, there): (f64, f64) = (chosen[0][0].parse().unwrap(), at_risk[0][0].parse().unwrap());
    assert!((here - there).abs() < 0.001, "{here} {there}");

    // Nothing is published by it.
    assert!(!folder.path().join("out/latest").exists() && !folder.path().join("out/runs").exists());
}

/// The rows of an answer over the tables of a folder.
fn tables(folder: &Path, sql: &str) -> Vec<Vec<String>> {
    let run = tempfile::tempdir().unwrap();
    let tables = run.path().join("tables");
    fs::create_dir(&tables).unwrap();
    for name in ["attrition_backtest.parquet", "attrition_backtest_bins.parquet"] {
        fs::copy(folder.join(name), tables.join(name)).unwrap();
    }
    ask_run(run.path(), sql)
}

#[test]
fn any_number_of_threads_writes_the_same_bytes_wherever_the_folder_is() {
    let folder = Shop::new().folder();
    let made = ["1", "3"].map(|threads| {
        // A folder that is not there, below another that is not.
        let out = folder.path().join(format!("threads/{threads}"));
        let mut command = patronage(folder.path());
        command.args(["backtest", "-q", "--from", "2023-12-01", "--threads", threads, "--out"]).arg(&out);
        let answer = said(command.env("RAYON_NUM_THREADS", threads));
        assert!(answer.starts_with("exit code: 0\n"), "{answer}");
        ["attrition_backtest", "attrition_backtest_bins"]
            .map(|name| fs::read(out.join(format!("{name}.parquet"))).unwrap())
    });
    assert!(made[0] == made[1]);
    assert!(tables(&folder.path().join("threads/1"), "SELECT auc FROM attrition_backtest WHERE auc > 0.5").len() > 3);
}

#[test]
fn too_short_a_history_is_told_with_its_days() {
    let folder = Shop::new().folder();
    let backtest = |arguments: &[&str]| said(patronage(folder.path()).arg("backtest").arg("-q").args(arguments));
    let early = backtest(&["--from", "2023-05-01"]);
    assert!(early.starts_with("exit code: 2\n") && early.contains("is 90 days too short"), "{early}");
    let late = backtest(&["--from", "2024-03-01"]);
    assert!(late.starts_with("exit code: 2\n") && late.contains("there is no night"), "{late}");
    let past = backtest(&["--from", "2024-01-01", "--to", "2024-03-01"]);
    assert!(past.starts_with("exit code: 2\n") && past.contains("the exports end"), "{past}");

    let file = folder.path().join("patronage.toml");
    fs::write(&file, PIPELINE.replace("eligible_days = 120", "eligible_days = 365")).unwrap();
    let never = backtest(&[]);
    assert!(never.starts_with("exit code: 4\n") && never.contains("a backtest needs 515 at least"), "{never}");

    // A run goes on without a model: 400 days lie before the first of its days, and not before a second one.
    fs::write(&file, PIPELINE.replace("eligible_days = 120", "eligible_days = 400")).unwrap();
    let run = run_of(folder.path(), day(DAYS), &["attrition_grades", "attrition_scores"]);
    let why = ask_run(&run, "SELECT model, status, chosen, reason FROM attrition_grades");
    assert_eq!(why.len(), 1, "{why:?}");
    assert_eq!(why[0][..3], ["all", "insufficient_history", "false"]);
    assert!(why[0][3].starts_with("the exports are too short"), "{why:?}");
    let scored = "SELECT COUNT(*) FROM attrition_scores WHERE score IS NOT NULL OR status = 'ok'";
    assert_eq!(ask_run(&run, scored), [["0"]]);
    fs::write(&file, PIPELINE.replace("[attrition.model]", "[attrition.model]\nenabled = false")).unwrap();
    let loaded = config::load(&file).unwrap();
    let refused = pipeline::backtest(&loaded, &BacktestOptions::default(), &Silent, &Cancel::new()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Config);
}
