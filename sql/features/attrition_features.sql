-- attrition_features: what is known at as_of of one customer who bought, as numbers that a model learns from.
-- Key: customer_id.
-- Left out: customers without a qualifying order, closed customers, and those who may not be profiled: nothing is learnt
-- from them either.
-- Units: days, counts, ratios; revenue_365d in units of the currency. Null is not known: without an export of interactions all
-- of its figures are, with one who never contacted us has counts of 0. The same file runs at every as_of that a model learns
-- from (spec/definitions.md 3.8), so that there is no second definition of a feature.
WITH interactions AS (
    SELECT CAST(COUNT(*) AS BIGINT) AS customers FROM customer_contacts
)
SELECT
    s.customer_id AS customer_id,
    s.recency_days AS recency_days,
    s.tenure_days AS tenure_days,
    s.purchase_days AS purchase_days,
    a.days_90d AS days_90d,
    a.days_365d AS days_365d,
    a.days_90d - a.days_prev_90d AS days_change,
    CAST(t.overdue_e4 AS DOUBLE) / 10000.0 AS overdue_ratio,
    CAST(t.threshold_e4 AS DOUBLE) / 10000.0 AS threshold_days,
    a.gap_spread AS gap_spread,
    CAST(a.net_365d_e4 AS DOUBLE) / 10000.0 AS revenue_365d,
    CASE
        WHEN a.net_90d_e4 > 0 AND a.net_prev_90d_e4 >= 0
        THEN CAST(a.net_90d_e4 AS DOUBLE) / CAST(a.net_90d_e4 + a.net_prev_90d_e4 AS DOUBLE)
        WHEN a.net_prev_90d_e4 > 0
        THEN 0.0
    END AS spend_trend,
    CASE
        WHEN s.purchase_days > 0
        THEN CAST(s.net_revenue_e4 AS DOUBLE) / CAST(s.purchase_days AS DOUBLE) / 10000.0
    END AS revenue_per_day,
    a.discount_share AS discount_share,
    a.return_share AS return_share,
    a.categories_365d AS categories_365d,
    a.categories_lost AS categories_lost,
    CAST(v.actual_tier AS BIGINT) AS actual_tier,
    CAST(v.tier_delta AS BIGINT) AS tier_delta,
    CASE WHEN i.customers > 0 THEN COALESCE(k.contacts_90d, 0) END AS contacts_90d,
    CASE WHEN i.customers > 0 THEN COALESCE(k.complaints_365d, 0) END AS complaints_365d,
    CASE WHEN i.customers > 0 THEN COALESCE(k.complaints_90d, 0) END AS complaints_90d,
    CASE WHEN i.customers > 0 THEN COALESCE(k.complaints_since, 0) END AS complaints_since,
    CASE WHEN i.customers > 0 THEN COALESCE(k.open_complaints_since, 0) END AS open_complaints_since,
    CASE WHEN i.customers > 0 THEN COALESCE(c.open_complaints, 0) END AS open_complaints,
    CASE WHEN i.customers > 0 THEN COALESCE(c.repeat_complaints_90d, 0) END AS repeat_complaints_90d,
    CASE WHEN i.customers > 0 THEN COALESCE(k.abandoned_90d, 0) END AS abandoned_90d,
    CASE WHEN i.customers > 0 THEN COALESCE(k.carts_90d, 0) END AS carts_90d,
    k.mean_wait_s AS mean_wait_s,
    k.longest_wait_90d_s AS longest_wait_90d_s,
    k.longest_wait_since_s AS longest_wait_since_s,
    k.satisfaction AS satisfaction,
    CAST(c.csat_drop_e4 AS DOUBLE) / 10000.0 AS satisfaction_fall,
    CASE WHEN i.customers > 0 THEN COALESCE(CAST(c.days_since_two_way AS BIGINT), CAST(s.tenure_days AS BIGINT)) END
        AS starved_days,
    COALESCE(o.withdrawn, 0) + COALESCE(o.unsubscribed, 0) AS opt_outs,
    CAST(100 * r.r_score + 10 * r.f_score + r.m_score AS BIGINT) AS rfm_cell
FROM customer_summary AS s
JOIN attrition_activity AS a ON s.customer_id = a.customer_id
JOIN customer_thresholds AS t ON s.customer_id = t.customer_id
CROSS JOIN interactions AS i
CROSS JOIN run_params AS p
LEFT JOIN customer_tiers AS v ON s.customer_id = v.customer_id
LEFT JOIN attrition_service AS k ON s.customer_id = k.customer_id
LEFT JOIN customer_contacts AS c ON s.customer_id = c.customer_id
LEFT JOIN customer_opt_outs AS o ON s.customer_id = o.customer_id
LEFT JOIN rfm_scores AS r ON s.customer_id = r.customer_id
LEFT JOIN staged_customers AS u ON s.customer_id = u.customer_id
WHERE NOT COALESCE(u.profiling_opt_out, FALSE) AND NOT COALESCE(u.closed_us < p.as_of_us, FALSE)
