-- customer_opt_outs: what one customer said no to.
-- Key: customer_id. Left out: customers who never stated a consent and never unsubscribed.
-- The newest statement of a channel and purpose counts; of two at one instant, the denial. A consent that ran out is
-- neither given nor denied. withdrawn counts denials of what had been granted before: only they are a change of mind.
WITH stated AS (
    SELECT
        customer_id,
        channel,
        purpose,
        status,
        ts_us,
        expires_at_us,
        0 - ts_us AS newest_first
    FROM staged_consents
),
ranked AS (
    SELECT
        customer_id,
        status,
        expires_at_us,
        MAX(CASE WHEN status = 'granted' THEN 1 ELSE 0 END) OVER (PARTITION BY customer_id, channel, purpose) AS was_granted,
        CAST(ROW_NUMBER() OVER (PARTITION BY customer_id, channel, purpose ORDER BY newest_first, status) AS BIGINT)
            AS place
    FROM stated
),
moves AS (
    SELECT
        r.customer_id AS customer_id,
        CASE WHEN r.status = 'denied' THEN 1 ELSE 0 END AS denied,
        CASE WHEN r.status = 'denied' THEN r.was_granted ELSE 0 END AS withdrawn,
        CASE
            WHEN r.status = 'granted' AND (r.expires_at_us IS NULL OR r.expires_at_us > p.as_of_us) THEN 1 ELSE 0
        END AS granted,
        0 AS unsubscribed
    FROM ranked AS r
    CROSS JOIN run_params AS p
    WHERE r.place = 1
    UNION ALL
    SELECT customer_id, 0 AS denied, 0 AS withdrawn, 0 AS granted, 1 AS unsubscribed
    FROM staged_contacts_sent
    WHERE unsubscribed
)
SELECT
    customer_id,
    CAST(SUM(denied) AS BIGINT) AS denied,
    CAST(SUM(withdrawn) AS BIGINT) AS withdrawn,
    CAST(SUM(granted) AS BIGINT) AS granted,
    CAST(SUM(unsubscribed) AS BIGINT) AS unsubscribed,
    CAST(SUM(denied) AS BIGINT) > 0 AND CAST(SUM(granted) AS BIGINT) = 0 AS denied_all
FROM moves
GROUP BY customer_id
