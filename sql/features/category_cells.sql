-- category_cells: what was sold of one product category in one month, to whomever.
-- Key: month_no, category.
-- Units: money in ten-thousandths. month_no is the calendar's; 0 is before the calendar begins.
WITH months AS (
    SELECT d.day AS day, c.period_no AS month_no
    FROM (SELECT counted_day AS day FROM goods_lines WHERE counted_day IS NOT NULL GROUP BY counted_day) AS d
    CROSS JOIN calendar AS c
    WHERE c.period_kind = 'month' AND d.day >= c.start_day AND d.day < c.end_day
),
-- Days first: there are few, and no line has to be joined with its month.
daily AS (
    SELECT
        counted_day AS day,
        category_no,
        CAST(COUNT(*) AS BIGINT) AS lines,
        CAST(SUM(CASE WHEN is_gross THEN amount_e4 ELSE 0 END) AS BIGINT) AS gross_revenue_e4,
        CAST(SUM(amount_e4) AS BIGINT) AS net_revenue_e4,
        CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
        CAST(SUM(COALESCE(cost_e4, 0)) AS BIGINT) AS cost_e4,
        CAST(SUM(CASE WHEN cost_e4 IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS lines_without_cost
    FROM goods_lines
    WHERE counted_day IS NOT NULL
    GROUP BY counted_day, category_no
),
sums AS (
    SELECT
        CAST(COALESCE(m.month_no, 0) AS INTEGER) AS month_no,
        d.category_no AS category_no,
        CAST(SUM(d.lines) AS BIGINT) AS lines,
        CAST(SUM(d.gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
        CAST(SUM(d.net_revenue_e4) AS BIGINT) AS net_revenue_e4,
        CAST(SUM(d.discount_e4) AS BIGINT) AS discount_e4,
        CAST(SUM(d.cost_e4) AS BIGINT) AS cost_e4,
        CAST(SUM(d.lines_without_cost) AS BIGINT) AS lines_without_cost
    FROM daily AS d
    LEFT JOIN months AS m ON d.day = m.day
    GROUP BY CAST(COALESCE(m.month_no, 0) AS INTEGER), d.category_no
)
SELECT
    s.month_no AS month_no,
    c.category AS category,
    s.lines AS lines,
    s.gross_revenue_e4 AS gross_revenue_e4,
    s.net_revenue_e4 AS net_revenue_e4,
    s.discount_e4 AS discount_e4,
    s.cost_e4 AS cost_e4,
    s.lines_without_cost AS lines_without_cost
FROM sums AS s
JOIN product_categories AS c ON s.category_no = c.category_no
