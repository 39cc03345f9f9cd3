"""Evaluates the routing decision (JDM) with the real engine of GoRules for every row of the published table `routing`.

    python routing_rules.py DECISION ROUTING LEVELS

ROUTING and LEVELS are the Parquet files of `routing` and `service_levels` of the same run. What goes in is a customer's facts: the
columns of their row that the decision does not answer, and the service level. What comes out has to be the row, every
column of it. Callers who are not known have to get the level that is_default. Prints how many rows came back.
"""

import json
import sys
from datetime import date
from decimal import Decimal

import duckdb
import zen

ENGINE = zen.ZenEngine()


def rows(path):
    found = duckdb.read_parquet(path)
    return [dict(zip(found.columns, row)) for row in found.fetchall()]


def plain(value):
    """A cell as JSON has it; no value is no key."""
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def answer(decision, facts):
    return {name: value for name, value in decision.evaluate(facts)["result"].items() if value is not None}


with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
table = next(node for node in json.loads(text)["nodes"] if node["type"] == "decisionTableNode")["content"]
answers = [column["field"] for column in table["outputs"]]
asked = [column["field"] for column in table["inputs"]]
decision = ENGINE.create_decision(text)

levels = rows(sys.argv[3])
assert len(table["rules"]) == len(levels) + 1, "one rule a level, and one for everybody else"
assert "rule_id" in answers, "an answer without its rule"
routing = rows(sys.argv[2])
used = set()
for row in routing:
    expected = {name: plain(value) for name, value in row.items() if value is not None}
    facts = {name: value for name, value in expected.items() if name not in answers or name in asked}
    found = answer(decision, facts)
    assert found == expected, (found, expected)
    used.add(found["rule_id"])

# A level is answered whether or not somebody has it.
for level in levels:
    found = answer(decision, {"service_level": level["service_level"]})
    expected = {name: plain(level[name]) for name in answers if level[name] is not None}
    assert found == expected, (found, expected)
(default,) = [level for level in levels if level["is_default"]]
expected = {name: plain(default[name]) for name in answers if default[name] is not None}
for stranger in [{}, {"service_level": None}, {"service_level": "no such level"}, {"service_level": 1}]:
    assert answer(decision, stranger) == {**stranger, **expected}, stranger
print(len(routing))
