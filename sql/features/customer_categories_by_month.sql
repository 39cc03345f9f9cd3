-- customer_categories_by_month: what one customer bought of one product category in one month; the one scan of the lines
-- that the summaries of products and the growth by category are made of.
-- Key: none. customer_id, month_no, period_no, category_no and is_launch identify a row; customer_id is null where nobody was
-- identified.
-- Units: money in ten-thousandths. month_no is the calendar's and period_no that of periods; 0 is outside of them.
-- A line falls on the day of its order and counts as its order does, so that categories add up to the orders.
-- first_sold_day is the first day on which a qualifying order had goods of the category, null when all of it came back or
-- was cancelled. is_launch: the product came on sale in the period.
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
day_list AS (
    SELECT order_day FROM orders GROUP BY order_day
),
months AS (
    SELECT d.order_day AS order_day, c.period_no AS month_no
    FROM day_list AS d
    CROSS JOIN calendar AS c
    WHERE c.period_kind = 'month' AND d.order_day >= c.start_day AND d.order_day < c.end_day
),
compared AS (
    SELECT d.order_day AS order_day, q.period_no AS period_no, q.start_day AS start_day, q.end_day AS end_day
    FROM day_list AS d
    CROSS JOIN periods AS q
    WHERE d.order_day >= q.start_day AND d.order_day < q.end_day
),
days AS (
    SELECT
        d.order_day AS day,
        CAST(COALESCE(m.month_no, 0) AS INTEGER) AS month_no,
        CAST(COALESCE(q.period_no, 0) AS INTEGER) AS period_no,
        COALESCE(q.start_day, 0) AS start_day,
        COALESCE(q.end_day, 0) AS end_day
    FROM day_list AS d
    LEFT JOIN months AS m ON d.order_day = m.order_day
    LEFT JOIN compared AS q ON d.order_day = q.order_day
),
goods AS (
    SELECT
        customer_id,
        CASE WHEN customer_id IS NULL THEN order_id END AS unknown_order_id,
        order_id,
        order_day,
        product_id,
        category_no,
        amount_e4,
        discount_e4,
        cost_e4
    FROM goods_lines
),
lines AS (
    SELECT
        l.customer_id AS customer_id,
        COALESCE(o.order_day, u.order_day, l.order_day) AS day,
        l.product_id AS product_id,
        l.category_no AS category_no,
        l.amount_e4 AS amount_e4,
        l.discount_e4 AS discount_e4,
        l.cost_e4 AS cost_e4,
        CASE WHEN l.amount_e4 > 0 AND COALESCE(o.is_cancelled, u.is_cancelled, 0) = 0 THEN l.amount_e4 ELSE 0 END AS gross_e4,
        CASE
            WHEN COALESCE(o.is_unqualified, u.is_unqualified, 0) = 1 THEN 0
            WHEN l.amount_e4 > 0 THEN 1
            ELSE COALESCE(o.is_free, u.is_free, 0)
        END AS is_sold
    FROM goods AS l
    LEFT JOIN odd_orders AS o ON l.customer_id = o.customer_id AND l.order_id = o.order_id
    LEFT JOIN odd_unknown AS u ON l.unknown_order_id = u.order_id
    WHERE COALESCE(o.is_void, u.is_void, 0) = 0
),
launches AS (
    SELECT product_id, available_from_day FROM staged_products WHERE available_from_day IS NOT NULL
),
dated AS (
    SELECT
        l.customer_id AS customer_id,
        d.month_no AS month_no,
        d.period_no AS period_no,
        l.category_no AS category_no,
        CASE
            WHEN p.available_from_day >= d.start_day AND p.available_from_day < d.end_day THEN TRUE
            ELSE FALSE
        END AS is_launch,
        l.amount_e4 AS amount_e4,
        l.gross_e4 AS gross_e4,
        l.discount_e4 AS discount_e4,
        l.cost_e4 AS cost_e4,
        CASE WHEN l.is_sold = 1 THEN l.day END AS sold_day
    FROM lines AS l
    JOIN days AS d ON l.day = d.day
    LEFT JOIN launches AS p ON l.product_id = p.product_id
)
SELECT
    customer_id,
    month_no,
    period_no,
    category_no,
    is_launch,
    CAST(COUNT(*) AS BIGINT) AS lines,
    CAST(SUM(gross_e4) AS BIGINT) AS gross_revenue_e4,
    CAST(SUM(amount_e4) AS BIGINT) AS net_revenue_e4,
    CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
    CAST(SUM(COALESCE(cost_e4, 0)) AS BIGINT) AS cost_e4,
    CAST(SUM(CASE WHEN cost_e4 IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS lines_without_cost,
    MIN(sold_day) AS first_sold_day
FROM dated
GROUP BY customer_id, month_no, period_no, category_no, is_launch
