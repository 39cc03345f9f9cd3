-- customer_service: the service level of one customer.
-- Key: customer_id. Every known customer has exactly one level.
-- The value cell (actual and strategic tier; H is tier 1, M tiers 2 and 3, L the rest) names the level in [routing] cells;
-- none has no value in the window, BZ is below zero, neutral opted out of profiling (spec/capabilities.md 1.6).
-- A level with a cap keeps its most valuable customers (then contribution, where it is known, then tenure, then id), and
-- the surplus falls one level; caps bind on the first three levels. Who is neutral neither falls nor takes a place.
WITH placed AS (
    SELECT
        v.customer_id AS customer_id,
        COALESCE(v.value_e4, 0) AS value_e4,
        0 - COALESCE(v.value_e4, 0) AS best_first,
        0 - COALESCE(v.contribution_e4, 0) AS most_left_first,
        0 - COALESCE(s.tenure_days, 0) AS longest_first,
        CASE
            WHEN v.group_rule = 'neutral' THEN 'neutral'
            WHEN v.is_bz THEN 'BZ'
            WHEN COALESCE(v.value_e4, 0) <= 0 THEN 'none'
            ELSE CONCAT(
                CASE WHEN v.actual_tier = 1 THEN 'H' WHEN v.actual_tier <= 3 THEN 'M' ELSE 'L' END,
                CASE
                    WHEN v.strategic_tier = 1 THEN 'H'
                    WHEN v.strategic_tier IN (2, 3) THEN 'M'
                    ELSE 'L'
                END
            )
        END AS value_cell
    FROM customer_value AS v
    JOIN customer_summary AS s ON v.customer_id = s.customer_id
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
        p.best_first AS best_first,
        p.most_left_first AS most_left_first,
        p.longest_first AS longest_first,
        c.level_no AS asked_no,
        -- Level 0 is nobody's: there the neutral wait until the caps are settled.
        CASE WHEN p.value_cell = 'neutral' THEN 0 ELSE c.level_no END AS level_no
    FROM placed AS p
    JOIN service_cells AS c ON p.value_cell = c.value_cell
),
after_1 AS (
    SELECT
        f.customer_id AS customer_id,
        f.value_cell AS value_cell,
        f.best_first AS best_first,
        f.most_left_first AS most_left_first,
        f.longest_first AS longest_first,
        f.asked_no AS asked_no,
        CASE
            WHEN f.level_no = 1 AND CAST(ROW_NUMBER() OVER (
                PARTITION BY f.level_no ORDER BY f.best_first, f.most_left_first, f.longest_first, f.customer_id
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
        f.most_left_first AS most_left_first,
        f.longest_first AS longest_first,
        f.asked_no AS asked_no,
        CASE
            WHEN f.level_no = 2 AND CAST(ROW_NUMBER() OVER (
                PARTITION BY f.level_no ORDER BY f.best_first, f.most_left_first, f.longest_first, f.customer_id
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
        f.best_first AS best_first,
        f.asked_no AS asked_no,
        CASE
            WHEN f.level_no = 0 THEN f.asked_no
            WHEN f.level_no = 3 AND CAST(ROW_NUMBER() OVER (
                PARTITION BY f.level_no ORDER BY f.best_first, f.most_left_first, f.longest_first, f.customer_id
            ) AS BIGINT) > c.c3 THEN 4
            ELSE f.level_no
        END AS level_no
    FROM after_2 AS f
    CROSS JOIN caps AS c
)
SELECT
    a.customer_id AS customer_id,
    a.value_cell AS value_cell,
    l.service_level AS service_level,
    asked.service_level AS level_before_cap,
    CAST(a.level_no - a.asked_no AS INTEGER) AS fell_by_cap
FROM after_3 AS a
JOIN service_levels AS l ON a.level_no = l.level_no
JOIN service_levels AS asked ON a.asked_no = asked.level_no
