-- ltv_profiles: one known customer, numbered for the lifetime-value models, and what fits may be divided by.
-- Key: customer_id. Numbers follow the order of the ids, so that the models need no text.
-- The region is the customer's, or else the first order's; channel and category are the first order's: what was known when
-- the customer came. Without strata, stratum_value is null.
WITH first_day_orders AS (
    SELECT o.customer_id AS customer_id, o.ts_us AS ts_us, o.region AS region, o.channel AS channel
    FROM orders AS o
    JOIN customer_summary AS s ON o.customer_id = s.customer_id AND o.order_day = s.first_order_day
    WHERE o.is_qualifying
),
begins AS (
    SELECT customer_id, MIN(ts_us) AS ts_us FROM first_day_orders GROUP BY customer_id
),
-- Of orders at the same instant, the place whose name comes first.
first_orders AS (
    SELECT f.customer_id AS customer_id, MIN(f.region) AS region, MIN(f.channel) AS channel
    FROM first_day_orders AS f
    JOIN begins AS b ON f.customer_id = b.customer_id AND f.ts_us = b.ts_us
    GROUP BY f.customer_id
),
months AS (
    SELECT f.day AS day, c.label AS month
    FROM (SELECT first_order_day AS day FROM customer_summary WHERE orders > 0 GROUP BY first_order_day) AS f
    CROSS JOIN calendar AS c
    WHERE c.period_kind = 'month' AND f.day >= c.start_day AND f.day < c.end_day
),
known AS (
    SELECT
        s.customer_id AS customer_id,
        s.first_order_day AS first_order_day,
        COALESCE(c.region, f.region, 'unknown') AS region,
        COALESCE(f.channel, 'unknown') AS channel,
        COALESCE(g.first_category, 'unknown') AS category,
        -- The calendar begins with the years that [summary] asks for.
        CASE WHEN s.first_order_day IS NULL THEN 'none' ELSE COALESCE(m.month, 'earlier') END AS acquisition_month
    FROM customer_summary AS s
    LEFT JOIN staged_customers AS c ON s.customer_id = c.customer_id
    LEFT JOIN first_orders AS f ON s.customer_id = f.customer_id
    LEFT JOIN peer_groups AS g ON s.customer_id = g.customer_id
    LEFT JOIN months AS m ON s.first_order_day = m.day
)
SELECT
    k.customer_id AS customer_id,
    CAST(ROW_NUMBER() OVER (ORDER BY k.customer_id) AS INTEGER) AS customer_no,
    k.first_order_day AS first_order_day,
    k.region AS region,
    k.channel AS channel,
    k.category AS category,
    k.acquisition_month AS acquisition_month,
    CASE
        WHEN p.ltv_stratum = 'region' THEN k.region
        WHEN p.ltv_stratum = 'channel' THEN k.channel
        WHEN p.ltv_stratum = 'category' THEN k.category
        WHEN p.ltv_stratum = 'acquisition_month' THEN k.acquisition_month
    END AS stratum_value
FROM known AS k
CROSS JOIN run_params AS p
