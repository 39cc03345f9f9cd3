-- affinity_ptp: what is bought together with one product, the most frequent partner first.
-- Key: level, product_a, product_b. Both directions are present, since confidence differs.
-- Units: n_* in baskets; support, confidence and lift are ratios of those counts. Raw lift is reported and never ranks.
WITH totals AS (
    SELECT CAST(COUNT(DISTINCT order_id) AS BIGINT) AS n_total FROM basket_products
),
directed AS (
    SELECT product_no_a, product_no_b, baskets, 0 - baskets AS fewest_last FROM product_pairs
    UNION ALL
    SELECT product_no_b AS product_no_a, product_no_a AS product_no_b, baskets, 0 - baskets AS fewest_last
    FROM product_pairs
),
ranked AS (
    SELECT
        d.product_no_a AS product_no_a,
        d.product_no_b AS product_no_b,
        d.baskets AS n_ab,
        CAST(ROW_NUMBER() OVER (PARTITION BY d.product_no_a ORDER BY d.fewest_last, d.product_no_b) AS BIGINT) AS place
    FROM directed AS d
)
SELECT
    'product' AS level,
    a.product_id AS product_a,
    b.product_id AS product_b,
    'pair' AS direction,
    CAST(r.place AS INTEGER) AS rank,
    a.baskets AS n_a,
    b.baskets AS n_b,
    r.n_ab AS n_ab,
    t.n_total AS n_total,
    CAST(r.n_ab AS DOUBLE) / CAST(t.n_total AS DOUBLE) AS support,
    CAST(r.n_ab AS DOUBLE) / CAST(a.baskets AS DOUBLE) AS confidence,
    (CAST(r.n_ab AS DOUBLE) * CAST(t.n_total AS DOUBLE))
        / (CAST(a.baskets AS DOUBLE) * CAST(b.baskets AS DOUBLE)) AS lift
FROM ranked AS r
JOIN product_counts AS a ON r.product_no_a = a.product_no
JOIN product_counts AS b ON r.product_no_b = b.product_no
CROSS JOIN totals AS t
CROSS JOIN run_params AS p
WHERE r.place <= p.pair_top_k
