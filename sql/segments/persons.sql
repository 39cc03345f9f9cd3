-- persons: one person with several ids, and what these are together.
-- Key: person_id. Left out: persons with one id, who are in customers as they are (group_totals counts them).
-- Units: as in households; a customer here is an id of the person. Nothing else in a run adds up the ids of a person: their
-- figures in customers stay their own. id_rule names the rules that link them, separated by blanks.
WITH homes AS (
    SELECT person_id, household_id FROM customers
    WHERE id_rule IS NOT NULL AND household_id IS NOT NULL
    GROUP BY person_id, household_id
),
home_counts AS (
    SELECT person_id, CAST(COUNT(*) AS BIGINT) AS households FROM homes GROUP BY person_id
),
rules AS (
    SELECT
        person_id,
        MAX(CASE WHEN id_rule LIKE '%shared_email%' THEN 1 ELSE 0 END) AS by_email,
        MAX(CASE WHEN id_rule LIKE '%shared_phone%' THEN 1 ELSE 0 END) AS by_phone
    FROM customers
    WHERE id_rule IS NOT NULL
    GROUP BY person_id
)
SELECT
    s.group_id AS person_id,
    CASE
        WHEN r.by_email = 1 AND r.by_phone = 1 THEN 'shared_email shared_phone'
        WHEN r.by_email = 1 THEN 'shared_email'
        ELSE 'shared_phone'
    END AS id_rule,
    COALESCE(h.households, 0) AS households,
    s.customers AS customers,
    s.buyers AS buyers,
    s.first_order_day AS first_order_day,
    s.last_order_day AS last_order_day,
    s.orders AS orders,
    s.net_revenue_e4 AS net_revenue_e4,
    CASE WHEN s.margin_unknown = 0 THEN s.margin_known_e4 END AS gross_margin_e4,
    s.margin_unknown AS margin_unknown,
    s.net_revenue_12m_e4 AS net_revenue_12m_e4,
    s.value_e4 AS value_e4,
    s.cost_to_serve_e4 AS cost_to_serve_e4,
    s.marketing_cost_e4 AS marketing_cost_e4,
    s.main_customer_id AS main_customer_id,
    s.main_share AS main_share,
    s.best_tier AS best_tier,
    s.worst_band AS worst_band,
    s.leaving AS leaving,
    s.value_at_risk_e4 AS value_at_risk_e4,
    s.contacts_90d AS contacts_90d,
    s.sends_30d AS sends_30d,
    s.last_contact_us AS last_contact_us,
    s.open_complaints AS open_complaints,
    s.oldest_complaint_days AS oldest_complaint_days,
    p.closed AS closed,
    p.objections AS objections,
    p.consent_email AS consent_email,
    p.consent_sms AS consent_sms,
    p.consent_phone AS consent_phone,
    p.consent_post AS consent_post,
    p.consent_push AS consent_push
FROM group_sums AS s
JOIN group_permissions AS p ON s.kind = p.kind AND s.group_id = p.group_id
JOIN rules AS r ON s.group_id = r.person_id
LEFT JOIN home_counts AS h ON s.group_id = h.person_id
WHERE s.kind = 'person'
