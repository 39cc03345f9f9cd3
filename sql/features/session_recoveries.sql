-- session_recoveries: one abandoned session whose product the customer bought after all, but late.
-- Key: session_no. Left out: sessions that were not abandoned, and those whose products were not bought.
-- Late is after [sessions] order_hours and within late_days of the session's end. The product is any of which the session
-- saw a page or that it put into the cart.
WITH late AS (
    SELECT
        s.session_no AS session_no,
        s.visitor_id AS visitor_id,
        s.lone_customer_id AS lone_customer_id,
        s.customer_id AS customer_id,
        s.start_us AS start_us,
        s.end_us AS end_us
    FROM sessions AS s
    JOIN session_verdicts AS v ON s.session_no = v.session_no
    CROSS JOIN run_params AS p
    WHERE v.outcome = 'abandoned' AND v.order_us - s.end_us <= p.session_late_us
),
bought AS (
    SELECT customer_id, product_id, ts_us
    FROM order_lines
    WHERE is_goods AND NOT is_cancelled AND amount_e4 > 0 AND product_id IS NOT NULL AND customer_id IS NOT NULL
    GROUP BY customer_id, product_id, ts_us
),
wanted AS (
    SELECT
        l.session_no AS session_no,
        l.visitor_id AS visitor_id,
        l.lone_customer_id AS lone_customer_id,
        l.start_us AS start_us,
        l.end_us AS end_us,
        b.product_id AS product_id
    FROM late AS l
    JOIN bought AS b ON l.customer_id = b.customer_id
    CROSS JOIN run_params AS p
    WHERE b.ts_us - l.end_us > p.session_order_us AND b.ts_us - l.end_us <= p.session_late_us
),
seen AS (
    SELECT w.session_no AS session_no
    FROM wanted AS w
    JOIN web_events AS e ON w.visitor_id = e.visitor_id AND w.product_id = e.product_id
    WHERE e.ts_us >= w.start_us AND e.ts_us <= w.end_us
    UNION ALL
    SELECT w.session_no AS session_no
    FROM wanted AS w
    JOIN web_events AS e ON w.lone_customer_id = e.lone_customer_id AND w.product_id = e.product_id
    WHERE e.ts_us >= w.start_us AND e.ts_us <= w.end_us
)
SELECT session_no, TRUE AS recovered_late
FROM seen
GROUP BY session_no
