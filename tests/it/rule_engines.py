"""Evaluates a decision (JDM) with the real engine of GoRules for every product, and holds the answers against rows.

    python rule_engines.py DECISION ROWS

ROWS is a JSON list of rows, or the Parquet file of affinity_ptp: then its rows with the ids of the decision's rules. Prints
how many rows came back. The engine is the wheel `zen-engine`, the binding of the Rust crate, which benches/peers/zen_engine asks
the same.
"""

import json
import sys

import zen

EXACT = ["rule_id", "product_b", "rank", "n_ab"]
MEASURES = ["confidence", "lift", "llr", "q_value"]

with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
table = next(node for node in json.loads(text)["nodes"] if node["type"] == "decisionTableNode")["content"]
ids = [rule["_id"] for rule in table["rules"]]
assert len(set(ids)) == len(ids), "an id comes twice"

columns = ["level", "product_a", *EXACT, *MEASURES]
others = []
if sys.argv[2].endswith(".parquet"):
    import duckdb

    found = duckdb.read_parquet(sys.argv[2]).project(", ".join(columns)).fetchall()
    rows = [dict(zip(columns, row)) for row in found]
    asked = {(row["level"], row["product_a"]) for row in rows if row["rule_id"] in set(ids)}
    others = sorted({(row["level"], row["product_a"]) for row in rows} - asked)[:200]
    rows = [row for row in rows if row["rule_id"] in set(ids)]
else:
    with open(sys.argv[2], encoding="utf-8") as file:
        rows = json.load(file)
assert sorted(row["rule_id"] for row in rows) == sorted(ids), "the decision has other rules than the table"

expected = {}
for row in sorted(rows, key=lambda row: row["rank"]):
    expected.setdefault((row["level"], row["product_a"]), []).append(row)
decision = zen.ZenEngine().create_decision(text)
for (level, product), related in expected.items():
    answers = decision.evaluate({"level": level, "product_a": product})["result"]["related"]
    assert len(answers) == len(related), (level, product, answers)
    for answer, row in zip(answers, related):
        for column in EXACT:
            assert answer[column] == row[column], (column, answer, row)
        for column in MEASURES:
            # Twelve decimals were written.
            assert abs(answer[column] - row[column]) <= 5e-13 + 1e-14 * abs(row[column]), (column, answer, row)
for level, product in [*others, ("basket", "no such product"), ("no such level", next(iter(expected))[1])]:
    assert decision.evaluate({"level": level, "product_a": product})["result"]["related"] == [], (level, product)
print(len(rows))
