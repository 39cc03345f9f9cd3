-- campaign_messages: one message, letter or call of one campaign to one customer, or one that a control was spared.
-- Key: none. Left out: rows of the global holdout and of suppressed targets: they are no arm of a campaign.
-- Units: money in ten-thousandths. A row without an arm was sent, and without a wave is of wave 1.
-- A campaign that contacts_sent knows nothing of is read from the interactions that we began and that name it: a call that
-- nobody gave up was delivered.
WITH campaigns AS (
    SELECT campaign_id, MIN(sent_day) AS first_day
    FROM staged_contacts_sent
    GROUP BY campaign_id
)
SELECT
    c.campaign_id AS campaign_id,
    COALESCE(c.wave, '1') AS wave,
    c.customer_id AS customer_id,
    COALESCE(c.arm, 'treat') AS arm,
    c.channel AS channel,
    c.sent_us AS sent_us,
    c.sent_day AS sent_day,
    CASE WHEN COALESCE(c.delivered, TRUE) THEN 1 ELSE 0 END AS delivered,
    CASE WHEN c.opened AND NOT COALESCE(c.opened_machine, FALSE) THEN 1 ELSE 0 END AS opened,
    CASE WHEN c.clicked OR c.replied THEN 1 ELSE 0 END AS clicked,
    CASE WHEN c.unsubscribed THEN 1 ELSE 0 END AS unsubscribed,
    COALESCE(c.cost_e4, 0) AS cost_e4
FROM staged_contacts_sent AS c
WHERE COALESCE(c.arm, 'treat') NOT IN ('global_holdout', 'suppressed')
UNION ALL
SELECT
    i.campaign_id AS campaign_id,
    '1' AS wave,
    i.customer_id AS customer_id,
    'treat' AS arm,
    i.channel AS channel,
    i.ts_start_us AS sent_us,
    i.start_day AS sent_day,
    CASE WHEN COALESCE(i.abandoned, FALSE) THEN 0 ELSE 1 END AS delivered,
    0 AS opened,
    0 AS clicked,
    0 AS unsubscribed,
    COALESCE(i.cost_e4, 0) AS cost_e4
FROM staged_interactions AS i
LEFT JOIN campaigns AS k ON i.campaign_id = k.campaign_id
WHERE i.direction = 'out' AND i.event IS NULL AND i.customer_id IS NOT NULL AND i.campaign_id IS NOT NULL
    AND k.first_day IS NULL
