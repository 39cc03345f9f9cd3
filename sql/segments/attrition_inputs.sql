-- attrition_inputs: what the model of attrition is given of one customer who bought: the columns that its scorecard adds up.
-- Key: customer_id.
-- Left out: customers without a qualifying order, closed customers and those who may not be profiled.
-- Units: days, counts, ratios; money in units of the currency. Null is not known, which has points of its own.
SELECT
    f.customer_id AS customer_id,
    f.recency_days AS recency_days,
    f.tenure_days AS tenure_days,
    f.purchase_days AS purchase_days,
    f.days_90d AS days_90d,
    f.days_365d AS days_365d,
    f.days_change AS days_change,
    f.overdue_ratio AS overdue_ratio,
    f.threshold_days AS threshold_days,
    f.gap_spread AS gap_spread,
    f.revenue_365d AS revenue_365d,
    f.spend_trend AS spend_trend,
    f.revenue_per_day AS revenue_per_day,
    f.discount_share AS discount_share,
    f.return_share AS return_share,
    f.categories_365d AS categories_365d,
    f.categories_lost AS categories_lost,
    f.actual_tier AS actual_tier,
    f.tier_delta AS tier_delta,
    f.contacts_90d AS contacts_90d,
    f.complaints_365d AS complaints_365d,
    f.complaints_90d AS complaints_90d,
    f.complaints_since AS complaints_since,
    f.open_complaints_since AS open_complaints_since,
    f.open_complaints AS open_complaints,
    f.repeat_complaints_90d AS repeat_complaints_90d,
    f.abandoned_90d AS abandoned_90d,
    f.carts_90d AS carts_90d,
    f.mean_wait_s AS mean_wait_s,
    f.longest_wait_90d_s AS longest_wait_90d_s,
    f.longest_wait_since_s AS longest_wait_since_s,
    f.satisfaction AS satisfaction,
    f.satisfaction_fall AS satisfaction_fall,
    f.starved_days AS starved_days,
    f.opt_outs AS opt_outs,
    s.p_alive AS p_alive
FROM attrition_features AS f
JOIN attrition_scores AS s ON f.customer_id = s.customer_id
