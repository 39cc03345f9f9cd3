//! The contact centre's figures: those that a bank's call log is known for, those that another program finds in drawn exports,
//! and what has to add up.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use patronage::pipeline::RunOptions;
use serde_json::Value;
use tempfile::TempDir;

use crate::foreign;
use crate::ingest_support::{Shop, input, lines, rejects};
use crate::run_support::{Run, real_pipeline, run_file, run_in, run_only};

const TABLES: [&str; 3] = ["contact_centre_summary", "staffing_demand", "agent_comparison"];

/// The call log with `change` made to its pipeline file.
fn technion(change: impl Fn(String) -> String) -> Option<Run> {
    let text = real_pipeline("callcentre_technion", change)?;
    Some(run_only(tempfile::tempdir().unwrap(), &text, &TABLES))
}

fn rows(run: &Run, sql: &str) -> Vec<String> {
    run.ask(sql).into_iter().map(|row| row.join(" ")).collect()
}

fn number(run: &Run, column: &str) -> f64 {
    let sql = format!("SELECT {column} FROM contact_centre_summary WHERE cut = 'all' AND period_kind = 'window'");
    run.value(&sql).parse().unwrap()
}

/// `shared/data/README.md` and `expected.json`, computed there with pandas; the quantiles are numpy's of the 25,652 waits.
#[test]
fn the_call_log_of_a_bank() {
    let Some(run) = technion(|text| text) else { return };
    for (column, expected) in [
        ("contacts", 42_078.0),
        ("unidentified", 23_030.0),
        ("queued", 25_652.0),
        ("abandoned", 7_260.0),
        ("short_abandoned", 0.0),
        ("outbound", 718.0),
        ("handled", 31_402.0),
        ("wait_p50_s", 72.0),
        ("wait_p90_s", 278.0),
        ("wait_p95_s", 357.0),
    ] {
        assert_eq!(number(&run, column), expected, "{column}");
    }
    for (column, expected) in
        [("abandon_rate", 0.283019), ("mean_wait_s", 115.692772), ("mean_wait_answered_s", 126.01691)]
    {
        assert!((number(&run, column) - expected).abs() < 1e-6, "{column}");
    }
    // The export says nothing of solutions, leads or cost: no figure is made of that.
    for column in ["fcr_gross", "fcr_net", "csat", "leads", "lead_rate", "complaints", "cost", "contribution"] {
        let sql = format!("SELECT COUNT({column}) AS n FROM contact_centre_summary");
        assert_eq!(run.value(&sql), "0", "{column}");
    }
    // By type of call, as `by_type` of expected.json.
    assert_eq!(
        rows(
            &run,
            "SELECT queue, contacts FROM contact_centre_summary WHERE cut = 'queue' AND period_kind = 'window' ORDER BY queue"
        ),
        ["IN 3563", "NE 3381", "NW 6923", "PE 181", "PS 27312", "TT 718"]
    );
    parts_add_up(&run);
}

/// 229 of the hang-ups came within five seconds (counted in the export): the usual rule takes them out of both counts.
#[test]
fn who_gives_up_at_once_is_in_no_rate() {
    let usual = |text: String| text.replace("short_abandon_seconds = 0", "");
    let Some(run) = technion(usual) else { return };
    assert_eq!((number(&run, "abandoned"), number(&run, "short_abandoned")), (7_031.0, 229.0));
    assert!((number(&run, "abandon_rate") - 7_031.0 / 25_423.0).abs() < 1e-15);
    assert!((number(&run, "mean_wait_s") - 116.713_959_800_180).abs() < 1e-9);
    assert_eq!(
        rows(&run, "SELECT DISTINCT service_level_variant FROM contact_centre_summary"),
        ["answered within 20 s / (answered + abandoned after 20 s)"]
    );
}

/// Counts, seconds and money of the parts of every cut are those of the whole, in every period; so are the months of the
/// window, and the arrivals of tiers and queues.
fn parts_add_up(run: &Run) {
    let measures = "contacts, unidentified, outbound, offered, queued, answered, abandoned, short_abandoned, \
         abandoned_before_queue, waits, answered_in_time, replies, handled, vru_entered, fcr_judged, fcr_inferred_judged, repeats, \
         transfers, csat_n, inquiries, orders";
    let names: Vec<&str> = measures.split(", ").map(str::trim).collect();
    let sums: Vec<String> = names.iter().map(|name| format!("SUM({name}) AS {name}")).collect();
    let exact = "CAST(SUM(handle_s) AS VARCHAR) AS handle_s, CAST(SUM(revenue) AS VARCHAR) AS revenue";
    let sql = format!(
        "SELECT period_kind, CAST(period_start_date AS VARCHAR) AS start, cut, {exact}, {} FROM contact_centre_summary \
         GROUP BY period_kind, period_start_date, cut",
        sums.join(", ")
    );
    let mut cuts: BTreeMap<(String, String), BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for row in run.ask(&sql) {
        cuts.entry((row[0].clone(), row[1].clone())).or_default().insert(row[2].clone(), row[3..].to_vec());
    }
    assert!(cuts.len() > 2);
    for (period, parts) in &cuts {
        assert!(parts.len() > 6, "{period:?}");
        for (cut, sums) in parts {
            assert_eq!(sums, &parts["all"], "{period:?} {cut}");
        }
    }
    let of_kind = |kind: &str| {
        let sql = format!(
            "SELECT {} FROM contact_centre_summary WHERE cut = 'all' AND period_kind = '{kind}'",
            sums.join(", ")
        );
        rows(run, &sql)
    };
    assert_eq!(of_kind("month"), of_kind("window"));
    let arrivals = "SELECT dimension, weekday, half_hour, SUM(arrivals) AS arrivals, MAX(dates) AS dates FROM staffing_demand \
                    GROUP BY dimension, weekday, half_hour ORDER BY dimension, weekday, half_hour";
    let mut by_dimension: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for row in run.ask(arrivals) {
        by_dimension.entry(row[0].clone()).or_default().push(row[1..].to_vec());
    }
    assert_eq!(by_dimension.keys().collect::<Vec<_>>(), ["all", "queue", "tier"]);
    assert_eq!(by_dimension["all"], by_dimension["queue"]);
    assert_eq!(by_dimension["all"], by_dimension["tier"]);
    // An agent is compared on what is known of them, once a contact.
    let handled = "SELECT SUM(contacts + contacts_alone) AS n FROM agent_comparison WHERE metric = 'handling'";
    let of_agents = "SELECT SUM(handled) AS n FROM contact_centre_summary WHERE cut = 'agent' AND period_kind = 'window' \
                     AND agent <> 'unknown'";
    let [compared, known] = [handled, of_agents].map(|sql| run.value(sql).parse::<f64>().unwrap());
    assert!(compared > 0.0 && compared <= known);
}

fn script(arguments: &[&OsStr]) -> Option<String> {
    let python = foreign::python_with("duckdb")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/contact_centre.py");
    let arguments: Vec<&OsStr> = std::iter::once(script.as_ref()).chain(arguments.iter().copied()).collect();
    Some(foreign::output(python, &arguments))
}

/// A drawn contact centre with queues, a voice response unit, legs of calls, rows that stand for several contacts, and orders:
/// DuckDB computes every figure of the summary another way (`contact_centre.py`). The clock is put forward on the way.
#[test]
fn another_program_finds_the_same_figures() {
    let folder = tempfile::tempdir().unwrap();
    if script(&["make".as_ref(), folder.path().as_ref()]).is_none() {
        return;
    }
    let only = TABLES.map(str::to_owned).to_vec();
    let summary = run_file(&folder.path().join("patronage.toml"), &RunOptions { only, ..RunOptions::default() });
    let answer = script(&["check".as_ref(), folder.path().as_ref(), summary.folder.as_ref()]).unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["differences"], 0, "{answer}");
    assert!(answer["compared"].as_u64().unwrap() > 10_000, "{answer}");
    // agent0 has most of the long sales calls, and is no slower than colleagues on them; agent7 was made 150 seconds slower.
    let of = |agent: &str, what: &str| answer["agents"][agent][what].as_f64().unwrap();
    assert!(of("agent0", "observed") > of("agent1", "observed") + 50.0, "{answer}");
    assert_eq!(answer["agents"]["agent0"]["verdict"], "as_expected", "{answer}");
    assert_eq!(answer["agents"]["agent7"]["verdict"], "above", "{answer}");
    assert!(of("agent7", "lo") < 150.0 && of("agent7", "hi") > 150.0, "{answer}");
    // The demand that was planted: 120 half hours of the week at four rates, none outside of them, each rate within three
    // standard errors.
    assert_eq!(answer["slots"], 120, "{answer}");
    let rates = answer["rates"].as_object().unwrap();
    assert_eq!(rates.keys().collect::<Vec<_>>(), ["0.70", "1.40", "1.50", "3.00"]);
    for (rate, found) in rates {
        assert!(found["errors"].as_f64().unwrap().abs() < 3.0, "{rate} {found}");
    }
    assert_eq!(answer["closed"], Value::from(Vec::<Value>::new()));
}

const CENTRE: &str = "[inputs.interactions]\nfiles = ['calls.csv']\n[inputs.interactions.columns]\ninteraction_id = 'id'\n\
    customer_id = 'customer'\nchannel = { constant = 'phone' }\nts_start = 'begun'\nts_queue = 'queued'\n\
    ts_answer = 'answered'\nts_end = 'ended'\nwait_s = 'wait'\ntalk_s = 'talk'\ncount = 'count'\n";

const CALLS: &str = "id,customer,begun,queued,answered,ended,wait,talk,count\n";

/// A folder with these calls, and the text of its pipeline file. Rejected rows hold no run back.
fn calls(rows: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("calls.csv"), format!("{CALLS}{rows}")).unwrap();
    let project = "[project]\nname = 'centre'\ncurrency = 'EUR'\ntime_zone = 'UTC'\n";
    (folder, format!("{project}{CENTRE}[gates]\nmax_reject_ratio = 1.0\n"))
}

const FIGURES: &str = "SELECT contacts, queued, answered, abandoned, short_abandoned, waits, mean_wait_s, wait_p50_s, asa_s, \
     aht_s, repeats FROM contact_centre_summary WHERE cut = 'all' AND period_kind = 'window'";

/// A contact centre alone, without a single transaction: the run is published, and as_of is the day after the last call.
#[test]
fn waits_follow_from_instants_and_rows_stand_for_several() {
    // Waits of 10 (from its beginning), 20 (in the queue), 30 (given up) and 4 (short), and one given.
    let (folder, text) = calls(
        "1,a,2026-03-02 10:00:00,,2026-03-02 10:00:10,2026-03-02 10:01:10,,,1\n\
         2,b,2026-03-02 10:00:00,2026-03-02 10:00:05,2026-03-02 10:00:25,2026-03-02 10:01:25,,,2\n\
         3,,2026-03-02 10:00:00,2026-03-02 10:00:05,,2026-03-02 10:00:35,,,1\n\
         4,,2026-03-02 10:00:00,2026-03-02 10:00:05,,2026-03-02 10:00:09,,,1\n\
         5,a,2026-03-03 10:00:00,,2026-03-03 10:00:10,2026-03-03 10:01:10,40,50,1\n",
    );
    let run = run_in(folder, &text);
    assert_eq!(run.summary.as_of, "2026-03-04");
    // Five waits: 10, 20, 20, 30, 40; three answered rows are four calls, of which 90 seconds were waited.
    assert_eq!(rows(&run, FIGURES), ["6 6 4 1 1 5 24.0 20.0 22.5 57.5 1"]);
    let (folder, text) = calls(
        "1,a,2026-03-02 10:00:00,,2026-03-02 10:00:10,2026-03-02 10:01:10,,,\n\
         2,b,2026-03-02 10:00:00,2026-03-02 10:00:05,2026-03-02 10:00:25,2026-03-02 10:01:25,,,\n\
         2b,b,2026-03-02 10:00:00,2026-03-02 10:00:05,2026-03-02 10:00:25,2026-03-02 10:01:25,,,\n\
         3,,2026-03-02 10:00:00,2026-03-02 10:00:05,,2026-03-02 10:00:35,,,\n\
         4,,2026-03-02 10:00:00,2026-03-02 10:00:05,,2026-03-02 10:00:09,,,\n\
         5,a,2026-03-03 10:00:00,,2026-03-03 10:00:10,2026-03-03 10:01:10,40,50,\n",
    );
    let repeated = run_only(folder, &text, &TABLES);
    assert_eq!(rows(&repeated, FIGURES), rows(&run, FIGURES));
}

#[test]
fn times_that_cannot_be_are_moved_or_emptied_and_counted() {
    let (folder, text) = calls(
        "1,a,2026-03-02 10:00:00,2026-03-02 09:59:57,2026-03-02 10:00:10,2026-03-02 10:01:10,,,1\n\
         2,b,2026-03-02 10:00:00,2026-03-02 10:00:05,2026-03-02 10:00:25,2026-03-02 09:00:00,,-5,1\n\
         3,c,2026-03-02 10:00:00,,2026-03-02 10:00:10,2026-03-02 10:01:10,-1,60,1\n\
         4,d,2026-03-02 10:00:00,,,,5,60,-1\n",
    );
    let run = run_only(folder, &text, &["contact_centre_summary", "data_quality"]);
    assert_eq!(
        rows(
            &run,
            "SELECT check_id, \"column\", severity, rows_failed, action FROM data_quality WHERE status = 'fail' \
             AND dataset = 'interactions' AND check_id <> 'schema.absent' ORDER BY check_id, \"column\""
        ),
        [
            "range.negative talk_s warn 1 emptied",
            "range.negative wait_s warn 1 emptied",
            "schema.type too_small warn 1 rejected",
            "time.order ts_end warn 1 emptied",
            "time.skew ts_queue warn 1 moved",
        ]
    );
    // The first entered its queue when it began, 10 seconds before the answer; the second waited 20 and has no handling time
    // left; the third waited 10, from its beginning.
    assert_eq!(
        rows(
            &run,
            "SELECT contacts, queued, waits, mean_wait_s, handled, aht_s FROM contact_centre_summary \
             WHERE cut = 'all' AND period_kind = 'window'"
        ),
        [format!("3 3 3 {} 2 60.0", 40.0 / 3.0)]
    );
    let shop = Shop::new(CENTRE);
    let call = "7,a,2026-03-02 10:00:00,2026-03-02 09:59:57,2026-03-02 09:00:00,2026-03-02 10:00:01,-3,1,1";
    shop.write("calls.csv", format!("{CALLS}{call}\n"));
    let staged = shop.stage().unwrap();
    let interactions = input(&staged, "interactions");
    let start = 1_772_445_600_000_000i64;
    assert_eq!(
        lines(interactions, &["ts_queue_us", "ts_answer_us", "ts_end_us", "wait_s_e4", "talk_s_e4"]),
        [format!("{start} - {} - 10000", start + 1_000_000)]
    );
    assert!(rejects(interactions, &["reason"]).is_empty());
}
