"""Evaluates the routing decision (JDM) with the real engine of GoRules for every row of the published table `routing`.

    python routing_rules.py DECISION FACTS ROUTING LEVELS

DECISION and FACTS (JSON lines) are files of `patronage export zen`, ROUTING and LEVELS the Parquet files of `routing` and
`service_levels` of the same run. What goes in is a customer's facts, what comes out has to be their row of `routing`, every
column of it. Callers who are not known have to get the level that is_default. Prints how many rows came back.
"""

import json
import sys
from datetime import date
from decimal import Decimal

import duckdb
import zen


def rows(path):
    found = duckdb.read_parquet(path)
    return [dict(zip(found.columns, row)) for row in found.fetchall()]


def plain(value):
    """A cell as JSON has it."""
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def known(row):
    """What has a value: the engine leaves the rest out."""
    return {name: plain(value) for name, value in row.items() if value is not None}


def answer(facts):
    return known(decision.evaluate(facts)["result"])


with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
with open(sys.argv[2], encoding="utf-8") as file:
    facts = {fact["routing_key"]: fact for fact in map(json.loads, file)}
table = next(node for node in json.loads(text)["nodes"] if node["type"] == "decisionTableNode")["content"]
answers = [column["field"] for column in table["outputs"]]
decision = zen.ZenEngine().create_decision(text)

levels = rows(sys.argv[4])
assert len(table["rules"]) == len(levels) + 1, "one rule a level, and one for everybody else"
ids = [rule["_id"] for rule in table["rules"]]
assert len(set(ids)) == len(ids), "an id comes twice"

routing = rows(sys.argv[3])
assert len(facts) == len(routing), "other customers"
for row in routing:
    asked = facts[row["routing_key"]]
    assert not (set(asked) - {"service_level"}) & set(answers), "an answer among the facts"
    found = answer(asked)
    assert "rule_id" in found and found == known(row), (found, known(row))

# A level is answered whether or not somebody has it.
for level in levels:
    found = answer({"service_level": level["service_level"]})
    expected = known({name: level[name] for name in answers if name in level})
    assert {name: value for name, value in found.items() if name in level} == expected, (found, expected)
(default,) = [level for level in levels if level["is_default"]]
expected = answer({"service_level": default["service_level"]})
for stranger in [{}, {"service_level": None}, {"service_level": "no such level"}, {"service_level": 1}]:
    assert answer(stranger) == expected, stranger
print(len(routing))
