-- customer_categories: how many different products and categories one customer bought.
-- Key: customer_id. Left out: customers whose lines name no product.
WITH bought AS (
    SELECT DISTINCT
        l.customer_id AS customer_id,
        l.product_id AS product_id,
        p.category AS category
    FROM order_lines AS l
    LEFT JOIN staged_products AS p ON l.product_id = p.product_id
    WHERE l.customer_id IS NOT NULL AND l.product_id IS NOT NULL AND l.is_goods AND NOT l.is_cancelled
      AND l.amount_e4 > 0
)
SELECT
    customer_id,
    CAST(COUNT(*) AS BIGINT) AS products_bought,
    CAST(COUNT(DISTINCT category) AS BIGINT) AS categories_bought
FROM bought
GROUP BY customer_id
