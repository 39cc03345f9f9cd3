-- product_quality: how often one product came back, and what contacts say of it.
-- Key: product_id. Left out: products that were neither sold, nor given back, nor named by a contact in the last
-- [contact_centre] window_days days.
-- Units: lines of goods, money; free lines and cancelled orders count nowhere. Rates are over the lines sold; one may pass 1
-- when what was sold before the window comes back in it. return_lo is Wilson's lower 95 % bound, for 30 lines or more: what
-- surely comes back. Defects are contacts whose reason is one of [contact_centre] defect_reasons.
WITH lines AS (
    SELECT
        l.product_id AS product_id,
        -- Also what came back as a whole order: it was sold before.
        CASE WHEN l.is_gross THEN 1 ELSE 0 END AS sold,
        CASE WHEN l.amount_e4 < 0 OR l.quantity_e4 < 0 THEN 1 ELSE 0 END AS returned,
        l.amount_e4 AS amount_e4
    FROM goods_lines AS l
    CROSS JOIN contact_centre_params AS p
    WHERE l.product_id IS NOT NULL AND NOT l.is_cancelled AND l.order_day >= p.window_day
),
heard AS (
    SELECT
        c.product_id AS product_id,
        c.n AS n,
        COALESCE(c.complaint, 0) AS complaint,
        CASE WHEN d.reason_code IS NOT NULL THEN 1 ELSE 0 END AS defect
    FROM centre_contacts AS c
    LEFT JOIN defect_reasons AS d ON c.reason = d.reason_code
    WHERE c.product_id IS NOT NULL AND c.is_in = 1
),
both_sides AS (
    SELECT
        product_id,
        CAST(SUM(sold) AS BIGINT) AS lines_sold,
        CAST(SUM(returned) AS BIGINT) AS lines_returned,
        CAST(SUM(sold * amount_e4) AS BIGINT) AS sold_e4,
        CAST(SUM(0 - returned * amount_e4) AS BIGINT) AS returned_e4,
        CAST(0 AS BIGINT) AS contacts,
        CAST(0 AS BIGINT) AS complaints,
        CAST(0 AS BIGINT) AS defects
    FROM lines
    GROUP BY product_id
    UNION ALL
    SELECT
        product_id,
        CAST(0 AS BIGINT) AS lines_sold,
        CAST(0 AS BIGINT) AS lines_returned,
        CAST(0 AS BIGINT) AS sold_e4,
        CAST(0 AS BIGINT) AS returned_e4,
        CAST(SUM(n) AS BIGINT) AS contacts,
        CAST(SUM(n * complaint) AS BIGINT) AS complaints,
        CAST(SUM(n * defect) AS BIGINT) AS defects
    FROM heard
    GROUP BY product_id
),
sums AS (
    SELECT
        product_id,
        CAST(SUM(lines_sold) AS BIGINT) AS lines_sold,
        CAST(SUM(lines_returned) AS BIGINT) AS lines_returned,
        CAST(SUM(sold_e4) AS BIGINT) AS sold_e4,
        CAST(SUM(returned_e4) AS BIGINT) AS returned_e4,
        CAST(SUM(contacts) AS BIGINT) AS contacts,
        CAST(SUM(complaints) AS BIGINT) AS complaints,
        CAST(SUM(defects) AS BIGINT) AS defects
    FROM both_sides
    GROUP BY product_id
),
numbers AS (
    SELECT
        product_id,
        lines_sold,
        lines_returned,
        sold_e4,
        returned_e4,
        contacts,
        complaints,
        defects,
        CAST(lines_returned AS DOUBLE) AS x,
        CAST(NULLIF(lines_sold, 0) AS DOUBLE) AS d
    FROM sums
    WHERE lines_sold + lines_returned + contacts > 0
)
SELECT
    product_id,
    lines_sold,
    lines_returned,
    sold_e4,
    returned_e4,
    x / d AS return_rate,
    CASE WHEN lines_sold >= 30 AND lines_returned <= lines_sold THEN GREATEST(0.0, (x + 1.920729410347062
        - 1.959963984540054 * SQRT(x * (d - x) / d + 0.960364705173531)) / (d + 3.841458820694124)) END AS return_lo,
    contacts,
    complaints,
    defects,
    CAST(complaints AS DOUBLE) / d AS complaint_rate,
    CAST(defects AS DOUBLE) / d AS defect_rate,
    CASE WHEN lines_sold = 0 THEN 'not_sold' WHEN lines_sold < 30 THEN 'too_few' ELSE 'ok' END AS status
FROM numbers
