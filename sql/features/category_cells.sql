-- category_cells: what was sold of one product category in one month, to whomever.
-- Key: month_no, category.
-- Units: money in ten-thousandths. month_no is the calendar's; 0 is before the calendar begins.
-- A line falls on the day of its order and counts as its order does, so that categories add up to the orders.
WITH odd_orders AS (
    SELECT
        customer_id,
        order_id,
        order_day,
        CASE WHEN is_void THEN 1 ELSE 0 END AS is_void,
        CASE WHEN is_cancelled THEN 1 ELSE 0 END AS is_cancelled
    FROM orders
    WHERE is_cancelled OR last_line_day > order_day
),
-- A join finds no null: orders without a customer are found by their order alone.
odd_unknown AS (
    SELECT order_id, order_day, is_void, is_cancelled FROM odd_orders WHERE customer_id IS NULL
),
lines AS (
    SELECT
        customer_id,
        CASE WHEN customer_id IS NULL THEN order_id END AS unknown_order_id,
        order_id,
        order_day,
        product_id,
        amount_e4,
        discount_e4,
        quantity_e4,
        cost_e4
    FROM order_lines
    WHERE is_goods
),
months AS (
    SELECT d.order_day AS order_day, c.period_no AS month_no
    FROM (SELECT order_day FROM orders GROUP BY order_day) AS d
    CROSS JOIN calendar AS c
    WHERE c.period_kind = 'month' AND d.order_day >= c.start_day AND d.order_day < c.end_day
),
counted AS (
    SELECT
        COALESCE(o.order_day, u.order_day, l.order_day) AS order_day,
        COALESCE(p.category, 'unknown') AS category,
        CASE WHEN l.amount_e4 > 0 AND COALESCE(o.is_cancelled, u.is_cancelled, 0) = 0 THEN l.amount_e4 ELSE 0 END AS sold_e4,
        l.amount_e4 AS amount_e4,
        COALESCE(l.discount_e4, 0) AS discount_e4,
        CASE
            WHEN l.cost_e4 IS NOT NULL THEN l.cost_e4
            WHEN l.quantity_e4 >= 0
            THEN CAST((l.quantity_e4 * p.cost_e4 + 5000 - (l.quantity_e4 * p.cost_e4 + 5000) % 10000) / 10000 AS BIGINT)
            ELSE 0 - CAST(
                (5000 - l.quantity_e4 * p.cost_e4 - (5000 - l.quantity_e4 * p.cost_e4) % 10000) / 10000 AS BIGINT
            )
        END AS cost_e4
    FROM lines AS l
    LEFT JOIN odd_orders AS o ON l.customer_id = o.customer_id AND l.order_id = o.order_id
    LEFT JOIN odd_unknown AS u ON l.unknown_order_id = u.order_id
    LEFT JOIN staged_products AS p ON l.product_id = p.product_id
    WHERE COALESCE(o.is_void, u.is_void, 0) = 0
),
daily AS (
    SELECT
        order_day,
        category,
        CAST(COUNT(*) AS BIGINT) AS lines,
        CAST(SUM(sold_e4) AS BIGINT) AS gross_revenue_e4,
        CAST(SUM(amount_e4) AS BIGINT) AS net_revenue_e4,
        CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
        CAST(SUM(COALESCE(cost_e4, 0)) AS BIGINT) AS cost_e4,
        CAST(SUM(CASE WHEN cost_e4 IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS lines_without_cost
    FROM counted
    GROUP BY order_day, category
),
monthly AS (
    SELECT
        COALESCE(m.month_no, 0) AS month_no,
        d.category AS category,
        d.lines AS lines,
        d.gross_revenue_e4 AS gross_revenue_e4,
        d.net_revenue_e4 AS net_revenue_e4,
        d.discount_e4 AS discount_e4,
        d.cost_e4 AS cost_e4,
        d.lines_without_cost AS lines_without_cost
    FROM daily AS d
    LEFT JOIN months AS m ON d.order_day = m.order_day
)
SELECT
    CAST(month_no AS INTEGER) AS month_no,
    category,
    CAST(SUM(lines) AS BIGINT) AS lines,
    CAST(SUM(gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
    CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4,
    CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
    CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
    CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost
FROM monthly
GROUP BY month_no, category
