-- spell_counts: the spells of silence of one length, by all that a stratum may ask for.
-- Key: none. A spell begins with every purchase day; an open one is cut off at as_of (spec/definitions.md 3.7).
-- Units: t_days is the length of the spell in days. A spell belongs to the class of purchase days that the customer had when
-- it began, so that nothing of the future is in it. first_year is null when the calendar ([summary] years) begins later.
WITH years AS (
    SELECT f.day AS day, c.label AS year
    FROM (SELECT first_order_day AS day FROM customer_summary WHERE orders > 0 GROUP BY first_order_day) AS f
    CROSS JOIN calendar AS c
    WHERE c.period_kind = 'year' AND f.day >= c.start_day AND f.day < c.end_day
),
who AS (
    SELECT s.customer_id AS customer_id, c.region AS region, y.year AS first_year
    FROM customer_summary AS s
    LEFT JOIN staged_customers AS c ON s.customer_id = c.customer_id
    LEFT JOIN years AS y ON s.first_order_day = y.day
    WHERE s.orders > 0
),
spells AS (
    SELECT
        w.region AS region,
        w.first_year AS first_year,
        CASE
            WHEN d.purchase_day_no <= 2 THEN d.purchase_day_no
            WHEN d.purchase_day_no <= 5 THEN 3
            ELSE 6
        END AS class_no,
        COALESCE(d.next_day, p.as_of_day) - d.day AS t_days,
        CASE WHEN d.next_day IS NULL THEN 0 ELSE 1 END AS event
    FROM purchase_days AS d
    JOIN who AS w ON d.customer_id = w.customer_id
    CROSS JOIN run_params AS p
)
SELECT
    region,
    first_year,
    CASE
        WHEN class_no = 1 THEN 'purchase_days=1'
        WHEN class_no = 2 THEN 'purchase_days=2'
        WHEN class_no = 3 THEN 'purchase_days=3-5'
        ELSE 'purchase_days=6+'
    END AS class,
    CAST(t_days AS INTEGER) AS t_days,
    CAST(SUM(event) AS BIGINT) AS events,
    CAST(COUNT(*) AS BIGINT) - CAST(SUM(event) AS BIGINT) AS censored
FROM spells
GROUP BY region, first_year, class_no, t_days
