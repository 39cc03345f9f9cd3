-- product_counts: in how many baskets one product is.
-- Key: product_id. product_no numbers the products in the order of their ids, so that pairs can be counted on numbers.
SELECT
    product_id,
    CAST(ROW_NUMBER() OVER (ORDER BY product_id) AS BIGINT) AS product_no,
    baskets
FROM (
    SELECT product_id, CAST(COUNT(*) AS BIGINT) AS baskets FROM basket_products GROUP BY product_id
) AS counted
