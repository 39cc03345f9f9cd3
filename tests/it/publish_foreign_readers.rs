//! The published tables in the readers that others use: DuckDB, pyarrow, polars-python.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::publish_fixture::Fixture;

/// `PATRONAGE_PYTHON`, or the virtual environment of a developer, if it has the readers.
fn python() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let python = std::env::var_os("PATRONAGE_PYTHON")
        .map_or_else(|| home.join(".cache/patronage-venv/bin/python"), PathBuf::from);
    let works = Command::new(&python).args(["-c", "import duckdb, pyarrow.parquet, polars"]).output();
    works.is_ok_and(|output| output.status.success()).then_some(python)
}

/// What `script` prints about the table; `None`, with a note, without Python.
fn ask(script: &str, table: &Path) -> Option<String> {
    let Some(python) = python() else {
        eprintln!("SKIPPED: no Python with duckdb, pyarrow and polars; set PATRONAGE_PYTHON to one");
        return None;
    };
    let output = Command::new(python).args(["-c", script]).arg(table).env("TZ", "UTC").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn duckdb_sees_the_documented_types_and_values() {
    let fixture = Fixture::new();
    let script = r#"
import duckdb, sys
duckdb.sql("SET TimeZone = 'UTC'")
t = duckdb.read_parquet(sys.argv[1])
for name, kind in zip(t.columns, t.types): print(name, kind)
print(t.filter("customer_id = 'C0000002'").fetchall())
"#;
    let Some(answer) = ask(script, &fixture.run("2026-10-31", 100, false).table("customers")) else { return };
    let expected = "customer_id VARCHAR
consented BOOLEAN
r_score INTEGER
orders BIGINT
margin_ratio DOUBLE
net_revenue DECIMAL(18,4)
last_order_date DATE
last_contact_at TIMESTAMP WITH TIME ZONE
favourite_product VARCHAR
[('C0000002', False, 3, 2, 0.5, Decimal('0.4690'), datetime.date(2024, 10, 6), datetime.datetime(2025, 10, 9, 8, 53, 20, 2, tzinfo=<UTC>), 'P002')]
";
    assert_eq!(answer.replace("<StaticTzInfo 'UTC'>", "<UTC>").replace("<UTC>", "<UTC>"), expected);
}

#[test]
fn pyarrow_and_polars_see_the_documented_types() {
    let fixture = Fixture::new();
    let script = r#"
import pyarrow.parquet as pq, polars, sys
schema = pq.read_schema(sys.argv[1])
for field in schema: print(field.name, field.type, "null" if field.nullable else "not null")
print(schema.field("net_revenue").metadata[b"description"].decode())
print(sorted(key.decode() for key in schema.metadata))
print(dict(polars.read_parquet(sys.argv[1]).schema))
"#;
    let Some(answer) = ask(script, &fixture.run("2026-10-31", 100, false).table("customers")) else { return };
    let expected = "customer_id string not null
consented bool not null
r_score int32 not null
orders int64 not null
margin_ratio double null
net_revenue decimal128(18, 4) not null
last_order_date date32[day] not null
last_contact_at timestamp[us, tz=UTC] null
favourite_product string null
revenue less returns
['patronage.as_of', 'patronage.contract', 'patronage.row', 'patronage.schema_version', 'patronage.table', 'patronage.tool_version']
{'customer_id': String, 'consented': Boolean, 'r_score': Int32, 'orders': Int64, 'margin_ratio': Float64, 'net_revenue': Decimal(precision=18, scale=4), 'last_order_date': Date, 'last_contact_at': Datetime(time_unit='us', time_zone='UTC'), 'favourite_product': String}
";
    assert_eq!(answer, expected);
}

#[test]
fn duckdb_skips_row_groups_on_a_key_lookup() {
    let fixture = Fixture::new();
    let script = r#"
import duckdb, json, re, sys
path = sys.argv[1]
def scanned(where):
    plan = duckdb.sql(f"EXPLAIN (ANALYZE, FORMAT json) SELECT * FROM '{path}' WHERE {where}").fetchall()[0][1]
    return plan
print(scanned("customer_id = 'C0200000'"))
"#;
    let Some(answer) = ask(script, &fixture.run("2026-10-31", 300_000, false).table("customers")) else { return };
    println!("{answer}");
}
