"""What a run made of the visits that a generated shop planted: `sessions_planted.py SHOP RUN`.

The shop numbers each visit: `O...` for one that an order follows, `B...` for one that none was meant to follow. The visitor's
number hides the customer's.
"""

import json
import sys

import duckdb

shop, run = sys.argv[1:]
con = duckdb.connect()
con.execute(f"""
    CREATE TABLE visits AS
    SELECT Visitor AS visitor, WebSession AS visit, epoch_us(min(Begin) AT TIME ZONE 'Europe/Berlin') AS start_us,
        epoch_us(max(Begin) AT TIME ZONE 'Europe/Berlin') AS end_us, bool_or(Event IN ('cart', 'checkout')) AS has_cart
    FROM read_csv('{shop}/interactions.csv', types = {{'Begin': 'TIMESTAMP', 'CustomerNo': 'VARCHAR'}})
    WHERE Event IS NOT NULL GROUP BY ALL""")
con.execute(f"""
    CREATE TABLE named AS
    SELECT Visitor AS visitor, epoch_us(min(Begin) AT TIME ZONE 'Europe/Berlin') AS first_us
    FROM read_csv('{shop}/interactions.csv', types = {{'Begin': 'TIMESTAMP', 'CustomerNo': 'VARCHAR'}})
    WHERE Event IS NOT NULL AND CustomerNo IS NOT NULL GROUP BY ALL""")
con.execute(f"""
    CREATE TABLE sessions AS
    SELECT s.*, epoch_us(start_at) AS start_us, epoch_us(end_at) AS end_us, outcome, coalesce(questions, 0) AS questions
    FROM '{run}/tables/sessions.parquet' s
    LEFT JOIN '{run}/tables/session_verdicts.parquet' USING (session_no)
    LEFT JOIN '{run}/tables/session_questions.parquet' USING (session_no)""")
con.execute("""
    CREATE TABLE matched AS
    SELECT s.*, count(*) AS visits, bool_or(visit LIKE 'O%') AS orders, bool_or(has_cart) AS has_cart
    FROM sessions s JOIN visits v ON s.visitor_id = v.visitor AND v.start_us BETWEEN s.start_us AND s.end_us GROUP BY ALL""")


def one(sql):
    return con.execute(sql).fetchone()[0]


decided = "outcome IN ('ordered', 'abandoned')"
print(json.dumps({
    "cut": one("""SELECT count(*) FROM visits v JOIN sessions s ON s.visitor_id = v.visitor
        AND v.start_us BETWEEN s.start_us AND s.end_us WHERE v.end_us > s.end_us"""),
    "sessions_per_visit": one("SELECT (SELECT count(*) FROM sessions) / (SELECT count(*) FROM visits)"),
    "ordered_of_orders": one(f"SELECT avg(CAST(outcome = 'ordered' AS INT)) FROM matched WHERE orders AND {decided}"),
    "abandoned_of_others": one(f"SELECT avg(CAST(outcome = 'abandoned' AS INT)) FROM matched WHERE NOT orders AND {decided}"),
    "questioned_with_cart": one("""SELECT avg(CAST(questions > 0 AS INT)) FROM matched
        WHERE NOT orders AND visits = 1 AND has_cart"""),
    "questioned_without_cart": one("""SELECT avg(CAST(questions > 0 AS INT)) FROM matched
        WHERE NOT orders AND visits = 1 AND NOT has_cart AND is_selected"""),
    "wrong_owner": one("SELECT count(*) FROM sessions WHERE substr(visitor_id, 2) <> customer_id"),
    "named_later_only": one("""SELECT count(*) FROM sessions s JOIN named n ON s.visitor_id = n.visitor
        WHERE s.end_us < n.first_us"""),
    "leaked": one("""SELECT count(*) FROM sessions s JOIN named n ON s.visitor_id = n.visitor
        WHERE s.end_us < n.first_us AND s.customer_id IS NOT NULL"""),
}))  # fmt: skip
