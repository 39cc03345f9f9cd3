-- attrition_labels: whether one customer whom the model looks back at left, and what they brought.
-- Key: origin_no, customer_id. Everybody in attrition_snapshots.
-- Units: money in ten-thousandths. has_left: no qualifying order in the horizon of the origin. next_days counts from the origin
-- to the next purchase day, null when there was none before as_of.
WITH bought AS (
    SELECT
        o.origin_no AS origin_no,
        d.customer_id AS customer_id,
        MIN(d.day - o.origin_day) AS next_days,
        CAST(SUM(CASE WHEN d.day >= o.from_day AND d.day < o.until_day THEN 1 ELSE 0 END) AS BIGINT) AS days,
        CAST(SUM(CASE WHEN d.day >= o.from_day AND d.day < o.until_day THEN d.net_revenue_e4 ELSE 0 END) AS BIGINT)
            AS net_revenue_e4
    FROM customer_days AS d
    CROSS JOIN attrition_origins AS o
    WHERE d.orders > 0 AND d.day >= o.origin_day
    GROUP BY o.origin_no, d.customer_id
)
SELECT
    s.origin_no AS origin_no,
    s.customer_id AS customer_id,
    COALESCE(b.days, 0) = 0 AS has_left,
    CAST(b.next_days AS INTEGER) AS next_days,
    COALESCE(b.net_revenue_e4, 0) AS net_revenue_e4
FROM attrition_snapshots AS s
LEFT JOIN bought AS b ON s.origin_no = b.origin_no AND s.customer_id = b.customer_id
