-- customer_service: the service level of one customer.
-- Key: customer_id. Every known customer has exactly one level.
-- The value cell (actual, strategic; H is tier 1, M tiers 2 and 3, L the rest) names the level in [routing] cells.
-- A level with a cap keeps its most valuable customers, and the surplus falls one level (spec/capabilities.md 1.6);
-- caps bind on the first three levels. Until strategic value is known, it is taken to be the actual one.
WITH placed AS (
    SELECT
        s.customer_id AS customer_id,
        COALESCE(t.value_e4, 0) AS value_e4,
        COALESCE(s.tenure_days, 0) AS tenure_days,
        COALESCE(t.actual_tier, 0) AS actual_tier,
        CASE
            WHEN COALESCE(t.value_e4, 0) <= 0 THEN 'none'
            WHEN t.actual_tier = 1 THEN 'HH'
            WHEN t.actual_tier <= 3 THEN 'MM'
            ELSE 'LL'
        END AS value_cell
    FROM customer_summary AS s
    LEFT JOIN customer_tiers AS t ON s.customer_id = t.customer_id
),
sizes AS (
    SELECT CAST(SUM(CASE WHEN value_e4 > 0 THEN 1 ELSE 0 END) AS BIGINT) AS n FROM placed
),
-- Places are whole numbers: cap_ppm is the cap in millionths.
places AS (
    SELECT
        l.level_no AS level_no,
        CAST((z.n * l.cap_ppm - (z.n * l.cap_ppm) % 1000000) / 1000000 AS BIGINT) AS places
    FROM service_levels AS l
    CROSS JOIN sizes AS z
),
caps AS (
    SELECT
        MAX(CASE WHEN level_no = 1 THEN places END) AS c1,
        MAX(CASE WHEN level_no = 2 THEN places END) AS c2,
        MAX(CASE WHEN level_no = 3 THEN places END) AS c3
    FROM places
),
first_choice AS (
    SELECT
        p.customer_id AS customer_id,
        p.value_cell AS value_cell,
        0 - p.value_e4 AS best_first,
        0 - p.tenure_days AS longest_first,
        c.level_no AS level_no
    FROM placed AS p
    JOIN service_cells AS c ON p.value_cell = c.value_cell
),
after_1 AS (
    SELECT
        f.customer_id AS customer_id,
        f.value_cell AS value_cell,
        f.best_first AS best_first,
        f.longest_first AS longest_first,
        CASE
            WHEN f.level_no = 1 AND CAST(ROW_NUMBER() OVER (
                PARTITION BY f.level_no ORDER BY f.best_first, f.longest_first, f.customer_id
            ) AS BIGINT) > c.c1 THEN 2
            ELSE f.level_no
        END AS level_no
    FROM first_choice AS f
    CROSS JOIN caps AS c
),
after_2 AS (
    SELECT
        f.customer_id AS customer_id,
        f.value_cell AS value_cell,
        f.best_first AS best_first,
        f.longest_first AS longest_first,
        CASE
            WHEN f.level_no = 2 AND CAST(ROW_NUMBER() OVER (
                PARTITION BY f.level_no ORDER BY f.best_first, f.longest_first, f.customer_id
            ) AS BIGINT) > c.c2 THEN 3
            ELSE f.level_no
        END AS level_no
    FROM after_1 AS f
    CROSS JOIN caps AS c
),
after_3 AS (
    SELECT
        f.customer_id AS customer_id,
        f.value_cell AS value_cell,
        CASE
            WHEN f.level_no = 3 AND CAST(ROW_NUMBER() OVER (
                PARTITION BY f.level_no ORDER BY f.best_first, f.longest_first, f.customer_id
            ) AS BIGINT) > c.c3 THEN 4
            ELSE f.level_no
        END AS level_no
    FROM after_2 AS f
    CROSS JOIN caps AS c
)
SELECT
    a.customer_id AS customer_id,
    a.value_cell AS value_cell,
    l.service_level AS service_level
FROM after_3 AS a
JOIN service_levels AS l ON a.level_no = l.level_no
