-- shrink_parts: where the net revenue of one shrinking customer went: an identity, orders + units + price + mix = change.
-- Key: customer_id. Left out: customers who do not shrink or cannot be compared.
-- Units: money in ten-thousandths, rounded per part; mix is what is left, so the parts sum exactly.
-- With O orders, U units, R revenue before (0) and now (1): orders (O1 / O0 - 1) R0, units (U1 / U0 - O1 / O0) R0, price
-- the sum over products bought in both windows of u1 (r1 / u1 - r0 / u0). Without quantities units and price are null and
-- all but the number of orders is in mix. The vanished category is the largest that was bought before and is not now; it is the
-- driver when its loss is no smaller than any part, since it says more.
WITH priced AS (
    -- Casts stand outside of CASE: engines may compute a branch for rows that do not take it, and infinity has no cast.
    SELECT
        customer_id,
        units_now_e4,
        units_prev_e4,
        lines_without_quantity,
        revenue_now_e4,
        CAST(
            CASE
                WHEN units_now_e4 > 0 AND units_prev_e4 > 0
                THEN FLOOR(
                    CAST(units_now_e4 AS DOUBLE) * (CAST(revenue_prev_e4 AS DOUBLE) / CAST(units_prev_e4 AS DOUBLE)) + 0.5
                )
                ELSE CAST(revenue_now_e4 AS DOUBLE)
            END AS BIGINT
        ) AS at_old_price_e4
    FROM shrink_products
),
products AS (
    SELECT
        customer_id,
        CAST(SUM(units_now_e4) AS BIGINT) AS units_now_e4,
        CAST(SUM(units_prev_e4) AS BIGINT) AS units_prev_e4,
        CAST(SUM(lines_without_quantity) AS BIGINT) AS lines_without_quantity,
        CAST(SUM(revenue_now_e4 - at_old_price_e4) AS BIGINT) AS price_e4
    FROM priced
    GROUP BY customer_id
),
categories AS (
    SELECT
        s.customer_id AS customer_id,
        p.category AS category,
        0 - CAST(SUM(s.revenue_prev_e4) AS BIGINT) AS largest_first
    FROM shrink_products AS s
    JOIN staged_products AS p ON s.product_id = p.product_id
    WHERE p.category IS NOT NULL
    GROUP BY s.customer_id, p.category
    HAVING CAST(SUM(s.revenue_prev_e4) AS BIGINT) > 0 AND CAST(SUM(s.sales_now) AS BIGINT) = 0
),
vanished AS (
    SELECT
        customer_id,
        category,
        largest_first,
        CAST(ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY largest_first, category) AS BIGINT) AS place
    FROM categories
),
has_categories AS (
    SELECT CAST(COUNT(category) AS BIGINT) AS categories FROM staged_products
),
measured AS (
    SELECT
        w.customer_id AS customer_id,
        w.orders_now AS orders_now,
        w.revenue_now_e4 - w.revenue_prev_e4 AS change_e4,
        CAST(
            CASE
                WHEN w.orders_prev > 0
                THEN FLOOR(
                    CAST(w.revenue_prev_e4 AS DOUBLE)
                        * (CAST(w.orders_now - w.orders_prev AS DOUBLE) / CAST(w.orders_prev AS DOUBLE)) + 0.5
                )
                ELSE 0.0
            END AS BIGINT
        ) AS orders_e4,
        CAST(
            CASE
                WHEN u.lines_without_quantity > 0 OR u.customer_id IS NULL THEN NULL
                WHEN w.orders_now > 0 AND w.orders_prev > 0 AND u.units_prev_e4 > 0
                THEN FLOOR(
                    CAST(w.revenue_prev_e4 AS DOUBLE)
                        * (
                            CAST(u.units_now_e4 AS DOUBLE) / CAST(u.units_prev_e4 AS DOUBLE)
                            - CAST(w.orders_now AS DOUBLE) / CAST(w.orders_prev AS DOUBLE)
                        ) + 0.5
                )
                ELSE 0.0
            END AS BIGINT
        ) AS units_e4,
        CASE
            WHEN u.lines_without_quantity > 0 THEN NULL
            WHEN w.orders_now > 0 AND w.orders_prev > 0 AND u.units_prev_e4 > 0 THEN u.price_e4
            ELSE 0 * u.price_e4
        END AS price_e4,
        CASE
            WHEN u.customer_id IS NULL THEN 'no_products'
            WHEN u.lines_without_quantity > 0 THEN 'no_quantities'
            WHEN h.categories = 0 THEN 'no_categories'
            ELSE 'ok'
        END AS status,
        v.category AS lost_category,
        v.largest_first AS category_e4
    FROM shrink_windows AS w
    LEFT JOIN products AS u ON w.customer_id = u.customer_id
    LEFT JOIN (SELECT customer_id, category, largest_first FROM vanished WHERE place = 1) AS v
        ON w.customer_id = v.customer_id
    CROSS JOIN has_categories AS h
    WHERE w.status = 'ok' AND w.value_now_e4 < w.value_prev_e4
),
summed AS (
    SELECT
        customer_id,
        orders_now,
        change_e4,
        orders_e4,
        units_e4,
        price_e4,
        change_e4 - orders_e4 - COALESCE(units_e4, 0) - COALESCE(price_e4, 0) AS mix_e4,
        status,
        lost_category,
        category_e4
    FROM measured
),
worst AS (
    SELECT
        customer_id,
        LEAST(orders_e4, COALESCE(units_e4, 0), COALESCE(price_e4, 0), mix_e4) AS part_e4
    FROM summed
)
SELECT
    s.customer_id AS customer_id,
    s.status AS status,
    CAST(s.change_e4 AS BIGINT) AS change_e4,
    CAST(s.orders_e4 AS BIGINT) AS orders_e4,
    CAST(s.units_e4 AS BIGINT) AS units_e4,
    CAST(s.price_e4 AS BIGINT) AS price_e4,
    CAST(s.mix_e4 AS BIGINT) AS mix_e4,
    s.lost_category AS lost_category,
    CAST(s.category_e4 AS BIGINT) AS lost_category_e4,
    CASE
        WHEN s.orders_now = 0 THEN 'orders'
        WHEN s.category_e4 <= w.part_e4 THEN 'category'
        WHEN w.part_e4 >= 0 THEN NULL
        WHEN s.orders_e4 = w.part_e4 THEN 'orders'
        WHEN s.units_e4 = w.part_e4 THEN 'units'
        WHEN s.price_e4 = w.part_e4 THEN 'price'
        ELSE 'mix'
    END AS driver
FROM summed AS s
JOIN worst AS w ON s.customer_id = w.customer_id
