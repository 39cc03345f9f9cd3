-- lifecycle_periods: how many customers came, stayed, came back or stayed away in one period.
-- Key: period_no, state. Left out: the oldest period, which has none before it to compare with.
-- States (spec/definitions.md 3.6): new bought for the first time, returning bought in the period before too, resurrecting
-- did not, dormant bought in the period before and not in this. New, returning and resurrecting are the period's buyers.
-- Units: money in ten-thousandths, of this period; what dormant customers bought in the period before is in
-- previous_revenue_e4.
WITH day_periods AS (
    SELECT d.day AS day, q.period_no AS period_no
    FROM (SELECT day FROM customer_days GROUP BY day) AS d
    CROSS JOIN periods AS q
    WHERE d.day >= q.start_day AND d.day < q.end_day
),
active AS (
    SELECT
        q.period_no AS period_no,
        q.period_no + 1 AS next_no,
        d.customer_id AS customer_id,
        CAST(SUM(d.orders) AS BIGINT) AS orders,
        CAST(SUM(d.net_revenue_e4) AS BIGINT) AS net_revenue_e4
    FROM customer_days AS d
    JOIN day_periods AS q ON d.day = q.day
    GROUP BY q.period_no, d.customer_id
    HAVING CAST(SUM(d.orders) AS BIGINT) > 0
),
present AS (
    SELECT
        a.period_no AS period_no,
        CASE
            WHEN s.first_order_day >= q.start_day THEN 'new'
            WHEN b.customer_id IS NOT NULL THEN 'returning'
            ELSE 'resurrecting'
        END AS state,
        a.orders AS orders,
        a.net_revenue_e4 AS net_revenue_e4,
        COALESCE(b.net_revenue_e4, 0) AS previous_revenue_e4
    FROM active AS a
    JOIN customer_summary AS s ON a.customer_id = s.customer_id
    JOIN periods AS q ON a.period_no = q.period_no
    LEFT JOIN active AS b ON a.customer_id = b.customer_id AND a.period_no = b.next_no
    WHERE a.period_no > 1
),
absent AS (
    SELECT
        b.next_no AS period_no,
        'dormant' AS state,
        CAST(0 AS BIGINT) AS orders,
        CAST(0 AS BIGINT) AS net_revenue_e4,
        b.net_revenue_e4 AS previous_revenue_e4
    FROM active AS b
    JOIN periods AS q ON b.next_no = q.period_no
    LEFT JOIN active AS a ON b.customer_id = a.customer_id AND b.next_no = a.period_no
    WHERE a.customer_id IS NULL
),
moves AS (
    SELECT period_no, state, orders, net_revenue_e4, previous_revenue_e4 FROM present
    UNION ALL
    SELECT period_no, state, orders, net_revenue_e4, previous_revenue_e4 FROM absent
)
SELECT
    m.period_no AS period_no,
    m.state AS state,
    MAX(q.start_day) AS start_day,
    MAX(q.end_day) AS end_day,
    CAST(COUNT(*) AS BIGINT) AS customers,
    CAST(SUM(m.orders) AS BIGINT) AS orders,
    CAST(SUM(m.net_revenue_e4) AS BIGINT) AS net_revenue_e4,
    CAST(SUM(m.previous_revenue_e4) AS BIGINT) AS previous_revenue_e4
FROM moves AS m
JOIN periods AS q ON m.period_no = q.period_no
GROUP BY m.period_no, m.state
