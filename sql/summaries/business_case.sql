-- business_case: what one improvement would be worth in one value tier, by formula. It is no forecast.
-- Key: scenario, stratum. Every scenario in every tier 1 to 5, and in all of them together.
-- Units: money in the reporting currency, a year and a customer where it says so; rates from 0 to 1, a year.
-- A customer who brings margin m a year, stays with probability r and is discounted by d is worth m r / (1 + d - r).
-- retention: lapse falls, r becomes r + fall (1 - r). order_size: m grows by that share of the gross margin. cost: m grows by
-- that share of the cost of contacts and campaigns (spec/definitions.md 3.18).
-- r is the share of the customers with value in the window before the last who have value in the last one, by their tier
-- then; m is that of the customers with value now, by their tier now; both turned into a year's. Together is no sum of tiers:
-- its r is that of everybody. Fewer than 30 customers, or exports that do not reach back two windows, are not enough for r.
WITH customers_now AS (
    SELECT
        t.customer_id AS customer_id,
        CAST(t.actual_tier AS STRING) AS stratum,
        t.value_e4 AS value_e4,
        w.contribution_e4 AS contribution_e4,
        COALESCE(w.gross_margin_e4, t.value_e4) AS gross_margin_e4,
        w.cost_to_serve_e4 + w.marketing_cost_e4 AS effort_e4
    FROM customer_tiers AS t
    JOIN customer_window AS w ON t.customer_id = w.customer_id
    WHERE t.value_e4 > 0
),
now_by_tier AS (
    SELECT
        stratum,
        CAST(COUNT(*) AS BIGINT) AS customers,
        CAST(SUM(value_e4) AS BIGINT) AS value_e4,
        CAST(SUM(COALESCE(contribution_e4, 0)) AS BIGINT) AS contribution_e4,
        CAST(SUM(CASE WHEN contribution_e4 IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS contribution_unknown,
        CAST(SUM(gross_margin_e4) AS BIGINT) AS gross_margin_e4,
        CAST(SUM(effort_e4) AS BIGINT) AS effort_e4
    FROM customers_now
    GROUP BY stratum
),
now_all AS (
    SELECT
        CAST(SUM(customers) AS BIGINT) AS customers,
        CAST(SUM(value_e4) AS BIGINT) AS value_e4,
        CAST(SUM(contribution_e4) AS BIGINT) AS contribution_e4,
        CAST(SUM(contribution_unknown) AS BIGINT) AS contribution_unknown,
        CAST(SUM(gross_margin_e4) AS BIGINT) AS gross_margin_e4,
        CAST(SUM(effort_e4) AS BIGINT) AS effort_e4
    FROM now_by_tier
),
before_by_tier AS (
    SELECT
        CAST(tier_prev AS STRING) AS stratum,
        CAST(COUNT(*) AS BIGINT) AS customers_before,
        CAST(SUM(CASE WHEN value_e4 > 0 THEN 1 ELSE 0 END) AS BIGINT) AS retained
    FROM customer_tiers
    WHERE value_prev_e4 > 0
    GROUP BY tier_prev
),
before_all AS (
    SELECT
        CAST(SUM(customers_before) AS BIGINT) AS customers_before,
        CAST(SUM(retained) AS BIGINT) AS retained
    FROM before_by_tier
),
strata AS (
    SELECT CAST(tier AS STRING) AS stratum FROM value_group_tiers WHERE tier > 0
),
figures AS (
    SELECT
        s.stratum AS stratum,
        COALESCE(n.customers, 0) AS customers,
        n.value_e4 AS value_e4,
        n.contribution_e4 AS contribution_e4,
        n.gross_margin_e4 AS gross_margin_e4,
        n.effort_e4 AS effort_e4,
        COALESCE(b.customers_before, 0) AS customers_before,
        COALESCE(b.retained, 0) AS retained
    FROM strata AS s
    LEFT JOIN now_by_tier AS n ON s.stratum = n.stratum
    LEFT JOIN before_by_tier AS b ON s.stratum = b.stratum
    UNION ALL
    SELECT
        'all' AS stratum,
        COALESCE(n.customers, 0) AS customers,
        n.value_e4 AS value_e4,
        n.contribution_e4 AS contribution_e4,
        n.gross_margin_e4 AS gross_margin_e4,
        n.effort_e4 AS effort_e4,
        COALESCE(b.customers_before, 0) AS customers_before,
        COALESCE(b.retained, 0) AS retained
    FROM now_all AS n
    CROSS JOIN before_all AS b
),
first_days AS (
    SELECT MIN(day) AS first_day FROM customer_days
),
-- One measure for all strata: contribution, where it is known of everybody.
yearly AS (
    SELECT
        f.stratum AS stratum,
        CASE WHEN a.contribution_unknown = 0 THEN 'contribution' ELSE p.value_metric END AS basis,
        f.customers AS customers,
        f.customers_before AS customers_before,
        f.retained AS retained,
        CASE
            WHEN 20 * (d.first_day - p.as_of_day + 2 * p.value_window_days) > p.value_window_days THEN 'short_history'
            WHEN f.customers_before < 30 OR f.customers < 30 THEN 'few_customers'
            ELSE 'ok'
        END AS status,
        CAST(CASE WHEN a.contribution_unknown = 0 THEN f.contribution_e4 ELSE f.value_e4 END AS DOUBLE) AS margin_e4,
        CAST(f.gross_margin_e4 AS DOUBLE) AS gross_margin_e4,
        CAST(f.effort_e4 AS DOUBLE) AS effort_e4,
        -- The window's figures times this are a year's, for each customer and in whole units of money.
        CASE
            WHEN f.customers > 0
            THEN 365.0 / (CAST(p.value_window_days AS DOUBLE) * CAST(f.customers AS DOUBLE) * 10000.0)
        END AS to_year,
        CASE
            WHEN f.customers_before > 0
            THEN POWER(
                CAST(f.retained AS DOUBLE) / CAST(f.customers_before AS DOUBLE),
                365.0 / CAST(p.value_window_days AS DOUBLE)
            )
        END AS retention,
        p.discount_rate AS discount_rate,
        p.lapse_fall AS lapse_fall,
        p.order_size_rise AS order_size_rise,
        p.cost_fall AS cost_fall
    FROM figures AS f
    CROSS JOIN now_all AS a
    CROSS JOIN first_days AS d
    CROSS JOIN run_params AS p
),
scenarios AS (
    SELECT
        'retention' AS scenario,
        stratum,
        basis,
        lapse_fall AS improvement,
        customers,
        customers_before,
        retained,
        status,
        discount_rate,
        retention,
        retention + lapse_fall * (1.0 - retention) AS retention_new,
        margin_e4 * to_year AS margin,
        margin_e4 * to_year AS margin_new
    FROM yearly
    UNION ALL
    SELECT
        'order_size' AS scenario,
        stratum,
        basis,
        order_size_rise AS improvement,
        customers,
        customers_before,
        retained,
        status,
        discount_rate,
        retention,
        retention AS retention_new,
        margin_e4 * to_year AS margin,
        (margin_e4 + order_size_rise * gross_margin_e4) * to_year AS margin_new
    FROM yearly
    UNION ALL
    SELECT
        'cost' AS scenario,
        stratum,
        basis,
        cost_fall AS improvement,
        customers,
        customers_before,
        retained,
        CASE WHEN status = 'ok' AND effort_e4 <= 0.0 THEN 'no_cost_known' ELSE status END AS status,
        discount_rate,
        retention,
        retention AS retention_new,
        margin_e4 * to_year AS margin,
        (margin_e4 + cost_fall * effort_e4) * to_year AS margin_new
    FROM yearly
),
worth AS (
    SELECT
        scenario,
        stratum,
        basis,
        improvement,
        customers,
        customers_before,
        retained,
        status,
        discount_rate,
        retention,
        retention_new,
        margin,
        margin_new,
        CAST(customers AS DOUBLE) * margin * retention / (1.0 + discount_rate - retention) AS worth_now,
        CAST(customers AS DOUBLE) * margin_new * retention_new / (1.0 + discount_rate - retention_new) AS worth_new
    FROM scenarios
)
SELECT
    scenario,
    stratum,
    'formula' AS method,
    status,
    basis,
    improvement,
    customers,
    customers_before,
    retained,
    discount_rate,
    CASE WHEN status = 'ok' THEN retention END AS retention,
    CASE WHEN status = 'ok' THEN retention_new END AS retention_new,
    margin,
    margin_new,
    CASE WHEN status = 'ok' THEN worth_now END AS worth_now,
    CASE WHEN status = 'ok' THEN worth_new END AS worth_new,
    CASE WHEN status = 'ok' THEN worth_new - worth_now END AS change
FROM worth
