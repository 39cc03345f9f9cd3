-- life_events: the newest word of one customer about their life, or about a competitor.
-- Key: customer_id, kind. The kind is life_event or competitor. Of two at one instant the first in the alphabet.
WITH said AS (
    SELECT customer_id, 'life_event' AS kind, life_event_code AS code, ts_start_us AS us, start_day AS day
    FROM staged_interactions
    WHERE customer_id IS NOT NULL AND life_event_code IS NOT NULL
    UNION ALL
    SELECT customer_id, 'competitor' AS kind, competitor_code AS code, ts_start_us AS us, start_day AS day
    FROM staged_interactions
    WHERE customer_id IS NOT NULL AND competitor_code IS NOT NULL
),
newest AS (SELECT customer_id, kind, MAX(us) AS us FROM said GROUP BY customer_id, kind)
SELECT
    s.customer_id AS customer_id,
    s.kind AS kind,
    MIN(s.code) AS code,
    MAX(s.day) AS day
FROM said AS s
JOIN newest AS n ON s.customer_id = n.customer_id AND s.kind = n.kind AND s.us = n.us
GROUP BY s.customer_id, s.kind
