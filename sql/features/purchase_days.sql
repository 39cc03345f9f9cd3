-- purchase_days: one day on which one customer bought, between the ones before and the next.
-- Key: customer_id, day. Left out: customers without a qualifying order.
-- Units: days. Made once, since rhythm, lifecycle and retention all ask for the gaps.
-- All days stand in one row, customer after customer: one order of all is much cheaper than one of each customer.
WITH numbered AS (
    SELECT
        customer_id,
        day,
        CAST(ROW_NUMBER() OVER (ORDER BY customer_id, day) AS BIGINT) AS day_no,
        LAG(day) OVER (ORDER BY customer_id, day) AS previous_day,
        LAG(day, 2) OVER (ORDER BY customer_id, day) AS day_before_previous,
        LEAD(day) OVER (ORDER BY customer_id, day) AS next_day
    FROM customer_days
    WHERE orders > 0
),
spans AS (
    SELECT customer_id, MIN(day_no) AS first_no, MAX(day_no) AS last_no FROM numbered GROUP BY customer_id
)
SELECT
    n.customer_id AS customer_id,
    n.day AS day,
    n.day_no - s.first_no + 1 AS purchase_day_no,
    CASE WHEN n.day_no > s.first_no THEN n.previous_day END AS previous_day,
    CASE WHEN n.day_no > s.first_no + 1 THEN n.day_before_previous END AS day_before_previous,
    CASE WHEN n.day_no < s.last_no THEN n.next_day END AS next_day
FROM numbered AS n
JOIN spans AS s ON n.customer_id = s.customer_id
