-- visit_owners: whose session one is that names nobody.
-- Key: session_no. Left out: sessions that name a customer, and those that nobody is known for.
-- In the order of time: such a session belongs to the customer whom the visitor named last before it, at most [sessions]
-- remember_days ago. What came before the first time that a visitor named anybody stays nobody's, unless [sessions]
-- look_back_days says how long before it may still be the same person. known_us is when we could know.
WITH counted AS (
    SELECT
        session_no,
        visitor_id,
        start_us,
        end_us,
        customer_id,
        CAST(
            SUM(CASE WHEN customer_id IS NULL THEN 0 ELSE 1 END) OVER (ORDER BY session_no ROWS UNBOUNDED PRECEDING)
            AS BIGINT
        ) AS named_no
    FROM visits
    WHERE visitor_id IS NOT NULL
),
named AS (
    SELECT
        c.named_no AS named_no,
        v.visitor_id AS visitor_id,
        v.customer_id AS customer_id,
        v.first_named_us AS first_named_us,
        v.last_named_us AS last_named_us
    FROM counted AS c
    JOIN visits AS v ON c.session_no = v.session_no
    WHERE v.customer_id IS NOT NULL
),
nameless AS (
    SELECT session_no, visitor_id, start_us, end_us, named_no, named_no + 1 AS next_no
    FROM counted
    WHERE customer_id IS NULL
),
remembered AS (
    SELECT n.session_no AS session_no, b.customer_id AS customer_id, n.start_us AS known_us
    FROM nameless AS n
    JOIN named AS b ON n.named_no = b.named_no AND n.visitor_id = b.visitor_id
    CROSS JOIN run_params AS p
    WHERE n.start_us - b.last_named_us <= p.session_remember_us
),
looked_back AS (
    SELECT n.session_no AS session_no, a.customer_id AS customer_id, a.first_named_us AS known_us
    FROM nameless AS n
    JOIN named AS a ON n.next_no = a.named_no AND n.visitor_id = a.visitor_id
    LEFT JOIN remembered AS r ON n.session_no = r.session_no
    CROSS JOIN run_params AS p
    WHERE r.session_no IS NULL AND a.first_named_us - n.end_us <= p.session_look_back_us
)
SELECT session_no, customer_id, 'remembered' AS identified_by, known_us FROM remembered
UNION ALL
SELECT session_no, customer_id, 'looked_back' AS identified_by, known_us FROM looked_back
