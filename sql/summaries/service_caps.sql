-- service_caps: how many customers asked for one service level, and how many its cap sent one level down.
-- Key: service_level. Every level.
-- Units: places are floor(cap times the customers with value); null without a cap. Neutral customers take no place.
-- members = asked + fell_in - fell_out. A split tie is a value that both somebody who stayed and somebody who fell out
-- have: contribution, tenure and id decided between them (spec/definitions.md 3.2).
WITH paths AS (
    SELECT
        s.level_before_cap AS level_before_cap,
        s.service_level AS service_level,
        CASE WHEN s.value_cell = 'neutral' THEN 1 ELSE 0 END AS neutral,
        CAST(COUNT(*) AS BIGINT) AS customers,
        MIN(COALESCE(v.value_e4, 0)) AS least_e4,
        MAX(COALESCE(v.value_e4, 0)) AS most_e4
    FROM customer_service AS s
    JOIN customer_value AS v ON s.customer_id = v.customer_id
    GROUP BY s.level_before_cap, s.service_level, CASE WHEN s.value_cell = 'neutral' THEN 1 ELSE 0 END
),
numbered AS (
    SELECT
        asked.level_no AS asked_no,
        l.level_no AS level_no,
        w.neutral AS neutral,
        w.customers AS customers,
        w.least_e4 AS least_e4,
        w.most_e4 AS most_e4
    FROM paths AS w
    JOIN service_levels AS asked ON w.level_before_cap = asked.service_level
    JOIN service_levels AS l ON w.service_level = l.service_level
),
sizes AS (
    SELECT CAST(SUM(CASE WHEN value_e4 > 0 THEN 1 ELSE 0 END) AS BIGINT) AS n FROM customer_value
),
passed AS (
    SELECT
        k.level_no AS at_no,
        n.neutral AS neutral,
        n.customers AS customers,
        n.least_e4 AS least_e4,
        n.most_e4 AS most_e4,
        n.asked_no = k.level_no AS asked_here,
        n.level_no > k.level_no AS fell_out
    FROM numbered AS n
    CROSS JOIN service_levels AS k
    WHERE n.asked_no <= k.level_no AND n.level_no >= k.level_no
),
counted AS (
    SELECT
        at_no,
        CAST(SUM(CASE WHEN asked_here THEN customers ELSE 0 END) AS BIGINT) AS asked,
        CAST(SUM(CASE WHEN asked_here THEN 0 ELSE customers END) AS BIGINT) AS fell_in,
        CAST(SUM(CASE WHEN fell_out THEN customers ELSE 0 END) AS BIGINT) AS fell_out,
        CAST(SUM(CASE WHEN neutral = 1 THEN customers ELSE 0 END) AS BIGINT) AS neutral,
        MIN(CASE WHEN fell_out OR neutral = 1 THEN NULL ELSE least_e4 END) AS least_kept_e4,
        MAX(CASE WHEN fell_out THEN most_e4 END) AS most_fallen_e4
    FROM passed
    GROUP BY at_no
)
SELECT
    l.service_level AS service_level,
    l.level_no AS level_no,
    CASE
        WHEN l.cap_ppm < 1000000
        THEN CAST((z.n * l.cap_ppm - (z.n * l.cap_ppm) % 1000000) / 1000000 AS BIGINT)
    END AS places,
    COALESCE(c.asked, 0) AS asked,
    COALESCE(c.fell_in, 0) AS fell_in,
    COALESCE(c.fell_out, 0) AS fell_out,
    COALESCE(c.asked, 0) + COALESCE(c.fell_in, 0) - COALESCE(c.fell_out, 0) AS members,
    COALESCE(c.neutral, 0) AS neutral,
    CASE WHEN c.least_kept_e4 = c.most_fallen_e4 THEN c.least_kept_e4 END AS split_tie_e4
FROM service_levels AS l
LEFT JOIN counted AS c ON l.level_no = c.at_no
CROSS JOIN sizes AS z
