"""The SQL files of `sql/` in DuckDB, over the staged Parquet of a patronage run: the other side of `features.py`.

    python duckdb_features.py PIPELINE_FOLDER PARAMETER_TABLES OUT_FOLDER

Prints one JSON object: rows and seconds of each table, in the order in which they were made.
"""

import json
import re
import sys
import time
import tomllib
from pathlib import Path

import duckdb

SQL = Path(__file__).resolve().parents[2] / "sql"

# Columns of the contracts that `sql/` reads and an export may lack: null then.
OPTIONAL = {
    "transactions": {
        "product_id": "VARCHAR", "channel": "VARCHAR", "line_type": "VARCHAR", "status": "VARCHAR", "is_test": "BOOLEAN",
        "original_order_id": "VARCHAR", "quantity_e4": "BIGINT", "discount_e4": "BIGINT", "cost_e4": "BIGINT",
        "payment_fee_e4": "BIGINT",
    },
    "customers": {
        "customer_id": "VARCHAR", "household_id": "VARCHAR", "account_id": "VARCHAR", "customer_type": "VARCHAR",
        "account_role": "VARCHAR", "region": "VARCHAR", "time_zone": "VARCHAR", "language": "VARCHAR",
    },
    "products": {"product_id": "VARCHAR", "category": "VARCHAR", "cost_e4": "BIGINT"},
    "interactions": {"customer_id": "VARCHAR", "start_day": "INTEGER", "cost_e4": "BIGINT"},
    "contacts_sent": {"customer_id": "VARCHAR", "sent_day": "INTEGER", "cost_e4": "BIGINT"},
}  # fmt: skip

# What the pipeline publishes, and the order of its rows.
PUBLISHED = {
    "affinity_ptp": "level, product_a, rank",
    "campaign_targets": "campaign_id, arm, rank",
    "customers": "customer_id",
    "line_totals": "class, identified",
    "populations": "kind, name",
    "routing": "routing_key",
    "segment_membership": "segment_id, customer_id",
    "segment_membership_delta": "segment_id, customer_id",
    "segments": "segment_id",
    "tier_migration": "basis, mode, scope, period_from_day, period_to_day, state_from, state_to",
    "value_tiers": "period_end_day, customer_id",
}


def stage(con: duckdb.DuckDBPyConnection, cache: Path):
    """The staged inputs as views, with nulls for columns that the exports lack."""
    for name, optional in OPTIONAL.items():
        # A single file whose rows need nothing more is its own combined table.
        reports = [json.loads(path.read_text()) for path in (cache / "combined" / name).glob("*/report.json")]
        folder = cache / name if reports and reports[0]["direct"] else cache / "combined" / name
        if not list(folder.glob("*/part-*.parquet")):
            columns = ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in optional.items())
            con.execute(f"CREATE VIEW staged_{name} AS SELECT {columns} WHERE FALSE")
            continue
        parts = f"{folder}/*/part-*.parquet"
        present = [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM read_parquet('{parts}')").fetchall()]
        absent = "".join(f", CAST(NULL AS {kind}) AS {column}" for column, kind in optional.items() if column not in present)
        con.execute(f"CREATE VIEW staged_{name} AS SELECT *{absent} FROM read_parquet('{parts}')")


def take_parameters(con: duckdb.DuckDBPyConnection, folder: Path):
    """Published parameter tables back in the pipeline's own types: days and money are whole numbers there."""
    for file in sorted(folder.glob("*.parquet")):
        columns = []
        for name, kind, *_ in con.execute(f"DESCRIBE SELECT * FROM read_parquet('{file}')").fetchall():
            if kind == "DATE":
                columns.append(f"CAST({name} - DATE '1970-01-01' AS INTEGER) AS {name.removesuffix('_date')}_day")
            elif kind.startswith("DECIMAL"):
                columns.append(f"CAST({name} * 10000 AS BIGINT) AS {name}_e4")
            else:
                columns.append(name)
        con.execute(f"CREATE TABLE {file.stem} AS SELECT {', '.join(columns)} FROM read_parquet('{file}')")


def predicates(pipeline: dict) -> dict:
    """Segments and campaigns of the pipeline file, as SQL over customers with money as numbers."""
    members = [
        f"SELECT '{name}' AS segment_id, customer_id FROM published_customers WHERE {segment['where']}"
        for name, segment in pipeline.get("segments", {}).items()
    ]
    candidates = [
        f"SELECT '{name}' AS campaign_id, customer_id, CAST({campaign.get('rank_by', 'value')} AS DOUBLE) AS score "
        f"FROM published_customers WHERE {campaign['where']}"
        for name, campaign in pipeline.get("campaigns", {}).items()
    ]
    nobody = "SELECT '' AS segment_id, '' AS customer_id WHERE FALSE"
    no_candidate = "SELECT '' AS campaign_id, '' AS customer_id, CAST(NULL AS DOUBLE) AS score WHERE FALSE"
    published = (
        "SELECT * EXCLUDE (value_e4, net_revenue_e4), CAST(value_e4 AS DECIMAL(18,4)) / 10000 AS value, "
        "CAST(net_revenue_e4 AS DECIMAL(18,4)) / 10000 AS net_revenue FROM customers"
    )
    return {
        "published_customers": published,
        "segment_members": " UNION ALL ".join(members) or nobody,
        "campaign_candidates": " UNION ALL ".join(candidates) or no_candidate,
    }


def main():
    pipeline, parameters, out = map(Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    con.execute("SET threads = 2")
    # Rows in no promised order are faster, and the published tables are sorted anyway.
    con.execute("SET preserve_insertion_order = false")
    stage(con, pipeline / "out" / "cache")
    take_parameters(con, parameters)

    open_tables = {file.stem: file.read_text() for file in SQL.glob("*/*.sql")}
    # A projection is computed by its readers in both engines.
    views = {"order_lines", "published_customers"}
    open_tables |= predicates(tomllib.loads((pipeline / "patronage.toml").read_text()))
    names = set(open_tables)
    reads = {
        name: {word for word in re.findall(r"(?:FROM|JOIN)\s+(\w+)", sql) if word in names} - {name}
        for name, sql in open_tables.items()
    }
    readers = {name: {reader for reader in names if name in reads[reader]} for name in names}
    rows, seconds = {}, {}
    while open_tables:
        name = min(table for table in open_tables if not reads[table] & open_tables.keys())
        sql = open_tables.pop(name)
        started = time.perf_counter()
        con.execute(f"CREATE {'VIEW' if name in views else 'TABLE'} {name} AS {sql}")
        if name in PUBLISHED:
            target = out / f"{name}.parquet"
            con.execute(f"COPY (FROM {name} ORDER BY {PUBLISHED[name]}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        if name not in views:
            rows[name] = con.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0]
            seconds[name] = time.perf_counter() - started
        # What nobody reads any more is let go, as patronage does.
        for read in reads[name] - views:
            readers[read] -= {name}
            held_by_view = any(read in reads[view] and readers[view] & open_tables.keys() for view in views)
            if not readers[read] and not held_by_view:
                con.execute(f"DROP TABLE {read} CASCADE")
    print(json.dumps({"rows": rows, "seconds": seconds}))


if __name__ == "__main__":
    main()
