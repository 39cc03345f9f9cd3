-- rule_events: one time that a rule of the router, the rule engine or a campaign matched a customer, and what came of it.
-- Key: none. It is the export `rule_log`, which who applied the rules writes: the pipeline itself cannot know what was shown.
-- Left out: rows of the global holdout and of suppressed offers.
-- Units: money in ten-thousandths, refunds taken off. arm is control where the rule matched and was kept from acting; then the
-- default was shown, and is_accepted is of that. A row that does not say whether it was shown was, unless it is a control.
-- week_no counts back from as_of, 0 is the last seven days. tier is the value tier in the last period that was over on that day,
-- 0 without value and null without such a period. An order is counted for the first event that names it. is_followed_by_complaint:
-- a complaint of the customer began within [rule_feedback] complaint_days.
WITH logged AS (
    SELECT
        rule_id,
        COALESCE(rule_version, '1') AS rule_version,
        customer_id,
        COALESCE(context, '') AS context,
        COALESCE(arm, 'treat') AS arm,
        ts_us,
        log_day,
        shown,
        COALESCE(accepted, FALSE) AS is_accepted,
        order_id
    FROM staged_rule_log
),
named AS (
    SELECT
        l.rule_id AS rule_id,
        l.rule_version AS rule_version,
        l.customer_id AS customer_id,
        CASE WHEN l.arm = 'control' THEN 'control' ELSE 'treat' END AS arm,
        l.ts_us AS ts_us,
        l.log_day AS log_day,
        CASE WHEN l.shown IS NULL THEN l.arm <> 'control' ELSE l.shown END AS is_shown,
        l.is_accepted AS is_accepted,
        l.order_id AS order_id,
        CAST(
            ROW_NUMBER() OVER (
                PARTITION BY l.customer_id, l.order_id ORDER BY l.ts_us, l.rule_id, l.rule_version, l.context
            ) AS BIGINT
        ) AS place
    FROM logged AS l
    WHERE l.arm NOT IN ('global_holdout', 'suppressed')
),
days AS (
    SELECT log_day FROM named GROUP BY log_day
),
day_periods AS (
    SELECT d.log_day AS log_day, MAX(q.period_no) AS period_no
    FROM days AS d
    CROSS JOIN periods AS q
    WHERE q.end_day <= d.log_day
    GROUP BY d.log_day
),
complained AS (
    SELECT n.rule_id AS rule_id, n.rule_version AS rule_version, n.customer_id AS customer_id, n.ts_us AS ts_us
    FROM named AS n
    JOIN customer_complaints AS k ON n.customer_id = k.customer_id
    CROSS JOIN rule_params AS p
    WHERE k.first_day >= n.log_day AND k.first_day < n.log_day + p.complaint_days
    GROUP BY n.rule_id, n.rule_version, n.customer_id, n.ts_us
)
SELECT
    n.rule_id AS rule_id,
    n.rule_version AS rule_version,
    n.customer_id AS customer_id,
    n.arm AS arm,
    n.log_day AS log_day,
    CAST((r.as_of_day - 1 - n.log_day - (r.as_of_day - 1 - n.log_day) % 7) / 7 AS INTEGER) AS week_no,
    CAST(CASE WHEN q.period_no IS NOT NULL THEN COALESCE(t.actual_tier, 0) END AS INTEGER) AS tier,
    n.is_shown AS is_shown,
    n.is_accepted AS is_accepted,
    k.customer_id IS NOT NULL AS is_followed_by_complaint,
    CAST(CASE WHEN n.place = 1 THEN COALESCE(o.net_revenue_e4, 0) ELSE 0 END AS BIGINT) AS revenue_e4,
    CAST(CASE WHEN n.place = 1 THEN COALESCE(o.net_revenue_e4 - o.cost_e4 - o.payment_fee_e4, 0) ELSE 0 END AS BIGINT)
        AS margin_e4,
    CAST(CASE WHEN n.place = 1 THEN COALESCE(o.lines_without_cost, 0) ELSE 0 END AS BIGINT) AS lines_without_cost
FROM named AS n
CROSS JOIN run_params AS r
LEFT JOIN day_periods AS q ON n.log_day = q.log_day
LEFT JOIN period_tiers AS t ON q.period_no = t.period_no AND n.customer_id = t.customer_id
LEFT JOIN customer_orders AS o ON n.customer_id = o.customer_id AND n.order_id = o.order_id
LEFT JOIN complained AS k
    ON n.rule_id = k.rule_id AND n.rule_version = k.rule_version AND n.customer_id = k.customer_id AND n.ts_us = k.ts_us
