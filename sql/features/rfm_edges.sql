-- rfm_edges: one edge between two scores of one measure.
-- Key: measure, cut_no. Method and edges: spec/definitions.md 3.1.
-- Units: edge is the measure's unit times the number of bins, so that an interpolated quantile is a whole number.
-- Quantiles are type 7: with x sorted from 0 and h = (N - 1) k / bins, x[h] + (h - floor h) (x[h+1] - x[h]).
WITH ranked AS (
    SELECT
        measure,
        x,
        CAST(ROW_NUMBER() OVER (PARTITION BY measure ORDER BY x, customer_id) AS BIGINT) - 1 AS position
    FROM rfm_values
),
sizes AS (
    SELECT measure, CAST(COUNT(*) AS BIGINT) AS n FROM rfm_values GROUP BY measure
),
wanted AS (
    SELECT
        c.measure AS measure,
        c.cut_no AS cut_no,
        c.threshold AS threshold,
        p.rfm_bins AS bins,
        p.rfm_method AS method,
        CAST(((s.n - 1) * c.cut_no - ((s.n - 1) * c.cut_no) % p.rfm_bins) / p.rfm_bins AS BIGINT) AS position,
        ((s.n - 1) * c.cut_no) % p.rfm_bins AS part
    FROM rfm_cuts AS c
    JOIN sizes AS s ON c.measure = s.measure
    CROSS JOIN run_params AS p
)
SELECT
    w.measure AS measure,
    w.cut_no AS cut_no,
    CAST(
        CASE
            WHEN w.method = 'thresholds' THEN w.threshold * w.bins
            ELSE low.x * w.bins + w.part * (COALESCE(high.x, low.x) - low.x)
        END AS BIGINT
    ) AS edge
FROM wanted AS w
JOIN ranked AS low ON w.measure = low.measure AND w.position = low.position
LEFT JOIN (SELECT measure, x, position - 1 AS below FROM ranked) AS high
    ON w.measure = high.measure AND w.position = high.below
