"""Rows of a point read in DuckDB, and the bytes it took: `affinity_lookups.py FILE PRODUCT`."""

import json
import sys
import tempfile
from pathlib import Path

import duckdb

file, product = sys.argv[1:]
db = duckdb.connect()
with tempfile.TemporaryDirectory() as folder:
    profile = Path(folder) / "profile.json"
    db.execute("PRAGMA enable_profiling='json'")
    db.execute(f"PRAGMA profiling_output='{profile}'")
    rows = db.execute("SELECT product_a, product_b, rank FROM read_parquet(?) WHERE product_a = ?", [file, product]).fetchall()
    said = json.loads(profile.read_text())
# Where DuckDB 2 and DuckDB 1.4 say it.
read = said.get("io", said).get("total_bytes_read")
print(len(rows), read if read is not None else "unknown")
