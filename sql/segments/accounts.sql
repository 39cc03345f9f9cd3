-- accounts: one account, what its members are together, and who decides there.
-- Key: account_id. Left out: customers without an account (group_totals counts them).
-- Units: as in households. decision_maker_id is the member whose role is one of [accounts] decision_roles, of several the one
-- who buys most and then the first id; decision_makers counts them. Sums are of the members, whichever account an order names.
WITH deciding AS (
    SELECT c.account_id AS account_id, c.customer_id AS customer_id, 0 - c.net_revenue_e4 AS most_first
    FROM customers AS c
    JOIN decision_roles AS r ON c.account_role = r.role
    WHERE c.account_id IS NOT NULL AND NOT c.is_closed
),
numbered AS (
    SELECT
        account_id,
        customer_id,
        CAST(ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY most_first, customer_id) AS BIGINT) AS place,
        CAST(COUNT(*) OVER (PARTITION BY account_id) AS BIGINT) AS decision_makers
    FROM deciding
),
deciders AS (
    SELECT account_id, customer_id, decision_makers FROM numbered WHERE place = 1
)
SELECT
    s.group_id AS account_id,
    d.customer_id AS decision_maker_id,
    COALESCE(d.decision_makers, 0) AS decision_makers,
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
LEFT JOIN deciders AS d ON s.group_id = d.account_id
WHERE s.kind = 'account'
