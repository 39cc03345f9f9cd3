-- tier_moves: how many customers went from one tier to another between two periods that follow each other.
-- Key: mode, period_no, state_from, state_to. period_no is the later period. The rows of a pair of periods add up to
-- all customers who were known by its end; nobody is left out.
-- Units: money in ten-thousandths. States and modes: see tier_migration.
-- Periods are looked up for the few days on which anybody came, so that the many customers need no range join.
WITH first_days AS (
    SELECT first_day, CAST(COUNT(*) AS BIGINT) AS customers
    FROM customer_summary
    WHERE first_day IS NOT NULL
    GROUP BY first_day
),
arrivals AS (
    SELECT
        d.first_day AS first_day,
        MAX(d.customers) AS customers,
        MIN(q.period_no) AS first_period_no
    FROM first_days AS d
    CROSS JOIN periods AS q
    WHERE d.first_day < q.end_day
    GROUP BY d.first_day
),
moves AS (
    SELECT
        v.customer_id AS customer_id,
        q.period_no AS period_no,
        CASE WHEN a.first_period_no = q.period_no AND s.first_day >= q.start_day THEN 1 ELSE 0 END AS arrived,
        v.tier_prev AS rank_from,
        v.actual_tier AS rank_to,
        CASE WHEN v.tier_fixed = 0 THEN 6 ELSE v.tier_fixed END - v.fixed_delta AS fixed_from_6,
        v.tier_fixed AS fixed_to,
        COALESCE(b.value_e4, 0) AS value_from_e4,
        v.value_e4 AS value_to_e4
    FROM value_tiers AS v
    JOIN periods AS q ON v.period_end_day = q.end_day
    JOIN customer_summary AS s ON v.customer_id = s.customer_id
    JOIN arrivals AS a ON s.first_day = a.first_day
    LEFT JOIN (SELECT period_no + 1 AS next_no, customer_id, value_e4 FROM period_tiers) AS b
        ON q.period_no = b.next_no AND v.customer_id = b.customer_id
    WHERE q.period_no > 1
),
states AS (
    SELECT
        'rank' AS mode,
        period_no,
        CASE WHEN arrived = 1 THEN 'new' ELSE CAST(rank_from AS STRING) END AS state_from,
        CAST(rank_to AS STRING) AS state_to,
        value_from_e4,
        value_to_e4
    FROM moves
    UNION ALL
    SELECT
        'fixed' AS mode,
        period_no,
        CASE
            WHEN arrived = 1 THEN 'new'
            WHEN fixed_from_6 = 6 THEN '0'
            ELSE CAST(fixed_from_6 AS STRING)
        END AS state_from,
        CAST(fixed_to AS STRING) AS state_to,
        value_from_e4,
        value_to_e4
    FROM moves
),
moved AS (
    SELECT
        mode,
        period_no,
        state_from,
        state_to,
        CAST(COUNT(*) AS BIGINT) AS customers,
        CAST(SUM(value_from_e4) AS BIGINT) AS value_from_e4,
        CAST(SUM(value_to_e4) AS BIGINT) AS value_to_e4
    FROM states
    GROUP BY mode, period_no, state_from, state_to
),
known AS (
    SELECT
        q.period_no AS period_no,
        CAST(SUM(CASE WHEN a.first_period_no <= q.period_no THEN a.customers ELSE 0 END) AS BIGINT) AS customers,
        CAST(SUM(
            CASE WHEN a.first_period_no = q.period_no AND a.first_day >= q.start_day THEN a.customers ELSE 0 END
        ) AS BIGINT) AS arrived
    FROM arrivals AS a
    CROSS JOIN periods AS q
    GROUP BY q.period_no
),
seen AS (
    SELECT
        mode,
        period_no,
        CAST(SUM(CASE WHEN state_from = 'new' THEN 0 ELSE customers END) AS BIGINT) AS customers,
        CAST(SUM(CASE WHEN state_from = 'new' THEN customers ELSE 0 END) AS BIGINT) AS arrived
    FROM moved
    GROUP BY mode, period_no
),
-- Most customers have no value in either period: they are counted by difference and not by row.
silent AS (
    SELECT
        m.mode AS mode,
        k.period_no AS period_no,
        k.customers - k.arrived - COALESCE(s.customers, 0) AS resting,
        k.arrived - COALESCE(s.arrived, 0) AS arrived
    FROM known AS k
    CROSS JOIN (SELECT 'rank' AS mode UNION ALL SELECT 'fixed' AS mode) AS m
    LEFT JOIN seen AS s ON k.period_no = s.period_no AND m.mode = s.mode
    WHERE k.period_no > 1
)
SELECT mode, period_no, state_from, state_to, customers, value_from_e4, value_to_e4 FROM moved
UNION ALL
SELECT
    mode, period_no, '0' AS state_from, '0' AS state_to, resting AS customers,
    CAST(0 AS BIGINT) AS value_from_e4, CAST(0 AS BIGINT) AS value_to_e4
FROM silent
WHERE resting > 0
UNION ALL
SELECT
    mode, period_no, 'new' AS state_from, '0' AS state_to, arrived AS customers,
    CAST(0 AS BIGINT) AS value_from_e4, CAST(0 AS BIGINT) AS value_to_e4
FROM silent
WHERE arrived > 0
