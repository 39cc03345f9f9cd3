-- growth_expansion: how much of the growth of one grown customer came from where, between two compared periods.
-- Key: none. period_no, customer_id and part identify a row. Left out: customers who did not order in both periods, or
-- whose net revenue fell.
-- Units: money in ten-thousandths; the parts of a customer add up to the growth of that customer, so that one may be
-- negative: less of what was bought before, more of something else.
-- Parts: existing (categories that the customer bought before the period), cross_sell (categories bought for the first
-- time), new_products (products that came on sale in the period), unsplit (products without a category).
WITH grown AS (
    SELECT m.period_no AS period_no, m.period_no - 1 AS prev_no, m.customer_id AS customer_id, q.start_day AS start_day
    FROM growth_moves AS m
    JOIN periods AS q ON m.period_no = q.period_no
    WHERE m.move = 'expansion'
),
firsts AS (
    SELECT customer_id, category, MIN(first_sold_day) AS first_sold_day
    FROM customer_categories_by_month
    GROUP BY customer_id, category
),
moved AS (
    SELECT
        g.period_no AS period_no,
        g.customer_id AS customer_id,
        g.start_day AS start_day,
        c.category AS category,
        CASE WHEN c.is_launch THEN 1 ELSE 0 END AS is_launch,
        c.net_revenue_e4 AS net_e4
    FROM grown AS g
    JOIN customer_categories_by_month AS c ON g.customer_id = c.customer_id AND g.period_no = c.period_no
    UNION ALL
    SELECT
        g.period_no AS period_no,
        g.customer_id AS customer_id,
        g.start_day AS start_day,
        c.category AS category,
        0 AS is_launch,
        0 - c.net_revenue_e4 AS net_e4
    FROM grown AS g
    JOIN customer_categories_by_month AS c ON g.customer_id = c.customer_id AND g.prev_no = c.period_no
),
parted AS (
    SELECT
        m.period_no AS period_no,
        m.customer_id AS customer_id,
        CASE
            WHEN m.is_launch = 1 THEN 'new_products'
            WHEN m.category = 'unknown' THEN 'unsplit'
            WHEN f.first_sold_day >= m.start_day THEN 'cross_sell'
            ELSE 'existing'
        END AS part,
        m.net_e4 AS net_e4
    FROM moved AS m
    JOIN firsts AS f ON m.customer_id = f.customer_id AND m.category = f.category
)
SELECT
    period_no,
    customer_id,
    part,
    CAST(SUM(net_e4) AS BIGINT) AS amount_e4
FROM parted
GROUP BY period_no, customer_id, part
