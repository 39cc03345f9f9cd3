-- silence_windows: the windows of silence that this run goes by, for all customers together.
-- Key: as_of_day. One row.
-- Units: days. pool_days is the first of these that can be had: the return threshold (spec/definitions.md 3.5, part 2),
-- the error-balanced window (part 3), the fixed window of the pipeline file (part 1); pool_source says which. The list
-- begins at [attrition] window if that names one of them.
-- The balanced window has the smallest false_alarm_cost x type I + missed_cost x type II; the shortest of equals.
WITH steps AS (
    SELECT
        window_days,
        MAX(buyers_in_all) - MAX(buyers_so_far) AS false_alarms,
        MAX(others_so_far) AS missed,
        MAX(buyers_in_all) AS buyers,
        MAX(others_in_all) AS others
    FROM error_balance
    GROUP BY window_days
),
costs AS (
    -- Both shares over one denominator, so that whole numbers are compared.
    SELECT
        s.window_days AS window_days,
        s.buyers AS buyers,
        s.others AS others,
        CAST(p.false_alarm_cost * s.false_alarms * s.others + p.missed_cost * s.missed * s.buyers AS BIGINT) AS cost
    FROM steps AS s
    CROSS JOIN run_params AS p
),
ordered AS (
    SELECT
        window_days,
        buyers,
        others,
        CAST(ROW_NUMBER() OVER (ORDER BY cost, window_days) AS BIGINT) AS place
    FROM costs
),
balanced AS (
    SELECT
        MAX(CASE WHEN o.buyers >= p.min_cases AND o.others >= p.min_cases THEN o.window_days END) AS error_days,
        CAST(COALESCE(MAX(o.buyers), 0) AS BIGINT) AS error_buyers,
        CAST(COALESCE(MAX(o.others), 0) AS BIGINT) AS error_others
    FROM ordered AS o
    CROSS JOIN run_params AS p
    WHERE o.place = 1
),
pooled AS (
    SELECT MAX(CASE WHEN t.days > 0 THEN t.days END) AS return_days
    FROM return_thresholds AS t
    CROSS JOIN run_params AS p
    WHERE t.stratum = 'all'
      AND t.status = 'ok'
      AND t.horizon_days = p.horizon_days
      AND t.return_ppm = p.pool_return_ppm
),
chosen AS (
    SELECT
        p.as_of_day AS as_of_day,
        p.fixed_window_days AS fixed_days,
        r.return_days AS return_days,
        b.error_days AS error_days,
        b.error_buyers AS error_buyers,
        b.error_others AS error_others,
        CASE
            WHEN r.return_days IS NOT NULL AND p.window_method IN ('own_rhythm', 'return_probability')
            THEN 'return_probability'
            WHEN b.error_days IS NOT NULL AND p.window_method <> 'fixed' THEN 'error_balanced'
            ELSE 'fixed'
        END AS pool_source
    FROM run_params AS p
    CROSS JOIN balanced AS b
    CROSS JOIN pooled AS r
)
SELECT
    as_of_day,
    CAST(
        CASE
            WHEN pool_source = 'return_probability' THEN return_days
            WHEN pool_source = 'error_balanced' THEN error_days
            ELSE fixed_days
        END AS INTEGER
    ) AS pool_days,
    pool_source,
    CAST(return_days AS INTEGER) AS return_days,
    CAST(error_days AS INTEGER) AS error_days,
    error_buyers,
    error_others,
    fixed_days
FROM chosen
