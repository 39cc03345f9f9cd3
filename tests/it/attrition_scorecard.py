"""Scores customers with the scorecard files of a run, by DuckDB or by GoRules ZEN, and holds them against `attrition`.

    python attrition_scorecard.py duckdb|zen RUN

Prints a JSON object: how many have a score, how many scores are not the published ones, and the largest difference.
"""

import json
import sys
from pathlib import Path

import duckdb

task, run = sys.argv[1], Path(sys.argv[2])
for table in ["attrition", "attrition_inputs"]:
    [file] = run.glob(f"tables/{table}.*")
    duckdb.sql(f"CREATE VIEW {table} AS SELECT * FROM '{file}'")
published = dict(duckdb.sql("SELECT customer_id, score FROM attrition WHERE score IS NOT NULL").fetchall())
card = (run / "rules/attrition_scorecard.sql").read_text(encoding="utf-8")
rows = duckdb.sql(card).fetchall()
if task == "duckdb":
    found = {customer: probability for customer, _, probability in rows}
    answer = {"others": len(found.keys() ^ published.keys())}
else:
    import zen

    points = {customer: points for customer, points, _ in rows}
    text = (run / "rules/attrition_scorecard.jdm.json").read_text(encoding="utf-8")
    decision = zen.ZenEngine().create_decision(text)
    inputs = duckdb.sql("SELECT * FROM attrition_inputs")
    found, others = {}, 0
    for values in inputs.fetchall():
        row = dict(zip(inputs.columns, values))
        customer = row.pop("customer_id")
        if customer in published:
            result = decision.evaluate(row)["result"]
            assert result.keys() == {"points", "probability"}, result
            found[customer] = result["probability"]
            others += result["points"] != points[customer]
    answer = {"other_points": others}
answer["scores"] = len(found)
answer["largest_difference"] = max(abs(found[customer] - published[customer]) for customer in found)
print(json.dumps(answer))
