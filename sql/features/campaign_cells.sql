-- campaign_cells: how many units of one arm of one wave are alike in all that a comparison looks at: most bought nothing before
-- or after, and are one row.
-- Key: none. campaign_id to margin_before_e4 identify a row.
-- Units: money in ten-thousandths. Figures of messages, cost and attributed orders are sums over the units of the row.
WITH outcomes AS (
    SELECT
        campaign_id,
        wave,
        arm,
        tier,
        region,
        decile,
        is_new,
        visits > 0 AS has_visited,
        orders > 0 AS has_converted,
        orders,
        revenue_e4,
        margin_e4,
        has_opted_out,
        has_complained,
        visits_before > 0 AS has_visited_before,
        orders_before > 0 AS has_converted_before,
        revenue_before_e4,
        margin_before_e4,
        customers,
        messages,
        delivered,
        opened,
        clicked,
        responded,
        cost_e4,
        lines_without_cost,
        lines_without_cost_before,
        attributed_orders,
        attributed_revenue_e4,
        attributed_margin_e4
    FROM campaign_outcomes
)
SELECT
    campaign_id,
    wave,
    arm,
    tier,
    region,
    decile,
    is_new,
    has_visited,
    has_converted,
    orders,
    revenue_e4,
    margin_e4,
    has_opted_out,
    has_complained,
    has_visited_before,
    has_converted_before,
    revenue_before_e4,
    margin_before_e4,
    CAST(COUNT(*) AS BIGINT) AS units,
    CAST(SUM(customers) AS BIGINT) AS customers,
    CAST(SUM(messages) AS BIGINT) AS messages,
    CAST(SUM(delivered) AS BIGINT) AS delivered,
    CAST(SUM(opened) AS BIGINT) AS opened,
    CAST(SUM(clicked) AS BIGINT) AS clicked,
    CAST(SUM(responded) AS BIGINT) AS responded,
    CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
    CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost,
    CAST(SUM(lines_without_cost_before) AS BIGINT) AS lines_without_cost_before,
    CAST(SUM(attributed_orders) AS BIGINT) AS attributed_orders,
    CAST(SUM(attributed_revenue_e4) AS BIGINT) AS attributed_revenue_e4,
    CAST(SUM(attributed_margin_e4) AS BIGINT) AS attributed_margin_e4
FROM outcomes
GROUP BY
    campaign_id, wave, arm, tier, region, decile, is_new, has_visited, has_converted, orders, revenue_e4, margin_e4,
    has_opted_out, has_complained, has_visited_before, has_converted_before, revenue_before_e4, margin_before_e4
