-- customer_categories_by_month: what one customer bought of one product category in one month.
-- Key: customer_id, month_no, period_no, category_no, is_launch. Left out: nobody identified.
-- Units: money in ten-thousandths. month_no is the calendar's and period_no that of periods; 0 is outside of them.
-- first_sold_day is the first day on which a qualifying order had goods of the category, null when all of it came back or
-- was cancelled. is_launch: the product came on sale in the period.
WITH day_list AS (
    SELECT counted_day AS order_day FROM goods_lines WHERE counted_day IS NOT NULL GROUP BY counted_day
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
        CASE WHEN l.is_sold THEN l.counted_day END AS sold_day
    FROM goods_lines AS l
    JOIN days AS d ON l.counted_day = d.day
    LEFT JOIN launches AS p ON l.product_id = p.product_id
    WHERE l.customer_id IS NOT NULL
)
SELECT
    customer_id,
    month_no,
    period_no,
    category_no,
    is_launch,
    CAST(SUM(amount_e4) AS BIGINT) AS net_revenue_e4,
    MIN(sold_day) AS first_sold_day
FROM dated
GROUP BY customer_id, month_no, period_no, category_no, is_launch
