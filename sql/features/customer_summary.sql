-- customer_summary: one customer who bought, gave back, contacted us or is in the customers export.
-- Key: customer_id. Orders are qualifying orders; a customer without one is a prospect and has no recency.
-- Units: money in ten-thousandths; recency_days counts from the last order to the last day that was read.
WITH bought AS (
    SELECT
        customer_id,
        MIN(day) AS first_day,
        MIN(CASE WHEN orders > 0 THEN day END) AS first_order_day,
        MAX(CASE WHEN orders > 0 THEN day END) AS last_order_day,
        CAST(SUM(orders) AS BIGINT) AS orders,
        CAST(SUM(CASE WHEN orders > 0 THEN 1 ELSE 0 END) AS BIGINT) AS purchase_days,
        CAST(SUM(gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
        CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4,
        CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
        CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
        CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost,
        CAST(SUM(payment_fee_e4) AS BIGINT) AS payment_fee_e4,
        CAST(SUM(cost_to_serve_e4) AS BIGINT) AS cost_to_serve_e4,
        CAST(SUM(marketing_cost_e4) AS BIGINT) AS marketing_cost_e4,
        CAST(SUM(value_e4) AS BIGINT) AS value_e4,
        CAST(SUM(CASE WHEN value_e4 IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS days_without_value,
        CAST(SUM(CASE WHEN day >= as_of_day - 365 THEN net_revenue_e4 ELSE 0 END) AS BIGINT) AS net_revenue_12m_e4,
        CAST(SUM(CASE WHEN day < as_of_day - 365 AND day >= as_of_day - 730 THEN net_revenue_e4 ELSE 0 END) AS BIGINT)
            AS net_revenue_prev_12m_e4
    FROM customer_days
    CROSS JOIN run_params
    GROUP BY customer_id
),
known AS (
    SELECT customer_id FROM bought
    UNION ALL
    SELECT s.customer_id AS customer_id
    FROM staged_customers AS s
    LEFT JOIN bought AS b ON s.customer_id = b.customer_id
    WHERE b.customer_id IS NULL
)
SELECT
    k.customer_id AS customer_id,
    b.first_day AS first_day,
    b.first_order_day AS first_order_day,
    b.last_order_day AS last_order_day,
    p.as_of_day - 1 - b.last_order_day AS recency_days,
    p.as_of_day - 1 - b.first_order_day AS tenure_days,
    COALESCE(b.orders, 0) AS orders,
    COALESCE(b.purchase_days, 0) AS purchase_days,
    COALESCE(CASE WHEN p.order_unit = 'purchase_day' THEN b.purchase_days ELSE b.orders END, 0) AS frequency,
    COALESCE(b.gross_revenue_e4, 0) AS gross_revenue_e4,
    COALESCE(b.net_revenue_e4, 0) AS net_revenue_e4,
    COALESCE(b.discount_e4, 0) AS discount_e4,
    CASE WHEN b.lines_without_cost = 0 THEN b.net_revenue_e4 - b.cost_e4 END AS gross_margin_e4,
    COALESCE(b.payment_fee_e4, 0) AS payment_fee_e4,
    COALESCE(b.cost_to_serve_e4, 0) AS cost_to_serve_e4,
    COALESCE(b.marketing_cost_e4, 0) AS marketing_cost_e4,
    CASE
        WHEN b.lines_without_cost = 0
        THEN b.net_revenue_e4 - b.cost_e4 - b.payment_fee_e4 - b.cost_to_serve_e4 - b.marketing_cost_e4
    END AS contribution_e4,
    CASE WHEN b.days_without_value = 0 THEN b.value_e4 END AS value_e4,
    COALESCE(b.net_revenue_12m_e4, 0) AS net_revenue_12m_e4,
    COALESCE(b.net_revenue_prev_12m_e4, 0) AS net_revenue_prev_12m_e4
FROM known AS k
LEFT JOIN bought AS b ON k.customer_id = b.customer_id
CROSS JOIN run_params AS p
