-- campaign_purchases: what one member of a wave bought in the window, in the one before it, and in the days by which they are
-- ranked.
-- Key: campaign_id, wave, customer_id. Left out: members without a move of money in these days.
-- Units: orders are qualifying orders; money in ten-thousandths, refunds taken off on the day of the order. The margin is less
-- the cost of the goods and of the payment; lines_without_cost are those that it cannot be known for.
WITH days AS (
    SELECT
        m.campaign_id AS campaign_id,
        m.wave AS wave,
        m.customer_id AS customer_id,
        CASE WHEN d.day >= m.start_day THEN 1 ELSE 0 END AS within,
        CASE WHEN d.day < m.start_day AND d.day >= m.before_day THEN 1 ELSE 0 END AS before,
        CASE WHEN d.day < m.start_day AND d.day >= m.value_from_day THEN 1 ELSE 0 END AS ranked,
        d.orders AS orders,
        d.net_revenue_e4 AS revenue_e4,
        d.net_revenue_e4 - d.cost_e4 - d.payment_fee_e4 AS margin_e4,
        d.lines_without_cost AS lines_without_cost
    FROM campaign_members AS m
    JOIN customer_days AS d ON m.customer_id = d.customer_id
    WHERE d.day < m.end_day AND (d.day >= m.value_from_day OR d.day >= m.before_day)
)
SELECT
    campaign_id,
    wave,
    customer_id,
    CAST(SUM(within * orders) AS BIGINT) AS orders,
    CAST(SUM(within * revenue_e4) AS BIGINT) AS revenue_e4,
    CAST(SUM(within * margin_e4) AS BIGINT) AS margin_e4,
    CAST(SUM(before * orders) AS BIGINT) AS orders_before,
    CAST(SUM(before * revenue_e4) AS BIGINT) AS revenue_before_e4,
    CAST(SUM(before * margin_e4) AS BIGINT) AS margin_before_e4,
    CAST(SUM(ranked * revenue_e4) AS BIGINT) AS value_e4,
    CAST(SUM(within * lines_without_cost) AS BIGINT) AS lines_without_cost,
    CAST(SUM(before * lines_without_cost) AS BIGINT) AS lines_without_cost_before
FROM days
GROUP BY campaign_id, wave, customer_id
