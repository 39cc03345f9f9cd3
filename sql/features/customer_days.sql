-- customer_days: what one customer was worth to us on one day, and what they cost us.
-- Key: customer_id, day. An order's value, refunds included, falls on the day of the order.
-- Units: money in ten-thousandths. value_e4 is the measure chosen in [value] metric; null when a cost that it needs is
-- not known, because a margin without costs would be a made-up number.
WITH moves AS (
    SELECT
        o.customer_id AS customer_id,
        o.order_day AS day,
        CAST(CASE WHEN o.is_qualifying THEN 1 ELSE 0 END AS BIGINT) AS orders,
        o.gross_revenue_e4 AS gross_revenue_e4,
        o.net_revenue_e4 AS net_revenue_e4,
        o.discount_e4 AS discount_e4,
        o.cost_e4 AS cost_e4,
        o.lines_without_cost AS lines_without_cost,
        o.payment_fee_e4 AS payment_fee_e4,
        CAST(0 AS BIGINT) AS cost_to_serve_e4,
        CAST(0 AS BIGINT) AS marketing_cost_e4
    FROM customer_orders AS o
    UNION ALL
    SELECT
        i.customer_id AS customer_id,
        i.start_day AS day,
        CAST(0 AS BIGINT) AS orders,
        CAST(0 AS BIGINT) AS gross_revenue_e4,
        CAST(0 AS BIGINT) AS net_revenue_e4,
        CAST(0 AS BIGINT) AS discount_e4,
        CAST(0 AS BIGINT) AS cost_e4,
        CAST(0 AS BIGINT) AS lines_without_cost,
        CAST(0 AS BIGINT) AS payment_fee_e4,
        i.cost_e4 AS cost_to_serve_e4,
        CAST(0 AS BIGINT) AS marketing_cost_e4
    FROM staged_interactions AS i
    WHERE i.customer_id IS NOT NULL AND i.cost_e4 IS NOT NULL
    UNION ALL
    SELECT
        c.customer_id AS customer_id,
        c.sent_day AS day,
        CAST(0 AS BIGINT) AS orders,
        CAST(0 AS BIGINT) AS gross_revenue_e4,
        CAST(0 AS BIGINT) AS net_revenue_e4,
        CAST(0 AS BIGINT) AS discount_e4,
        CAST(0 AS BIGINT) AS cost_e4,
        CAST(0 AS BIGINT) AS lines_without_cost,
        CAST(0 AS BIGINT) AS payment_fee_e4,
        CAST(0 AS BIGINT) AS cost_to_serve_e4,
        c.cost_e4 AS marketing_cost_e4
    FROM staged_contacts_sent AS c
    WHERE c.customer_id IS NOT NULL AND c.cost_e4 IS NOT NULL
),
days AS (
    SELECT
        customer_id,
        day,
        CAST(SUM(orders) AS BIGINT) AS orders,
        CAST(SUM(gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
        CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4,
        CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
        CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
        CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost,
        CAST(SUM(payment_fee_e4) AS BIGINT) AS payment_fee_e4,
        CAST(SUM(cost_to_serve_e4) AS BIGINT) AS cost_to_serve_e4,
        CAST(SUM(marketing_cost_e4) AS BIGINT) AS marketing_cost_e4
    FROM moves
    GROUP BY customer_id, day
)
SELECT
    d.customer_id AS customer_id,
    d.day AS day,
    d.orders AS orders,
    d.gross_revenue_e4 AS gross_revenue_e4,
    d.net_revenue_e4 AS net_revenue_e4,
    d.discount_e4 AS discount_e4,
    d.cost_e4 AS cost_e4,
    d.lines_without_cost AS lines_without_cost,
    d.payment_fee_e4 AS payment_fee_e4,
    d.cost_to_serve_e4 AS cost_to_serve_e4,
    d.marketing_cost_e4 AS marketing_cost_e4,
    CASE
        WHEN p.value_metric = 'net_revenue' THEN d.net_revenue_e4
        WHEN d.lines_without_cost > 0 THEN NULL
        WHEN p.value_metric = 'gross_margin' THEN d.net_revenue_e4 - d.cost_e4
        ELSE d.net_revenue_e4 - d.cost_e4 - d.payment_fee_e4 - d.cost_to_serve_e4 - d.marketing_cost_e4
    END AS value_e4
FROM days AS d
CROSS JOIN run_params AS p
