-- ltv_customers: one known customer, and which fit and which covariates are theirs.
-- Key: customer_id. Somebody without a purchase before the fit has stratum 0 and covariates 0.
WITH named AS (
    SELECT
        c.customer_id AS customer_id,
        c.customer_no AS customer_no,
        c.stratum_value AS stratum_value,
        COALESCE(r.called, '') AS region,
        COALESCE(h.called, '') AS channel,
        COALESCE(g.called, '') AS category
    FROM ltv_profiles AS c
    LEFT JOIN (SELECT value, called FROM ltv_values WHERE feature = 'region') AS r ON c.region = r.value
    LEFT JOIN (SELECT value, called FROM ltv_values WHERE feature = 'channel') AS h ON c.channel = h.value
    LEFT JOIN (SELECT value, called FROM ltv_values WHERE feature = 'category') AS g ON c.category = g.value
),
strata AS (
    SELECT v.value AS value, s.stratum_no AS stratum_no
    FROM ltv_values AS v
    JOIN ltv_strata AS s ON v.called = s.stratum
    WHERE v.feature = 'stratum'
)
SELECT
    n.customer_id AS customer_id,
    n.customer_no AS customer_no,
    CAST(COALESCE(s.stratum_no, 0) AS INTEGER) AS stratum_no,
    CAST(COALESCE(c.covariate_no, 0) AS INTEGER) AS covariate_no
FROM named AS n
LEFT JOIN strata AS s ON n.stratum_value = s.value
LEFT JOIN ltv_covariates AS c ON n.region = c.region AND n.channel = c.channel AND n.category = c.category
