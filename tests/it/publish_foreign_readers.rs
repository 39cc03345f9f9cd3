//! The published tables in the readers that others use: DuckDB, pyarrow, polars-python.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Int64Array, StringArray};
use patronage::contract::{Table, bigint, text};

use crate::foreign;
use crate::publish_fixture::{Fixture, batch};

/// What `script` prints about the table; `None`, with a note, without Python.
fn ask(script: &str, table: &Path) -> Option<String> {
    let python = foreign::python_with("duckdb, polars, pyarrow.parquet")?;
    Some(foreign::output(python, &["-c".as_ref(), script.as_ref(), table.as_ref()]))
}

#[test]
fn duckdb_sees_the_documented_types_and_values() {
    let fixture = Fixture::new();
    let script = r#"
import duckdb, sys
connection = duckdb.connect()
connection.sql("SET TimeZone = 'UTC'")
table = connection.read_parquet(sys.argv[1])
for name, kind in zip(table.columns, table.types): print(name, kind)
print(*table.filter("customer_id = 'C0000002'").project("CAST(COLUMNS(*) AS VARCHAR)").fetchall()[0], sep="|")
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
C0000002|false|3|2|0.5|0.4690|2024-10-06|2025-10-09 08:53:20.000002+00|P002
";
    assert_eq!(answer, expected);
}

#[test]
fn pyarrow_and_polars_see_the_documented_types() {
    let fixture = Fixture::new();
    let script = r#"
import pyarrow.parquet, polars, sys
schema = pyarrow.parquet.read_schema(sys.argv[1])
for field in schema: print(field.name, field.type, "null" if field.nullable else "not null")
print(schema.field("net_revenue").metadata[b"description"].decode())
print(pyarrow.parquet.read_metadata(sys.argv[1]).metadata[b"patronage.row"].decode())
for name, kind in polars.read_parquet(sys.argv[1]).schema.items(): print(name, kind)
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
one customer
customer_id String
consented Boolean
r_score Int32
orders Int64
margin_ratio Float64
net_revenue Decimal(precision=18, scale=4)
last_order_date Date
last_contact_at Datetime(time_unit='us', time_zone='UTC')
favourite_product String
";
    assert_eq!(answer, expected);
}

/// Row groups that DuckDB reads, of those there are, when it looks up the customer.
const LOOKUP: &str = r#"
import duckdb, json, sys
query = f"EXPLAIN (ANALYZE, FORMAT json) SELECT * FROM '{sys.argv[1]}' WHERE customer_id = 'C0200000'"
plan = json.loads(duckdb.sql(query).fetchall()[0][1])["query"]
print(plan["total_row_groups_scanned"], "of", plan["total_row_groups_to_scan"])
"#;

#[test]
fn duckdb_skips_row_groups_on_a_key_lookup() {
    let fixture = Fixture::new();
    let Some(answer) = ask(LOOKUP, &fixture.run("2026-10-31", 300_000, false).table("customers")) else { return };
    assert_eq!(answer, "1 of 3\n");
}

#[test]
fn duckdb_skips_row_groups_by_the_bloom_filter_where_rows_are_not_sorted_by_key() {
    let fixture = Fixture::new();
    let ranks = 0..300_000_i64;
    // Keys spread over the whole range in each row group, so that its smallest and largest key say nothing.
    let keys = ranks.clone().map(|rank| format!("C{:07}", rank * 7_919 % 300_000));
    let columns = vec![text("customer_id", "who"), bigint("rank", "place")];
    let table = Table::new("ranks", "one customer", &["customer_id"], columns).sorted_by(&["rank", "customer_id"]);
    let rows = batch(vec![
        ("customer_id", Arc::new(StringArray::from_iter_values(keys))),
        ("rank", Arc::new(Int64Array::from_iter_values(ranks))),
    ]);
    let path = fixture.folder.path().join("ranks.parquet");
    std::fs::write(&path, fixture.write(&table, vec![rows]).unwrap().1).unwrap();
    let Some(answer) = ask(LOOKUP, &path) else { return };
    assert_eq!(answer, "1 of 3\n");
}
