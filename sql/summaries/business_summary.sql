-- business_summary: one metric of one scope in one calendar period, against the period before and the same a year before.
-- Key: scope, period_kind, period_start_day, metric_id.
-- Left out: periods of a scope before its first line, and dimensions of which nothing is known.
-- Units: unit is the currency, count, each (one count over another) or share (0 to 1); change has the unit of value.
-- numerator and denominator have their own: money, or a count. change_pct is relative: 0.25 is a quarter more.
-- A scope is all, a region path, or product:, channel:, store:, team:, partner: or tier: with its name. Additive metrics
-- (money and counts, but not the buyers) of the scopes of one dimension and level 1 add up to those of all.
-- What counts is what customer_orders counts, and orders without a customer too: net_revenue of all is the amount of
-- goods in line_totals, but for orders of which only some lines were cancelled.
-- lo and hi are Wilson's 95 %, for shares of at least 30 buyers.
WITH dated AS (
    SELECT
        v.scope AS scope,
        v.level AS level,
        v.period_kind AS period_kind,
        v.period_no AS period_no,
        v.period_no - 1 AS prev_no,
        c.year_before_no AS year_before_no,
        c.start_day AS start_day,
        c.end_day AS end_day,
        c.is_complete AS is_complete,
        c.is_covered AS is_covered,
        v.metric_id AS metric_id,
        v.kind AS kind,
        v.num AS num,
        v.den AS den,
        v.n AS n,
        v.lines AS lines,
        CAST(v.num AS DOUBLE) AS x,
        CAST(NULLIF(v.den, 0) AS DOUBLE) AS d,
        -- What one unit of the numerator and of the denominator is. As columns: an engine may turn the division by a
        -- constant into a multiplication, and then cents are no longer the nearest double.
        CASE WHEN v.kind IN ('money', 'money_each', 'money_share') THEN 10000.0 ELSE 1.0 END AS x_unit,
        CASE WHEN v.kind = 'money_share' THEN 10000.0 ELSE 1.0 END AS d_unit
    FROM summary_values AS v
    JOIN calendar AS c ON v.period_kind = c.period_kind AND v.period_no = c.period_no
),
valued AS (
    SELECT
        scope,
        level,
        period_kind,
        period_no,
        prev_no,
        year_before_no,
        start_day,
        end_day,
        is_complete,
        is_covered,
        metric_id,
        kind,
        num,
        den,
        n,
        lines,
        x,
        d,
        x_unit,
        d_unit,
        CASE WHEN kind IN ('money', 'count') THEN x / x_unit WHEN kind = 'money_each' THEN x / x_unit / d ELSE x / d END
            AS value
    FROM dated
),
compared AS (
    SELECT
        v.scope AS scope,
        v.level AS level,
        v.start_day AS start_day,
        v.end_day AS end_day,
        v.period_kind AS period_kind,
        v.is_complete AS is_complete,
        v.is_covered AS is_covered,
        v.metric_id AS metric_id,
        v.kind AS kind,
        v.num AS num,
        v.den AS den,
        v.n AS n,
        v.lines AS lines,
        v.x AS x,
        v.d AS d,
        v.x_unit AS x_unit,
        v.d_unit AS d_unit,
        v.value AS value,
        CASE WHEN v.is_complete AND v.is_covered THEN p.value END AS value_prev,
        CASE WHEN v.is_complete AND v.is_covered THEN p.num END AS num_prev,
        CASE WHEN v.is_complete AND v.is_covered THEN y.value END AS value_year_before,
        CASE WHEN v.is_complete AND v.is_covered THEN y.num END AS num_year_before
    FROM valued AS v
    LEFT JOIN (SELECT scope, period_kind, period_no, metric_id, num, value FROM valued WHERE is_covered) AS p
        ON v.scope = p.scope AND v.period_kind = p.period_kind AND v.prev_no = p.period_no
        AND v.metric_id = p.metric_id
    LEFT JOIN (SELECT scope, period_kind, period_no, metric_id, num, value FROM valued WHERE is_covered) AS y
        ON v.scope = y.scope AND v.period_kind = y.period_kind AND v.year_before_no = y.period_no
        AND v.metric_id = y.metric_id
)
SELECT
    c.scope AS scope,
    CAST(c.level AS INTEGER) AS level,
    c.period_kind AS period_kind,
    c.start_day AS period_start_day,
    c.end_day AS period_end_day,
    c.metric_id AS metric_id,
    c.value AS value,
    c.x / c.x_unit AS numerator,
    CAST(c.den AS DOUBLE) / c.d_unit AS denominator,
    CASE
        WHEN c.kind IN ('money', 'money_each') THEN p.currency
        WHEN c.kind IN ('share', 'money_share') THEN 'share'
        ELSE c.kind
    END AS unit,
    CASE WHEN c.kind = 'share' AND c.n >= 30 THEN GREATEST(0.0, (c.x + 1.920729410347062
        - 1.959963984540054 * SQRT(c.x * (c.d - c.x) / c.d + 0.960364705173531)) / (c.d + 3.841458820694124)) END AS lo,
    CASE WHEN c.kind = 'share' AND c.n >= 30 THEN LEAST(1.0, (c.x + 1.920729410347062
        + 1.959963984540054 * SQRT(c.x * (c.d - c.x) / c.d + 0.960364705173531)) / (c.d + 3.841458820694124)) END AS hi,
    c.value_prev AS value_prev,
    -- Sums are taken from each other in whole numbers, so that cents stay cents.
    CASE
        WHEN c.kind IN ('money', 'count') THEN CAST(c.num - c.num_prev AS DOUBLE) / c.x_unit
        ELSE c.value - c.value_prev
    END AS change,
    CASE
        WHEN c.kind IN ('share', 'money_share') OR c.num_prev <= 0 THEN NULL
        WHEN c.kind IN ('money', 'count') THEN CAST(c.num - c.num_prev AS DOUBLE) / CAST(c.num_prev AS DOUBLE)
        ELSE (c.value - c.value_prev) / c.value_prev
    END AS change_pct,
    c.value_year_before AS value_year_before,
    CASE
        WHEN c.kind IN ('money', 'count') THEN CAST(c.num - c.num_year_before AS DOUBLE) / c.x_unit
        ELSE c.value - c.value_year_before
    END AS change_year,
    c.n AS n,
    CASE
        WHEN c.num IS NULL AND c.metric_id = 'gross_margin' THEN 'cost_unknown'
        WHEN c.num IS NULL THEN 'no_previous'
        WHEN NOT c.is_complete THEN 'incomplete_period'
        WHEN NOT c.is_covered THEN 'partly_covered'
        WHEN c.lines = 0 THEN 'no_sales'
        WHEN c.value IS NULL THEN 'no_basis'
        WHEN c.kind = 'share' AND c.n < 30 THEN 'too_few'
        WHEN c.value_prev IS NULL THEN 'no_previous'
        ELSE 'ok'
    END AS status
FROM compared AS c
CROSS JOIN run_params AS p
