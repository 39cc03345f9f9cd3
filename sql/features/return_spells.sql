-- return_spells: how many spells of silence of one length ended with a purchase, and how many are still open.
-- Key: kind, stratum, t_days. Left out: regions, years and classes with fewer than 30 spells.
-- Units: t_days is the length of the spell; an open one is cut off at as_of (spec/definitions.md 3.7).
-- all_spells begins a spell with every purchase day, first_return only with the first. A spell belongs to the class of
-- purchase_days that the customer had when it began, so that nothing of the future is in it.
WITH days AS (
    SELECT
        customer_id,
        day,
        CAST(ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY day) AS BIGINT) AS purchase_day_no,
        LEAD(day) OVER (PARTITION BY customer_id ORDER BY day) AS next_day
    FROM customer_days
    WHERE orders > 0
),
years AS (
    SELECT f.day AS day, c.label AS year
    FROM (SELECT first_order_day AS day FROM customer_summary WHERE orders > 0 GROUP BY first_order_day) AS f
    CROSS JOIN calendar AS c
    WHERE c.period_kind = 'year' AND f.day >= c.start_day AND f.day < c.end_day
),
-- Counted by all that a stratum may ask for at once: the rows that are left are few.
counted AS (
    SELECT
        c.region AS region,
        y.year AS year,
        CASE
            WHEN d.purchase_day_no = 1 THEN '1'
            WHEN d.purchase_day_no = 2 THEN '2'
            WHEN d.purchase_day_no <= 5 THEN '3-5'
            ELSE '6+'
        END AS class,
        COALESCE(d.next_day, p.as_of_day) - d.day AS t_days,
        CAST(COUNT(d.next_day) AS BIGINT) AS events,
        CAST(COUNT(*) AS BIGINT) - CAST(COUNT(d.next_day) AS BIGINT) AS censored
    FROM days AS d
    JOIN customer_summary AS s ON d.customer_id = s.customer_id
    LEFT JOIN staged_customers AS c ON d.customer_id = c.customer_id
    LEFT JOIN years AS y ON s.first_order_day = y.day
    CROSS JOIN run_params AS p
    GROUP BY
        c.region,
        y.year,
        CASE
            WHEN d.purchase_day_no = 1 THEN '1'
            WHEN d.purchase_day_no = 2 THEN '2'
            WHEN d.purchase_day_no <= 5 THEN '3-5'
            ELSE '6+'
        END,
        COALESCE(d.next_day, p.as_of_day) - d.day
),
strata AS (
    SELECT 'all_spells' AS kind, 'all' AS stratum, t_days, events, censored FROM counted
    UNION ALL
    SELECT 'all_spells' AS kind, CONCAT('purchase_days=', class) AS stratum, t_days, events, censored FROM counted
    UNION ALL
    SELECT 'all_spells' AS kind, CONCAT('region=', region) AS stratum, t_days, events, censored
    FROM counted
    WHERE region IS NOT NULL
    UNION ALL
    SELECT 'first_return' AS kind, 'all' AS stratum, t_days, events, censored FROM counted WHERE class = '1'
    UNION ALL
    SELECT 'first_return' AS kind, CONCAT('region=', region) AS stratum, t_days, events, censored
    FROM counted
    WHERE class = '1' AND region IS NOT NULL
    UNION ALL
    SELECT 'first_return' AS kind, CONCAT('first_year=', year) AS stratum, t_days, events, censored
    FROM counted
    WHERE class = '1' AND year IS NOT NULL
),
sizes AS (
    -- Each spell is one row of the counts; few of them say nothing.
    SELECT kind, stratum, CAST(SUM(events + censored) AS BIGINT) AS spells FROM strata GROUP BY kind, stratum
)
SELECT
    s.kind AS kind,
    s.stratum AS stratum,
    CAST(s.t_days AS INTEGER) AS t_days,
    CAST(SUM(s.events) AS BIGINT) AS events,
    CAST(SUM(s.censored) AS BIGINT) AS censored
FROM strata AS s
JOIN sizes AS z ON s.kind = z.kind AND s.stratum = z.stratum
WHERE s.stratum = 'all' OR z.spells >= 30
GROUP BY s.kind, s.stratum, s.t_days
