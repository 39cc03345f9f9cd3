-- zones_in_use: one time zone that somebody named, and the days for which its clock is asked.
-- Key: time_zone. Left out: time zones that nobody named.
-- Days are UTC days; they reach from the first sign-up (not before 1970) or the oldest contact that still weighs to the day
-- after as_of. A name may be wrong: whether there is such a zone is for the model that knows them.
WITH named AS (
    SELECT
        c.time_zone AS time_zone,
        COALESCE(c.signup_us, p.as_of_us) AS us
    FROM staged_customers AS c
    CROSS JOIN run_params AS p
    WHERE c.time_zone IS NOT NULL
    UNION ALL
    -- Whose zone is not named has the region's or the business's: each may be asked for any of the customers' days.
    SELECT
        z.time_zone AS time_zone,
        COALESCE(f.first_us, p.as_of_us) AS us
    FROM region_time_zones AS z
    CROSS JOIN run_params AS p
    CROSS JOIN (SELECT MIN(signup_us) AS first_us FROM staged_customers) AS f
    UNION ALL
    SELECT
        p.time_zone AS time_zone,
        COALESCE(f.first_us, p.as_of_us) AS us
    FROM run_params AS p
    CROSS JOIN (SELECT MIN(signup_us) AS first_us FROM staged_customers) AS f
),
first_named AS (SELECT time_zone, MIN(us) AS us FROM named GROUP BY time_zone),
oldest AS (SELECT MIN(day) AS day FROM contact_weights)
SELECT
    f.time_zone AS time_zone,
    GREATEST(
        0,
        LEAST(
            CAST((f.us - f.us % 86400000000) / 86400000000 AS INTEGER),
            o.day - 1
        )
    ) AS first_day,
    p.as_of_day + 1 AS last_day
FROM first_named AS f
CROSS JOIN run_params AS p
CROSS JOIN oldest AS o
