-- goods_lines: one line of goods of an order that counts, with what its product says: the one narrow copy of the lines that
-- all who look at products read.
-- Key: none. Left out: lines that are not goods (postage, fees, taxes, adjustments).
-- Units: money and quantities in ten-thousandths. category_no is that of unknown where the product has no category.
WITH named AS (
    SELECT
        product_id,
        COALESCE(category, 'unknown') AS category,
        category IS NOT NULL AS has_category,
        cost_e4
    FROM staged_products
),
products AS (
    SELECT
        n.product_id AS product_id,
        c.category_no AS category_no,
        n.has_category AS has_category,
        n.cost_e4 AS cost_e4
    FROM named AS n
    JOIN product_categories AS c ON n.category = c.category
),
unknown AS (
    SELECT category_no FROM product_categories WHERE category = 'unknown'
)
SELECT
    l.customer_id AS customer_id,
    l.order_id AS order_id,
    l.order_day AS order_day,
    l.product_id AS product_id,
    COALESCE(p.category_no, u.category_no) AS category_no,
    COALESCE(p.has_category, FALSE) AS has_category,
    l.is_cancelled AS is_cancelled,
    l.quantity_e4 AS quantity_e4,
    l.amount_e4 AS amount_e4,
    COALESCE(l.discount_e4, 0) AS discount_e4,
    -- As in orders.
    CASE
        WHEN l.cost_e4 IS NOT NULL THEN l.cost_e4
        WHEN l.quantity_e4 >= 0
        THEN CAST((l.quantity_e4 * p.cost_e4 + 5000 - (l.quantity_e4 * p.cost_e4 + 5000) % 10000) / 10000 AS BIGINT)
        ELSE 0 - CAST(
            (5000 - l.quantity_e4 * p.cost_e4 - (5000 - l.quantity_e4 * p.cost_e4) % 10000) / 10000 AS BIGINT
        )
    END AS cost_e4
FROM order_lines AS l
CROSS JOIN unknown AS u
LEFT JOIN products AS p ON l.product_id = p.product_id
WHERE l.is_goods
