-- ltv_strata: one group of customers with a lifetime-value fit of its own; number 0 is everybody.
-- Key: stratum_no. Numbered by name; customers are those who bought before the fit that is published.
WITH named AS (
    SELECT called AS stratum, CAST(SUM(customers) AS BIGINT) AS customers
    FROM ltv_values
    WHERE feature = 'stratum'
    GROUP BY called
),
everybody AS (
    SELECT CAST(COUNT(*) AS BIGINT) AS customers
    FROM ltv_profiles AS c
    CROSS JOIN ltv_origins AS o
    WHERE o.origin_no = 0 AND c.first_order_day < o.origin_day
)
SELECT CAST(0 AS INTEGER) AS stratum_no, 'all' AS stratum, customers FROM everybody
UNION ALL
SELECT
    CAST(ROW_NUMBER() OVER (ORDER BY stratum) AS INTEGER) AS stratum_no,
    stratum,
    customers
FROM named
