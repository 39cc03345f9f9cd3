//! Every file of `sql/` gives the same rows in DuckDB as in the embedded engine.

use std::path::{Path, PathBuf};
use std::process::Command;

use parquet::arrow::ArrowWriter;

use super::graph::{Graph, Maker};
use crate::contract::Table;
use crate::engine::{Engine, PolarsEngine};

const ORACLE: &str = r#"
import json, sys, duckdb
job = json.load(open(sys.argv[1]))
for table in job["tables"]:
    con = duckdb.connect()
    con.execute("SET threads = 2")
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

/// Makes every table of the graph, writes it in the pipeline's own types, and lets DuckDB make it from what it reads.
pub(super) fn compare_with_duckdb(graph: &Graph, engine: &PolarsEngine, dir: &Path) {
    let Some(python) = python() else {
        eprintln!("skipped: no Python with duckdb (set PATRONAGE_PYTHON)");
        return;
    };
    let mut tables = Vec::new();
    for node in &graph.nodes {
        let mut table = node.table.clone();
        match &node.maker {
            Maker::Sql(file) => {
                engine.define(&table, &file.text).unwrap();
                tables.push(serde_json::json!({
                    "name": table.name, "sql": file.text, "reads": node.reads, "key": table.key
                }));
            }
            Maker::Published(_) | Maker::Predicates(_) => continue,
            // Staged inputs and parameters are what they are: no order is theirs to keep here.
            Maker::Input(_) | Maker::Pipeline => {
                table.sort.clear();
                table.key.clear();
            }
        }
        engine.materialise(&table).unwrap();
        write(engine, &table, dir);
    }
    let job = dir.join("job.json");
    std::fs::write(&job, serde_json::json!({ "dir": dir, "tables": tables }).to_string()).unwrap();
    let done = Command::new(python).arg("-c").arg(ORACLE).arg(&job).output().unwrap();
    println!("{}", String::from_utf8_lossy(&done.stdout));
    assert!(
        done.status.success(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    let same = String::from_utf8_lossy(&done.stdout).lines().filter(|line| line.starts_with("same ")).count();
    assert_eq!(same, tables.len());
}

mod probe {
    use super::super::parameters;
    use super::super::rows::batch;
    use super::*;
    use crate::config::{Config, Grid};
    use crate::contract;

    /// Until ingest is wired: staged files that a script made.
    #[test]
    fn staged_by_a_script() {
        let Some(staged) = std::env::var_os("PROBE_STAGED").map(PathBuf::from) else { return };
        let mut config: Config = toml::from_str(
            "[project]\nname='p'\ncurrency='USD'\ntime_zone='UTC'\n[inputs.transactions]\nfiles=['x']\ncolumns={}\n",
        )
        .unwrap();
        config.orders.count_zero_value = true;
        let as_of: jiff::civil::Date = std::env::var("PROBE_AS_OF").unwrap().parse().unwrap();
        let engine = PolarsEngine::new();
        for input in contract::inputs() {
            let file = staged.join(format!("{}.parquet", input.name));
            if !file.exists() {
                engine.scan(&input.table, &[], &[]).unwrap();
                continue;
            }
            let reader =
                parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&file).unwrap())
                    .unwrap();
            let present: Vec<String> = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
            engine.scan(&input.table, &[file], &present).unwrap();
        }
        let rows = [
            ("run_params", parameters::run_params(&config, as_of)),
            ("periods", parameters::period_rows(&config, as_of).unwrap()),
            ("rfm_cuts", parameters::rfm_cut_rows(&config).unwrap()),
            ("rfm_cells", parameters::rfm_cell_rows(&Grid::built_in("grid125").unwrap())),
            ("service_cells", parameters::service_cell_rows(&config).unwrap()),
            ("service_levels", parameters::service_level_rows(&config).unwrap()),
            ("segment_definitions", vec![]),
            ("segment_members", vec![]),
            ("segment_membership_before", vec![]),
            ("campaign_definitions", vec![]),
            ("campaign_candidates", vec![]),
            ("data_quality", vec![]),
        ];
        for (name, rows) in rows {
            let table = super::super::predicates::parameter_table(name).unwrap();
            engine.insert(&table, &batch(&table, &rows).unwrap()).unwrap();
        }
        let graph = Graph::new(Path::new("/nonexistent"), &[]).unwrap();
        let dir = PathBuf::from(std::env::var_os("PROBE_OUT").unwrap());
        std::fs::create_dir_all(&dir).unwrap();
        compare_with_duckdb(&graph, &engine, &dir);
    }
}
