-- customer_rhythm: how often one customer comes back, from the gaps between purchase days.
-- Key: customer_id. Left out: customers with fewer than two purchase days, who have no gap yet.
-- Units: days; gap_quantile_e4 in ten-thousandths of a day. Quantiles are type 7 (spec/definitions.md 3.0); which one is
-- [attrition] gap_quantile.
WITH spans AS (
    SELECT
        customer_id,
        slice,
        day,
        day - previous_day AS gap_days,
        CASE WHEN next_day IS NULL THEN 1 ELSE 0 END AS is_last
    FROM purchase_days
    WHERE previous_day IS NOT NULL
),
-- One order of a slice's gaps is much cheaper than one of each customer's.
ordered AS (
    SELECT
        customer_id,
        is_last,
        gap_days,
        CAST(ROW_NUMBER() OVER (PARTITION BY slice ORDER BY customer_id, gap_days, day) AS BIGINT) AS gap_no
    FROM spans
),
counted AS (
    SELECT customer_id, MIN(gap_no) AS first_no, CAST(COUNT(*) AS BIGINT) AS gaps FROM ordered GROUP BY customer_id
),
gaps AS (
    SELECT
        o.customer_id AS customer_id,
        o.is_last AS is_last,
        o.gap_days AS gap_days,
        o.gap_no - c.first_no AS position,
        c.gaps AS gaps
    FROM ordered AS o
    JOIN counted AS c ON o.customer_id = c.customer_id
),
-- The place of the quantile among the gaps in millionths: h = (n - 1) p.
placed AS (
    SELECT
        g.customer_id AS customer_id,
        g.is_last AS is_last,
        g.gap_days AS gap_days,
        g.position AS position,
        g.gaps AS gaps,
        (g.gaps - 1) * p.gap_quantile_ppm - g.position * 1000000 AS beyond_ppm
    FROM gaps AS g
    CROSS JOIN run_params AS p
),
-- The gap below the place and the one above it, each by its nearness, are the quantile in millionths.
weighted AS (
    SELECT
        customer_id,
        CAST(MAX(gaps) AS BIGINT) AS gaps,
        CAST(SUM(CASE WHEN position * 2 >= gaps - 2 AND position * 2 <= gaps THEN gap_days ELSE 0 END) AS BIGINT)
            AS middle_days,
        CAST(SUM(CASE WHEN position * 2 >= gaps - 2 AND position * 2 <= gaps THEN 1 ELSE 0 END) AS BIGINT) AS middles,
        MAX(gap_days) AS longest_gap_days,
        CAST(SUM(
            CASE
                WHEN beyond_ppm >= 0 AND beyond_ppm < 1000000 THEN gap_days * (1000000 - beyond_ppm)
                WHEN beyond_ppm < 0 AND beyond_ppm > -1000000 THEN gap_days * (1000000 + beyond_ppm)
                ELSE 0
            END
        ) AS BIGINT) AS quantile_ppm,
        MAX(CASE WHEN is_last = 1 THEN gap_days END) AS last_gap_days
    FROM placed
    GROUP BY customer_id
)
SELECT
    customer_id,
    gaps,
    CAST(middle_days AS DOUBLE) / CAST(middles AS DOUBLE) AS median_gap_days,
    longest_gap_days,
    CAST((quantile_ppm + 50 - (quantile_ppm + 50) % 100) / 100 AS BIGINT) AS gap_quantile_e4,
    last_gap_days
FROM weighted
