-- purchase_histories: what one customer had bought by one origin, and what they bought in the holdout after it.
-- Key: origin_no, customer_no. Left out: customers without a purchase before the origin.
-- Units: days; recency_days is from the first purchase to the last (in the sense of the models, not of RFM), age_days from
-- the first purchase to the last day read, which is the day before the origin. A purchase is a day with a qualifying order.
-- Money in ten-thousandths; ln_gaps_pico is the sum of the logarithms of the gaps, in whole 1e-12, exact on every engine.
-- Value is all that the customer's days brought, returns taken off: a day of returns alone is no purchase, and lowers the
-- value. A refund that names its order lowers the day of that order, also when it came after the origin. What came before
-- the first purchase belongs to nothing that was seen, and is left out. holdout_frequency is -1 without a holdout.
WITH origins AS (
    SELECT
        origin_no,
        origin_day,
        COALESCE(holdout_end_day, origin_day) AS end_day,
        CASE WHEN holdout_end_day IS NULL THEN 0 ELSE 1 END AS has_holdout
    FROM ltv_origins
),
gaps AS (
    SELECT customer_id, day, day - previous_day AS gap_days FROM purchase_days
),
purchases AS (
    SELECT d.customer_id AS customer_id, d.day AS day, COALESCE(g.ln_pico, 0) AS ln_pico
    FROM gaps AS d
    LEFT JOIN gap_logarithms AS g ON d.gap_days = g.gap_days
),
bought AS (
    SELECT
        o.origin_no AS origin_no,
        o.origin_day AS origin_day,
        o.has_holdout AS has_holdout,
        d.customer_id AS customer_id,
        MIN(d.day) AS first_day,
        MAX(CASE WHEN d.day < o.origin_day THEN d.day END) AS last_day,
        CAST(SUM(CASE WHEN d.day < o.origin_day THEN 1 ELSE 0 END) AS BIGINT) AS purchases,
        CAST(SUM(CASE WHEN d.day < o.origin_day THEN d.ln_pico ELSE 0 END) AS BIGINT) AS ln_gaps_pico,
        CAST(SUM(CASE WHEN d.day < o.origin_day THEN 0 ELSE 1 END) AS BIGINT) AS holdout_purchases
    FROM purchases AS d
    CROSS JOIN origins AS o
    WHERE d.day < o.end_day
    GROUP BY o.origin_no, o.origin_day, o.has_holdout, d.customer_id
),
-- Value of the first purchase day, of the days after it, and of the holdout; where a cost is unknown, so is the sum.
worth AS (
    SELECT
        d.customer_id AS customer_id,
        d.day AS day,
        CASE WHEN d.day = s.first_order_day THEN 1 ELSE 0 END AS is_first,
        COALESCE(d.value_e4, 0) AS value_e4,
        CASE WHEN d.value_e4 IS NULL THEN 1 ELSE 0 END AS unknown
    FROM customer_days AS d
    JOIN customer_summary AS s ON d.customer_id = s.customer_id
    WHERE d.day >= s.first_order_day
),
valued AS (
    SELECT
        o.origin_no AS origin_no,
        d.customer_id AS customer_id,
        CAST(SUM(CASE WHEN d.is_first = 1 THEN d.value_e4 ELSE 0 END) AS BIGINT) AS first_e4,
        CAST(SUM(CASE WHEN d.is_first = 1 THEN d.unknown ELSE 0 END) AS BIGINT) AS first_unknown,
        CAST(SUM(CASE WHEN d.is_first = 0 AND d.day < o.origin_day THEN d.value_e4 ELSE 0 END) AS BIGINT) AS later_e4,
        CAST(SUM(CASE WHEN d.is_first = 0 AND d.day < o.origin_day THEN d.unknown ELSE 0 END) AS BIGINT)
            AS later_unknown,
        CAST(SUM(CASE WHEN d.day >= o.origin_day THEN d.value_e4 ELSE 0 END) AS BIGINT) AS holdout_e4,
        CAST(SUM(CASE WHEN d.day >= o.origin_day THEN d.unknown ELSE 0 END) AS BIGINT) AS holdout_unknown
    FROM worth AS d
    CROSS JOIN origins AS o
    WHERE d.day < o.end_day
    GROUP BY o.origin_no, d.customer_id
)
SELECT
    b.origin_no AS origin_no,
    c.stratum_no AS stratum_no,
    c.covariate_no AS covariate_no,
    CAST(b.purchases - 1 AS INTEGER) AS frequency,
    CAST(b.last_day - b.first_day AS INTEGER) AS recency_days,
    CAST(b.origin_day - 1 - b.first_day AS INTEGER) AS age_days,
    CAST(CASE WHEN b.has_holdout = 1 THEN b.holdout_purchases ELSE -1 END AS INTEGER) AS holdout_frequency,
    c.customer_no AS customer_no,
    b.ln_gaps_pico AS ln_gaps_pico,
    CAST(b.purchases - CASE WHEN p.ltv_first_purchase_in_spend THEN 0 ELSE 1 END AS INTEGER) AS spend_purchases,
    CAST(
        CASE
            WHEN p.ltv_first_purchase_in_spend
            THEN CASE WHEN v.first_unknown + v.later_unknown = 0 THEN v.first_e4 + v.later_e4 END
            WHEN b.purchases = 1 THEN 0
            WHEN v.later_unknown = 0 THEN v.later_e4
        END AS BIGINT
    ) AS spend_e4,
    CAST(CASE WHEN v.first_unknown = 0 THEN v.first_e4 END AS BIGINT) AS first_value_e4,
    CAST(CASE WHEN b.has_holdout = 1 AND v.holdout_unknown = 0 THEN v.holdout_e4 END AS BIGINT) AS holdout_value_e4
FROM bought AS b
JOIN valued AS v ON b.origin_no = v.origin_no AND b.customer_id = v.customer_id
JOIN ltv_customers AS c ON b.customer_id = c.customer_id
CROSS JOIN run_params AS p
WHERE b.last_day IS NOT NULL
