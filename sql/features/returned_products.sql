-- returned_products: one product that one known customer bought and gave back, all of it, in whatever order.
-- Key: customer_id, product_id. What was given back counts as never bought.
WITH with_returns AS (
    SELECT customer_id, product_id
    FROM goods_lines
    WHERE NOT is_cancelled
      AND customer_id IS NOT NULL
      AND product_id IS NOT NULL
      AND COALESCE(quantity_e4, amount_e4) < 0
    GROUP BY customer_id, product_id
)
SELECT
    l.customer_id AS customer_id,
    l.product_id AS product_id
FROM goods_lines AS l
JOIN with_returns AS r ON l.customer_id = r.customer_id AND l.product_id = r.product_id
WHERE NOT l.is_cancelled
GROUP BY l.customer_id, l.product_id
HAVING COALESCE(CAST(SUM(l.quantity_e4) AS BIGINT), CAST(SUM(l.amount_e4) AS BIGINT)) <= 0
