-- caller_contacts: one contact of an unknown caller, and whose it is by the number or address that was used.
-- Key: none. Left out: page events, and contacts that we began.
-- Units: contacts is how many the row stands for. linked: exactly one person has the number, verified, and was known to us by
-- then: had signed up, or had a first day with us. What came before is not theirs (not_known_then): the number may have been
-- somebody else's. Nothing is added to the customer's own figures.
WITH unnamed AS (
    SELECT
        interaction_id,
        contact_point,
        channel,
        ts_start_us AS ts_us,
        start_day AS day,
        COALESCE(count, 1) AS contacts
    FROM staged_interactions
    WHERE customer_id IS NULL AND event IS NULL AND COALESCE(direction, 'in') = 'in'
),
found AS (
    SELECT
        u.interaction_id AS interaction_id,
        u.channel AS channel,
        u.ts_us AS ts_us,
        u.day AS day,
        u.contacts AS contacts,
        CASE
            WHEN m.status = 'matched' AND (u.day >= s.first_day OR u.ts_us >= c.signup_us) THEN 'linked'
            WHEN m.status = 'matched' THEN 'not_known_then'
            ELSE COALESCE(m.status, 'no_number')
        END AS status,
        m.customer_id AS customer_id,
        m.rule_id AS rule_id
    FROM unnamed AS u
    LEFT JOIN caller_matches AS m ON u.contact_point = m.contact_point
    LEFT JOIN customer_summary AS s ON m.customer_id = s.customer_id
    LEFT JOIN staged_customers AS c ON m.customer_id = c.customer_id
)
SELECT
    interaction_id,
    channel,
    ts_us,
    day,
    contacts,
    status,
    CASE WHEN status = 'linked' THEN customer_id END AS customer_id,
    CASE WHEN status = 'linked' THEN rule_id END AS rule_id
FROM found
