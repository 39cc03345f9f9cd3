-- attrition_lapses: how long one customer whom the model looks back at stayed, as far as it is known.
-- Key: origin_no, customer_id. Everybody in attrition_snapshots.
-- Units: months of 30 days from the first day of the origin's horizon on. On a day, a customer has lapsed when they buy nothing
-- from it on for a horizon: in month 0 that is who left (attrition_labels). Known are the days whose horizon ends by as_of.
WITH silences AS (
    SELECT
        o.origin_no AS origin_no,
        d.customer_id AS customer_id,
        o.from_day AS from_day,
        o.until_day - o.from_day AS horizon_days,
        d.next_day AS next_day,
        -- The first of these days after the purchase.
        CASE
            WHEN d.day < o.from_day THEN 0
            ELSE (d.day - o.from_day + 30 - (d.day - o.from_day) % 30)
        END AS begun_days
    FROM purchase_days AS d
    CROSS JOIN attrition_origins AS o
    WHERE
        (d.next_day IS NULL OR d.next_day - d.day > o.until_day - o.from_day)
        AND (d.next_day IS NULL OR d.next_day >= o.until_day)
),
lapsed AS (
    SELECT s.origin_no AS origin_no, s.customer_id AS customer_id, MIN(s.begun_days) AS days
    FROM silences AS s
    CROSS JOIN run_params AS p
    WHERE
        s.from_day + s.begun_days + s.horizon_days <= p.as_of_day
        AND (s.next_day IS NULL OR s.next_day >= s.from_day + s.begun_days + s.horizon_days)
    GROUP BY s.origin_no, s.customer_id
)
SELECT
    s.origin_no AS origin_no,
    s.customer_id AS customer_id,
    CAST((p.as_of_day - o.until_day - (p.as_of_day - o.until_day) % 30) / 30 AS INTEGER) AS last_month,
    CAST(l.days / 30 AS INTEGER) AS lapse_month
FROM attrition_snapshots AS s
JOIN attrition_origins AS o ON s.origin_no = o.origin_no
CROSS JOIN run_params AS p
LEFT JOIN lapsed AS l ON s.origin_no = l.origin_no AND s.customer_id = l.customer_id
