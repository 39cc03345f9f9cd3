-- attrition_trials: one customer of one past campaign with a control group, and whether they bought after it.
-- Key: campaign_id, customer_id. Left out: messages without an arm, and arms other than treat and control; customers who are in
-- both arms of a campaign.
-- Units: days. origin_no is the origin whose features are of the campaign: the latest on or before its first day. It is null
-- when there is none that early, or when the horizon after the customer's first message is not over. Who is assigned to
-- treatment counts as treated, delivered or not.
WITH sent AS (
    SELECT
        campaign_id,
        customer_id,
        MIN(sent_day) AS sent_day,
        MIN(arm) AS arm,
        MAX(arm) AS other_arm
    FROM staged_contacts_sent
    WHERE arm IN ('treat', 'control') AND customer_id IS NOT NULL
    GROUP BY campaign_id, customer_id
),
campaigns AS (
    SELECT campaign_id, MIN(sent_day) AS first_day FROM sent GROUP BY campaign_id
),
latest AS (
    SELECT c.campaign_id AS campaign_id, MIN(o.origin_no) AS origin_no
    FROM campaigns AS c
    CROSS JOIN attrition_origins AS o
    WHERE o.origin_day <= c.first_day
    GROUP BY c.campaign_id
),
horizons AS (
    SELECT
        l.campaign_id AS campaign_id,
        l.origin_no AS origin_no,
        CAST(o.until_day - o.from_day AS INTEGER) AS days
    FROM latest AS l
    JOIN attrition_origins AS o ON l.origin_no = o.origin_no
),
followed AS (
    SELECT
        s.campaign_id AS campaign_id,
        s.customer_id AS customer_id,
        s.arm AS arm,
        s.sent_day AS sent_day,
        CASE WHEN s.sent_day + h.days <= p.as_of_day THEN h.origin_no END AS origin_no,
        s.sent_day + h.days AS until_day
    FROM sent AS s
    LEFT JOIN horizons AS h ON s.campaign_id = h.campaign_id
    CROSS JOIN run_params AS p
    WHERE s.arm = s.other_arm
),
bought AS (
    SELECT f.campaign_id AS campaign_id, f.customer_id AS customer_id, MIN(d.day) AS day
    FROM followed AS f
    JOIN customer_days AS d ON f.customer_id = d.customer_id
    WHERE d.orders > 0 AND d.day >= f.sent_day AND d.day < f.until_day
    GROUP BY f.campaign_id, f.customer_id
)
SELECT
    f.campaign_id AS campaign_id,
    f.customer_id AS customer_id,
    CAST(f.origin_no AS INTEGER) AS origin_no,
    f.arm = 'treat' AS is_treated,
    CASE WHEN f.origin_no IS NOT NULL THEN b.day IS NOT NULL END AS has_bought
FROM followed AS f
LEFT JOIN bought AS b ON f.campaign_id = b.campaign_id AND f.customer_id = b.customer_id
