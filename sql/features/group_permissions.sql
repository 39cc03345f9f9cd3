-- group_permissions: what we may do with one group as a whole: the most restrictive member's word holds.
-- Key: kind, group_id.
-- Of denied, expired, unknown and granted, the first that a member has said. A member who left us formally is not asked any
-- more, but their denial stays; where all have left, it is closed.
WITH levels AS (
    SELECT
        m.kind AS kind,
        m.group_id AS group_id,
        CASE WHEN c.profiling_opt_out THEN 1 ELSE 0 END AS objection,
        CASE WHEN c.is_closed THEN 1 ELSE 0 END AS closed,
        CASE
            WHEN c.consent_email = 'denied' THEN 0
            WHEN c.is_closed THEN 4
            WHEN c.consent_email = 'expired' THEN 1
            WHEN c.consent_email = 'unknown' THEN 2
            ELSE 3
        END AS email,
        CASE
            WHEN c.consent_sms = 'denied' THEN 0
            WHEN c.is_closed THEN 4
            WHEN c.consent_sms = 'expired' THEN 1
            WHEN c.consent_sms = 'unknown' THEN 2
            ELSE 3
        END AS sms,
        CASE
            WHEN c.consent_phone = 'denied' THEN 0
            WHEN c.is_closed THEN 4
            WHEN c.consent_phone = 'expired' THEN 1
            WHEN c.consent_phone = 'unknown' THEN 2
            ELSE 3
        END AS phone,
        CASE
            WHEN c.consent_post = 'denied' THEN 0
            WHEN c.is_closed THEN 4
            WHEN c.consent_post = 'expired' THEN 1
            WHEN c.consent_post = 'unknown' THEN 2
            ELSE 3
        END AS post,
        CASE
            WHEN c.consent_push = 'denied' THEN 0
            WHEN c.is_closed THEN 4
            WHEN c.consent_push = 'expired' THEN 1
            WHEN c.consent_push = 'unknown' THEN 2
            ELSE 3
        END AS push
    FROM group_members AS m
    JOIN customers AS c ON m.customer_id = c.customer_id
),
least AS (
    SELECT
        kind,
        group_id,
        CAST(SUM(objection) AS BIGINT) AS objections,
        CAST(SUM(closed) AS BIGINT) AS closed,
        MIN(email) AS email,
        MIN(sms) AS sms,
        MIN(phone) AS phone,
        MIN(post) AS post,
        MIN(push) AS push
    FROM levels
    GROUP BY kind, group_id
)
SELECT
    l.kind AS kind,
    l.group_id AS group_id,
    l.closed AS closed,
    l.objections AS objections,
    CASE
        WHEN l.email = 0 THEN 'denied'
        WHEN l.email = 1 THEN 'expired'
        WHEN l.email = 2 THEN 'unknown'
        WHEN l.email = 3 THEN 'granted'
        ELSE 'closed'
    END AS consent_email,
    CASE
        WHEN l.sms = 0 THEN 'denied'
        WHEN l.sms = 1 THEN 'expired'
        WHEN l.sms = 2 THEN 'unknown'
        WHEN l.sms = 3 THEN 'granted'
        ELSE 'closed'
    END AS consent_sms,
    CASE
        WHEN l.phone = 0 THEN 'denied'
        WHEN l.phone = 1 THEN 'expired'
        WHEN l.phone = 2 THEN 'unknown'
        WHEN l.phone = 3 THEN 'granted'
        ELSE 'closed'
    END AS consent_phone,
    CASE
        WHEN l.post = 0 THEN 'denied'
        WHEN l.post = 1 THEN 'expired'
        WHEN l.post = 2 THEN 'unknown'
        WHEN l.post = 3 THEN 'granted'
        ELSE 'closed'
    END AS consent_post,
    CASE
        WHEN l.push = 0 THEN 'denied'
        WHEN l.push = 1 THEN 'expired'
        WHEN l.push = 2 THEN 'unknown'
        WHEN l.push = 3 THEN 'granted'
        ELSE 'closed'
    END AS consent_push
FROM least AS l
