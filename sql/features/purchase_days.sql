-- purchase_days: one day on which one customer bought, between the ones before and the next.
-- Key: customer_id, day. Left out: customers without a qualifying order.
-- Units: days. Made once, since rhythm, lifecycle and retention all ask for the gaps.
-- All days of a slice of the customers stand in one row, customer after customer: a few hundred orders are much cheaper than
-- one of each customer, and a cluster has them made beside each other. A customer's slice is the sum of their days, modulo:
-- the same on each of their rows, and even.
WITH spans AS (
    SELECT
        customer_id,
        CAST(SUM(day) AS BIGINT) % 1024 AS slice,
        MIN(day) AS first_day,
        MAX(day) AS last_day
    FROM customer_days
    WHERE orders > 0
    GROUP BY customer_id
),
sliced AS (
    SELECT
        d.customer_id AS customer_id,
        d.day AS day,
        s.slice AS slice,
        s.first_day AS first_day,
        s.last_day AS last_day
    FROM customer_days AS d
    JOIN spans AS s ON d.customer_id = s.customer_id
    WHERE d.orders > 0
),
numbered AS (
    SELECT
        customer_id,
        day,
        slice,
        first_day,
        last_day,
        CAST(ROW_NUMBER() OVER (PARTITION BY slice ORDER BY customer_id, day) AS BIGINT) AS day_no,
        LAG(day) OVER (PARTITION BY slice ORDER BY customer_id, day) AS previous_day,
        LAG(day, 2) OVER (PARTITION BY slice ORDER BY customer_id, day) AS day_before_previous,
        LEAD(day) OVER (PARTITION BY slice ORDER BY customer_id, day) AS next_day
    FROM sliced
),
firsts AS (
    SELECT customer_id, day_no AS first_no FROM numbered WHERE day = first_day
)
SELECT
    n.customer_id AS customer_id,
    n.slice AS slice,
    n.day AS day,
    n.day_no - f.first_no + 1 AS purchase_day_no,
    CASE WHEN n.day > n.first_day THEN n.previous_day END AS previous_day,
    CASE WHEN n.day_no > f.first_no + 1 THEN n.day_before_previous END AS day_before_previous,
    CASE WHEN n.day < n.last_day THEN n.next_day END AS next_day
FROM numbered AS n
JOIN firsts AS f ON n.customer_id = f.customer_id
