-- cohorts: of the customers who first bought in one month, how many bought again k months later, and for how much.
-- Key: cohort, k. Left out: customers whose first order is older than the calendar ([summary] years).
-- Units: money in ten-thousandths. A month that is not over has no figure, which is not zero (spec/definitions.md 3.7).
WITH months AS (
    SELECT c.period_no AS period_no, c.label AS label, c.start_day AS start_day, c.end_day AS end_day
    FROM calendar AS c
    WHERE c.period_kind = 'month'
),
day_months AS (
    SELECT d.day AS day, m.period_no AS period_no
    FROM (SELECT day FROM customer_days GROUP BY day) AS d
    CROSS JOIN months AS m
    WHERE d.day >= m.start_day AND d.day < m.end_day
),
members AS (
    SELECT s.customer_id AS customer_id, m.period_no AS cohort_no
    FROM customer_summary AS s
    JOIN day_months AS m ON s.first_order_day = m.day
),
sizes AS (
    SELECT cohort_no, CAST(COUNT(*) AS BIGINT) AS size FROM members GROUP BY cohort_no
),
bought AS (
    SELECT
        c.cohort_no AS cohort_no,
        m.period_no AS period_no,
        d.customer_id AS customer_id,
        MAX(CASE WHEN d.orders > 0 THEN 1 ELSE 0 END) AS is_active,
        CAST(SUM(d.net_revenue_e4) AS BIGINT) AS net_revenue_e4
    FROM customer_days AS d
    JOIN day_months AS m ON d.day = m.day
    JOIN members AS c ON d.customer_id = c.customer_id
    GROUP BY c.cohort_no, m.period_no, d.customer_id
),
active AS (
    SELECT
        cohort_no,
        period_no,
        CAST(SUM(is_active) AS BIGINT) AS active,
        CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4
    FROM bought
    GROUP BY cohort_no, period_no
),
triangle AS (
    SELECT
        z.cohort_no AS cohort_no,
        m.period_no AS period_no,
        m.period_no - z.cohort_no AS k,
        z.size AS size,
        m.end_day <= p.as_of_day AS complete
    FROM sizes AS z
    CROSS JOIN months AS m
    CROSS JOIN run_params AS p
    WHERE m.period_no >= z.cohort_no
)
SELECT
    f.label AS cohort,
    CAST(t.k AS INTEGER) AS k,
    t.size AS size,
    CASE WHEN t.complete THEN COALESCE(a.active, 0) END AS active,
    CASE WHEN t.complete THEN CAST(COALESCE(a.active, 0) AS DOUBLE) / CAST(t.size AS DOUBLE) END AS retention,
    CASE WHEN t.complete THEN COALESCE(a.net_revenue_e4, 0) END AS net_revenue_e4,
    t.complete AS complete
FROM triangle AS t
JOIN months AS f ON t.cohort_no = f.period_no
LEFT JOIN active AS a ON t.cohort_no = a.cohort_no AND t.period_no = a.period_no
