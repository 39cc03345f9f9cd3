-- customer_categories_by_month: what one customer bought of one product category in one month.
-- Key: none. customer_id, month_no, period_no, category and is_launch identify a row. Left out: lines without a customer.
-- Units: money in ten-thousandths. month_no is the calendar's and period_no that of periods; 0 is outside of them.
-- A line falls on the day of its order. first_sold_day is the first day on which a qualifying order had goods of the
-- category, null when all of it came back or was cancelled. is_launch: the product was new in the period.
WITH odd_orders AS (
    SELECT
        customer_id,
        order_id,
        order_day,
        CASE WHEN is_void THEN 1 ELSE 0 END AS is_void,
        CASE WHEN is_qualifying THEN 0 ELSE 1 END AS is_unqualified,
        CASE WHEN is_qualifying AND gross_revenue_e4 = 0 THEN 1 ELSE 0 END AS is_free
    FROM orders
    WHERE customer_id IS NOT NULL AND (NOT is_qualifying OR gross_revenue_e4 = 0 OR last_line_day > order_day)
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
        COALESCE(m.month_no, 0) AS month_no,
        COALESCE(q.period_no, 0) AS period_no,
        COALESCE(q.start_day, 0) AS start_day,
        COALESCE(q.end_day, 0) AS end_day
    FROM day_list AS d
    LEFT JOIN months AS m ON d.order_day = m.order_day
    LEFT JOIN compared AS q ON d.order_day = q.order_day
),
lines AS (
    SELECT
        l.customer_id AS customer_id,
        COALESCE(o.order_day, l.order_day) AS day,
        l.product_id AS product_id,
        l.amount_e4 AS amount_e4,
        CASE
            WHEN COALESCE(o.is_unqualified, 0) = 1 THEN 0
            WHEN l.amount_e4 > 0 THEN 1
            ELSE COALESCE(o.is_free, 0)
        END AS is_sold
    FROM order_lines AS l
    LEFT JOIN odd_orders AS o ON l.customer_id = o.customer_id AND l.order_id = o.order_id
    WHERE l.is_goods AND l.customer_id IS NOT NULL AND COALESCE(o.is_void, 0) = 0
),
dated AS (
    SELECT
        l.customer_id AS customer_id,
        d.month_no AS month_no,
        d.period_no AS period_no,
        p.category AS category,
        CASE
            WHEN p.available_from_day >= d.start_day AND p.available_from_day < d.end_day THEN 1
            ELSE 0
        END AS is_launch,
        l.amount_e4 AS amount_e4,
        CASE WHEN l.is_sold = 1 THEN l.day END AS sold_day
    FROM lines AS l
    JOIN days AS d ON l.day = d.day
    LEFT JOIN staged_products AS p ON l.product_id = p.product_id
)
SELECT
    customer_id,
    CAST(month_no AS INTEGER) AS month_no,
    CAST(period_no AS INTEGER) AS period_no,
    COALESCE(category, 'unknown') AS category,
    is_launch = 1 AS is_launch,
    CAST(SUM(amount_e4) AS BIGINT) AS net_revenue_e4,
    MIN(sold_day) AS first_sold_day
FROM dated
GROUP BY customer_id, month_no, period_no, category, is_launch
