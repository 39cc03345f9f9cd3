-- peer_groups: the peers of one customer: region, customer type, first category, and how long they have been with us.
-- Key: customer_id. Every known customer; what is not known is the group unknown, without an order the band is none.
-- Groups at level 1 share all four, at level 2 all but the category, at level 3 region and type; level 4 is everybody.
-- They are numbered in the order of their names (spec/definitions.md 3.2).
WITH first_day AS (
    SELECT
        l.customer_id AS customer_id,
        l.category_no AS category_no,
        CAST(SUM(l.amount_e4) AS BIGINT) AS spent_e4
    FROM goods_lines AS l
    JOIN customer_summary AS s ON l.customer_id = s.customer_id AND l.order_day = s.first_order_day
    WHERE NOT l.is_cancelled AND l.amount_e4 > 0 AND l.has_category
    GROUP BY l.customer_id, l.category_no
),
most AS (
    SELECT customer_id, MAX(spent_e4) AS spent_e4 FROM first_day GROUP BY customer_id
),
-- Of categories with the same spend, the first by name.
first_categories AS (
    SELECT f.customer_id AS customer_id, MIN(f.category_no) AS category_no
    FROM first_day AS f
    JOIN most AS m ON f.customer_id = m.customer_id AND f.spent_e4 = m.spent_e4
    GROUP BY f.customer_id
),
-- Bands are looked up for the few tenures there are, so that the many rows need no range join.
tenures AS (
    SELECT tenure_days FROM customer_summary WHERE tenure_days IS NOT NULL GROUP BY tenure_days
),
tenure_names AS (
    SELECT t.tenure_days AS tenure_days, b.tenure_band AS tenure_band
    FROM tenures AS t
    CROSS JOIN tenure_bands AS b
    WHERE t.tenure_days >= b.from_days AND (b.to_days IS NULL OR t.tenure_days < b.to_days)
),
unknown AS (
    SELECT category_no FROM product_categories WHERE category = 'unknown'
),
named AS (
    SELECT
        s.customer_id AS customer_id,
        COALESCE(c.region, 'unknown') AS region,
        COALESCE(c.customer_type, 'unknown') AS customer_type,
        COALESCE(f.category_no, u.category_no) AS category_no,
        COALESCE(t.tenure_band, 'none') AS tenure_band
    FROM customer_summary AS s
    CROSS JOIN unknown AS u
    LEFT JOIN staged_customers AS c ON s.customer_id = c.customer_id
    LEFT JOIN first_categories AS f ON s.customer_id = f.customer_id
    LEFT JOIN tenure_names AS t ON s.tenure_days = t.tenure_days
),
cells AS (
    SELECT region, customer_type, category_no, tenure_band
    FROM named
    GROUP BY region, customer_type, category_no, tenure_band
),
-- Numbers of categories are in the order of their names.
numbered AS (
    SELECT
        c.region AS region,
        c.customer_type AS customer_type,
        c.category_no AS category_no,
        p.category AS first_category,
        c.tenure_band AS tenure_band,
        CAST(DENSE_RANK() OVER (ORDER BY c.region, c.customer_type, c.tenure_band, c.category_no) AS BIGINT) AS group_1,
        CAST(DENSE_RANK() OVER (ORDER BY c.region, c.customer_type, c.tenure_band) AS BIGINT) AS group_2,
        CAST(DENSE_RANK() OVER (ORDER BY c.region, c.customer_type) AS BIGINT) AS group_3
    FROM cells AS c
    JOIN product_categories AS p ON c.category_no = p.category_no
)
SELECT
    n.customer_id AS customer_id,
    n.region AS region,
    n.customer_type AS customer_type,
    c.first_category AS first_category,
    n.tenure_band AS tenure_band,
    c.group_1 AS group_1,
    c.group_2 AS group_2,
    c.group_3 AS group_3
FROM named AS n
JOIN numbered AS c
    ON n.region = c.region
    AND n.customer_type = c.customer_type
    AND n.category_no = c.category_no
    AND n.tenure_band = c.tenure_band
