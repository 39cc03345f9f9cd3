-- place_cells: what was sold in one month at one place to the customers of one tier.
-- Key: month_no, region, channel, store_id, rep_id, partner_id, tier.
-- Units: money in ten-thousandths. tier is a number as text, or unidentified; month_no and the places as in order_places.
WITH named AS (
    SELECT
        month_no,
        region,
        channel,
        store_id,
        rep_id,
        partner_id,
        CASE WHEN customer_no IS NULL THEN 'unidentified' ELSE CAST(tier AS STRING) END AS tier,
        lines,
        orders,
        CASE WHEN customer_no IS NULL THEN 0 ELSE orders END AS identified_orders,
        gross_revenue_e4,
        net_revenue_e4,
        discount_e4,
        cost_e4,
        lines_without_cost,
        CASE WHEN customer_no IS NULL THEN net_revenue_e4 ELSE 0 END AS unidentified_e4
    FROM order_places
)
SELECT
    month_no,
    region,
    channel,
    store_id,
    rep_id,
    partner_id,
    tier,
    CAST(SUM(lines) AS BIGINT) AS lines,
    CAST(SUM(orders) AS BIGINT) AS orders,
    CAST(SUM(identified_orders) AS BIGINT) AS identified_orders,
    CAST(SUM(gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
    CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4,
    CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
    CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
    CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost,
    CAST(SUM(unidentified_e4) AS BIGINT) AS unidentified_e4
FROM named
GROUP BY month_no, region, channel, store_id, rep_id, partner_id, tier
