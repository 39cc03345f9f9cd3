-- contact_days: the contacts of one customer on one channel on one day, as far back as a contact rule looks.
-- Key: customer_id, channel, day, purpose, is_inbound.
-- What campaigns sent (not what their controls were spared), calls and letters of ours, and contacts that the customer
-- began and somebody answered. An attempt counts: the phone rang. The purpose is the campaign's, and empty when the
-- campaign is not known; a row without a channel has the campaign's too.
WITH events AS (
    SELECT
        c.customer_id AS customer_id,
        c.channel AS channel,
        c.sent_day AS day,
        c.campaign_id AS campaign_id,
        FALSE AS is_inbound,
        CAST(1 AS BIGINT) AS contacts
    FROM staged_contacts_sent AS c
    WHERE COALESCE(c.arm, 'treat') NOT IN ('control', 'global_holdout', 'suppressed')
    UNION ALL
    SELECT
        i.customer_id AS customer_id,
        i.channel AS channel,
        i.start_day AS day,
        i.campaign_id AS campaign_id,
        i.direction = 'in' AS is_inbound,
        COALESCE(i.count, 1) AS contacts
    FROM staged_interactions AS i
    WHERE i.customer_id IS NOT NULL
        AND i.event IS NULL
        AND (
            i.direction = 'out'
            OR (
                i.direction = 'in'
                AND COALESCE(i.abandoned, FALSE) = FALSE
                AND (i.ts_answer_us IS NOT NULL OR i.agent_id IS NOT NULL)
            )
        )
),
recent AS (
    SELECT
        e.customer_id AS customer_id,
        COALESCE(e.channel, d.channel) AS channel,
        e.day AS day,
        COALESCE(d.purpose, '') AS purpose,
        e.is_inbound AS is_inbound,
        e.contacts AS contacts
    FROM events AS e
    CROSS JOIN run_params AS p
    LEFT JOIN campaign_definitions AS d ON e.campaign_id = d.campaign_id
    WHERE e.day >= p.contact_window_day AND COALESCE(e.channel, d.channel) IS NOT NULL
)
SELECT
    customer_id,
    channel,
    day,
    purpose,
    is_inbound,
    CAST(SUM(contacts) AS BIGINT) AS contacts
FROM recent
GROUP BY customer_id, channel, day, purpose, is_inbound
