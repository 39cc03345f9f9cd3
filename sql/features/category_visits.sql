-- category_visits: one customer who bought of one product category in one month, for the count of buyers.
-- Key: none. A customer may be there twice. Left out: nobody identified, and categories of which nothing was kept.
SELECT
    customer_id,
    month_no,
    category
FROM customer_categories_by_month
WHERE customer_id IS NOT NULL AND first_sold_day IS NOT NULL
