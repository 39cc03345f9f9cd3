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
-- A pair is one number while it is counted (2147483648 is 2 to the 31st, so that the division is exact): grouping by
-- one number takes less time and half the memory of two.
pairs AS (
    SELECT a.product_no * 2147483648 + b.product_no AS pair_no
    FROM numbered AS a
    JOIN numbered AS b ON a.order_id = b.order_id
    WHERE a.product_no < b.product_no
),
counted AS (
    SELECT pair_no, CAST(COUNT(*) AS BIGINT) AS baskets FROM pairs GROUP BY pair_no
)
SELECT
    CAST((c.pair_no - c.pair_no % 2147483648) / 2147483648 AS BIGINT) AS product_no_a,
    c.pair_no % 2147483648 AS product_no_b,
    c.baskets AS baskets
FROM counted AS c
CROSS JOIN run_params AS p
WHERE c.baskets >= p.min_pair_count
