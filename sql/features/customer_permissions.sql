-- customer_permissions: one known customer and what we may do: profiling, consent for marketing, contact rules.
-- Key: customer_id. Every known customer; the days are as_of when no rule binds.
WITH consents AS (
    SELECT
        customer_id,
        MAX(CASE WHEN channel = 'email' THEN status END) AS email,
        MAX(CASE WHEN channel = 'email' THEN consent_us END) AS email_us,
        MAX(CASE WHEN channel = 'sms' THEN status END) AS sms,
        MAX(CASE WHEN channel = 'sms' THEN consent_us END) AS sms_us,
        MAX(CASE WHEN channel = 'phone' THEN status END) AS phone,
        MAX(CASE WHEN channel = 'phone' THEN consent_us END) AS phone_us,
        MAX(CASE WHEN channel = 'post' THEN status END) AS post,
        MAX(CASE WHEN channel = 'post' THEN consent_us END) AS post_us,
        MAX(CASE WHEN channel = 'push' THEN status END) AS push,
        MAX(CASE WHEN channel = 'push' THEN consent_us END) AS push_us
    FROM customer_consents
    WHERE purpose = 'marketing'
    GROUP BY customer_id
),
sends AS (
    SELECT
        k.customer_id AS customer_id,
        CAST(SUM(CASE WHEN k.day >= p.as_of_day - 7 THEN k.contacts ELSE 0 END) AS BIGINT) AS sends_7d,
        CAST(SUM(CASE WHEN k.day >= p.as_of_day - 30 THEN k.contacts ELSE 0 END) AS BIGINT) AS sends_30d
    FROM contact_days AS k
    CROSS JOIN run_params AS p
    WHERE NOT k.is_inbound
    GROUP BY k.customer_id
),
-- When the rules that block a channel for marketing let a unit go, the latest of them.
freed AS (
    SELECT
        l.unit_id AS unit_id,
        r.scope AS scope,
        MAX(CASE
            WHEN h.channel <> 'email' THEN NULL WHEN h.is_counted THEN l.free_day_counted ELSE l.free_day_other
        END) AS email_day,
        MAX(CASE
            WHEN h.channel <> 'phone' THEN NULL WHEN h.is_counted THEN l.free_day_counted ELSE l.free_day_other
        END) AS call_day
    FROM contact_loads AS l
    JOIN contact_rules AS r ON l.rule_id = r.rule_id
    JOIN contact_rule_channels AS h ON l.rule_id = h.rule_id
    WHERE h.is_blocked AND h.channel IN ('email', 'phone') AND (r.purpose IS NULL OR r.purpose = 'marketing')
    GROUP BY l.unit_id, r.scope
),
persons AS (SELECT unit_id, email_day, call_day FROM freed WHERE scope = 'person'),
households AS (SELECT unit_id, email_day, call_day FROM freed WHERE scope = 'household'),
accounts AS (SELECT unit_id, email_day, call_day FROM freed WHERE scope = 'account')
SELECT
    u.customer_id AS customer_id,
    COALESCE(c.profiling_opt_out, FALSE) AS profiling_opt_out,
    COALESCE(c.closed_us < p.as_of_us, FALSE) AS is_closed,
    COALESCE(n.email, 'unknown') AS consent_email,
    n.email_us AS consent_email_us,
    COALESCE(n.sms, 'unknown') AS consent_sms,
    n.sms_us AS consent_sms_us,
    COALESCE(n.phone, 'unknown') AS consent_phone,
    n.phone_us AS consent_phone_us,
    COALESCE(n.post, 'unknown') AS consent_post,
    n.post_us AS consent_post_us,
    COALESCE(n.push, 'unknown') AS consent_push,
    n.push_us AS consent_push_us,
    COALESCE(s.sends_7d, 0) AS sends_7d,
    COALESCE(s.sends_30d, 0) AS sends_30d,
    GREATEST(
        p.as_of_day,
        COALESCE(a.email_day, p.as_of_day),
        COALESCE(b.email_day, p.as_of_day),
        COALESCE(d.email_day, p.as_of_day)
    ) AS next_allowed_email_day,
    GREATEST(
        p.as_of_day,
        COALESCE(a.call_day, p.as_of_day),
        COALESCE(b.call_day, p.as_of_day),
        COALESCE(d.call_day, p.as_of_day)
    ) AS next_allowed_call_day
FROM contact_units AS u
CROSS JOIN run_params AS p
LEFT JOIN staged_customers AS c ON u.customer_id = c.customer_id
LEFT JOIN consents AS n ON u.customer_id = n.customer_id
LEFT JOIN sends AS s ON u.customer_id = s.customer_id
LEFT JOIN persons AS a ON u.person_unit = a.unit_id
LEFT JOIN households AS b ON u.household_unit = b.unit_id
LEFT JOIN accounts AS d ON u.account_unit = d.unit_id
