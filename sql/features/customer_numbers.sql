-- customer_numbers: the number of one known customer, where their orders belong, and which tier they are in now.
-- Key: customer_id. Whoever counts different customers counts by the number.
SELECT
    s.customer_id AS customer_id,
    CAST(ROW_NUMBER() OVER (ORDER BY s.customer_id) AS INTEGER) AS customer_no,
    c.region AS region,
    COALESCE(t.actual_tier, 0) AS tier
FROM customer_summary AS s
LEFT JOIN staged_customers AS c ON s.customer_id = c.customer_id
LEFT JOIN customer_tiers AS t ON s.customer_id = t.customer_id
