-- basket_lines: one product in one basket, in numbers: what the affinity models count.
-- Key: none. order_no, customer_no and product_no identify a row; a product comes twice in an order that two customers share.
-- Left out: as in basket_products, and the products of [affinity] exclude_products.
-- customer_no is 0 where nobody is known to have bought it: no customer was identified, or they gave all of it back.
WITH orders AS (
    SELECT order_id, CAST(ROW_NUMBER() OVER (ORDER BY order_id) AS BIGINT) AS order_no
    FROM (SELECT order_id FROM basket_products GROUP BY order_id) AS distinct_orders
),
products AS (
    SELECT product_id, product_no FROM offered_products WHERE status <> 'excluded'
)
SELECT
    o.order_no AS order_no,
    p.product_no AS product_no,
    CASE WHEN r.product_id IS NOT NULL THEN 0 ELSE COALESCE(c.customer_no, 0) END AS customer_no,
    b.order_day AS order_day
FROM basket_products AS b
JOIN orders AS o ON b.order_id = o.order_id
JOIN products AS p ON b.product_id = p.product_id
LEFT JOIN customer_numbers AS c ON b.customer_id = c.customer_id
LEFT JOIN returned_products AS r ON b.customer_id = r.customer_id AND b.product_id = r.product_id
