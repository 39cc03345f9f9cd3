"""Sessions and abandonment in DuckDB, over the staged Parquet of a patronage run: the other side of `sessions.py`.

    python duckdb_sessions.py PIPELINE_FOLDER AS_OF_US OUT_FOLDER MEMORY_LIMIT

One statement a step, as one would write it for DuckDB: windows over each visitor's events, ASOF joins for the next order.
Prints one JSON object: the rows of the summary (period, stage, sessions, selected, ordered, abandoned, recovered late and
value at risk), the length of the list, and seconds of each step.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

MINUTE, DAY = 60_000_000, 86_400_000_000


def staged(cache: Path, name: str) -> str:
    """The staged files of one input. A single file whose rows need nothing more is its own combined table."""
    reports = [json.loads(path.read_text()) for path in (cache / "combined" / name).glob("*/report.json")]
    folder = cache / name if reports and reports[0]["direct"] else cache / "combined" / name
    return f"read_parquet('{folder}/*/part-*.parquet')"


def main():
    pipeline, as_of_us, out, memory = sys.argv[1:]
    as_of_us, out = int(as_of_us), Path(out)
    cache = Path(pipeline) / "out" / "cache"
    out.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    con.execute("SET threads = 2")
    con.execute("SET preserve_insertion_order = false")
    con.execute(f"SET temp_directory = '{out / 'spill'}'")
    if memory != "none":
        con.execute(f"SET memory_limit = '{memory}'")
    interactions = staged(cache, "interactions")
    seconds = {}

    def step(name: str, sql: str):
        started = time.perf_counter()
        con.execute(f"CREATE TABLE {name} AS {sql}")
        seconds[name] = time.perf_counter() - started

    step("numbered", f"""
        WITH stepped AS (
            SELECT visitor_id, customer_id, ts_start_us AS ts_us, start_day, product_id, event,
                CASE WHEN event IN ('cart', 'checkout') THEN value_e4 END AS cart_value_e4,
                lag(ts_start_us) OVER w AS before_us,
                last_value(customer_id IGNORE NULLS) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS named_before
            FROM {interactions}
            WHERE channel IN ('web', 'app') AND visitor_id IS NOT NULL AND ts_start_us < {as_of_us}
            WINDOW w AS (PARTITION BY visitor_id ORDER BY ts_start_us))
        SELECT * EXCLUDE (before_us, named_before),
            sum(CASE WHEN before_us IS NULL OR ts_us - before_us > {30 * MINUTE} OR customer_id <> named_before THEN 1 ELSE 0 END)
                OVER (PARTITION BY visitor_id ORDER BY ts_us ROWS UNBOUNDED PRECEDING) AS number
        FROM stepped""")
    step("visits", """
        SELECT visitor_id, number, min(ts_us) AS start_us, max(ts_us) AS end_us, min(start_day) AS start_day,
            min(customer_id) AS named, max(ts_us) FILTER (customer_id IS NOT NULL) AS last_named_us,
            count(*) FILTER (event = 'view' AND product_id IS NOT NULL) AS views,
            count(*) FILTER (event = 'cart') AS carts, count(*) FILTER (event = 'checkout') AS checkouts,
            arg_max(cart_value_e4, (ts_us, cart_value_e4)) FILTER (cart_value_e4 IS NOT NULL) AS cart_value_e4
        FROM numbered GROUP BY visitor_id, number""")
    step("sessions", f"""
        SELECT s.*, coalesce(s.named, CASE WHEN s.start_us - b.last_named_us <= {30 * DAY} THEN b.named END) AS customer_id,
            CASE WHEN checkouts > 0 THEN 'checkout' WHEN carts > 0 THEN 'cart' ELSE 'browse' END AS stage,
            carts + checkouts > 0 OR views >= 2 AS selected
        FROM visits s
        ASOF LEFT JOIN (SELECT visitor_id, named, last_named_us FROM visits WHERE named IS NOT NULL) b
        ON s.visitor_id = b.visitor_id AND s.start_us >= b.last_named_us""")
    step("orders", f"""
        SELECT customer_id, ts_us, product_id FROM {staged(cache, "transactions")}
        WHERE amount_e4 > 0 AND customer_id IS NOT NULL AND ts_us < {as_of_us}""")
    step("verdicts", f"""
        WITH firsts AS (
            SELECT s.visitor_id, s.number, o.ts_us AS order_us
            FROM sessions s
            ASOF JOIN (SELECT DISTINCT customer_id, ts_us FROM orders) o ON s.customer_id = o.customer_id AND s.start_us <= o.ts_us
            WHERE s.selected)
        SELECT s.*, order_us,
            CASE WHEN customer_id IS NULL THEN 'unidentified' WHEN order_us <= end_us + {DAY} THEN 'ordered'
                 WHEN end_us + {DAY} > {as_of_us} THEN 'open' ELSE 'abandoned' END AS outcome
        FROM sessions s LEFT JOIN firsts USING (visitor_id, number) WHERE selected""")
    step("recovered", f"""
        SELECT DISTINCT v.visitor_id, v.number
        FROM verdicts v
        JOIN orders o ON v.customer_id = o.customer_id AND o.ts_us > v.end_us + {DAY} AND o.ts_us <= v.end_us + {7 * DAY}
        JOIN numbered e ON e.visitor_id = v.visitor_id AND e.number = v.number AND e.product_id = o.product_id
        WHERE v.outcome = 'abandoned' AND v.order_us <= v.end_us + {7 * DAY}""")
    # Only calls and mails that name answers or solutions can be unanswered; the export of the comparison has none.
    step("summary", f"""
        WITH rows AS (
            SELECT CAST(floor(({as_of_us} / {DAY} - 1 - s.start_day) / 30) AS INT) AS age, s.stage, s.selected, v.outcome, s.cart_value_e4,
                r.number IS NOT NULL AS recovered
            FROM sessions s
            LEFT JOIN verdicts v USING (visitor_id, number)
            LEFT JOIN recovered r USING (visitor_id, number))
        SELECT age, coalesce(stage, 'all') AS stage, count(*) AS sessions, count(*) FILTER (selected) AS selected,
            count(*) FILTER (outcome = 'ordered') AS ordered, count(*) FILTER (outcome = 'abandoned') AS abandoned,
            count(*) FILTER (recovered) AS recovered,
            coalesce(sum(cart_value_e4) FILTER (outcome = 'abandoned' AND NOT recovered), 0) AS risk_e4
        FROM rows GROUP BY GROUPING SETS ((age, stage), (age))""")
    step("list", f"""
        WITH newest AS (
            SELECT * FROM verdicts
            WHERE outcome = 'abandoned' AND order_us IS NULL AND {as_of_us} - end_us <= {7 * DAY}
            QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY end_us DESC, start_us) = 1),
        products AS (
            SELECT n.customer_id, arg_max(e.product_id, (e.event IN ('cart', 'checkout'), e.ts_us, e.product_id)) AS product_id
            FROM newest n JOIN numbered e USING (visitor_id, number) WHERE e.product_id IS NOT NULL GROUP BY ALL)
        SELECT customer_id, start_us, end_us, stage, cart_value_e4, product_id FROM newest LEFT JOIN products USING (customer_id)""")
    for name, order in {"summary": "age, stage", "list": "customer_id"}.items():
        con.execute(f"COPY (FROM {name} ORDER BY {order}) TO '{out / name}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    rows = con.execute("SELECT * FROM summary ORDER BY age, stage").fetchall()
    listed = con.execute("SELECT count(*) FROM list").fetchone()[0]
    print(json.dumps({"summary": [[str(value) for value in row] for row in rows], "listed": listed, "seconds": seconds}))


if __name__ == "__main__":
    main()
