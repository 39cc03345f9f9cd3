-- customers: all that is known of one customer, in one row for campaign, contact centre and rule engine alike.
-- Key: customer_id. Everybody who bought, gave back, contacted us or is in the customers export.
-- Units: money in ten-thousandths of the reporting currency. A figure that cannot be known is null, and the status
-- beside it says why.
SELECT
    s.customer_id AS customer_id,
    c.household_id AS household_id,
    c.account_id AS account_id,
    c.customer_type AS customer_type,
    c.account_role AS account_role,
    c.region AS region_path,
    c.time_zone AS time_zone,
    c.language AS language,
    s.first_order_day AS first_order_day,
    s.last_order_day AS last_order_day,
    CAST(s.tenure_days AS INTEGER) AS tenure_days,
    CAST(s.recency_days AS INTEGER) AS recency_days,
    s.purchase_days AS purchase_days,
    s.orders AS orders,
    r.median_gap_days AS median_gap_days,
    p.currency AS currency,
    s.net_revenue_e4 AS net_revenue_e4,
    s.gross_margin_e4 AS gross_margin_e4,
    CASE
        WHEN s.first_day IS NULL THEN 'no_history'
        WHEN s.gross_margin_e4 IS NULL THEN 'cost_unknown'
        ELSE 'ok'
    END AS margin_status,
    s.cost_to_serve_e4 AS cost_to_serve_e4,
    s.marketing_cost_e4 AS marketing_cost_e4,
    s.contribution_e4 AS contribution_e4,
    s.net_revenue_12m_e4 AS net_revenue_12m_e4,
    s.net_revenue_prev_12m_e4 AS prev_12m_e4,
    CAST(
        CASE
            WHEN s.orders = 0 THEN NULL
            WHEN s.net_revenue_e4 >= 0 THEN (s.net_revenue_e4 - s.net_revenue_e4 % s.orders) / s.orders
            ELSE 0 - (0 - s.net_revenue_e4 - (0 - s.net_revenue_e4) % s.orders) / s.orders
        END AS BIGINT
    ) AS avg_order_value_e4,
    CASE
        WHEN s.gross_revenue_e4 > 0
        THEN CAST(s.gross_revenue_e4 - s.net_revenue_e4 AS DOUBLE) / CAST(s.gross_revenue_e4 AS DOUBLE)
    END AS refund_rate,
    CASE
        WHEN s.gross_revenue_e4 + s.discount_e4 > 0
        THEN CAST(s.discount_e4 AS DOUBLE) / CAST(s.gross_revenue_e4 + s.discount_e4 AS DOUBLE)
    END AS discount_share,
    f.r_score AS rfm_r,
    f.f_score AS rfm_f,
    f.m_score AS rfm_m,
    f.rfm_code AS rfm_code,
    COALESCE(f.rfm_segment, CASE WHEN s.frequency = 0 THEN 'Prospect' ELSE 'Value Unknown' END) AS rfm_segment,
    p.value_metric AS value_basis,
    COALESCE(t.value_e4, 0) AS value_e4,
    CAST(COALESCE(t.actual_tier, 0) AS INTEGER) AS actual_tier,
    CAST(COALESCE(t.tier_prev, 0) AS INTEGER) AS tier_prev,
    CAST(COALESCE(t.tier_delta, 0) AS INTEGER) AS tier_delta,
    v.value_cell AS value_cell,
    v.service_level AS service_level,
    COALESCE(g.products_bought, 0) AS products_bought,
    COALESCE(g.categories_bought, 0) AS categories_bought
FROM customer_summary AS s
CROSS JOIN run_params AS p
LEFT JOIN staged_customers AS c ON s.customer_id = c.customer_id
LEFT JOIN customer_rhythm AS r ON s.customer_id = r.customer_id
LEFT JOIN rfm_scores AS f ON s.customer_id = f.customer_id
LEFT JOIN customer_tiers AS t ON s.customer_id = t.customer_id
LEFT JOIN customer_service AS v ON s.customer_id = v.customer_id
LEFT JOIN customer_categories AS g ON s.customer_id = g.customer_id
