-- fact_counts: how many customers share one class of values of one fact.
-- Key: fact_id, class.
WITH everybody AS (SELECT CAST(COUNT(*) AS BIGINT) AS customers FROM customer_clocks),
counts AS (
    SELECT fact_id, class, CAST(COUNT(*) AS BIGINT) AS customers FROM fact_classes GROUP BY fact_id, class
)
SELECT
    c.fact_id AS fact_id,
    c.class AS class,
    c.customers AS customers,
    e.customers AS all_customers
FROM counts AS c
CROSS JOIN everybody AS e
