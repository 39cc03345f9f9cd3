-- growth_expansion: how much of the growth of one grown customer came from where, between two compared periods.
-- Key: none. period_no, customer_id and part identify a row. Left out: customers who did not order in both periods, or
-- whose net revenue fell.
-- Units: money in ten-thousandths; the parts of a customer add up to the growth of that customer, so that one may be
-- negative: less of what was bought before, more of something else.
-- Parts: existing (categories that the customer bought before the period), cross_sell (categories bought for the first
-- time), new_products (products that came on sale in the period), unsplit (products without a category).
WITH grown AS (
    SELECT m.period_no AS period_no, m.customer_id AS customer_id, q.start_day AS start_day
    FROM growth_moves AS m
    JOIN periods AS q ON m.period_no = q.period_no
    WHERE m.move = 'expansion'
),
-- What was bought in the period counts for it, what was bought in the one before against it.
sides AS (
    SELECT customer_id, period_no AS bought_in, period_no, start_day, 1 AS is_now FROM grown
    UNION ALL
    SELECT customer_id, CAST(period_no - 1 AS INTEGER) AS bought_in, period_no, start_day, 0 AS is_now FROM grown
),
firsts AS (
    SELECT customer_id, category_no, MIN(first_sold_day) AS first_sold_day
    FROM customer_categories_by_month
    GROUP BY customer_id, category_no
),
moved AS (
    SELECT
        g.period_no AS period_no,
        g.customer_id AS customer_id,
        g.start_day AS start_day,
        c.category_no AS category_no,
        CASE WHEN c.is_launch AND g.is_now = 1 THEN 1 ELSE 0 END AS is_launch,
        CASE WHEN g.is_now = 1 THEN c.net_revenue_e4 ELSE 0 - c.net_revenue_e4 END AS net_e4
    FROM customer_categories_by_month AS c
    JOIN sides AS g ON c.customer_id = g.customer_id AND c.period_no = g.bought_in
),
unknown AS (
    SELECT category_no FROM product_categories WHERE category = 'unknown'
),
-- A part is a number while it is summed.
parted AS (
    SELECT
        m.period_no AS period_no,
        m.customer_id AS customer_id,
        CASE
            WHEN m.is_launch = 1 THEN 3
            WHEN m.category_no = u.category_no THEN 4
            WHEN f.first_sold_day >= m.start_day THEN 2
            ELSE 1
        END AS part_no,
        m.net_e4 AS net_e4
    FROM moved AS m
    JOIN firsts AS f ON m.customer_id = f.customer_id AND m.category_no = f.category_no
    CROSS JOIN unknown AS u
),
summed AS (
    SELECT period_no, customer_id, part_no, CAST(SUM(net_e4) AS BIGINT) AS amount_e4
    FROM parted
    GROUP BY period_no, customer_id, part_no
)
SELECT
    period_no,
    customer_id,
    CASE
        WHEN part_no = 1 THEN 'existing'
        WHEN part_no = 2 THEN 'cross_sell'
        WHEN part_no = 3 THEN 'new_products'
        ELSE 'unsplit'
    END AS part,
    amount_e4
FROM summed
