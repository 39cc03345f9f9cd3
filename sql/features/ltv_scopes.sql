-- ltv_scopes: one group of customers whose lifetime value is summed up.
-- Key: kind, scope_no. Everybody, tiers by value (0 is none), regions, and cohorts by the month of the first order.
-- Numbered by name within the kind, tiers by themselves.
WITH regions AS (
    SELECT region FROM ltv_profiles WHERE first_order_day IS NOT NULL GROUP BY region
),
cohorts AS (
    SELECT acquisition_month FROM ltv_profiles WHERE first_order_day IS NOT NULL GROUP BY acquisition_month
),
tiers AS (
    SELECT COALESCE(t.actual_tier, 0) AS tier
    FROM ltv_profiles AS c
    LEFT JOIN customer_tiers AS t ON c.customer_id = t.customer_id
    WHERE c.first_order_day IS NOT NULL
),
tiers_there AS (
    SELECT tier FROM tiers GROUP BY tier
)
SELECT 'all' AS kind, CAST(0 AS INTEGER) AS scope_no, 'all' AS scope FROM run_params
UNION ALL
SELECT 'tier' AS kind, CAST(tier AS INTEGER) AS scope_no, CONCAT('tier=', CAST(tier AS STRING)) AS scope FROM tiers_there
UNION ALL
SELECT
    'region' AS kind,
    CAST(ROW_NUMBER() OVER (ORDER BY region) AS INTEGER) AS scope_no,
    CONCAT('region=', region) AS scope
FROM regions
UNION ALL
SELECT
    'cohort' AS kind,
    CAST(ROW_NUMBER() OVER (ORDER BY acquisition_month) AS INTEGER) AS scope_no,
    CONCAT('cohort=', acquisition_month) AS scope
FROM cohorts
