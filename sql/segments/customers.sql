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
    a.threshold_days AS threshold_days,
    a.overdue_ratio AS overdue_ratio,
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
    w.strategic_tier AS strategic_tier,
    w.value_group AS value_group,
    v.value_cell AS value_cell,
    v.service_level AS service_level,
    l.lifecycle_state AS lifecycle_state,
    l.state_since_day AS state_since_day,
    a.status AS attrition_status,
    a.band AS attrition_band,
    a.score AS attrition_score,
    a.value_at_risk_e4 AS value_at_risk_e4,
    w.sow AS sow,
    w.sow_method AS sow_method,
    w.unrealised_potential_e4 AS unrealised_potential_e4,
    COALESCE(g.products_bought, 0) AS products_bought,
    COALESCE(g.categories_bought, 0) AS categories_bought,
    COALESCE(k.contacts_90d, 0) AS contacts_90d,
    k.last_contact_us AS last_contact_us,
    k.last_contact_channel AS last_contact_channel,
    k.last_contact_outcome AS last_contact_outcome,
    k.days_since_two_way AS days_since_two_way,
    COALESCE(k.open_complaints, 0) AS open_complaints,
    k.oldest_complaint_days AS oldest_complaint_days,
    k.csat_mean_e4 AS csat_mean_e4,
    COALESCE(k.csat_n, 0) AS csat_n,
    COALESCE(k.abandoned_90d, 0) AS abandoned_90d,
    k.promise_due_day AS promise_due_day,
    m.profiling_opt_out AS profiling_opt_out,
    m.is_closed AS is_closed,
    m.consent_email AS consent_email,
    m.consent_email_us AS consent_email_us,
    m.consent_sms AS consent_sms,
    m.consent_sms_us AS consent_sms_us,
    m.consent_phone AS consent_phone,
    m.consent_phone_us AS consent_phone_us,
    m.consent_post AS consent_post,
    m.consent_post_us AS consent_post_us,
    m.consent_push AS consent_push,
    m.consent_push_us AS consent_push_us,
    m.sends_7d AS sends_7d,
    m.sends_30d AS sends_30d,
    m.next_allowed_email_day AS next_allowed_email_day,
    m.next_allowed_call_day AS next_allowed_call_day,
    h.holdout_bucket AS holdout_bucket,
    h.in_global_holdout AS in_global_holdout,
    y.value_horizon_e4 AS clv_expected_e4,
    y.clv_p10_e4 AS clv_p10_e4,
    y.clv_p90_e4 AS clv_p90_e4,
    y.p_alive AS p_alive,
    y.status AS clv_status,
    n.pref_channel AS pref_channel,
    n.pref_channel_n AS pref_channel_n,
    n.pref_hour AS pref_hour,
    n.pref_weekday AS pref_weekday,
    n.pref_daypart AS pref_daypart,
    n.pref_source AS pref_source,
    n.contact_time_zone AS contact_time_zone,
    o.next_birthday_day AS next_birthday_day,
    o.next_anniversary_day AS next_anniversary_day,
    q.question_id AS next_question_id,
    i.person_id AS person_id,
    i.id_rule AS id_rule,
    COALESCE(u.unnamed_contacts_90d, 0) AS unnamed_contacts_90d
FROM customer_summary AS s
CROSS JOIN run_params AS p
JOIN customer_persons AS i ON s.customer_id = i.customer_id
LEFT JOIN staged_customers AS c ON s.customer_id = c.customer_id
LEFT JOIN customer_rhythm AS r ON s.customer_id = r.customer_id
LEFT JOIN rfm_scores AS f ON s.customer_id = f.customer_id
LEFT JOIN customer_tiers AS t ON s.customer_id = t.customer_id
LEFT JOIN customer_service AS v ON s.customer_id = v.customer_id
LEFT JOIN customer_value AS w ON s.customer_id = w.customer_id
LEFT JOIN customer_lifecycle AS l ON s.customer_id = l.customer_id
LEFT JOIN attrition AS a ON s.customer_id = a.customer_id
LEFT JOIN customer_contacts AS k ON s.customer_id = k.customer_id
LEFT JOIN customer_permissions AS m ON s.customer_id = m.customer_id
LEFT JOIN customer_holdouts AS h ON s.customer_id = h.customer_id
LEFT JOIN customer_categories AS g ON s.customer_id = g.customer_id
LEFT JOIN customer_ltv AS y ON s.customer_id = y.customer_id
LEFT JOIN customer_preferences AS n ON s.customer_id = n.customer_id
LEFT JOIN customer_occasions AS o ON s.customer_id = o.customer_id
LEFT JOIN next_questions AS q ON s.customer_id = q.customer_id
LEFT JOIN customer_callers AS u ON s.customer_id = u.customer_id
