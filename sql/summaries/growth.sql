-- growth: where the change of net revenue between two compared periods came from, for all and each top-level region.
-- Key: scope, period_start_day, part.
-- Units: money in ten-thousandths. The rows with role part add up to the row change, and opening plus change is closing,
-- to the last digit (spec/definitions.md 3.16); regions add up to all, as a customer has one region. customers of the
-- parts of an expansion are those whom the part touched, and may be counted in several.
-- Parts: new, reactivated, expansion_existing (categories bought before), expansion_cross_sell (new categories),
-- expansion_new_products (came on sale in the period), expansion_unsplit (products without a category), contraction,
-- lapsed, returns_only (nothing ordered in either period, goods came back), unidentified (orders without a customer).
WITH rows_of_regions AS (
    SELECT region, period_no, part, 'part' AS role, customers, amount_e4 FROM growth_parts WHERE part <> 'expansion'
    UNION ALL
    SELECT
        region,
        period_no,
        'opening' AS part,
        'opening' AS role,
        CASE WHEN part IN ('expansion', 'contraction', 'lapsed') THEN customers ELSE 0 END AS customers,
        before_e4 AS amount_e4
    FROM growth_parts
    WHERE before_e4 IS NOT NULL
    UNION ALL
    SELECT
        region,
        period_no,
        'closing' AS part,
        'closing' AS role,
        CASE WHEN part IN ('expansion', 'contraction', 'new', 'reactivated') THEN customers ELSE 0 END AS customers,
        now_e4 AS amount_e4
    FROM growth_parts
    WHERE now_e4 IS NOT NULL
    UNION ALL
    SELECT
        region,
        period_no,
        'change' AS part,
        'change' AS role,
        CAST(0 AS BIGINT) AS customers,
        now_e4 - before_e4 AS amount_e4
    FROM growth_parts
    WHERE now_e4 IS NOT NULL
),
scopes AS (
    SELECT leaf AS region, scope FROM scope_paths WHERE dimension = 'region' AND level = 1
),
scoped AS (
    SELECT 'all' AS scope, period_no, part, role, customers, amount_e4 FROM rows_of_regions
    UNION ALL
    SELECT s.scope AS scope, r.period_no AS period_no, r.part AS part, r.role AS role, r.customers AS customers,
        r.amount_e4 AS amount_e4
    FROM rows_of_regions AS r
    JOIN scopes AS s ON r.region = s.region
),
sums AS (
    SELECT
        scope,
        period_no,
        part,
        role,
        CAST(SUM(customers) AS BIGINT) AS customers,
        CAST(SUM(amount_e4) AS BIGINT) AS amount_e4
    FROM scoped
    GROUP BY scope, period_no, part, role
),
names AS (
    SELECT 1 AS part_no, 'opening' AS part, 'opening' AS role UNION ALL
    SELECT 2 AS part_no, 'new' AS part, 'part' AS role UNION ALL
    SELECT 3 AS part_no, 'reactivated' AS part, 'part' AS role UNION ALL
    SELECT 4 AS part_no, 'expansion_existing' AS part, 'part' AS role UNION ALL
    SELECT 5 AS part_no, 'expansion_cross_sell' AS part, 'part' AS role UNION ALL
    SELECT 6 AS part_no, 'expansion_new_products' AS part, 'part' AS role UNION ALL
    SELECT 7 AS part_no, 'expansion_unsplit' AS part, 'part' AS role UNION ALL
    SELECT 8 AS part_no, 'contraction' AS part, 'part' AS role UNION ALL
    SELECT 9 AS part_no, 'lapsed' AS part, 'part' AS role UNION ALL
    SELECT 10 AS part_no, 'returns_only' AS part, 'part' AS role UNION ALL
    SELECT 11 AS part_no, 'unidentified' AS part, 'part' AS role UNION ALL
    SELECT 12 AS part_no, 'change' AS part, 'change' AS role UNION ALL
    SELECT 13 AS part_no, 'closing' AS part, 'closing' AS role
),
openings AS (
    SELECT scope, period_no, customers, amount_e4 FROM sums WHERE part = 'opening'
),
known AS (
    SELECT
        CAST(SUM(CASE WHEN category IS NULL THEN 0 ELSE 1 END) AS BIGINT) AS categories,
        CAST(SUM(CASE WHEN available_from_day IS NULL THEN 0 ELSE 1 END) AS BIGINT) AS launches
    FROM staged_products
)
SELECT
    o.scope AS scope,
    f.start_day AS period_from_day,
    q.start_day AS period_start_day,
    q.end_day AS period_end_day,
    n.part AS part,
    CAST(n.part_no AS INTEGER) AS part_no,
    n.role AS role,
    CASE WHEN n.part IN ('unidentified', 'change') THEN NULL ELSE COALESCE(s.customers, 0) END AS customers,
    COALESCE(s.amount_e4, 0) AS amount_e4,
    CASE
        WHEN o.amount_e4 > 0 THEN CAST(COALESCE(s.amount_e4, 0) AS DOUBLE) / CAST(o.amount_e4 AS DOUBLE)
    END AS share_of_opening,
    CASE
        WHEN o.customers = 0 AND o.amount_e4 = 0 THEN 'no_previous'
        WHEN n.part IN ('expansion_existing', 'expansion_cross_sell') AND COALESCE(k.categories, 0) = 0
        THEN 'category_unknown'
        WHEN n.part = 'expansion_unsplit' AND COALESCE(s.amount_e4, 0) <> 0 THEN 'category_unknown'
        WHEN n.part = 'expansion_new_products' AND COALESCE(k.launches, 0) = 0 THEN 'launch_unknown'
        ELSE 'ok'
    END AS status
FROM openings AS o
CROSS JOIN names AS n
CROSS JOIN known AS k
JOIN periods AS q ON o.period_no = q.period_no
JOIN (SELECT period_no + 1 AS next_no, start_day FROM periods) AS f ON o.period_no = f.next_no
LEFT JOIN sums AS s ON o.scope = s.scope AND o.period_no = s.period_no AND n.part = s.part
