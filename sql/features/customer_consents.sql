-- customer_consents: what one customer allows on one channel for one purpose, as of as_of.
-- Key: customer_id, channel, purpose. Without a row, nothing was said: unknown.
-- A statement without a purpose holds for all, one with a purpose for that one; the latest that applies holds, and of two
-- at one instant the denial. A contact that led to an opt-out is a denial on its channel
-- (the campaign's, where the row has none), for all purposes.
WITH statements AS (
    SELECT
        s.customer_id AS customer_id,
        s.channel AS channel,
        s.purpose AS purpose,
        s.ts_us AS consent_us,
        s.expires_at_us AS expires_at_us,
        CASE WHEN s.status = 'granted' THEN 1 ELSE 0 END AS is_grant,
        CASE
            WHEN s.status <> 'granted' THEN 'opt_out'
            WHEN COALESCE(s.double_opt_in, FALSE) THEN 'double_opt_in'
            ELSE 'opt_in'
        END AS consent_basis,
        s.source AS consent_source
    FROM staged_consents AS s
    UNION ALL
    SELECT
        c.customer_id AS customer_id,
        COALESCE(c.channel, d.channel) AS channel,
        CAST(NULL AS STRING) AS purpose,
        c.sent_us AS consent_us,
        CAST(NULL AS BIGINT) AS expires_at_us,
        0 AS is_grant,
        'unsubscribed' AS consent_basis,
        c.campaign_id AS consent_source
    FROM staged_contacts_sent AS c
    LEFT JOIN campaign_definitions AS d ON c.campaign_id = d.campaign_id
    WHERE COALESCE(c.unsubscribed, FALSE)
),
-- One number orders statements: twice the instant, and one more for a denial.
applicable AS (
    SELECT
        s.customer_id AS customer_id,
        n.channel AS channel,
        n.purpose AS purpose,
        2 * s.consent_us + 1 - s.is_grant AS weight,
        s.consent_us AS consent_us,
        s.expires_at_us AS expires_at_us,
        s.is_grant AS is_grant,
        s.consent_basis AS consent_basis,
        s.consent_source AS consent_source
    FROM statements AS s
    JOIN consent_needs AS n ON s.channel = n.channel
    WHERE s.purpose IS NULL OR s.purpose = n.purpose
),
weighed AS (
    SELECT
        customer_id,
        channel,
        purpose,
        weight,
        consent_us,
        expires_at_us,
        is_grant,
        consent_basis,
        consent_source,
        MAX(weight) OVER (PARTITION BY customer_id, channel, purpose) AS heaviest
    FROM applicable
),
-- Of equal grants, the one that ends first: no more is taken than was given.
latest AS (
    SELECT
        customer_id,
        channel,
        purpose,
        MAX(consent_us) AS consent_us,
        MIN(expires_at_us) AS expires_at_us,
        MAX(is_grant) AS is_grant,
        MIN(consent_basis) AS consent_basis,
        MIN(consent_source) AS consent_source
    FROM weighed
    WHERE weight = heaviest
    GROUP BY customer_id, channel, purpose
)
SELECT
    n.customer_id AS customer_id,
    n.channel AS channel,
    n.purpose AS purpose,
    CASE
        WHEN n.is_grant = 0 THEN 'denied'
        WHEN n.expires_at_us <= p.as_of_us THEN 'expired'
        ELSE 'granted'
    END AS status,
    n.consent_us AS consent_us,
    n.consent_basis AS consent_basis,
    n.consent_source AS consent_source
FROM latest AS n
CROSS JOIN run_params AS p
