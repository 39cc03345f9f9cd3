-- customer_occasions: the next birthday and the next anniversary of one known customer.
-- Key: customer_id. Left out: who has neither.
-- Days are of the customer's own calendar, and today counts. Who was born, or came, on a 29 February has the day that
-- [occasions] leap_day says in common years. The anniversary is that of the sign-up, or, with [occasions] first_order, of
-- the first order where no sign-up is known; it is never the day itself. A date of birth before 1900 or in the future is none.
WITH signups AS (
    SELECT
        c.customer_id AS customer_id,
        c.signup_us AS us,
        CAST((c.signup_us - c.signup_us % 86400000000) / 86400000000 AS INTEGER) AS utc_day
    FROM staged_customers AS c
    WHERE c.signup_us >= 0
),
began AS (
    SELECT
        k.customer_id AS customer_id,
        k.today_day AS today_day,
        c.birth_day AS birth_day,
        u.us + CASE WHEN u.us < z.change_us THEN z.before_us ELSE z.after_us END AS local_us,
        CASE WHEN q.first_order THEN s.first_order_day END AS first_order_day,
        COALESCE(c.closed_us < p.as_of_us, FALSE) AS is_closed
    FROM customer_clocks AS k
    CROSS JOIN run_params AS p
    CROSS JOIN occasion_params AS q
    JOIN customer_summary AS s ON k.customer_id = s.customer_id
    LEFT JOIN staged_customers AS c ON k.customer_id = c.customer_id
    LEFT JOIN signups AS u ON k.customer_id = u.customer_id
    LEFT JOIN zone_days AS z ON k.time_zone = z.time_zone AND u.utc_day = z.utc_day
),
dated AS (
    SELECT
        customer_id,
        today_day,
        birth_day,
        COALESCE(CAST((local_us - local_us % 86400000000) / 86400000000 AS INTEGER), first_order_day) AS start_day,
        CASE WHEN local_us IS NOT NULL THEN 'signup' ELSE 'first_order' END AS start_source
    FROM began
    WHERE NOT is_closed
),
birthdays AS (
    SELECT
        d.customer_id AS customer_id,
        MIN(n.day) AS day
    FROM dated AS d
    JOIN civil_days AS b ON d.birth_day = b.day
    JOIN celebrations AS n ON b.month_day = n.month_day
    WHERE n.day >= d.today_day AND d.birth_day < d.today_day
    GROUP BY d.customer_id
),
anniversaries AS (
    SELECT
        d.customer_id AS customer_id,
        MIN(n.day) AS day,
        MAX(b.year) AS start_year
    FROM dated AS d
    JOIN civil_days AS b ON d.start_day = b.day
    JOIN celebrations AS n ON b.month_day = n.month_day
    WHERE n.day >= d.today_day AND n.day > d.start_day
    GROUP BY d.customer_id
)
SELECT
    d.customer_id AS customer_id,
    d.today_day AS today_day,
    b.day AS next_birthday_day,
    a.day AS next_anniversary_day,
    CAST(y.year - a.start_year AS INTEGER) AS anniversary_years,
    CASE WHEN a.day IS NOT NULL THEN d.start_source END AS anniversary_of
FROM dated AS d
LEFT JOIN birthdays AS b ON d.customer_id = b.customer_id
LEFT JOIN anniversaries AS a ON d.customer_id = a.customer_id
LEFT JOIN civil_days AS y ON a.day = y.day
WHERE b.day IS NOT NULL OR a.day IS NOT NULL
