-- attrition_activity: how much, how evenly and how broadly one customer bought of late.
-- Key: customer_id. Left out: customers without a qualifying order.
-- Units: money in ten-thousandths; windows of 90 and 365 days end at as_of, prev is the window of 90 days before. gap_spread
-- is the squared coefficient of variation of the gaps between purchase days: 0 for a clockwork, 1 for pure chance; null with
-- fewer than two gaps. Shares are of the last 365 days, null without revenue in them. A category is lost when its last
-- purchase lies between 180 and 365 days back.
WITH bought AS (
    SELECT
        d.customer_id AS customer_id,
        CAST(SUM(CASE WHEN d.orders > 0 AND d.day >= p.as_of_day - 90 THEN 1 ELSE 0 END) AS BIGINT) AS days_90d,
        CAST(
            SUM(CASE WHEN d.orders > 0 AND d.day >= p.as_of_day - 180 AND d.day < p.as_of_day - 90 THEN 1 ELSE 0 END)
            AS BIGINT
        ) AS days_prev_90d,
        CAST(SUM(CASE WHEN d.orders > 0 AND d.day >= p.as_of_day - 365 THEN 1 ELSE 0 END) AS BIGINT) AS days_365d,
        CAST(SUM(CASE WHEN d.day >= p.as_of_day - 90 THEN d.net_revenue_e4 ELSE 0 END) AS BIGINT) AS net_90d_e4,
        CAST(
            SUM(CASE WHEN d.day >= p.as_of_day - 180 AND d.day < p.as_of_day - 90 THEN d.net_revenue_e4 ELSE 0 END) AS BIGINT
        ) AS net_prev_90d_e4,
        CAST(SUM(CASE WHEN d.day >= p.as_of_day - 365 THEN d.net_revenue_e4 ELSE 0 END) AS BIGINT) AS net_365d_e4,
        CAST(SUM(CASE WHEN d.day >= p.as_of_day - 365 THEN d.gross_revenue_e4 ELSE 0 END) AS BIGINT) AS gross_365d_e4,
        CAST(SUM(CASE WHEN d.day >= p.as_of_day - 365 THEN d.discount_e4 ELSE 0 END) AS BIGINT) AS discount_365d_e4,
        CAST(SUM(CASE WHEN d.orders > 0 THEN 1 ELSE 0 END) AS BIGINT) AS purchase_days
    FROM customer_days AS d
    CROSS JOIN run_params AS p
    GROUP BY d.customer_id
),
gaps AS (
    SELECT
        customer_id,
        CAST(day - previous_day AS BIGINT) AS gap_days
    FROM purchase_days
    WHERE previous_day IS NOT NULL
),
rhythm AS (
    SELECT
        customer_id,
        CAST(COUNT(*) AS BIGINT) AS gaps,
        CAST(SUM(gap_days) AS BIGINT) AS days,
        CAST(SUM(gap_days * gap_days) AS BIGINT) AS squares
    FROM gaps
    GROUP BY customer_id
),
categories AS (
    SELECT
        l.customer_id AS customer_id,
        l.category_no AS category_no,
        MAX(l.counted_day) AS last_day
    FROM goods_lines AS l
    CROSS JOIN run_params AS p
    WHERE l.customer_id IS NOT NULL AND l.is_sold AND l.has_category AND l.counted_day >= p.as_of_day - 365
    GROUP BY l.customer_id, l.category_no
),
breadth AS (
    SELECT
        c.customer_id AS customer_id,
        CAST(COUNT(*) AS BIGINT) AS categories_365d,
        CAST(SUM(CASE WHEN c.last_day < p.as_of_day - 180 THEN 1 ELSE 0 END) AS BIGINT) AS categories_lost
    FROM categories AS c
    CROSS JOIN run_params AS p
    GROUP BY c.customer_id
)
SELECT
    b.customer_id AS customer_id,
    b.days_90d AS days_90d,
    b.days_prev_90d AS days_prev_90d,
    b.days_365d AS days_365d,
    b.net_90d_e4 AS net_90d_e4,
    b.net_prev_90d_e4 AS net_prev_90d_e4,
    b.net_365d_e4 AS net_365d_e4,
    CASE
        WHEN r.gaps > 1
        THEN CAST(r.gaps * r.squares - r.days * r.days AS DOUBLE) / CAST(r.days * r.days AS DOUBLE)
    END AS gap_spread,
    CASE
        WHEN b.gross_365d_e4 + b.discount_365d_e4 > 0
        THEN CAST(b.discount_365d_e4 AS DOUBLE) / CAST(b.gross_365d_e4 + b.discount_365d_e4 AS DOUBLE)
    END AS discount_share,
    CASE
        WHEN b.gross_365d_e4 > 0
        THEN CAST(b.gross_365d_e4 - b.net_365d_e4 AS DOUBLE) / CAST(b.gross_365d_e4 AS DOUBLE)
    END AS return_share,
    c.categories_365d AS categories_365d,
    c.categories_lost AS categories_lost
FROM bought AS b
LEFT JOIN rhythm AS r ON b.customer_id = r.customer_id
LEFT JOIN breadth AS c ON b.customer_id = c.customer_id
WHERE b.purchase_days > 0
