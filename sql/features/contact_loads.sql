-- contact_loads: the past contacts that one contact rule counts for one person, household or account.
-- Key: rule_id, unit_id. Without a row, there are none in the window of the send day, which is as_of.
-- A rolling window is free again when the contact that fills it is window_days old; a calendar period, when it is over.
WITH counted AS (
    SELECT
        r.rule_id AS rule_id,
        CASE
            WHEN r.scope = 'household' THEN u.household_unit
            WHEN r.scope = 'account' THEN u.account_unit
            ELSE u.person_unit
        END AS unit_id,
        k.day AS day,
        k.contacts AS contacts
    FROM contact_days AS k
    JOIN contact_rule_channels AS h ON k.channel = h.channel
    JOIN contact_rules AS r ON h.rule_id = r.rule_id
    JOIN contact_units AS u ON k.customer_id = u.customer_id
    WHERE h.is_counted
        AND k.day >= r.start_day
        AND (r.purpose IS NULL OR k.purpose = '' OR k.purpose = r.purpose)
        AND (r.counts_inbound OR NOT k.is_inbound)
),
days AS (
    SELECT rule_id, unit_id, day, 0 - day AS newest_first, CAST(SUM(contacts) AS BIGINT) AS contacts
    FROM counted
    GROUP BY rule_id, unit_id, day
),
running AS (
    SELECT
        rule_id,
        unit_id,
        day,
        contacts,
        CAST(SUM(contacts) OVER (
            PARTITION BY rule_id, unit_id ORDER BY newest_first ROWS UNBOUNDED PRECEDING
        ) AS BIGINT) AS so_far
    FROM days
),
-- The newest day from which on the rule is full: for one more counted contact, and for one that is not counted.
filled AS (
    SELECT
        g.rule_id AS rule_id,
        g.unit_id AS unit_id,
        CAST(SUM(g.contacts) AS BIGINT) AS contacts,
        MAX(CASE WHEN g.so_far >= r.max_contacts THEN g.day END) AS full_day,
        MAX(CASE WHEN g.so_far > r.max_contacts THEN g.day END) AS over_day
    FROM running AS g
    JOIN contact_rules AS r ON g.rule_id = r.rule_id
    GROUP BY g.rule_id, g.unit_id
)
SELECT
    f.rule_id AS rule_id,
    f.unit_id AS unit_id,
    f.contacts AS contacts,
    CAST(
        CASE WHEN f.full_day IS NULL THEN NULL ELSE COALESCE(f.full_day + r.window_days, r.end_day) END AS INTEGER
    ) AS free_day_counted,
    CAST(
        CASE WHEN f.over_day IS NULL THEN NULL ELSE COALESCE(f.over_day + r.window_days, r.end_day) END AS INTEGER
    ) AS free_day_other
FROM filled AS f
JOIN contact_rules AS r ON f.rule_id = r.rule_id
