"""The tables of `sql/` by `patronage run` over staged inputs, against the same SQL files in DuckDB.

Both read the same staged Parquet (`out/cache/`), use 2 threads, and make every table of `sql/` in dependency
order from the same parameters (asked of `patronage run --only`), with its predicates of the pipeline file.

Not equal, and not in DuckDB's favour or ours on purpose:
- patronage also sorts each table by its contract, checks keys and nulls, writes 13 tables as zstd Parquet with bloom
  filters and hashes, runs the gates and publishes. DuckDB writes the 11 of them that SQL makes as zstd Parquet, sorted by the same
  columns, without checks, bloom filters and hashes, and sorts no other table.
- DuckDB makes one table after the other with 2 threads; patronage makes two tables at a time. So seconds of a table are
  only to be compared roughly; CPU seconds of the whole process are the figure.

Compared before any time is printed: the number of rows of every table (`src/pipeline/portability_test.rs` compares their
contents).
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from bench import HERE, THREADS, Cost, agree, alternate, arguments, measure, report, save, shop

PARAMETERS = [
    "run_params", "periods", "rfm_cuts", "rfm_cells", "service_cells", "service_levels", "segment_definitions",
    "segment_membership_before", "campaign_definitions",
]  # fmt: skip


def run_folder(binary: Path, pipeline: Path, only: list) -> Path:
    """Makes a run and gives its folder."""
    command = [binary, "run", pipeline, "--threads", THREADS, "--force", "--format", "json", "--quiet"]
    for table in only:
        command += ["--only", table]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    return Path(json.loads(done.stdout)["folder"])


def main():
    parser = arguments(__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000, help="transaction lines to aim at [%(default)s]")
    parser.add_argument("--pipeline", type=Path, help="a folder with a patronage.toml, instead of a generated shop")
    args = parser.parse_args()
    pipeline = args.pipeline or shop(args, args.lines)

    parameters = run_folder(args.binary, pipeline, PARAMETERS) / "tables"
    found = {}

    def patronage() -> Cost:
        # A run that is there already would keep its manifest, and with it the times of another day.
        shutil.rmtree(pipeline / "out" / "runs", ignore_errors=True)
        (pipeline / "out" / "latest").unlink(missing_ok=True)
        command = [args.binary, "run", pipeline, "--threads", THREADS, "--force", "--format", "json", "--quiet"]
        cost, said = measure(command)
        found["patronage"] = json.loads((Path(json.loads(said)["folder"]) / "manifest.json").read_text())
        return cost

    def duckdb() -> Cost:
        out = args.dir / "duckdb-features"
        cost, said = measure([sys.executable, HERE / "duckdb_features.py", pipeline, parameters, out])
        found["duckdb"] = json.loads(said)
        return cost

    costs = alternate({"patronage": patronage, "duckdb": duckdb}, args.repeat)

    tables = found["patronage"]["tables"]
    rows = {table["name"]: table["rows"] for table in tables if table["name"] in found["duckdb"]["rows"]}
    agree("rows of every table", {"patronage": rows, "duckdb": {name: found["duckdb"]["rows"][name] for name in rows}})

    clock = found["patronage"]["wall_clock"]
    print(f"\n{'table':28} {'rows':>10} {'patronage s':>12} {'duckdb s':>9} {'peak MB of the process':>23}")
    for name, cost in sorted(clock["tables"].items(), key=lambda item: -item[1]["seconds"]):
        if name in rows:
            theirs = found["duckdb"]["seconds"][name]
            peak = cost["peak_memory_bytes"] / 1e6
            print(f"{name:28} {rows[name]:>10} {cost['seconds']:>12.2f} {theirs:>9.2f} {peak:>23.0f}")
    report("tables of sql/, staged inputs to Parquet", costs)
    save("features", args, costs, rows=rows, patronage_tables=clock["tables"], duckdb_tables=found["duckdb"]["seconds"])


if __name__ == "__main__":
    main()
