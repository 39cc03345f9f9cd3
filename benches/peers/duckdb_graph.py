"""The SQL files that some tables need, in DuckDB, over the staged Parquet of a patronage run: the other side of `contacts.py`.

    python duckdb_graph.py PLAN.json STAGED.json MADE_FOLDER OUT_FOLDER TABLE...

PLAN.json is what `patronage plan --format json` says, STAGED.json where the staged files of each input lie and which columns
they have, MADE_FOLDER has the tables that no SQL makes, as patronage published them. The tables that are asked for are written
as zstd Parquet. Prints one JSON object: rows and seconds of each table.
"""

import json
import re
import sys
import time
from pathlib import Path

import duckdb

SQL = {file.name: file.read_text() for file in (Path(__file__).resolve().parents[2] / "sql").glob("*/*.sql")}


def staged(con: duckdb.DuckDBPyConnection, name: str, input: dict):
    """One input as a view, with nulls for what the export lacks."""
    present = ", ".join(f'"{column}"' for column in input["present"])
    absent = "".join(f", CAST(NULL AS {kind}) AS {column}" for column, kind in input["absent"].items())
    if input["files"]:
        files = ", ".join(f"'{file}'" for file in input["files"])
        con.execute(f"CREATE VIEW {name} AS SELECT {present}{absent} FROM read_parquet([{files}])")
    else:
        con.execute(f"CREATE VIEW {name} AS SELECT {absent.removeprefix(', ')} WHERE FALSE")


def made(con: duckdb.DuckDBPyConnection, name: str, file: Path):
    """A published table back in the pipeline's own types: days and money are whole numbers there."""
    columns = []
    for column, kind, *_ in con.execute(f"DESCRIBE SELECT * FROM read_parquet('{file}')").fetchall():
        if kind == "DATE":
            columns.append(f"CAST({column} - DATE '1970-01-01' AS INTEGER) AS {re.sub('_date$', '_day', column)}")
        elif kind.startswith("DECIMAL"):
            columns.append(f"CAST({column} * 10000 AS BIGINT) AS {column}_e4")
        elif kind.startswith("TIMESTAMP"):
            columns.append(f"epoch_us({column}) AS {column.removesuffix('_at')}_us")
        else:
            columns.append(column)
    con.execute(f"CREATE TABLE {name} AS SELECT {', '.join(columns)} FROM read_parquet('{file}')")


def main():
    plan, inputs, folder, out = json.loads(Path(sys.argv[1]).read_text()), *map(Path, sys.argv[2:5])
    inputs, asked = json.loads(inputs.read_text()), sys.argv[5:]
    out.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    con.execute("SET threads = 2; SET preserve_insertion_order = false")
    left = {step["table"]: 0 for step in plan}
    for step in plan:
        for read in step["reads"].split():
            left[read] += 1
    rows, seconds = {}, {}
    for step in plan:
        name, maker = step["table"], step["maker"]
        if maker.startswith("input "):
            staged(con, name, inputs[name])
            continue
        if not maker.endswith(".sql"):
            made(con, name, folder / f"{name}.parquet")
            continue
        started = time.perf_counter()
        # What patronage does not keep is computed by its readers in both engines.
        con.execute(f"CREATE {'TABLE' if step['kept'] else 'VIEW'} {name} AS {SQL[maker]}")
        if step["kept"]:
            rows[name] = con.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for read in step["reads"].split():
                left[read] -= 1
                if left[read] == 0 and read in rows and read not in asked:
                    con.execute(f"DROP TABLE {read}")
        if name in asked:
            con.execute(f"COPY {name} TO '{out / name}.parquet' (FORMAT parquet, COMPRESSION zstd)")
        seconds[name] = time.perf_counter() - started
    print(json.dumps({"rows": rows, "seconds": seconds}))


if __name__ == "__main__":
    main()
