-- attrition_drivers: one sign that one customer is leaving (+) or staying (-).
-- Key: customer_id, place.
-- Left out: customers without a sign, prospects, closed customers and those who may not be profiled.
-- The points only say which signs come first; bands do not come from them. Units: value in ten-thousandths of what the sign
-- counts: overdue and recent silence / threshold, shrinking and growing a share of the value before, fewer_orders orders,
-- category_vanished money, tier_fall tiers, csat_drop points of its scale, contact_starvation days, others their number.
WITH judged AS (
    SELECT
        customer_id,
        overdue_e4,
        is_shrinking,
        shrink_e4,
        open_complaints,
        repeat_complaints_90d,
        is_csat_drop,
        csat_drop_e4,
        is_tier_fall,
        tier_delta,
        shrink_status,
        orders_prev,
        orders_now,
        vanished_category,
        vanished_e4,
        abandoned_30d,
        opt_outs,
        is_starved,
        starved_for_days,
        is_growing,
        value_now_e4,
        value_prev_e4
    FROM attrition_signals
    WHERE status NOT IN ('profiling_opt_out', 'closed', 'prospect')
),
signals AS (
    SELECT
        customer_id,
        'overdue' AS driver,
        CASE WHEN overdue_e4 > 20000 THEN 40 WHEN overdue_e4 > 15000 THEN 30 ELSE 20 END AS points,
        overdue_e4 AS value_e4
    FROM judged
    WHERE overdue_e4 > 10000
    UNION ALL
    SELECT customer_id, 'shrinking' AS driver, 30 AS points, shrink_e4 AS value_e4
    FROM judged
    WHERE is_shrinking
    UNION ALL
    SELECT customer_id, 'complaint_open' AS driver, 20 AS points, open_complaints * 10000 AS value_e4
    FROM judged
    WHERE open_complaints > 0
    UNION ALL
    SELECT customer_id, 'repeat_complaint' AS driver, 15 AS points, repeat_complaints_90d * 10000 AS value_e4
    FROM judged
    WHERE repeat_complaints_90d > 0
    UNION ALL
    SELECT customer_id, 'csat_drop' AS driver, 15 AS points, csat_drop_e4 AS value_e4
    FROM judged
    WHERE is_csat_drop
    UNION ALL
    SELECT customer_id, 'tier_fall' AS driver, 15 AS points, CAST(tier_delta AS BIGINT) * 10000 AS value_e4
    FROM judged
    WHERE is_tier_fall
    UNION ALL
    SELECT customer_id, 'fewer_orders' AS driver, 10 AS points, (orders_prev - orders_now) * 10000 AS value_e4
    FROM judged
    WHERE shrink_status IN ('ok', 'too_few_orders') AND orders_prev >= 2 AND 2 * orders_now <= orders_prev
    UNION ALL
    SELECT customer_id, 'category_vanished' AS driver, 10 AS points, vanished_e4 AS value_e4
    FROM judged
    WHERE vanished_category IS NOT NULL
    UNION ALL
    SELECT customer_id, 'abandoned_calls' AS driver, 10 AS points, abandoned_30d * 10000 AS value_e4
    FROM judged
    WHERE abandoned_30d > 0
    UNION ALL
    SELECT customer_id, 'opt_out' AS driver, 10 AS points, opt_outs * 10000 AS value_e4
    FROM judged
    WHERE opt_outs > 0
    UNION ALL
    SELECT customer_id, 'contact_starvation' AS driver, 5 AS points, CAST(starved_for_days AS BIGINT) * 10000 AS value_e4
    FROM judged
    WHERE is_starved
    UNION ALL
    SELECT
        customer_id,
        'growing' AS driver,
        -15 AS points,
        CAST((value_now_e4 * 10000 - (value_now_e4 * 10000) % value_prev_e4) / value_prev_e4 AS BIGINT) - 10000 AS value_e4
    FROM judged
    WHERE is_growing AND value_prev_e4 > 0
    UNION ALL
    SELECT customer_id, 'recent' AS driver, -10 AS points, overdue_e4 AS value_e4
    FROM judged
    WHERE overdue_e4 <= 5000
),
weighed AS (
    SELECT customer_id, driver, points, value_e4, 0 - ABS(points) AS heaviest_first FROM signals
),
-- One order of all customers' signs is much cheaper than one of each customer's.
ordered AS (
    SELECT
        customer_id,
        driver,
        points,
        value_e4,
        CAST(ROW_NUMBER() OVER (ORDER BY customer_id, heaviest_first, driver) AS BIGINT) AS sign_no
    FROM weighed
),
firsts AS (
    SELECT customer_id, MIN(sign_no) AS first_no FROM ordered GROUP BY customer_id
)
SELECT
    o.customer_id AS customer_id,
    CAST(o.sign_no - f.first_no + 1 AS INTEGER) AS place,
    o.driver AS driver,
    CASE WHEN o.points > 0 THEN '+' ELSE '-' END AS direction,
    CAST(o.value_e4 AS BIGINT) AS value_e4,
    CAST(o.points AS INTEGER) AS points
FROM ordered AS o
JOIN firsts AS f ON o.customer_id = f.customer_id
