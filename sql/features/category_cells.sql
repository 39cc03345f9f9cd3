-- category_cells: what was sold of one product category in one month, to whomever.
-- Key: month_no, category.
-- Units: money in ten-thousandths. month_no is the calendar's; 0 is before the calendar begins.
SELECT
    month_no,
    category,
    CAST(SUM(lines) AS BIGINT) AS lines,
    CAST(SUM(gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
    CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4,
    CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
    CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
    CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost
FROM customer_categories_by_month
GROUP BY month_no, category
