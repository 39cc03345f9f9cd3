-- growth_parts: one part of the change of net revenue in one region between two compared periods.
-- Key: region, period_no, part. period_no is the later period.
-- Units: money in ten-thousandths. Parts: see growth; expansion is the whole of its parts, and is there too, as only it has
-- what was before and after.
WITH days AS (
    SELECT d.order_day AS order_day, q.period_no AS period_no
    FROM (SELECT order_day FROM orders GROUP BY order_day) AS d
    CROSS JOIN periods AS q
    WHERE d.order_day >= q.start_day AND d.order_day < q.end_day
),
anonymous AS (
    SELECT
        COALESCE(o.region, 'unknown') AS region,
        d.period_no AS period_no,
        CAST(SUM(o.net_revenue_e4) AS BIGINT) AS net_e4
    FROM orders AS o
    JOIN days AS d ON o.order_day = d.order_day
    WHERE o.customer_id IS NULL
    GROUP BY COALESCE(o.region, 'unknown'), d.period_no
),
moves AS (
    SELECT
        region,
        period_no,
        move AS part,
        CAST(COUNT(*) AS BIGINT) AS customers,
        CAST(SUM(before_e4) AS BIGINT) AS before_e4,
        CAST(SUM(now_e4) AS BIGINT) AS now_e4,
        CAST(SUM(now_e4 - before_e4) AS BIGINT) AS amount_e4
    FROM growth_moves
    GROUP BY region, period_no, move
),
expansion AS (
    SELECT
        m.region AS region,
        e.period_no AS period_no,
        e.part AS part,
        CAST(SUM(CASE WHEN e.amount_e4 <> 0 THEN 1 ELSE 0 END) AS BIGINT) AS customers,
        CAST(SUM(e.amount_e4) AS BIGINT) AS amount_e4
    FROM growth_expansion AS e
    JOIN growth_moves AS m ON e.period_no = m.period_no AND e.customer_id = m.customer_id
    GROUP BY m.region, e.period_no, e.part
),
-- What nobody identified bought in a period is after it, and before the next one.
sides AS (
    SELECT region, period_no, CAST(0 AS BIGINT) AS before_e4, net_e4 AS now_e4 FROM anonymous
    UNION ALL
    SELECT region, period_no + 1 AS period_no, net_e4 AS before_e4, CAST(0 AS BIGINT) AS now_e4 FROM anonymous
),
nobody AS (
    SELECT
        region,
        period_no,
        CAST(SUM(before_e4) AS BIGINT) AS before_e4,
        CAST(SUM(now_e4) AS BIGINT) AS now_e4
    FROM sides
    GROUP BY region, period_no
)
SELECT region, period_no, part, customers, before_e4, now_e4, amount_e4 FROM moves
UNION ALL
SELECT
    region, period_no, CONCAT('expansion_', part) AS part, customers,
    CAST(NULL AS BIGINT) AS before_e4, CAST(NULL AS BIGINT) AS now_e4, amount_e4
FROM expansion
UNION ALL
SELECT
    n.region AS region, n.period_no AS period_no, 'unidentified' AS part, CAST(0 AS BIGINT) AS customers,
    n.before_e4 AS before_e4, n.now_e4 AS now_e4, n.now_e4 - n.before_e4 AS amount_e4
FROM nobody AS n
JOIN periods AS q ON n.period_no = q.period_no
WHERE q.period_no > 1
