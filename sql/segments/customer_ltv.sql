-- customer_ltv: what one known customer is expected to buy and to bring, or why that is not known.
-- Key: customer_id. Every known customer; status says why somebody has no score.
-- Units: money in ten-thousandths of the reporting currency; recency and age in [lifetime_value] time_unit. Recency is that
-- of the models, from the first purchase to the last (spec/lifetime-value.md).
-- Who may not be profiled or has left has no score, but their history is in the fit.
-- With [lifetime_value] model = "bg_bb" the figures are of opportunities with a purchase in them, of the fit of everybody;
-- that model knows nothing of money, nor of days.
WITH rules AS (
    SELECT
        p.ltv_enabled AS ltv_enabled,
        p.ltv_unit_days AS ltv_unit_days,
        p.ltv_horizon_days AS ltv_horizon_days,
        p.ltv_annual_discount_rate AS ltv_annual_discount_rate,
        p.ltv_model = 'bg_bb' AS by_opportunities,
        CASE WHEN o.chosen THEN 'bg_bb' END AS opportunity_model,
        CASE WHEN o.chosen THEN 'ok' WHEN o.model IS NULL THEN 'not_modelled' ELSE 'insufficient_data' END
            AS opportunity_status
    FROM run_params AS p
    LEFT JOIN opportunity_models AS o ON p.ltv_model = o.model
),
scores AS (
    SELECT
        h.customer_no AS customer_no,
        h.p_alive AS p_alive,
        h.p_alive_horizon AS p_alive_horizon,
        h.expected_purchases AS expected_purchases,
        h.purchases_p10 AS purchases_p10,
        h.purchases_p90 AS purchases_p90,
        h.p_no_purchase AS p_no_purchase,
        h.next_purchase_p50_days AS next_purchase_p50_days,
        h.next_purchase_p90_days AS next_purchase_p90_days,
        h.expected_spend_e4 AS expected_spend_e4,
        h.value_horizon_e4 AS value_horizon_e4,
        h.dert AS dert,
        h.clv_e4 AS clv_e4,
        h.clv_p10_e4 AS clv_p10_e4,
        h.clv_p90_e4 AS clv_p90_e4
    FROM history_scores AS h
    CROSS JOIN rules AS r
    WHERE NOT r.by_opportunities
    UNION ALL
    SELECT
        o.customer_no AS customer_no,
        o.p_alive AS p_alive,
        o.p_alive_horizon AS p_alive_horizon,
        o.expected_purchases AS expected_purchases,
        o.purchases_p10 AS purchases_p10,
        o.purchases_p90 AS purchases_p90,
        o.p_no_purchase AS p_no_purchase,
        CAST(NULL AS INTEGER) AS next_purchase_p50_days,
        CAST(NULL AS INTEGER) AS next_purchase_p90_days,
        CAST(NULL AS BIGINT) AS expected_spend_e4,
        CAST(NULL AS BIGINT) AS value_horizon_e4,
        o.dert AS dert,
        CAST(NULL AS BIGINT) AS clv_e4,
        CAST(NULL AS BIGINT) AS clv_p10_e4,
        CAST(NULL AS BIGINT) AS clv_p90_e4
    FROM opportunity_scores AS o
    CROSS JOIN rules AS r
    WHERE r.by_opportunities
),
histories AS (
    SELECT
        h.customer_no AS customer_no,
        h.frequency AS frequency,
        h.recency_days AS recency_days,
        h.age_days AS age_days,
        h.spend_purchases AS spend_purchases,
        h.spend_e4 AS spend_e4,
        o.origin_day AS origin_day
    FROM purchase_histories AS h
    JOIN ltv_origins AS o ON h.origin_no = o.origin_no
    WHERE h.origin_no = 0
),
judged AS (
    SELECT
        c.customer_id AS customer_id,
        c.customer_no AS customer_no,
        CASE WHEN NOT p.ltv_enabled THEN NULL WHEN p.by_opportunities THEN 'all' ELSE s.stratum END AS stratum,
        CASE WHEN p.by_opportunities THEN p.opportunity_model ELSE x.model END AS model,
        h.frequency AS frequency,
        h.recency_days AS recency_days,
        h.age_days AS age_days,
        h.spend_purchases AS spend_purchases,
        h.spend_e4 AS spend_e4,
        h.origin_day AS origin_day,
        CASE
            WHEN NOT p.ltv_enabled THEN 'disabled'
            WHEN m.profiling_opt_out THEN 'profiling_opt_out'
            WHEN m.is_closed THEN 'closed'
            WHEN f.first_order_day IS NULL THEN 'no_purchase'
            WHEN h.customer_no IS NULL THEN 'after_calibration'
            -- There were more histories than the model may take.
            WHEN x.stratum_no IS NULL AND NOT p.by_opportunities THEN 'not_modelled'
            WHEN t.customer_no IS NULL AND p.by_opportunities AND p.opportunity_status <> 'ok' THEN p.opportunity_status
            WHEN t.customer_no IS NULL AND NOT p.by_opportunities AND x.status <> 'ok' THEN x.status
            WHEN t.customer_no IS NULL THEN 'not_scored'
            WHEN p.by_opportunities THEN 'value_not_modelled'
            WHEN h.spend_e4 IS NULL THEN 'value_unknown'
            WHEN t.value_horizon_e4 IS NULL AND h.spend_e4 < 0 THEN 'value_negative'
            WHEN t.value_horizon_e4 IS NULL THEN 'spend_insufficient_data'
            ELSE 'ok'
        END AS status
    FROM ltv_customers AS c
    JOIN customer_permissions AS m ON c.customer_id = m.customer_id
    JOIN customer_summary AS f ON c.customer_id = f.customer_id
    LEFT JOIN histories AS h ON c.customer_no = h.customer_no
    LEFT JOIN (SELECT customer_no, value_horizon_e4 FROM scores) AS t ON c.customer_no = t.customer_no
    LEFT JOIN ltv_strata AS s ON c.stratum_no = s.stratum_no
    LEFT JOIN ltv_choices AS x ON c.stratum_no = x.stratum_no
    CROSS JOIN rules AS p
),
shown AS (
    SELECT
        customer_id,
        stratum,
        model,
        status,
        frequency,
        recency_days,
        age_days,
        spend_purchases,
        spend_e4,
        origin_day,
        CASE
            WHEN status IN ('ok', 'value_unknown', 'value_negative', 'spend_insufficient_data', 'value_not_modelled')
            THEN customer_no
        END AS scored_no
    FROM judged
)
SELECT
    j.customer_id AS customer_id,
    j.stratum AS stratum,
    CASE WHEN j.scored_no IS NOT NULL THEN j.model END AS model,
    j.status AS status,
    j.frequency AS frequency,
    CAST(j.recency_days AS DOUBLE) / CAST(p.ltv_unit_days AS DOUBLE) AS recency,
    CAST(j.age_days AS DOUBLE) / CAST(p.ltv_unit_days AS DOUBLE) AS age,
    CAST(
        CASE
            WHEN j.spend_purchases = 0 THEN NULL
            WHEN j.spend_e4 >= 0 THEN (j.spend_e4 - j.spend_e4 % j.spend_purchases) / j.spend_purchases
            ELSE 0 - (0 - j.spend_e4 - (0 - j.spend_e4) % j.spend_purchases) / j.spend_purchases
        END AS BIGINT
    ) AS mean_value_e4,
    t.p_alive AS p_alive,
    t.p_alive_horizon AS p_alive_horizon,
    t.expected_purchases AS expected_purchases,
    t.purchases_p10 AS purchases_p10,
    t.purchases_p90 AS purchases_p90,
    t.p_no_purchase AS p_no_purchase,
    -- The time of the models begins when the last day read is over: what comes within the first day comes on the origin.
    CAST(j.origin_day - 1 + t.next_purchase_p50_days AS INTEGER) AS next_purchase_p50_day,
    CAST(j.origin_day - 1 + t.next_purchase_p90_days AS INTEGER) AS next_purchase_p90_day,
    t.expected_spend_e4 AS expected_spend_e4,
    t.value_horizon_e4 AS value_horizon_e4,
    t.dert AS dert,
    t.clv_e4 AS clv_e4,
    t.clv_p10_e4 AS clv_p10_e4,
    t.clv_p90_e4 AS clv_p90_e4,
    p.ltv_horizon_days AS horizon_days,
    p.ltv_annual_discount_rate AS annual_discount_rate
FROM shown AS j
LEFT JOIN scores AS t ON j.scored_no = t.customer_no
CROSS JOIN rules AS p
