-- goods_lines: one line of goods of an order that counts, with what its product and its order say: the one narrow copy of the
-- lines that all who look at products read.
-- Key: none. Left out: lines that are not goods (postage, fees, taxes, adjustments).
-- Units: money and quantities in ten-thousandths. category_no is that of unknown where the product has no category.
-- A line counts on the day of its order (counted_day, null when the order is void) and as its order does, so that products add
-- up to the orders. is_gross: it is part of the gross revenue; is_sold: goods of a qualifying order, not of one that was
-- cancelled or came back as a whole.
WITH odd_orders AS (
    SELECT
        customer_id,
        order_id,
        order_day,
        CASE WHEN is_void THEN 1 ELSE 0 END AS is_void,
        CASE WHEN is_cancelled THEN 1 ELSE 0 END AS is_cancelled,
        CASE WHEN is_qualifying THEN 0 ELSE 1 END AS is_unqualified,
        CASE WHEN is_qualifying AND gross_revenue_e4 = 0 THEN 1 ELSE 0 END AS is_free
    FROM orders
    WHERE NOT is_qualifying OR gross_revenue_e4 = 0 OR last_line_day > order_day
),
-- A join finds no null: orders without a customer are found by their order alone.
odd_unknown AS (
    SELECT order_id, order_day, is_void, is_cancelled, is_unqualified, is_free FROM odd_orders WHERE customer_id IS NULL
),
named AS (
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
),
lines AS (
    SELECT
        customer_id,
        CASE WHEN customer_id IS NULL THEN order_id END AS unknown_order_id,
        order_id,
        order_day,
        product_id,
        is_cancelled,
        quantity_e4,
        amount_e4,
        discount_e4,
        cost_e4
    FROM order_lines
    WHERE is_goods
)
SELECT
    l.customer_id AS customer_id,
    l.order_id AS order_id,
    l.order_day AS order_day,
    CASE
        WHEN COALESCE(o.is_void, v.is_void, 0) = 0 THEN COALESCE(o.order_day, v.order_day, l.order_day)
    END AS counted_day,
    l.amount_e4 > 0 AND COALESCE(o.is_cancelled, v.is_cancelled, 0) = 0 AS is_gross,
    CASE
        WHEN COALESCE(o.is_unqualified, v.is_unqualified, 0) = 1 THEN FALSE
        ELSE l.amount_e4 > 0 OR COALESCE(o.is_free, v.is_free, 0) = 1
    END AS is_sold,
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
FROM lines AS l
CROSS JOIN unknown AS u
LEFT JOIN products AS p ON l.product_id = p.product_id
LEFT JOIN odd_orders AS o ON l.customer_id = o.customer_id AND l.order_id = o.order_id
LEFT JOIN odd_unknown AS v ON l.unknown_order_id = v.order_id
