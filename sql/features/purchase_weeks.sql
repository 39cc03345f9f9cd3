-- purchase_weeks: how many repeat purchases the customers of the tracked cohort made in one week.
-- Key: stratum_no, week_no. Every complete week, also those without a purchase; stratum 0 is everybody. The cohort is
-- everybody who came before the fit that is tracked, so that nobody is new in the holdout.
-- Units: purchases are days with a qualifying order, the first of a customer left out.
WITH weeks_of_days AS (
    SELECT d.day AS day, w.week_no AS week_no
    FROM (SELECT day FROM purchase_days GROUP BY day) AS d
    CROSS JOIN ltv_weeks AS w
    WHERE d.day >= w.start_day AND d.day < w.end_day
),
repeats AS (
    SELECT c.stratum_no AS stratum_no, d.day AS day, CAST(COUNT(*) AS BIGINT) AS purchases
    FROM purchase_days AS d
    JOIN customer_summary AS s ON d.customer_id = s.customer_id
    JOIN ltv_customers AS c ON d.customer_id = c.customer_id
    CROSS JOIN ltv_origins AS o
    WHERE d.purchase_day_no > 1 AND o.is_tracked AND s.first_order_day < o.origin_day
    GROUP BY c.stratum_no, d.day
),
in_weeks AS (
    SELECT r.stratum_no AS stratum_no, w.week_no AS week_no, r.purchases AS purchases
    FROM repeats AS r
    JOIN weeks_of_days AS w ON r.day = w.day
),
counted AS (
    SELECT stratum_no, week_no, CAST(SUM(purchases) AS BIGINT) AS purchases
    FROM in_weeks
    WHERE stratum_no > 0
    GROUP BY stratum_no, week_no
    UNION ALL
    SELECT CAST(0 AS INTEGER) AS stratum_no, week_no, CAST(SUM(purchases) AS BIGINT) AS purchases
    FROM in_weeks
    GROUP BY week_no
)
SELECT
    s.stratum_no AS stratum_no,
    w.week_no AS week_no,
    w.end_day AS end_day,
    w.is_holdout AS is_holdout,
    COALESCE(c.purchases, 0) AS repeat_purchases
FROM ltv_strata AS s
CROSS JOIN ltv_weeks AS w
LEFT JOIN counted AS c ON s.stratum_no = c.stratum_no AND w.week_no = c.week_no
