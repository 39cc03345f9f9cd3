-- product_pairs: in how many baskets two products are together.
-- Key: product_no_a, product_no_b. The first is the smaller. Left out: pairs below [affinity] min_count.
-- A product below it can be in no such pair and is dropped before counting.
WITH numbered AS (
    SELECT
        b.order_id AS order_id,
        c.product_no AS product_no
    FROM basket_products AS b
    JOIN product_counts AS c ON b.product_id = c.product_id
    CROSS JOIN run_params AS p
    WHERE c.baskets >= p.min_pair_count
),
pairs AS (
    SELECT
        a.product_no AS product_no_a,
        b.product_no AS product_no_b
    FROM numbered AS a
    JOIN numbered AS b ON a.order_id = b.order_id
    WHERE a.product_no < b.product_no
),
counted AS (
    SELECT
        product_no_a,
        product_no_b,
        CAST(COUNT(*) AS BIGINT) AS baskets
    FROM pairs
    GROUP BY product_no_a, product_no_b
)
SELECT
    c.product_no_a AS product_no_a,
    c.product_no_b AS product_no_b,
    c.baskets AS baskets
FROM counted AS c
CROSS JOIN run_params AS p
WHERE c.baskets >= p.min_pair_count
