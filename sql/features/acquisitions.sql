-- acquisitions: how many customers of the tracked cohort first bought on one day.
-- Key: stratum_no, covariate_no, day. Left out: customers who came after the fit that is tracked. Without a holdout nothing is
-- tracked, and there are no rows.
SELECT
    c.stratum_no AS stratum_no,
    c.covariate_no AS covariate_no,
    s.first_order_day AS day,
    CAST(COUNT(*) AS BIGINT) AS customers
FROM customer_summary AS s
JOIN ltv_customers AS c ON s.customer_id = c.customer_id
CROSS JOIN ltv_origins AS o
WHERE o.is_tracked AND s.first_order_day < o.origin_day
GROUP BY c.stratum_no, c.covariate_no, s.first_order_day
