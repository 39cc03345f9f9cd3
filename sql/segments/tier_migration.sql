-- tier_migration: how many customers went from one tier to another between two periods, and the value that moved.
-- Key: basis, mode, scope, period_from_day, period_to_day, state_from, state_to.
-- The customers of a pair of periods add up to all who were known by its end; nobody is left out.
-- Units: money in ten-thousandths. States: 0 no value, 1 (best) to 5, new for who was not known before.
-- mode rank: tiers made anew in each period (hides a general decline); fixed: cut values of the base period.
-- p is the share of the row; p_smoothed draws small rows to the pool with weight 5; lo and hi are Wilson's 95 %.
WITH rows_from AS (
    SELECT mode, period_no, state_from, CAST(SUM(customers) AS BIGINT) AS n
    FROM tier_moves
    GROUP BY mode, period_no, state_from
),
pool AS (
    SELECT mode, period_no, state_to, CAST(SUM(customers) AS BIGINT) AS n
    FROM tier_moves
    GROUP BY mode, period_no, state_to
),
everybody AS (
    SELECT mode, period_no, CAST(SUM(customers) AS BIGINT) AS n FROM tier_moves GROUP BY mode, period_no
),
shares AS (
    SELECT
        c.mode AS mode,
        c.period_no AS period_no,
        c.state_from AS state_from,
        c.state_to AS state_to,
        c.customers AS customers,
        c.value_from_e4 AS value_from_e4,
        c.value_to_e4 AS value_to_e4,
        CAST(c.customers AS DOUBLE) / CAST(r.n AS DOUBLE) AS p,
        CAST(r.n AS DOUBLE) AS n,
        CAST(o.n AS DOUBLE) / CAST(e.n AS DOUBLE) AS pool_p,
        CAST(c.customers AS DOUBLE) AS k
    FROM tier_moves AS c
    JOIN rows_from AS r ON c.mode = r.mode AND c.period_no = r.period_no AND c.state_from = r.state_from
    JOIN pool AS o ON c.mode = o.mode AND c.period_no = o.period_no AND c.state_to = o.state_to
    JOIN everybody AS e ON c.mode = e.mode AND c.period_no = e.period_no
)
SELECT
    p.value_metric AS basis,
    s.mode AS mode,
    'all' AS scope,
    f.start_day AS period_from_day,
    q.start_day AS period_to_day,
    s.state_from AS state_from,
    s.state_to AS state_to,
    s.customers AS customers,
    s.value_from_e4 AS value_from_e4,
    s.value_to_e4 AS value_to_e4,
    s.p AS p,
    (s.k + 5.0 * s.pool_p) / (s.n + 5.0) AS p_smoothed,
    GREATEST(0.0, (s.k + 1.920729410347062
        - 1.959963984540054 * SQRT(s.k * (s.n - s.k) / s.n + 0.960364705173531)) / (s.n + 3.841458820694124)) AS lo,
    LEAST(1.0, (s.k + 1.920729410347062
        + 1.959963984540054 * SQRT(s.k * (s.n - s.k) / s.n + 0.960364705173531)) / (s.n + 3.841458820694124)) AS hi
FROM shares AS s
JOIN periods AS q ON s.period_no = q.period_no
JOIN (SELECT period_no + 1 AS next_no, start_day FROM periods) AS f ON s.period_no = f.next_no
CROSS JOIN run_params AS p
