"""Sessions and abandonment by DuckDB from the events themselves, held against the tables of a run.

    python sessions_in_duckdb.py TABLES AS_OF_US EVENTS_SQL CONTACTS_SQL ORDERS_SQL

EVENTS_SQL gives (visitor, session, customer, ts_us, day, event, product, value_e4, n) of the site and the app, CONTACTS_SQL
(customer, visitor, ts_us, channel) of unanswered questions, ORDERS_SQL (customer, ts_us, product, counts), a line a row.
Written from spec/definitions.md 3.9 and the heads of sql/, with DuckDB's own means (event by event, IGNORE NULLS, ASOF
joins, inequality joins) and none of our shortcuts. Prints one JSON object: sessions, abandoned, and the rows in which the
two differ.
"""

import json
import sys

import duckdb

MINUTE, DAY = 60_000_000, 86_400_000_000


def main():
    tables, as_of_us, events, contacts, orders = sys.argv[1:]
    con = duckdb.connect()
    con.execute("SET threads = 2")
    con.execute(f"CREATE TABLE contacts AS {contacts}")
    con.execute(f"CREATE TABLE orders AS {orders}")
    con.execute(f"""
        CREATE TABLE events AS
        SELECT *, CASE WHEN visitor IS NOT NULL THEN 'v' || visitor
                       WHEN customer IS NOT NULL THEN 'c' || customer
                       ELSE 'v' || session END AS who
        FROM ({events})
        WHERE visitor IS NOT NULL OR customer IS NOT NULL OR session IS NOT NULL""")
    # Who was named at an instant, and before it.
    con.execute("""
        CREATE TABLE moments AS
        WITH instants AS (SELECT who, ts_us, min(customer) AS named FROM events GROUP BY ALL),
        filled AS (
            SELECT *, last_value(named IGNORE NULLS) OVER (
                PARTITION BY who ORDER BY ts_us ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
            FROM instants)
        SELECT who, ts_us, named, coalesce(named <> before, FALSE) AS taken_over FROM filled""")
    con.execute(f"""
        CREATE TABLE numbered AS
        WITH stepped AS (
            SELECT e.*, m.taken_over, m.named, lag(e.ts_us) OVER (PARTITION BY e.who ORDER BY e.ts_us) AS previous_us
            FROM events e JOIN moments m USING (who, ts_us)),
        begun AS (
            SELECT *, previous_us IS NULL OR ts_us - previous_us > {30 * MINUTE} OR (taken_over AND previous_us < ts_us) AS begins
            FROM stepped)
        SELECT *, sum(CAST(begins AS INT)) OVER (PARTITION BY who ORDER BY ts_us RANGE UNBOUNDED PRECEDING) AS number FROM begun""")
    con.execute("""
        CREATE TABLE plain AS
        SELECT who, number, min(ts_us) AS start_us, max(ts_us) AS end_us, min(day) AS start_day, min(named) AS named,
            max(ts_us) FILTER (named IS NOT NULL) AS last_named_us, sum(n) AS events,
            coalesce(sum(n) FILTER (event = 'view' AND product IS NOT NULL), 0) AS views,
            coalesce(sum(n) FILTER (event = 'cart'), 0) AS carts,
            coalesce(sum(n) FILTER (event = 'checkout'), 0) AS checkouts,
            max({'at': ts_us, 'value_e4': value_e4}) FILTER (event IN ('cart', 'checkout') AND value_e4 IS NOT NULL) AS last_cart,
            list(DISTINCT product) FILTER (product IS NOT NULL) AS products
        FROM numbered GROUP BY who, number""")
    con.execute(f"""
        CREATE TABLE owned AS
        SELECT s.*, last_cart.value_e4 AS cart_value_e4,
            coalesce(s.named, CASE WHEN s.start_us - b.last_named_us <= {30 * DAY} THEN b.named END) AS customer,
            CASE WHEN checkouts > 0 THEN 'checkout' WHEN carts > 0 THEN 'cart' ELSE 'browse' END AS stage,
            carts + checkouts > 0 OR views >= 2 AS selected
        FROM plain s
        ASOF LEFT JOIN (SELECT who, named, last_named_us FROM plain WHERE named IS NOT NULL) b
        ON s.who = b.who AND s.start_us >= b.last_named_us""")
    con.execute(f"""
        CREATE TABLE judged AS
        WITH first_orders AS (
            SELECT s.who, s.number, o.ts_us AS order_us
            FROM owned s
            ASOF JOIN (SELECT DISTINCT customer, ts_us FROM orders WHERE counts) o ON s.customer = o.customer AND s.start_us <= o.ts_us)
        SELECT s.*, o.order_us,
            CASE WHEN NOT selected THEN NULL WHEN customer IS NULL THEN 'unidentified'
                 WHEN order_us <= end_us + {DAY} THEN 'ordered'
                 WHEN end_us + {DAY} > {as_of_us} THEN 'open' ELSE 'abandoned' END AS outcome
        FROM owned s LEFT JOIN first_orders o USING (who, number)""")
    con.execute(f"""
        CREATE TABLE theirs AS
        SELECT j.*,
            outcome = 'abandoned' AND EXISTS (
                FROM orders o WHERE o.counts AND o.customer = j.customer AND list_contains(j.products, o.product)
                AND o.ts_us > j.end_us + {DAY} AND o.ts_us <= j.end_us + {7 * DAY}) AS recovered,
            CASE WHEN selected THEN (
                SELECT count(*) FROM contacts c WHERE c.ts_us BETWEEN j.start_us - {60 * MINUTE} AND j.end_us + {60 * MINUTE}
                AND (c.customer = j.customer OR 'v' || c.visitor = j.who)) ELSE 0 END AS questions
        FROM judged j""")
    con.execute(f"""
        CREATE TABLE ours AS
        SELECT CASE WHEN visitor_id IS NULL THEN 'c' || lone_customer_id ELSE 'v' || visitor_id END AS who,
            epoch_us(start_at) AS start_us, epoch_us(end_at) AS end_us, customer_id AS customer, events,
            product_views AS views, carts, checkouts, stage, s.is_selected AS selected,
            CAST(cart_value * 10000 AS BIGINT) AS cart_value_e4, epoch_us(order_at) AS order_us, outcome,
            coalesce(recovered_late, FALSE) AS recovered, coalesce(questions, 0) AS questions
        FROM '{tables}/sessions.parquet' s
        LEFT JOIN '{tables}/session_verdicts.parquet' USING (session_no)
        LEFT JOIN '{tables}/session_recoveries.parquet' USING (session_no)
        LEFT JOIN '{tables}/session_questions.parquet' USING (session_no)""")
    columns = """who, start_us, end_us, customer, CAST(events AS BIGINT), CAST(views AS BIGINT), CAST(carts AS BIGINT),
        CAST(checkouts AS BIGINT), stage, selected, cart_value_e4, CASE WHEN selected THEN order_us END, outcome,
        coalesce(recovered, FALSE), questions"""
    count = lambda sql: con.execute(sql).fetchone()[0]  # noqa: E731
    ours, theirs = f"SELECT {columns} FROM ours", f"SELECT {columns} FROM theirs"
    print(json.dumps({
        "sessions": count("SELECT count(*) FROM theirs"),
        "selected": count("SELECT count(*) FROM theirs WHERE selected"),
        "unidentified": count("SELECT count(*) FROM theirs WHERE outcome = 'unidentified'"),
        "ordered": count("SELECT count(*) FROM theirs WHERE outcome = 'ordered'"),
        "abandoned": count("SELECT count(*) FROM theirs WHERE outcome = 'abandoned'"),
        "recovered": count("SELECT count(*) FROM theirs WHERE recovered"),
        "questioned": count("SELECT count(*) FROM theirs WHERE outcome = 'abandoned' AND questions > 0"),
        "value_at_risk_e4": int(count(
            "SELECT coalesce(sum(cart_value_e4), 0) FROM theirs WHERE outcome = 'abandoned' AND NOT recovered")),
        "only_ours": count(f"SELECT count(*) FROM (({ours}) EXCEPT ALL ({theirs}))"),
        "only_theirs": count(f"SELECT count(*) FROM (({theirs}) EXCEPT ALL ({ours}))"),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
