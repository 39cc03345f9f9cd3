"""A CSV export to typed Parquet with rejects, in DuckDB: the other side of `ingest.py`.

    python duckdb_ingest.py EXPORT OUT_FOLDER [equal]

Reads with `store_rejects`, eight typed columns, and writes zstd Parquet and the rejects. With `equal` it also drops
repeated rows and sorts by customer and time, as patronage does. Prints one JSON object of counts.
"""

import json
import sys
from pathlib import Path

import duckdb

COLUMNS = {
    "customer_id": "VARCHAR", "order_id": "VARCHAR", "ts": "TIMESTAMP", "product_id": "VARCHAR",
    "quantity": "DECIMAL(18,4)", "unit_price": "DECIMAL(18,4)", "amount": "DECIMAL(18,4)", "channel": "VARCHAR",
}  # fmt: skip


def main():
    export, out = Path(sys.argv[1]), Path(sys.argv[2])
    equal = sys.argv[3:] == ["equal"]
    out.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    con.execute("SET threads = 2")
    con.execute("SET preserve_insertion_order = false")
    con.execute(f"SET temp_directory = '{out}/spill'")
    source = (
        f"read_csv('{export}', header = true, delim = ',', quote = '\"', auto_detect = false, columns = {COLUMNS}, "
        "timestampformat = '%Y-%m-%d %H:%M:%S', store_rejects = true)"
    )
    rows = f"SELECT DISTINCT * FROM {source} ORDER BY customer_id, ts" if equal else f"SELECT * FROM {source}"
    con.execute(f"COPY ({rows}) TO '{out}/staged.parquet' (FORMAT parquet, COMPRESSION zstd)")
    con.execute(f"COPY (FROM reject_errors) TO '{out}/rejects.parquet' (FORMAT parquet, COMPRESSION zstd)")
    rejected = con.execute("SELECT COUNT(DISTINCT line) FROM reject_errors").fetchone()[0]
    staged, amount = con.execute(f"SELECT COUNT(*), SUM(amount) FROM '{out}/staged.parquet'").fetchone()
    print(json.dumps({"staged": staged, "rejected": rejected, "amount": str(amount)}))


if __name__ == "__main__":
    main()
