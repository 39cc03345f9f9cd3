-- category_cells: what was sold of one product category in one month, to whomever.
-- Key: month_no, category.
-- Units: money in ten-thousandths. month_no is the calendar's; 0 is before the calendar begins.
WITH sums AS (
    SELECT
        month_no,
        category_no,
        CAST(SUM(lines) AS BIGINT) AS lines,
        CAST(SUM(gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
        CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4,
        CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
        CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
        CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost
    FROM customer_categories_by_month
    GROUP BY month_no, category_no
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
