-- basket_products: one product in one basket, whoever bought it.
-- Key: order_id, product_id. Left out: lines without a product, lines that are not goods, products that were given back
-- in full, cancelled orders, and baskets with more distinct products than [affinity] max_basket_products.
WITH kept AS (
    SELECT
        order_id,
        product_id
    FROM goods_lines
    WHERE NOT is_cancelled AND product_id IS NOT NULL
    GROUP BY order_id, product_id
    HAVING COALESCE(CAST(SUM(quantity_e4) AS BIGINT), CAST(SUM(amount_e4) AS BIGINT)) > 0
),
sizes AS (
    SELECT order_id, CAST(COUNT(*) AS BIGINT) AS products FROM kept GROUP BY order_id
)
SELECT
    k.order_id AS order_id,
    k.product_id AS product_id
FROM kept AS k
JOIN sizes AS s ON k.order_id = s.order_id
CROSS JOIN run_params AS p
WHERE s.products <= p.max_basket_products
