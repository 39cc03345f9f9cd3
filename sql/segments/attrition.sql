-- attrition: how near one customer is to leaving, what that puts at risk, and why.
-- Key: customer_id. Everybody who is known; sorted by attrition_rank, the most value at risk first.
-- Units: money in ten-thousandths. Who may not be profiled has a status and no figure.
-- Bands by the score, where the model's grade is A or B and the customer has one: high_risk and at_risk from the scores of
-- [attrition.model] bands on, else active. Bands by rules, the first that fits: high_risk is dormant with a return likelier than
-- [attrition] return_probability; lost is lost or dormant; high_risk is silent for more than one and a half times the threshold, or overdue and found shrinking; at_risk
-- is overdue or found shrinking; cooling is at three quarters of the threshold, at less than half the value, or two tiers
-- down; then new and active.
-- save_rank is the order in which to spend an effort: first those whom the campaign of attrition_uplift persuades, by the value
-- that it saves; then those of whom that is not known, by value at risk; then those whom it drives away, and those without a
-- value. Without such a campaign it is attrition_rank.
WITH shown AS (
    SELECT
        customer_id,
        status,
        COALESCE(CASE WHEN status <> 'profiling_opt_out' THEN 0 - value_at_risk_e4 END, 1) AS most_first,
        CASE
            WHEN status = 'profiling_opt_out' OR value_at_risk_e4 IS NULL THEN 4
            WHEN value_saved_e4 > 0 THEN 1
            WHEN value_saved_e4 <= 0 THEN 3
            ELSE 2
        END AS save_group,
        COALESCE(
            CASE WHEN status <> 'profiling_opt_out' THEN COALESCE(0 - value_saved_e4, 0 - value_at_risk_e4) END, 1
        ) AS most_saved_first,
        status <> 'profiling_opt_out' AS is_shown
    FROM attrition_judgements
),
ranked AS (
    SELECT
        customer_id,
        is_shown,
        CAST(ROW_NUMBER() OVER (ORDER BY most_first, customer_id) AS BIGINT) AS attrition_rank,
        CAST(ROW_NUMBER() OVER (ORDER BY save_group, most_saved_first, customer_id) AS BIGINT) AS save_rank
    FROM shown
)
SELECT
    r.attrition_rank AS attrition_rank,
    s.customer_id AS customer_id,
    s.status AS status,
    CASE WHEN r.is_shown THEN j.band END AS band,
    CASE WHEN r.is_shown THEN j.band_source END AS band_source,
    CASE WHEN r.is_shown THEN j.score END AS score,
    CASE WHEN r.is_shown THEN j.score_model END AS score_model,
    CASE WHEN r.is_shown THEN j.score_grade END AS score_grade,
    j.score_status AS score_status,
    CASE WHEN r.is_shown THEN j.p_alive END AS p_alive,
    CASE WHEN r.is_shown THEN s.lifecycle_state END AS lifecycle_state,
    CASE WHEN r.is_shown THEN l.state_since_day END AS state_since_day,
    CASE WHEN r.is_shown THEN l.state_prev END AS state_prev,
    CASE WHEN r.is_shown THEN l.state_next END AS state_next,
    CASE WHEN r.is_shown THEN l.next_in_days END AS next_in_days,
    CASE WHEN r.is_shown THEN CAST(s.recency_days AS INTEGER) END AS recency_days,
    CASE WHEN r.is_shown THEN CAST(s.threshold_e4 AS DOUBLE) / 10000.0 END AS threshold_days,
    CASE WHEN r.is_shown THEN s.threshold_method END AS threshold_method,
    CASE WHEN r.is_shown THEN CAST(s.overdue_e4 AS DOUBLE) / 10000.0 END AS overdue_ratio,
    CASE WHEN r.is_shown THEN s.p_return_90d END AS p_return_90d,
    CASE WHEN r.is_shown THEN s.p_return END AS p_return,
    CASE WHEN r.is_shown THEN s.p_return_status END AS p_return_status,
    CASE WHEN r.is_shown THEN j.expected_value_e4 END AS expected_value_e4,
    CASE WHEN r.is_shown THEN j.value_source END AS value_source,
    CASE WHEN r.is_shown THEN j.value_at_risk_e4 END AS value_at_risk_e4,
    CASE WHEN r.is_shown THEN j.uplift END AS uplift,
    CASE WHEN r.is_shown THEN j.value_saved_e4 END AS value_saved_e4,
    r.save_rank AS save_rank,
    CASE WHEN r.is_shown THEN s.shrink_status END AS shrink_status,
    CASE WHEN r.is_shown THEN s.value_prev_e4 END AS value_prev_e4,
    CASE WHEN r.is_shown THEN s.value_now_e4 END AS value_now_e4,
    CASE WHEN r.is_shown THEN h.shrink END AS shrink,
    CASE WHEN r.is_shown THEN h.shrink_rel END AS shrink_rel,
    CASE WHEN r.is_shown THEN h.shrink_p END AS shrink_p,
    CASE WHEN r.is_shown THEN h.shrink_q END AS shrink_q,
    CASE WHEN r.is_shown THEN s.is_shrinking END AS is_shrinking,
    CASE WHEN r.is_shown THEN h.parts_status END AS parts_status,
    CASE WHEN r.is_shown THEN h.change_e4 END AS change_e4,
    CASE WHEN r.is_shown THEN h.orders_e4 END AS change_orders_e4,
    CASE WHEN r.is_shown THEN h.units_e4 END AS change_units_e4,
    CASE WHEN r.is_shown THEN h.price_e4 END AS change_price_e4,
    CASE WHEN r.is_shown THEN h.mix_e4 END AS change_mix_e4,
    CASE WHEN r.is_shown THEN h.driver END AS shrink_driver,
    CASE WHEN r.is_shown THEN h.lost_category END AS lost_category,
    CASE WHEN r.is_shown THEN h.lost_category_e4 END AS lost_category_e4,
    CASE WHEN r.is_shown THEN s.tier_delta END AS tier_delta,
    CASE WHEN r.is_shown THEN s.is_tier_fall AND s.is_shrinking END AS tier_flag,
    CASE WHEN r.is_shown THEN s.contact_status END AS contact_status,
    CASE WHEN r.is_shown THEN s.open_complaints > 0 END AS complaint_flag,
    CASE WHEN r.is_shown THEN s.is_starved END AS starved_flag,
    CASE WHEN r.is_shown THEN s.is_csat_drop END AS csat_drop,
    CASE WHEN r.is_shown THEN j.drivers END AS drivers,
    CASE WHEN r.is_shown THEN j.suggested_action END AS suggested_action
FROM attrition_signals AS s
JOIN attrition_judgements AS j ON s.customer_id = j.customer_id
JOIN ranked AS r ON s.customer_id = r.customer_id
JOIN customer_lifecycle AS l ON s.customer_id = l.customer_id
LEFT JOIN customer_shrink AS h ON s.customer_id = h.customer_id
