-- ltv_groups: one known customer, and the groups in which their lifetime value is summed up.
-- Key: customer_no. Numbers are those of ltv_scopes; somebody who never bought has region and cohort 0.
WITH regions AS (
    SELECT scope, scope_no FROM ltv_scopes WHERE kind = 'region'
),
cohorts AS (
    SELECT scope, scope_no FROM ltv_scopes WHERE kind = 'cohort'
),
named AS (
    SELECT
        customer_id,
        customer_no,
        CASE WHEN first_order_day IS NOT NULL THEN CONCAT('region=', region) END AS region,
        CASE WHEN first_order_day IS NOT NULL THEN CONCAT('cohort=', acquisition_month) END AS cohort
    FROM ltv_profiles
)
SELECT
    n.customer_no AS customer_no,
    CAST(COALESCE(t.actual_tier, 0) AS INTEGER) AS tier_no,
    CAST(COALESCE(r.scope_no, 0) AS INTEGER) AS region_no,
    CAST(COALESCE(c.scope_no, 0) AS INTEGER) AS cohort_no
FROM named AS n
LEFT JOIN customer_tiers AS t ON n.customer_id = t.customer_id
LEFT JOIN regions AS r ON n.region = r.scope
LEFT JOIN cohorts AS c ON n.cohort = c.scope
