-- staffing_demand: how many contacts reach the queue or an agent in one half hour of the week, on average and on a busy day.
-- Key: dimension, name, weekday, half_hour.
-- Units: arrivals are contacts a date; weekday 1 is Monday; half_hour is the wall clock at which it begins. p90_arrivals is the
-- number that one date in ten exceeds (R type 7). work_s is the time of talk, hold and wrap-up that arrives a date.
-- Dates without a single contact count as dates of none. The dates are the last [contact_centre] staffing_weeks weeks, from
-- the first day with a contact on. Arrivals of the tiers, and of the queues, add up to those of all.
-- Left out: half hours in which nobody came, contacts that need no answer at once, those that the voice response unit kept,
-- and our own calls.
WITH came AS (
    SELECT
        c.day AS day,
        c.weekday AS weekday,
        c.half_hour AS half_hour,
        c.tier AS tier,
        c.queue AS queue,
        c.n AS n,
        c.n * c.answered * CASE WHEN c.handle_e4 IS NOT NULL THEN 1 ELSE 0 END AS handled,
        c.n * c.answered * COALESCE(c.handle_e4, 0) AS handle_e4
    FROM centre_contacts AS c
    CROSS JOIN contact_centre_params AS p
    WHERE c.offered = 1 AND c.is_in = 1 AND c.day >= p.staffing_day AND c.n > 0
),
slots AS (
    SELECT 'all' AS dimension, 'all' AS name, day, weekday, half_hour, n, handled, handle_e4 FROM came
    UNION ALL
    SELECT 'tier' AS dimension, tier AS name, day, weekday, half_hour, n, handled, handle_e4 FROM came
    UNION ALL
    SELECT 'queue' AS dimension, queue AS name, day, weekday, half_hour, n, handled, handle_e4 FROM came
),
by_date AS (
    SELECT
        dimension,
        name,
        weekday,
        half_hour,
        day,
        CAST(SUM(n) AS BIGINT) AS arrivals,
        CAST(SUM(handled) AS BIGINT) AS handled,
        CAST(SUM(handle_e4) AS BIGINT) AS handle_e4
    FROM slots
    GROUP BY dimension, name, weekday, half_hour, day
),
opened AS (
    SELECT MIN(day) AS first_day FROM centre_contacts
),
dates AS (
    SELECT d.weekday AS weekday, CAST(COUNT(*) AS BIGINT) AS dates
    FROM business_days AS d
    CROSS JOIN opened AS o
    CROSS JOIN contact_centre_params AS p
    WHERE d.day >= p.staffing_day AND d.day >= o.first_day
    GROUP BY d.weekday
),
ranked AS (
    SELECT
        b.dimension AS dimension,
        b.name AS name,
        b.weekday AS weekday,
        b.half_hour AS half_hour,
        b.arrivals AS arrivals,
        b.handled AS handled,
        b.handle_e4 AS handle_e4,
        d.dates AS dates,
        -- Zero-based place among all dates: those on which nobody came are before those on which somebody did.
        d.dates - CAST(COUNT(*) OVER (PARTITION BY b.dimension, b.name, b.weekday, b.half_hour) AS BIGINT)
            + CAST(ROW_NUMBER() OVER (
                PARTITION BY b.dimension, b.name, b.weekday, b.half_hour ORDER BY b.arrivals, b.day
            ) AS BIGINT) - 1 AS place,
        CAST((9 * (d.dates - 1) - 9 * (d.dates - 1) % 10) / 10 AS BIGINT) AS low_place,
        9 * (d.dates - 1) % 10 AS part
    FROM by_date AS b
    JOIN dates AS d ON b.weekday = d.weekday
),
found AS (
    SELECT
        dimension,
        name,
        weekday,
        half_hour,
        dates,
        part,
        CAST(SUM(arrivals) AS BIGINT) AS arrivals,
        CAST(SUM(handled) AS BIGINT) AS handled,
        CAST(SUM(handle_e4) AS BIGINT) AS handle_e4,
        MAX(arrivals) AS most_arrivals,
        -- A column: an engine may turn the division by a constant into a multiplication, which is no longer the nearest double.
        CASE WHEN dates > 0 THEN 10.0 ELSE 1.0 END AS unit,
        COALESCE(MAX(CASE WHEN place = low_place THEN arrivals END), 0) AS low,
        COALESCE(MAX(CASE WHEN place = LEAST(low_place + 1, dates - 1) THEN arrivals END), 0) AS high
    FROM ranked
    GROUP BY dimension, name, weekday, half_hour, dates, part
)
SELECT
    dimension,
    name,
    weekday,
    CONCAT(
        CASE WHEN half_hour < 20 THEN '0' ELSE '' END,
        CAST(CAST((half_hour - half_hour % 2) / 2 AS INTEGER) AS STRING),
        CASE WHEN half_hour % 2 = 0 THEN ':00' ELSE ':30' END
    ) AS half_hour,
    dates,
    arrivals,
    CAST(arrivals AS DOUBLE) / CAST(dates AS DOUBLE) AS mean_arrivals,
    CAST(10 * low + part * (high - low) AS DOUBLE) / unit AS p90_arrivals,
    most_arrivals,
    CASE WHEN handled > 0 THEN CAST(handle_e4 AS DOUBLE) / CAST(handled * 10000 AS DOUBLE) END AS aht_s,
    CAST(handle_e4 AS DOUBLE) / CAST(dates * 10000 AS DOUBLE) AS work_s,
    CASE WHEN dates < 4 THEN 'few_dates' ELSE 'ok' END AS status
FROM found
