-- recoverable_sessions: the newest abandoned session of one customer who has not ordered since.
-- Key: customer_id. Left out: customers who abandoned no session in the last [sessions] recover_days, who ordered since, or
-- who may not be profiled.
-- Units: money in ten-thousandths of the reporting currency; null when no event tells what the cart was worth. product_id
-- is the last product put into the cart, else the last one looked at. Whether the customer may be contacted is for
-- customer_permissions to say, not for this list.
WITH lost AS (
    SELECT
        s.customer_id AS customer_id,
        s.session_no AS session_no,
        0 - s.end_us AS newest_first
    FROM session_verdicts AS v
    JOIN sessions AS s ON v.session_no = s.session_no
    LEFT JOIN staged_customers AS c ON s.customer_id = c.customer_id
    CROSS JOIN run_params AS p
    WHERE v.outcome = 'abandoned'
      AND v.order_us IS NULL
      AND p.as_of_us - s.end_us <= p.session_recover_us
      AND NOT COALESCE(c.profiling_opt_out, FALSE)
),
ranked AS (
    SELECT
        customer_id,
        session_no,
        CAST(ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY newest_first, session_no) AS BIGINT) AS place
    FROM lost
),
counted AS (
    SELECT customer_id, CAST(COUNT(*) AS BIGINT) AS sessions FROM lost GROUP BY customer_id
),
newest AS (
    SELECT
        s.session_no AS session_no,
        s.customer_id AS customer_id,
        s.visitor_id AS visitor_id,
        s.lone_customer_id AS lone_customer_id,
        s.start_us AS start_us,
        s.end_us AS end_us,
        s.stage AS stage,
        s.product_views AS product_views,
        s.cart_value_e4 AS cart_value_e4,
        s.identified_by AS identified_by
    FROM ranked AS r
    JOIN sessions AS s ON r.session_no = s.session_no
    WHERE r.place = 1
),
seen AS (
    SELECT n.session_no AS session_no, e.product_id AS product_id, e.in_cart AS in_cart, e.ts_us AS ts_us
    FROM newest AS n
    JOIN web_events AS e ON n.visitor_id = e.visitor_id
    WHERE e.product_id IS NOT NULL AND e.ts_us >= n.start_us AND e.ts_us <= n.end_us
    UNION ALL
    SELECT n.session_no AS session_no, e.product_id AS product_id, e.in_cart AS in_cart, e.ts_us AS ts_us
    FROM newest AS n
    JOIN web_events AS e ON n.lone_customer_id = e.lone_customer_id
    WHERE e.product_id IS NOT NULL AND e.ts_us >= n.start_us AND e.ts_us <= n.end_us
),
products AS (
    SELECT session_no, product_id, MAX(in_cart) AS in_cart, MAX(ts_us * in_cart) AS cart_us, MAX(ts_us) AS seen_us
    FROM seen
    GROUP BY session_no, product_id
),
keyed AS (
    SELECT session_no, product_id, 0 - cart_us AS last_cart_first, 0 - seen_us AS last_first
    FROM products
),
placed AS (
    SELECT
        session_no,
        product_id,
        CAST(ROW_NUMBER() OVER (PARTITION BY session_no ORDER BY last_cart_first, last_first, product_id) AS BIGINT) AS place
    FROM keyed
),
first_product AS (
    SELECT session_no, product_id FROM placed WHERE place = 1
),
counts AS (
    SELECT
        session_no,
        CAST(COUNT(*) AS BIGINT) AS products,
        CAST(SUM(in_cart) AS BIGINT) AS products_in_cart
    FROM products
    GROUP BY session_no
)
SELECT
    n.customer_id AS customer_id,
    n.start_us AS session_start_us,
    n.end_us AS session_end_us,
    n.stage AS stage,
    n.identified_by AS identified_by,
    n.product_views AS product_views,
    COALESCE(k.products, 0) AS products,
    COALESCE(k.products_in_cart, 0) AS products_in_cart,
    f.product_id AS product_id,
    n.cart_value_e4 AS value_at_risk_e4,
    COALESCE(q.questions, 0) AS unanswered_questions,
    q.question_us AS question_us,
    q.question_channel AS question_channel,
    c.sessions AS abandoned_sessions
FROM newest AS n
JOIN counted AS c ON n.customer_id = c.customer_id
LEFT JOIN first_product AS f ON n.session_no = f.session_no
LEFT JOIN counts AS k ON n.session_no = k.session_no
LEFT JOIN session_questions AS q ON n.session_no = q.session_no
