-- session_verdicts: whether one session led to an order.
-- Key: session_no. Left out: sessions that are not selected.
-- ordered: the customer ordered in the session or within [sessions] order_hours after it. open: that time is not over.
-- abandoned: neither. unidentified: whose session it is nobody knows, so that nobody can say.
SELECT
    s.session_no AS session_no,
    o.order_us AS order_us,
    CASE
        WHEN s.customer_id IS NULL THEN 'unidentified'
        WHEN o.order_us - s.end_us <= p.session_order_us THEN 'ordered'
        WHEN s.end_us + p.session_order_us > p.as_of_us THEN 'open'
        ELSE 'abandoned'
    END AS outcome
FROM sessions AS s
LEFT JOIN session_orders AS o ON s.session_no = o.session_no
CROSS JOIN run_params AS p
WHERE s.is_selected
