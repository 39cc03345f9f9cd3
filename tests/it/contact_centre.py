"""A contact centre with everything in it, and its figures computed another way.

    python contact_centre.py make FOLDER    writes exports and a pipeline file
    python contact_centre.py check FOLDER RUN    holds the run's tables against DuckDB over the same exports

The exports are drawn with a fixed seed. Rows that stand for several contacts are repeated before anything is counted, waits
are ranked by DuckDB's quantile_cont, repetitions found by self-joins and orders by an ASOF join: nothing of the pipeline's SQL
is used. Prints a JSON object: how many figures were compared, and those that differ.
"""

import csv
import datetime as dt
import json
import math
import random
import sys
from pathlib import Path

import duckdb

FIRST, DAYS = dt.date(2026, 2, 2), 91
SALES_S, SLOW_S = 250, 150
AS_OF = FIRST + dt.timedelta(days=DAYS)
QUEUES, SITES, CHANNELS = ["sales", "service", ""], ["north", "south"], ["phone"] * 7 + ["chat", "email"]
REASONS = ["delivery", "invoice", "broken", "account", ""]
CUTS = ["all", "site", "queue", "agent", "channel", "hour", "queue hour", "site channel"]

PIPELINE = f"""
[project]
name = "centre"
currency = "EUR"
time_zone = "Europe/Berlin"

[inputs.transactions]
files = ["orders.csv"]
columns = {{ customer_id = "customer", order_id = "order", ts = "ts", amount = "amount", cost = "cost", contact_id = "contact" }}

[inputs.interactions]
files = ["contacts.csv"]

[inputs.interactions.columns]
interaction_id = "id"
customer_id = "customer"
channel = "channel"
direction = "direction"
ts_start = "begun"
ts_queue = "queued"
ts_answer = "answered"
ts_end = "ended"
wait_s = "wait"
talk_s = "talk"
wrap_s = "wrap"
abandoned = "abandoned"
in_vru = "vru"
vru_task_done = "vru_done"
queue = "queue"
agent_id = "agent"
site_id = "site"
transferred_from = "from"
reason_code = "reason"
resolved = "resolved"
resolvable_first_line = "resolvable"
complaint = "complaint"
lead = "lead"
satisfaction = "rating"
cost = "cost"
count = "count"

[affinity]
enabled = false

[recommendations]
enabled = false

[lifetime_value]
enabled = false

[contact_centre]
cuts = {json.dumps(CUTS + ["tier"])}
window_days = {DAYS}
recent_days = 2
agent_mix = ["queue", "channel"]
"""


def planted(weekday, half_hour):
    """Mean arrivals of a date: offices are busy on Monday mornings, and closed at night and on Sundays."""
    if weekday == 7 or not 16 <= half_hour < 36:
        return 0.0
    return (2.0 if weekday == 1 and half_hour < 24 else 1.0) * (1.5 if half_hour in (18, 19, 20) else 0.7)


def poisson(mean, rng):
    count, product, limit = 0, rng.random(), math.exp(-mean)
    while product > limit:
        count, product = count + 1, product * rng.random()
    return count


def draw_contact(number, begun, rng):
    channel = rng.choice(CHANNELS)
    customer = "" if rng.random() < 0.3 else f"c{rng.randrange(250):03}"
    row = dict.fromkeys(
        "id customer channel direction begun queued answered ended wait talk wrap abandoned vru vru_done queue agent site from "
        "reason resolved resolvable complaint lead rating cost count".split(), "")
    row |= {"id": f"i{number:06}", "customer": customer, "channel": channel, "direction": "in", "begun": begun,
            "queue": rng.choice(QUEUES), "site": rng.choice(SITES), "reason": rng.choice(REASONS), "abandoned": "false",
            "count": rng.choice(["", "", "", "1", "3"]), "cost": f"{rng.randrange(20, 900) / 100:.2f}"}
    at = lambda seconds: begun + dt.timedelta(seconds=seconds)
    kind = rng.random()
    wait = 0 if rng.random() < 0.2 else max(1, int(rng.expovariate(1 / 60)))
    if channel == "phone":
        row["vru"] = rng.choice(["true", "false"])
    if kind < 0.06 and row["vru"] == "true":
        # Served by the voice response unit, or given up in it.
        done = rng.random() < 0.6
        row |= {"vru_done": str(done).lower(), "abandoned": str(not done).lower(), "wait": "0", "ended": at(20)}
    elif kind < 0.2 and channel != "email":
        # Given up in the queue. Where the wait is not given, it follows from the instants.
        row |= {"abandoned": rng.choice(["true", ""]), "vru_done": "false" if row["vru"] == "true" else "",
                "queued": at(5), "ended": at(5 + max(wait, 1))}
        row["wait"] = str(max(wait, 1)) if rng.random() < 0.5 else ""
    else:
        # Sales calls are longer, and half of them are agent0's; agent7 is slow wherever.
        sales = row["queue"] == "sales"
        agent = 0 if sales and rng.random() < 0.5 else rng.randrange(8)
        talk, wrap = rng.randrange(20, 500) + SALES_S * sales + SLOW_S * (agent == 7), rng.randrange(0, 120)
        row |= {"agent": f"agent{agent}", "vru_done": "false" if row["vru"] == "true" else ""}
        if rng.random() < 0.5:
            row |= {"wait": str(wait)}
        elif row["vru"] == "true" or rng.random() < 0.5:
            row |= {"queued": at(7), "answered": at(7 + wait)}
        else:
            row |= {"answered": at(wait)}
        if row["answered"] and rng.random() < 0.4:
            row |= {"ended": row["answered"] + dt.timedelta(seconds=talk)}
        else:
            row |= {"talk": str(talk), "wrap": str(wrap)}
        row |= {"resolved": rng.choice(["true", "true", "true", "false", ""]),
                "resolvable": rng.choice(["true", "true", "false", ""]),
                "complaint": rng.choice(["false", "false", "false", "true", ""]),
                "lead": rng.choice(["true", "false", "false"]), "rating": rng.choice(["", "", "1", "4", "4.5", "5"])}
    return row


def make(folder):
    rng = random.Random(20260222)
    rows = []
    for day in range(DAYS):
        date = FIRST + dt.timedelta(days=day)
        for half_hour in range(48):
            for _ in range(poisson(planted(date.isoweekday(), half_hour), rng)):
                seconds = half_hour * 1800 + rng.randrange(1800)
                rows.append(draw_contact(len(rows), dt.datetime.combine(date, dt.time()) + dt.timedelta(seconds=seconds), rng))
    # Legs begin five minutes later, in the same half hour.
    answered = [row for row in rows if row["agent"] and row["begun"].minute % 30 < 24]
    for row in rng.sample(answered, 60):
        # A second leg of the same call, by another agent.
        leg = dict(row) | {"id": row["id"] + "b", "from": row["id"], "agent": "agent9", "wait": "0", "queued": "", "answered": "",
                           "ended": "", "talk": "60", "wrap": "", "vru": "", "vru_done": "",
                           "begun": row["begun"] + dt.timedelta(seconds=300)}
        rows.append(leg)
    for number in range(80):
        # Our own calls: half of them waited for an agent.
        begun = dt.datetime.combine(FIRST + dt.timedelta(days=rng.randrange(DAYS)), dt.time(11, rng.randrange(60)))
        row = draw_contact(900_000 + number, begun, rng)
        row |= {"direction": "out", "channel": "phone", "queued": "", "answered": "", "vru": "", "vru_done": "", "ended": "",
                "wait": rng.choice(["30", ""]), "abandoned": "false", "agent": "agent1", "talk": "90", "wrap": "0"}
        rows.append(row)
    orders, known = [], [row for row in rows if row["customer"]]
    for number in range(400):
        contact = rng.choice(known)
        at = contact["begun"] + dt.timedelta(hours=rng.randrange(1, 24 * 12))
        if at.date() >= AS_OF:
            continue
        named = contact["id"] if rng.random() < 0.2 else ""
        amount = rng.randrange(100, 20_000)
        orders.append([contact["customer"], f"o{number}", at, f"{amount / 100:.2f}", f"{amount // 2 / 100:.2f}", named])
    # An order of nobody known that names its contact, and a sale on the last day, which sets as_of.
    orders.append(["", "o900", AS_OF - dt.timedelta(days=9), "10.00", "4.00", rng.choice(known)["id"]])
    orders.append(["c999", "o901", AS_OF - dt.timedelta(days=1), "10.00", "4.00", ""])
    with open(folder / "contacts.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with open(folder / "orders.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["customer", "order", "ts", "amount", "cost", "contact"])
        writer.writerows(orders)
    (folder / "patronage.toml").write_text(PIPELINE, encoding="utf-8")


TYPES = {
    "begun": "TIMESTAMP", "queued": "TIMESTAMP", "answered": "TIMESTAMP", "ended": "TIMESTAMP", "wait": "DOUBLE",
    "talk": "DOUBLE", "wrap": "DOUBLE", "abandoned": "BOOLEAN", "vru": "BOOLEAN", "vru_done": "BOOLEAN", "resolved": "BOOLEAN",
    "resolvable": "BOOLEAN", "complaint": "BOOLEAN", "lead": "BOOLEAN", "rating": "DOUBLE", "cost": "DECIMAL(18,4)",
    "count": "BIGINT",
}


def load(con, folder):
    cast = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in TYPES.items())
    con.execute(f"""
        CREATE TABLE raw AS SELECT * REPLACE ({cast}) FROM read_csv('{folder}/contacts.csv', all_varchar = true, nullstr = '');
        CREATE TABLE sale AS SELECT customer, "order", CAST(ts AS TIMESTAMP) AS ts, CAST(amount AS DECIMAL(18,4)) AS amount,
            CAST(cost AS DECIMAL(18,4)) AS cost, contact
            FROM read_csv('{folder}/orders.csv', all_varchar = true, nullstr = '');
        CREATE TABLE entry AS SELECT *,
            coalesce(abandoned, queued IS NOT NULL AND ended IS NOT NULL AND answered IS NULL AND agent IS NULL) AS gave_up,
            CASE WHEN queued IS NOT NULL THEN queued WHEN direction = 'in' AND NOT coalesce(vru, false) THEN begun END AS entered,
            lpad(CAST(extract(hour FROM begun) AS VARCHAR), 2, '0') AS hour, channel IN ('phone', 'chat') AS live
            FROM raw;
        CREATE TABLE contact AS SELECT *,
            NOT gave_up AND (answered IS NOT NULL OR agent IS NOT NULL OR coalesce(talk, 0) > 0) AS reached,
            coalesce(wait, epoch(answered - entered), CASE WHEN gave_up THEN epoch(ended - entered) END) AS seconds,
            coalesce(talk + coalesce(wrap, 0), epoch(ended - answered)) AS handling
            FROM entry;
        CREATE TABLE placed AS SELECT *,
            live AND CASE WHEN queued IS NOT NULL OR wait > 0 THEN true WHEN wait IS NOT NULL OR direction = 'out' THEN false
                WHEN gave_up THEN NOT coalesce(vru, false) ELSE reached END AS in_queue
            FROM contact;
        CREATE TABLE base AS SELECT *,
            live AND (direction = 'in' OR in_queue) AND (reached OR (gave_up AND in_queue)) AS offered,
            gave_up AND in_queue AND coalesce(seconds < 5, false) AS short,
            direction = 'in' AND "from" IS NULL AND customer IS NOT NULL AS traceable,
            coalesce(reason, '') AS why
            FROM placed;
        CREATE TABLE linked AS SELECT b.*,
            CASE WHEN traceable THEN EXISTS (SELECT 1 FROM base AS o WHERE o.traceable AND o.customer = b.customer AND o.why = b.why
                AND o.begun < b.begun AND o.begun >= b.begun - INTERVAL 7 DAY) END AS repeats,
            CASE WHEN traceable AND b.begun + INTERVAL 7 DAY <= TIMESTAMP '{AS_OF}' THEN EXISTS (SELECT 1 FROM base AS o
                WHERE o.traceable AND o.customer = b.customer AND o.why = b.why
                AND o.begun > b.begun AND o.begun <= b.begun + INTERVAL 7 DAY) END AS followed,
            EXISTS (SELECT 1 FROM base AS o WHERE o."from" = b.id) AS handed_on
            FROM base AS b;
        CREATE TABLE due AS SELECT s."order" AS "order", s.amount AS amount, s.amount - s.cost AS margin,
            coalesce(n.id, CASE WHEN s.ts - l.begun <= INTERVAL 7 DAY THEN l.id END) AS id
            FROM sale AS s LEFT JOIN base AS n ON s.contact = n.id
            ASOF LEFT JOIN (SELECT * FROM base WHERE reached AND customer IS NOT NULL) AS l
                ON s.customer = l.customer AND s.ts >= l.begun;
        CREATE TABLE one AS SELECT l.* FROM linked AS l, range(coalesce(l.count, 1)) AS r;
    """)


def figures(con, cut, where):
    keys = [] if cut == "all" else cut.split(" ")
    named = ", ".join(f"coalesce({key}, 'unknown')" for key in keys)
    head = f"concat_ws('|', {named})" if keys else "'all'"
    group = "GROUP BY 1"
    first = "resolved AND NOT handed_on AND NOT coalesce(repeats, false)"
    judged = "direction = 'in' AND reached AND \"from\" IS NULL AND resolved IS NOT NULL"
    waiting = "in_queue AND NOT short"
    sql = f"""
        SELECT {head} AS part, count(*) AS contacts, count(*) FILTER (customer IS NULL) AS unidentified,
            count(*) FILTER (direction = 'out') AS outbound, count(*) FILTER (offered) AS offered,
            count(*) FILTER (in_queue) AS queued, count(*) FILTER (offered AND reached) AS answered,
            count(*) FILTER (offered AND gave_up AND NOT short) AS abandoned, count(*) FILTER (short) AS short_abandoned,
            count(*) FILTER (live AND direction = 'in' AND gave_up AND NOT in_queue) AS abandoned_before_queue,
            count(*) FILTER (offered AND gave_up AND NOT short) / nullif(count(*) FILTER ({waiting}), 0) AS abandon_rate,
            count(seconds) FILTER ({waiting}) AS waits, avg(seconds) FILTER ({waiting}) AS mean_wait_s,
            avg(seconds) FILTER (in_queue AND reached) AS mean_wait_answered_s,
            coalesce(sum(seconds) FILTER (in_queue AND reached), 0) / nullif(count(seconds) FILTER (offered AND reached), 0) AS asa_s,
            quantile_cont(seconds, 0.5) FILTER ({waiting}) AS wait_p50_s,
            quantile_cont(seconds, 0.9) FILTER ({waiting}) AS wait_p90_s,
            quantile_cont(seconds, 0.95) FILTER ({waiting}) AS wait_p95_s,
            count(*) FILTER (offered AND reached AND seconds <= 20) AS answered_in_time,
            count(*) FILTER (offered AND reached AND seconds <= 20) / nullif(count(seconds) FILTER (offered AND (reached
                OR (gave_up AND NOT short AND seconds > 20))), 0) AS service_level,
            count(seconds) FILTER (NOT live AND direction = 'in' AND reached) AS replies,
            avg(seconds) FILTER (NOT live AND direction = 'in' AND reached) AS mean_reply_s,
            count(handling) FILTER (reached) AS handled, coalesce(sum(handling) FILTER (reached), 0) AS handle_s,
            avg(handling) FILTER (reached) AS aht_s,
            count(*) FILTER (vru AND direction = 'in') AS vru_entered,
            CASE WHEN count(vru_done) FILTER (vru AND direction = 'in') > 0
                THEN count(*) FILTER (vru AND direction = 'in' AND vru_done AND NOT reached AND NOT in_queue) END AS vru_contained,
            count(*) FILTER ({judged}) AS fcr_judged,
            count(*) FILTER ({judged} AND {first}) / nullif(count(*) FILTER ({judged}), 0) AS fcr_gross,
            CASE WHEN count(resolvable) FILTER ({judged}) > 0
                THEN count(*) FILTER ({judged} AND coalesce(resolvable, true) AND {first})
                / nullif(count(*) FILTER ({judged} AND coalesce(resolvable, true)), 0) END AS fcr_net,
            count(*) FILTER ({judged} AND complaint AND {first}) / nullif(count(*) FILTER ({judged} AND complaint), 0)
                AS fcr_complaints,
            count(followed) FILTER (reached) AS fcr_inferred_judged,
            count(*) FILTER (reached AND NOT followed) / nullif(count(followed) FILTER (reached), 0) AS fcr_inferred,
            count(*) FILTER (repeats) AS repeats, count(*) FILTER (repeats) / nullif(count(repeats), 0) AS repeat_rate,
            count(*) FILTER ("from" IS NOT NULL) AS transfers, count(rating) AS csat_n, avg(rating) AS csat,
            CASE WHEN count(complaint) FILTER (direction = 'in') > 0 THEN count(*) FILTER (direction = 'in' AND complaint) END
                AS complaints,
            count(*) FILTER (direction = 'in' AND reached AND NOT coalesce(complaint, false)) AS inquiries,
            CASE WHEN count(lead) FILTER (direction = 'in') > 0
                THEN count(*) FILTER (direction = 'in' AND reached AND NOT coalesce(complaint, false) AND lead) END AS leads
        FROM one WHERE {where} {group}"""
    money = f"""
        SELECT {head} AS part, sum(cost) AS cost, sum(orders) AS orders, sum(revenue) AS revenue, sum(margin) AS margin
        FROM (SELECT l.*, (SELECT count(*) FROM due AS d WHERE d.id = l.id) AS orders,
            coalesce((SELECT sum(amount) FROM due AS d WHERE d.id = l.id), 0) AS revenue,
            coalesce((SELECT sum(margin) FROM due AS d WHERE d.id = l.id), 0) AS margin FROM linked AS l WHERE {where}) {group}"""
    found = {}
    for text in (sql, money):
        cursor = con.execute(text)
        columns = [column[0] for column in cursor.description]
        for row in cursor.fetchall():
            found.setdefault(row[0], {}).update(zip(columns[1:], row[1:]))
    return found


def same(ours, theirs):
    if ours is None or theirs is None:
        return ours is None and theirs is None
    return math.isclose(float(ours), float(theirs), rel_tol=1e-12, abs_tol=1e-9)


def check(folder, run):
    con = duckdb.connect()
    load(con, folder)
    compared, differ = 0, []
    table = lambda name: f"read_parquet('{run}/tables/{name}.parquet')"
    periods = [("window", FIRST, "true")]
    for month in (2, 3, 4, 5):
        periods.append(("month", dt.date(2026, month, 1), f"extract(month FROM begun) = {month}"))
    for day in (AS_OF - dt.timedelta(days=2), AS_OF - dt.timedelta(days=1)):
        periods.append(("day", day, f"CAST(begun AS DATE) = DATE '{day}'"))
    for kind, start, where in periods:
        for cut in CUTS:
            theirs = figures(con, cut, where)
            keys = [] if cut == "all" else cut.split(" ")
            part = f"concat_ws('|', {', '.join(keys)})" if keys else "'all'"
            cursor = con.execute(f"SELECT {part} AS part, * FROM {table('contact_centre_summary')} WHERE cut = '{cut}' "
                                 f"AND period_kind = '{kind}' AND period_start_date = DATE '{start}'")
            columns = [column[0] for column in cursor.description]
            ours = {row[0]: dict(zip(columns, row)) for row in cursor.fetchall()}
            if ours.keys() != theirs.keys():
                differ.append([kind, str(start), cut, "parts", sorted(ours), sorted(theirs)])
            for part, figure in theirs.items():
                for name, value in figure.items():
                    compared += 1
                    mine = ours.get(part, {}).get(name)
                    if not same(mine, value):
                        differ.append([kind, str(start), cut, part, name, str(mine), str(value)])
    # Every half hour of the week: DuckDB's mean and quantile over all dates, and the pattern that was planted.
    cursor = con.execute(f"""
        SELECT CAST(s.weekday AS INTEGER), CAST(s.half_hour AS VARCHAR), s.dates, s.mean_arrivals, s.p90_arrivals,
            t.mean, t.p90 FROM {table('staffing_demand')} AS s FULL JOIN (
                SELECT weekday, slot, avg(n) AS mean, quantile_cont(n, 0.9) AS p90 FROM (
                    SELECT d.day, isodow(d.day) AS weekday, h.slot, count(o.id) AS n
                    FROM (SELECT DATE '{FIRST}' + CAST(r AS INTEGER) AS day FROM range({DAYS}) AS r(r)) AS d
                    CROSS JOIN (SELECT strftime(TIMESTAMP '2026-01-01' + INTERVAL 30 MINUTE * CAST(r AS INTEGER), '%H:%M') AS slot
                        FROM range(48) AS r(r)) AS h
                    LEFT JOIN (SELECT id, CAST(begun AS DATE) AS day,
                        strftime(time_bucket(INTERVAL 30 MINUTE, begun), '%H:%M') AS slot
                        FROM one WHERE offered AND direction = 'in') AS o ON o.day = d.day AND o.slot = h.slot
                    GROUP BY ALL) GROUP BY ALL HAVING sum(n) > 0) AS t
            ON s.weekday = t.weekday AND s.half_hour = t.slot WHERE s.dimension = 'all' OR s.dimension IS NULL""")
    slots = cursor.fetchall()
    for weekday, slot, dates, mean, p90, their_mean, their_p90 in slots:
        compared += 2
        if weekday is None or not same(mean, their_mean) or not same(p90, their_p90):
            differ.append(["staffing_demand", weekday, slot, mean, their_mean, p90, their_p90])
    # Agents beside their colleagues in the same queue and channel.
    cursor = con.execute(f"""
        WITH c AS (SELECT agent, queue, channel, handling AS x FROM one
                WHERE reached AND direction = 'in' AND agent IS NOT NULL AND handling IS NOT NULL),
            o AS (SELECT agent, queue, channel, count(*) AS n, sum(x) AS s FROM c GROUP BY ALL),
            e AS (SELECT queue, channel, sum(n) AS n, sum(s) AS s FROM o GROUP BY ALL),
            j AS (SELECT o.agent AS agent, o.n AS n, o.s AS s, o.n * (e.s - o.s) / (e.n - o.n) AS expected
                FROM o JOIN e ON o.queue IS NOT DISTINCT FROM e.queue AND o.channel = e.channel WHERE e.n - o.n >= 30)
        SELECT t.agent, t.contacts, t.observed, t.expected, t.lo, t.hi, t.verdict, j.n, j.observed, j.expected
        FROM {table('agent_comparison')} AS t FULL JOIN (SELECT agent, sum(n) AS n, sum(s) / sum(n) AS observed,
            sum(expected) / sum(n) AS expected FROM j GROUP BY ALL) AS j ON t.agent = j.agent
        WHERE t.metric = 'handling' OR t.metric IS NULL""")
    agents = {}
    for agent, contacts, observed, expected, lo, hi, verdict, n, their_observed, their_expected in cursor.fetchall():
        compared += 2
        agents[agent] = {"observed": observed, "expected": expected, "lo": lo, "hi": hi, "verdict": verdict}
        # Colleagues' means are kept in millionths of a tenth of a second.
        if contacts != n or not same(observed, their_observed) or abs(expected - their_expected) > 1e-6:
            differ.append(["agent_comparison", agent, contacts, n, observed, their_observed, expected, their_expected])
    # The planted pattern: a row stands for 1.4 contacts on average, with a mean square of 2.6, and some rows never arrive. Half
    # hours of one rate are looked at together: how far their mean is off, in standard errors.
    cursor = con.execute(f"SELECT weekday, half_hour, mean_arrivals FROM {table('staffing_demand')} WHERE dimension = 'all'")
    found = {(weekday, int(slot[:2]) * 2 + int(slot[3:]) // 30): mean for weekday, slot, mean in cursor.fetchall()}
    means = {key: planted(*key) for key in ((weekday, slot) for weekday in range(1, 8) for slot in range(48))}
    arriving = sum(found.values()) / sum(means.values()) / 1.4
    rates = {}
    for rate in sorted(set(means.values()) - {0.0}):
        keys = [key for key, mean in means.items() if mean == rate]
        mean = sum(found.get(key, 0.0) for key in keys) / len(keys) / arriving / 1.4
        error = math.sqrt(2.6 * rate / arriving / (DAYS // 7 * len(keys))) / 1.4
        rates[f"{rate:.2f}"] = {"half_hours": len(keys), "mean": mean, "errors": (mean - rate) / error}
    closed = [key for key in found if means[key] == 0]
    print(json.dumps({"compared": compared, "slots": len(slots), "differences": len(differ), "differ": differ[:20],
                      "arriving": arriving, "rates": rates, "closed": closed, "agents": agents}))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        check(Path(sys.argv[2]), Path(sys.argv[3]))
