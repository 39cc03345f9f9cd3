-- occasions: one birthday or anniversary of one customer that comes soon.
-- Key: customer_id, occasion. Left out: what is further away than [occasions] horizon_days, and customers who closed their
-- account.
-- Days are of the customer's own calendar. contact_day is [occasions] lead_days before, but not before today. years counts
-- those of an anniversary; the age that somebody reaches stays with the export. holiday names the one on that day where the
-- customer lives.
WITH soon AS (
    SELECT customer_id, 'birthday' AS occasion, next_birthday_day AS occasion_day, today_day, NULL AS years, NULL AS counts_from
    FROM customer_occasions
    WHERE next_birthday_day IS NOT NULL
    UNION ALL
    SELECT
        customer_id,
        'anniversary' AS occasion,
        next_anniversary_day AS occasion_day,
        today_day,
        anniversary_years AS years,
        anniversary_of AS counts_from
    FROM customer_occasions
    WHERE next_anniversary_day IS NOT NULL
)
SELECT
    s.customer_id AS customer_id,
    s.occasion AS occasion,
    s.occasion_day AS occasion_day,
    CAST(s.occasion_day - s.today_day AS INTEGER) AS days_until,
    GREATEST(s.today_day, s.occasion_day - o.lead_days) AS contact_day,
    CAST((s.occasion_day + 3) % 7 + 1 AS INTEGER) AS weekday,
    CAST(s.years AS INTEGER) AS years,
    CAST(s.counts_from AS STRING) AS counts_from,
    h.name AS holiday,
    k.time_zone AS time_zone
FROM soon AS s
CROSS JOIN occasion_params AS o
JOIN customer_clocks AS k ON s.customer_id = k.customer_id
LEFT JOIN customer_holidays AS h ON k.holiday_region = h.region AND s.occasion_day = h.day
WHERE s.occasion_day - s.today_day <= o.horizon_days
