-- offered_products: one product of the catalogue or of a line of goods, with its number and what a recommendation has to know
-- of it.
-- Key: product_no. Numbers are in the order of the ids. Variants of one product share a root_no.
-- Units: money in ten-thousandths. margin_e4 is what one unit brought, less its cost; where no sale has a cost, the list
-- price less the cost; null where neither is known.
-- status: excluded ([affinity] exclude_products), discontinued, not_yet_sold, out_of_stock; ok otherwise.
WITH ids AS (
    SELECT product_id FROM goods_lines WHERE product_id IS NOT NULL GROUP BY product_id
    UNION ALL
    SELECT product_id FROM staged_products
),
products AS (
    SELECT product_id FROM ids GROUP BY product_id
),
described AS (
    SELECT
        i.product_id AS product_id,
        CASE WHEN s.variant_of IS NULL THEN i.product_id ELSE s.variant_of END AS root_id,
        COALESCE(s.category, 'unknown') AS category,
        s.category IS NOT NULL AS has_category,
        s.brand AS brand,
        s.price_e4 AS price_e4,
        s.cost_e4 AS cost_e4,
        s.stock_e4 AS stock_e4,
        s.available_from_day AS available_from_day,
        s.available_to_day AS available_to_day
    FROM products AS i
    LEFT JOIN staged_products AS s ON i.product_id = s.product_id
),
roots AS (
    SELECT root_id, CAST(ROW_NUMBER() OVER (ORDER BY root_id) AS INTEGER) AS root_no
    FROM (SELECT root_id FROM described GROUP BY root_id) AS distinct_roots
),
sales AS (
    SELECT
        product_id,
        CAST(SUM(amount_e4 - cost_e4) AS BIGINT) AS margin_e4,
        CAST(SUM(quantity_e4) AS BIGINT) AS quantity_e4
    FROM goods_lines
    WHERE is_sold AND product_id IS NOT NULL AND cost_e4 IS NOT NULL AND quantity_e4 > 0
    GROUP BY product_id
),
-- A unit's margin in whole numbers: the quotient is exact, a quarter keeps it so where a cast cuts off and where it rounds.
margins AS (
    SELECT
        product_id,
        CASE
            WHEN margin_e4 >= 0
            THEN CAST((margin_e4 * 10000 - (margin_e4 * 10000) % quantity_e4) / quantity_e4 + 0.25 AS BIGINT)
            ELSE 0 - CAST(
                ((0 - margin_e4) * 10000 - ((0 - margin_e4) * 10000) % quantity_e4) / quantity_e4 + 0.25 AS BIGINT
            )
        END AS margin_e4
    FROM sales
)
SELECT
    CAST(ROW_NUMBER() OVER (ORDER BY d.product_id) AS INTEGER) AS product_no,
    d.product_id AS product_id,
    r.root_no AS root_no,
    c.category_no AS category_no,
    d.has_category AS has_category,
    d.brand AS brand,
    CASE
        WHEN x.product_id IS NOT NULL THEN 'excluded'
        WHEN d.available_to_day < p.as_of_day THEN 'discontinued'
        WHEN d.available_from_day > p.as_of_day THEN 'not_yet_sold'
        WHEN d.stock_e4 <= 0 THEN 'out_of_stock'
        ELSE 'ok'
    END AS status,
    d.price_e4 AS price_e4,
    d.cost_e4 AS cost_e4,
    COALESCE(m.margin_e4, d.price_e4 - d.cost_e4) AS margin_e4
FROM described AS d
JOIN roots AS r ON d.root_id = r.root_id
JOIN product_categories AS c ON d.category = c.category
CROSS JOIN run_params AS p
LEFT JOIN margins AS m ON d.product_id = m.product_id
LEFT JOIN excluded_products AS x ON d.product_id = x.product_id
