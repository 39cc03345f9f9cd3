-- opportunity_histories: at how many of their opportunities one customer had bought by one origin, and after it.
-- Key: origin_no, customer_no. Left out: customers without a purchase before the origin; everybody when
-- [lifetime_value] opportunity_days is 0.
-- Units: opportunities of that many days, on the customer's own clock: number k is the days from k - 1 lengths after the
-- first purchase day, without it, to k lengths after. Only complete ones count; the first purchase is not one of them.
-- recency is the last with a purchase, 0 without; what concerns the holdout is -1 without one (spec/lifetime-value.md, BG/BB).
WITH lengths AS (
    SELECT GREATEST(ltv_opportunity_days, 1) AS days FROM run_params WHERE ltv_opportunity_days > 0
),
first_days AS (
    SELECT customer_id, first_order_day AS first_day FROM customer_summary WHERE first_order_day IS NOT NULL
),
marks AS (
    SELECT
        d.customer_id AS customer_id,
        CAST((d.day - f.first_day - 1 - (d.day - f.first_day - 1) % l.days) / l.days AS BIGINT) + 1 AS opportunity
    FROM purchase_days AS d
    JOIN first_days AS f ON d.customer_id = f.customer_id
    CROSS JOIN lengths AS l
    WHERE d.purchase_day_no > 1
),
taken AS (
    SELECT customer_id, opportunity FROM marks GROUP BY customer_id, opportunity
),
clocks AS (
    SELECT
        o.origin_no AS origin_no,
        f.customer_id AS customer_id,
        CAST((o.origin_day - 1 - f.first_day - (o.origin_day - 1 - f.first_day) % l.days) / l.days AS BIGINT)
            AS opportunities,
        CAST((o.holdout_end_day - 1 - f.first_day - (o.holdout_end_day - 1 - f.first_day) % l.days) / l.days AS BIGINT)
            AS all_opportunities
    FROM first_days AS f
    CROSS JOIN ltv_origins AS o
    CROSS JOIN lengths AS l
    WHERE f.first_day < o.origin_day
),
counted AS (
    SELECT
        c.origin_no AS origin_no,
        c.customer_id AS customer_id,
        CAST(SUM(CASE WHEN t.opportunity <= c.opportunities THEN 1 ELSE 0 END) AS BIGINT) AS frequency,
        MAX(CASE WHEN t.opportunity <= c.opportunities THEN t.opportunity END) AS recency,
        CAST(
            SUM(CASE WHEN t.opportunity > c.opportunities AND t.opportunity <= c.all_opportunities THEN 1 ELSE 0 END)
            AS BIGINT
        ) AS holdout_frequency
    FROM clocks AS c
    JOIN taken AS t ON c.customer_id = t.customer_id
    GROUP BY c.origin_no, c.customer_id
)
SELECT
    k.origin_no AS origin_no,
    c.stratum_no AS stratum_no,
    CAST(COALESCE(n.frequency, 0) AS INTEGER) AS frequency,
    CAST(COALESCE(n.recency, 0) AS INTEGER) AS recency,
    CAST(k.opportunities AS INTEGER) AS opportunities,
    CAST(COALESCE(k.all_opportunities - k.opportunities, -1) AS INTEGER) AS holdout_opportunities,
    CAST(CASE WHEN k.all_opportunities IS NULL THEN -1 ELSE COALESCE(n.holdout_frequency, 0) END AS INTEGER)
        AS holdout_frequency,
    c.customer_no AS customer_no
FROM clocks AS k
JOIN ltv_customers AS c ON k.customer_id = c.customer_id
LEFT JOIN counted AS n ON k.origin_no = n.origin_no AND k.customer_id = n.customer_id
