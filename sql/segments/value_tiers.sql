-- value_tiers: the value tier of one customer in one period, and what it was in the period before.
-- Key: period_end_day, customer_id. Left out: customers without value in the period and in the one before.
-- With [value] metric = "clv" the one period is all that was read, and the value what it brought and what the horizon will,
-- discounted: lifetime values of the past are not made up.
-- Units: money in ten-thousandths; tiers 1 (best) to 5, 0 is no value; a positive delta is a fall.
-- actual_tier is ranked anew in each period; tier_fixed uses the cuts of the base period (spec/definitions.md 3.3).
WITH cuts AS (
    SELECT
        MAX(CASE WHEN tier = 1 THEN smallest_e4 END) AS c1,
        MAX(CASE WHEN tier = 2 THEN smallest_e4 END) AS c2,
        MAX(CASE WHEN tier = 3 THEN smallest_e4 END) AS c3,
        MAX(CASE WHEN tier = 4 THEN smallest_e4 END) AS c4
    FROM tier_cuts
),
tiers AS (
    SELECT
        t.period_no AS period_no,
        t.customer_id AS customer_id,
        t.value_e4 AS value_e4,
        t.value_pct AS value_pct,
        t.actual_tier AS actual_tier,
        CASE
            WHEN t.value_e4 >= c.c1 THEN 1
            WHEN t.value_e4 >= c.c2 THEN 2
            WHEN t.value_e4 >= c.c3 THEN 3
            WHEN t.value_e4 >= c.c4 THEN 4
            ELSE 5
        END AS tier_fixed
    FROM period_tiers AS t
    CROSS JOIN cuts AS c
),
everything AS (
    SELECT MIN(first_day) AS start_day FROM customer_summary
),
rows_wanted AS (
    SELECT period_no, customer_id FROM tiers
    UNION ALL
    SELECT before.period_no + 1 AS period_no, before.customer_id AS customer_id
    FROM tiers AS before
    LEFT JOIN tiers AS now ON before.customer_id = now.customer_id AND before.period_no + 1 = now.period_no
    WHERE now.customer_id IS NULL
)
SELECT
    w.customer_id AS customer_id,
    q.start_day AS period_start_day,
    q.end_day AS period_end_day,
    p.value_metric AS basis,
    COALESCE(now.value_e4, 0) AS value_e4,
    now.value_pct AS value_pct,
    CAST(COALESCE(now.actual_tier, 0) AS INTEGER) AS actual_tier,
    CAST(COALESCE(now.tier_fixed, 0) AS INTEGER) AS tier_fixed,
    CAST(CASE WHEN w.period_no = 1 THEN NULL ELSE COALESCE(before.actual_tier, 0) END AS INTEGER) AS tier_prev,
    CAST(
        CASE
            WHEN w.period_no = 1 THEN NULL
            ELSE CASE WHEN now.actual_tier IS NULL THEN 6 ELSE now.actual_tier END
                - CASE WHEN before.actual_tier IS NULL THEN 6 ELSE before.actual_tier END
        END AS INTEGER
    ) AS tier_delta,
    CAST(
        CASE
            WHEN w.period_no = 1 THEN NULL
            ELSE CASE WHEN now.tier_fixed IS NULL THEN 6 ELSE now.tier_fixed END
                - CASE WHEN before.tier_fixed IS NULL THEN 6 ELSE before.tier_fixed END
        END AS INTEGER
    ) AS fixed_delta
FROM rows_wanted AS w
JOIN periods AS q ON w.period_no = q.period_no
LEFT JOIN tiers AS now ON w.period_no = now.period_no AND w.customer_id = now.customer_id
LEFT JOIN (SELECT period_no + 1 AS next_no, customer_id, actual_tier, tier_fixed FROM tiers) AS before
    ON w.period_no = before.next_no AND w.customer_id = before.customer_id
CROSS JOIN run_params AS p
WHERE NOT p.tiers_by_clv
UNION ALL
SELECT
    t.customer_id AS customer_id,
    e.start_day AS period_start_day,
    p.as_of_day AS period_end_day,
    'clv' AS basis,
    t.value_e4 AS value_e4,
    t.value_pct AS value_pct,
    t.actual_tier AS actual_tier,
    t.actual_tier AS tier_fixed,
    CAST(NULL AS INTEGER) AS tier_prev,
    CAST(NULL AS INTEGER) AS tier_delta,
    CAST(NULL AS INTEGER) AS fixed_delta
FROM clv_tiers AS t
CROSS JOIN everything AS e
CROSS JOIN run_params AS p
WHERE p.tiers_by_clv
