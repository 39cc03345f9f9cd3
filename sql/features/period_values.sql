-- period_values: what one customer was worth in one period.
-- Key: period_no, customer_id.
-- Left out: customers without a move in the period, or with a day whose value is not known.
-- Units: money in ten-thousandths, of the measure chosen in [value] metric.
WITH days AS (
    SELECT day FROM customer_days GROUP BY day
),
-- Periods are looked up for the few days there are, so that the many rows need no range join.
day_periods AS (
    SELECT d.day AS day, q.period_no AS period_no
    FROM days AS d
    CROSS JOIN periods AS q
    WHERE d.day >= q.start_day AND d.day < q.end_day
)
SELECT
    q.period_no AS period_no,
    d.customer_id AS customer_id,
    CAST(SUM(d.orders) AS BIGINT) AS orders,
    CAST(SUM(d.net_revenue_e4) AS BIGINT) AS net_revenue_e4,
    CAST(SUM(d.value_e4) AS BIGINT) AS value_e4
FROM customer_days AS d
JOIN day_periods AS q ON d.day = q.day
GROUP BY q.period_no, d.customer_id
HAVING CAST(SUM(CASE WHEN d.value_e4 IS NULL THEN 1 ELSE 0 END) AS BIGINT) = 0
