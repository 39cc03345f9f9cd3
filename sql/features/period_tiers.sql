-- period_tiers: the value tier of one customer in one period, among those with value in it.
-- Key: period_no, customer_id. Left out: customers without value in the period (their tier is 0).
-- Tier 1 is the best fifth: ceil(5 (greater + (ties + 1) / 2) / n), spec/definitions.md 3.2; a value of zero or less is
-- never above tier 5.
WITH valued AS (
    SELECT period_no, customer_id, value_e4, 0 - value_e4 AS best_first
    FROM period_values
    WHERE value_e4 <> 0
),
ranked AS (
    SELECT
        v.period_no AS period_no,
        v.customer_id AS customer_id,
        v.value_e4 AS value_e4,
        RANK() OVER (PARTITION BY v.period_no ORDER BY v.best_first) - 1 AS greater,
        COUNT(*) OVER (PARTITION BY v.period_no, v.value_e4) AS ties,
        COUNT(*) OVER (PARTITION BY v.period_no) AS n
    FROM valued AS v
),
scaled AS (
    SELECT
        r.period_no AS period_no,
        r.customer_id AS customer_id,
        r.value_e4 AS value_e4,
        r.n AS n,
        2 * r.greater + r.ties + 1 AS rank_x2,
        -- the ceiling of a / b in whole numbers is (a + b - 1 - (a + b - 1) % b) / b
        5 * (2 * r.greater + r.ties + 1) + 2 * r.n - 1 AS above
    FROM ranked AS r
)
SELECT
    s.period_no AS period_no,
    s.customer_id AS customer_id,
    s.value_e4 AS value_e4,
    CAST(s.rank_x2 AS DOUBLE) / CAST(2 * s.n AS DOUBLE) AS value_pct,
    CASE
        WHEN s.value_e4 <= 0 THEN 5
        ELSE CAST((s.above - s.above % (2 * s.n)) / (2 * s.n) AS INTEGER)
    END AS actual_tier
FROM scaled AS s
