"""The whole job from an export to tables: `patronage run` with no cache against a pandas script of the same figures.

The pandas side (`pandas_rfm.py`) reads, cleans, drops repetitions, nets returns, scores RFM, names segments, cuts value
tiers, counts the moves between eight quarters and writes Parquet. On ours, two figures:

- `patronage, the same tables`: `run --only` the three tables that hold those figures, and what they need (which includes
  routing levels and the rhythm of each customer: they are columns of `customers`).
- `patronage`: the whole run, with pair counts, routing, segments and all else that pandas is not asked for.

Ours also keeps every bad row with its reason, accounts for each row, checks contracts, and publishes atomically with
hashes. pandas uses one thread, as it does; ours two. Exports: the real one of UCI Online Retail (`--data`, where it is
there), and the generated one of `ingest.py`.

Compared before any time is printed: customers, net revenue to the last digit, customers in each RFM segment and value
tier, rows of the quarterly tiers.
"""

import json
import shutil
import sys
from pathlib import Path

import duckdb
from bench import HERE, ROOT, THREADS, Cost, agree, alternate, arguments, measure, report, save
from ingest import export

ONLINE_RETAIL = """\
[project]
name = "online-retail"
currency = "GBP"
time_zone = "UTC"

[inputs.transactions]
files = ["transactions.csv.gz"]

[inputs.transactions.columns]
customer_id = "customer_id"
order_id = "transaction_id"
ts = "timestamp"
product_id = "product_id"
quantity = "quantity"
unit_price = "unit_price"
amount = { expr = "quantity * unit_price" }
region = "region"
line_type = { expr = \"\"\"CASE
  WHEN product_id IN ('POST', 'DOT', 'C2', 'BANK CHARGES', 'AMAZONFEE', 'CRUK') THEN 'fee'
  WHEN product_id IN ('M', 'm', 'B', 'S', 'PADS') THEN 'adjustment'
  ELSE 'sale' END\"\"\" }
"""


def online_retail(args) -> Path | None:
    """The real export with a pipeline file beside it, copied once."""
    source = args.data / "online_retail" / "transactions.csv.gz"
    if not source.exists():
        return None
    folder = args.dir / "online-retail"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, folder / source.name)
    (folder / "patronage.toml").write_text(ONLINE_RETAIL)
    return folder


def figures(run: Path) -> dict:
    """What a run says of the figures that both sides make."""
    tables = run / "tables"

    def counts(column: str) -> dict:
        sql = f"SELECT {column}, COUNT(*) FROM '{tables}/customers.parquet' GROUP BY ALL ORDER BY ALL"
        return {str(name): n for name, n in duckdb.execute(sql).fetchall()}

    customers = f"SELECT COUNT(*), CAST(SUM(net_revenue) * 10000 AS BIGINT) FROM '{tables}/customers.parquet'"
    found, net_e4 = duckdb.execute(customers).fetchone()
    tiers = duckdb.execute(f"SELECT COUNT(*) FROM '{tables}/value_tiers.parquet'").fetchone()[0]
    return {
        "customers": found, "net_e4": net_e4, "value_tiers": tiers, "segments": counts("rfm_segment"),
        "tiers": counts("actual_tier"),
    }  # fmt: skip


def compare(args, folder: Path, file: str, layout: str) -> dict:
    found = {}

    def patronage(only: list) -> Cost:
        shutil.rmtree(folder / "out", ignore_errors=True)
        command = [args.binary, "run", folder, "--threads", THREADS, "--quiet", "--format", "json"]
        for table in only:
            command += ["--only", table]
        cost, said = measure(command)
        found["patronage"] = figures(Path(json.loads(said)["folder"]))
        return cost

    def pandas() -> Cost:
        script = HERE / "pandas_rfm.py"
        cost, said = measure([sys.executable, script, folder / file, layout, args.dir / "pandas-rfm"])
        found["pandas"] = json.loads(said)
        return cost

    sides = {
        "patronage": lambda: patronage([]),
        "patronage, the same tables": lambda: patronage(["customers", "value_tiers", "tier_migration"]),
        "pandas": pandas,
    }
    costs = alternate(sides, args.repeat)
    for figure in found["pandas"]:
        agree(figure, {side: found[side][figure] for side in ("patronage", "pandas")})
    return costs


def main():
    parser = arguments(__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000, help="lines of the generated export [%(default)s]")
    data = ROOT.parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=data, help="folder with `online_retail/` [%(default)s]")
    args = parser.parse_args()

    raw = {}
    real = online_retail(args)
    if real:
        costs = compare(args, real, "transactions.csv.gz", "online_retail")
        report("UCI Online Retail, 541,909 lines, gzip", costs)
        raw |= {f"online retail: {side}": runs for side, runs in costs.items()}
    costs = compare(args, export(args, args.lines), "export.csv", "generated")
    report(f"generated export, {args.lines:,} lines", costs)
    raw |= {f"generated: {side}": runs for side, runs in costs.items()}
    save("whole_run", args, raw, lines=args.lines)


if __name__ == "__main__":
    main()
