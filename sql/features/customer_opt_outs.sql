-- customer_opt_outs: what one customer said no to.
-- Key: customer_id. Left out: customers who never stated a consent and never unsubscribed.
-- The newest statement of a channel and purpose counts; of two at one instant, the denial. A consent that ran out is
-- neither given nor denied. withdrawn counts denials of what had been granted before: only they are a change of mind.
WITH stated AS (
    SELECT
        c.customer_id AS customer_id,
        MAX(CASE WHEN c.status = 'denied' THEN c.ts_us END) AS denied_us,
        MAX(CASE WHEN c.status = 'granted' THEN c.ts_us END) AS granted_us,
        MAX(
            CASE
                WHEN c.status = 'granted' AND (c.expires_at_us IS NULL OR c.expires_at_us > p.as_of_us) THEN c.ts_us
            END
        ) AS valid_us
    FROM staged_consents AS c
    CROSS JOIN run_params AS p
    GROUP BY c.customer_id, c.channel, c.purpose
),
moves AS (
    SELECT
        customer_id,
        CASE WHEN denied_us >= COALESCE(granted_us, denied_us) THEN 1 ELSE 0 END AS denied,
        CASE WHEN denied_us >= granted_us THEN 1 ELSE 0 END AS withdrawn,
        CASE WHEN valid_us = granted_us AND (denied_us IS NULL OR denied_us < granted_us) THEN 1 ELSE 0 END AS granted,
        0 AS unsubscribed
    FROM stated
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
