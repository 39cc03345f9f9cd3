-- summary_cells: what one leaf of one dimension sold in one month; the business summary is rolled up from these.
-- Key: dimension, leaf, month_no. Dimensions: all, region, product, channel, store, team, partner, tier.
-- Units: money in ten-thousandths. month_no is the calendar's; 0 is before the calendar begins.
-- Every dimension but product adds up to the same orders; product has lines only, as an order is not of one category.
SELECT
    'all' AS dimension,
    'all' AS leaf,
    month_no,
    CAST(SUM(lines) AS BIGINT) AS lines,
    CAST(SUM(orders) AS BIGINT) AS orders,
    CAST(SUM(identified_orders) AS BIGINT) AS identified_orders,
    CAST(SUM(gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
    CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4,
    CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
    CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
    CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost,
    CAST(SUM(unidentified_e4) AS BIGINT) AS unidentified_e4
FROM place_cells
GROUP BY month_no
UNION ALL
SELECT
    'region' AS dimension,
    region AS leaf,
    month_no,
    CAST(SUM(lines) AS BIGINT) AS lines,
    CAST(SUM(orders) AS BIGINT) AS orders,
    CAST(SUM(identified_orders) AS BIGINT) AS identified_orders,
    CAST(SUM(gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
    CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4,
    CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
    CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
    CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost,
    CAST(SUM(unidentified_e4) AS BIGINT) AS unidentified_e4
FROM place_cells
GROUP BY region, month_no
UNION ALL
SELECT
    'channel' AS dimension,
    channel AS leaf,
    month_no,
    CAST(SUM(lines) AS BIGINT) AS lines,
    CAST(SUM(orders) AS BIGINT) AS orders,
    CAST(SUM(identified_orders) AS BIGINT) AS identified_orders,
    CAST(SUM(gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
    CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4,
    CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
    CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
    CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost,
    CAST(SUM(unidentified_e4) AS BIGINT) AS unidentified_e4
FROM place_cells
GROUP BY channel, month_no
UNION ALL
SELECT
    'store' AS dimension,
    store_id AS leaf,
    month_no,
    CAST(SUM(lines) AS BIGINT) AS lines,
    CAST(SUM(orders) AS BIGINT) AS orders,
    CAST(SUM(identified_orders) AS BIGINT) AS identified_orders,
    CAST(SUM(gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
    CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4,
    CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
    CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
    CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost,
    CAST(SUM(unidentified_e4) AS BIGINT) AS unidentified_e4
FROM place_cells
GROUP BY store_id, month_no
UNION ALL
SELECT
    'team' AS dimension,
    rep_id AS leaf,
    month_no,
    CAST(SUM(lines) AS BIGINT) AS lines,
    CAST(SUM(orders) AS BIGINT) AS orders,
    CAST(SUM(identified_orders) AS BIGINT) AS identified_orders,
    CAST(SUM(gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
    CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4,
    CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
    CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
    CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost,
    CAST(SUM(unidentified_e4) AS BIGINT) AS unidentified_e4
FROM place_cells
GROUP BY rep_id, month_no
UNION ALL
SELECT
    'partner' AS dimension,
    partner_id AS leaf,
    month_no,
    CAST(SUM(lines) AS BIGINT) AS lines,
    CAST(SUM(orders) AS BIGINT) AS orders,
    CAST(SUM(identified_orders) AS BIGINT) AS identified_orders,
    CAST(SUM(gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
    CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4,
    CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
    CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
    CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost,
    CAST(SUM(unidentified_e4) AS BIGINT) AS unidentified_e4
FROM place_cells
GROUP BY partner_id, month_no
UNION ALL
SELECT
    'tier' AS dimension,
    tier AS leaf,
    month_no,
    CAST(SUM(lines) AS BIGINT) AS lines,
    CAST(SUM(orders) AS BIGINT) AS orders,
    CAST(SUM(identified_orders) AS BIGINT) AS identified_orders,
    CAST(SUM(gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
    CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4,
    CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
    CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
    CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost,
    CAST(SUM(unidentified_e4) AS BIGINT) AS unidentified_e4
FROM place_cells
GROUP BY tier, month_no
UNION ALL
SELECT
    'product' AS dimension,
    category AS leaf,
    month_no,
    lines,
    CAST(NULL AS BIGINT) AS orders,
    CAST(NULL AS BIGINT) AS identified_orders,
    gross_revenue_e4,
    net_revenue_e4,
    discount_e4,
    cost_e4,
    lines_without_cost,
    CAST(NULL AS BIGINT) AS unidentified_e4
FROM category_cells
