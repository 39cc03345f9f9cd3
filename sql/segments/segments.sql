-- segments: one named segment of the pipeline file, its size now and in the previous run, and what it is worth.
-- Key: segment_id. A segment without members is there too, with size 0.
-- Units: value in ten-thousandths, the measure of customers.value over the value window.
WITH now AS (
    SELECT
        m.segment_id AS segment_id,
        CAST(COUNT(*) AS BIGINT) AS size,
        CAST(SUM(c.value_e4) AS BIGINT) AS value_e4
    FROM segment_members AS m
    JOIN customers AS c ON m.customer_id = c.customer_id
    GROUP BY m.segment_id
),
before AS (
    SELECT segment_id, CAST(COUNT(*) AS BIGINT) AS size FROM segment_membership_before GROUP BY segment_id
)
SELECT
    d.segment_id AS segment_id,
    d.expression AS expression,
    d.version AS version,
    COALESCE(n.size, 0) AS size,
    COALESCE(b.size, 0) AS size_prev,
    COALESCE(n.value_e4, 0) AS value_e4
FROM segment_definitions AS d
LEFT JOIN now AS n ON d.segment_id = n.segment_id
LEFT JOIN before AS b ON d.segment_id = b.segment_id
