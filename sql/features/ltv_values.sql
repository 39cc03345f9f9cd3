-- ltv_values: one value of one feature that lifetime-value fits are divided by, and what it is called there.
-- Key: feature, value. Only what the pipeline file asks for; counted are customers who bought before the published fit.
-- Values of few customers are put together as `other`: a fit of its own would say nothing.
WITH buyers AS (
    SELECT
        c.stratum_value AS stratum_value,
        c.region AS region,
        c.channel AS channel,
        c.category AS category,
        p.ltv_covariates AS covariates
    FROM ltv_profiles AS c
    CROSS JOIN ltv_origins AS o
    CROSS JOIN run_params AS p
    WHERE o.origin_no = 0 AND c.first_order_day < o.origin_day
),
counted AS (
    SELECT 'stratum' AS feature, stratum_value AS value, CAST(COUNT(*) AS BIGINT) AS customers
    FROM buyers
    WHERE stratum_value IS NOT NULL
    GROUP BY stratum_value
    UNION ALL
    SELECT 'region' AS feature, region AS value, CAST(COUNT(*) AS BIGINT) AS customers
    FROM buyers
    WHERE covariates LIKE '%region%'
    GROUP BY region
    UNION ALL
    SELECT 'channel' AS feature, channel AS value, CAST(COUNT(*) AS BIGINT) AS customers
    FROM buyers
    WHERE covariates LIKE '%channel%'
    GROUP BY channel
    UNION ALL
    SELECT 'category' AS feature, category AS value, CAST(COUNT(*) AS BIGINT) AS customers
    FROM buyers
    WHERE covariates LIKE '%category%'
    GROUP BY category
)
SELECT
    c.feature AS feature,
    c.value AS value,
    c.customers AS customers,
    CASE
        WHEN c.feature = 'stratum' AND c.customers < p.ltv_stratum_min_customers THEN CONCAT(p.ltv_stratum, '=other')
        WHEN c.feature = 'stratum' THEN CONCAT(p.ltv_stratum, '=', c.value)
        WHEN c.customers < p.ltv_covariate_min_customers THEN 'other'
        ELSE c.value
    END AS called
FROM counted AS c
CROSS JOIN run_params AS p
