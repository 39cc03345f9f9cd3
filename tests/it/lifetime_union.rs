//! Models of purchases, of opportunities and of contracts in one set of tables: what each says, and that none speaks for
//! another.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use jiff::Span;
use jiff::civil::{Date, date};
use patronage::generate::{Contracts, GenerateOptions, Layout, generate};
use patronage::monitor::{Cancel, Silent};
use patronage::pipeline::RunOptions;
use tempfile::TempDir;

use crate::ingest_support::shared_data;
use crate::run_support::{ask_run, run_file};

const SHOP: &str = "[project]\nname = \"small\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n[inputs.transactions]\n\
                    files = [\"orders.csv\"]\n[inputs.transactions.columns]\ncustomer_id = \"customer_id\"\n\
                    order_id = \"order_id\"\nts = \"ts\"\namount = \"amount\"\n";

const UNION: [&str; 6] =
    ["ltv_models", "ltv_parameters", "contract_ltv", "customer_ltv", "opportunity_scores", "contract_values"];

fn joined(rows: Vec<Vec<String>>) -> Vec<String> {
    rows.into_iter().map(|row| row.join(" ")).collect()
}

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

/// A run of these tables in a folder of its own.
struct Run {
    _folder: TempDir,
    tables: PathBuf,
}

impl Run {
    fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        ask_run(&self.tables, sql)
    }

    fn value(&self, sql: &str) -> String {
        self.ask(sql).remove(0).remove(0)
    }
}

fn as_of(folder: TempDir, text: &str, day: Date) -> Run {
    let path = folder.path().join("patronage.toml");
    fs::write(&path, text).unwrap();
    let only = UNION.iter().map(|&table| table.to_owned()).collect();
    let tables = run_file(&path, &RunOptions { as_of: Some(day), only, ..RunOptions::default() }).folder;
    Run { _folder: folder, tables }
}

/// The 11,104 donors of Fader, Hardie & Shang (2010): everybody gave on one day, and then at `x` of six yearly appeals, the
/// last time at `t_x`. At which of the earlier ones is not known: to the model all are alike, and each is as often here.
fn donations(settings: &str) -> Option<Run> {
    let cells = fs::read_to_string(shared_data()?.join("../reference/lifetime_value/donationsSummary_rf.csv")).ok()?;
    let mut orders = "customer_id,order_id,ts,amount\n".to_owned();
    let mut donor = 0;
    for line in cells.lines().skip(1) {
        let cell: Vec<u32> = line.split(',').map(|field| field.parse().unwrap()).collect();
        let [x, t_x, donors] = [cell[0], cell[1], cell[3]];
        // The earlier appeals are the bits of a number.
        let earlier: Vec<u32> =
            (0..1 << (t_x.max(1) - 1)).filter(|years: &u32| years.count_ones() == x.max(1) - 1).collect();
        for appeals in earlier.iter().cycle().take(donors as usize) {
            donor += 1;
            let years = (1..t_x).filter(|year| (appeals >> (year - 1)) & 1 == 1).chain((x > 0).then_some(t_x));
            // Late in the year that begins after the first gift, or the last appeal.
            for days in std::iter::once(0).chain(years.map(|year| 365 * i64::from(year) - 60)) {
                let day = date(2000, 3, 1) + Span::new().days(days);
                writeln!(orders, "{donor},{donor}-{days},{day},25").unwrap();
            }
        }
    }
    assert_eq!(donor, 11_104);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("orders.csv"), orders).unwrap();
    let text = format!(
        "{SHOP}[lifetime_value]\nopportunity_days = 365\nhorizon_days = 1825\nholdout_days = 364\n\
         candidates = [\"nbd\", \"bg_nbd\"]\n{settings}"
    );
    Some(as_of(folder, &text, date(2006, 4, 1)))
}

#[test]
fn the_donations_come_out_of_orders_as_in_the_paper() {
    let Some(run) = donations("model = \"bg_bb\"\n") else { return };
    let parameters =
        run.ask("SELECT parameter, value, std_error FROM ltv_parameters WHERE model = 'bg_bb' ORDER BY parameter");
    let paper = [("alpha", 1.2035224), ("beta", 0.7497164), ("delta", 2.7834422), ("gamma", 0.6567182)];
    assert_eq!(parameters.len(), 4);
    for (row, (name, value)) in parameters.iter().zip(paper) {
        assert!(row[0] == name && (number(&row[1]) - value).abs() < 1e-6, "{row:?}");
        assert!(number(&row[2]) > 0.0);
    }
    let model = run.ask(
        "SELECT customers, keys, log_likelihood, termination, grade, chosen, reason, holdout_days, holdout_brier, \
         holdout_deviance, baseline_deviance FROM ltv_models WHERE stratum = 'all' AND model = 'bg_bb'",
    );
    let row = &model[0];
    assert_eq!(row[..2], ["11104", "22"]);
    assert!((number(&row[2]) + 33_225.581_274_3).abs() < 1e-6, "{row:?}");
    assert_eq!(
        [row[3].as_str(), &row[5], &row[6], &row[7]],
        ["converged", "true", "named in the pipeline file", "364"]
    );
    // The baseline does not know who has left.
    assert!(row[4] == "A" && number(&row[8]) < 0.13 && number(&row[9]) < 0.82 * number(&row[10]), "{row:?}");

    // It scores everybody, and alone.
    let statuses = "SELECT model, status, COUNT(*) AS n FROM customer_ltv GROUP BY model, status";
    assert_eq!(joined(run.ask(statuses)), ["bg_bb value_not_modelled 11104"]);
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM ltv_models WHERE chosen"), "1");
    let told = "SELECT COUNT(*) AS n FROM ltv_models WHERE reason LIKE '%this is for ltv_totals and ltv_tracking'";
    assert_ne!(run.value(told), "0");
    assert_ne!(run.value("SELECT COUNT(*) AS n FROM ltv_models WHERE model = 'nbd'"), "0");
    // Expected gifts at the next five appeals, by hand and in the sheet of Hardie.
    let total = run.ask("SELECT expected_purchases FROM customer_ltv").iter().map(|row| number(&row[0])).sum::<f64>();
    assert!((total - 12_884.157).abs() < 0.01, "{total}");
    let loyal = run.ask(
        "SELECT expected_purchases, dert, purchases_p10, purchases_p90 FROM customer_ltv WHERE frequency = 6 \
         GROUP BY expected_purchases, dert, purchases_p10, purchases_p90",
    );
    assert_eq!(loyal.len(), 1);
    assert!((number(&loyal[0][0]) - 3.752544).abs() < 1e-6, "{loyal:?}");
    let money = "SELECT COUNT(*) AS n FROM customer_ltv WHERE clv IS NOT NULL OR value_horizon IS NOT NULL OR \
                 next_purchase_p50 IS NOT NULL";
    assert_eq!(run.value(money), "0");
}

#[test]
fn opportunities_are_evidence_until_they_are_named() {
    let Some(run) = donations("") else { return };
    let rows = run.ask("SELECT model, chosen, reason FROM ltv_models WHERE model = 'bg_bb'");
    assert_eq!(joined(rows), ["bg_bb false counts opportunities, not purchases: chosen only by name"]);
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM customer_ltv WHERE model = 'bg_bb'"), "0");
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM opportunity_scores"), "11104");
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM contract_ltv"), "0");
}

#[test]
fn too_few_donors_are_told_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("orders.csv"),
        "customer_id,order_id,ts,amount\na,1,2020-01-01,10\na,2,2023-01-01,10\n",
    )
    .unwrap();
    let text = format!("{SHOP}[lifetime_value]\nmodel = \"bg_bb\"\nopportunity_days = 365\n");
    let run = as_of(folder, &text, date(2024, 1, 1));
    let status =
        run.ask("SELECT status, COALESCE(model, '-') AS model, COALESCE(stratum, '-') AS stratum FROM customer_ltv");
    assert_eq!(joined(status), ["insufficient_data - all"]);
    let reason = "SELECT termination, chosen, reason FROM ltv_models WHERE model = 'bg_bb'";
    assert_eq!(
        joined(run.ask(reason)),
        ["insufficient_data false 1 customers had an opportunity, of whom 1 bought at one; needed are 200 and 50"]
    );
}

/// Contracts of the two segments of Fader & Hardie (2007), drawn.
#[test]
fn generated_contracts_have_values_and_their_models_are_published() {
    let dir = tempfile::tempdir().unwrap();
    let options = GenerateOptions {
        out: dir.path().join("shop"),
        customers: 8_000,
        products: 60,
        days: 60,
        layout: Layout::Single,
        threads: 2,
        seed: 3,
        contracts: Some(Contracts::default()),
        ..GenerateOptions::default()
    };
    let report = generate(&options, &Silent, &Cancel::new()).unwrap();
    let only = UNION.iter().map(|&table| table.to_owned()).chain(["contract_terms".to_owned()]).collect();
    let options = RunOptions { as_of: Some(date(2026, 7, 1)), only, ..RunOptions::default() };
    let folder = run_file(&dir.path().join("shop/patronage.toml"), &options).folder;
    let ask = |sql: &str| joined(ask_run(&folder, sql));
    let none = |what: &str, sql: &str| assert_eq!(ask(sql), ["0"], "{what}");

    assert_eq!(ask("SELECT COUNT(*) AS n FROM contract_ltv"), [report.contract_rows.to_string()]);
    let running = ask("SELECT COUNT(*) AS n FROM contract_terms WHERE state = 'running'");
    assert_eq!(ask("SELECT COUNT(*) AS n FROM contract_ltv WHERE status IN ('ok', 'profiling_opt_out')"), running);
    none(
        "a score without reason or a reason without score",
        "SELECT COUNT(*) AS n FROM contract_ltv WHERE (status = 'ok') <> (clv IS NOT NULL) OR (status = 'ok') <> (model IS NOT NULL) \
         OR (status = 'ok') <> (value_horizon IS NOT NULL) OR (status = 'ended') <> (next_renewal_date IS NULL)",
    );
    let plans = "SELECT plan, stratum, horizon_renewals, reason FROM contract_ltv WHERE status = 'ok' \
                 GROUP BY plan, stratum, horizon_renewals, reason ORDER BY plan";
    assert_eq!(ask(plans), ["monthly plan=monthly 12 the fit of its plan", "yearly plan=yearly 1 the fit of its plan"]);
    none(
        "what cannot be",
        "SELECT COUNT(*) AS n FROM contract_ltv WHERE p_active_horizon > p_renew_next OR expected_renewals > horizon_renewals \
         OR (plan = 'yearly' AND p_renew_next <> expected_renewals) OR value_horizon > clv OR value_horizon > amount * \
         expected_renewals + 0.0001",
    );
    let rows = ask_run(
        &folder,
        "SELECT CAST(amount AS DOUBLE) AS amount, derl, CAST(clv AS DOUBLE) AS clv, p_renew_next, \
         CAST(value_horizon AS DOUBLE) AS value, plan FROM contract_ltv WHERE status = 'ok'",
    );
    for row in &rows {
        let [amount, derl, clv, next, value] = [0, 1, 2, 3, 4].map(|column| number(&row[column]));
        assert!((amount * derl - clv).abs() <= 0.000_051, "{row:?}");
        assert!(row[5] == "monthly" || (amount * next - value).abs() <= 0.000_051, "{row:?}");
    }
    // What scores a contract is a chosen model of the published table, and has its parameters there.
    none(
        "a model that is not published",
        "SELECT COUNT(*) AS n FROM contract_ltv AS c LEFT JOIN ltv_models AS m ON c.stratum = m.stratum AND c.model = m.model \
         WHERE c.model IS NOT NULL AND (m.chosen IS NULL OR NOT m.chosen)",
    );
    let strata = "SELECT stratum FROM ltv_models WHERE model IN ('sbg', 'bdw') GROUP BY stratum ORDER BY stratum";
    assert_eq!(ask(strata), ["contract_term=1", "contract_term=12", "contracts", "plan=monthly", "plan=yearly"]);
    assert_eq!(ask("SELECT COUNT(*) AS n FROM ltv_parameters WHERE model = 'bdw'"), ["15"]);
    none(
        "a contract that speaks for customers",
        "SELECT COUNT(*) AS n FROM ltv_models WHERE (stratum = 'all') = (model IN ('sbg', 'bdw', 'mean'))",
    );
}

/// As of 2024-07-01, with a horizon of 365 days.
#[test]
fn contracts_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("orders.csv"),
        "customer_id,order_id,ts,amount\na,1,2024-01-15,10\nhidden,2,2024-01-15,10\n",
    )
    .unwrap();
    fs::write(folder.path().join("customers.csv"), "customer_id,profiling_opt_out\nhidden,true\n").unwrap();
    let contracts = "id,customer,plan,start,term,end,fee\n\
                     soon,a,p,2020-08-15,24,,100.00\n\
                     later,a,p,2021-11-15,24,,100.00\n\
                     alone,a,,2020-08-15,24,,\n\
                     young,a,new,2023-10-01,24,,50.00\n\
                     ended,a,p,2018-01-15,24,2020-01-14,100.00\n\
                     hidden,hidden,p,2020-08-15,24,,100.00\n\
                     first,a,p,2024-05-01,36,,100.00\n";
    fs::write(folder.path().join("contracts.csv"), contracts).unwrap();
    let text = format!(
        "{SHOP}[inputs.customers]\nfiles = [\"customers.csv\"]\n\
         [inputs.customers.columns]\ncustomer_id = \"customer_id\"\nprofiling_opt_out = \"profiling_opt_out\"\n\
         [inputs.contracts]\nfiles = [\"contracts.csv\"]\n[inputs.contracts.columns]\ncontract_id = \"id\"\n\
         customer_id = \"customer\"\nplan = \"plan\"\nstart = \"start\"\nterm = \"term\"\nend = \"end\"\namount = \"fee\"\n"
    );
    let run = as_of(folder, &text, date(2024, 7, 1));
    let rows = joined(run.ask(
        "SELECT contract_id, status, COALESCE(stratum, '-') AS stratum, COALESCE(model, '-') AS model, renewals, \
         COALESCE(CAST(next_renewal_date AS VARCHAR), '-') AS next, COALESCE(CAST(horizon_renewals AS VARCHAR), '-') AS due, \
         COALESCE(CAST(value_horizon AS VARCHAR), '-') AS value FROM contract_ltv ORDER BY contract_id",
    ));
    // Five renewals, of which one did not happen: Beta(2, 5) is lost with probability 2 / 7.
    assert_eq!(
        rows,
        [
            "alone insufficient_data contract_term=24 mean 1 2024-08-15 1 -",
            "ended ended - - 0 - - -",
            "first insufficient_data - - 0 2027-05-01 - -",
            "hidden profiling_opt_out - - 1 2024-08-15 - -",
            "later insufficient_data contract_term=24 mean 1 2025-11-15 0 0.0000",
            "soon insufficient_data contract_term=24 mean 1 2024-08-15 1 71.4286",
            "young insufficient_data contract_term=24 mean 0 2025-10-01 0 0.0000",
        ]
    );
    let reasons =
        joined(run.ask("SELECT reason FROM contract_ltv WHERE contract_id IN ('first', 'soon') ORDER BY contract_id"));
    assert_eq!(
        reasons,
        [
            "no contract with such a term has come to a renewal",
            "too few renewals or losses for a model: one probability of loss for all contracts with such a term"
        ]
    );
}
