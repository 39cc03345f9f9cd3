-- session_orders: the first order of the same customer since one session began.
-- Key: session_no. Left out: sessions that are not selected, sessions of nobody, and those with no order since.
-- An order in the session or at its very start counts. A cancelled order does not, one that came back later does.
WITH moments AS (
    SELECT customer_id, ts_us
    FROM customer_orders
    WHERE is_qualifying OR gross_revenue_e4 > 0
    GROUP BY customer_id, ts_us
),
numbered AS (
    SELECT
        customer_id,
        ts_us,
        CAST(ROW_NUMBER() OVER (ORDER BY customer_id, ts_us) AS BIGINT) AS order_no
    FROM moments
),
-- At one instant a session stands before the order.
mixed AS (
    SELECT customer_id, start_us AS ts_us, 0 AS is_order, session_no
    FROM sessions
    WHERE is_selected AND customer_id IS NOT NULL
    UNION ALL
    SELECT customer_id, ts_us, 1 AS is_order, CAST(0 AS BIGINT) AS session_no FROM numbered
),
counted AS (
    SELECT
        customer_id,
        is_order,
        session_no,
        CAST(
            SUM(is_order) OVER (ORDER BY customer_id, ts_us, is_order, session_no ROWS UNBOUNDED PRECEDING) AS BIGINT
        ) + 1 AS next_no
    FROM mixed
)
SELECT
    c.session_no AS session_no,
    n.ts_us AS order_us
FROM counted AS c
JOIN numbered AS n ON c.next_no = n.order_no AND c.customer_id = n.customer_id
WHERE c.is_order = 0
