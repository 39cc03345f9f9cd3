"""A CSV export of 10 M lines to staged Parquet with rejects: `patronage check` against DuckDB `read_csv(store_rejects)`.

The export has eight columns (customer, order, time, product, quantity, price, amount, channel), 1,000 repeated lines and
3,000 bad ones: impossible dates, words for numbers, an amount too large, too few and too many fields. Both sides use
2 threads, type every column (money and quantities exactly), keep the bad rows aside and write zstd Parquet.

- `duckdb` does what its one call does: it neither drops repetitions nor sorts.
- `duckdb, equal work` also drops repetitions (`SELECT DISTINCT`) and sorts by customer and time.
- `patronage` does all that, and besides hashes the export and its own files (BLAKE3), keeps the rows of a file only when
  it was read to its end, verifies that no row was lost, converts local time to UTC and days, and runs the data-quality
  checks. Its cache is removed before each run.
- `patronage, next night` runs again over the cache: it hashes the export, and reads nothing else of it.
- The pair of `.gz` compares the same on a gzip export of 2 M lines.

Compared before any time is printed: rows staged, rows rejected, sum of the amounts.
"""

import gzip
import json
import shutil
import sys
from pathlib import Path

import duckdb
from bench import HERE, THREADS, Cost, agree, alternate, arguments, measure, report, save, shop

PIPELINE = """\
[project]
name = "ingest"
currency = "EUR"
time_zone = "UTC"

[inputs.transactions]
files = ["{file}"]

[inputs.transactions.columns]
customer_id = "customer_id"
order_id = "order_id"
ts = {{ column = "ts", format = "%Y-%m-%d %H:%M:%S" }}
product_id = "product_id"
quantity = "quantity"
unit_price = "unit_price"
amount = "amount"
channel = "channel"
"""

BAD_KINDS = 6
BAD_EACH = 500
REPEATED = 1_000


def spoil(line: bytes, kind: int) -> bytes:
    """A line with one fault."""
    fields = line.rstrip(b"\n").split(b",")
    match kind:
        case 0:
            fields[2] = b"2025-02-30 10:00:00"
        case 1:
            fields[4] = b"two"
        case 2:
            fields[5] = b"free"
        case 3:
            fields[6] = b"99999999999999999999.00"
        case 4:
            fields = fields[:5]
        case _:
            fields.append(b"web")
    return b",".join(fields) + b"\n"


def export(args, lines: int) -> Path:
    """The export of about so many lines, made once from a generated shop; its pipeline file beside it."""
    folder = args.dir / f"ingest-{lines}"
    if folder.exists():
        return folder
    source = shop(args, lines) / "transactions.csv"
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    clean = unfinished / "clean.csv"
    amount = "CAST(Qty AS DECIMAL(18,4)) * CAST(UnitPrice AS DECIMAL(18,4)) - COALESCE(CAST(Discount AS DECIMAL(18,4)), 0)"
    duckdb.execute(
        f"COPY (SELECT CustomerNo AS customer_id, InvoiceNo AS order_id, InvoiceDate AS ts, SKU AS product_id, "
        f"Qty AS quantity, UnitPrice AS unit_price, CAST({amount} AS DECIMAL(18,4)) AS amount, Channel AS channel "
        f"FROM read_csv('{source}', all_varchar = true)) TO '{clean}' (HEADER, DELIMITER ',')"
    )
    every = lines // (BAD_KINDS * BAD_EACH + REPEATED + 10)
    faults = 0
    with clean.open("rb") as reading, (unfinished / "export.csv").open("wb") as writing:
        writing.write(reading.readline())
        for number, line in enumerate(reading, 1):
            if number % every == 0 and faults < BAD_KINDS * BAD_EACH + REPEATED:
                bad = faults < BAD_KINDS * BAD_EACH
                writing.write(spoil(line, faults % BAD_KINDS) if bad else line + line)
                faults += 1
            else:
                writing.write(line)
    clean.unlink()
    (unfinished / "patronage.toml").write_text(PIPELINE.format(file="export.csv"))
    unfinished.rename(folder)
    return folder


def zipped(args, lines: int) -> Path:
    """The same, compressed as one gzip member."""
    folder = args.dir / f"ingest-{lines}-gz"
    if not folder.exists():
        plain = export(args, lines) / "export.csv"
        folder.mkdir()
        with plain.open("rb") as reading, gzip.open(folder / "export.csv.gz", "wb", compresslevel=6) as writing:
            shutil.copyfileobj(reading, writing, 1 << 20)
        (folder / "patronage.toml").write_text(PIPELINE.format(file="export.csv.gz"))
    return folder


def staged(folder: Path) -> dict:
    """What patronage staged of the only input."""
    cache = folder / "out" / "cache"
    combined = json.loads(next((cache / "combined" / "transactions").glob("*/report.json")).read_text())
    parts = (cache if combined["direct"] else cache / "combined") / "transactions" / "*" / "part-*.parquet"
    rows, amount_e4 = duckdb.execute(f"SELECT COUNT(*), SUM(amount_e4) FROM read_parquet('{parts}')").fetchone()
    counts = combined["counts"][0]
    return {
        "staged": rows, "rejected": counts["rejected"], "repeated": counts["duplicate"],
        "amount": f"{amount_e4 // 10_000}.{amount_e4 % 10_000:04}",
    }  # fmt: skip


def compare(args, folder: Path, file: str, warm: bool) -> dict:
    """Costs by side, on one export."""
    found = {}
    check = [args.binary, "check", folder, "--threads", THREADS, "--quiet", "--format", "json"]

    def cold() -> Cost:
        shutil.rmtree(folder / "out", ignore_errors=True)
        cost, _ = measure(check)
        found["patronage"] = staged(folder)
        return cost

    def next_night() -> Cost:
        return measure(check)[0]

    def peer(*how) -> Cost:
        cost, said = measure([sys.executable, HERE / "duckdb_ingest.py", folder / file, args.dir / "duckdb-ingest", *how])
        found[("duckdb", *how)] = json.loads(said)
        return cost

    sides = {"patronage": cold}
    if warm:
        sides["patronage, next night"] = next_night
    sides |= {"duckdb": peer, "duckdb, equal work": lambda: peer("equal")}
    costs = alternate(sides, args.repeat)

    ours, equal, plain = found["patronage"], found[("duckdb", "equal")], found[("duckdb",)]
    agree("rows staged and sum", {"patronage": [ours["staged"], ours["amount"]], "duckdb": [equal["staged"], equal["amount"]]})
    agree("rows rejected", {"patronage": ours["rejected"], "duckdb": plain["rejected"]})
    agree("rows before repetitions go", {"patronage": ours["staged"] + ours["repeated"], "duckdb": plain["staged"]})
    return costs


def main():
    parser = arguments(__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000, help="lines of the plain export [%(default)s]")
    parser.add_argument("--gz-lines", type=int, default=2_000_000, help="lines of the gzip export [%(default)s]")
    args = parser.parse_args()

    folder = export(args, args.lines)
    megabytes = (folder / "export.csv").stat().st_size / 1e6
    costs = compare(args, folder, "export.csv", warm=True)
    report(f"export of {args.lines:,} lines, {megabytes:.0f} MB, to staged Parquet", costs)
    gz_costs = compare(args, zipped(args, args.gz_lines), "export.csv.gz", warm=False)
    report(f"gzip export of {args.gz_lines:,} lines", gz_costs)
    save("ingest", args, costs | {f"{name}, gz": runs for name, runs in gz_costs.items()}, megabytes=megabytes)


if __name__ == "__main__":
    main()
