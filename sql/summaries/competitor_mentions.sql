-- competitor_mentions: one competitor whom customers name, and for which reason they turned to us.
-- Key: competitor_code, reason. Contacts of the reasons add up to those of the reason all.
-- Units: money. leaving are the customers who are dormant or lost now; value_at_risk is that of the different customers
-- (attrition). Left out: what was said before the last [contact_centre] window_days days.
WITH said AS (
    SELECT customer_id, competitor_code, reason, day, n, COALESCE(complaint, 0) AS complaint
    FROM centre_contacts
    WHERE competitor_code IS NOT NULL
),
both_levels AS (
    SELECT customer_id, competitor_code, reason, day, n, complaint FROM said
    UNION ALL
    SELECT customer_id, competitor_code, 'all' AS reason, day, n, complaint FROM said
),
sums AS (
    SELECT
        competitor_code,
        reason,
        CAST(SUM(n) AS BIGINT) AS contacts,
        CAST(SUM(n * complaint) AS BIGINT) AS complaints,
        MIN(day) AS first_day,
        MAX(day) AS last_day
    FROM both_levels
    GROUP BY competitor_code, reason
),
people AS (
    SELECT competitor_code, reason, customer_id
    FROM both_levels
    WHERE customer_id IS NOT NULL AND n > 0
    GROUP BY competitor_code, reason, customer_id
),
valued AS (
    SELECT
        p.competitor_code AS competitor_code,
        p.reason AS reason,
        CAST(COUNT(*) AS BIGINT) AS customers,
        CAST(SUM(CASE WHEN a.lifecycle_state IN ('dormant', 'lost') THEN 1 ELSE 0 END) AS BIGINT) AS leaving,
        CAST(SUM(COALESCE(a.value_at_risk_e4, 0)) AS BIGINT) AS value_at_risk_e4
    FROM people AS p
    LEFT JOIN attrition AS a ON p.customer_id = a.customer_id
    GROUP BY p.competitor_code, p.reason
)
SELECT
    s.competitor_code AS competitor_code,
    s.reason AS reason,
    s.contacts AS contacts,
    s.complaints AS complaints,
    COALESCE(v.customers, 0) AS customers,
    COALESCE(v.leaving, 0) AS leaving,
    COALESCE(v.value_at_risk_e4, 0) AS value_at_risk_e4,
    s.first_day AS first_day,
    s.last_day AS last_day
FROM sums AS s
LEFT JOIN valued AS v ON s.competitor_code = v.competitor_code AND s.reason = v.reason
