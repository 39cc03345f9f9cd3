-- segment_membership_delta: one customer who came into a segment or left it since the previous published run.
-- Key: segment_id, customer_id. Without a previous run, everybody comes in.
SELECT
    'add' AS op,
    m.segment_id AS segment_id,
    m.customer_id AS customer_id
FROM segment_members AS m
LEFT JOIN segment_membership_before AS b ON m.segment_id = b.segment_id AND m.customer_id = b.customer_id
WHERE b.customer_id IS NULL
UNION ALL
SELECT
    'remove' AS op,
    b.segment_id AS segment_id,
    b.customer_id AS customer_id
FROM segment_membership_before AS b
LEFT JOIN segment_members AS m ON b.segment_id = m.segment_id AND b.customer_id = m.customer_id
WHERE m.customer_id IS NULL
