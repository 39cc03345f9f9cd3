-- product_pairs: in how many units (baskets, or customers) two products are together, counted by the engine alone.
-- Key: level, product_no_a, product_no_b. The first is the smaller. No published table reads it: the pair kernel counts the
-- same much faster, and tests hold one against the other. For an engine without the kernel this is the way.
-- Left out: pairs below [affinity] min_count, variants of one product, days before window_days, and, where megabaskets are
-- excluded, baskets and customers with more products than their limit.
WITH lines AS (
    SELECT
        l.order_no AS order_no,
        l.customer_no AS customer_no,
        l.product_no AS product_no
    FROM basket_lines AS l
    CROSS JOIN run_params AS p
    WHERE l.order_day >= p.affinity_from_day
),
baskets AS (
    SELECT order_no AS unit_no, product_no FROM lines GROUP BY order_no, product_no
),
customers AS (
    SELECT customer_no AS unit_no, product_no FROM lines WHERE customer_no > 0 GROUP BY customer_no, product_no
),
units AS (
    SELECT 'basket' AS level, b.unit_no AS unit_no, b.product_no AS product_no, p.max_basket_products AS most
    FROM baskets AS b
    CROSS JOIN run_params AS p
    UNION ALL
    SELECT 'customer' AS level, c.unit_no AS unit_no, c.product_no AS product_no, p.max_customer_products AS most
    FROM customers AS c
    CROSS JOIN run_params AS p
),
sizes AS (
    SELECT level, unit_no, CAST(COUNT(*) AS BIGINT) AS products FROM units GROUP BY level, unit_no
),
tamed AS (
    SELECT u.level AS level, u.unit_no AS unit_no, u.product_no AS product_no
    FROM units AS u
    JOIN sizes AS s ON u.level = s.level AND u.unit_no = s.unit_no
    CROSS JOIN run_params AS p
    WHERE p.megabaskets <> 'exclude' OR s.products <= u.most
),
counts AS (
    SELECT level, product_no, CAST(COUNT(*) AS BIGINT) AS units FROM tamed GROUP BY level, product_no
),
-- A product below the least count can be in no such pair, and is dropped before counting.
frequent AS (
    SELECT t.level AS level, t.unit_no AS unit_no, t.product_no AS product_no
    FROM tamed AS t
    JOIN counts AS c ON t.level = c.level AND t.product_no = c.product_no
    CROSS JOIN run_params AS p
    WHERE c.units >= p.min_pair_count
),
-- A pair is one number while it is counted (2147483648 is 2 to the 31st, so that the division is exact): grouping by
-- one number takes less time and half the memory of two.
pairs AS (
    SELECT a.level AS level, CAST(a.product_no AS BIGINT) * 2147483648 + b.product_no AS pair_no
    FROM frequent AS a
    JOIN frequent AS b ON a.level = b.level AND a.unit_no = b.unit_no
    WHERE a.product_no < b.product_no
),
counted AS (
    SELECT level, pair_no, CAST(COUNT(*) AS BIGINT) AS units FROM pairs GROUP BY level, pair_no
),
split AS (
    SELECT
        c.level AS level,
        CAST((c.pair_no - c.pair_no % 2147483648) / 2147483648 AS INTEGER) AS product_no_a,
        CAST(c.pair_no % 2147483648 AS INTEGER) AS product_no_b,
        c.units AS units
    FROM counted AS c
    CROSS JOIN run_params AS p
    WHERE c.units >= p.min_pair_count
)
SELECT
    s.level AS level,
    s.product_no_a AS product_no_a,
    s.product_no_b AS product_no_b,
    s.units AS n_ab
FROM split AS s
JOIN offered_products AS a ON s.product_no_a = a.product_no
JOIN offered_products AS b ON s.product_no_b = b.product_no
WHERE a.root_no <> b.root_no
