-- campaign_recipients: one customer of one wave of a campaign, as assigned: whether anything arrived does not matter.
-- Key: campaign_id, wave, customer_id. unit_id is who shares an arm with them (contact_units): a household, or all ids of one
-- person. is_in_one_arm is false when messages to the unit are of different arms: such a unit is in no comparison.
-- Units: days, instants and money in ten-thousandths. start_day is the first message to the unit; a control that was spared a
-- message has its day.
WITH customers AS (
    SELECT
        campaign_id,
        wave,
        customer_id,
        MIN(arm) AS first_arm,
        MAX(arm) AS last_arm,
        MIN(sent_us) AS start_us,
        MIN(sent_day) AS start_day,
        CAST(COUNT(*) AS BIGINT) AS messages,
        CAST(SUM(delivered) AS BIGINT) AS delivered,
        CAST(SUM(opened) AS BIGINT) AS opened,
        CAST(SUM(clicked) AS BIGINT) AS clicked,
        MAX(unsubscribed) AS unsubscribed,
        CAST(SUM(cost_e4) AS BIGINT) AS cost_e4
    FROM campaign_messages
    GROUP BY campaign_id, wave, customer_id
),
shared AS (
    SELECT
        c.campaign_id AS campaign_id,
        c.wave AS wave,
        c.customer_id AS customer_id,
        COALESCE(u.experiment_unit, c.customer_id) AS unit_id,
        c.first_arm AS first_arm,
        c.last_arm AS last_arm,
        c.start_us AS start_us,
        c.start_day AS start_day,
        c.messages AS messages,
        c.delivered AS delivered,
        c.opened AS opened,
        c.clicked AS clicked,
        c.unsubscribed AS unsubscribed,
        c.cost_e4 AS cost_e4
    FROM customers AS c
    LEFT JOIN contact_units AS u ON c.customer_id = u.customer_id
),
units AS (
    SELECT
        campaign_id,
        wave,
        unit_id,
        MIN(first_arm) AS arm,
        MAX(last_arm) AS other_arm,
        MIN(start_us) AS start_us,
        MIN(start_day) AS start_day
    FROM shared
    GROUP BY campaign_id, wave, unit_id
)
SELECT
    s.campaign_id AS campaign_id,
    s.wave AS wave,
    s.customer_id AS customer_id,
    s.unit_id AS unit_id,
    u.arm AS arm,
    u.arm = u.other_arm AS is_in_one_arm,
    u.start_us AS start_us,
    u.start_day AS start_day,
    s.messages AS messages,
    s.delivered AS delivered,
    s.opened AS opened,
    s.clicked AS clicked,
    s.unsubscribed AS unsubscribed,
    s.cost_e4 AS cost_e4
FROM shared AS s
JOIN units AS u ON s.campaign_id = u.campaign_id AND s.wave = u.wave AND s.unit_id = u.unit_id
