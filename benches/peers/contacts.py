"""Contact-centre summaries and preferences by `patronage run`, against the same SQL files in DuckDB on the same staged Parquet.

    python benches/peers/contacts.py --contacts 50000000 --save

A made-up centre (calls, mails, chats, visits and page views of 180 days by 400 agents in 12 queues at 3 sites, a third of the
callers unknown; a customer for 50 contacts, two orders each) is written once and staged once. Then, in turn:
- patronage: `run --only contact_centre_summary --only contact_preferences --threads 2`, from the staged files to published
  Parquet, sorted and checked.
- DuckDB: the same files of `sql/` with 2 threads, over the same staged Parquet, with the tables that no SQL makes (parameters,
  clocks) as patronage made them; both tables as zstd Parquet, neither sorted nor checked.

Compared before any time is told: the rows of every table, and the counts of the summary.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
from bench import HERE, THREADS, Cost, agree, alternate, arguments, measure, report, save

TABLES = ["contact_centre_summary", "contact_preferences"]
START_US, DAYS = 1_767_225_600_000_000, 180

# Columns of the contracts that this SQL reads and the export may lack: null then.
READ = {
    "customers": {
        "customer_id": "VARCHAR", "customer_type": "VARCHAR", "region": "VARCHAR", "time_zone": "VARCHAR", "language": "VARCHAR",
        "signup_us": "BIGINT", "segment_hint": "VARCHAR", "declared_wallet_e4": "BIGINT", "declared_brand_rank": "BIGINT",
        "declared_brands": "BIGINT", "profiling_opt_out": "BOOLEAN",
    },
    "products": {"product_id": "VARCHAR", "category": "VARCHAR", "cost_e4": "BIGINT"},
    "transactions": {
        "product_id": "VARCHAR", "quantity_e4": "BIGINT", "discount_e4": "BIGINT", "cost_e4": "BIGINT", "payment_fee_e4": "BIGINT",
        "line_type": "VARCHAR", "status": "VARCHAR", "currency": "VARCHAR", "channel": "VARCHAR", "store_id": "VARCHAR",
        "region": "VARCHAR", "campaign_id": "VARCHAR", "contact_id": "VARCHAR", "rep_id": "VARCHAR", "partner_id": "VARCHAR",
        "original_order_id": "VARCHAR", "is_test": "BOOLEAN", "foreign_amount_e4": "BIGINT",
    },
    "interactions": {
        "wait_s_e4": "BIGINT", "talk_s_e4": "BIGINT", "hold_s_e4": "BIGINT", "wrap_s_e4": "BIGINT", "in_vru": "BOOLEAN",
        "vru_task_done": "BOOLEAN", "transferred_from": "VARCHAR", "resolved": "BOOLEAN", "resolvable_first_line": "BOOLEAN",
        "complaint": "BOOLEAN", "complaint_id": "VARCHAR", "lead": "BOOLEAN", "competitor_code": "VARCHAR",
        "satisfaction_e4": "BIGINT", "cost_e4": "BIGINT", "campaign_id": "VARCHAR", "product_id": "VARCHAR", "page": "VARCHAR",
        "event": "VARCHAR", "value_e4": "BIGINT", "count": "BIGINT", "completeness": "VARCHAR",
    },
    "contacts_sent": {
        "campaign_id": "VARCHAR", "customer_id": "VARCHAR", "arm": "VARCHAR", "channel": "VARCHAR", "sent_us": "BIGINT",
        "delivered": "BOOLEAN", "opened": "BOOLEAN", "opened_machine": "BOOLEAN", "clicked": "BOOLEAN", "replied": "BOOLEAN",
        "cost_e4": "BIGINT", "sent_day": "INTEGER",
    },
    "holidays": {"date_day": "INTEGER", "name": "VARCHAR", "region": "VARCHAR"},
}  # fmt: skip

PIPELINE = """[project]
name = "centre"
currency = "EUR"
time_zone = "Europe/Berlin"

[inputs.customers]
files = ["customers.parquet"]
columns = { customer_id = "customer" }

[inputs.transactions]
files = ["orders.parquet"]
columns = { customer_id = "customer", order_id = "order_id", ts = "at", amount = "amount" }

[inputs.interactions]
files = ["contacts-*.parquet"]

[inputs.interactions.columns]
interaction_id = "id"
customer_id = "customer"
channel = "channel"
direction = { constant = "in" }
ts_start = "began"
ts_queue = "queued"
ts_answer = "answered"
ts_end = "ended"
queue = "queue"
agent_id = "agent"
site_id = "site"
abandoned = "abandoned"
reason_code = "reason"
"""


def export(folder: Path, contacts: int):
    """Ten million contacts a file, from DuckDB's hash: the same rows every time."""
    con = duckdb.connect()
    con.execute("SET threads = 2; SET memory_limit = '4GB'")
    customers, parts, step = max(contacts // 50, 1), max(1, contacts // 10_000_000), DAYS * 86_400_000_000 // contacts
    con.execute(f"""COPY (SELECT 'C' || (10000000 + i) AS customer FROM range({customers}) t(i))
        TO '{folder}/customers.parquet' (FORMAT parquet, COMPRESSION zstd)""")
    con.execute(f"""COPY (SELECT 'O' || i AS order_id, 'C' || (10000000 + hash(i) % {customers}) AS customer,
            make_timestamp({START_US} + (hash(i + 7) % {DAYS * 86_400})::BIGINT * 1000000) AS at,
            ((hash(i) >> 20) % 20000 / 100.0)::DECIMAL(10,2) AS amount FROM range({2 * customers}) t(i))
        TO '{folder}/orders.parquet' (FORMAT parquet, COMPRESSION zstd)""")
    for part in range(parts):
        con.execute(f"""COPY (
            WITH drawn AS (SELECT i, hash(i) AS h, hash(i + 1) AS g, {START_US} + i * {step} AS us
                FROM range({contacts * part // parts}, {contacts * (part + 1) // parts}) t(i)),
            shaped AS (SELECT *, ['phone', 'phone', 'phone', 'phone', 'email', 'email', 'chat', 'web', 'web', 'visit'][1 + (h % 10)::BIGINT] AS channel,
                ((g >> 8) % 300)::BIGINT AS wait, ((g >> 20) % 600)::BIGINT AS talk, (g >> 32) % 100 < 8 AS lost FROM drawn)
            SELECT 'I' || (1000000000 + i) AS id,
                CASE WHEN h % 3 <> 0 THEN 'C' || (10000000 + (h >> 24) % {customers}) END AS customer, channel,
                make_timestamp(us) AS began,
                CASE WHEN channel IN ('phone', 'chat') THEN make_timestamp(us + 5000000) END AS queued,
                CASE WHEN NOT (lost AND channel IN ('phone', 'chat')) THEN make_timestamp(us + (5 + wait) * 1000000) END AS answered,
                make_timestamp(us + (5 + wait + talk) * 1000000) AS ended,
                'q' || (h >> 44) % 12 AS queue,
                CASE WHEN NOT (lost AND channel IN ('phone', 'chat')) THEN 'a' || (h >> 50) % 400 END AS agent,
                's' || (h >> 50) % 3 AS site, lost AND channel IN ('phone', 'chat') AS abandoned,
                'r' || (g >> 44) % 20 AS reason
            FROM shaped) TO '{folder}/contacts-{part}.parquet' (FORMAT parquet, COMPRESSION zstd)""")
    (folder / "patronage.toml").write_text(PIPELINE)


def said(command: list) -> str:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout


def inputs(pipeline: Path, plan: list) -> dict:
    """Where each staged input lies, which columns it has, and which of those that the SQL reads it lacks."""
    cache, found = pipeline / "out" / "cache", {}
    for step in plan:
        if not step["maker"].startswith("input "):
            continue
        name = step["maker"].removeprefix("input ")
        # A single file whose rows need nothing more is its own combined table.
        reports = [json.loads(path.read_text()) for path in (cache / "combined" / name).glob("*/report.json")]
        folder = cache / name if reports and reports[0]["direct"] else cache / "combined" / name
        files = sorted(map(str, folder.glob("*/part-*.parquet")))
        present = [row[0] for row in duckdb.execute(f"DESCRIBE SELECT * FROM '{files[0]}'").fetchall()] if files else []
        absent = {column: kind for column, kind in READ[name].items() if column not in present}
        found[step["table"]] = {"files": files, "present": present, "absent": absent}
    return found


def run(binary: Path, pipeline: Path, tables: list) -> list:
    only = [part for table in tables for part in ("--only", table)]
    return [binary, "run", pipeline, *only, "--threads", THREADS, "--force", "--format", "json", "--quiet"]


def main():
    parser = arguments(__doc__, repeat=1)
    parser.add_argument("--contacts", type=int, default=50_000_000, help="rows of interactions [%(default)s]")
    args = parser.parse_args()
    pipeline = args.dir / f"contacts-{args.contacts}"
    if not pipeline.exists():
        unfinished = pipeline.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        export(unfinished, args.contacts)
        unfinished.rename(pipeline)

    plan = json.loads(said([args.binary, "plan", pipeline, *run("", "", TABLES)[3:-6], "--format", "json"]))
    # What no SQL makes; and by the way all inputs are staged.
    made = [step["table"] for step in plan if not step["maker"].startswith("input ") and not step["maker"].endswith(".sql")]
    parameters = Path(json.loads(said(run(args.binary, pipeline, made)))["folder"]) / "tables"
    (pipeline / "plan.json").write_text(json.dumps(plan))
    (pipeline / "staged.json").write_text(json.dumps(inputs(pipeline, plan)))
    found, out = {}, args.dir / "duckdb-contacts"

    def patronage() -> Cost:
        cost, printed = measure(run(args.binary, pipeline, TABLES))
        found["patronage"] = Path(json.loads(printed)["folder"])
        return cost

    def peer() -> Cost:
        command = [sys.executable, HERE / "duckdb_graph.py", pipeline / "plan.json", pipeline / "staged.json", parameters, out]
        cost, printed = measure([*command, *TABLES])
        found["duckdb"] = json.loads(printed)
        return cost

    costs = alternate({"patronage": patronage, "duckdb": peer}, args.repeat)
    manifest = json.loads((found["patronage"] / "manifest.json").read_text())
    rows = {table["name"]: table["rows"] for table in manifest["tables"] if table["name"] in found["duckdb"]["rows"]}
    agree("rows of every table", {"patronage": rows, "duckdb": {name: found["duckdb"]["rows"][name] for name in rows}})
    counted = "SELECT cut, sum(contacts), sum(queued), sum(abandoned), sum(waits), sum(handled) FROM '{}' GROUP BY cut ORDER BY cut"
    agree("counts of the summary", {
        "patronage": duckdb.execute(counted.format(found["patronage"] / "tables" / f"{TABLES[0]}.parquet")).fetchall(),
        "duckdb": duckdb.execute(counted.format(out / f"{TABLES[0]}.parquet")).fetchall(),
    })  # fmt: skip
    seconds = manifest["wall_clock"]["tables"]
    for name in sorted(rows, key=lambda name: -seconds[name]["seconds"])[:12]:
        print(f"{name:28} {rows[name]:>11} {seconds[name]['seconds']:>8.1f} s {found['duckdb']['seconds'][name]:>8.1f} s")
    report(f"summaries and preferences of {args.contacts:,} contacts", costs)
    save("contacts", args, costs, rows=rows)


if __name__ == "__main__":
    main()
