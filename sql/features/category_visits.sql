-- category_visits: one customer who bought of one product category in one month, for the count of buyers.
-- Key: none. A customer may be there twice. Left out: nobody identified, and categories of which nothing was kept.
SELECT
    n.customer_no AS customer_no,
    c.month_no AS month_no,
    c.category_no AS category_no
FROM customer_categories_by_month AS c
JOIN customer_numbers AS n ON c.customer_id = n.customer_id
WHERE c.first_sold_day IS NOT NULL
