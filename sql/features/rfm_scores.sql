-- rfm_scores: the recency, frequency and monetary scores of one customer, and the segment of their cell.
-- Key: customer_id. Left out: customers without a qualifying order (segment Prospect in customers).
-- Units: scores from 1 to [rfm] bins, the highest is best. Methods: spec/definitions.md 3.1.
-- Few distinct values make equal edges: they collapse, and a score may then be missing.
WITH edges AS (
    SELECT
        measure,
        MAX(CASE WHEN cut_no = 1 THEN edge END) AS e1,
        MAX(CASE WHEN cut_no = 2 THEN edge END) AS e2,
        MAX(CASE WHEN cut_no = 3 THEN edge END) AS e3,
        MAX(CASE WHEN cut_no = 4 THEN edge END) AS e4,
        MAX(CASE WHEN cut_no = 5 THEN edge END) AS e5,
        MAX(CASE WHEN cut_no = 6 THEN edge END) AS e6,
        MAX(CASE WHEN cut_no = 7 THEN edge END) AS e7,
        MAX(CASE WHEN cut_no = 8 THEN edge END) AS e8
    FROM rfm_edges
    GROUP BY measure
),
ranked AS (
    SELECT
        v.measure AS measure,
        v.customer_id AS customer_id,
        -- The comparison of r-rfm is x >= edge + 1 (a day, an order, a unit of money), of the others x > edge.
        CASE
            WHEN p.rfm_method <> 'r-rfm' THEN v.x * p.rfm_bins
            WHEN v.measure = 'monetary' THEN (v.x - 10000) * p.rfm_bins + 1
            ELSE (v.x - 1) * p.rfm_bins + 1
        END AS scaled,
        p.rfm_method AS method,
        p.rfm_bins AS bins,
        CAST(ROW_NUMBER() OVER (PARTITION BY v.measure ORDER BY v.x, v.customer_id) AS BIGINT) - 1 AS position,
        CAST(RANK() OVER (PARTITION BY v.measure ORDER BY v.x) AS BIGINT) - 1 AS below,
        CAST(COUNT(*) OVER (PARTITION BY v.measure, v.x) AS BIGINT) AS ties,
        CAST(COUNT(*) OVER (PARTITION BY v.measure) AS BIGINT) AS n
    FROM rfm_values AS v
    CROSS JOIN run_params AS p
),
steps AS (
    SELECT
        r.measure AS measure,
        r.customer_id AS customer_id,
        r.bins AS bins,
        r.method AS method,
        -- midrank: floor(bins (below + ties / 2) / n)
        (r.bins * (2 * r.below + r.ties) - (r.bins * (2 * r.below + r.ties)) % (2 * r.n)) / (2 * r.n) AS by_midrank,
        -- ntile: the first n % bins tiles hold one more
        (r.n - r.n % r.bins) / r.bins AS tile,
        r.n % r.bins AS larger,
        r.position AS position,
        CASE WHEN r.scaled > e.e1 THEN 1 ELSE 0 END + CASE WHEN r.scaled > e.e2 THEN 1 ELSE 0 END
            + CASE WHEN r.scaled > e.e3 THEN 1 ELSE 0 END + CASE WHEN r.scaled > e.e4 THEN 1 ELSE 0 END
            + CASE WHEN r.scaled > e.e5 THEN 1 ELSE 0 END + CASE WHEN r.scaled > e.e6 THEN 1 ELSE 0 END
            + CASE WHEN r.scaled > e.e7 THEN 1 ELSE 0 END + CASE WHEN r.scaled > e.e8 THEN 1 ELSE 0 END AS by_edges
    FROM ranked AS r
    JOIN edges AS e ON r.measure = e.measure
),
tiled AS (
    SELECT
        s.measure AS measure,
        s.customer_id AS customer_id,
        s.bins AS bins,
        CAST(
            CASE
                WHEN s.method = 'midrank' THEN LEAST(s.by_midrank, s.bins - 1)
                WHEN s.method <> 'ntile' THEN s.by_edges
                WHEN s.position < s.larger * (s.tile + 1) THEN FLOOR(s.position / (s.tile + 1))
                ELSE s.larger + FLOOR((s.position - s.larger * (s.tile + 1)) / NULLIF(s.tile, 0))
            END AS BIGINT
        ) AS step
    FROM steps AS s
),
scores AS (
    SELECT
        customer_id,
        CAST(MAX(CASE WHEN measure = 'recency' THEN bins - step END) AS INTEGER) AS r_score,
        CAST(MAX(CASE WHEN measure = 'frequency' THEN step + 1 END) AS INTEGER) AS f_score,
        CAST(MAX(CASE WHEN measure = 'monetary' THEN step + 1 END) AS INTEGER) AS m_score
    FROM tiled
    GROUP BY customer_id
)
SELECT
    s.customer_id AS customer_id,
    s.r_score AS r_score,
    s.f_score AS f_score,
    s.m_score AS m_score,
    c.code AS rfm_code,
    c.segment AS rfm_segment
FROM scores AS s
JOIN rfm_cells AS c ON s.r_score = c.r_score AND s.f_score = c.f_score AND s.m_score = c.m_score
