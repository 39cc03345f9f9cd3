-- product_categories: one product category, with its place in the order of names.
-- Key: category_no. unknown is always there: products without a category, and lines without a product.
-- Lines are grouped by the number, which is narrower than the name and orders as it does.
WITH names AS (
    SELECT COALESCE(category, 'unknown') AS category FROM staged_products
    UNION ALL
    SELECT 'unknown' AS category
),
listed AS (
    SELECT category FROM names GROUP BY category
)
SELECT
    CAST(ROW_NUMBER() OVER (ORDER BY category) AS INTEGER) AS category_no,
    category
FROM listed
