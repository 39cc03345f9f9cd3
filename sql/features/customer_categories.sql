-- customer_categories: how many different products and categories one customer bought.
-- Key: customer_id. Left out: customers whose lines name no product.
WITH bought AS (
    SELECT customer_id, product_id, MAX(CASE WHEN has_category THEN category_no END) AS category_no
    FROM goods_lines
    WHERE customer_id IS NOT NULL AND product_id IS NOT NULL AND NOT is_cancelled AND amount_e4 > 0
    GROUP BY customer_id, product_id
),
-- Counted in two steps of grouping: much cheaper than COUNT(DISTINCT).
by_category AS (
    SELECT customer_id, category_no, CAST(COUNT(*) AS BIGINT) AS products
    FROM bought
    GROUP BY customer_id, category_no
)
SELECT
    customer_id,
    CAST(SUM(products) AS BIGINT) AS products_bought,
    CAST(SUM(CASE WHEN category_no IS NULL THEN 0 ELSE 1 END) AS BIGINT) AS categories_bought
FROM by_category
GROUP BY customer_id
