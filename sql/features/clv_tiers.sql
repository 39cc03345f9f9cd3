-- clv_tiers: the value tier of one customer by contribution to date and value expected within the horizon, discounted.
-- Key: customer_id. Left out: everybody unless [value] metric is clv; then customers without a lifetime value (customer_ltv
-- says why).
-- Tier 1 is the best fifth: ceil(5 (greater + (ties + 1) / 2) / n), spec/definitions.md 3.2; a value of zero or less is
-- never above tier 5.
WITH valued AS (
    SELECT
        c.customer_id AS customer_id,
        s.value_e4 + c.value_horizon_e4 AS value_e4,
        0 - s.value_e4 - c.value_horizon_e4 AS best_first
    FROM customer_ltv AS c
    JOIN customer_summary AS s ON c.customer_id = s.customer_id
    CROSS JOIN run_params AS p
    WHERE p.tiers_by_clv AND c.value_horizon_e4 IS NOT NULL AND s.value_e4 IS NOT NULL
),
size AS (
    SELECT CAST(COUNT(*) AS BIGINT) AS n FROM valued
),
ranked AS (
    SELECT
        v.customer_id AS customer_id,
        v.value_e4 AS value_e4,
        CAST(RANK() OVER (ORDER BY v.best_first) AS BIGINT) - 1 AS greater,
        CAST(COUNT(*) OVER (PARTITION BY v.value_e4) AS BIGINT) AS ties
    FROM valued AS v
),
scaled AS (
    SELECT
        r.customer_id AS customer_id,
        r.value_e4 AS value_e4,
        z.n AS n,
        2 * r.greater + r.ties + 1 AS rank_x2,
        -- the ceiling of a / b in whole numbers is (a + b - 1 - (a + b - 1) % b) / b
        5 * (2 * r.greater + r.ties + 1) + 2 * z.n - 1 AS above
    FROM ranked AS r
    CROSS JOIN size AS z
)
SELECT
    s.customer_id AS customer_id,
    s.value_e4 AS value_e4,
    CAST(s.rank_x2 AS DOUBLE) / CAST(2 * s.n AS DOUBLE) AS value_pct,
    CASE
        WHEN s.value_e4 <= 0 THEN 5
        ELSE CAST((s.above - s.above % (2 * s.n)) / (2 * s.n) AS INTEGER)
    END AS actual_tier
FROM scaled AS s
