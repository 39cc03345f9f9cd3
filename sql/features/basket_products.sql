-- basket_products: one product in one basket, with who bought it, when that is known.
-- Key: none. customer_id, order_id and product_id identify a row; customer_id is null where nobody was identified.
-- Left out: lines without a product, lines that are not goods, products that were given back in full within their order,
-- cancelled orders. A product counts once, however many of it were bought.
SELECT
    customer_id,
    order_id,
    product_id,
    COALESCE(MIN(counted_day), MIN(order_day)) AS order_day
FROM goods_lines
WHERE NOT is_cancelled AND product_id IS NOT NULL
GROUP BY customer_id, order_id, product_id
HAVING COALESCE(CAST(SUM(quantity_e4) AS BIGINT), CAST(SUM(amount_e4) AS BIGINT)) > 0
