-- campaign_reactions: what one member of a wave did in the window besides buying, and in the one before it.
-- Key: campaign_id, wave, customer_id. Left out: members who did none of it.
-- visits, visits_before: days with a visit (visit_days). complaints: complaints that began in the window. denials: statements
-- of no consent in the window. responses: contacts of theirs that name the campaign, from its first message on and without
-- an end: a coupon that is redeemed late is redeemed.
WITH moves AS (
    SELECT
        m.campaign_id AS campaign_id,
        m.wave AS wave,
        m.customer_id AS customer_id,
        CASE WHEN v.day >= m.start_day THEN 1 ELSE 0 END AS visits,
        CASE WHEN v.day < m.start_day THEN 1 ELSE 0 END AS visits_before,
        0 AS complaints,
        0 AS denials,
        0 AS responses
    FROM campaign_members AS m
    JOIN visit_days AS v ON m.customer_id = v.customer_id
    WHERE v.day < m.end_day AND v.day >= m.before_day
    UNION ALL
    SELECT
        m.campaign_id AS campaign_id,
        m.wave AS wave,
        m.customer_id AS customer_id,
        0 AS visits,
        0 AS visits_before,
        1 AS complaints,
        0 AS denials,
        0 AS responses
    FROM campaign_members AS m
    JOIN customer_complaints AS k ON m.customer_id = k.customer_id
    WHERE k.first_day < m.end_day AND k.first_day >= m.start_day
    UNION ALL
    SELECT
        m.campaign_id AS campaign_id,
        m.wave AS wave,
        m.customer_id AS customer_id,
        0 AS visits,
        0 AS visits_before,
        0 AS complaints,
        1 AS denials,
        0 AS responses
    FROM campaign_members AS m
    JOIN staged_consents AS c ON m.customer_id = c.customer_id
    WHERE c.status = 'denied' AND c.ts_us >= m.start_us AND c.ts_us < m.end_us
    UNION ALL
    SELECT
        m.campaign_id AS campaign_id,
        m.wave AS wave,
        m.customer_id AS customer_id,
        0 AS visits,
        0 AS visits_before,
        0 AS complaints,
        0 AS denials,
        1 AS responses
    FROM campaign_members AS m
    JOIN staged_interactions AS i ON m.customer_id = i.customer_id AND m.campaign_id = i.campaign_id
    WHERE i.direction = 'in' AND i.start_day >= m.start_day
)
SELECT
    campaign_id,
    wave,
    customer_id,
    CAST(SUM(visits) AS BIGINT) AS visits,
    CAST(SUM(visits_before) AS BIGINT) AS visits_before,
    CAST(SUM(complaints) AS BIGINT) AS complaints,
    CAST(SUM(denials) AS BIGINT) AS denials,
    CAST(SUM(responses) AS BIGINT) AS responses
FROM moves
GROUP BY campaign_id, wave, customer_id
