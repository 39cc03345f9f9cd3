-- campaign_members: one customer of one wave who is watched: of an arm, or somebody to compare with.
-- Key: campaign_id, wave, customer_id. Left out: units with messages of two arms (campaign_waves counts them).
-- Units: days and instants. The window is start_day to the day before end_day, cut at as_of; the one before it is as long and
-- ends on the day before start_day. value_from_day begins the days by which customers are ranked.
-- A wave without a control group has the arm comparison, when [campaign_response] observational is on: known customers whom it
-- did not reach, from its first day. They were not chosen at random, and what comes of it is marked so.
WITH members AS (
    SELECT
        r.campaign_id AS campaign_id,
        r.wave AS wave,
        r.customer_id AS customer_id,
        r.unit_id AS unit_id,
        r.arm AS arm,
        r.start_us AS start_us,
        r.start_day AS start_day,
        r.messages AS messages,
        r.delivered AS delivered,
        r.opened AS opened,
        r.clicked AS clicked,
        r.unsubscribed AS unsubscribed,
        r.cost_e4 AS cost_e4
    FROM campaign_recipients AS r
    WHERE r.is_in_one_arm
    UNION ALL
    SELECT
        w.campaign_id AS campaign_id,
        w.wave AS wave,
        s.customer_id AS customer_id,
        u.experiment_unit AS unit_id,
        'comparison' AS arm,
        w.first_us AS start_us,
        w.first_day AS start_day,
        CAST(0 AS BIGINT) AS messages,
        CAST(0 AS BIGINT) AS delivered,
        CAST(0 AS BIGINT) AS opened,
        CAST(0 AS BIGINT) AS clicked,
        0 AS unsubscribed,
        CAST(0 AS BIGINT) AS cost_e4
    FROM campaign_waves AS w
    CROSS JOIN response_params AS q
    CROSS JOIN customer_summary AS s
    JOIN contact_units AS u ON s.customer_id = u.customer_id
    LEFT JOIN campaign_recipients AS r
        ON w.campaign_id = r.campaign_id AND w.wave = r.wave AND u.experiment_unit = r.unit_id
    WHERE q.is_observational AND NOT w.is_randomised AND s.first_day < w.first_day AND r.unit_id IS NULL
)
SELECT
    m.campaign_id AS campaign_id,
    m.wave AS wave,
    m.customer_id AS customer_id,
    m.unit_id AS unit_id,
    m.arm AS arm,
    m.start_us AS start_us,
    m.start_us + CAST(w.window_days AS BIGINT) * 86400000000 AS end_us,
    m.start_day AS start_day,
    LEAST(m.start_day + w.window_days, p.as_of_day) AS end_day,
    m.start_day - (LEAST(m.start_day + w.window_days, p.as_of_day) - m.start_day) AS before_day,
    m.start_day - q.history_days AS value_from_day,
    m.messages AS messages,
    m.delivered AS delivered,
    m.opened AS opened,
    m.clicked AS clicked,
    m.unsubscribed AS unsubscribed,
    m.cost_e4 AS cost_e4
FROM members AS m
JOIN campaign_waves AS w ON m.campaign_id = w.campaign_id AND m.wave = w.wave
CROSS JOIN run_params AS p
CROSS JOIN response_params AS q
