-- summary_values: one metric of one scope in one calendar period, still in whole numbers.
-- Key: scope, period_kind, period_no, metric_id.
-- Units: by kind. money: num in ten-thousandths. count: num. each: num / den. money_each: num in ten-thousandths / den.
-- share: num / den, both counts. money_share: num / den, both money. n is what the value was counted over.
-- A null num is not known: margin without all costs, and what needs the period before the calendar's first.
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'net_revenue' AS metric_id,
    'money' AS kind,
    CAST(net_revenue_e4 AS BIGINT) AS num,
    CAST(NULL AS BIGINT) AS den,
    CAST(lines AS BIGINT) AS n,
    lines
FROM scope_periods
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'gross_revenue' AS metric_id,
    'money' AS kind,
    CAST(gross_revenue_e4 AS BIGINT) AS num,
    CAST(NULL AS BIGINT) AS den,
    CAST(lines AS BIGINT) AS n,
    lines
FROM scope_periods
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'refunds' AS metric_id,
    'money' AS kind,
    CAST(gross_revenue_e4 - net_revenue_e4 AS BIGINT) AS num,
    CAST(NULL AS BIGINT) AS den,
    CAST(lines AS BIGINT) AS n,
    lines
FROM scope_periods
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'gross_margin' AS metric_id,
    'money' AS kind,
    CAST(CASE WHEN lines_without_cost = 0 THEN net_revenue_e4 - cost_e4 END AS BIGINT) AS num,
    CAST(NULL AS BIGINT) AS den,
    CAST(lines AS BIGINT) AS n,
    lines
FROM scope_periods
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'unidentified_revenue' AS metric_id,
    'money' AS kind,
    CAST(unidentified_e4 AS BIGINT) AS num,
    CAST(NULL AS BIGINT) AS den,
    CAST(lines AS BIGINT) AS n,
    lines
FROM scope_periods
WHERE orders IS NOT NULL
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'lines' AS metric_id,
    'count' AS kind,
    CAST(lines AS BIGINT) AS num,
    CAST(NULL AS BIGINT) AS den,
    CAST(lines AS BIGINT) AS n,
    lines
FROM scope_periods
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'orders' AS metric_id,
    'count' AS kind,
    CAST(orders AS BIGINT) AS num,
    CAST(NULL AS BIGINT) AS den,
    CAST(orders AS BIGINT) AS n,
    lines
FROM scope_periods
WHERE orders IS NOT NULL
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'buyers' AS metric_id,
    'count' AS kind,
    CAST(buyers AS BIGINT) AS num,
    CAST(NULL AS BIGINT) AS den,
    CAST(buyers AS BIGINT) AS n,
    lines
FROM scope_periods
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'new_buyers' AS metric_id,
    'count' AS kind,
    CAST(new_buyers AS BIGINT) AS num,
    CAST(NULL AS BIGINT) AS den,
    CAST(buyers AS BIGINT) AS n,
    lines
FROM scope_periods
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'retained_buyers' AS metric_id,
    'count' AS kind,
    CAST(retained_buyers AS BIGINT) AS num,
    CAST(NULL AS BIGINT) AS den,
    CAST(buyers AS BIGINT) AS n,
    lines
FROM scope_periods
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'reactivated_buyers' AS metric_id,
    'count' AS kind,
    CAST(buyers - new_buyers - retained_buyers AS BIGINT) AS num,
    CAST(NULL AS BIGINT) AS den,
    CAST(buyers AS BIGINT) AS n,
    lines
FROM scope_periods
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'lapsed_buyers' AS metric_id,
    'count' AS kind,
    CAST(buyers_prev - retained_buyers AS BIGINT) AS num,
    CAST(NULL AS BIGINT) AS den,
    CAST(buyers_prev AS BIGINT) AS n,
    lines
FROM scope_periods
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'avg_order_value' AS metric_id,
    'money_each' AS kind,
    CAST(net_revenue_e4 AS BIGINT) AS num,
    CAST(orders AS BIGINT) AS den,
    CAST(orders AS BIGINT) AS n,
    lines
FROM scope_periods
WHERE orders IS NOT NULL
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'orders_per_buyer' AS metric_id,
    'each' AS kind,
    CAST(identified_orders AS BIGINT) AS num,
    CAST(buyers AS BIGINT) AS den,
    CAST(buyers AS BIGINT) AS n,
    lines
FROM scope_periods
WHERE orders IS NOT NULL
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'repeat_rate' AS metric_id,
    'share' AS kind,
    CAST(buyers - new_buyers AS BIGINT) AS num,
    CAST(buyers AS BIGINT) AS den,
    CAST(buyers AS BIGINT) AS n,
    lines
FROM scope_periods
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'retention_rate' AS metric_id,
    'share' AS kind,
    CAST(retained_buyers AS BIGINT) AS num,
    CAST(buyers_prev AS BIGINT) AS den,
    CAST(buyers_prev AS BIGINT) AS n,
    lines
FROM scope_periods
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'refund_rate' AS metric_id,
    'money_share' AS kind,
    CAST(gross_revenue_e4 - net_revenue_e4 AS BIGINT) AS num,
    CAST(gross_revenue_e4 AS BIGINT) AS den,
    CAST(lines AS BIGINT) AS n,
    lines
FROM scope_periods
UNION ALL
SELECT
    scope,
    level,
    period_kind,
    period_no,
    'discount_share' AS metric_id,
    'money_share' AS kind,
    CAST(discount_e4 AS BIGINT) AS num,
    CAST(gross_revenue_e4 + discount_e4 AS BIGINT) AS den,
    CAST(lines AS BIGINT) AS n,
    lines
FROM scope_periods
