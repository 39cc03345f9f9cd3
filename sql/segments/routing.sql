-- routing: how to treat one customer when they call, write or come, by the worksheet of spec/capabilities.md 1.6.
-- Key: routing_key. Every known customer; a caller who is not known gets the row of service_levels that is_default.
-- With opaque keys, the key is a keyed hash and the row holds no customer id.
-- next_offer_product is the first of the customer's new products; nobody who objected to profiling has one.
-- Units: seconds and minutes as named; solution_cost_cap in money, null is no cap, 0 is no solution that costs money.
WITH next_offers AS (
    SELECT customer_id, product_id FROM affinity_ptc WHERE list = 'cross_sell' AND rank = 1
)
SELECT
    k.routing_key AS routing_key,
    k.key_type AS key_type,
    CASE WHEN k.key_type = 'customer_id' THEN c.customer_id END AS customer_id,
    c.service_level AS service_level,
    c.value_group AS value_group,
    c.value_cell AS value_cell,
    l.strategy AS strategy,
    l.queue AS queue,
    l.priority AS priority,
    l.required_skills AS required_skills,
    l.vru_path AS vru_path,
    l.target_wait_seconds AS target_wait_seconds,
    l.trade_wait_seconds AS trade_wait_seconds,
    l.talk_limit_seconds AS talk_limit_seconds,
    l.response_channels AS response_channels,
    l.email_sla_minutes AS email_sla_minutes,
    l.solution_cost_cap_e4 AS solution_cost_cap_e4,
    l.loyalty_offer AS loyalty_offer,
    l.education AS education,
    l.cobrowse_allowed AS cobrowse_allowed,
    l.fee_applies AS fee_applies,
    l.price_tier AS price_tier,
    c.language AS language,
    l.rule_id AS rule_id,
    p.as_of_day AS valid_from_day,
    c.open_complaints > 0 AS open_complaint,
    CASE WHEN l.level_no = 1 THEN g.agent_id END AS dedicated_agent,
    p.as_of_day + p.routing_valid_days AS valid_to_day,
    o.product_id AS next_offer_product
FROM customers AS c
JOIN routing_keys AS k ON c.customer_id = k.customer_id
JOIN service_levels AS l ON c.service_level = l.service_level
LEFT JOIN customer_agents AS g ON c.customer_id = g.customer_id
LEFT JOIN next_offers AS o ON c.customer_id = o.customer_id
CROSS JOIN run_params AS p
