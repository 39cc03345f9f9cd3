-- concentration: how much of one measure one group of customers has: the best by it, or a value tier.
-- Key: measure, kind, name. Left out: from top groups and Gini, customers with none of the measure; from value, customers
-- whose value is not known.
-- Units: amount in money, or in minutes for contact_minutes, over the value window; shares from 0 to 1.
-- Top groups (the first 1, 5, 10 and 20 % of those with any, at least one customer) contain each other, so that their share
-- is cumulative as it is; tiers cumulate from 1 to 5 and then 0. Gini is 2 sum(i x) / (n sum(x)) - (n + 1) / n over values
-- that ascend (spec/definitions.md 3.17).
WITH per_customer AS (
    SELECT
        'value' AS measure,
        v.actual_tier AS actual_tier,
        w.value_e4 AS x_e4
    FROM customer_window AS w
    JOIN customer_value AS v ON w.customer_id = v.customer_id
    WHERE w.value_e4 IS NOT NULL
    UNION ALL
    SELECT 'cost_to_serve' AS measure, v.actual_tier AS actual_tier, w.cost_to_serve_e4 AS x_e4
    FROM customer_window AS w
    JOIN customer_value AS v ON w.customer_id = v.customer_id
    UNION ALL
    SELECT 'contact_minutes' AS measure, v.actual_tier AS actual_tier, w.contact_minutes_e4 AS x_e4
    FROM customer_window AS w
    JOIN customer_value AS v ON w.customer_id = v.customer_id
),
-- Equal amounts are one row from here on: the order among them changes nothing.
amounts AS (
    SELECT
        measure,
        x_e4,
        CAST(COUNT(*) AS BIGINT) AS customers
    FROM per_customer
    WHERE x_e4 <> 0
    GROUP BY measure, x_e4
),
running AS (
    SELECT
        measure,
        x_e4,
        customers,
        CAST(SUM(customers) OVER (PARTITION BY measure ORDER BY x_e4 ROWS UNBOUNDED PRECEDING) AS BIGINT) AS up_to_here,
        CAST(SUM(customers) OVER (PARTITION BY measure) AS BIGINT) AS n
    FROM amounts
),
-- An amount is 10000 q + r, so that neither sum of places times amounts can overflow. Below zero the same with its sign.
parts AS (
    SELECT
        measure,
        x_e4,
        customers,
        n,
        n - up_to_here AS greater,
        customers * (up_to_here - customers) + CAST((customers * (customers + 1)) / 2 AS BIGINT) AS places,
        CASE
            WHEN x_e4 >= 0 THEN CAST((x_e4 - x_e4 % 10000) / 10000 AS BIGINT)
            ELSE 0 - CAST((0 - x_e4 - (0 - x_e4) % 10000) / 10000 AS BIGINT)
        END AS q
    FROM running
),
sums AS (
    SELECT
        measure,
        MAX(n) AS n,
        CAST(SUM(x_e4 * customers) AS BIGINT) AS total_e4,
        MIN(x_e4) AS least_e4,
        CAST(SUM(places * q) AS BIGINT) AS places_q,
        CAST(SUM(places * (x_e4 - 10000 * q)) AS BIGINT) AS places_r
    FROM parts
    GROUP BY measure
),
ginis AS (
    SELECT
        measure,
        total_e4,
        CASE
            WHEN total_e4 > 0
            THEN 2.0 * (10000.0 * CAST(places_q AS DOUBLE) + CAST(places_r AS DOUBLE))
                / (CAST(n AS DOUBLE) * CAST(total_e4 AS DOUBLE))
                - CAST(n + 1 AS DOUBLE) / CAST(n AS DOUBLE)
        END AS gini,
        CASE
            WHEN total_e4 <= 0 THEN 'total_not_positive'
            WHEN least_e4 < 0 THEN 'has_negative'
            ELSE 'ok'
        END AS status
    FROM sums
),
percents AS (
    SELECT 'top_1pct' AS name, CAST(1 AS BIGINT) AS percent FROM run_params
    UNION ALL
    SELECT 'top_5pct' AS name, CAST(5 AS BIGINT) AS percent FROM run_params
    UNION ALL
    SELECT 'top_10pct' AS name, CAST(10 AS BIGINT) AS percent FROM run_params
    UNION ALL
    SELECT 'top_20pct' AS name, CAST(20 AS BIGINT) AS percent FROM run_params
),
wanted AS (
    SELECT
        s.measure AS measure,
        t.name AS name,
        GREATEST(CAST((s.n * t.percent - (s.n * t.percent) % 100) / 100 AS BIGINT), 1) AS customers
    FROM sums AS s
    CROSS JOIN percents AS t
),
top_groups AS (
    SELECT
        w.measure AS measure,
        'top' AS kind,
        w.name AS name,
        MAX(w.customers) AS customers,
        CAST(SUM(p.x_e4 * LEAST(p.customers, w.customers - p.greater)) AS BIGINT) AS amount_e4
    FROM wanted AS w
    JOIN parts AS p ON w.measure = p.measure
    WHERE p.greater < w.customers
    GROUP BY w.measure, w.name
),
tiers AS (
    SELECT
        measure,
        actual_tier,
        CASE WHEN actual_tier = 0 THEN 6 ELSE actual_tier END AS tier_order,
        CAST(COUNT(*) AS BIGINT) AS customers,
        CAST(SUM(x_e4) AS BIGINT) AS amount_e4
    FROM per_customer
    GROUP BY measure, actual_tier
),
tier_groups AS (
    SELECT
        measure,
        'tier' AS kind,
        CAST(actual_tier AS STRING) AS name,
        customers,
        amount_e4,
        CAST(SUM(amount_e4) OVER (PARTITION BY measure ORDER BY tier_order ROWS UNBOUNDED PRECEDING) AS BIGINT)
            AS cumulative_e4
    FROM tiers
),
groups AS (
    SELECT measure, kind, name, customers, amount_e4, amount_e4 AS cumulative_e4 FROM top_groups
    UNION ALL
    SELECT measure, kind, name, customers, amount_e4, cumulative_e4 FROM tier_groups
)
SELECT
    g.measure AS measure,
    g.kind AS kind,
    g.name AS name,
    g.customers AS customers,
    g.amount_e4 AS amount_e4,
    CASE WHEN i.total_e4 > 0 THEN CAST(g.amount_e4 AS DOUBLE) / CAST(i.total_e4 AS DOUBLE) END AS share,
    g.cumulative_e4 AS cumulative_e4,
    CASE WHEN i.total_e4 > 0 THEN CAST(g.cumulative_e4 AS DOUBLE) / CAST(i.total_e4 AS DOUBLE) END AS cumulative_share,
    i.gini AS gini,
    COALESCE(i.status, 'total_not_positive') AS status
FROM groups AS g
LEFT JOIN ginis AS i ON g.measure = i.measure
