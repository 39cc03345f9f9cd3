-- shrink_windows: what one customer bought in the last window and in the one before it.
-- Key: customer_id. Left out: prospects, and customers without a move in both windows.
-- Units: money in ten-thousandths; a window is [attrition] compare_days long, the last one ends at as_of. Orders are
-- qualifying orders. days_now and days_prev are purchase days, which the test of spec/definitions.md 3.5 part 5 compares:
-- two orders of one day are one decision. The first purchase day is left out of days_prev, since it is the reason why the
-- customer is looked at; exposure_days is what of the window before came after it.
WITH sums AS (
    SELECT
        d.customer_id AS customer_id,
        CAST(SUM(CASE WHEN d.day >= p.as_of_day - p.compare_days THEN d.orders ELSE 0 END) AS BIGINT) AS orders_now,
        CAST(SUM(CASE WHEN d.day < p.as_of_day - p.compare_days THEN d.orders ELSE 0 END) AS BIGINT) AS orders_prev,
        CAST(SUM(CASE WHEN d.day >= p.as_of_day - p.compare_days AND d.orders > 0 THEN 1 ELSE 0 END) AS BIGINT)
            AS days_now,
        CAST(SUM(CASE WHEN d.day < p.as_of_day - p.compare_days AND d.orders > 0 THEN 1 ELSE 0 END) AS BIGINT)
            AS days_prev,
        CAST(SUM(CASE WHEN d.day >= p.as_of_day - p.compare_days THEN d.net_revenue_e4 ELSE 0 END) AS BIGINT)
            AS revenue_now_e4,
        CAST(SUM(CASE WHEN d.day < p.as_of_day - p.compare_days THEN d.net_revenue_e4 ELSE 0 END) AS BIGINT)
            AS revenue_prev_e4,
        CAST(SUM(CASE WHEN d.day >= p.as_of_day - p.compare_days THEN d.value_e4 ELSE 0 END) AS BIGINT) AS value_now_e4,
        CAST(SUM(CASE WHEN d.day < p.as_of_day - p.compare_days THEN d.value_e4 ELSE 0 END) AS BIGINT) AS value_prev_e4,
        CAST(SUM(CASE WHEN d.value_e4 IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS unknown_days
    FROM customer_days AS d
    CROSS JOIN run_params AS p
    WHERE d.day >= p.as_of_day - 2 * p.compare_days
    GROUP BY d.customer_id
),
exposed AS (
    SELECT
        w.customer_id AS customer_id,
        w.orders_now AS orders_now,
        w.orders_prev AS orders_prev,
        w.days_now AS days_now,
        CASE
            WHEN s.first_order_day >= p.as_of_day - 2 * p.compare_days AND s.first_order_day < p.as_of_day - p.compare_days
            THEN w.days_prev - 1
            ELSE w.days_prev
        END AS days_prev,
        CASE
            WHEN s.first_order_day >= p.as_of_day - p.compare_days THEN 0
            WHEN s.first_order_day >= p.as_of_day - 2 * p.compare_days
            THEN p.as_of_day - p.compare_days - s.first_order_day - 1
            ELSE p.compare_days
        END AS exposure_days,
        w.revenue_now_e4 AS revenue_now_e4,
        w.revenue_prev_e4 AS revenue_prev_e4,
        CASE WHEN w.unknown_days = 0 THEN w.value_now_e4 END AS value_now_e4,
        CASE WHEN w.unknown_days = 0 THEN w.value_prev_e4 END AS value_prev_e4,
        p.compare_days AS compare_days,
        p.min_previous_value_e4 AS min_previous_value_e4
    FROM sums AS w
    JOIN customer_summary AS s ON w.customer_id = s.customer_id
    CROSS JOIN run_params AS p
    WHERE s.orders > 0
)
SELECT
    customer_id,
    CASE
        WHEN exposure_days = 0 THEN 'new'
        WHEN 2 * exposure_days < compare_days THEN 'insufficient_history'
        WHEN value_prev_e4 IS NULL THEN 'value_unknown'
        WHEN value_prev_e4 <= 0 OR value_prev_e4 < min_previous_value_e4 THEN 'below_floor'
        ELSE 'ok'
    END AS status,
    orders_now,
    orders_prev,
    days_now,
    days_prev,
    CAST(exposure_days AS INTEGER) AS exposure_days,
    revenue_now_e4,
    revenue_prev_e4,
    value_now_e4,
    value_prev_e4
FROM exposed
