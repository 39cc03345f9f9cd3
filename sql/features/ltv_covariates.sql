-- ltv_covariates: one combination of covariates of the lifetime-value models that customers have.
-- Key: covariate_no. Numbered from 0 in the order of the names; without covariates everybody has number 0.
-- Customers are those who bought before the fit that is published. A covariate that is not asked for is empty text.
WITH combinations AS (
    SELECT c.region AS region, c.channel AS channel, c.category AS category, CAST(COUNT(*) AS BIGINT) AS customers
    FROM ltv_profiles AS c
    CROSS JOIN ltv_origins AS o
    WHERE o.origin_no = 0 AND c.first_order_day < o.origin_day
    GROUP BY c.region, c.channel, c.category
),
named AS (
    SELECT
        COALESCE(r.called, '') AS region,
        COALESCE(h.called, '') AS channel,
        COALESCE(g.called, '') AS category,
        c.customers AS customers
    FROM combinations AS c
    LEFT JOIN (SELECT value, called FROM ltv_values WHERE feature = 'region') AS r ON c.region = r.value
    LEFT JOIN (SELECT value, called FROM ltv_values WHERE feature = 'channel') AS h ON c.channel = h.value
    LEFT JOIN (SELECT value, called FROM ltv_values WHERE feature = 'category') AS g ON c.category = g.value
),
summed AS (
    SELECT region, channel, category, CAST(SUM(customers) AS BIGINT) AS customers
    FROM named
    GROUP BY region, channel, category
)
SELECT
    CAST(CAST(ROW_NUMBER() OVER (ORDER BY region, channel, category) AS BIGINT) - 1 AS INTEGER) AS covariate_no,
    region,
    channel,
    category,
    customers
FROM summed
