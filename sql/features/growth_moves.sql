-- growth_moves: the net revenue of one customer in one compared period and in the one before, and what became of them.
-- Key: none. period_no and customer_id identify a row. Left out: customers with no revenue and no order in both periods.
-- Units: money in ten-thousandths. period_no is the later period, from 2.
-- A move is new (first order ever), reactivated (ordered before, but not in the period before), lapsed (ordered in the
-- period before, not now), expansion and contraction (ordered in both), or returns_only (ordered in neither; goods of
-- orders that stand on their own came back). A customer has one region: that of their orders (with several, the one whose
-- name comes first), or else their own.
WITH days AS (
    SELECT d.order_day AS order_day, q.period_no AS period_no
    FROM (SELECT order_day FROM orders GROUP BY order_day) AS d
    CROSS JOIN periods AS q
    WHERE d.order_day >= q.start_day AND d.order_day < q.end_day
),
totals AS (
    SELECT
        o.customer_id AS customer_id,
        d.period_no AS period_no,
        CAST(SUM(CASE WHEN o.is_qualifying THEN 1 ELSE 0 END) AS BIGINT) AS orders,
        CAST(SUM(o.net_revenue_e4) AS BIGINT) AS net_e4
    FROM orders AS o
    JOIN days AS d ON o.order_day = d.order_day
    WHERE o.customer_id IS NOT NULL
    GROUP BY o.customer_id, d.period_no
),
pairs AS (
    SELECT customer_id, period_no, orders AS orders_now, net_e4 AS now_e4,
        CAST(0 AS BIGINT) AS orders_before, CAST(0 AS BIGINT) AS before_e4
    FROM totals
    UNION ALL
    SELECT customer_id, period_no + 1 AS period_no, CAST(0 AS BIGINT) AS orders_now, CAST(0 AS BIGINT) AS now_e4,
        orders AS orders_before, net_e4 AS before_e4
    FROM totals
),
both_periods AS (
    SELECT
        customer_id,
        period_no,
        CAST(SUM(orders_now) AS BIGINT) AS orders_now,
        CAST(SUM(now_e4) AS BIGINT) AS now_e4,
        CAST(SUM(orders_before) AS BIGINT) AS orders_before,
        CAST(SUM(before_e4) AS BIGINT) AS before_e4
    FROM pairs
    GROUP BY customer_id, period_no
),
homes AS (
    SELECT customer_id, MIN(region) AS region, MIN(CASE WHEN is_qualifying THEN order_day END) AS first_order_day
    FROM orders
    WHERE customer_id IS NOT NULL
    GROUP BY customer_id
)
SELECT
    q.period_no AS period_no,
    b.customer_id AS customer_id,
    COALESCE(h.region, c.region, 'unknown') AS region,
    CASE
        WHEN b.orders_now > 0 AND b.orders_before > 0 AND b.now_e4 >= b.before_e4 THEN 'expansion'
        WHEN b.orders_now > 0 AND b.orders_before > 0 THEN 'contraction'
        WHEN b.orders_now > 0 AND h.first_order_day >= q.start_day THEN 'new'
        WHEN b.orders_now > 0 THEN 'reactivated'
        WHEN b.orders_before > 0 THEN 'lapsed'
        ELSE 'returns_only'
    END AS move,
    b.before_e4 AS before_e4,
    b.now_e4 AS now_e4
FROM both_periods AS b
JOIN periods AS q ON b.period_no = q.period_no
JOIN homes AS h ON b.customer_id = h.customer_id
LEFT JOIN staged_customers AS c ON b.customer_id = c.customer_id
WHERE q.period_no > 1
  AND (b.orders_now > 0 OR b.orders_before > 0 OR b.now_e4 <> 0 OR b.before_e4 <> 0)
