-- segment_membership: one customer in one named segment of the pipeline file.
-- Key: segment_id, customer_id. since_day is the as_of of the run in which they came in, carried from run to run.
SELECT
    m.segment_id AS segment_id,
    m.customer_id AS customer_id,
    COALESCE(b.since_day, p.as_of_day) AS since_day,
    d.version AS definition_version
FROM segment_members AS m
JOIN segment_definitions AS d ON m.segment_id = d.segment_id
LEFT JOIN segment_membership_before AS b ON m.segment_id = b.segment_id AND m.customer_id = b.customer_id
CROSS JOIN run_params AS p
