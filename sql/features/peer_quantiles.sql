-- peer_quantiles: what the best tenth of one group of peers has reached.
-- Key: measure, level, group_no. Every group of peer_groups, at every level.
-- Left out: from the peers of a group, customers who never ordered, and those whose value is not known.
-- Who opted out of profiling is one of many here, and gets nothing from it.
-- Measures: value over the value window, and categories bought so far; both in ten-thousandths.
-- quantile_e4 is the type-7 quantile at 0.9: with h = 9 (n - 1) / 10, x[h] + (h - floor h) (x[h+1] - x[h]), cut to a
-- ten-thousandth (spec/definitions.md 3.0); null in a group without peers.
WITH known AS (
    SELECT
        'value' AS measure,
        g.group_1 AS group_1,
        g.group_2 AS group_2,
        g.group_3 AS group_3,
        w.value_e4 AS x_e4
    FROM peer_groups AS g
    JOIN customer_window AS w ON g.customer_id = w.customer_id
    WHERE g.tenure_band <> 'none' AND w.value_e4 IS NOT NULL
    UNION ALL
    SELECT
        'categories' AS measure,
        g.group_1 AS group_1,
        g.group_2 AS group_2,
        g.group_3 AS group_3,
        COALESCE(c.categories_bought, 0) * 10000 AS x_e4
    FROM peer_groups AS g
    LEFT JOIN customer_categories AS c ON g.customer_id = c.customer_id
    WHERE g.tenure_band <> 'none'
),
-- Equal values are counted before they are sorted: many customers are worth nothing in the window.
counted AS (
    SELECT measure, group_1, group_2, group_3, x_e4, CAST(COUNT(*) AS BIGINT) AS peers
    FROM known
    GROUP BY measure, group_1, group_2, group_3, x_e4
),
at_levels AS (
    SELECT measure, 1 AS level, group_1 AS group_no, x_e4, peers FROM counted
    UNION ALL
    SELECT measure, 2 AS level, group_2 AS group_no, x_e4, peers FROM counted
    UNION ALL
    SELECT measure, 3 AS level, group_3 AS group_no, x_e4, peers FROM counted
    UNION ALL
    SELECT measure, 4 AS level, CAST(1 AS BIGINT) AS group_no, x_e4, peers FROM counted
),
distinct_values AS (
    SELECT measure, level, group_no, x_e4, CAST(SUM(peers) AS BIGINT) AS peers
    FROM at_levels
    GROUP BY measure, level, group_no, x_e4
),
running AS (
    SELECT
        measure,
        level,
        group_no,
        x_e4,
        CAST(SUM(peers) OVER (
            PARTITION BY measure, level, group_no ORDER BY x_e4 ROWS UNBOUNDED PRECEDING
        ) AS BIGINT) AS up_to_here,
        CAST(SUM(peers) OVER (PARTITION BY measure, level, group_no) AS BIGINT) AS n
    FROM distinct_values
),
positioned AS (
    SELECT
        measure,
        level,
        group_no,
        x_e4,
        up_to_here,
        n,
        CAST((9 * (n - 1) - (9 * (n - 1)) % 10) / 10 AS BIGINT) AS position,
        (9 * (n - 1)) % 10 AS part
    FROM running
),
ends AS (
    SELECT
        measure,
        level,
        group_no,
        MAX(n) AS n,
        MAX(part) AS part,
        MIN(CASE WHEN up_to_here > position THEN x_e4 END) AS low_e4,
        MIN(CASE WHEN up_to_here > position + 1 THEN x_e4 END) AS high_e4
    FROM positioned
    GROUP BY measure, level, group_no
),
steps AS (
    SELECT measure, level, group_no, n, part, low_e4, COALESCE(high_e4, low_e4) - low_e4 AS step_e4 FROM ends
),
quantiles AS (
    SELECT
        measure,
        level,
        group_no,
        n,
        low_e4 + CAST((part * step_e4 - (part * step_e4) % 10) / 10 AS BIGINT) AS quantile_e4
    FROM steps
),
measures AS (
    SELECT 'value' AS measure FROM run_params
    UNION ALL
    SELECT 'categories' AS measure FROM run_params
),
groups AS (
    SELECT 1 AS level, group_1 AS group_no, group_2 AS parent_no FROM peer_groups GROUP BY group_1, group_2
    UNION ALL
    SELECT 2 AS level, group_2 AS group_no, group_3 AS parent_no FROM peer_groups GROUP BY group_2, group_3
    UNION ALL
    SELECT 3 AS level, group_3 AS group_no, CAST(1 AS BIGINT) AS parent_no FROM peer_groups GROUP BY group_3
    UNION ALL
    SELECT 4 AS level, CAST(1 AS BIGINT) AS group_no, CAST(NULL AS BIGINT) AS parent_no FROM run_params
)
SELECT
    m.measure AS measure,
    CAST(g.level AS INTEGER) AS level,
    g.group_no AS group_no,
    g.parent_no AS parent_no,
    COALESCE(q.n, 0) AS n,
    q.quantile_e4 AS quantile_e4
FROM groups AS g
CROSS JOIN measures AS m
LEFT JOIN quantiles AS q ON m.measure = q.measure AND g.level = q.level AND g.group_no = q.group_no
