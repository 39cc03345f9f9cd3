-- rfm_values: one measure of one customer, to be scored.
-- Key: measure, customer_id. Left out: customers without a qualifying order, or whose value is not known.
-- Units: recency in days, frequency in orders, monetary in ten-thousandths.
WITH buyers AS (
    SELECT customer_id, recency_days, frequency, value_e4
    FROM customer_summary
    WHERE frequency > 0 AND value_e4 IS NOT NULL
)
SELECT 'recency' AS measure, customer_id, CAST(recency_days AS BIGINT) AS x FROM buyers
UNION ALL
SELECT 'frequency' AS measure, customer_id, frequency AS x FROM buyers
UNION ALL
SELECT 'monetary' AS measure, customer_id, value_e4 AS x FROM buyers
