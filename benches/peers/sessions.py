"""Sessions and abandonment by `patronage run` over staged page events, against the same in DuckDB on the same Parquet.

    python benches/peers/sessions.py --events 50000000 --save

A made-up clickstream (eight events a session, a third of the sessions log in somewhere on the way, one visitor in ten
never does; 1 M customers and 5 M orders for 50 M events) is written once and staged once. Then, in turn:
- patronage: `run --only session_abandonment --only recoverable_sessions --threads 2`, from the staged files to published
  Parquet with its checks; `--memory` is given to it and to DuckDB alike, when asked for.
- DuckDB: `duckdb_sessions.py`, written as one would for DuckDB (windows over each visitor's events, ASOF joins), 2
  threads; both tables as zstd Parquet in the same order. It does not look for unanswered questions, which this export
  has none of, nor for visitors without a number; patronage does both.

Compared before any time is told: every row of the summary (sessions, selected, ordered, abandoned, recovered late and
value at risk by period and stage), and the length of the list.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
from bench import HERE, THREADS, Cost, agree, alternate, arguments, measure, report, save

DAYS = 180
START_US = 1_767_225_600_000_000  # 2026-01-01
AS_OF = "2026-06-30"
AS_OF_US = START_US + DAYS * 86_400_000_000
EVENTS_A_SESSION = 8

PIPELINE = """[project]
name = "clicks"
currency = "EUR"
time_zone = "UTC"

[inputs.transactions]
files = ["orders.parquet"]
columns = { customer_id = "customer", order_id = "order_id", ts = "at", product_id = "product", amount = "amount" }

[inputs.interactions]
files = ["events-*.parquet"]

[inputs.interactions.columns]
interaction_id = "id"
customer_id = "customer"
visitor_id = "visitor"
channel = "channel"
ts_start = "at"
event = "event"
product_id = "product"
value = "value"
"""


def clickstream(folder: Path, events: int):
    """Ten million events a file, from DuckDB's hash: the same rows every time."""
    con = duckdb.connect()
    con.execute("SET threads = 2; SET memory_limit = '4GB'")
    visits, customers, orders = events // EVENTS_A_SESSION, max(events // 50, 1), max(events // 10, 1)
    visitors, step = customers * 3 // 2, DAYS * 86_400_000_000 // visits
    parts = max(1, events // 10_000_000)
    for part in range(parts):
        con.execute(f"""COPY (
            WITH visits AS (
                SELECT s, hash(s) AS h, (hash(s) % {visitors})::BIGINT AS visitor
                FROM range({visits * part // parts}, {visits * (part + 1) // parts}) t(s)),
            events AS (SELECT *, hash(s * 8 + e) AS g FROM visits, range({EVENTS_A_SESSION}) r(e)),
            named AS (
                SELECT *, CASE WHEN (h >> 40) % 100 < 8 AND e = 7 THEN 'checkout' WHEN (h >> 40) % 100 < 25 AND e IN (5, 6) THEN 'cart'
                    WHEN (g >> 20) % 60 = 0 THEN 'search' WHEN (g >> 26) % 200 = 0 THEN 'question' ELSE 'view' END AS event
                FROM events)
            SELECT 'E' || (1000000000 + s * 8 + e) AS id,
                CASE WHEN (h >> 50) % 3 = 0 AND e >= (h >> 53) % 8 AND visitor < {customers * 9 // 10}
                    THEN 'C' || (10000000 + visitor) END AS customer,
                'v' || (100000000 + visitor) AS visitor,
                make_timestamp({START_US} + s * {step} + e * 1000000 * (20 + (g % 150)::BIGINT)) AS at, event,
                CASE WHEN event = 'cart' OR event = 'view' AND (g >> 30) % 3 < 2 THEN 'P' || (10000 + (g >> 33) % 5000) END AS product,
                CASE WHEN event IN ('cart', 'checkout') THEN (((g >> 10) % 20000) / 100.0)::DECIMAL(10,2) END AS value,
                'web' AS channel
            FROM named) TO '{folder}/events-{part}.parquet' (FORMAT parquet, COMPRESSION zstd)""")
    con.execute(f"""COPY (
        SELECT 'O' || (1000000000 + i) AS order_id, 'C' || (10000000 + hash(i) % {customers}) AS customer,
            make_timestamp({START_US} + i * {DAYS * 86_400_000_000 // orders}) AS at,
            'P' || (10000 + hash(i + 1) % 5000) AS product, ((hash(i + 2) % 20000 + 1) / 100.0)::DECIMAL(10,2) AS amount
        FROM range({orders}) t(i)) TO '{folder}/orders.parquet' (FORMAT parquet, COMPRESSION zstd)""")
    (folder / "patronage.toml").write_text(PIPELINE)


def main():
    parser = arguments(__doc__, repeat=1)
    parser.add_argument("--events", type=int, default=10_000_000, help="page events [%(default)s]")
    parser.add_argument("--memory", help="memory for both to stay within, such as 4GB [none]")
    parser.add_argument("--pipeline", type=Path, help="a folder with a clickstream that was made before")
    args = parser.parse_args()
    pipeline = args.pipeline or args.dir / f"clicks-{args.events}"
    if not (pipeline / "patronage.toml").exists():
        print(f"making {pipeline} ...", file=sys.stderr)
        pipeline.mkdir(parents=True, exist_ok=True)
        clickstream(pipeline, args.events)

    command = [args.binary, "run", pipeline, "--threads", THREADS, "--as-of", AS_OF, "--force", "--format", "json", "--quiet"]
    for table in ("session_abandonment", "recoverable_sessions"):
        command += ["--only", table]
    command += ["--memory", args.memory] if args.memory else []
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)  # stages what is not staged
    found, seconds = {}, {}

    def patronage() -> Cost:
        shutil.rmtree(pipeline / "out" / "aside", ignore_errors=True)
        cost, said = measure(command)
        folder = Path(json.loads(said)["folder"])
        tables = json.loads((folder / "manifest.json").read_text())["wall_clock"]["tables"]
        seconds["patronage"] = {name: spent["seconds"] for name, spent in tables.items()}
        rows = duckdb.sql(f"""
            SELECT CAST((DATE '{AS_OF}' - period_end_date) / 30 AS INT), stage, sessions, selected, ordered, abandoned,
                recovered_late, CAST(value_at_risk * 10000 AS BIGINT)
            FROM '{folder}/tables/session_abandonment.parquet' ORDER BY 1, 2""").fetchall()
        listed = duckdb.sql(f"SELECT count(*) FROM '{folder}/tables/recoverable_sessions.parquet'").fetchall()[0][0]
        found["patronage"] = [[[str(value) for value in row] for row in rows], listed]
        return cost

    def in_duckdb() -> Cost:
        out = args.dir / "duckdb-sessions"
        script = HERE / "duckdb_sessions.py"
        cost, said = measure([sys.executable, script, pipeline, AS_OF_US, out, args.memory or "none"])
        said = json.loads(said)
        seconds["duckdb"] = said["seconds"]
        found["duckdb"] = [said["summary"], said["listed"]]
        return cost

    costs = alternate({"patronage": patronage, "duckdb": in_duckdb}, args.repeat)
    agree("summary and list", found)
    for side, spent in seconds.items():
        print(f"\n{side}, wall seconds: " + ", ".join(f"{name} {value:.1f}" for name, value in spent.items()))
    events = duckdb.sql(f"SELECT count(*) FROM '{pipeline}/events-*.parquet'").fetchall()[0][0]
    report(f"sessions and abandonment of {events:,} page events", costs)
    save("sessions", args, costs, events=events, memory=args.memory, seconds=seconds)


if __name__ == "__main__":
    main()
