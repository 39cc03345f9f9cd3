-- customer_shrink: whether one customer buys less than before, against chance, against their peers, and why.
-- Key: customer_id. Left out: prospects, and customers without a move in both windows.
-- Units: money in ten-thousandths; p and q are one-sided (spec/definitions.md 3.5, part 5). is_shrinking is true where q is
-- at most [attrition] false_discovery_rate and the value fell.
WITH peers AS (
    SELECT
        w.customer_id AS customer_id,
        CONCAT(COALESCE(c.region, '-'), '/', COALESCE(c.customer_type, '-')) AS peer_group
    FROM shrink_windows AS w
    LEFT JOIN staged_customers AS c ON w.customer_id = c.customer_id
    WHERE w.status = 'ok'
),
own_groups AS (
    SELECT s.customer_id AS customer_id, p.peer_group AS peer_group, p.ratio_e4 AS ratio_e4
    FROM peers AS s
    JOIN shrink_peers AS p ON s.peer_group = p.peer_group
),
everybody AS (
    SELECT MAX(ratio_e4) AS ratio_e4 FROM shrink_peers WHERE peer_group = 'all'
)
SELECT
    w.customer_id AS customer_id,
    CASE
        WHEN w.status = 'ok' AND t.p IS NULL THEN 'too_few_orders'
        ELSE w.status
    END AS status,
    w.orders_now AS orders_now,
    w.orders_prev AS orders_prev,
    w.days_now AS days_now,
    w.days_prev AS days_prev,
    w.exposure_days AS exposure_days,
    w.value_now_e4 AS value_now_e4,
    w.value_prev_e4 AS value_prev_e4,
    CASE
        WHEN w.status = 'ok'
        THEN CAST(w.value_prev_e4 - w.value_now_e4 AS DOUBLE) / CAST(w.value_prev_e4 AS DOUBLE)
    END AS shrink,
    CASE
        WHEN w.status <> 'ok' THEN NULL
        WHEN g.peer_group IS NOT NULL THEN g.peer_group
        WHEN a.ratio_e4 IS NOT NULL THEN 'all'
    END AS peer_group,
    CASE
        WHEN w.status = 'ok' AND COALESCE(g.ratio_e4, a.ratio_e4) > 0
        THEN 1.0 - CAST(w.value_now_e4 AS DOUBLE) / CAST(w.value_prev_e4 AS DOUBLE)
            / (CAST(COALESCE(g.ratio_e4, a.ratio_e4) AS DOUBLE) / 10000.0)
    END AS shrink_rel,
    t.p AS shrink_p,
    t.q AS shrink_q,
    COALESCE(t.is_found AND w.value_now_e4 < w.value_prev_e4, FALSE) AS is_shrinking,
    d.status AS parts_status,
    d.change_e4 AS change_e4,
    d.orders_e4 AS orders_e4,
    d.units_e4 AS units_e4,
    d.price_e4 AS price_e4,
    d.mix_e4 AS mix_e4,
    d.lost_category AS lost_category,
    d.lost_category_e4 AS lost_category_e4,
    d.driver AS driver
FROM shrink_windows AS w
LEFT JOIN shrink_tests AS t
    ON w.days_now = t.days_now AND w.days_prev = t.days_prev AND w.exposure_days = t.exposure_days AND w.status = t.status
LEFT JOIN own_groups AS g ON w.customer_id = g.customer_id
CROSS JOIN everybody AS a
LEFT JOIN shrink_parts AS d ON w.customer_id = d.customer_id
