-- shrink_products: one product of one customer who buys less than before, in the two windows.
-- Key: customer_id, product_id. Left out: customers who do not shrink or cannot be compared, lines that name no product
-- or are not goods, cancelled orders.
-- Units: money and quantities in ten-thousandths. A line belongs to the day of its order, as its value does.
WITH shrinking AS (
    SELECT customer_id FROM shrink_windows WHERE status = 'ok' AND value_now_e4 < value_prev_e4
),
orders AS (
    SELECT
        o.customer_id AS customer_id,
        o.order_id AS order_id,
        CASE WHEN o.order_day >= p.as_of_day - p.compare_days THEN 1 ELSE 0 END AS is_now
    FROM customer_orders AS o
    JOIN shrinking AS s ON o.customer_id = s.customer_id
    CROSS JOIN run_params AS p
    WHERE o.order_day >= p.as_of_day - 2 * p.compare_days
)
SELECT
    l.customer_id AS customer_id,
    l.product_id AS product_id,
    CAST(SUM(CASE WHEN o.is_now = 1 THEN l.quantity_e4 ELSE 0 END) AS BIGINT) AS units_now_e4,
    CAST(SUM(CASE WHEN o.is_now = 0 THEN l.quantity_e4 ELSE 0 END) AS BIGINT) AS units_prev_e4,
    CAST(SUM(CASE WHEN o.is_now = 1 THEN l.amount_e4 ELSE 0 END) AS BIGINT) AS revenue_now_e4,
    CAST(SUM(CASE WHEN o.is_now = 0 THEN l.amount_e4 ELSE 0 END) AS BIGINT) AS revenue_prev_e4,
    CAST(SUM(CASE WHEN o.is_now = 1 AND l.amount_e4 > 0 THEN 1 ELSE 0 END) AS BIGINT) AS sales_now,
    CAST(SUM(CASE WHEN l.quantity_e4 IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS lines_without_quantity
FROM goods_lines AS l
JOIN orders AS o ON l.customer_id = o.customer_id AND l.order_id = o.order_id
WHERE NOT l.is_cancelled AND l.product_id IS NOT NULL
GROUP BY l.customer_id, l.product_id
