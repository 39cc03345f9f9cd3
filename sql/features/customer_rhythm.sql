-- customer_rhythm: how often one customer comes back, from the gaps between purchase days.
-- Key: customer_id. Left out: customers with fewer than two purchase days, who have no gap yet.
-- Units: days. The median is the type-7 quantile (spec/definitions.md 3.0).
WITH days AS (
    SELECT
        customer_id,
        day,
        LAG(day) OVER (PARTITION BY customer_id ORDER BY day) AS previous_day
    FROM customer_days
    WHERE orders > 0
),
spans AS (
    SELECT customer_id, day, day - previous_day AS gap_days FROM days WHERE previous_day IS NOT NULL
),
gaps AS (
    SELECT
        customer_id,
        gap_days,
        CAST(ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY gap_days, day) AS BIGINT) - 1 AS position,
        CAST(COUNT(*) OVER (PARTITION BY customer_id) AS BIGINT) AS gaps
    FROM spans
)
SELECT
    customer_id,
    CAST(MAX(gaps) AS BIGINT) AS gaps,
    CAST(SUM(CASE WHEN position * 2 >= gaps - 2 AND position * 2 <= gaps THEN gap_days ELSE 0 END) AS DOUBLE)
        / CAST(SUM(CASE WHEN position * 2 >= gaps - 2 AND position * 2 <= gaps THEN 1 ELSE 0 END) AS DOUBLE)
        AS median_gap_days,
    MAX(gap_days) AS longest_gap_days
FROM gaps
GROUP BY customer_id
