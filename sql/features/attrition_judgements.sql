-- attrition_judgements: what one known customer's leaving is judged by: the score of the model where there is one, else rules.
-- Key: customer_id. Everybody who is known; score_status says why somebody has no score.
-- Units: money in ten-thousandths. Who may not be profiled has no score, and their rule band and value are not to be shown.
-- Value at risk is the probability of leaving, by the score or else of no return, times what the customer is expected to
-- bring: the horizon of the lifetime value where there is one, else what they brought in the value window. Value saved is the
-- same with the uplift of a campaign: how much more probable a purchase is with it than without.
WITH chosen AS (
    SELECT
        MAX(CASE WHEN chosen THEN model END) AS model,
        MAX(CASE WHEN chosen THEN grade END) AS grade
    FROM attrition_grades
),
judged AS (
    SELECT
        s.customer_id AS customer_id,
        s.status AS status,
        s.band AS rule_band,
        s.p_return AS p_return,
        CASE
            WHEN s.status IN ('profiling_opt_out', 'closed', 'prospect') THEN s.status
            WHEN NOT p.attrition_model_enabled THEN 'disabled'
            WHEN m.status IS NOT NULL THEN m.status
            -- They bought, and the model said nothing of them: there were more customers than it may take.
            WHEN s.recency_days IS NOT NULL THEN 'not_modelled'
            ELSE 'no_purchase'
        END AS score_status,
        CASE WHEN s.status NOT IN ('profiling_opt_out', 'closed', 'prospect') THEN m.score END AS score,
        c.model AS model,
        c.grade AS grade,
        y.p_alive AS p_alive,
        CASE WHEN s.status NOT IN ('profiling_opt_out', 'closed', 'prospect') THEN m.uplift END AS uplift,
        CASE
            WHEN s.status = 'closed' THEN NULL
            WHEN y.value_horizon_e4 > 0 THEN y.value_horizon_e4
            WHEN y.value_horizon_e4 <= 0 THEN 0
            ELSE s.value_e4
        END AS value_e4,
        CASE
            WHEN s.status = 'closed' THEN NULL
            WHEN y.value_horizon_e4 IS NOT NULL THEN 'lifetime_value'
            WHEN s.value_e4 IS NOT NULL THEN 'value_window'
        END AS value_source,
        CAST(p.attrition_at_risk_ppm AS DOUBLE) / 1000000.0 AS at_risk_from,
        CAST(p.attrition_high_risk_ppm AS DOUBLE) / 1000000.0 AS high_risk_from
    FROM attrition_signals AS s
    CROSS JOIN run_params AS p
    CROSS JOIN chosen AS c
    LEFT JOIN attrition_scores AS m ON s.customer_id = m.customer_id
    LEFT JOIN customer_ltv AS y ON s.customer_id = y.customer_id
),
scored AS (
    SELECT customer_id FROM judged WHERE score IS NOT NULL
),
-- The first five of either source.
reasons AS (
    SELECT
        r.customer_id AS customer_id,
        r.place AS place,
        CASE WHEN r.contribution > 0.0 THEN '+' ELSE '-' END AS direction,
        r.feature AS reason
    FROM attrition_reasons AS r
    JOIN scored AS s ON r.customer_id = s.customer_id
    UNION ALL
    SELECT
        d.customer_id AS customer_id,
        d.place AS place,
        d.direction AS direction,
        d.driver AS reason
    FROM attrition_drivers AS d
    LEFT JOIN scored AS s ON d.customer_id = s.customer_id
    WHERE s.customer_id IS NULL AND d.place <= 5
),
told AS (
    SELECT
        r.customer_id AS customer_id,
        MAX(CASE WHEN r.place = 1 THEN CONCAT(r.direction, r.reason) ELSE '' END) AS reason_1,
        MAX(CASE WHEN r.place = 2 THEN CONCAT(' ', r.direction, r.reason) ELSE '' END) AS reason_2,
        MAX(CASE WHEN r.place = 3 THEN CONCAT(' ', r.direction, r.reason) ELSE '' END) AS reason_3,
        MAX(CASE WHEN r.place = 4 THEN CONCAT(' ', r.direction, r.reason) ELSE '' END) AS reason_4,
        MAX(CASE WHEN r.place = 5 THEN CONCAT(' ', r.direction, r.reason) ELSE '' END) AS reason_5,
        MAX(CASE WHEN r.place = 1 AND r.direction = '+' THEN a.action END) AS action_1,
        MAX(CASE WHEN r.place = 2 AND r.direction = '+' THEN a.action END) AS action_2,
        MAX(CASE WHEN r.place = 3 AND r.direction = '+' THEN a.action END) AS action_3,
        MAX(CASE WHEN r.place = 4 AND r.direction = '+' THEN a.action END) AS action_4,
        MAX(CASE WHEN r.place = 5 AND r.direction = '+' THEN a.action END) AS action_5
    FROM reasons AS r
    LEFT JOIN attrition_actions AS a ON r.reason = a.reason
    GROUP BY r.customer_id
),
banded AS (
    SELECT
        customer_id,
        status,
        score_status,
        score,
        model,
        grade,
        p_alive,
        uplift,
        value_e4,
        value_source,
        CASE WHEN score IS NOT NULL THEN score ELSE 1.0 - p_return END AS p_leave,
        CASE
            WHEN score >= high_risk_from THEN 'high_risk'
            WHEN score >= at_risk_from THEN 'at_risk'
            WHEN score IS NOT NULL THEN 'active'
            ELSE rule_band
        END AS band
    FROM judged
)
SELECT
    b.customer_id AS customer_id,
    b.status AS status,
    b.band AS band,
    CASE WHEN b.score IS NOT NULL THEN 'score' WHEN b.band IS NOT NULL THEN 'rules' END AS band_source,
    b.score AS score,
    CASE WHEN b.score IS NOT NULL THEN b.model END AS score_model,
    CASE WHEN b.score IS NOT NULL THEN b.grade END AS score_grade,
    b.score_status AS score_status,
    b.p_alive AS p_alive,
    CAST(b.value_e4 AS BIGINT) AS expected_value_e4,
    b.value_source AS value_source,
    CAST(FLOOR(b.p_leave * CAST(b.value_e4 AS DOUBLE) + 0.5) AS BIGINT) AS value_at_risk_e4,
    b.uplift AS uplift,
    CAST(FLOOR(b.uplift * CAST(b.value_e4 AS DOUBLE) + 0.5) AS BIGINT) AS value_saved_e4,
    COALESCE(CONCAT(t.reason_1, t.reason_2, t.reason_3, t.reason_4, t.reason_5), '') AS drivers,
    CASE
        WHEN b.band IN ('high_risk', 'at_risk', 'cooling', 'lost')
        THEN COALESCE(t.action_1, t.action_2, t.action_3, t.action_4, t.action_5)
    END AS suggested_action
FROM banded AS b
LEFT JOIN told AS t ON b.customer_id = t.customer_id
