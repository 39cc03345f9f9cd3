-- complaint_ageing: the complaints of one reason that have been open, or took to be solved, so many days.
-- Key: reason, state, age_from_days. Complaints of the reasons add up to those of the reason all.
-- Units: days, money. Open ones are as old as the days from their first contact to the last day that was read; solved ones took
-- the days from their first contact to their newest, which was in the last [contact_centre] window_days days.
-- overdue were promised something by a day that is past. value_at_risk is that of the different customers (attrition).
WITH aged AS (
    SELECT
        k.customer_id AS customer_id,
        k.reason AS reason,
        CASE WHEN k.is_open THEN 'open' ELSE 'solved' END AS state,
        CASE WHEN k.is_open THEN p.as_of_day - 1 - k.first_day ELSE k.last_day - k.first_day END AS age_days,
        CASE WHEN k.promise_due_day < p.as_of_day THEN 1 ELSE 0 END AS overdue
    FROM complaint_cases AS k
    CROSS JOIN run_params AS p
    CROSS JOIN contact_centre_params AS c
    WHERE k.is_open OR k.last_day >= c.window_day
),
banded AS (
    SELECT
        customer_id,
        reason,
        state,
        CAST(age_days AS BIGINT) AS age_days,
        CAST(
            CASE
                WHEN age_days >= 91 THEN 91
                WHEN age_days >= 31 THEN 31
                WHEN age_days >= 15 THEN 15
                WHEN age_days >= 8 THEN 8
                WHEN age_days >= 2 THEN 2
                ELSE 0
            END AS INTEGER
        ) AS age_from_days,
        overdue
    FROM aged
),
both_levels AS (
    SELECT customer_id, reason, state, age_days, age_from_days, overdue FROM banded
    UNION ALL
    SELECT customer_id, 'all' AS reason, state, age_days, age_from_days, overdue FROM banded
),
sums AS (
    SELECT
        reason,
        state,
        age_from_days,
        CAST(COUNT(*) AS BIGINT) AS complaints,
        CAST(SUM(CASE WHEN customer_id IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS unidentified,
        CAST(SUM(overdue) AS BIGINT) AS overdue,
        CAST(SUM(age_days) AS BIGINT) AS days,
        CAST(MAX(age_days) AS INTEGER) AS oldest_days
    FROM both_levels
    GROUP BY reason, state, age_from_days
),
people AS (
    SELECT reason, state, age_from_days, customer_id
    FROM both_levels
    WHERE customer_id IS NOT NULL
    GROUP BY reason, state, age_from_days, customer_id
),
valued AS (
    SELECT
        p.reason AS reason,
        p.state AS state,
        p.age_from_days AS age_from_days,
        CAST(COUNT(*) AS BIGINT) AS customers,
        CAST(SUM(COALESCE(a.value_at_risk_e4, 0)) AS BIGINT) AS value_at_risk_e4
    FROM people AS p
    LEFT JOIN attrition AS a ON p.customer_id = a.customer_id
    GROUP BY p.reason, p.state, p.age_from_days
)
SELECT
    s.reason AS reason,
    s.state AS state,
    s.age_from_days AS age_from_days,
    CASE
        WHEN s.age_from_days = 0 THEN '0-1'
        WHEN s.age_from_days = 2 THEN '2-7'
        WHEN s.age_from_days = 8 THEN '8-14'
        WHEN s.age_from_days = 15 THEN '15-30'
        WHEN s.age_from_days = 31 THEN '31-90'
        ELSE '91+'
    END AS age_band,
    s.complaints AS complaints,
    s.unidentified AS unidentified,
    COALESCE(v.customers, 0) AS customers,
    s.overdue AS overdue,
    CAST(s.days AS DOUBLE) / CAST(s.complaints AS DOUBLE) AS mean_days,
    s.oldest_days AS oldest_days,
    COALESCE(v.value_at_risk_e4, 0) AS value_at_risk_e4
FROM sums AS s
LEFT JOIN valued AS v ON s.reason = v.reason AND s.state = v.state AND s.age_from_days = v.age_from_days
