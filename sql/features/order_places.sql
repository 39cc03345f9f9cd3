-- order_places: what one customer bought in one month at one place, and in which tier that customer is now.
-- Key: none. customer_no, month_no and the place identify a row; customer_no is null where nobody was identified.
-- Units: money in ten-thousandths. month_no is the calendar's; 0 is before the calendar begins.
-- A region is the order's, or else the customer's. What is not known is called unknown, so that places add up to the whole.
WITH months AS (
    SELECT d.order_day AS order_day, c.period_no AS month_no
    FROM (SELECT order_day FROM orders GROUP BY order_day) AS d
    CROSS JOIN calendar AS c
    WHERE c.period_kind = 'month' AND d.order_day >= c.start_day AND d.order_day < c.end_day
),
placed AS (
    SELECT
        n.customer_no AS customer_no,
        COALESCE(m.month_no, 0) AS month_no,
        COALESCE(o.region, n.region, 'unknown') AS region,
        COALESCE(o.channel, 'unknown') AS channel,
        COALESCE(o.store_id, 'unknown') AS store_id,
        COALESCE(o.rep_id, 'unknown') AS rep_id,
        COALESCE(o.partner_id, 'unknown') AS partner_id,
        COALESCE(n.tier, 0) AS tier,
        CASE WHEN o.is_void THEN 0 ELSE o.lines END AS lines,
        CASE WHEN o.is_qualifying THEN 1 ELSE 0 END AS orders,
        o.gross_revenue_e4 AS gross_revenue_e4,
        o.net_revenue_e4 AS net_revenue_e4,
        o.discount_e4 AS discount_e4,
        o.cost_e4 AS cost_e4,
        CASE WHEN o.is_void THEN 0 ELSE o.lines_without_cost END AS lines_without_cost
    FROM orders AS o
    LEFT JOIN months AS m ON o.order_day = m.order_day
    LEFT JOIN customer_numbers AS n ON o.customer_id = n.customer_id
)
SELECT
    customer_no,
    CAST(month_no AS INTEGER) AS month_no,
    region,
    channel,
    store_id,
    rep_id,
    partner_id,
    tier,
    CAST(SUM(lines) AS BIGINT) AS lines,
    CAST(SUM(orders) AS BIGINT) AS orders,
    CAST(SUM(gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
    CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4,
    CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
    CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
    CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost
FROM placed
GROUP BY customer_no, month_no, region, channel, store_id, rep_id, partner_id, tier
