-- attrition_signals: everything that speaks for or against one customer's leaving, side by side.
-- Key: customer_id. Everybody who is known; status says whose figures may be read.
-- Units: money and ratios in ten-thousandths. The band is that of the rules in the head of attrition.
WITH contact_input AS (
    SELECT CAST(COUNT(*) AS BIGINT) AS customers FROM customer_contacts
),
joined AS (
    SELECT
        s.customer_id AS customer_id,
        COALESCE(c.profiling_opt_out, FALSE) AS profiling_opt_out,
        COALESCE(c.closed_us < p.as_of_us, FALSE) AS is_closed,
        l.lifecycle_state AS lifecycle_state,
        s.recency_days AS recency_days,
        s.tenure_days AS tenure_days,
        t.threshold_e4 AS threshold_e4,
        t.method AS threshold_method,
        t.overdue_e4 AS overdue_e4,
        r.p_90d AS p_return_90d,
        r.p_horizon AS p_return,
        r.status AS p_return_status,
        CASE
            WHEN s.orders = 0 THEN NULL
            WHEN v.customer_id IS NULL AND s.value_e4 IS NULL THEN NULL
            WHEN v.value_e4 > 0 THEN v.value_e4
            ELSE 0
        END AS value_e4,
        h.status AS shrink_status,
        COALESCE(h.is_shrinking, FALSE) AS is_shrinking,
        CASE WHEN h.status IN ('ok', 'too_few_orders') THEN h.value_now_e4 END AS value_now_e4,
        CASE WHEN h.status IN ('ok', 'too_few_orders') THEN h.value_prev_e4 END AS value_prev_e4,
        h.orders_now AS orders_now,
        h.orders_prev AS orders_prev,
        h.lost_category AS lost_category,
        h.lost_category_e4 AS lost_category_e4,
        COALESCE(v.tier_delta, 0) AS tier_delta,
        COALESCE(v.tier_delta >= 2 OR (v.actual_tier = 0 AND v.tier_prev > 0), FALSE) AS is_tier_fall,
        CASE
            WHEN i.customers = 0 THEN 'no_interactions'
            WHEN k.customer_id IS NULL THEN 'no_contacts'
            ELSE 'ok'
        END AS contact_status,
        k.open_complaints AS open_complaints,
        k.oldest_complaint_days AS oldest_complaint_days,
        k.repeat_complaints_90d AS repeat_complaints_90d,
        k.csat_drop_e4 AS csat_drop_e4,
        k.abandoned_30d AS abandoned_30d,
        k.days_since_two_way AS days_since_two_way,
        COALESCE(o.unsubscribed, 0) + COALESCE(o.withdrawn, 0) AS opt_outs,
        CAST(p.pool_return_ppm AS DOUBLE) / 1000000.0 AS likely,
        p.starved_days AS starved_days,
        p.csat_drop_e4 AS csat_drop_limit_e4
    FROM customer_summary AS s
    CROSS JOIN run_params AS p
    CROSS JOIN contact_input AS i
    JOIN customer_lifecycle AS l ON s.customer_id = l.customer_id
    LEFT JOIN staged_customers AS c ON s.customer_id = c.customer_id
    LEFT JOIN customer_thresholds AS t ON s.customer_id = t.customer_id
    LEFT JOIN return_probabilities AS r ON t.class = r.stratum AND t.recency_days = r.silent_days
    LEFT JOIN customer_shrink AS h ON s.customer_id = h.customer_id
    LEFT JOIN customer_tiers AS v ON s.customer_id = v.customer_id
    LEFT JOIN customer_contacts AS k ON s.customer_id = k.customer_id
    LEFT JOIN customer_opt_outs AS o ON s.customer_id = o.customer_id
)
SELECT
    j.customer_id AS customer_id,
    CASE
        WHEN j.profiling_opt_out THEN 'profiling_opt_out'
        WHEN j.is_closed THEN 'closed'
        WHEN j.lifecycle_state = 'prospect' THEN 'prospect'
        WHEN j.lifecycle_state = 'new' THEN 'new'
        WHEN j.shrink_status IN ('new', 'insufficient_history', 'value_unknown') THEN 'insufficient_history'
        ELSE 'ok'
    END AS status,
    CASE
        WHEN j.lifecycle_state = 'prospect' THEN NULL
        WHEN j.lifecycle_state = 'dormant' AND j.p_return > j.likely THEN 'high_risk'
        WHEN j.lifecycle_state IN ('lost', 'dormant') THEN 'lost'
        WHEN j.lifecycle_state = 'at_risk' THEN 'high_risk'
        WHEN j.lifecycle_state = 'slipping' AND j.is_shrinking THEN 'high_risk'
        WHEN j.lifecycle_state = 'slipping' OR j.is_shrinking THEN 'at_risk'
        WHEN j.overdue_e4 > 7500 OR 2 * j.value_now_e4 < j.value_prev_e4 OR j.is_tier_fall THEN 'cooling'
        WHEN j.lifecycle_state = 'new' THEN 'new'
        ELSE 'active'
    END AS band,
    j.lifecycle_state AS lifecycle_state,
    j.recency_days AS recency_days,
    j.threshold_e4 AS threshold_e4,
    j.threshold_method AS threshold_method,
    j.overdue_e4 AS overdue_e4,
    j.p_return_90d AS p_return_90d,
    j.p_return AS p_return,
    j.p_return_status AS p_return_status,
    CAST(CASE WHEN NOT j.is_closed THEN j.value_e4 END AS BIGINT) AS value_e4,
    COALESCE(j.shrink_status, CASE WHEN j.lifecycle_state = 'prospect' THEN 'prospect' ELSE 'no_purchases' END)
        AS shrink_status,
    j.is_shrinking AS is_shrinking,
    j.value_now_e4 AS value_now_e4,
    j.value_prev_e4 AS value_prev_e4,
    CASE
        WHEN j.value_now_e4 < j.value_prev_e4
        THEN CAST(
            (
                (j.value_prev_e4 - j.value_now_e4) * 10000
                - ((j.value_prev_e4 - j.value_now_e4) * 10000) % j.value_prev_e4
            ) / j.value_prev_e4 AS BIGINT
        )
    END AS shrink_e4,
    4 * j.value_now_e4 >= 5 * j.value_prev_e4 AS is_growing,
    j.orders_now AS orders_now,
    j.orders_prev AS orders_prev,
    CASE WHEN j.orders_now > 0 THEN j.lost_category END AS vanished_category,
    CASE WHEN j.orders_now > 0 THEN 0 - j.lost_category_e4 END AS vanished_e4,
    CAST(j.tier_delta AS INTEGER) AS tier_delta,
    j.is_tier_fall AS is_tier_fall,
    j.contact_status AS contact_status,
    CASE WHEN j.contact_status <> 'no_interactions' THEN COALESCE(j.open_complaints, 0) END AS open_complaints,
    j.oldest_complaint_days AS oldest_complaint_days,
    CASE WHEN j.contact_status <> 'no_interactions' THEN COALESCE(j.repeat_complaints_90d, 0) END AS repeat_complaints_90d,
    j.csat_drop_e4 AS csat_drop_e4,
    CASE WHEN j.contact_status <> 'no_interactions' THEN COALESCE(j.csat_drop_e4 >= j.csat_drop_limit_e4, FALSE) END
        AS is_csat_drop,
    CASE WHEN j.contact_status <> 'no_interactions' THEN COALESCE(j.abandoned_30d, 0) END AS abandoned_30d,
    CASE
        WHEN j.contact_status <> 'no_interactions' AND j.tenure_days IS NOT NULL
        THEN COALESCE(j.days_since_two_way, j.tenure_days)
    END AS starved_for_days,
    CASE
        WHEN j.contact_status <> 'no_interactions' AND j.tenure_days IS NOT NULL
        THEN COALESCE(j.days_since_two_way, j.tenure_days) >= j.starved_days
    END AS is_starved,
    j.opt_outs AS opt_outs
FROM joined AS j
