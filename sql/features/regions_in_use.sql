-- regions_in_use: one region in which somebody lives, or that the pipeline file or a holiday names.
-- Key: region.
WITH named AS (
    SELECT region FROM staged_customers WHERE region IS NOT NULL
    UNION ALL
    SELECT region FROM region_time_zones
    UNION ALL
    SELECT region FROM staged_holidays WHERE region IS NOT NULL
)
SELECT region FROM named GROUP BY region
