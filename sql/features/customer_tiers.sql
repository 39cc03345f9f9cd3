-- customer_tiers: the value tier of one customer now, and one window ago.
-- Key: customer_id. Left out: customers without value in both windows, or whose value is not known (their tier is 0).
-- A window with a day whose value is not known has no value: part of it would be a made-up number.
-- Units: money in ten-thousandths; the window is [value] window_days long and ends at as_of. Tiers as in period_tiers.
WITH moves AS (
    SELECT
        d.customer_id AS customer_id,
        CASE WHEN d.day >= p.as_of_day - p.value_window_days THEN 1 ELSE 0 END AS is_now,
        d.value_e4 AS value_e4
    FROM customer_days AS d
    CROSS JOIN run_params AS p
    WHERE d.day >= p.as_of_day - 2 * p.value_window_days
),
sums AS (
    SELECT
        customer_id,
        is_now,
        CAST(SUM(value_e4) AS BIGINT) AS value_e4,
        CAST(SUM(CASE WHEN value_e4 IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS unknown_days
    FROM moves
    GROUP BY customer_id, is_now
),
valued AS (
    SELECT customer_id, is_now, value_e4, 0 - value_e4 AS best_first FROM sums WHERE unknown_days = 0 AND value_e4 <> 0
),
ranked AS (
    SELECT
        s.customer_id AS customer_id,
        s.is_now AS is_now,
        s.value_e4 AS value_e4,
        CAST(RANK() OVER (PARTITION BY s.is_now ORDER BY s.best_first) AS BIGINT) - 1 AS greater,
        CAST(COUNT(*) OVER (PARTITION BY s.is_now, s.value_e4) AS BIGINT) AS ties,
        CAST(COUNT(*) OVER (PARTITION BY s.is_now) AS BIGINT) AS n
    FROM valued AS s
),
scaled AS (
    SELECT
        r.customer_id AS customer_id,
        r.is_now AS is_now,
        r.value_e4 AS value_e4,
        r.n AS n,
        5 * (2 * r.greater + r.ties + 1) + 2 * r.n - 1 AS above
    FROM ranked AS r
),
tiered AS (
    SELECT
        s.customer_id AS customer_id,
        s.is_now AS is_now,
        s.value_e4 AS value_e4,
        CASE
            WHEN s.value_e4 <= 0 THEN 5
            ELSE CAST((s.above - s.above % (2 * s.n)) / (2 * s.n) AS INTEGER)
        END AS tier
    FROM scaled AS s
),
both_windows AS (
    SELECT
        customer_id,
        MAX(CASE WHEN is_now = 1 THEN value_e4 END) AS value_e4,
        MAX(CASE WHEN is_now = 0 THEN value_e4 END) AS value_prev_e4,
        MAX(CASE WHEN is_now = 1 THEN tier END) AS tier,
        MAX(CASE WHEN is_now = 0 THEN tier END) AS tier_prev
    FROM tiered
    GROUP BY customer_id
)
SELECT
    customer_id,
    CAST(COALESCE(value_e4, 0) AS BIGINT) AS value_e4,
    CAST(COALESCE(value_prev_e4, 0) AS BIGINT) AS value_prev_e4,
    CAST(COALESCE(tier, 0) AS INTEGER) AS actual_tier,
    CAST(COALESCE(tier_prev, 0) AS INTEGER) AS tier_prev,
    CAST(
        CASE WHEN tier IS NULL THEN 6 ELSE tier END - CASE WHEN tier_prev IS NULL THEN 6 ELSE tier_prev END AS INTEGER
    ) AS tier_delta
FROM both_windows
