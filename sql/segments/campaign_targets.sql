-- campaign_targets: one eligible customer of one campaign of the pipeline file, the highest score first.
-- Key: campaign_id, customer_id. Everybody who is eligible, up to the campaign's limit.
-- Consent, caps, control groups and competition between campaigns are not applied yet: arm is always treat.
WITH scored AS (
    SELECT
        campaign_id,
        customer_id,
        score,
        CASE WHEN score IS NULL THEN 1 ELSE 0 END AS unscored_last,
        0.0 - COALESCE(score, 0.0) AS best_first
    FROM campaign_candidates
),
ranked AS (
    SELECT
        c.campaign_id AS campaign_id,
        c.customer_id AS customer_id,
        c.score AS score,
        CAST(ROW_NUMBER() OVER (
            PARTITION BY c.campaign_id ORDER BY c.unscored_last, c.best_first, c.customer_id
        ) AS BIGINT) AS place
    FROM scored AS c
)
SELECT
    r.campaign_id AS campaign_id,
    r.customer_id AS customer_id,
    s.household_id AS household_id,
    CAST(r.place AS BIGINT) AS rank,
    'treat' AS arm,
    r.score AS score,
    d.channel AS channel,
    d.reason_code AS reason_code,
    s.service_level AS service_level,
    s.rfm_segment AS rfm_segment
FROM ranked AS r
JOIN campaign_definitions AS d ON r.campaign_id = d.campaign_id
JOIN customers AS s ON r.customer_id = s.customer_id
WHERE d.size_limit IS NULL OR r.place <= d.size_limit
