//! Every file of `sql/` gives the same rows in DuckDB as in the embedded engine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;

use super::execute::Workshop;
use super::graph::Maker;
use super::leaves::load_leaves;
use super::memory::PeakMeter;
use super::modelling::{Around, run_model};
use super::predicates::parameter_table;
use super::replay::{Replay, SNAPSHOTS};
use super::run::{Prepared, RunOptions, output_dir, prepare};
use crate::config::Config;
use crate::contract::Table;
use crate::engine::{Engine, PolarsEngine};
use crate::models::Secrets;
use crate::monitor::{Cancel, Silent};
use crate::publish::TableMetadata;

const ORACLE: &str = r#"
import json, sys, duckdb
job = json.load(open(sys.argv[1]))
for table in job["tables"]:
    con = duckdb.connect()
    con.execute("SET threads = 2")
    con.execute("SET enable_progress_bar = false")
    for read in table["reads"]:
        con.execute(f"CREATE VIEW {read} AS SELECT * FROM read_parquet('{job['dir']}/{read}.parquet')")
    con.execute(f"CREATE TABLE theirs AS {table['sql']}")
    con.execute(f"CREATE VIEW ours AS SELECT * FROM read_parquet('{job['dir']}/{table['name']}.parquet')")
    types = {name: kind for name, kind, *_ in con.execute("DESCRIBE ours").fetchall()}
    theirs_types = {name: kind for name, kind, *_ in con.execute("DESCRIBE theirs").fetchall()}
    if types != {name: theirs_types.get(name) for name in types}:
        print(f"{table['name']}: types differ: {types} {theirs_types}"); sys.exit(1)
    exact = [name for name, kind in types.items() if kind != "DOUBLE"]
    floats = [name for name, kind in types.items() if kind == "DOUBLE"]
    ours = con.execute("SELECT COUNT(*) FROM ours").fetchone()[0]
    theirs = con.execute("SELECT COUNT(*) FROM theirs").fetchone()[0]
    columns = ", ".join(exact)
    extra = con.execute(f"SELECT COUNT(*) FROM (SELECT {columns} FROM theirs EXCEPT ALL SELECT {columns} FROM ours)").fetchone()[0]
    if ours != theirs or extra:
        print(f"{table['name']}: {ours} rows here, {theirs} there, {extra} of theirs are not ours")
        print(con.execute(f"SELECT 'theirs', {columns} FROM (SELECT {columns} FROM theirs EXCEPT ALL SELECT {columns} FROM ours) LIMIT 5").fetchall())
        print(con.execute(f"SELECT 'ours', {columns} FROM (SELECT {columns} FROM ours EXCEPT ALL SELECT {columns} FROM theirs) LIMIT 5").fetchall())
        sys.exit(1)
    for name in floats:
        on = " AND ".join(f"o.{key} IS NOT DISTINCT FROM t.{key}" for key in table["key"])
        off = con.execute(f"SELECT COUNT(*) FROM ours o JOIN theirs t ON {on} WHERE (o.{name} IS NULL) <> (t.{name} IS NULL) "
                          f"OR ABS(o.{name} - t.{name}) > 1e-12 * GREATEST(1, ABS(t.{name}))").fetchone()[0]
        if off:
            print(f"{table['name']}.{name}: {off} ratios differ"); sys.exit(1)
    print(f"same {table['name']} {ours}")
"#;

/// A Python with DuckDB: the one that `PATRONAGE_PYTHON` names, or `python3`.
fn python() -> Option<PathBuf> {
    let python = PathBuf::from(std::env::var_os("PATRONAGE_PYTHON").unwrap_or_else(|| "python3".into()));
    let works = Command::new(&python).args(["-c", "import duckdb"]).output().is_ok_and(|done| done.status.success());
    works.then_some(python)
}

fn write(engine: &PolarsEngine, table: &Table, dir: &Path) {
    let mut batches = engine.batches(table).unwrap().map(Result::unwrap).peekable();
    let file = std::fs::File::create(dir.join(format!("{}.parquet", table.name))).unwrap();
    let mut writer = ArrowWriter::try_new(file, batches.peek().unwrap().schema(), None).unwrap();
    batches.for_each(|batch| writer.write(&batch).unwrap());
    writer.close().unwrap();
}

/// The features of earlier days, as a run makes them before its tables.
fn snapshots(config: &Config, prepared: &Prepared, engine: &PolarsEngine) -> RecordBatch {
    let metadata = TableMetadata { as_of: prepared.as_of.to_string(), tool_version: String::new() };
    let now = Workshop {
        engine,
        building: None,
        keep: &[],
        metadata: &metadata,
        threads: 1,
        secrets: &Secrets::default(),
        memory_limit: None,
        model_rows: None,
        memory: &PeakMeter::default(),
        monitor: &Silent,
        cancel: &Cancel::new(),
    };
    Replay::new(config, prepared.leaves(), &now).snapshots(prepared.as_of).unwrap()
}

/// Makes every table of a pipeline file's graph, writes it in the pipeline's own types, and lets DuckDB make it from what
/// it reads.
fn compare_with_duckdb(pipeline: &Path) {
    let Some(python) = python() else {
        eprintln!("skipped: no Python with duckdb (set PATRONAGE_PYTHON)");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let mut loaded = crate::config::load(pipeline).unwrap();
    loaded.config.output.dir = dir.join("out").to_string_lossy().into_owned();
    let out = output_dir(&loaded).unwrap();
    let reader = PolarsEngine::new();
    let prepared = prepare(&loaded, &RunOptions::default(), &out, &reader, &Silent, &Cancel::new()).unwrap();
    let engine = PolarsEngine::new();
    load_leaves(&engine, &loaded.config, prepared.leaves()).unwrap();
    engine.insert(&parameter_table(SNAPSHOTS).unwrap(), &snapshots(&loaded.config, &prepared, &engine)).unwrap();
    // Somebody was in a segment before, so that staying and leaving are in the comparison too.
    if let Some(segment) = loaded.config.segments.keys().next() {
        let before = parameter_table("segment_membership_before").unwrap();
        let sql = format!(
            "SELECT '{segment}' AS segment_id, customer_id, CAST(20000 AS INTEGER) AS since_day FROM staged_customers \
             WHERE customer_id < '10000500' OR customer_id > '15000'"
        );
        engine.define(&before, &sql).unwrap();
    }

    let mut tables = Vec::new();
    for node in &prepared.graph.nodes {
        let mut table = node.table.clone();
        match &node.maker {
            Maker::Sql(file) => {
                engine.define(&table, &file.text).unwrap();
                tables.push(serde_json::json!({
                    "name": table.name, "sql": file.text, "reads": node.reads, "key": table.key
                }));
            }
            Maker::Published(_) => continue,
            // The predicates are the pipeline file's; what the files make of their members is the test.
            Maker::Predicates(_) => engine.define(&table, &stand_in(&table.name, &loaded.config)).unwrap(),
            Maker::Model(model) => {
                let around = Around { secrets: &Secrets::default(), memory: None, model_rows: None, monitor: &Silent };
                run_model(&engine, &prepared.graph, model, &BTreeMap::new(), &around).unwrap();
            }
            Maker::AlsoModel(_) => {}
            // Staged inputs and parameters are what they are: no order is theirs to keep here.
            Maker::Input(_) | Maker::Pipeline => {
                table.sort.clear();
                table.key.clear();
            }
        }
        engine.materialise(&table).unwrap();
        write(&engine, &table, dir);
    }
    let job = dir.join("job.json");
    std::fs::write(&job, serde_json::json!({ "dir": dir, "tables": tables }).to_string()).unwrap();
    let done = Command::new(python).arg("-c").arg(ORACLE).arg(&job).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    println!("{said}");
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(said.lines().filter(|line| line.starts_with("same ")).count(), tables.len());
}

/// Members of every segment and candidates of every campaign, by a rule that needs no published table.
fn stand_in(table: &str, config: &Config) -> String {
    let names: Vec<&String> = match table {
        "segment_members" => config.segments.keys().collect(),
        _ => config.campaigns.keys().collect(),
    };
    let queries = names.iter().zip(2..).map(|(name, divisor)| match table {
        "segment_members" => {
            format!("SELECT '{name}' AS segment_id, customer_id FROM customers WHERE orders % {divisor} = 0")
        }
        _ => format!(
            "SELECT '{name}' AS campaign_id, customer_id, \
             CASE WHEN orders > 1 THEN CAST(orders % 7 AS DOUBLE) END AS score, \
             CAST(orders % 3 AS DOUBLE) AS expected_value, '{{}}' AS script_vars \
             FROM customers WHERE orders % {divisor} = 0"
        ),
    });
    queries.collect::<Vec<_>>().join(" UNION ALL ")
}

/// Contracts of all ages and terms, on days that not every month has; some are without a price.
fn contracts() -> String {
    let mut text = "id,plan,start,term,end,fee\n".to_owned();
    for number in 0..400_i64 {
        let start = jiff::civil::date(2015, 12, 31) + jiff::Span::new().days(number * 37 % 3_700);
        let end = start + jiff::Span::new().days(number * 53 % 1_500);
        let (term, plan) = ([1, 3, 12, 24][number as usize % 4], number % 5);
        let end = if number % 3 == 0 { String::new() } else { end.to_string() };
        let fee = if number % 7 == 0 { String::new() } else { format!("{}.{:02}", number * 31 % 500, number % 100) };
        text += &format!("{number},plan {plan},{start},{term},{end},{fee}\n");
    }
    text
}

const CONTRACTS: &str = r#"
[inputs.contracts]
files = ["contracts.csv"]
columns = { contract_id = "id", plan = "plan", start = "start", term = "term", end = "end", amount = "fee" }

[lifetime_value]
opportunity_days = 60

"#;

#[test]
fn our_sql_on_the_sample() {
    // With contracts, contact rules and campaigns that compete, so that no table is empty.
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(sample).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let pipeline = folder.path().join("patronage.toml");
    let text = std::fs::read_to_string(&pipeline).unwrap();
    let (inputs, _) = text.split_once("# --- Campaigns: who is eligible").unwrap();
    std::fs::write(folder.path().join("contracts.csv"), contracts()).unwrap();
    let text = inputs.to_owned() + CONTRACTS + include_str!("../../tests/it/contact_rules.toml");
    std::fs::write(&pipeline, text).unwrap();
    compare_with_duckdb(&pipeline);
}

#[test]
fn our_sql_on_real_exports() {
    for name in ["online_retail", "cdnow", "complete_journey", "fuzzy_factory", "callcentre_technion"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        if !root.join("../shared/data").join(name).exists() {
            eprintln!("skipped: ../shared/data/{name} is not there");
            continue;
        }
        println!("{name}");
        compare_with_duckdb(&root.join("tests/pipelines").join(format!("{name}.toml")));
    }
}
