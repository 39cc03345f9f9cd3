-- campaign_targets: one eligible customer of one campaign, with their arm or the reason why they are not contacted.
-- Key: campaign_id, customer_id. Everybody for whom the campaign's predicate is true, so that "why not me" has an answer
-- and eligible = treat + control + global_holdout + suppressed.
-- The hour is the customer's best on the campaign's channel, on their own clock; the best of their segment where there is too
-- little to learn from, and none where nobody was contacted on the channel or the customer objected to profiling.
-- Consent, stock and caps come before the arms, so that treat and control are one population (spec/definitions.md 3.13).
SELECT
    r.campaign_id AS campaign_id,
    r.customer_id AS customer_id,
    c.household_id AS household_id,
    v.place AS rank,
    CASE WHEN v.suppression_reason IS NULL THEN a.arm ELSE 'suppressed' END AS arm,
    v.suppression_reason AS suppression_reason,
    v.score AS score,
    v.score_percentile AS score_percentile,
    v.expected_value_e4 AS expected_value_e4,
    d.channel AS channel,
    r.consent_basis AS consent_basis,
    r.consent_us AS consent_us,
    p.as_of_day AS send_day,
    COALESCE(c.contact_time_zone, p.time_zone) AS time_zone,
    d.product_id AS product_id,
    d.offer_id AS offer_id,
    d.offer_cost_e4 AS offer_cost_e4,
    d.script_id AS script_id,
    r.script_vars AS script_vars,
    d.reason_code AS reason_code,
    c.value_group AS value_group,
    c.service_level AS service_level,
    c.rfm_segment AS rfm_segment,
    c.attrition_band AS attrition_band,
    CASE WHEN r.in_global_holdout THEN p.holdout_seed ELSE r.campaign_id END AS seed,
    CASE WHEN r.in_global_holdout THEN r.holdout_bucket ELSE a.bucket END AS bucket,
    a.idempotency_key AS idempotency_key,
    CASE WHEN NOT c.profiling_opt_out THEN COALESCE(t.hour, g.hour) END AS send_hour_local,
    CASE WHEN NOT c.profiling_opt_out THEN COALESCE(t.hour_source, g.basis) END AS send_hour_source
FROM campaign_requests AS r
JOIN campaign_assignments AS a ON r.campaign_id = a.campaign_id AND r.customer_id = a.customer_id
JOIN campaign_verdicts AS v ON r.campaign_id = v.campaign_id AND r.customer_id = v.customer_id
JOIN campaign_definitions AS d ON r.campaign_id = d.campaign_id
JOIN customers AS c ON r.customer_id = c.customer_id
CROSS JOIN run_params AS p
LEFT JOIN customer_clocks AS k ON r.customer_id = k.customer_id
LEFT JOIN contact_preferences AS t ON r.customer_id = t.customer_id AND d.channel = t.channel
LEFT JOIN pool_hours AS g ON k.segment = g.segment AND d.channel = g.channel
