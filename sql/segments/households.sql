-- households: one household, and what its members are together.
-- Key: household_id. Left out: customers without a household (group_totals counts them).
-- Units: money in ten-thousandths; value_e4 is over the value window. gross_margin_e4 is null when a member's costs are not
-- known. main_share is the share of the member who buys most, null without revenue, above 1 where others gave back more than
-- they bought. A mailing to the household needs consent_<channel> granted: the most restrictive member's word.
SELECT
    s.group_id AS household_id,
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
WHERE s.kind = 'household'
