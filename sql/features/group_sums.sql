-- group_sums: what the members of one group are together: the ids of a person, a household, an account.
-- Key: kind, group_id.
-- Units: money in ten-thousandths. margin_known_e4 is of the members whose costs are known, margin_unknown counts the others.
-- main_customer_id is the member with the most net revenue, the first id of equal ones. Leaving are the dormant and the lost.
-- The best tier and the worst band are of members who may be profiled; 6 is a tier without value.
WITH told AS (
    SELECT
        m.kind AS kind,
        m.group_id AS group_id,
        m.customer_id AS customer_id,
        c.orders AS orders,
        c.first_order_day AS first_order_day,
        c.last_order_day AS last_order_day,
        c.net_revenue_e4 AS net_revenue_e4,
        COALESCE(c.gross_margin_e4, 0) AS margin_e4,
        CASE WHEN c.margin_status = 'cost_unknown' THEN 1 ELSE 0 END AS margin_unknown,
        c.net_revenue_12m_e4 AS net_revenue_12m_e4,
        c.value_e4 AS value_e4,
        c.cost_to_serve_e4 AS cost_to_serve_e4,
        c.marketing_cost_e4 AS marketing_cost_e4,
        CASE WHEN c.profiling_opt_out THEN NULL WHEN c.actual_tier = 0 THEN 6 ELSE c.actual_tier END AS tier,
        CASE
            WHEN c.attrition_band = 'lost' THEN 0
            WHEN c.attrition_band = 'high_risk' THEN 1
            WHEN c.attrition_band = 'at_risk' THEN 2
            WHEN c.attrition_band = 'cooling' THEN 3
            WHEN c.attrition_band = 'new' THEN 4
            WHEN c.attrition_band = 'active' THEN 5
        END AS band_no,
        CASE WHEN c.lifecycle_state IN ('dormant', 'lost') THEN 1 ELSE 0 END AS leaving,
        COALESCE(c.value_at_risk_e4, 0) AS value_at_risk_e4,
        c.contacts_90d AS contacts_90d,
        c.sends_30d AS sends_30d,
        c.last_contact_us AS last_contact_us,
        c.open_complaints AS open_complaints,
        c.oldest_complaint_days AS oldest_complaint_days,
        0 - c.net_revenue_e4 AS most_first
    FROM group_members AS m
    JOIN customers AS c ON m.customer_id = c.customer_id
),
-- One order of all members is much cheaper than one of each group's.
numbered AS (
    SELECT
        kind,
        group_id,
        customer_id,
        CAST(ROW_NUMBER() OVER (ORDER BY kind, group_id, most_first, customer_id) AS BIGINT) AS place
    FROM told
),
sums AS (
    SELECT
        kind,
        group_id,
        CAST(COUNT(*) AS BIGINT) AS customers,
        MIN(first_order_day) AS first_order_day,
        MAX(last_order_day) AS last_order_day,
        CAST(SUM(CASE WHEN orders > 0 THEN 1 ELSE 0 END) AS BIGINT) AS buyers,
        CAST(SUM(orders) AS BIGINT) AS orders,
        CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4,
        MAX(net_revenue_e4) AS most_revenue_e4,
        CAST(SUM(margin_e4) AS BIGINT) AS margin_known_e4,
        CAST(SUM(margin_unknown) AS BIGINT) AS margin_unknown,
        CAST(SUM(net_revenue_12m_e4) AS BIGINT) AS net_revenue_12m_e4,
        CAST(SUM(value_e4) AS BIGINT) AS value_e4,
        CAST(SUM(cost_to_serve_e4) AS BIGINT) AS cost_to_serve_e4,
        CAST(SUM(marketing_cost_e4) AS BIGINT) AS marketing_cost_e4,
        MIN(tier) AS best_tier,
        MIN(band_no) AS worst_band_no,
        CAST(SUM(leaving) AS BIGINT) AS leaving,
        CAST(SUM(value_at_risk_e4) AS BIGINT) AS value_at_risk_e4,
        CAST(SUM(contacts_90d) AS BIGINT) AS contacts_90d,
        CAST(SUM(sends_30d) AS BIGINT) AS sends_30d,
        MAX(last_contact_us) AS last_contact_us,
        CAST(SUM(open_complaints) AS BIGINT) AS open_complaints,
        MAX(oldest_complaint_days) AS oldest_complaint_days
    FROM told
    GROUP BY kind, group_id
),
firsts AS (
    SELECT kind, group_id, MIN(place) AS place FROM numbered GROUP BY kind, group_id
)
SELECT
    s.kind AS kind,
    s.group_id AS group_id,
    s.customers AS customers,
    s.buyers AS buyers,
    s.first_order_day AS first_order_day,
    s.last_order_day AS last_order_day,
    s.orders AS orders,
    s.net_revenue_e4 AS net_revenue_e4,
    s.margin_known_e4 AS margin_known_e4,
    s.margin_unknown AS margin_unknown,
    s.net_revenue_12m_e4 AS net_revenue_12m_e4,
    s.value_e4 AS value_e4,
    s.cost_to_serve_e4 AS cost_to_serve_e4,
    s.marketing_cost_e4 AS marketing_cost_e4,
    n.customer_id AS main_customer_id,
    CASE
        WHEN s.net_revenue_e4 > 0 THEN CAST(s.most_revenue_e4 AS DOUBLE) / CAST(s.net_revenue_e4 AS DOUBLE)
    END AS main_share,
    CAST(CASE WHEN s.best_tier = 6 THEN 0 ELSE s.best_tier END AS INTEGER) AS best_tier,
    CASE
        WHEN s.worst_band_no = 0 THEN 'lost'
        WHEN s.worst_band_no = 1 THEN 'high_risk'
        WHEN s.worst_band_no = 2 THEN 'at_risk'
        WHEN s.worst_band_no = 3 THEN 'cooling'
        WHEN s.worst_band_no = 4 THEN 'new'
        WHEN s.worst_band_no = 5 THEN 'active'
    END AS worst_band,
    s.leaving AS leaving,
    s.value_at_risk_e4 AS value_at_risk_e4,
    s.contacts_90d AS contacts_90d,
    s.sends_30d AS sends_30d,
    s.last_contact_us AS last_contact_us,
    s.open_complaints AS open_complaints,
    s.oldest_complaint_days AS oldest_complaint_days
FROM sums AS s
JOIN firsts AS f ON s.kind = f.kind AND s.group_id = f.group_id
JOIN numbered AS n ON f.place = n.place
