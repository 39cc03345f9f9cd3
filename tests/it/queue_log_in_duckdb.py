"""The calls of Asterisk's queue_log, folded in DuckDB: written from the description of the log
(https://docs.asterisk.org/Operation/Logging/Queue-Logs/) and of the preset, without a look at the Rust code.

    queue_log_in_duckdb.py FOLDER    prints one line a call, sorted, `-` for nothing
"""

import glob
import sys

import duckdb
import pyarrow as pa

NAMES = ["epoch", "callid", "queue", "agent", "event", "data1", "data2", "data3", "data4", "data5"]
# The order in which events of one second happen.
EVENTS = ("ENTERQUEUE EXITWITHTIMEOUT EXITWITHKEY EXITEMPTY CONNECT AGENTDUMP SYSCOMPAT TRANSFER BLINDTRANSFER "
          "ATTENDEDTRANSFER COMPLETECALLER COMPLETEAGENT ABANDON").split()

rows = set()  # a line that came twice is one line
for path in glob.glob(f"{sys.argv[1]}/queue.log*"):
    for line in open(path, encoding="utf-8"):
        fields = line.rstrip("\n").split("|")
        rows.add(tuple(fields + [""] * (len(NAMES) - len(fields))))
columns = list(zip(*[[None if field in ("", "NONE") else field for field in row] for row in rows]))
log = pa.table({name: pa.array(column, pa.string()) for name, column in zip(NAMES, columns)})

con = duckdb.connect()
con.register("log", log)
con.register("happens", pa.table({"event": EVENTS, "place": list(range(len(EVENTS)))}))
calls = con.execute("""
    WITH e AS (
        SELECT l.*, CAST(epoch AS BIGINT) AS sec, place, l.event NOT IN ('ENTERQUEUE', 'CONNECT') AS is_end
        FROM log AS l JOIN happens USING (event) WHERE callid IS NOT NULL
    ),
    entered AS (
        SELECT callid, max((sec, place)) AS last_in FROM e WHERE event = 'ENTERQUEUE' GROUP BY callid
    ),
    ended AS (
        SELECT e.callid, bool_or(is_end AND (last_in IS NULL OR (sec, place) >= last_in)) AS has_end
        FROM e LEFT JOIN entered USING (callid) GROUP BY e.callid
    )
    SELECT callid,
        arg_min(data2, (sec, place, data2)) FILTER (event = 'ENTERQUEUE' AND data2 IS NOT NULL),
        min(sec) * 1000000,
        min(sec) FILTER (event = 'ENTERQUEUE') * 1000000,
        min(sec) FILTER (event = 'CONNECT') * 1000000,
        max(sec) FILTER (is_end) * 1000000,
        CAST(sum(CASE event WHEN 'CONNECT' THEN CAST(data1 AS BIGINT) WHEN 'EXITWITHKEY' THEN CAST(data4 AS BIGINT)
                 WHEN 'ABANDON' THEN CAST(data3 AS BIGINT) WHEN 'EXITWITHTIMEOUT' THEN CAST(data3 AS BIGINT) END) * 10000 AS BIGINT),
        CAST(sum(CASE WHEN event LIKE 'COMPLETE%' THEN CAST(data2 AS BIGINT) WHEN event LIKE '%TRANSFER' THEN CAST(data4 AS BIGINT) END)
             * 10000 AS BIGINT),
        arg_max(event = 'ABANDON', (sec, place)) FILTER (event NOT IN ('ENTERQUEUE', 'TRANSFER', 'BLINDTRANSFER', 'ATTENDEDTRANSFER')),
        arg_max(queue, (sec, place, queue)) FILTER (queue IS NOT NULL),
        arg_max(agent, (sec, place, agent)) FILTER (agent IS NOT NULL AND (event = 'CONNECT' OR event LIKE 'COMPLETE%' OR event LIKE '%TRANSFER')),
        arg_max(event, (sec, place)) FILTER (is_end),
        CASE WHEN bool_or(event = 'ENTERQUEUE') AND any_value(has_end) THEN 'whole' WHEN any_value(has_end) THEN 'no_beginning'
             WHEN bool_or(event = 'ENTERQUEUE') THEN 'no_end' ELSE 'part' END
    FROM e JOIN ended USING (callid)
    GROUP BY callid
""").fetchall()


def text(value):
    return "-" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def in_order(call):
    """Start, queue, answer, end: up to five seconds back is moved to what it follows, further back is emptied."""
    call, latest = list(call), call[2]
    for place in (3, 4, 5):
        if call[place] is not None and call[place] < latest:
            call[place] = latest if latest - call[place] <= 5_000_000 else None
        latest = latest if call[place] is None else call[place]
    return call


for line in sorted(" ".join(text(value) for value in in_order(call)) for call in calls):
    print(line)
